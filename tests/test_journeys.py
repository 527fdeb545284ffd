"""A board and a slider in a real JupyterLab, with a kernel that answers."""

import json

import lab
import numpy as np
import pytest
from boards import SENTENCE, alpha_shown, drag, knob, shown

pytestmark = lab.needs_browser()

SET_UP = f"""\
from gradwalk import DialBoard, Model
model = Model.random(seed=0)
tokens, y = model.read({SENTENCE!r})
board = DialBoard(model, tokens, y, {{name!r}}, predict={{predict}}, watch={{watch!r}})
board"""

OWN = f"""\
from gradwalk import Model, OwnSentence
own = OwnSentence(Model.random(seed=0), {SENTENCE!r}, "W1", predict=False)
own"""

SLIDER = """\
from gradwalk import LivePage, show
page = LivePage(lambda x: show.line({"twice": 2 * x}), x=(-4.0, 4.0, 0.5))
page"""


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    root = tmp_path_factory.mktemp("lab")
    lab.write_notebook(root / "slider.ipynb", SLIDER)
    lab.write_notebook(root / "own.ipynb", OWN)
    for name, predict, watch in (("W", True, None), ("W1", False, None), ("W_K", False, "alpha")):
        lab.write_notebook(root / f"{name}.ipynb", SET_UP.format(name=name, predict=predict, watch=watch))
    with lab.lab(root) as url:
        yield url


@pytest.fixture(scope="module")
def page(browser):
    """One JupyterLab for all, in which each test opens its own notebook."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    yield page
    page.close()


@pytest.fixture
def open_lab(page, jupyter):
    def open_notebook(name, shows=".gw-board"):
        lab.open_notebook(page, jupyter, name)
        page.wait_for_selector(shows)
        page.evaluate(f"void (window.painted = () => {lab.PAINTED})")
        return page

    return open_notebook


def kernel_agrees(page, board="board"):
    """What the page shows is what the kernel computes at the same setting."""
    lab.in_step(page, board)
    page.wait_for_function("document.querySelector('.gw-loss').dataset.loss")
    loss, _ = shown(page)
    kernel = float(lab.ask_kernel(page, f"print(repr({board}.loss))"))
    assert abs(loss - kernel) <= 1e-9 * max(1, kernel)
    return loss


def test_journey_by_mouse(open_lab):
    page = open_lab("W1.ipynb")
    start = kernel_agrees(page)
    drag(page, knob(page, 0), up=40)
    first = kernel_agrees(page)
    assert first != start
    knob(page, 9).focus()
    page.locator(".gw-curve").wait_for()
    drag(page, knob(page, 9), up=-30)  # a second dial: on the fresh curve that Python sent
    second = kernel_agrees(page)
    assert second not in (start, first)
    page.get_by_role("button", name="one step").click()
    page.wait_for_function(f"Number(document.querySelector('.gw-loss').dataset.loss || {second}) !== {second}")
    third = kernel_agrees(page)
    assert third < second
    lab.ask_kernel(page, "board.turn(board.dials[9], 0.01)")  # and the other way round
    assert kernel_agrees(page) != third
    page.get_by_role("button", name="reset").click()
    assert kernel_agrees(page) == pytest.approx(start, abs=1e-12)


def test_journey_by_keyboard(open_lab):
    page = open_lab("W.ipynb")
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    knob(page, 0).focus()
    page.keyboard.press("Alt+ArrowRight")  # the knobs are one stop of the Tab key
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "W[fire, 1]"
    start = kernel_agrees(page)
    for key in ("PageUp", "ArrowUp", "ArrowUp", "b", "a", "x", "Enter", "j"):  # the last five are the notebook's own
        page.keyboard.press(key)
    assert kernel_agrees(page) != start
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "W[fire, 1]"
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert lab.ask_kernel(page, "print(board.predictions)") == "{'W[fire, 1]': {'said': 'turned'}}"
    knob(page, 2).focus()
    page.get_by_role("button", name="fall").focus()
    page.keyboard.press("Enter")
    lab.until(lambda: lab.ask_kernel(page, "print('W[fire, 2]' in board.predictions)") == "True")
    right = lab.ask_kernel(page, "print(board.slopes[2] < 0, board.score)")
    assert right in ("True (1, 1)", "False (0, 1)")
    page.keyboard.press("Backspace")
    page.keyboard.press("End")
    kernel_agrees(page)


def test_journey_of_the_attention_picture(open_lab):
    page = open_lab("W_K.ipynb")

    def picture():
        kernel_agrees(page)
        alpha = json.loads(lab.ask_kernel(page, "print(board.values.alpha.tolist())"))
        seen = alpha_shown(page)
        assert np.abs(seen - alpha).max() < 1e-12
        return seen

    start = picture()
    drag(page, knob(page, 0), up=50)
    first = picture()
    knob(page, 5).focus()
    page.keyboard.press("End")  # a second dial, the first one stays turned
    second = picture()
    lab.ask_kernel(page, "board.turn(board.dials[-1], 0.8)")
    third = picture()
    for before, after in ((start, first), (first, second), (second, third)):
        assert np.abs(after - before).max() > 1e-3
    page.get_by_role("button", name="reset").click()
    assert np.abs(picture() - start).max() < 1e-12


def test_journey_of_a_sentence(open_lab):
    page = open_lab("own.ipynb")
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    words = page.locator(".gw-asks").all_text_contents

    def agrees():
        """The kernel has the sentence that the page shows, and its board the loss."""
        asked = page.locator(".gw-asks").evaluate_all("all => all.findIndex(one => one.ariaPressed === 'true')")
        lab.until(lambda: lab.ask_kernel(page, "print(own.words, own.word)") == f"{words()} {asked}")
        return kernel_agrees(page, "own.board")

    agrees()
    drag(page, knob(page, 0), up=40)
    field = page.locator(".gw-field")
    field.fill("")
    field.press_sequentially("the cat sat by a dxr")  # letters that the notebook has commands for
    field.press("Enter")
    told = "the model does not know 'a' (the nearest: cat, sat, by); 'dxr' (the nearest: door, dog, fire)"
    assert page.locator(".gw-message").text_content() == told
    lab.until(lambda: lab.ask_kernel(page, "print(own.message)") == told)
    assert lab.ask_kernel(page, "print(own.words)") == str(SENTENCE.split())
    agrees()
    field.fill("The cat sat, by the door.")
    field.press("Enter")
    assert words() == ["the", "cat", "sat", "by", "the", "door"]
    agrees()
    drag(page, knob(page, 1), up=-30)  # what the hand does there reaches Python too
    turned_there = agrees()
    page.locator("button.gw-asks", has_text="sat").click()
    assert agrees() != turned_there
    said = "print(own.sentence, '|', own.word, own.board.values.y.tolist(), any(own.board.turned))"
    lab.until(lambda: lab.ask_kernel(page, said) == "the cat sat by the door | 2 [-1, 6, -1, -1, -1] False")
    page.keyboard.press("Delete")
    assert words() == ["the", "cat", "by", "the", "door"]
    agrees()
    lab.ask_kernel(page, "own.say('the dog slept', 1)")  # and the other way round
    page.locator(".gw-asks", has_text="slept").wait_for()
    assert (words(), field.input_value()) == (["the", "dog", "slept"], "the dog slept")
    agrees()
    drag(page, knob(page, 0), up=40)
    agrees()
    field.fill("the dog sat")
    field.press("Enter")
    assert words() == ["the", "dog", "sat"]
    agrees()
    assert page.locator(".gw-board").count() == 1
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells


def test_a_slider_says_its_name_and_moves_its_page(open_lab):
    page = open_lab("slider.ipynb", shows=".gw-range")
    slider = page.get_by_role("slider", name="x", exact=True)
    told = page.locator(".jp-OutputArea-output pre")
    assert told.inner_text().split() == ["twice", "0.0000"]
    for key in ("ArrowRight", "ArrowRight", "b", "x"):  # the last two are the notebook's own
        slider.press(key)
    page.wait_for_function("document.querySelector('.jp-OutputArea-output pre').innerText.includes('2.0000')")
    assert lab.ask_kernel(page, "print(page.value)") == "1.0"
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1
    lab.ask_kernel(page, "page.value = -2.5")  # and the other way round
    page.wait_for_function("document.querySelector('.jp-OutputArea-output pre').innerText.includes('−5.0000')")
    assert slider.input_value() == "-2.5"
    assert slider.get_attribute("aria-valuetext") == page.locator("output").inner_text() == "−2.5"
    assert slider.bounding_box()["width"] > 150
