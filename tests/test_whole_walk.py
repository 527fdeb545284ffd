"""6b lets the learner wire the walk back: its own cells say where a wiring stops, and pass what is right."""

import contextlib
import io
from pathlib import Path

import nbformat
import pytest

NOTEBOOK = nbformat.read(Path(__file__).parents[1] / "notebooks/6b_whole_walk.ipynb", as_version=4)
CELLS = {cell.id: cell.source for cell in NOTEBOOK.cells}


@pytest.fixture(scope="module")
def page():
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in ("import", "scene-code", "wire-first", "wire-trouble", "wire-runs"):
            exec(CELLS[cell], names)
    return names


def ours():
    """The lines behind "Ours, if you are stuck"."""
    return [line.strip() for line in CELLS["wire-ours"].splitlines() if line.startswith("    dL_d")]


def test_our_own_wiring_passes(page):
    assert page["wire"]("\n".join([page["first"], *ours()])) == "23 of 23 messages are there."


def test_what_stands_there_at_first_is_no_wiring(page):
    exec(CELLS["wire-second"], page)
    exec(CELLS["wire-third"], page)
    assert (
        page["wire"](page["first"] + page["second"]) == "7 of 23 messages are there. dL_dx1_via_v waits for your line."
    )
    assert page["wire"](page["third"]) == "0 of 23 messages are there."


@pytest.mark.parametrize(
    ("line", "wrong", "said"),
    [
        ("dL_dO = dL_da, W_O", "dL_dO = dL_da, W_V", "dL_dO is not made of dL_da, W_V, in this order."),
        ("dL_dO = dL_da, W_O", "dL_dO = dL_da", "dL_dO is not made of dL_da, in this order."),
        ("dL_dO = dL_da, W_O", "dL_dO = dL_dh, W_O", "dL_dO is not made of dL_dh, W_O, in this order."),
        ("dL_dO = dL_da, W_O", "dL_dO = W_O, dL_da", "dL_dO is not made of W_O, dL_da, in this order."),
        ("dL_dO = dL_da, W_O", "dL_dO =", "dL_dO wants : it is not there yet."),
        ("dL_dO = dL_da, W_O", "dL_dB = dL_da, W_O", "dL_dB is no message."),
        ("dL_dO = dL_da, W_O", "dL_dS = dL_dalpha, alpha", "dL_dS wants dL_dalpha: it is not there yet."),
        ("dL_dQ = dL_dS, K", "dL_dO = dL_da, W_O", "dL_dO is there already."),
        ("dL_dQ = dL_dS, K", "dL_dQ = dL_dS, Q", "dL_dQ is not made of dL_dS, Q, in this order."),
    ],
)
def test_a_wrong_line_is_named(page, line, wrong, said):
    before = ours()[: ours().index(line)]
    assert page["wire"]("\n".join([page["first"], *before, wrong])).endswith(f"messages are there. {said}")


def test_two_lines_may_change_places(page):
    lines = ours()
    k = lines.index("dL_dV = dL_dO, alpha")
    lines[k : k + 2] = reversed(lines[k : k + 2])
    assert page["wire"]("\n".join([page["first"], *lines])).startswith("23 of 23")
