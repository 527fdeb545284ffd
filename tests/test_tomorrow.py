"""The next day: run all, turn and call by hand, save, the kernel gone, and the notebook opened again. No cell runs."""

import json
import shutil
from contextlib import contextmanager

import lab
import nbformat
import numpy as np
import pytest
from boards import drag
from test_cli import ROOT, serving

from gradwalk import Model, forward

pytestmark = lab.needs_browser()

SENTENCE = "the dog slept by the fire"
CELLS = [
    "from gradwalk import DialBoard, Exercise, LivePage, Model, OwnSentence, show\n"
    "model = Model.random(seed=0)\n"
    f"tokens, y = model.read({SENTENCE!r}, scored='last')",
    "board = DialBoard(model, tokens, y, 'W', rows=['fire', 'dog'], columns=[0, 1])\nboard",
    "deep = DialBoard(model, tokens, y, 'W1', rows=[0, 3], columns=[0], predict=False)\ndeep",
    f"own = OwnSentence(model, {SENTENCE!r})\nown",
    "page = LivePage(lambda x: show.line({'twice': 2 * x}), x=(-4.0, 4.0, 0.5))\npage",
    "copy = board.fresh()\ncopy.turn(('fire', 0), 0.5)",  # in code, and on a board of its own
    "exercise = Exercise('dL_dW')\nexercise",
]
BOARD, DEEP, OWN, SLIDER, EXERCISE = (1, 2, 3, 4, 6)  # which cell
KERNELS = {BOARD: "board", DEEP: "deep", OWN: "own.board"}  # what the kernel calls it
GONE = '"As it was saved. Run the notebook down to here, and Python answers again."'
SAVE = "window.jupyterapp.commands.execute('docmanager:save').then(() => true)"
KERNEL_GONE = "window.jupyterapp.shell.currentWidget.sessionContext.shutdown().then(() => true)"
VIEW = "application/vnd.jupyter.widget-view+json"
DIRTY = "window.jupyterapp.shell.currentWidget.context.model.dirty"
TOUCHED = "print([b for b in (board, deep, own.board) if b.predictions or b.history or any(b.turned)])"


@contextmanager
def as_gradwalk(folder):
    """The command `gradwalk` in a clone; its own course is what it serves."""
    for name in ("gradwalk", "notebooks"):
        shutil.copytree(ROOT / name, folder / name)
    config = folder / "home" / "JUPYTER_CONFIG_DIR"
    config.mkdir(parents=True)
    (config / "jupyter_lab_config.json").write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    with serving(folder, folder / "home", package=folder) as ((url, _, token), _):
        yield folder / "notebooks", url, token


@contextmanager
def plain(folder):
    """A plain JupyterLab, its defaults where installing gradwalk puts them (test_cli.py looks whether it does)."""
    settings = folder / "lab" / "settings"
    (settings / "overrides.d").mkdir(parents=True)
    shutil.copy(ROOT / "gradwalk/course/lab/overrides.json", settings / "overrides.d" / "gradwalk.json")
    served = folder / "course"
    shutil.copytree(ROOT / "notebooks", served)
    with lab.lab(served, f"--LabApp.app_settings_dir={settings}") as url:
        yield served, url, "t"


@pytest.fixture(scope="module", params=[as_gradwalk, plain], ids=["gradwalk", "plain"])
def served(request, tmp_path_factory):
    """(the folder that is served, its address, the token)"""
    with request.param(tmp_path_factory.mktemp("tomorrow")) as opened:
        lab.write_notebook(opened[0] / "mine.ipynb", *CELLS)
        yield opened


@pytest.fixture(scope="module")
def browsers(browser, served):
    """Two browsers, each with a JupyterLab in which nothing was opened yet: that of the day, and that of the next."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 800}) for _ in range(2)]
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


@pytest.fixture
def on_day(browsers, served):
    """A function: open a notebook on a day, 0 or 1. A page error fails the test."""
    _, url, token = served
    troubles = []

    def heard(error):
        troubles.append(str(error))

    def open_page(day, name):
        lab.open_notebook(browsers[day], url, name, run=False, token=token)
        return browsers[day]

    for page in browsers:
        page.on("pageerror", heard)
    yield open_page
    for page in browsers:
        page.remove_listener("pageerror", heard)
    assert not troubles


def run_all(page):
    page.evaluate(f"{lab.RUN_ALL}.then(() => true)")  # settled when the last cell has run


def leave(page, file):
    """Save, and let the kernel go. The file has the widgets that its outputs show, and is small enough to keep."""
    page.evaluate(SAVE)
    page.evaluate(KERNEL_GONE)
    notebook = nbformat.read(file, as_version=4)
    saved = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    views = [output.data[VIEW]["model_id"] for output in outputs if VIEW in output.get("data", {})]
    assert views
    assert set(views) <= set(saved)
    assert file.stat().st_size < 1e6


def cell(page, which):
    """A code cell in view: what is far off JupyterLab does not draw."""
    found = page.locator(".jp-CodeCell").nth(which)
    found.scroll_into_view_if_needed()
    return found


def knobs(page, which):
    shown = cell(page, which)
    found = shown.locator(".gw-knob")
    lab.until(found.count, 30, lambda: f"cell {which} shows no knob, but {shown.inner_text()!r}")
    return found


def set_to(page, which):
    return [float(node.get_attribute("aria-valuenow")) for node in knobs(page, which).all()]


def python_settings(page, name):
    return json.loads(lab.ask_kernel(page, f"print({name}.settings)"))


def loss_in(page, which):
    said = cell(page, which).locator(".gw-loss")
    said.wait_for()
    return float(said.get_attribute("data-loss"))


def said_of_its_kernel(found):
    """The words of JupyterLab's mark over each widget that has no kernel, where the mark is seen."""
    marked = found.locator(".jupyter-widgets-disconnected")
    marked.first.wait_for()
    return marked.evaluate_all(
        "all => all.map(one => getComputedStyle(one, '::before')).filter(one => one.display !== 'none')"
        ".map(one => one.content)"
    )


def python_loss(turns):
    """The loss of the sentence with the dials of `board` turned so, by a full forward pass."""
    model = Model.random(seed=0)
    for index, by in zip([(w, j) for w in ("fire", "dog") for j in (0, 1)], turns, strict=True):
        model.turn("W", (model.words.index(index[0]), index[1]), by)
    return float(forward(model, *model.read(SENTENCE, scored="last")).L)


def test_what_a_hand_has_set_is_there_and_alive_the_next_day(served, on_day):
    page = on_day(0, "mine.ipynb")
    run_all(page)
    knobs(page, BOARD)
    assert lab.ask_kernel(page, TOUCHED) == "[]"  # no cell has laid hand on a board in sight

    drag(page, knobs(page, BOARD).nth(0), up=40)
    knobs(page, BOARD).nth(3).focus()
    cell(page, BOARD).get_by_role("button", name="rise").focus()
    page.keyboard.press("Enter")
    score = cell(page, BOARD).locator(".gw-score").text_content()
    assert score in ("1 of 1 called right · 1 found by turning", "0 of 1 called right · 1 found by turning")
    knobs(page, DEEP).nth(1).press("PageUp")
    field = cell(page, OWN).locator("input.gw-field")
    field.fill("the cat sat by the door")
    field.press("Enter")
    cell(page, OWN).get_by_text("door").first.wait_for()
    page.wait_for_function("document.querySelector('.gw-board') !== null")
    knobs(page, OWN).nth(1).press("PageUp")
    slider = cell(page, SLIDER).get_by_role("slider")
    slider.press("ArrowRight")
    cell(page, SLIDER).get_by_text("1.0000").wait_for()

    exercise = cell(page, EXERCISE).locator(".gw-exercise")
    exercise.get_by_role("textbox").fill("sum t: dL_dz[t,i]")
    exercise.get_by_role("textbox").press("Enter")
    exercise.get_by_role("button", name="hint").click()
    said = exercise.get_by_role("status").first.text_content()
    lab.until(lambda: lab.ask_kernel(page, "print(exercise.checked.mistake)") == "gear forgotten")
    assert "gear forgotten: The message alone was summed" in said

    kept = {which: set_to(page, which) for which in (BOARD, DEEP, OWN)}
    losses = {which: loss_in(page, which) for which in (BOARD, DEEP, OWN)}
    lab.until(lambda: all(set_to(page, which) == python_settings(page, name) for which, name in KERNELS.items()))
    turned = json.loads(lab.ask_kernel(page, "print(board.turned)"))
    page.evaluate(SAVE)
    page.evaluate(lab.PAINTED)
    assert not page.evaluate(DIRTY)
    knobs(page, DEEP).nth(1).press("PageDown")  # a turn is a change: JupyterLab saves it by itself, and asks on closing
    lab.until(lambda: page.evaluate(DIRTY))
    knobs(page, DEEP).nth(1).press("PageUp")
    lab.until(lambda: all(set_to(page, which) == python_settings(page, name) for which, name in KERNELS.items()))
    kept[DEEP], losses[DEEP] = set_to(page, DEEP), loss_in(page, DEEP)
    leave(page, served[0] / "mine.ipynb")

    page = on_day(1, "mine.ipynb")
    for which in (BOARD, DEEP, OWN, SLIDER):
        assert said_of_its_kernel(cell(page, which)) == [GONE]
    assert {which: set_to(page, which) for which in (BOARD, DEEP, OWN)} == kept
    assert {which: loss_in(page, which) for which in (BOARD, DEEP, OWN)} == pytest.approx(losses, abs=1e-12)
    assert cell(page, BOARD).locator(".gw-score").text_content() == score
    assert cell(page, OWN).locator("input.gw-field").input_value() == "the cat sat by the door"
    slider = cell(page, SLIDER).get_by_role("slider")
    assert slider.input_value() == "0.5"
    slider.press("ArrowRight")  # nobody would say what it makes of that
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    assert slider.input_value() == "0.5"
    cell(page, SLIDER).get_by_text("1.0000").wait_for()
    assert page.get_by_text("Error displaying widget").count() == 0

    exercise = cell(page, EXERCISE).locator(".gw-exercise")  # it needs no Python: nothing says that there is none
    exercise.wait_for()
    assert said_of_its_kernel(cell(page, EXERCISE)) == []
    assert exercise.get_by_role("textbox").input_value() == "sum t: dL_dz[t,i]"
    assert exercise.get_by_role("status").first.text_content() == said
    assert exercise.locator(".gw-hints li").count() == 1
    exercise.get_by_role("textbox").fill("sum t: dL_dz[t,i] h[t,j]")
    exercise.get_by_role("textbox").press("Enter")
    assert exercise.get_by_role("status").first.text_content().startswith("Right: dL_dW on 5 cases")

    knobs(page, BOARD).nth(1).press("PageUp")  # alive: another dial answers, exactly, without Python
    page.evaluate(lab.PAINTED)
    start = Model.random(seed=0)
    moved = set_to(page, BOARD)[1] - float(start.weights["W"][start.words.index("fire"), 1])
    assert moved > 0
    now = np.add(turned, [0, moved, 0, 0])
    assert loss_in(page, BOARD) == pytest.approx(python_loss(now), abs=1e-9)
    was = loss_in(page, DEEP)
    knobs(page, DEEP).nth(1).press("PageUp")
    page.evaluate(lab.PAINTED)
    assert loss_in(page, DEEP) != was

    field = cell(page, OWN).locator("input.gw-field")  # and one can type on
    field.fill("the dgo slept")
    field.press("Enter")
    assert cell(page, OWN).locator(".gw-message").text_content().startswith("the model does not know 'dgo'")
    assert loss_in(page, OWN) == pytest.approx(losses[OWN], abs=1e-12)
    field.fill("the dog slept by the river")
    field.press("Enter")
    assert cell(page, OWN).locator(".gw-asks").all_text_contents()[-1] == "river"
    tokens, y = start.read("the dog slept by the river")
    assert loss_in(page, OWN) == pytest.approx(float(forward(start, tokens, y).L), abs=1e-12)


@pytest.mark.parametrize("served", [plain], ids=["plain"], indirect=True)
def test_a_stop_of_the_course_is_there_the_next_day(served, on_day):
    name = "1a_which_way.ipynb"
    stop = nbformat.read(served[0] / name, as_version=4)
    sources = [source.source for source in stop.cells if source.cell_type == "code"]
    last_lines = [source.splitlines()[-1] for source in sources]
    of_boards = [k for k, line in enumerate(last_lines) if line in ("board", "own")]
    of_pages = [k for k, line in enumerate(last_lines) if line.startswith("LivePage(")]
    assert (len(of_boards), len(of_pages)) == (2, 1)
    page = on_day(0, name)
    run_all(page)
    for which in of_boards:
        assert cell(page, which).get_by_role("button", name="undo").is_disabled()
        assert cell(page, which).locator(".gw-score").text_content() == ""
        knobs(page, which)
    knobs(page, of_boards[0]).nth(2).press("PageUp")
    kept = {which: set_to(page, which) for which in of_boards}
    leave(page, served[0] / name)

    page = on_day(1, name)
    assert {which: set_to(page, which) for which in of_boards} == kept
    assert cell(page, of_boards[0]).locator(".gw-score").text_content() == "1 found by turning"
    for which in of_boards + of_pages:
        assert said_of_its_kernel(cell(page, which)) == [GONE]
        assert cell(page, which).get_by_text("Error displaying widget").count() == 0

    knobs(page, of_boards[0]).nth(1).press("PageUp")  # no kernel, and JupyterLab saves by itself
    cell(page, of_boards[1] - 1).click()
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell').then(() => true)")
    kept = {which: set_to(page, which) for which in of_boards}
    leave(page, served[0] / name)

    page = on_day(0, name)  # the day after that
    assert {which: set_to(page, which) for which in of_boards} == kept
    for which in of_boards + of_pages:
        assert cell(page, which).get_by_text("Error displaying widget").count() == 0
