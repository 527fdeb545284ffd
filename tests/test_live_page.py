"""One control over one page of numbers."""

import pytest

from gradwalk import LivePage, show


def double(x):
    return show.line({"twice": 2.0 * x})


def test_the_page_follows_the_control():
    page = LivePage(double, x=(0.0, 4.0, 0.5))
    assert page.value == 2.0
    assert page.text.split() == ["twice", "4.0000"]
    page.value = 1.5
    assert page.text.split() == ["twice", "3.0000"]
    assert "3.0000" in page.children[1].value
    assert repr(page) == f"x = 1.5\n{page.text}"


def test_a_choice():
    page = LivePage(len, word=["fire", "window"])
    assert page.text == "4"
    page.value = "window"
    assert page.text == "6"


def test_an_error_is_raised_and_shown():
    page = LivePage(lambda x: 1 / x, x=(-1.0, 2.0, 0.5))
    with pytest.raises(ZeroDivisionError):
        page.value = 0.0
    assert "ZeroDivisionError" in page.text


def test_text_is_not_taken_for_html():
    assert "&lt;b&gt;" in LivePage(str, word=["<b>"]).children[1].value


@pytest.mark.parametrize("control", [{}, {"a": [1], "b": [2]}, {"a": []}, {"a": (1,)}, {"a": 3}])
def test_bad_controls_are_said(control):
    with pytest.raises(ValueError, match="wanted"):
        LivePage(str, **control)
