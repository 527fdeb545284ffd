"""The dial board in a real browser: in a plain page with a stand-in model, and in a real JupyterLab."""

import json
import re

import lab
import numpy as np
import pytest

from gradwalk.dialect_table import DIALECTS
from gradwalk.model import Model
from gradwalk.telling import derivations
from gradwalk.walk import forward
from gradwalk.widgets.dial_board import DialBoard

MISSING = lab.missing()
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING or "all is there")

SENTENCE = "the dog slept by the fire"
PLAIN = Model.random(seed=0)

# What the page runs: the module as it is, and models that are nothing but their state. `put` is Python's part, or
# another view's: it sets a value and tells those who listen.
PAGE = """<!doctype html><meta charset="utf-8"><title>boards</title><link rel="stylesheet" href="dial_board.css">
<style>body { margin: 10px }</style><main></main><script type="module">
import board from "./dial_board.js";
const states = await (await fetch("states.json")).json();
window.models = states.map(state => {
    const listeners = {};
    return { state, saved: [], get: key => state[key], set: (key, value) => { state[key] = value; },
        save_changes() { this.saved.push(structuredClone(state.turned)); },
        on: (event, f) => (listeners[event] ??= []).push(f),
        off: (event, f) => { listeners[event] = listeners[event].filter(g => g !== f); },
        put(key, value) { state[key] = value; for (const f of listeners[`change:${key}`] ?? []) f(); },
        heard: () => Object.values(listeners).flat().length };
});
window.show = model => {
    const el = document.createElement("section");
    document.querySelector("main").append(el);
    return board.render({ model, el });
};
window.painted = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
window.close_first = show(models[0]);
models.slice(1).forEach(show);
document.title = "ready";
</script>"""


@pytest.fixture(scope="module")
def browser():
    with lab.browser() as launched:
        yield launched


@pytest.fixture
def open_boards(browser):
    """A function: open a page with these boards and nothing else; a page error or any other request fails the test."""
    contexts, troubles = [], []

    def open_page(*boards, live=False, clock=False, **options):
        context = browser.new_context(**{"viewport": {"width": 1100, "height": 760}, **options})
        contexts.append(context)
        page = context.new_page()
        states = [json.loads(board.state_json()) | {"live": live} for board in boards]
        files = {
            "/": ("text/html", PAGE),
            "/states.json": ("application/json", json.dumps(states)),
            "/dial_board.js": ("text/javascript", DialBoard._esm),
            "/dial_board.css": ("text/css", DialBoard._css),
        }

        def serve(route):
            path = route.request.url.removeprefix("http://boards.test")
            if path not in files:
                troubles.append(route.request.url)
                return route.abort()
            return route.fulfill(content_type=files[path][0] + "; charset=utf-8", body=files[path][1])

        if clock:
            page.clock.install()  # time passes when the test says so
        page.route("**/*", serve)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto("http://boards.test/")
        page.wait_for_function("document.title === 'ready'")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles


def board_of(name="W", model=PLAIN, scored="last", **options):
    return DialBoard(model, *model.read(SENTENCE, scored), name, **{"predict": False, **options})


def knob(page, k, board=0):
    return page.locator(".gw-board").nth(board).locator(".gw-knob").nth(k)


def shown(page, board=0):
    """The loss and the slope that the page shows, to their last digit; None where it shows none."""
    page.evaluate("painted()")
    root = page.locator(".gw-board").nth(board)
    loss = root.locator(".gw-loss").get_attribute("data-loss")
    slope = root.locator(".gw-slope").get_attribute("data-slope")
    return float(loss) if loss else None, float(slope) if slope else None


def turned(page, board=0):
    return page.evaluate("k => models[k].state.turned", board)


def agree(page, board, k=0):
    """Page and Python at the page's setting: the loss by a full forward pass, the slope by the walk back."""
    board.turned = turned(page, k)
    loss, slope = shown(page, k)
    assert abs(loss - board.loss) <= 1e-9 * max(1, board.loss)
    selected = page.evaluate("k => models[k].state.selected", k)
    assert abs(slope - board.slopes[selected]) <= 1e-9


def drag(page, node, up, right=0, key=None):
    """Pull a knob by so many pixels; the hand is let go far from where it took hold."""
    box = node.bounding_box()
    x, y = box["x"] + 32, box["y"] + 30
    page.mouse.move(x, y)
    page.mouse.down()
    if key:
        page.keyboard.down(key)
    page.mouse.move(x + right, y - up, steps=5)
    page.mouse.up()
    if key:
        page.keyboard.up(key)


# ---- the numbers in the page are Python's


@pytest.mark.parametrize(
    ("name", "rows"),
    [("W", None), ("W", ["cat", "door"]), ("W", PLAIN.words), ("b", ["fire", "cat"]), ("b", PLAIN.words)],
)
def test_any_combination_on_the_output_layer_is_exact(open_boards, name, rows):
    boards = [board_of(name, rows=rows, scored=scored) for scored in ("last", "all")]
    page = open_boards(*boards)
    rng = np.random.default_rng(3)
    for k, board in enumerate(boards):
        agree(page, board, k)
        for size in (0.1, 1, 10):
            setting = (size * rng.standard_normal(len(board.turned))).tolist()
            page.evaluate("([k, x]) => { models[k].put('turned', x); models[k].put('selected', 1) }", [k, setting])
            agree(page, board, k)
    if name == "W":
        factors = page.locator(".gw-slope").first.inner_text()
        way = "(up helps|down helps|a short turn changes nothing)"
        assert re.fullmatch(rf"slope = (p|\(p − 1\)) · h = .+ × .+ = .+: {way}", factors)


def test_several_positions_show_their_shares(open_boards):
    page = open_boards(board_of("W", scored="all"))
    parts = page.locator(".gw-parts span").all_inner_texts()
    assert parts[0::3][-1] == "“fire” after “the”"
    shares = [float(share.replace("−", "-")) for share in parts[2::3]]
    assert len(shares) == 5
    assert abs(np.mean(shares) - shown(page)[1]) < 1e-3


@pytest.mark.parametrize("name", ["W1", "gamma1", "E"])
def test_each_detent_of_a_deeper_board_shows_pythons_number(open_boards, name):
    board = board_of(name)
    page = open_boards(board)
    losses = page.evaluate(
        """async nudges => {
            const at = [];
            for (const nudge of nudges) {
                models[0].put("turned", models[0].state.turned.map((x, d) => d === 1 ? nudge : 0));
                await painted();
                at.push(Number(document.querySelector(".gw-loss").dataset.loss));
            }
            return at;
        }""",
        board.scene["nudges"][::4],
    )
    for nudge, loss in zip(board.scene["nudges"][::4], losses, strict=True):
        board.turned = [nudge * (d == 1) for d in range(len(board.turned))]
        assert abs(loss - board.loss) <= 1e-9 * max(1, board.loss)


def test_without_python_a_deeper_board_turns_one_dial_at_a_time_and_says_so(open_boards):
    board = board_of("W1")
    page = open_boards(board)
    assert "No Python here" in page.locator(".gw-note").inner_text()
    assert page.get_by_role("button", name="one step").is_disabled()
    drag(page, knob(page, 0), up=30)
    assert turned(page)[0] in board.scene["nudges"][61:]
    knob(page, 5).focus()
    page.keyboard.press("ArrowUp")
    assert turned(page) == [board.scene["nudges"][61] * (d == 5) for d in range(len(board.turned))]
    board.turned = turned(page)
    assert abs(shown(page)[0] - board.loss) <= 1e-9
    assert page.locator(".gw-slope").inner_text().startswith("slope ≈")


def test_a_stale_curve_is_never_used_and_fresh_ones_are(open_boards):
    board = board_of("W1")
    page = open_boards(board, live=True)
    start = [0.0] * len(board.turned)
    both = [board.scene["nudges"][90] * (d < 2) for d in range(len(start))]
    page.evaluate("both => models[0].put('turned', both)", both)
    assert shown(page) == (None, None)
    assert page.locator(".gw-loss").inner_text() == "…"
    board.turned = both
    page.evaluate("here => models[0].put('here', here)", board.here)
    agree(page, board)
    board.settled = both
    page.evaluate("curves => models[0].put('curves', curves)", board.curves)
    knob(page, 2).focus()
    page.keyboard.press("PageUp")
    loss, _ = shown(page)
    board.turned = turned(page)
    assert abs(loss - board.loss) <= 1e-9


def test_a_kernel_that_does_not_answer_is_told_of_and_the_board_goes_on(open_boards):
    board = board_of("W1")
    page = open_boards(board, live=True, clock=True)
    knob(page, 0).focus()
    page.keyboard.press("PageUp")
    page.clock.run_for(1000)
    note = page.locator(".gw-note")
    assert note.inner_text() == ""
    page.clock.run_for(11_000)
    assert note.inner_text().startswith("Python does not answer: one dial at a time")
    knob(page, 1).focus()
    page.keyboard.press("PageUp")
    page.clock.run_for(100)
    board.turned = turned(page)
    assert [d for d, x in enumerate(board.turned) if x] == [1]
    assert abs(float(page.locator(".gw-loss").get_attribute("data-loss")) - board.loss) <= 1e-9


# ---- the hand


def test_the_mouse_turns_up_and_to_the_right_finely_with_shift(open_boards):
    board = board_of("W")
    page = open_boards(board)
    reach = board.scene["reach"]
    drag(page, knob(page, 0), up=55)
    assert turned(page)[0] == pytest.approx(reach / 2)
    drag(page, knob(page, 0), up=0, right=-110)
    assert turned(page)[0] == pytest.approx(-reach / 2)
    drag(page, knob(page, 0), up=55, key="Shift")
    assert turned(page)[0] == pytest.approx(-reach / 2 + reach / 20)
    assert turned(page)[1:] == [0.0] * 23
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "W[fire, 0]"
    drag(page, knob(page, 0), up=600)
    assert turned(page)[0] > 4 * reach  # the output layer's knobs turn freely
    agree(page, board)
    knob(page, 0).dblclick(position={"x": 32, "y": 32})
    assert turned(page) == [0.0] * 24


def test_escape_lets_go_and_takes_the_turn_back(open_boards):
    page = open_boards(board_of("W"))
    box = knob(page, 0).bounding_box()
    page.mouse.move(box["x"] + 32, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 32, box["y"] - 32, steps=3)
    assert turned(page)[0] > 0
    page.keyboard.press("Escape")
    page.mouse.move(box["x"] + 32, box["y"] - 64, steps=3)
    page.mouse.up()
    assert turned(page)[0] == 0
    page.evaluate("painted()")
    assert page.get_by_role("button", name="undo").is_disabled()


def test_a_finger_turns_a_knob_and_does_not_scroll(open_boards):
    board = board_of("W")
    page = open_boards(board, has_touch=True, viewport={"width": 420, "height": 500})
    box = knob(page, 0).bounding_box()
    x, y = box["x"] + 32, box["y"] + 30
    hand = page.context.new_cdp_session(page)
    hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for k in range(1, 6):
        hand.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - 10 * k}]})
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert turned(page)[0] > board.scene["reach"] / 3
    assert page.evaluate("scrollY") == 0
    agree(page, board)


def test_the_wheel_turns_only_the_dial_that_has_the_focus(open_boards):
    board = board_of("W1")
    page = open_boards(board, viewport={"width": 900, "height": 300})
    box = knob(page, 0).bounding_box()
    page.mouse.move(box["x"] + 32, box["y"] + 30)
    page.mouse.wheel(0, 50)
    page.wait_for_function("scrollY > 0")
    assert turned(page) == [0.0] * len(board.turned)
    page.evaluate("scrollTo(0, 0)")
    knob(page, 0).focus()
    page.mouse.wheel(0, -200)
    page.wait_for_function("models[0].state.turned[0] !== 0")
    assert turned(page)[0] == board.scene["nudges"][62]
    assert page.evaluate("scrollY") == 0


def test_keys_and_what_a_screen_reader_hears(open_boards):
    board = board_of("W")
    page = open_boards(board)
    node, reach = knob(page, 2), board.scene["reach"]
    assert node.get_attribute("role") == "slider"
    assert node.get_attribute("tabindex") == "0"
    assert node.get_attribute("data-lm-suppress-shortcuts") == "true"
    assert node.evaluate("node => getComputedStyle(node).touchAction") == "none"
    node.focus()
    at = 0.0
    for key, by in [
        ("ArrowUp", 1 / 60),
        ("ArrowRight", 1 / 60),
        ("PageUp", 1 / 6),
        ("ArrowLeft", -1 / 60),
        ("ArrowDown", -1 / 60),
        ("PageDown", -1 / 6),
        ("Shift+ArrowDown", -1 / 600),
    ]:
        page.keyboard.press(key)
        at += by * reach
        assert turned(page)[2] == pytest.approx(at, abs=1e-12)
    agree(page, board)
    setting, loss = board.settings[2], board.loss
    text = f"W[fire, 2] {setting:.2f}, loss {loss:.3f}".replace("-", "−")
    assert node.get_attribute("aria-valuetext") == text
    assert float(node.get_attribute("aria-valuenow")) == pytest.approx(setting)
    assert float(node.get_attribute("aria-valuemin")) == pytest.approx(board.scene["start"][2] - reach)
    page.keyboard.press("Home")
    assert turned(page)[2] == -reach
    page.keyboard.press("End")
    assert turned(page)[2] == reach
    page.keyboard.press("Delete")
    assert turned(page)[2] == 0


def test_reset_undo_step_and_back_to_the_start(open_boards):
    board = board_of("W")
    page = open_boards(board)
    press = lambda name: page.get_by_role("button", name=name).click()  # noqa: E731
    press("one step")
    board.step()
    assert turned(page) == pytest.approx(board.turned, rel=1e-12)
    agree(page, board)
    after_step = turned(page)
    knob(page, 3).focus()
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")  # one turn, to undo
    press("undo")
    assert turned(page) == after_step
    press("back to the start")
    assert turned(page) == [x * (d != 3) for d, x in enumerate(after_step)]
    press("reset")
    assert turned(page) == [0.0] * 24
    press("undo")
    press("undo")
    press("undo")
    assert turned(page) == [0.0] * 24
    page.evaluate("painted()")
    assert page.get_by_role("button", name="undo").is_disabled()
    assert page.get_by_role("button", name="reset").is_disabled()


# ---- prediction first


def test_the_slope_is_hidden_until_it_is_called(open_boards):
    board = board_of("W", predict=True)
    rise = ["rise" if slope > 0 else "fall" for slope in board.slopes]
    wrong = {"rise": "fall", "fall": "rise"}
    page = open_boards(board)
    root = page.locator(".gw-board")
    hidden = lambda: (  # noqa: E731
        not page.locator(".gw-curve").is_visible()
        and page.locator(".gw-slope").inner_text() == ""
        and "slope" not in page.locator(".gw-plot").get_attribute("aria-label")
    )
    arrow = lambda k: knob(page, k).locator(".gw-arrow").get_attribute("d")  # noqa: E731
    assert hidden()
    assert not any(arrow(k) for k in range(24))
    knob(page, 0).focus()
    root.get_by_role("button", name=rise[0]).click()
    page.evaluate("painted()")
    assert not hidden()
    assert arrow(0)
    assert not arrow(1)
    assert "called right" in page.locator(".gw-verdict").inner_text()
    knob(page, 1).focus()
    page.evaluate("painted()")
    assert hidden()
    root.get_by_role("button", name=wrong[rise[1]]).click()
    page.evaluate("painted()")
    assert page.locator(".gw-verdict").inner_text() == f"You said it would {wrong[rise[1]]}: ✗ it would {rise[1]}"
    knob(page, 2).focus()
    page.keyboard.press("ArrowUp")  # finding out by turning is fine, but no prediction
    page.evaluate("painted()")
    assert not hidden()
    assert page.locator(".gw-score").inner_text() == "1 of 2 called right · 1 found by turning"
    board.predictions = page.evaluate("models[0].state.predictions")
    assert board.score == (1, 2)
    page.evaluate("close_first(); show(models[0]); painted()")  # shown again
    assert page.locator(".gw-score").inner_text() == "1 of 2 called right · 1 found by turning"
    assert [bool(arrow(k)) for k in range(24)] == [True] * 3 + [False] * 21
    root.get_by_role("button", name="show all").click()
    page.evaluate("painted()")
    assert all(arrow(k) for k in range(24))


def test_arrows_point_the_way_that_helps_and_are_longer_where_it_helps_more(open_boards):
    board = board_of("W")
    page = open_boards(board)
    lengths = []
    for k in range(24):
        tail, tip = re.match(r"M68 (\d+)V(\d+)", knob(page, k).locator(".gw-arrow").get_attribute("d")).groups()
        lengths.append(float(tail) - float(tip))  # up is positive
    assert np.array_equal(np.sign(lengths), -np.sign(board.slopes))
    order = np.argsort(np.abs(board.slopes))
    assert (np.diff(np.abs(lengths)[order]) >= 0).all()
    assert np.abs(lengths)[order[-1]] > 1.5 * np.abs(lengths)[order[0]]


def test_a_dead_dial_stays(open_boards):
    page = open_boards(board_of("b_K", predict=True))
    page.get_by_role("button", name="stay").click()
    page.evaluate("painted()")
    assert "called right" in page.locator(".gw-verdict").inner_text()
    assert page.locator(".gw-slope").inner_text().endswith("a short turn changes nothing")


# ---- views, looks


def test_boards_and_views_side_by_side_and_the_cleanup(open_boards):
    page = open_boards(board_of("W"), board_of("W1"))
    page.evaluate("void (window.close_second = show(models[0]))")
    knob(page, 0).focus()
    page.keyboard.press("PageUp")
    page.evaluate("models[0].put('turned', models[0].state.turned)")  # Jupyter's models tell all their views
    assert shown(page, 0) == shown(page, 2)
    assert turned(page, 1) == [0.0] * len(turned(page, 1))
    assert len(set(page.evaluate("[...document.querySelectorAll('clipPath')].map(node => node.id)"))) == 3
    page.evaluate("close_first(); close_second()")
    assert page.locator(".gw-board").count() == 1
    assert page.evaluate("models[0].heard()") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_in_light_and_dark(open_boards, scheme):
    page = open_boards(board_of("W"), color_scheme=scheme)
    colour = lambda selector, name: page.locator(selector).first.evaluate(  # noqa: E731
        "(node, name) => getComputedStyle(node)[name].match(/[\\d.]+/g).slice(0, 3).map(Number)", name
    )

    def luminance(rgb):
        linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    paper = luminance(colour(".gw-board", "backgroundColor"))
    assert (paper > 0.5) == (scheme == "light")
    for selector, name in [
        (".gw-loss", "color"),
        (".gw-quiet", "color"),
        (".gw-hand", "stroke"),
        (".gw-selected .gw-value", "color"),
    ]:
        dark, light = sorted([paper, luminance(colour(selector, name))])
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_in_a_narrow_cell_the_reading_goes_under_the_knobs(open_boards):
    page = open_boards(board_of("W"))
    beside = page.locator(".gw-reading").bounding_box()["x"] > page.locator(".gw-dials").bounding_box()["x"] + 300
    page.set_viewport_size({"width": 480, "height": 900})
    dials, reading = page.locator(".gw-dials").bounding_box(), page.locator(".gw-reading").bounding_box()
    assert beside
    assert reading["y"] >= dials["y"] + dials["height"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nothing_moves_by_itself_for_those_who_asked_for_that(open_boards):
    moving = "[...document.querySelectorAll('.gw-board *')].flatMap(node => { const s = getComputedStyle(node); "
    moving += "return [s.animationName !== 'none', parseFloat(s.transitionDuration) > 0] }).some(Boolean)"
    assert open_boards(board_of("W"), reduced_motion="no-preference").evaluate(moving)
    assert not open_boards(board_of("W"), reduced_motion="reduce").evaluate(moving)


def test_a_board_follows_the_switch_of_names(open_boards):
    page = open_boards(board_of("W1", predict=True), board_of("b"))

    def title(board):
        page.evaluate("painted()")
        return page.locator(".gw-title").nth(board).inner_text()

    ours = title(0)
    row, column = re.match(r"W1\[(\d+), (\d+)\] = ", ours).groups()
    page.evaluate("document.body.dataset.gradwalkNames = 'gpt2'")
    assert title(0).startswith(f"h.0.mlp.c_fc.weight[{column}, {row}] = ")
    assert title(1).startswith("b[")  # GPT-2 has no output bias
    assert knob(page, 0).get_attribute("aria-valuetext").startswith("h.0.mlp.c_fc.weight[")
    page.evaluate("document.body.dataset.gradwalkNames = 'course'")
    assert title(0) == ours


# ---- watching the attention


def alpha_shown(page, board=0):
    """Alpha as the page has it, to the last digit. Shape (H, T, T), 0 where a position must not look."""
    page.evaluate("painted()")
    pictures = page.locator(".gw-board").nth(board).locator(".gw-attention").all()
    heads = [json.loads(picture.get_attribute("data-shares")) for picture in pictures]
    alpha = np.zeros((len(heads), len(heads[0]), len(heads[0])))
    for e, rows in enumerate(heads):
        for t, row in enumerate(rows):
            alpha[e, t, : len(row)] = row
    return alpha


def alpha_printed(page, board=0):
    """The numbers in the cells, head by head and row by row."""
    root = page.locator(".gw-board").nth(board)
    return [float(words) for words in root.locator(".gw-share").all_text_contents()]


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
    for key in ("PageUp", "ArrowUp", "End"):  # without a kernel the first dial goes back to where it started
        page.keyboard.press(key)
        by_key = picture_agrees(page, board)
        assert np.abs(by_key[0] - start[0]).max() < 1e-15
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
    page.locator(".gw-attention").first.locator(".gw-cell").nth(11).hover()
    told = f"looks at “dog” (place 1): {alpha[4, 1]:.4f}, {start[4, 1]:.4f} at the start"
    assert readout.inner_text() == f"head 0: “the” (place 4) {told}"
    assert heard.inner_text() == ""  # a mouse needs no voice
    page.mouse.move(5, 5)
    assert readout.inner_text().startswith("row: the word that looks")
    page.get_by_role("button", name="one step").focus()
    page.locator(".gw-attention").first.focus()
    page.keyboard.press("ArrowUp")
    assert readout.inner_text().startswith(f"head 0: “by” (place 3) looks at “dog” (place 1): {alpha[3, 1]:.4f}")
    assert heard.inner_text() == readout.inner_text()
    row = ", ".join(f"{w} {x:.2f}" for w, x in zip(["the", "dog", "slept", "by", "the"], alpha[4], strict=True))
    assert page.locator(".gw-attention").first.get_attribute("aria-label") == f"head 0: “the” looks at {row}"


def test_the_picture_goes_by_its_name_and_fits_a_narrow_cell(open_boards):
    page = open_boards(board_of("W_Q", watch="alpha"), board_of("W_Q"))
    assert page.locator(".gw-watch").count() == 1  # a board that was not asked for it has none
    title = page.locator(".gw-watch .gw-title")
    assert title.inner_text() == "alpha, attention weights"
    page.evaluate("document.body.dataset.gradwalkNames = 'textbook'; painted()")
    assert title.inner_text() == "A, attention weights"
    page.set_viewport_size({"width": 380, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".gw-attention").first.bounding_box()["width"] > 200


# ---- journeys in a real JupyterLab

SET_UP = f"""\
from gradwalk import DialBoard, Model
model = Model.random(seed=0)
tokens, y = model.read({SENTENCE!r})
board = DialBoard(model, tokens, y, {{name!r}}, predict={{predict}}, watch={{watch!r}})
board"""

SLIDER = """\
from gradwalk import LivePage, show
page = LivePage(lambda x: show.line({"twice": 2 * x}), x=(-4.0, 4.0, 0.5))
page"""


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    root = tmp_path_factory.mktemp("lab")
    lab.write_notebook(root / "names.ipynb", *NAMES)
    lab.write_notebook(root / "1a_which_way.ipynb", "1")
    lab.write_notebook(root / "slider.ipynb", SLIDER)
    lab.write_notebook(root / "all.ipynb", NAMES[0], ALL_STEPS)
    for name, predict, watch in (("W", True, None), ("W1", False, None), ("W_K", False, "alpha")):
        lab.write_notebook(root / f"{name}.ipynb", SET_UP.format(name=name, predict=predict, watch=watch))
    with lab.lab(root) as url:
        yield url


@pytest.fixture
def open_lab(browser, jupyter):
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()

    def open_notebook(name):
        lab.open_notebook(page, jupyter, name)
        page.wait_for_selector(".gw-board")
        page.evaluate(
            "window.painted = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        return page

    yield open_notebook
    context.close()


def kernel_agrees(page):
    """What the page shows is what the kernel, asked after it, computes."""
    page.wait_for_timeout(300)  # the page tells Python at most every 250 ms
    page.wait_for_function("document.querySelector('.gw-loss').dataset.loss")
    loss, _ = shown(page)
    kernel = float(lab.ask_kernel(page, "print(repr(board.loss))"))
    assert abs(loss - kernel) <= 1e-9 * max(1, kernel)
    return loss


def test_journey_by_mouse(open_lab):
    page = open_lab("W1.ipynb")
    start = kernel_agrees(page)
    drag(page, knob(page, 0), up=40)
    first = kernel_agrees(page)
    assert first != start
    drag(page, knob(page, 9), up=-30)  # a second dial: on the fresh curve that Python sent
    second = kernel_agrees(page)
    assert second not in (start, first)
    page.get_by_role("button", name="one step").click()
    assert kernel_agrees(page) < second
    lab.ask_kernel(page, "board.turn(board._indices[0], 0.01)")  # and the other way round
    page.wait_for_timeout(200)
    kernel_agrees(page)
    page.get_by_role("button", name="reset").click()
    assert kernel_agrees(page) == pytest.approx(start, abs=1e-12)


def test_journey_by_keyboard(open_lab):
    page = open_lab("W.ipynb")
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    knob(page, 0).focus()
    page.keyboard.press("Tab")
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
    page.wait_for_timeout(200)
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
    page.wait_for_timeout(200)
    third = picture()
    for before, after in ((start, first), (first, second), (second, third)):
        assert np.abs(after - before).max() > 1e-3
    page.get_by_role("button", name="reset").click()
    assert np.abs(picture() - start).max() < 1e-12


def test_a_slider_says_its_name_and_moves_its_page(browser, jupyter):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    lab.open_notebook(page, jupyter, "slider.ipynb")
    slider = page.get_by_role("slider", name="x", exact=True)
    slider.wait_for()
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
    context.close()


# ---- the switch of names, in a real JupyterLab

NAMES = [
    "from gradwalk import show\nfrom gradwalk.step2_mlp import dL_dv\nshow.dialect()",
    "show.step(dL_dv)",
    "show.ledger()",
    "show.block_map('0_forward')",
]
ALL_STEPS = """\
from gradwalk.telling import derivations
for function in derivations.gradients():
    display(show.step(function))"""
SEEN = """() => [...document.querySelectorAll(".gw-step .gw-said:has(mjx-container)")]
    .filter(side => getComputedStyle(side).visibility === "visible" && side.getBoundingClientRect().height > 20)
    .map(side => side.classList[1])"""


@pytest.fixture
def open_names(browser, jupyter):
    context = browser.new_context(viewport={"width": 1400, "height": 1200})
    page = context.new_page()
    lab.open_notebook(page, jupyter, "names.ipynb")
    page.wait_for_function("document.querySelectorAll('.gw-step mjx-container').length >= 10")
    page.wait_for_selector(".gw-ledger")
    yield page
    context.close()


def dirty(page):
    return page.evaluate("window.jupyterapp.shell.currentWidget.context.model.dirty")


def test_the_switch_turns_every_formula_by_keyboard_and_changes_nothing_that_is_saved(open_names):
    page = open_names
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    saved = page.evaluate("JSON.stringify(window.jupyterapp.shell.currentWidget.context.model.toJSON())")
    assert page.locator("mjx-merror").count() == 0
    assert page.evaluate(SEEN) == ["gw-course", "gw-course"]
    page.locator(".gw-switch input[value=course]").focus()
    sizes = set()
    for name in ("notes", "textbook", "gpt2", "pytorch", "course"):  # the last wraps around
        page.keyboard.press("ArrowRight")
        assert page.evaluate(SEEN) == [f"gw-{name}"] * 2
        assert page.evaluate("document.body.dataset.gradwalkNames") == name
        shown = page.locator(f".gw-step .gw-{name} mjx-container").first
        sizes.add(shown.evaluate("node => getComputedStyle(node).fontSize"))
    assert len(sizes) == 1  # what was hidden when MathJax set it is as large as what was not
    for key in ("b", "a", "x", "j"):  # the notebook's own keys
        page.keyboard.press(key)
    assert not dirty(page)
    assert page.evaluate("JSON.stringify(window.jupyterapp.shell.currentWidget.context.model.toJSON())") == saved


def test_the_choice_outlives_a_run_and_greys_what_a_dialect_lacks(open_names):
    page = open_names
    page.locator(".gw-switch input[value=gpt2]").check(force=True)
    grey, plain = page.evaluate("""() => [".gw-gpt2 .mjx-gw-own", ".gw-gpt2 mjx-container"]
        .map(which => getComputedStyle(document.querySelector(".gw-step " + which)).color)""")
    assert grey != plain
    page.evaluate(lab.RUN_ALL)
    page.wait_for_function("document.querySelectorAll('.gw-step mjx-container').length >= 10")
    assert page.evaluate(SEEN) == ["gw-gpt2", "gw-gpt2"]
    assert page.locator(".gw-switch input[value=gpt2]").is_checked()


def test_the_ledger_is_searched_in_the_page(open_names):
    page = open_names
    page.locator(".gw-ledger input").fill("c_attn bias")
    seen = page.locator(".gw-ledger tbody tr:visible th").all_inner_texts()
    assert seen == ["b_Q", "b_K", "b_V", "dL_db_Q", "dL_db_K", "dL_db_V"]
    assert page.locator(".gw-ledger output").inner_text().startswith("6 of ")
    page.locator(".gw-ledger input").press("b")  # a letter in the field, not a new cell
    assert page.locator(".jp-Notebook .jp-Cell").count() == len(NAMES)


def test_a_node_of_the_map_leads_to_its_notebook(open_names):
    page = open_names
    page.locator('.gw-map a[aria-label^="z, logits"]').click()
    page.locator(".lm-TabBar-tabLabel", has_text="1a_which_way.ipynb").first.wait_for()
    assert len(page.context.pages) == 1  # in JupyterLab itself


def test_every_derivation_is_typeset_in_every_dialect_and_fits_the_page(browser, jupyter):
    equations = sum(len(derivations.derivation(function).lines) for function in derivations.gradients())
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    lab.open_notebook(page, jupyter, "all.ipynb")
    wanted = equations * len(DIALECTS)
    page.wait_for_function(f"document.querySelectorAll('.gw-step mjx-container').length >= {wanted}", timeout=90_000)
    assert page.locator(".gw-step mjx-container").count() == wanted
    assert page.locator("mjx-merror").count() == 0
    for name in DIALECTS:
        bad = page.evaluate(
            """name => {
                gradwalkNames(name);
                const size = node => node.getBoundingClientRect();
                return [...document.querySelectorAll(`.gw-step .gw-${name} mjx-container`)].filter(equation =>
                    size(equation).height < 15 || size(equation.querySelector("mjx-math")).width > size(equation).width
                ).map(equation => equation.textContent);
            }""",
            name,
        )
        assert bad == [], name
    context.close()
