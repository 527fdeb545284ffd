"""The dial board in a real browser, in a plain page: its numbers are Python's, and it obeys the hand."""

import json
import re

import lab
import numpy as np
import pytest
from boards import PLAIN, agree, board_of, drag, knob, shown, turned

from gradwalk.model import Model
from gradwalk.widgets import dial_board

pytestmark = lab.needs_browser()

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


def test_bars_are_as_long_as_the_words_shares(open_boards):
    page = open_boards(board_of("W"))
    drag(page, knob(page, 2), up=40)
    page.evaluate("painted()")
    shares = [float(share) for share in page.locator(".gw-p").all_inner_texts()]
    lengths = page.locator(".gw-fill").evaluate_all(
        "all => all.map(bar => bar.x2.baseVal.value / bar.ownerSVGElement.clientWidth)"
    )
    assert np.allclose(lengths, shares, atol=6e-4)


def test_the_tangent_touches_the_curve_and_ends_with_the_picture(open_boards):
    page = open_boards(board_of("W"))
    read = """() => [...["x1", "y1", "x2", "y2"].map(end => document.querySelector(".gw-plot > .gw-tangent")[end]),
        ...["x", "y"].map(axis => document.querySelector(".gw-dot :last-child").points[0][axis])]
        .map(length => length.baseVal?.value ?? length)"""
    for up in (30, 60, 20, -200, -60):
        drag(page, knob(page, 2), up=up)
        page.evaluate("painted()")
        x1, y1, x2, y2, x, y = page.evaluate(read)
        assert 56 <= x1 <= x <= x2 <= 418
        assert 14 <= min(y1, y2) < max(y1, y2) <= 222
        assert abs((y2 - y1) * (x - x1) - (y - y1) * (x2 - x1)) < 0.02 * (x2 - x1 + abs(y2 - y1))  # in hundredths


@pytest.mark.parametrize(("name", "spots"), [("E", [4, 5, 11]), ("W_Q", [3, 15])])
def test_no_curve_strikes_through_the_words_of_the_key(open_boards, name, spots):
    page = open_boards(board_of(name))
    start = turned(page)
    page.evaluate(
        "kept => { models[0].put('kept', [kept]); models[0].put('compared', 0) }",
        {"name": "A", "turned": [-0.4 if d % 2 == 0 else 0.4 for d in range(len(start))], "stage": ""},
    )
    for d in spots:
        page.evaluate("d => { models[0].put('selected', d); return painted() }", d)
        struck = """() => [...document.querySelectorAll(".gw-plot > path")].flatMap(curve => {
            const under = [...document.querySelectorAll(".gw-key text")].map(words => words.getBoundingClientRect());
            const to = curve.getScreenCTM(), length = curve.getTotalLength();
            const along = Array.from({ length: 400 }, (_, k) => curve.getPointAtLength(length * k / 399));
            return along.map(point => point.matrixTransform(to))
                .filter(({ x, y }) => under.some(b => x > b.left && x < b.right && y > b.top && y < b.bottom));
        }).length"""
        assert page.evaluate(struck) == 0


def test_a_turn_writes_no_form_that_has_not_changed(open_boards):
    """A browser that fills in forms looks through all of a page's when a script sets one, whatever it sets."""
    page = open_boards(board_of("W"))
    page.evaluate("""() => {
        const { get, set } = Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "value");
        window.written = 0;
        Object.defineProperty(HTMLSelectElement.prototype, "value",
            { get, set(value) { window.written++; set.call(this, value); } });
    }""")
    drag(page, knob(page, 2), up=40)
    assert page.evaluate("painted().then(() => written)") == 0
    page.get_by_role("button", name="keep this setting").click()
    assert page.evaluate("painted().then(() => written)") > 0


@pytest.mark.parametrize("board", [board_of("W"), board_of("W_Q", watch="alpha")], ids=["W", "alpha watched"])
def test_a_turn_does_not_sort_the_page_s_layers(open_boards, board):
    """By Chromium's own trace: sorted anew, a page of JupyterLab's size takes most of a millisecond each time."""
    page = open_boards(board, reduced_motion="reduce")  # or the curve is still appearing
    box = knob(page, 2).bounding_box()
    x, y = box["x"] + 32, box["y"] + 30
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 10)
    page.evaluate("painted()")

    def full_updates(act):
        page.context.browser.start_tracing(page=page, categories=["blink"])
        for k in range(20):
            act(k)
            page.evaluate("painted()")
        traced = json.loads(page.context.browser.stop_tracing())["traceEvents"]
        return sum(event["name"] == "PaintArtifactCompositor::Update" for event in traced)

    page.evaluate("painted()")
    turns = full_updates(lambda k: page.mouse.move(x, y - 13 - 3 * k))
    clips = full_updates(lambda k: page.evaluate(f"document.querySelector('.gw-grid').style.clipPath = 'inset({k}px)'"))
    assert turns <= 1 < clips


DEEP = Model.random(seed=1, blocks=2, tied=True, final_norm=True, bias=False, activation="gelu")


@pytest.mark.parametrize(
    ("name", "model"),
    [*((name, PLAIN) for name in ("W1", "gamma1", "E", "b_O")), *((name, DEEP) for name in ("E", "blocks.0.W_Q"))],
)
def test_any_combination_of_a_deeper_weight_is_exact_with_nobody_to_ask(open_boards, name, model):
    board = board_of(name, model=model, scored="all")
    page = open_boards(board)
    rng = np.random.default_rng(4)
    agree(page, board)
    for size in (0.1, 1, 4):
        setting = (size * rng.standard_normal(len(board.turned))).tolist()
        page.evaluate("x => { models[0].put('turned', x); models[0].put('selected', 1) }", setting)
        agree(page, board)
    drag(page, knob(page, 0), up=30)
    knob(page, 2).focus()
    page.keyboard.press("PageUp")
    assert all(x != y for x, y in zip(turned(page)[:3:2], setting[:3:2], strict=True))
    assert turned(page)[3:] == setting[3:]
    agree(page, board)
    assert page.locator(".gw-note").inner_text() == ""


@pytest.fixture
def asking(monkeypatch):
    """A function: a board of a model that is too large for the page."""
    monkeypatch.setattr(dial_board, "follows_a_hand", lambda *_: False)
    return board_of


def test_a_board_too_large_for_the_page_asks_python_for_the_one_curve_and_says_so(open_boards, asking):
    board = asking("W1")
    assert board.tape is None
    page = open_boards(board, live=True)
    note, nudges = page.locator(".gw-note"), board._nudges.tolist()
    answer = lambda: page.evaluate("told => { models[0].put('told', told); return painted() }", board.told)  # noqa: E731
    drag(page, knob(page, 0), up=30)  # along the curve that is there
    assert turned(page)[0] in nudges[61:]
    board.turned = turned(page)
    assert shown(page) == (pytest.approx(board.loss, abs=1e-9), None)
    assert note.inner_text() == "This model is too large for the page: Python is asked for the loss here."
    board.asked = page.evaluate("models[0].state.asked")
    assert board.asked == {"turned": turned(page), "dial": 0}
    answer()
    agree(page, board)
    assert note.inner_text() == ""
    knob(page, 5).focus()
    page.keyboard.press("ArrowUp")  # nobody has said what this one does
    assert shown(page) == (None, None)
    assert page.locator(".gw-loss").inner_text() == "…"
    assert page.get_by_role("button", name="one step").is_disabled()
    page.wait_for_function("models[0].state.asked.turned[5] !== 0")
    board.turned = turned(page)
    board.asked = page.evaluate("models[0].state.asked")
    answer()
    agree(page, board)
    assert page.get_by_role("button", name="let it run").is_disabled()


def test_what_python_has_not_told_of_a_descent_and_of_a_kept_setting_is_not_drawn(open_boards, asking):
    board = asking("W1")
    board.scene["loss_digits"] = 8
    page = open_boards(board, live=True)
    errors, trace, key = [], page.locator(".gw-trace"), page.locator(".gw-key")
    page.on("console", lambda message: errors.append(message.text))
    page.get_by_role("button", name="keep this setting").click()
    page.get_by_role("button", name="one step downhill").click()
    page.evaluate("painted()")
    assert not trace.is_visible()
    board.turned = turned(page)
    board.asked = page.evaluate("models[0].state.asked")
    page.evaluate("told => { models[0].put('told', told); return painted() }", board.told)
    assert trace.locator("text").all_text_contents() == [
        f"{loss:.8f}" for loss in (board.scene["start_loss"], board.loss)
    ]
    assert trace.locator("polyline").evaluate("line => [...line.points].every(({ x, y }) => x > 56 && y > 0)")
    left = trace.bounding_box()["x"]
    assert all(words.bounding_box()["x"] >= left for words in trace.locator("text").all())
    assert [key.nth(k).is_visible() for k in range(2)] == [True, False]  # the one kept has no curve
    assert "compared with" not in page.locator(".gw-plot").get_attribute("aria-label")
    assert errors == []


def test_with_nobody_to_ask_a_board_too_large_for_the_page_says_so(open_boards, asking):
    page = open_boards(asking("W1"), live=False)
    assert page.locator(".gw-note").inner_text() == ""
    knob(page, 1).focus()
    page.evaluate("painted()")
    assert page.locator(".gw-note").inner_text().endswith("and Python, which knows the loss here, is not there.")
    free = open_boards(asking("W"), live=False)  # the output layer has its closed form
    knob(free, 1).focus()
    free.keyboard.press("PageUp")
    assert free.locator(".gw-note").inner_text() == ""
    board = asking("W")
    agree(free, board)


# ---- descent, and settings to compare


@pytest.mark.parametrize("everything", [False, True])
def test_a_descent_that_one_watches_is_python_s(open_boards, everything):
    board = board_of("W1", scored="all", eta=0.05)
    page = open_boards(board)
    if everything:
        page.get_by_label("every weight of the model").check()
    run = page.get_by_role("button", name="let it run")
    page.get_by_label("steps a second").select_option("60")
    assert not page.locator(".gw-trace").is_visible()
    run.click()
    page.wait_for_function("document.querySelector('.gw-trace polyline').points.length > 20")
    page.get_by_role("button", name="pause").click()
    steps = page.evaluate("document.querySelector('.gw-trace polyline').points.length") - 1
    for _ in range(steps):
        board.step(everything=everything)
    assert turned(page) == pytest.approx(board.turned, rel=1e-9)
    assert shown(page)[0] == pytest.approx(board.loss, rel=1e-9)
    state, other = page.evaluate("models[0].state"), board_of("W1", scored="all")
    other.set_state({name: state[name] for name in ("stages", "stage", "turned")})
    assert other.loss == pytest.approx(board.loss, rel=1e-9)  # what the page told Python
    page.get_by_role("button", name="undo").click()  # one turn
    agree(page, board_of("W1", scored="all"))
    assert turned(page) == [0.0] * len(board.turned)
    page.get_by_role("button", name="one step downhill").click()
    once = board_of("W1", scored="all", eta=0.05)
    once.step(everything=everything)
    assert shown(page)[0] == pytest.approx(once.loss, rel=1e-12)


def test_whoever_wants_nothing_to_move_gets_the_steps_at_once(open_boards):
    board = board_of("W1", eta=0.05)
    page = open_boards(board, reduced_motion="reduce")
    page.get_by_role("button", name="let it run").click()
    page.evaluate("painted()")
    for _ in range(20):
        board.step()
    assert turned(page) == pytest.approx(board.turned, rel=1e-9)
    assert page.get_by_role("button", name="let it run").is_visible()  # nothing goes on


def test_a_setting_is_kept_named_and_compared(open_boards):
    board = board_of("W1")
    page = open_boards(board)
    drag(page, knob(page, 1), up=40)
    first = turned(page)
    page.get_by_label("the name of the setting").fill("mine")
    page.get_by_role("button", name="keep this setting").click()
    drag(page, knob(page, 0), up=40)
    page.evaluate("painted()")
    board.turned = first
    assert page.locator(".gw-key").last.text_content() == f"mine: {board.loss:.3f}"
    assert f"compared with mine: {board.loss:.3f}" in page.locator(".gw-plot").get_attribute("aria-label")
    curves = [page.locator(f"path.{name}").first.get_attribute("d").count("L") for name in ("gw-kept", "gw-curve")]
    assert curves == [120, 120]
    page.get_by_role("button", name="keep this setting").click()
    page.evaluate("painted()")
    options = page.get_by_label("compare with").locator("option").all_inner_texts()
    assert options == ["compare with nothing", "compare with mine", "compare with A"]
    page.get_by_label("compare with").select_option("0")
    page.get_by_role("button", name="go to it").click()
    assert turned(page) == first
    page.get_by_role("button", name="forget it").click()
    page.evaluate("painted()")
    assert not page.locator("path.gw-kept").first.is_visible()
    assert [kept["name"] for kept in page.evaluate("models[0].state.kept")] == ["A"]


def test_no_dial_goes_where_there_is_no_loss_and_the_board_says_so(open_boards):
    page = open_boards(board_of("W"))
    page.evaluate("models[0].put('eta', 1.5e308)")
    step = page.get_by_role("button", name="one step downhill")
    for _ in range(3):
        before = turned(page), shown(page)[0]
        step.click()
        page.evaluate("painted()")
    assert before == (turned(page), shown(page)[0])
    assert np.isfinite(before[1])
    assert page.locator(".gw-note").inner_text().startswith("No further: out there the numbers are too large")


# ---- the hand


@pytest.mark.parametrize("key", ["u", "Backspace", "PageDown", "wheel"])
def test_what_turns_a_dial_in_the_middle_of_a_drag_ends_the_drag(open_boards, key):
    page = open_boards(board_of("W"))
    drag(page, knob(page, 0), up=20)
    first = turned(page)
    box = knob(page, 0).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 30)
    page.evaluate("painted()")
    dragged = turned(page)
    assert dragged[0] > first[0]
    if key == "wheel":
        page.mouse.wheel(0, 100)
        page.wait_for_function("was => models[0].state.turned[0] < was", arg=dragged[0])
    else:
        page.keyboard.press(key)
    then = turned(page)
    assert then == first if key == "u" else then[0] < dragged[0]
    page.mouse.move(x, y - 60)  # the hand goes on, and holds nothing
    page.mouse.up()
    assert turned(page) == then
    undo, back = page.get_by_role("button", name="undo"), []
    while undo.is_enabled():
        undo.click()
        page.evaluate("painted()")
        back.append(turned(page)[0])
    assert back == [*([] if key == "u" else [dragged[0], first[0]]), 0]


def test_a_second_finger_turns_nothing(open_boards):
    page = open_boards(board_of("W"), has_touch=True)
    hands = page.context.new_cdp_session(page)
    boxes = [knob(page, d).bounding_box() for d in (0, 1)]
    (x, y), other = ((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes)

    def touch(kind, *points):
        points = [{"x": x, "y": y, "id": k} for k, (x, y) in points]
        hands.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.evaluate("painted()")
        return turned(page)[:2]

    touch("touchStart", (0, (x, y)))
    once = touch("touchMove", (0, (x, y - 10)))
    assert once[0] > 0
    for beside in ((x + 6, y + 6), other):  # on the same knob, and on the next
        assert touch("touchStart", (0, (x, y - 10)), (1, beside)) == once
        assert touch("touchMove", (0, (x, y - 10)), (1, (beside[0], beside[1] - 40))) == once
        assert touch("touchMove", (0, (x, y - 10))) == once  # the other is lifted
    assert touch("touchMove", (0, (x, y - 20))) == [pytest.approx(2 * once[0]), 0]
    touch("touchEnd")
    assert touch("touchStart", (2, other))[0] == pytest.approx(2 * once[0])
    assert touch("touchMove", (2, (other[0], other[1] - 10)))[1] == pytest.approx(once[0])


def test_the_focus_stays_on_the_board_when_a_button_goes(open_boards):
    page = open_boards(board_of("W", predict=True))
    focused = "document.activeElement.getAttribute('aria-label')"

    def press(name):
        button = page.get_by_role("button", name=name, exact=True)
        button.focus()
        page.keyboard.press("Enter")
        page.evaluate("painted()")
        return page.evaluate(focused)

    for last in ("reset", "undo", "back to the start"):
        knob(page, 1).focus()
        page.keyboard.press("PageUp")
        page.evaluate("painted()")
        assert press(last) == "W[fire, 1]"
        while page.evaluate("models[0].state.history.length"):
            press("undo")
    assert press("show all") == "W[fire, 1]"
    press("keep this setting")
    assert press("forget it") == "W[fire, 1]"


def test_a_setting_takes_the_first_letter_that_is_free(open_boards):
    page = open_boards(board_of("W"))
    for _ in range(2):
        page.get_by_role("button", name="keep this setting").click()
        page.evaluate("painted()")
    page.get_by_label("compare with").select_option("0")
    page.get_by_role("button", name="forget it").click()
    page.evaluate("painted()")
    page.get_by_role("button", name="keep this setting").click()
    assert [kept["name"] for kept in page.evaluate("models[0].state.kept")] == ["B", "A"]


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


def test_a_held_dial_says_its_loss_and_the_others_say_it_when_it_is_let_go(open_boards):
    page = open_boards(board_of("W"))
    box = knob(page, 0).bounding_box()
    before = knob(page, 1).get_attribute("aria-valuetext")
    page.mouse.move(box["x"] + 32, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 32, box["y"] - 32, steps=3)
    page.evaluate("painted()")
    loss = page.locator(".gw-loss").inner_text()
    assert loss not in before
    assert knob(page, 0).get_attribute("aria-valuetext").endswith(loss)
    assert knob(page, 1).get_attribute("aria-valuetext") == before
    page.mouse.up()
    page.evaluate("painted()")
    assert knob(page, 1).get_attribute("aria-valuetext").endswith(loss)


def test_a_finger_turns_a_knob_and_does_not_scroll(open_boards):
    board = board_of("W")
    page = open_boards(board, has_touch=True, viewport={"width": 420, "height": 500})
    knob(page, 0).scroll_into_view_if_needed()
    scrolled, box = page.evaluate("scrollY"), knob(page, 0).bounding_box()
    x, y = box["x"] + 32, box["y"] + 30
    hand = page.context.new_cdp_session(page)
    hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for k in range(1, 6):
        hand.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - 10 * k}]})
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert turned(page)[0] > board.scene["reach"] / 3
    assert page.evaluate("scrollY") == scrolled
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
    assert turned(page)[0] == pytest.approx(board.scene["reach"] * 2 / 60)
    assert page.evaluate("scrollY") == 0


def test_keys_and_what_a_screen_reader_hears(open_boards):
    board = board_of("W")
    page = open_boards(board)
    node, reach = knob(page, 2), board.scene["reach"]
    assert node.get_attribute("role") == "slider"
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


def test_each_dial_is_called_turned_and_reset_by_keys_alone(open_boards):
    board = board_of("W", predict=True)
    page = open_boards(board)
    focused = lambda: page.evaluate("document.activeElement.getAttribute('aria-label')")  # noqa: E731
    said = lambda: page.evaluate("models[0].state.predictions")  # noqa: E731
    page.keyboard.press("Tab")
    assert focused() == board.scene["names"][0]
    for key in ["Alt+ArrowUp", "Alt+ArrowDown", "Alt+ArrowDown", "Alt+ArrowLeft", "Alt+ArrowRight"]:
        page.keyboard.press(key)  # up and left lead off the board
    columns = len(board.scene["columns"])
    here = 1 + 2 * columns
    assert focused() == board.scene["names"][here]
    assert page.evaluate("models[0].state.selected") == here
    assert said() == {}
    assert turned(page) == [0.0] * len(board.turned)
    rises = board.slopes[here] > 0
    page.keyboard.press("f" if rises else "r")
    assert said() == {
        focused(): {"said": "fall" if rises else "rise", "truth": "rise" if rises else "fall", "right": False}
    }
    page.keyboard.press("s")  # it is called once
    assert said()[focused()]["right"] is False
    page.keyboard.press("PageUp")
    page.keyboard.press("Backspace")
    assert turned(page) == [0.0] * len(board.turned)
    page.keyboard.press("U")
    assert [d for d, x in enumerate(turned(page)) if x] == [here]
    page.evaluate("painted()")
    assert page.locator(".gw-knob[tabindex='0']").count() == 1
    page.keyboard.press("Tab")  # past all other dials
    assert page.evaluate("document.activeElement.textContent") == "back to the start"
    page.keyboard.press("Shift+Tab")
    assert focused() == board.scene["names"][here]
    keys = page.locator(".gw-board").get_attribute("aria-describedby")
    assert "R, F, S: it will rise, fall, stay" in page.locator(f"#{keys}").inner_text()


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
    arrow = lambda k: knob(page, k).locator(".gw-arrow").get_attribute("points")  # noqa: E731
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
    page.evaluate("(async () => { close_first(); await show(models[0]); await painted(); })()")  # shown again
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
        points = knob(page, k).locator(".gw-arrow").get_attribute("points").split()
        tip, tail = float(points[1]), float(points[9])
        lengths.append(tail - tip)  # up is positive
    assert np.array_equal(np.sign(lengths), -np.sign(board.slopes))
    order = np.argsort(np.abs(board.slopes))
    assert (np.diff(np.abs(lengths)[order]) > -1e-9).all()
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
    page.evaluate("(async () => { window.close_second = await show(models[0]); })()")
    knob(page, 0).focus()
    page.keyboard.press("PageUp")
    page.evaluate("models[0].put('turned', models[0].state.turned)")  # Jupyter's models tell all their views
    assert shown(page, 0) == shown(page, 2)
    assert turned(page, 1) == [0.0] * len(turned(page, 1))
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


def test_with_forced_colours_the_ring_is_whole_and_the_bars_have_their_frame(open_boards):
    """Chromium puts a plate behind words, and leaves shadows out."""
    page = open_boards(board_of("W"), forced_colors="active")
    styled = "(node, name) => getComputedStyle(node)[name]"
    assert page.locator(".gw-selected .gw-value").evaluate(styled, "forcedColorAdjust") == "none"
    assert page.locator(".gw-rail").first.evaluate(styled, "borderTopWidth") == "1px"
    assert page.locator(".gw-fill").first.bounding_box()["height"] >= 4


# Of one knob at a time, scrolled to as the learner does: are the loss and the curve in sight with it, uncovered?
IN_SIGHT = """k => {
    const board = document.querySelectorAll(".gw-board")[k], unseen = [];
    const read = [".gw-loss", ".gw-plot"].map(part => board.querySelector(part));
    for (const knob of board.querySelectorAll(".gw-knob")) {
        const seen = ["start", "center", "end"].some(block => {
            knob.scrollIntoView({ block });
            const [loss, plot, own] = [...read, knob].map(node => node.getBoundingClientRect());
            const covered = Math.min(loss.right, own.right) > Math.max(loss.left, own.left) && plot.bottom > own.top;
            return !covered && [loss, plot, own].every(box => box.top >= -1 && box.bottom <= innerHeight + 1);
        });
        if (!seen) unseen.push(knob.getAttribute("aria-label"));
    }
    return unseen;
}"""

# What of a board's words is cut off, lies on other words, or is too small to read.
UNREADABLE = """k => {
    const board = document.querySelectorAll(".gw-board")[k], told = [], words = [];
    const box = node => node.getBoundingClientRect();
    for (const node of board.querySelectorAll("*")) {
        if (!node.checkVisibility() || node.closest(".gw-heard, .gw-picture")) continue;
        const picture = node.ownerSVGElement, style = getComputedStyle(node), name = node.textContent;
        const clips = /strict|content|paint/.test(style.contain) && !node.matches(".gw-rail, .gw-reading");
        if (!picture && clips && node.clientWidth > 0
            && (node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1))
            told.push("cut off: " + name);
        if (![...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const own = picture ? box(node) : range.getBoundingClientRect(), around = box(picture ?? board);
        if (!own.width) continue;
        const dials = node.closest(".gw-dials"), scrolls = dials && dials.scrollWidth > dials.clientWidth;
        if (!scrolls && (own.left < around.left - 1 || own.right > around.right + 1)) told.push("outside: " + name);
        const scale = picture ? box(picture).width / picture.viewBox.baseVal.width : 1;
        if (parseFloat(style.fontSize) * scale < 8.9 && !node.matches(".gw-unknown")) told.push("small: " + name);
        if (!node.closest(".gw-ask")) words.push([node, own]);
    }
    words.forEach(([one, a], m) => words.slice(m + 1).forEach(([other, b]) => {
        const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (x > 1.5 && y > 3.5 && !one.contains(other)) told.push(`${one.textContent} lies on ${other.textContent}`);
    }));
    return told;
}"""

WIDE = Model.random(seed=0, F=72)
MANY = [
    board_of("W", rows=PLAIN.words, columns=[0, 1, 2, 3], scored="all"),
    board_of("W_Q", rows=[0, 1, 2, 3], columns=[0, 3], watch="alpha"),
    board_of("b1", model=WIDE, rows=list(range(72))),
    board_of("W1", model=WIDE, rows=list(range(18)), columns=[0, 1, 2, 3]),
    board_of("W2", model=WIDE, rows=[0, 1, 2, 3], columns=list(range(18)), predict=True),
]


@pytest.mark.parametrize(("width", "height"), [(848, 679), (1400, 900), (390, 844)])
def test_loss_curve_and_the_knob_under_the_hand_are_on_one_screen(open_boards, width, height):
    page = open_boards(*MANY, viewport={"width": width, "height": height})
    for k in range(len(MANY)):
        assert page.evaluate(IN_SIGHT, k) == []


def test_the_heads_of_a_board_s_columns_stand_apart(open_boards):
    pair = board_of("W", rows=["cat", "door"], columns=[0, 1, 2, 3], scored="all")
    page = open_boards(MANY[0], board_of("W", rows=PLAIN.words, columns=[0, 1, 2, 3]), pair)
    gaps = """board => {
        const words = [...board.querySelectorAll(".gw-corner, .gw-above > *")].map(head => {
            const range = document.createRange();
            range.selectNodeContents(head);
            return range.getBoundingClientRect();
        });
        return words.flatMap(a => words.filter(b => b.left > a.left + 5 && b.top < a.bottom - 3 && b.bottom > a.top + 3)
            .map(b => b.left - a.right));
    }"""
    for board in page.locator(".gw-board").all():
        assert min(board.evaluate(gaps)) >= 5


@pytest.mark.parametrize(("width", "height"), [(1280, 620), (390, 844)])
def test_the_reading_never_lies_on_what_is_watched(open_boards, width, height):
    sizes = {"rows": [0, 1], "columns": [0, 1]}
    watching = [
        board_of("W_Q", model=model, watch="alpha", **sizes) for model in (PLAIN, Model.random(seed=0, D=8, H=4))
    ]
    page = open_boards(*watching, board_of("W"), viewport={"width": width, "height": height})
    covered = """k => {
        const watch = document.querySelectorAll(".gw-board")[k].querySelector(".gw-watch");
        return ["start", "center", "end"].flatMap(block => {
            watch.scrollIntoView({ block });
            return [...watch.querySelectorAll("text, .gw-quiet, .gw-title")].filter(words => {
                const { left, right, top, bottom } = words.getBoundingClientRect(), x = (left + right) / 2;
                const there = document.elementFromPoint(x, (top + bottom) / 2);
                return there && !watch.contains(there);
            }).map(words => words.textContent);
        });
    }"""
    assert [page.evaluate(covered, k) for k in range(2)] == [[], []]


@pytest.mark.parametrize(("width", "height"), [(848, 679), (390, 844), (320, 256), (320, 200)])  # the last two: 400%
def test_at_any_width_words_are_whole_apart_and_readable(open_boards, width, height):
    page = open_boards(*MANY, viewport={"width": width, "height": height})
    for names in ("course", "gpt2"):
        page.evaluate("names => { document.body.dataset.gradwalkNames = names; return painted() }", names)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for k in range(len(MANY)):
            assert page.evaluate(UNREADABLE, k) == []


@pytest.mark.parametrize(("width", "height"), [(848, 679), (1400, 900)])
def test_with_the_readers_own_text_spacing_no_word_is_cut_off(open_boards, width, height):
    """WCAG 1.4.12."""
    page = open_boards(*MANY[:2], board_of("W1"), viewport={"width": width, "height": height})
    spacing = "line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important"
    page.add_style_tag(content=f".gw-board * {{ {spacing} }}")
    for k in range(3):
        assert page.evaluate(UNREADABLE, k) == []


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
