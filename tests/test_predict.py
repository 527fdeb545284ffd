"""A prediction: shut until it is called, in a page with scripts, without them, and as text."""

import json
import re

import lab
import numpy as np
import pytest
from matplotlib.figure import Figure
from pages import plain, stood_in, words

from gradwalk import predict, show
from gradwalk.exercises.predict import Prediction

WHY = {"rise": "one more of the same kind", "fall": "the true word gains"}


def test_as_text_it_says_all_that_is_behind_it():
    told = predict("Which way?", WHY, ["the loss", show.line({"after": 2.0541}), np.float64(-0.25)], answer="fall")
    head = "Which way?\nA rise: one more of the same kind\nB fall: the true word gains\nAnswer: B fall\n\n"
    assert repr(told) == f"{head}the loss\n\n after\n2.0541\n\n−0.2500"
    assert told.answer == "fall"


@pytest.mark.parametrize(
    ("choices", "answer", "right"),
    [
        (WHY, 0.2, "rise"),
        (WHY, np.float32(-0.2), "fall"),
        ({"positive": "a", "negative": "b", "zero": "c"}, 1e-17, "zero"),
        ({"yes": "a", "no": "b"}, np.bool_(False), "no"),
        ({(0, 2): "a", (1, 0): "b"}, (np.int64(1), np.int64(0)), "(1, 0)"),
        ({1: "a", 2: "b"}, "2", None),
        ({}, -0.25, -0.25),
        ({0.75: "p itself"}, np.float32(1 / 3), 0.333333),
        ({}, -3e-17, 0.0),
    ],
)
def test_an_answer_is_one_of_the_choices_or_says_it_by_its_sign_or_is_a_number(choices, answer, right):
    if right is None:
        with pytest.raises(ValueError, match="answer: wanted one of the choices, 1, 2, got '2'"):
            predict("Which?", choices, "page", answer=answer)
    else:
        assert predict("Which?", choices, "page", answer=answer).answer == right


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"question": " "}, "question: wanted a question in words"),
        ({"choices": ["rise", "fall"]}, "choices: wanted a dictionary, from each choice to why"),
        ({"choices": {"rise": "so"}}, "choices: wanted 2 to 26, got 1"),
        ({"choices": {}}, "choices: wanted 2 to 26, got 0"),
        ({"choices": {"rise": "so", "fall": ""}}, "choices: wanted words that say why one might say fall, got ''"),
        ({"choices": {"1": "so", 1: "so"}, "answer": "1"}, "choices: wanted each once, got 1, 1"),
        ({"answer": "up"}, "answer: wanted one of the choices, rise, fall, got 'up'"),
        ({"answer": np.nan}, "answer: wanted one of the choices, rise, fall, got nan"),
        ({"answer": 0.0}, "answer: wanted one of the choices, rise, fall, got 0.0"),
        ({"answer": np.array([1, 2])}, "answer: wanted one of the choices, rise, fall, got an array of shape"),
        ({"choices": {}, "answer": np.inf}, "answer: wanted a finite number, got inf"),
        ({"page": []}, "page: wanted something to look at"),
        ({"page": object()}, "page: wanted text, a number, or something that a notebook shows as HTML"),
        ({"page": Figure()}, r"page: wanted show.picture\(figure, alt\)"),
    ],
)
def test_what_is_no_question_is_refused(given, told):
    with pytest.raises(ValueError, match=f"^{told}"):
        predict(**({"question": "Which way?", "choices": WHY, "page": "2.0541", "answer": "fall"} | given))


def test_without_scripts_it_is_a_folded_block_that_asks():
    html = plain(predict("Is $x$ <b>?", WHY, show.picture(Figure(), "a curve"), answer="fall").html)
    summary, behind = re.search(r"<summary>(.*)</summary>(.*)</details>", html).groups()
    assert words(summary) == "Is $x$ <b>? (A rise · B fall)"
    assert words(behind).startswith("B, fall a curve Why one might say so: A rise: one more")
    assert 'style="' not in html.replace('style="text-align', "")
    assert "<b>" not in html


def test_other_numbers_are_another_question():
    def number_of(told):
        return json.loads(re.search(r'data-asked="([^"]*)"', told.html)[1].replace("&quot;", '"'))["id"]

    one, same, other = (predict("Which way?", WHY, page, answer="fall") for page in ("2.05", "2.05", "2.04"))
    assert number_of(one) == number_of(same) != number_of(other)


# ---- in a browser: a plain page, which any address leads to

needs_browser = lab.needs_browser()


@pytest.fixture
def visit(browser):
    """A function: a page with these outputs."""
    with stood_in(browser, lambda output, _: f'<div class="gw-output">{output.html}</div>') as open_page:
        yield open_page


def asked(k=0):
    return predict(f"Question {k}: which way?", WHY, "from 2.0794 to 2.0541", answer="fall")


def is_open(page):
    return page.eval_on_selector_all("details", "all => all.map(one => one.open)")


def noted(page):
    return page.evaluate("gradwalkRecord.lines")


class TestInAPage:
    pytestmark = needs_browser

    def test_a_wrong_call_hears_its_reason_and_a_second_visit_finds_it_open(self, visit):
        page = visit(asked(0), asked(1))
        assert is_open(page) == [False, False]
        assert page.get_by_role("button").all_inner_texts() == [
            *["A rise", "B fall", "open this page", "open the course", "A rise", "B fall"]
        ]
        group = page.get_by_role("group", name="Question 0: which way?")
        group.get_by_role("button", name="A rise").press("Enter")
        said = "You said A, rise: one more of the same kind. It is B, fall."
        assert group.get_by_role("status").inner_text() == said
        assert is_open(page) == [True, False]
        assert page.evaluate("document.activeElement.textContent") == "A rise"
        group.get_by_role("button", name="B fall").click()  # to hear of the other; the first call counts
        assert group.get_by_role("status").inner_text() == "You said B, fall. Right. Your first call: A, rise."
        (line,) = noted(page)
        wanted = {"kind": "call", "stop": "1a_which_way", "question": "Question 0: which way?", "said": "rise"}
        assert wanted.items() <= line.items()
        assert (line["answer"], line["right"]) == ("B, fall", False)
        again = visit(asked(0), asked(1), context=page.context)
        assert is_open(again) == [True, False]
        assert again.get_by_role("status").first.inner_text() == said
        assert again.get_by_role("button", name="A rise").first.get_attribute("aria-pressed") == "true"

    def test_to_be_shown_is_no_mistake_and_a_search_calls_nothing(self, visit):
        page = visit(asked(0), asked(1))
        page.locator("summary", has_text="show me").first.press("Space")
        assert is_open(page) == [True, False]
        (line,) = noted(page)
        assert line["said"] is None
        assert "right" not in line
        page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")  # as a search does
        page.get_by_role("button", name="A rise").nth(1).click()
        assert "It is B, fall." in page.get_by_role("status").nth(1).inner_text()
        assert len(noted(page)) == 1

    def test_the_page_and_the_course_open_and_it_can_be_undone(self, visit):
        page = visit(asked(0), asked(1))
        other = visit(asked(2), context=page.context, address="http://stop.test/2a_mlp.html")
        page.get_by_role("button", name="open this page").click()
        assert is_open(page) == [True, True]
        assert is_open(visit(asked(0), context=page.context)) == [True]
        assert is_open(other) == [False]
        page.get_by_role("button", name="open this page").click()
        assert is_open(page) == [False, False]
        page.get_by_role("button", name="open the course").click()
        lab.until(lambda: is_open(other) == [True])  # a tab hears of the other
        assert other.get_by_role("button", name="open the course").get_attribute("aria-pressed") == "true"

    def test_a_number_is_near_enough_or_hears_how_far_it_is(self, visit):
        page = visit(predict("dL_db[2]?", {0.75: "that is p, without its label"}, "it is", answer=-0.25))
        field, said = page.get_by_role("textbox", name="your number"), page.get_by_role("status")
        for typed, word in {
            "a lot": "Write a number, such as 0.25, 0,25, −0.25 or 1/4.",
            "0,75": "You said 0.75. that is p, without its label. It is −0.2500.",
            "0.25": "The size is right, the sign is the other.",
            "-0.5": "It is 2 times too large.",
            "1/8": "The sign is the other. It is 2 times too small.",
            "−.24": "It is too small by 0.01.",
            "0": "It does not vanish.",
            "−0,2499": "You said −0.2499. Right. Your first call: 0.75.",
        }.items():
            field.fill(typed)
            field.press("Enter")
            assert word in said.inner_text()
        assert [line["said"] for line in noted(page)] == [0.75]

    def test_one_like_it_is_a_question_of_its_own_behind_the_first(self, visit):
        def both():
            return Prediction("The first: which way?", WHY, ["it fell", asked(0)], "fall", rule="weight")

        page = visit(both())
        page.get_by_role("button", name="A rise").first.click()
        assert is_open(page) == [True, False]
        inner = page.get_by_role("group", name="Question 0: which way?")
        assert inner.locator("[aria-pressed=true]").count() == 0
        inner.get_by_role("button", name="B fall").click()
        assert is_open(page) == [True, True]
        assert [line.get("rule") for line in noted(page)] == ["weight", None]
        for one in (page, visit(both(), context=page.context)):
            assert is_open(one) == [True, True]
            said = [status.inner_text()[:10] for status in one.get_by_role("status").all()]
            assert said == ["You said A", "You said B"]
            pressed = "all => all.map(one => one.ariaPressed)"
            assert one.locator("[data-choice]").evaluate_all(pressed) == ["true", "false", "false", "true"]

    def test_where_storage_is_refused_it_lasts_as_long_as_the_page(self, visit, browser):
        context = browser.new_context()
        context.add_init_script(
            "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })"
        )
        page = visit(asked(), context=context)
        page.get_by_role("button", name="B fall").click()
        assert page.get_by_role("status").inner_text() == "You said B, fall. Right."
        assert page.evaluate("[gradwalkRecord.kept, gradwalkRecord.lines.length]") == [False, 1]
        context.close()

    @pytest.mark.skipif(not lab.AXE.exists(), reason="no axe-core (npm --prefix gradwalk/widgets ci)")
    @pytest.mark.parametrize("options", [{"color_scheme": "light"}, {"forced_colors": "active"}])
    def test_it_hinders_nobody(self, visit, options):
        number = predict("How large?", {}, show.line({"dL_db": -0.25}), answer=-0.25)
        page = visit(asked(), asked(1), number, viewport={"width": 320, "height": 800}, **options)
        page.get_by_role("button", name="A rise").first.click()
        page.add_script_tag(path=lab.AXE)
        found = page.evaluate("() => axe.run('.gw-output', { preload: false, resultTypes: ['violations'] })")
        assert not [f"{rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]]
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        sizes = page.eval_on_selector_all(
            "button, summary, input", "all => all.map(one => one.getBoundingClientRect().height)"
        )
        assert min(sizes) >= 24
        pressed, other = (
            page.get_by_role("button", name=name).first.evaluate("node => getComputedStyle(node).borderTopWidth")
            for name in ("A rise", "B fall")
        )
        assert (pressed, other) == ("2px", "1px")  # seen without any colour

    def test_on_paper_nothing_is_shut(self, visit):
        page = visit(asked())
        page.emulate_media(media="print")
        assert page.get_by_text("from 2.0794").evaluate("node => node.getBoundingClientRect().height") > 10
        style = "node => getComputedStyle(node, '::details-content').contentVisibility"
        assert page.locator("details").evaluate(style) == "visible"
