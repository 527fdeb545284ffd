"""The learner's own sentence in a plain page: the field, the words to press, and no Python to ask."""

import json

import lab
import pytest
from boards import PLAIN, SENTENCE, drag, knob, opening, shown, state_of

from gradwalk.model import Model
from gradwalk.walk import forward
from gradwalk.widgets.own_sentence import OwnSentence

pytestmark = lab.needs_browser()


@pytest.fixture
def open_page(browser):
    with opening(browser) as open_page:
        yield open_page


def own_of(model=PLAIN, sentence=SENTENCE, **options):
    return OwnSentence(model, sentence, **{"predict": False, **options})


def typed(page, sentence):
    page.locator(".gw-field").fill(sentence)
    page.keyboard.press("Enter")
    page.evaluate("painted()")


def traits(page, *names):
    return page.evaluate("names => names.map(name => models[0].state[name])", names)


def asked(page):
    """The words that are pressed."""
    return [node.text_content() for node in page.locator('.gw-asks[aria-pressed="true"]').all()]


def words(page):
    return page.locator(".gw-asks").all_text_contents()


def python_loss(model, name, sentence, word, turns=None):
    """A sentence's loss by a full forward pass, the word at that place asked for, the weight's dials turned so."""
    model, numbers = model.copy(), model.number(sentence)
    for index, by in (turns or {}).items():
        model.turn(name, index, by)
    y = [-1] * (len(numbers) - 1)
    y[word - 1] = numbers[word]
    return float(forward(model, numbers[:-1], y).L)


@pytest.mark.parametrize(("model", "sentences"), [
    (PLAIN, ["the cat sat by the river", "The cat, sat: by the DOOR!", "the dog"]),
    (Model.trained(), ["the grandmother slept by the sea", "After supper the dog lay down."]),
], ids=["pen and paper", "trained"])  # fmt: skip
@pytest.mark.parametrize("name", ["W", "E", "W_K"])
def test_what_is_typed_has_its_board_and_the_loss_is_pythons(open_page, model, sentences, name):
    page = open_page(own_of(model, name=name))
    for sentence in sentences:
        typed(page, sentence)
        own, places = own_of(model, sentence, name=name), model.number(sentence)
        assert words(page) == own.words
        assert asked(page) == [own.words[-1]]
        assert shown(page)[0] == pytest.approx(own.board.loss, rel=1e-12)
        scene = page.evaluate("models[0].board.state.scene")
        assert (scene["names"], scene["rows"]) == (own.board.scene["names"], own.board.scene["rows"])
        assert page.locator(".gw-board").count() == 1
        drag(page, knob(page, 0), up=40)
        knob(page, 1).focus()
        page.keyboard.press("PageDown")
        turned = page.evaluate("painted().then(() => models[0].board.state.turned)")
        turns = dict(zip(own.board.dials, turned, strict=True))
        assert turned[0] > 0 > turned[1]
        loss = python_loss(model, name, sentence, len(places) - 1, turns)
        assert shown(page)[0] == pytest.approx(loss, abs=1e-9)


def test_a_word_that_is_unknown_loses_nothing(open_page):
    page = open_page(own_of())
    drag(page, knob(page, 0), up=40)
    before, loss = page.evaluate("JSON.stringify(models[0].board.state)"), shown(page)[0]
    typed(page, "the dgo slept")
    alert = page.get_by_role("alert")
    assert alert.text_content() == "the model does not know 'dgo' (the nearest: dog, door, window)"
    assert page.locator(".gw-field").input_value() == "the dgo slept"
    assert page.locator(".gw-field").get_attribute("aria-invalid") == "true"
    assert page.evaluate("JSON.stringify(models[0].board.state)") == before
    assert (shown(page)[0], words(page)) == (loss, SENTENCE.split())
    typed(page, "fire")
    assert alert.text_content() == "wanted 2 to 257 words, got 1"
    typed(page, "the <img src=x onerror=document.title='gone'> slept")
    assert "img" in alert.text_content()
    assert page.title() == "ready"
    typed(page, "the cat slept")
    assert alert.text_content() == ""
    assert page.locator(".gw-field").get_attribute("aria-invalid") == "false"
    assert words(page) == ["the", "cat", "slept"]
    assert set(page.evaluate("models[0].board.state.turned")) == {0}


def test_a_word_is_pressed_to_be_asked_for(open_page):
    page = open_page(own_of())
    for place in (2, 4, 1):
        button = page.get_by_role("group", name="the words of the sentence").get_by_role(
            "button", name=SENTENCE.split()[place], exact=True
        )
        button.nth(0).click()
        page.evaluate("painted()")
        assert asked(page) == [SENTENCE.split()[place]]
        assert traits(page, "word", "sentence", "words") == [place, SENTENCE, SENTENCE.split()]
        assert shown(page)[0] == pytest.approx(python_loss(PLAIN, "W", SENTENCE, place), rel=1e-12)
        assert page.locator(".gw-board .gw-true").text_content() == SENTENCE.split()[place]
        y = page.evaluate("models[0].board.state.scene.settings.y")
        assert [t + 1 for t, i in enumerate(y) if i >= 0] == [place]
    assert page.locator("button.gw-asks").count() == len(SENTENCE.split()) - 1  # nothing comes before the first
    assert "after “the”" in page.locator(".gw-head").text_content()


def test_a_word_is_taken_away_and_the_one_that_is_asked_for_stays(open_page):
    page = open_page(own_of())
    page.locator("button.gw-asks", has_text="slept").click()
    page.get_by_role("button", name="without “dog”").click()
    page.evaluate("painted()")
    assert (words(page), asked(page)) == (["the", "slept", "by", "the", "fire"], ["slept"])
    assert page.locator(".gw-field").input_value() == "the slept by the fire"
    assert shown(page)[0] == pytest.approx(python_loss(PLAIN, "W", "the slept by the fire", 1), rel=1e-12)
    page.get_by_role("button", name="without “slept”").click()  # it was asked for: now the last word is
    assert (words(page), asked(page)) == (["the", "by", "the", "fire"], ["fire"])
    page.get_by_role("button", name="without “the”").first.click()
    assert (words(page), asked(page)) == (["by", "the", "fire"], ["fire"])
    page.locator("button.gw-asks", has_text="the").click()
    page.get_by_role("button", name="without “by”").click()  # the first word now: nobody can ask for it
    assert (words(page), asked(page)) == (["the", "fire"], ["fire"])
    page.get_by_role("button", name="without “fire”").click()
    assert page.get_by_role("alert").text_content() == "wanted 2 to 257 words, got 1"
    assert page.locator(".gw-field").input_value() == "the"
    assert (words(page), asked(page)) == (["the", "fire"], ["fire"])


def test_all_of_it_by_keyboard(open_page):
    page = open_page(own_of())
    held = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
    page.locator(".gw-field").focus()
    for _ in range(4):  # × of the, dog, × of dog, slept
        page.keyboard.press("Tab")
    assert page.evaluate(held) == "slept"
    page.keyboard.press("Enter")
    page.evaluate("painted()")
    assert asked(page) == ["slept"]
    assert page.evaluate(held) == "slept"
    page.keyboard.press("Delete")
    page.evaluate("painted()")
    assert words(page) == ["the", "dog", "by", "the", "fire"]
    assert page.evaluate(held) == "by"  # at the same place in the line
    page.keyboard.press("Tab")
    assert page.evaluate(held) == "without “by”"
    page.keyboard.press("Space")
    assert (words(page), page.evaluate(held)) == (["the", "dog", "the", "fire"], "without “the”")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    assert (words(page), page.evaluate(held)) == (["the", "dog"], "dog")


LOOKS = [("light", 1100, "none"), ("dark", 1100, "none"), ("light", 390, "none"), ("light", 320, "active")]


@pytest.mark.parametrize(("scheme", "width", "forced"), LOOKS)
def test_targets_are_large_enough_and_the_focus_is_seen(open_page, scheme, width, forced):
    size = {"width": width, "height": 700}
    page = open_page(own_of(), color_scheme=scheme, viewport=size, forced_colors=forced)
    typed(page, "the dgo slept")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [node.bounding_box() for node in page.locator(".gw-field, .gw-chip button").all()]
    assert min(min(box["width"], box["height"]) for box in boxes) >= 24
    assert max(box["x"] + box["width"] for box in boxes) <= width
    for target in (".gw-field", "button.gw-asks", "button.gw-away"):
        page.keyboard.press("Tab")  # by keys from now on
        page.locator(target).first.focus()
        outline = page.locator(target).first.evaluate("node => getComputedStyle(node).outline")
        assert "solid" in outline
        assert "2px" in outline
    pressed = page.locator('.gw-asks[aria-pressed="true"]')
    assert pressed.evaluate("node => getComputedStyle(node).fontWeight") == "700"
    assert "●" in pressed.evaluate("node => getComputedStyle(node, '::before').content")


def test_options_hold_for_every_sentence_and_what_is_watched_is_watched(open_page):
    options = {"name": "W_Q", "rows": [2, 0], "columns": [1], "watch": "alpha", "predict": True, "eta": 0.1}
    page = open_page(own_of(**options, select=(0, 1)))
    typed(page, "the cat sat")
    state = page.evaluate("models[0].board.state")
    assert state["scene"]["indices"] == [[2, 1], [0, 1]]
    assert (state["selected"], state["shown"], state["eta"]) == (1, False, 0.1)
    assert state["scene"]["watch"]["words"] == ["the", "cat"]
    assert page.locator(".gw-ask").is_visible()
    assert page.get_by_text("head 1", exact=True).is_visible()


def test_a_model_that_the_page_cannot_read_says_who_can(open_page):
    own = own_of()
    own.tape = own.board.tape = None
    page = open_page(own)
    before = page.evaluate("JSON.stringify(models[0].board.state)")
    typed(page, "the cat slept")
    assert page.get_by_role("alert").text_content() == "Python reads this model's sentences, and it is not there."
    assert page.evaluate("JSON.stringify(models[0].board.state)") == before
    page = open_page(own, live=True)
    page.evaluate("void (models[0].send = asked => (models[0].sent ??= []).push(asked))")
    typed(page, "the cat slept")
    page.locator("button.gw-asks").nth(1).click()
    page.get_by_role("button", name="without “dog”").click()
    asked = [{"sentence": "the cat slept", "word": None}, {"word": 2}, {"away": 1, "word": 4}]
    assert page.evaluate("models[0].sent") == asked
    assert page.get_by_role("alert").text_content() == "Python, which reads this model's sentences, is asked."
    other = json.loads(json.dumps(state_of(own_of(sentence="the cat slept"))))
    page.evaluate(  # Python says it: another board
        """([board, words]) => {
            const model = models[0], own = window.fresh(board);
            model.widget_manager.get_model = async () => own;
            for (const [name, value] of Object.entries({ message: "", words, word: 2, board: "IPY_MODEL_other" }))
                model.put(name, value);
            return painted();
        }""",
        [other["board"] | {"tape": None}, ["the", "cat", "slept"]],
    )
    assert words(page) == ["the", "cat", "slept"]
    assert page.get_by_role("alert").text_content() == ""
    assert page.locator(".gw-board").count() == 1
    assert page.locator(".gw-board .gw-true").text_content() == "slept"


def test_two_views_of_one_sentence_show_the_same_and_a_closed_one_hears_nothing_more(open_page):
    page = open_page(own_of())
    heard = page.evaluate("models[0].heard() + models[0].board.heard()")
    page.evaluate("show(models[0]).then(close => { window.close_second = close; })")
    page.locator(".gw-field").first.fill("the cat slept by the river")
    page.keyboard.press("Enter")
    page.evaluate("painted()")
    assert words(page) == 2 * ["the", "cat", "slept", "by", "the", "river"]
    losses = [page.locator(".gw-loss").nth(k).get_attribute("data-loss") for k in range(2)]
    assert losses[0] == losses[1]
    page.evaluate("close_second()")
    assert page.locator(".gw-board").count() == 1
    assert page.evaluate("models[0].heard() + models[0].board.heard()") == heard
    page.evaluate("close_first()")
    assert page.evaluate("models[0].heard() + models[0].board.heard()") == 0
