"""Boards in a real browser, in a plain page with a stand-in model: the page, and what a hand and an eye do there."""

import json
from contextlib import contextmanager

import numpy as np

from gradwalk.model import Model
from gradwalk.widgets.dial_board import DialBoard
from gradwalk.widgets.shared import PageCode

SENTENCE = "the dog slept by the fire"
PLAIN = Model.random(seed=0)

# What the page runs: the module as it is, and models that are nothing but their state. `put` is Python's part, or
# another view's: it sets a value and tells those who listen.
PAGE = """<!doctype html><meta charset="utf-8"><title>boards</title><link rel="stylesheet" href="board.css">
<style>body { margin: 10px }</style><main></main><script type="module">
import board from "./board.js";
const states = await (await fetch("states.json")).json();
const modelOf = (state, tape = state.tape) => {
    const listeners = {}, board = state.board && modelOf(state.board, tape);
    if (state.tape) state.tape = "IPY_MODEL_tape";
    if (board) state.board = "IPY_MODEL_board";
    return { state, saved: [], board,
        get: key => state[key],
        widget_manager: { get_model: async name => name === "board" ? board : { get: key => tape[key] } },
        set(key, value) {
            const other = JSON.stringify(state[key]) !== JSON.stringify(value);
            state[key] = value;
            if (other) for (const f of listeners[`change:${key}`] ?? []) f();
        },
        save_changes() { this.saved.push(structuredClone(state.turned)); },
        on: (event, f) => (listeners[event] ??= []).push(f),
        off: (event, f) => { listeners[event] = listeners[event].filter(g => g !== f); },
        put(key, value) { state[key] = value; for (const f of listeners[`change:${key}`] ?? []) f(); },
        heard: () => Object.values(listeners).flat().length };
};
window.fresh = modelOf;
window.models = states.map(state => modelOf(state));
window.show = model => {
    const el = document.createElement("section");
    document.querySelector("main").append(el);
    return board.render({ model, el });
};
window.painted = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
[window.close_first] = await Promise.all(models.map(show));
document.title = "ready";
</script>"""


@contextmanager
def opening(browser):
    """A function: open a page with these boards and nothing else; a page error or any other request fails the test."""
    contexts, troubles = [], []

    def open_page(*boards, live=False, clock=False, **options):
        context = browser.new_context(**{"viewport": {"width": 1100, "height": 760}, **options})
        contexts.append(context)
        page = context.new_page()
        states = [state_of(board) | {"live": live} for board in boards]
        files = {
            "/": ("text/html", PAGE),
            "/states.json": ("application/json", json.dumps(states)),
            "/board.js": ("text/javascript", PageCode.once().module),
            "/board.css": ("text/css", PageCode.once().style),
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
    assert not troubles, troubles


def state_of(widget):
    """What a page without a kernel has of a board or a sentence: its state, and in it the model that it speaks of."""
    state, sent = json.loads(widget.state_json()), ("lines", "weights", "words", "labels")
    return state | {"tape": state["tape"] and {name: getattr(widget.tape, name) for name in sent}}


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


# ---- the attention picture


def alpha_shown(page, board=0):
    """Alpha as the page has it, to the last digit. Shape (H, T, T), 0 where a position must not look."""
    page.evaluate("painted()")
    pictures = page.locator(".gw-board").nth(board).locator(".gw-picture").all()
    heads = [json.loads(picture.get_attribute("data-value")) for picture in pictures]
    alpha = np.zeros((len(heads), len(heads[0]), len(heads[0])))
    for e, rows in enumerate(heads):
        for t, row in enumerate(rows):
            alpha[e, t, : len(row)] = row
    return alpha


def alpha_printed(page, board=0):
    """The numbers in the cells, head by head and row by row."""
    root = page.locator(".gw-board").nth(board)
    return [float(words) for words in root.locator(".gw-number").all_text_contents()]
