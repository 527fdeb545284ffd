"""A fresh copy of a widget is the widget as it was made, and neither of the two hears of the other."""

import ipywidgets
import numpy as np
import pytest

from gradwalk import DialBoard, LivePage, Model, OwnSentence

pytestmark = pytest.mark.slow

SENTENCE = "the dog slept by the fire"


def board_of(model, name, **options):
    return DialBoard(model, *model.read(SENTENCE), name, **options)


def state(board):
    """All that a board shows, but for its number in the page."""
    traits = ("scene", "turned", "stage", "stages", "kept", "history", "predictions", "shown", "selected", "eta")
    return {name: getattr(board, name) for name in traits} | {"table": board._repr_mimebundle_()[0]["text/html"]}


def played_on(board):
    """The hand and the code have been at it."""
    names = board.scene["names"]
    board.call(board.dials[1], "rise")
    board.set_state({"turned": [0.1 * (d + 1) for d in range(len(names))], "selected": 1, "eta": 3.0, "shown": True})
    board.turn(board.dials[0], 1 / 3)
    board.step()
    return board


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("W", {"rows": ["fire", "tree"], "columns": [0, 3], "eta": 0.1}),
        ("W", {"predict": False}),
        ("b_K", {"watch": "alpha"}),
        ("W1", {}),  # rows and columns are chosen
    ],
)
def test_it_is_the_board_as_it_was_made(name, options, dtype):
    model = Model.random(seed=0, dtype=dtype)
    board = board_of(model, name, **options)
    made = state(board)
    played_on(board)
    for dial in board.dials:
        model.turn(name, dial, 0.7)  # the caller goes on with the model
    copy = board.fresh()
    assert isinstance(copy, DialBoard)
    assert state(copy) == made  # to the last digit
    assert state(copy.fresh()) == made


def test_neither_hears_of_the_other():
    board = played_on(board_of(Model.random(seed=0), "W2"))
    was, copy = state(board), board.fresh()
    start = state(copy)
    played_on(copy)
    assert state(board) == was
    board.reset()
    assert state(copy) != start
    assert state(copy)["turned"] != board.turned


def test_a_board_that_nobody_shows_costs_the_page_nothing():
    board = played_on(board_of(Model.random(seed=0), "W1"))
    assert board.comm is None
    shown = board._repr_mimebundle_()[0]["application/vnd.jupyter.widget-view+json"]
    assert board.comm is not None
    assert shown["model_id"] == board.model_id
    assert board.get_state()["turned"] == board.turned  # what the page is told first
    inside = board_of(Model.random(seed=0), "b")
    box = ipywidgets.VBox([inside])
    assert box.get_state()["children"] == [f"IPY_MODEL_{inside.model_id}"]


def test_a_sentence_is_the_first_again():
    model = Model.random(seed=0)
    own = OwnSentence(model, SENTENCE, name="W1", rows=[1, 2], columns=[0], predict=False, eta=0.2, watch="alpha")
    made = state(own.board)
    own.say("the cat sat by the river")
    own.say("the dgo")
    model.turn("W1", (1, 0), 0.5)
    copy = own.fresh()
    assert isinstance(copy, OwnSentence)
    assert (copy.message, copy.sentence, copy.words) == ("", SENTENCE, SENTENCE.split())
    assert state(copy.board) == made
    copy.say("the cat slept by the tree")
    copy.board.turn((1, 0), 0.5)
    assert own.message.startswith("the model does not know 'dgo'")
    assert own.board.scene["sentences"][0][1] == ["cat", False]
    assert own.board.turned == [0.0, 0.0]


@pytest.mark.parametrize(("given", "first", "other"), [((0.0, 4.0, 0.5), 2.0, 4.0), ([1, 2, 3], 1, 3)])
def test_a_page_stands_at_its_start(given, first, other):
    page = LivePage(lambda x: 2 * x, x=given)
    page.value = other
    copy = page.fresh()
    assert (type(copy), copy.value, copy.text) == (LivePage, first, repr(2 * first))
    copy.value = other
    page.value = first
    assert (copy.text, page.text) == (repr(2 * other), repr(2 * first))
