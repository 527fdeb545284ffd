"""The picture of a watched value, in a real browser: the very numbers of `forward`, at exactly the setting."""

import json
import re
from pathlib import Path

import lab
import numpy as np
import pytest
from boards import PLAIN, SENTENCE, alpha_printed, alpha_shown, board_of, drag, knob, shown, turned
from shapes import CASES, case

from gradwalk.model import Model
from gradwalk.walk import forward
from gradwalk.widgets import tape, watched
from gradwalk.widgets.dial_board import DialBoard
from gradwalk.widgets.javascript import joined

pytestmark = lab.needs_browser()

TRAINED = Model.trained()
DEEP = Model.random(seed=1, blocks=2, tied=True, final_norm=True, bias=False, activation="gelu")

# ---- any value, drawn by the module alone

BOARD = Path(watched.__file__).parent / "board"
PAGE = """<!doctype html><meta charset="utf-8"><title>pictures</title><link rel="stylesheet" href="board.css">
<main class="gw-board"></main><script type="module">
import { watched } from "./watched.js";
const tensor = ({ shape, data }) => ({ shape, data: Float64Array.from(data, x => x ?? -Infinity) });
window.drawn = ({ watch, now, start }) => {
    const made = watched(watch);
    document.querySelector("main").replaceChildren(made.node);
    made.draw(tensor(start), undefined, tensor(start));
    made.draw(tensor(now), undefined, tensor(start));
    return [...made.node.querySelectorAll(".gw-picture")].map(svg => ({
        value: JSON.parse(svg.dataset.value), spoken: svg.getAttribute("aria-label"),
        numbers: [...svg.querySelectorAll(".gw-number")].map(text => text.textContent),
        changes: [...svg.querySelectorAll(".gw-change")].map(text => text.textContent),
        minus: [...svg.querySelectorAll(".gw-cell")].map(cell => cell.classList.contains("gw-minus")),
        opacity: [...svg.querySelectorAll(".gw-cell")].map(cell => Number(cell.getAttribute("fill-opacity"))),
        paths: [...svg.querySelectorAll("path")].map(path => [path.getAttribute("class"), path.getAttribute("d")]),
    }));
};
document.title = "ready";
</script>"""


@pytest.fixture(scope="module")
def page(browser):
    page, troubles = browser.new_page(), []
    files = {
        "/": ("text/html", PAGE),
        "/watched.js": ("text/javascript", joined(BOARD / "watched.js")),
        "/board.css": ("text/css", (BOARD / "board.css").read_text(encoding="utf-8")),
    }

    def serve(route):
        kind, body = files[route.request.url.removeprefix("http://pictures.test")]
        route.fulfill(content_type=kind + "; charset=utf-8", body=body)

    page.route("**/*", serve)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto("http://pictures.test/")
    page.wait_for_function("document.title === 'ready'")
    yield page
    page.close()
    assert not troubles


def tensor(array):
    return {"shape": list(array.shape), "data": [float(x) if np.isfinite(x) else None for x in array.ravel()]}


def rows_of(name, array, values, scene):
    """The numbers that a picture has to show, head by head and row by row, by the value's own indices."""
    heads = array if array.ndim == 3 else array[None]
    if name.split(".")[-1] in ("S", "alpha"):
        return [[head[t, t - values.places[t] : t + 1].tolist() for t in range(len(head))] for head in heads]
    places = [column["at"] for column in scene["columns"]]
    return [[head[t, places].tolist() for t in scene["rows"]] for head in heads]


def read(printed):
    return float(printed.replace("−", "-"))


def within_digits(printed, x):
    """Is this the number, as it is printed? Two digits, fewer where it is large; 0 is told as such."""
    digits = len(printed.partition(".")[2])
    assert digits == 2 or x == 0 or abs(x) > 9.9, (printed, x)
    return (printed == "0") if x == 0 else abs(read(printed) - x) <= 0.5 * 10**-digits + 1e-12


def drawn(page, names, model, values, start):
    """Draw values, each after the start's, and hold the pictures to them. The scenes."""
    scenes = [watched.compose(model, start, name) for name in names]
    arrays = [[watched.value_of(of, name) for of in (values, start)] for name in names]
    given = [
        {"watch": scene, "now": tensor(now), "start": tensor(before)}
        for scene, (now, before) in zip(scenes, arrays, strict=True)
    ]
    # As text: of lists playwright looks at every number, on both ways.
    shown = page.evaluate("given => JSON.stringify(JSON.parse(given).map(drawn))", json.dumps(given))
    for name, scene, both, pictures in zip(names, scenes, arrays, json.loads(shown), strict=True):
        pictures_agree(pictures, name, both, values, scene)
    return scenes


def pictures_agree(pictures, name, both, values, scene):
    """Each number is there, with its change from the start, its shade or its bar."""
    wanted, first = (rows_of(name, array, values, scene) for array in both)
    assert [picture["value"] for picture in pictures] == wanted
    for picture, rows, starts in zip(pictures, wanted, first, strict=True):
        numbers, started = np.concatenate(rows), np.concatenate(starts)
        largest = np.abs(started).max() if scene["signed"] else 1
        if scene["form"] == "numbers":
            assert all(map(within_digits, picture["numbers"], numbers)), name
            changes = [read(words) if words else 0.0 for words in picture["changes"]]
            assert np.abs(changes - (numbers - started)).max() <= 0.005 + 1e-9
            assert picture["minus"] == [bool(scene["signed"] and x < 0) for x in numbers]
            shades = 0.36 * np.minimum(1, np.abs(numbers) / largest)
            assert np.abs(picture["opacity"] - shades).max() <= 0.005 + 1e-9
        else:
            bars_agree(picture["paths"], rows, scene, largest)


def bars_agree(paths, rows, scene, largest):
    """Bars stand where their number is, as long as it is and on its side."""
    paths = dict(paths)
    lines = re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)", paths["gw-lines"])
    wide = float(lines[-1][2]) / len(rows[-1])
    seen = {}
    for kind, side in (("gw-bars", -1), ("gw-bars gw-minus", 1)):
        for x, foot, length in re.findall(r"M([\d.]+) ([\d.]+)v(-?[\d.]+)h", paths[kind]):
            assert float(length) * side >= 0
            seen[float(foot), int((float(x) - float(lines[0][0])) // wide)] = -float(length)
    zeros = 0
    for t, row, (_, foot, _) in zip(scene["rows"], rows, lines, strict=True):
        offset = 0 if scene["columns"] else scene["firsts"][t]
        for k, x in enumerate(row):
            zeros += x == 0
            length = 14 * max(-1.1, min(1.1, x / largest))
            assert abs(seen.get((float(foot), offset + k), 0) - length) <= 0.005 + 1e-9
    assert paths["gw-zeros"].count("M") == zeros


@CASES
def test_every_value_of_every_model_is_drawn_as_it_is(page, number):
    model, tokens, y = case(number)
    moved, rng = model.copy(), np.random.default_rng(number)
    for name, weight in model.weights.items():
        for _ in range(3):
            moved.turn(name, tuple(int(rng.integers(size)) for size in weight.shape), float(rng.normal()))
    start, values = forward(model, tokens, y), forward(moved, tokens, y)
    drawn(page, [value for value, *_ in tape.lines(model) if value != "L"], model, values, start)


@pytest.mark.parametrize("name", ["alpha", "S", "h", "u", "r", "Q", "p", "z"])
def test_many_numbers_are_bars_from_the_same_foot(page, name):
    read = [
        TRAINED.read(words, "all") for words in ("the dog slept", "the cat sat by the window and the dog slept all day")
    ]
    tokens, y = ([sentence[k] for sentence in read] for k in (0, 1))
    moved = TRAINED.copy()
    moved.turn("W_Q", (3, 1), 1.5)
    moved.turn("W1", (5, 0), -2.0)
    (scene,) = drawn(page, [name], TRAINED, forward(moved, tokens, y), forward(TRAINED, tokens, y))
    assert scene["form"] == ("numbers" if name in ("p", "z") else "bars")
    assert scene["firsts"][-1] == 2


# ---- attention, on a board


def picture_agrees(page, board):
    """The picture is forward's alpha at the page's setting: every share, and what is printed in its cell."""
    board.turned = turned(page)
    alpha = board.values.alpha
    assert np.abs(alpha_shown(page) - alpha).max() < 1e-12
    rows, columns = np.tril_indices(alpha.shape[1])
    assert np.abs(np.array(alpha_printed(page)) - alpha[:, rows, columns].ravel()).max() <= 0.005 + 1e-12
    return alpha


@pytest.mark.parametrize("name", ["E", "E_pos", "gamma1", "beta1", "W_Q", "b_Q", "W_K", "b_K", "W_V", "W"])
def test_the_picture_is_alpha_at_exactly_the_setting(open_boards, name):
    board = board_of(name, watch="alpha", scored="all")
    page = open_boards(board)
    start = picture_agrees(page, board)
    reach, dials = board.scene["reach"], len(board.dials)
    settings = [[x * reach * (d == k) for d in range(dials)] for k in (0, dials - 1) for x in (-1, -0.5, 0.25, 1)]
    settings.append(np.random.default_rng(6).uniform(-reach, reach, dials).tolist())  # all at once
    moved = 0
    for setting in settings:
        page.evaluate("turned => models[0].put('turned', turned)", setting)
        moved = max(moved, np.abs(picture_agrees(page, board) - start).max())
    assert (moved > 1e-2) == (name not in ("b_K", "W_V", "W"))


def test_the_picture_follows_mouse_and_keys_and_says_what_changed(open_boards):
    board = board_of("W_Q", watch="alpha")
    page = open_boards(board)
    start = picture_agrees(page, board)
    assert set(page.locator(".gw-change").all_text_contents()) == {""}
    drag(page, knob(page, 0), up=60)
    by_mouse = picture_agrees(page, board)
    assert np.abs(by_mouse[0] - start[0]).max() > 0.01
    assert np.abs(by_mouse[1] - start[1]).max() < 1e-15  # the dial belongs to head 0
    assert page.locator(".gw-scored").all_text_contents() == ["▸ the"] * 2
    changes = np.round(by_mouse - start, 2)[:, *np.tril_indices(5)].ravel()
    told = [float(words.replace("−", "-") or 0) for words in page.locator(".gw-change").all_text_contents()]
    assert told == pytest.approx(changes, abs=1e-9)
    knob(page, len(board.dials) - 1).focus()
    for key in ("PageUp", "ArrowUp", "End"):
        page.keyboard.press(key)
        by_key = picture_agrees(page, board)
        assert np.array_equal(by_key[0], by_mouse[0])  # the first dial stays where the mouse has left it
    assert np.abs(by_key[1] - start[1]).max() > 0.01


def test_a_dial_of_the_values_leaves_the_picture_still(open_boards):
    board = board_of("W_V", watch="alpha")
    page = open_boards(board)
    start, printed, (loss, _) = picture_agrees(page, board), alpha_printed(page), shown(page)
    drag(page, knob(page, 0), up=80)
    assert np.array_equal(picture_agrees(page, board), start)
    assert alpha_printed(page) == printed
    assert shown(page)[0] != loss


def test_a_cell_is_told_in_full_under_the_mouse_and_by_the_arrow_keys(open_boards):
    board = board_of("W_Q", watch="alpha")
    page = open_boards(board)
    drag(page, knob(page, 0), up=60)
    board.turned = turned(page)
    alpha, start = board.values.alpha[0], forward(PLAIN, *PLAIN.read(SENTENCE)).alpha[0]
    readout, heard = page.locator(".gw-readout"), page.locator(".gw-heard")
    assert readout.inner_text().startswith("row: the word that looks · column: the word it looks at")
    page.locator(".gw-picture").first.locator(".gw-cell").nth(11).hover()
    told = f"looks at “dog” (place 1): {alpha[4, 1]:.4f}, {start[4, 1]:.4f} at the start"
    assert readout.inner_text() == f"head 0: “the” (place 4) {told}"
    assert heard.inner_text() == ""  # a mouse needs no voice
    page.mouse.move(5, 5)
    assert readout.inner_text().startswith("row: the word that looks")
    page.get_by_role("button", name="one step").focus()
    page.locator(".gw-picture").first.focus()
    page.keyboard.press("ArrowUp")
    assert readout.inner_text().startswith(f"head 0: “by” (place 3) looks at “dog” (place 1): {alpha[3, 1]:.4f}")
    assert heard.inner_text() == readout.inner_text()
    row = ", ".join(f"{w} {x:.2f}" for w, x in zip(["the", "dog", "slept", "by", "the"], alpha[4], strict=True))
    assert page.locator(".gw-picture").first.get_attribute("aria-label") == f"head 0: “the” looks at {row}"


def test_the_picture_goes_by_its_name_and_fits_a_narrow_cell(open_boards):
    page = open_boards(board_of("W_Q", watch="alpha"), board_of("W_Q"))
    assert page.locator(".gw-watch").count() == 1  # a board that was not asked for it has none
    title = page.locator(".gw-watch .gw-title")
    assert title.inner_text() == "alpha, attention weights"
    page.evaluate("document.body.dataset.gradwalkNames = 'textbook'; painted()")
    assert title.inner_text() == "A, attention weights"
    page.set_viewport_size({"width": 380, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".gw-picture").first.bounding_box()["width"] > 200


# ---- other values, on a board


@pytest.mark.parametrize("watch", ["blocks.0.V", "blocks.1.S", "blocks.1.r", "h", "hf", "p"])
def test_any_value_of_several_blocks_and_sentences_follows_the_hand(open_boards, watch):
    read = [DEEP.read(SENTENCE, "all"), DEEP.read("the cat sat by the cat", "all")]
    tokens, y = ([sentence[k] for sentence in read] for k in (0, 1))
    board = DialBoard(DEEP, tokens, y, "E", rows=["the", "dog"], predict=False, watch=watch)
    page = open_boards(board)
    rng = np.random.default_rng(3)
    for setting in (board.turned, *rng.normal(size=(3, len(board.dials))).tolist()):
        page.evaluate("turned => models[0].put('turned', turned)", setting)
        page.evaluate("painted()")
        board.turned = setting
        values = board.values
        wanted = rows_of(watch, watched.value_of(values, watch), values, board.scene["watch"])
        for picture, rows in zip(page.locator(".gw-picture").all(), wanted, strict=True):
            for came, row in zip(json.loads(picture.get_attribute("data-value")), rows, strict=True):
                assert np.abs(np.subtract(came, row)).max() < 1e-12


def test_a_cell_of_any_value_is_told_in_full_by_the_arrow_keys(open_boards):
    board = board_of("W1", rows=[3, 5], columns=[0, 1], watch="u")
    page = open_boards(board)
    start = board.values.u
    drag(page, knob(page, 2), up=60)
    board.turned = turned(page)
    u = board.values.u
    readout, heard, picture = page.locator(".gw-readout"), page.locator(".gw-heard"), page.locator(".gw-picture")
    assert readout.inner_text() == "row: a position · column: unit · below: since the start · ▸ scored"
    page.get_by_role("button", name="one step").focus()
    page.keyboard.press("Shift+Tab")
    picture.focus()
    for key in ("ArrowRight",) * 5 + ("ArrowUp",):
        page.keyboard.press(key)

    def signed(x, digits):
        return f"{x:+.{digits}f}".replace("-", "−")

    told = signed(u[3, 5], 4).removeprefix("+")
    assert readout.inner_text() == f"u, position 3 “by”, unit 5: {told}, {signed((u - start)[3, 5], 2)} since the start"
    assert heard.inner_text() == readout.inner_text()
    here, cell = page.locator(".gw-here").bounding_box(), picture.locator(".gw-cell").nth(3 * 8 + 5).bounding_box()
    assert all(abs(here[side] - cell[side]) < 4 for side in ("x", "y", "width", "height"))
    page.keyboard.press("ArrowLeft")
    told = signed(u[3, 4], 4).removeprefix("+")
    assert readout.inner_text() == f"u, position 3 “by”, unit 4: {told}"
    row = ", ".join(f"unit {f} {signed(x, 2).removeprefix('+')}" for f, x in enumerate(u[4]))
    assert picture.get_attribute("aria-label") == f"position 4 “the”: {row}"
    page.keyboard.press("Tab")
    assert readout.inner_text().startswith("row: a position")
    box = picture.locator(".gw-cell").nth(8 + 5).bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    assert readout.inner_text().startswith("u, position 1 “dog”, unit 5: ")
    assert heard.inner_text() == ""


def test_a_muted_unit_says_that_it_is_exactly_0(open_boards):
    board = board_of("W1", rows=[3, 5], columns=[0, 1], watch="r")
    page = open_boards(board)
    printed = page.locator(".gw-number").all_text_contents()
    assert [words == "0" for words in printed] == (board.values.r == 0).ravel().tolist()
    many = board_of("W1", model=TRAINED, rows=[3, 5], columns=[0, 1], watch="r")
    page = open_boards(many)
    page.locator(".gw-picture").focus()
    page.keyboard.press("ArrowUp")
    muted = int(np.flatnonzero(many.values.r[3] == 0)[0])
    for _ in range(muted):
        page.keyboard.press("ArrowRight")
    assert page.locator(".gw-readout").inner_text() == f"r, position 3 “by”, unit {muted}: 0"
    largest = sorted(np.argsort(-many.values.r[4])[:12])
    row = ", ".join(f"unit {f} {many.values.r[4, f]:.2f}" for f in largest)
    assert page.locator(".gw-picture").get_attribute("aria-label") == f"position 4 “the”, the 12 largest: {row}"


def test_of_many_positions_the_scored_ones_are_drawn_and_told_by_their_number(open_boards):
    words = " ".join(["the dog"] * 7)
    board = DialBoard(PLAIN, *PLAIN.read(words), "W1", rows=[3], columns=[0], predict=False, watch="p")
    page = open_boards(board)
    assert page.locator(".gw-position").all_text_contents() == ["▸ the"]
    page.locator(".gw-picture").focus()
    page.keyboard.press("ArrowUp")
    share = board.values.p[12, 0]
    assert page.locator(".gw-readout").inner_text() == f"p, position 12 “the”, “{PLAIN.words[0]}”: {share:.4f}"


def test_a_wide_picture_scrolls_by_itself_and_the_chosen_cell_comes_into_sight(open_boards):
    boards = [board_of("W1", model=TRAINED, rows=[3], columns=[0], watch=watch) for watch in ("u", "h", "p", "S")]
    page = open_boards(*boards, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for k in range(len(boards)):
        inside = page.locator(".gw-watch").nth(k).bounding_box()
        assert inside["x"] >= 0
        assert inside["x"] + inside["width"] <= 390
    page.locator(".gw-picture").first.focus()
    for _ in range(127):
        page.keyboard.press("ArrowRight")
    here = page.locator(".gw-here").first.bounding_box()
    assert here["x"] > 0
    assert here["x"] + here["width"] < 390
    assert "unit 127" in page.locator(".gw-readout").first.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signs_need_no_colour(open_boards, scheme):
    boards = [board_of("W1", model, rows=[3], columns=[0], watch="u") for model in (PLAIN, TRAINED)]
    page = open_boards(*boards, color_scheme=scheme, forced_colors="active")
    fills = "all => [...new Set(all.map(node => getComputedStyle(node).fill))]"
    for drawn in (".gw-cell", ".gw-bars"):
        assert len(page.eval_on_selector_all(drawn, fills)) == 1
    signs = [words[0] for words in page.locator(".gw-number").all_text_contents()]
    assert signs == ["−" if x < 0 else "+" for x in boards[0].values.u.ravel()]
