"""One control over one page of numbers."""

import pytest
from pages import words

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


def test_the_slider_stands_where_it_was_set_and_nowhere_else():
    page = LivePage(double, x=(0.0, 4.0))
    assert page.children[0].step == 0.04
    for nonsense in (4.5, -1, "up", float("nan"), None):
        with pytest.raises(ValueError, match="value: wanted a"):
            page.value = nonsense
    assert page.value == 2.0
    with pytest.raises(ValueError, match=r"value: wanted one of \['a', 'b'\], got 'c'"):
        LivePage(len, word=["a", "b"]).value = "c"


def test_without_widgets_it_is_its_page_and_a_word_how_to_move_it():
    page = LivePage(double, x=(0.0, 4.0))
    bundle = page._repr_mimebundle_()
    told = "Run the notebook down to here, and a slider moves it."
    assert bundle["text/plain"] == f"{page!r}\n{told}"
    assert words(bundle["text/html"]) == " ".join(f"{page!r} {told}".split())
    assert "a row of buttons moves it" in LivePage(str, word=["<b>"])._repr_mimebundle_()["text/html"]
    assert "&lt;b&gt;" in LivePage(str, word=["<b>"])._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("bounds", [(1.0, 1.0), (2.0, 1.0), ("a", 1.0), (0.0, float("inf")), (0.0, 1.0, 0.0)])
def test_bad_bounds_are_said(bounds):
    with pytest.raises(ValueError, match="x: wanted a finite number"):
        LivePage(double, x=bounds)
    with pytest.raises(ValueError, match="function: wanted a function"):
        LivePage(3, x=(0.0, 1.0))
