"""The dial board in Python: what it sends is exact, what it is told is checked, no caller's model is written to."""

import json

import interrupts
import numpy as np
import pytest
import traitlets
from gpt2_folder import with_tokenizer

from gradwalk import walk
from gradwalk.dial import Dial
from gradwalk.model import Model
from gradwalk.show import number
from gradwalk.telling.verbatim import legible, verbatim
from gradwalk.walk import forward
from gradwalk.widgets import dial_board, shared, tape
from gradwalk.widgets import scene as scenes
from gradwalk.widgets.dial_board import DialBoard
from gradwalk.widgets.live_page import LivePage
from gradwalk.widgets.own_sentence import OwnSentence

pytestmark = pytest.mark.slow

SENTENCE = "the dog slept by the fire"
PLAIN = Model.random(seed=0)
DEEP = Model.random(seed=1, blocks=2, tied=True, final_norm=True, bias=False, activation="gelu")


def board_of(name="W", model=PLAIN, scored="last", sentence=SENTENCE, **options):
    return DialBoard(model, *model.read(sentence, scored), name, **options)


def closed_form(board, turned):
    """The loss from nothing but what the page gets, written out a second time."""
    scene, losses = board.scene, []
    for at in scene["positions"]:
        moved = np.reshape(turned, (len(scene["rows"]), -1)) @ at["h"]  # (rows,)
        z = np.array(at["z"]) + moved
        everything = np.logaddexp.reduce([*z, *([] if at["rest"] is None else [at["rest"]])])
        losses.append(everything - (at["z_y"] if at["y"] < 0 else z[at["y"]]))
    return np.mean(losses)


# ---- the numbers


@pytest.fixture
def asking(monkeypatch):
    """A function: a board of a model that is too large for the page."""
    monkeypatch.setattr(dial_board, "follows_a_hand", lambda *_: False)
    return board_of


@pytest.mark.parametrize(
    ("model", "name"),
    [(PLAIN, name) for name in PLAIN.weights if name not in scenes.OUTPUT] + [(DEEP, name) for name in DEEP.weights],
)
def test_where_the_page_asks_every_point_of_the_curve_is_a_full_forward_pass(asking, model, name):
    tokens, y = model.read(SENTENCE, "all")
    board = asking(name, model, scored="all")
    board.turn(board._indices[-1], 0.3)  # Python is asked again, at a setting that is not the start
    for d in {0, len(board._indices) - 1}:
        board.asked = {"turned": board.turned, "dial": d}
        assert (board.told["turned"], board.told["dial"]) == (board.turned, d)
        for nudge, shown in zip(board.scene["reach"] * scenes.NUDGES, board.told["losses"], strict=True):
            turned = model.copy()
            for e, index in enumerate(board._indices):
                turned.turn(name, index, nudge if e == d else board.turned[e])
            L = forward(turned, tokens, y).L
            assert abs(shown - L) <= 1e-9 * max(1, L)
    assert abs(board.told["loss"] - board.loss) <= 1e-12
    assert board.told["slopes"] == board.slopes


def test_a_model_is_sent_once_and_only_where_the_page_can_walk_it():
    boards = [board_of("W1"), board_of("W"), board_of("W1").fresh(), board_of("W1", PLAIN.copy())]
    assert len({id(board.tape) for board in boards}) == 1
    state = boards[0].get_state()
    assert state["tape"] == f"IPY_MODEL_{boards[0].tape.model_id}"
    assert {n: tape.unpacked(a).tolist() for n, a in boards[0].tape.weights.items()} == {
        name: array.tolist() for name, array in PLAIN.weights.items()
    }
    other = PLAIN.copy()
    other.turn("W", (0, 0), 1e-12)
    assert board_of("W1", other).tape is not boards[0].tape
    scaled = Model({**PLAIN.weights}, PLAIN.words, PLAIN.H, activation="gelu")
    assert board_of("W1", scaled).tape is not boards[0].tape  # the same weights, other lines
    wide = Model.random(D=256, F=512)
    assert tape.weight_bytes(wide) > shared.MOST_BYTES
    assert (board_of("W", wide).tape, board_of("W1", wide).tape) == (None, None)
    slow = Model.random(D=64, T_max=512)
    assert tape.weight_bytes(slow) < shared.MOST_BYTES
    assert DialBoard(slow, *slow.read(" ".join(["the dog"] * 200)), "W1").tape is None
    assert board_of("W1", slow).tape is not None


def test_the_trained_model_walks_in_the_page_and_a_saved_notebook_stays_small():
    model = Model.trained()
    board = DialBoard(model, *model.read(SENTENCE), "W1")
    assert board.tape is not None
    board.step(0.1, everything=True)
    saved = json.dumps([board.get_state(), board.tape.get_state()])
    assert len(saved) < 2**20


@pytest.mark.parametrize("name", scenes.OUTPUT)
@pytest.mark.parametrize("scored", ["last", "all"])
@pytest.mark.parametrize("rows", [None, ["cat", "door"], PLAIN.words])  # chosen; without the true word; all words
def test_the_page_has_all_that_the_closed_form_needs(name, scored, rows):
    board = board_of(name, scored=scored, rows=rows)
    assert len(board.scene["positions"]) == {"last": 1, "all": 5}[scored]
    rng = np.random.default_rng(5)
    for _ in range(5):
        turned = (3 * rng.standard_normal(len(board.turned))).tolist()
        board.turned = turned
        assert abs(closed_form(board, turned) - board.loss) <= 1e-9 * max(1, board.loss)


def test_the_slopes_are_those_of_the_dials():
    board = board_of("W2")
    board.turn((1, 3), 0.4)
    tokens, y = PLAIN.read(SENTENCE)
    for index, slope in zip(board._indices, board.slopes, strict=True):
        dial = Dial(board.model, tokens, y, "W2", index)
        assert slope == dial.gradient
        assert abs(slope - dial.measured) < 1e-8


def test_dials_reach_three_root_mean_squares_or_one_where_all_is_zero():
    board = board_of("W1")
    assert board.scene["reach"] == pytest.approx(3 * np.sqrt(np.mean(PLAIN.weights["W1"] ** 2)))
    silent = Model({**PLAIN.weights, "b1": np.zeros(PLAIN.F)}, PLAIN.words, PLAIN.H)
    assert board_of("b1", silent).scene["reach"] == 1


@pytest.fixture
def walks(monkeypatch):
    """How many whole walks there were, out and back."""
    count = {"out": 0, "back": 0}

    def counted(way, function):
        def walking(*given):
            count[way] += len(given) < 5 or given[4] == ()  # a curve's walk goes on from a held value
            return function(*given)

        return walking

    monkeypatch.setattr(walk, "walk_out", counted("out", walk.walk_out))
    monkeypatch.setattr(walk, "walk_back", counted("back", walk.walk_back))
    return count


@pytest.mark.parametrize(("name", "back"), [("W", 0), ("b", 0), ("W1", 1), ("E", 1)])
def test_a_board_walks_out_once_and_back_once(walks, name, back):
    def looked_at(board):
        board._repr_mimebundle_()
        return board.loss, board.slopes, board.p, board.values.h

    tokens, y = PLAIN.read(SENTENCE)
    board = DialBoard(PLAIN, tokens, y, name, watch="alpha")
    looked_at(board)
    assert walks == {"out": 1, "back": back}
    board.turn(board.dials[0], 0.5)
    looked_at(board)
    assert walks == {"out": 2, "back": 2 * back}
    values = forward(PLAIN, tokens, y)
    looked_at(DialBoard(PLAIN, tokens, y, name, values=values))
    assert walks == {"out": 3, "back": 3 * back}


@pytest.mark.parametrize("name", ["W", "W1"])
def test_a_board_of_values_handed_in_is_the_same_and_its_own(name):
    tokens, y = PLAIN.read(SENTENCE, "all")
    values = forward(PLAIN, tokens, y)
    board, other = DialBoard(PLAIN, tokens, y, name, values=values), DialBoard(PLAIN, tokens, y, name)
    for array in (*values.values(), *values.blocks[0].values()):
        if isinstance(array, np.ndarray):
            array[...] = 0
    assert json.loads(board.state_json()) == json.loads(other.state_json())
    assert (state_of(board), board.p) == (state_of(other), other.p)
    assert np.array_equal(board.values.h, other.values.h)
    board.turn(board.dials[0], 0.5), board.undo()
    assert (board.loss, board.slopes) == (other.loss, other.slopes)


def test_values_of_another_walk_are_refused():
    model, (tokens, y) = PLAIN.copy(), PLAIN.read(SENTENCE)
    right = forward(model, tokens, y)
    elsewhere = model.read("the cat slept by the fire")
    for values, told in [
        (forward(PLAIN, tokens, y), "values: these came from another model"),
        (forward(model, *elsewhere), "values: these came from other tokens or another y"),
        (forward(model, tokens, elsewhere[1] * 0), "values: these came from other tokens or another y"),
        (forward(model, [tokens[:3], tokens[3:]], [y[:3], y[3:]]), "values: these came from other tokens"),
        (forward(model, tokens), "values: wanted scored positions"),
        (forward(model, tokens, y, hold={"h": right.h}), "values: h was held by hand"),
        (dict(right), "values: wanted a Values, got dict"),
    ]:
        for make in (lambda values: DialBoard(model, tokens, y, "W", values=values),
                     lambda values: Dial(model, tokens, y, "W", (0, 0), values)):  # fmt: skip
            with pytest.raises(ValueError, match=told):
                make(values)
    model.turn("W", (0, 0), 1.0)
    with pytest.raises(ValueError, match="values: the model has been turned since"):
        DialBoard(model, tokens, y, "W", values=right)


def test_a_board_copies_no_array_before_it_is_turned():
    board = board_of("W1")
    assert all(np.shares_memory(array, board.model.weights[name]) for name, array in PLAIN.weights.items())
    board.turn(board.dials[0], 0.5)
    apart = [name for name, array in PLAIN.weights.items() if not np.shares_memory(array, board.model.weights[name])]
    assert apart == ["W1"]


# ---- turning in code


def test_a_board_is_turned_and_the_callers_model_is_not():
    before = {name: array.copy() for name, array in PLAIN.weights.items()}
    board = board_of("W")
    start = board.loss
    board.turn(("fire", 2), 0.5)
    fire = PLAIN.words.index("fire")
    by_hand = PLAIN.copy()
    by_hand.turn("W", (fire, 2), 0.5)
    assert board.loss == forward(by_hand, *PLAIN.read(SENTENCE)).L != start
    assert board.model.weights["W"][fire, 2] == by_hand.weights["W"][fire, 2]
    board.model.turn("W", (fire, 2), 9.0)  # a copy each time
    board.turn((fire, 2), -0.5)
    assert abs(board.loss - start) < 1e-14
    assert PLAIN.version == 0
    assert all(np.array_equal(PLAIN.weights[name], before[name]) for name in before)


def test_undo_reset_and_two_boards_side_by_side():
    board, other = board_of("W"), board_of("W")
    first = board.loss
    board.turn(("fire", 0), 0.5)
    second = board.loss
    board.turn(("fire", 1), 0.5)
    board.undo()
    assert board.loss == pytest.approx(second, abs=1e-14)
    board.reset()
    assert board.loss == pytest.approx(first, abs=1e-14)
    board.undo()
    assert board.loss == pytest.approx(second, abs=1e-14)
    board.undo()
    board.undo()  # nothing left to undo
    assert board.turned == other.turned == [0.0] * 24
    assert other.loss == first


@pytest.mark.parametrize("name", ["W", "W_V"])
def test_a_step_of_descent_moves_the_boards_dials_by_their_slopes(name):
    board = board_of(name, scored="all")
    slopes, start = board.slopes, board.loss
    board.step(0.01)
    np.testing.assert_allclose(board.turned, [-0.01 * slope for slope in slopes], rtol=1e-14, atol=0)
    predicted = -0.01 * sum(slope**2 for slope in slopes)
    assert board.loss - start == pytest.approx(predicted, rel=0.05)


def test_what_the_page_asks_is_answered_and_nonsense_is_not_taken(asking):
    board = asking("W1")
    turned = [0.0] * len(board.turned)
    turned[3] = float(board._nudges[80])
    before = board.told
    board.set_state({"turned": turned})
    assert board.told is before  # the hand has not come to rest
    board.set_state({"asked": {"turned": turned, "dial": 3}})
    assert (board.told["turned"], board.told["loss"]) == (turned, board.loss)
    assert board.told["losses"][80] == pytest.approx(board.loss, abs=1e-12)
    for nonsense in ([0.0], [float("nan")] * len(turned)):
        with pytest.raises(traitlets.TraitError, match="finite numbers"):
            board.turned = nonsense
    with pytest.raises(traitlets.TraitError, match="selected: wanted 0 to"):
        board.selected = 99
    with pytest.raises(traitlets.TraitError, match="stages: wanted every weight of Model"):
        board.stages = {"1": {"W": tape.packed(np.zeros(3))}}


def test_a_step_of_descent_on_every_weight_is_the_models_and_undone_whole():
    board, model = board_of("W1", scored="all"), PLAIN.copy()
    tokens, y = model.read(SENTENCE, "all")
    start = board.loss, board.slopes
    for k in range(3):
        model.move(walk.backward(model, forward(model, tokens, y)), 0.1)
        board.step(0.1, everything=True)
        for name, array in model.weights.items():
            np.testing.assert_allclose(board.model.weights[name], array, rtol=1e-14, atol=1e-15)
        assert len(board.stages) == k + 1
    assert board.loss == pytest.approx(forward(model, tokens, y).L, rel=1e-14)
    board.turn(board.dials[0], 0.5)
    model.turn("W1", board.dials[0], 0.5)
    assert board.loss == pytest.approx(forward(model, tokens, y).L, rel=1e-14)
    for _ in range(4):
        board.undo()
    assert (board.loss, board.slopes) == start
    board.step(0.1, everything=True)
    board.reset()
    assert (board.loss, board.slopes, board.stage) == (*start, "")


def test_float32_and_several_sentences():
    model = Model.random(seed=2, dtype=np.float32)
    pairs = [model.read(s, "all") for s in (SENTENCE, "the cat sat by the door")]
    board = DialBoard(model, [tokens for tokens, _ in pairs], [y for _, y in pairs], "W2")
    board.turn(board._indices[0], 0.25)
    assert [s[0][0] for s in board.scene["sentences"]] == ["the", "the"]
    assert board.scene["note"] == "10 positions scored: the loss is their mean"


# ---- prediction first


def test_predictions_are_kept_and_a_dial_that_was_turned_first_is_not_called():
    board = board_of("W")
    rise = {True: "rise", False: "fall"}
    truth = [rise[slope > 0] for slope in board.slopes]
    assert board.score == (0, 0)
    assert board.call(("fire", 0), truth[0])
    assert not board.call(("fire", 1), rise[truth[1] == "fall"])
    board.turn(("fire", 2), 0.1)
    assert board.score == (1, 2)
    assert board.predictions["W[fire, 2]"] == {"said": "turned"}
    for k in (0, 2):
        with pytest.raises(ValueError, match="already"):
            board.call(("fire", k), "rise")
    assert board.shown is False
    assert board_of("W", predict=False).shown is True


def test_a_dead_dial_stays():
    board = board_of("b_K")
    assert not board.call((1,), "rise")
    assert board.call((2,), "stay")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_loss_has_no_digits_of_rounding(dtype):
    dead = board_of("b_K", model=Model.random(seed=0, dtype=dtype)).scene
    assert (dead["loss_digits"], dead["floor"]) == (3, 0.01)
    weights = {name: (array / (1e4 if name == "W_O" else 1)).astype(dtype) for name, array in PLAIN.weights.items()}
    weak = Model(weights, PLAIN.words, **PLAIN.settings)  # its values are heard, but hardly
    assert board_of("b_V", model=weak).scene["loss_digits"] == (7 if dtype == np.float64 else 6)


# ---- which dials


def test_chosen_rows_are_the_true_word_and_the_likeliest():
    board = board_of("W")
    values = forward(PLAIN, *PLAIN.read(SENTENCE))
    likely = [PLAIN.words[i] for i in np.argsort(-values.p[-1]) if PLAIN.words[i] != "fire"]
    assert [row["label"] for row in board.scene["rows"]] == ["fire", *likely[:5]]
    assert [bool(row["mark"]) for row in board.scene["rows"]] == [True] + [False] * 5
    assert board.p == pytest.approx([values.p[-1, PLAIN.words.index(r["label"])] for r in board.scene["rows"]])
    wide = Model.random(seed=0, D=10)
    kept = [index[1] for index in board_of("W", wide)._indices[:4]]
    assert kept == sorted(np.argsort(-np.abs(forward(wide, *wide.read(SENTENCE)).h[-1]))[:4])


def test_rows_and_columns_say_what_they_are():
    names = {"W": ("fire", "component 1"), "W1": ("unit 3", "component 1"), "W2": ("component 3", "unit 1")}
    names |= {"W_Q": ("head 1, d 1", "component 1"), "W_O": ("component 3", "head 0, d 1")}
    names |= {"E": ("dog", "component 1"), "E_pos": ("place 3", "component 1")}
    for name, (row, column) in names.items():
        rows = [row] if name in ("W", "E") else [3]
        scene = board_of(name, rows=rows, columns=[1]).scene
        assert (scene["rows"][0]["label"], scene["columns"][0]["label"]) == (row, column)
    assert [row["label"] for row in board_of("E").scene["rows"]] == ["the", "dog", "slept", "by"]
    h = forward(PLAIN, *PLAIN.read(SENTENCE)).h[-1]
    gear = ["↻" if h_j > 0 else "↺" for h_j in h]
    assert [column["below"][-1] for column in board_of("W").scene["columns"]] == gear


def test_a_true_word_that_the_sentence_does_not_go_on_with():
    tokens, y = PLAIN.read(SENTENCE, "all")
    y[1] = PLAIN.words.index("cat")
    words = DialBoard(PLAIN, tokens, y, "W").scene["sentences"][0]
    assert words[:4] == [["the", False], ["dog", True], ["(cat)", True], ["slept", False]]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"name": "W9"}, "name: there is no weight 'W9'; the nearest: W"),
        ({"rows": ["fyre"]}, r"rows: the model does not know 'fyre' \(the nearest: fire"),
        ({"rows": ["fire", "fire"]}, "rows: one comes twice"),
        ({"rows": [11]}, "rows: wanted a whole number from 0 to 10 or a word for W, got 11"),
        ({"rows": "fire"}, "rows: wanted a list of numbers or words, at least one, got 'fire'"),
        ({"rows": []}, "rows: wanted a list of numbers or words, at least one"),
        ({"columns": [-1]}, "columns: wanted a whole number from 0 to 3 for W, got -1"),
        ({"columns": ["fire"]}, "columns: wanted a whole number"),
        ({"name": "W1", "rows": ["fire"]}, "rows: wanted a whole number from 0 to 7 for W1, got 'fire'"),
        ({"name": "b", "columns": [0]}, "columns: wanted none, for b is a vector and has rows only"),
        ({"eta": 0}, "eta: wanted a finite number above 0, got 0"),
        ({"eta": "fast"}, "eta: wanted a finite number above 0, got 'fast'"),
    ],
)
def test_bad_input_says_which_argument_what_came_and_what_was_wanted(options, told):
    with pytest.raises(ValueError, match=told):
        board_of(**options)


def test_more_bad_input():
    tokens, y = PLAIN.read(SENTENCE)
    with pytest.raises(ValueError, match="model: wanted a Model, got str"):
        DialBoard("PLAIN", tokens, y, "W")
    with pytest.raises(ValueError, match="y: wanted the true next words, got None"):
        DialBoard(PLAIN, tokens, None, "W")
    large = Model.random(seed=0, D=40)
    with pytest.raises(ValueError, match="wanted at most 72 dials, got 11 × 40"):
        board_of("W", large, rows=large.words, columns=range(40))
    board = board_of("W", columns=[0, 1])
    for index, by, told in [
        (("fire", 3), 1.0, r"index: \(4, 3\) is not on the board; it has W\[fire, 0\]"),
        (("fire",), 1.0, r"index: wanted \(i, j\) for W, got \('fire',\)"),
        (("fyre", 0), 1.0, "index: the model does not know 'fyre'"),
        (("fire", 0), np.inf, "by: wanted a finite number, got inf"),
        (("fire", 0), "up", "by: wanted a finite number, got 'up'"),
    ]:
        with pytest.raises(ValueError, match=told):
            board.turn(index, by)
    with pytest.raises(ValueError, match="said: wanted 'rise', 'fall' or 'stay', got 'up'"):
        board.call(("fire", 0), "up")
    with pytest.raises(ValueError, match="eta: wanted a finite number, got nan"):
        board.step(np.nan)
    assert board.turned == [0.0] * 12


def test_a_board_starts_on_the_dial_that_it_is_told():
    assert board_of("W").selected == 0
    board = board_of("W", rows=["cat", "fire"], columns=[0, 3], select=("fire", 3))
    assert board.scene["names"][board.selected] == "W[fire, 3]"
    assert board.fresh().selected == board.selected == 3
    assert board_of("b2", rows=[3, 1], select=(1,)).selected == 1
    assert OwnSentence(PLAIN, SENTENCE, rows=["cat", "fire"], columns=[0], select=("fire", 0)).board.selected == 1
    for name, select, told in [
        ("W", ("fyre", 0), r"select: the model does not know 'fyre' \(the nearest: fire"),
        ("W", ("fire", 9), "select: wanted a whole number from 0 to 3 for W, got 9"),
        ("W", 0, r"select: wanted \(i, j\) for W, got 0"),
        ("b2", (1, 0), r"select: wanted \(i,\) for b2, got \(1, 0\)"),
    ]:
        with pytest.raises(ValueError, match=told):
            board_of(name, select=select)
    with pytest.raises(ValueError, match=r"select: \(0, 1\) is not on the board; it has W\["):
        board_of("W", columns=[0], rows=[0], select=(0, 1))


def test_values_are_those_of_the_present_setting():
    board = board_of("W_Q", watch="alpha")
    board.turn(board.dials[0], 0.5)
    by_hand = PLAIN.copy()
    by_hand.turn("W_Q", board.dials[0], 0.5)
    assert np.array_equal(board.values.alpha, forward(by_hand, *PLAIN.read(SENTENCE)).alpha)
    assert board.loss == board.values.L
    board.values.alpha[:] = 0  # the caller's own
    assert board.values.alpha[0, 0, 0] == 1


# ---- without a widget


def test_the_repr_is_a_checked_fact():
    board = board_of("W", rows=["fire", "dog", "cat", "door"], columns=[0, 1, 2])
    assert repr(board) == f"DialBoard(W: 4 words × 3 components, loss {board.loss:.4f})"
    assert repr(board_of("b", rows=["fire"])).startswith("DialBoard(b: 1 word, loss ")
    board.turn(("fire", 0), -2.0)
    assert repr(board).endswith(f"loss {forward(board.model, *PLAIN.read(SENTENCE)).L:.4f})")


def test_text_and_html_show_the_same_numbers():
    board = board_of("W", rows=["fire", "dog"], columns=[2], predict=False)
    data, _ = board._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == board.model_id
    W, fire = PLAIN.weights["W"], PLAIN.words.index("fire")
    cell = f"{number(W[fire, 2])} ({number(board.slopes[0])})"
    lines = data["text/plain"].splitlines()
    assert lines[:2] == [repr(board), "the dog slept by the [fire]"]
    assert lines[4].startswith("fire *")
    assert lines[4].endswith(cell)
    for shown in (cell, f"{board.p[1]:.4f}", "<b><u>fire</u></b>", repr(board)):
        assert shown in data["text/html"]
    assert data == {**board_of("W", rows=["fire", "dog"], columns=[2], predict=False)._repr_mimebundle_()[0]} | {
        "application/vnd.jupyter.widget-view+json": data["application/vnd.jupyter.widget-view+json"]
    }
    board.turn(("dog", 2), -board.settings[1] - 1e-9)  # nothing, from below
    assert "−0.0000" not in board._repr_mimebundle_()[0]["text/plain"] + board._repr_mimebundle_()[0]["text/html"]


def test_the_table_keeps_a_slope_to_itself_until_it_has_been_called():
    board = board_of("W", rows=["fire", "dog"], columns=[2])

    def told():
        data = board._repr_mimebundle_()[0]
        return [number(slope) in data["text/plain"] and number(slope) in data["text/html"] for slope in board.slopes]

    assert told() == [False, False]
    board.call(("dog", 2), "rise")
    assert told() == [False, True]
    board.turn(("fire", 2), 0.1)
    assert told() == [True, True]


def test_words_cannot_break_the_table():
    model = Model.random(seed=0, words=["<b>", "$a$", "&", "c\nd"])
    board = DialBoard(model, np.array([1, 3]), np.array([-1, 0]), "W")
    data = board._repr_mimebundle_()[0]
    assert "<b><u>&lt;b&gt;</u></b>" in data["text/html"]
    assert '<th scope="row" style="text-align:left">&lt;b&gt; *</th>' in data["text/html"]
    assert "<span>$</span>a<span>$</span>" in data["text/html"]
    assert data["text/html"].count(r"c<span>\</span>nd") == 3  # in the sentence, in the question, before its row
    assert [line for line in data["text/plain"].splitlines() if line.startswith("d")] == []


def test_what_was_typed_cannot_break_the_page():
    own = OwnSentence(PLAIN, SENTENCE)
    own.say("the <img src=http://there.test/x> $x$ `fire`\nfire")
    bundle = own._repr_mimebundle_()[0]
    assert "img" in own.message
    assert "<img" not in bundle["text/html"] + own.state_json()
    assert bundle["text/plain"].splitlines()[0] == legible(own.message)
    assert bundle["text/html"].startswith(f"<p>{verbatim(own.message)}</p><p>")


def test_without_widgets_a_word_says_how_to_make_it_dials():
    own = OwnSentence(PLAIN, SENTENCE)
    for shown, told in [
        (board_of("W")._repr_mimebundle_()[0], "Run the notebook down to here, and these are dials to turn."),
        (own._repr_mimebundle_()[0], "Run the notebook down to here, and you can type a sentence of your own"),
    ]:
        for kind in ("text/html", "text/plain"):
            assert shown[kind].count("Run the notebook") == shown[kind].count(told) == 1


@pytest.mark.parametrize("name", ["W", "W1", "b_K"])
def test_the_state_for_a_static_page_is_plain_json(name):
    board = board_of(name)
    board.turn(board._indices[0], 0.2)
    state = json.loads(board.state_json())
    assert state["live"] is False
    assert state["turned"] == board.turned
    assert state["scene"] == json.loads(json.dumps(board.scene))
    assert set(state) <= set(board.keys)


# ---- the learner's own sentence


def test_own_sentence_moves_on_and_an_unknown_word_loses_nothing():
    own = OwnSentence(PLAIN, SENTENCE)
    first = own.board
    first.turn(("fire", 0), 0.5)
    own.say("the dgo slept by the fire")
    assert own.message == "the model does not know 'dgo' (the nearest: dog, door, window)"
    assert own.board is first
    assert own.sentence == "the dgo slept by the fire"  # what was typed stays
    assert first.turned[0] == 0.5
    assert own.message in own._repr_mimebundle_()[0]["text/plain"]
    own.say("the cat sat by the river")
    assert own.message == ""
    assert own.board is not first
    assert own.board.scene["rows"][0]["label"] == "river"
    assert repr(own) == f"OwnSentence('the cat sat by the river', {own.board!r})"
    own.say("fire")
    assert own.message == "wanted 2 to 257 words, got 1"
    with pytest.raises(ValueError, match="does not know 'dgo'"):
        OwnSentence(PLAIN, "the dgo")


def test_a_word_in_the_middle_is_asked_for():
    own = OwnSentence(PLAIN, SENTENCE)
    own.say(SENTENCE, 2)
    assert (own.word, own.words) == (2, SENTENCE.split())
    assert own.board.values.y.tolist() == [-1, PLAIN.words.index("slept"), -1, -1, -1]
    assert own.board.scene["sentences"] == [[[word, word == "slept"] for word in SENTENCE.split()[:-1]]]
    before = own.board
    for word in (0, 6, 1.5, True):
        with pytest.raises(ValueError, match="word: wanted a whole number"):
            own.say(SENTENCE, word)
    own.say("the dgo", 9)
    assert own.message.startswith("the model does not know")
    assert own.board is before


TYPED = "the cat sat by the river"


@pytest.mark.parametrize("name", ["W", "b", "W1", "E"])
def test_python_follows_the_scene_that_the_page_has_put_on_the_board(name):
    """The page sends another sentence's scene with its dials at their start, and turns them: one message or several."""
    own = OwnSentence(PLAIN, SENTENCE, name)
    board, other = own.board, DialBoard(PLAIN, *PLAIN.read(TYPED), name)
    board.turn(board.dials[0], 0.5)
    board.step(everything=True)
    state = json.loads(json.dumps(other.state()))
    board.set_state({key: state[key] for key in ("turned", "stage", "stages", "history", "predictions", "scene")})
    own.set_state({"sentence": TYPED, "words": TYPED.split()})
    assert own.board is board
    assert (board.scene, board.dials, board.settings) == (state["scene"], other.dials, other.settings)
    assert (board.loss, board.slopes, board.p) == (other.loss, other.slopes, other.p)
    assert repr(own) == f"OwnSentence({TYPED!r}, {other!r})"
    assert (
        own._repr_mimebundle_()[0]["text/html"] == OwnSentence(PLAIN, TYPED, name)._repr_mimebundle_()[0]["text/html"]
    )
    board.set_state({"turned": [0.25] * len(other.dials)})
    for dial in other.dials:
        other.turn(dial, 0.25)
    assert board.loss == pytest.approx(other.loss, abs=1e-12)
    assert board.model.weights[name] == pytest.approx(other.model.weights[name], abs=1e-12)
    copy = board.fresh()
    assert (copy.turned, copy.dials, copy.scene) == ([0.0] * len(other.dials), other.dials, other.scene)
    with pytest.raises(traitlets.TraitError, match="finite numbers"):
        board.turned = [0.0]


def test_a_board_that_asked_python_asks_no_more_on_a_scene_that_the_page_walks(monkeypatch):
    walked = board_of("W1")
    monkeypatch.setattr(dial_board, "follows_a_hand", lambda *_: False)
    board = board_of("W1")
    assert board.told
    board.set_state({"tape": f"IPY_MODEL_{walked.tape.model_id}", "told": {}, "scene": walked.state()["scene"]})
    board.turn(board.dials[0], 0.5)
    assert (board.told, board.tape) == ({}, walked.tape)


def test_what_the_page_cannot_read_it_asks_python_to_say(tmp_path):
    model = Model.gpt2(with_tokenizer(tmp_path / "gpt2"))
    own = OwnSentence(model, "the café dog", name="E")
    assert own.tape is None
    assert own.words == ["the", "␣café", "␣dog"]
    hear = own._msg_callbacks
    hear(own, {"sentence": "the dog the dog", "word": None}, [])
    assert (own.sentence, own.words, own.word, own.message) == (
        "the dog the dog",
        ["the", "␣dog", "␣the", "␣dog"],
        3,
        "",
    )
    first = own.board
    hear(own, {"word": 1}, [])
    assert (own.sentence, own.word, own.board is first) == ("the dog the dog", 1, False)
    hear(own, {"away": 1, "word": None}, [])
    assert (own.sentence, own.words, own.word) == ("the the dog", ["the", "␣the", "␣dog"], 2)
    hear(own, {"sentence": "the", "word": None}, [])
    assert own.message == "wanted 2 to 25 words, got 1"
    assert own.words == ["the", "␣the", "␣dog"]
    hear(own, {"away": 0, "word": 1}, [])  # of what is on the board, whatever the field says
    assert (own.sentence, own.words) == (" the dog", ["␣the", "␣dog"])


def test_the_page_has_the_words_to_read_with_and_a_model_with_other_words_is_another():
    here, same = OwnSentence(PLAIN, SENTENCE), OwnSentence(Model.random(seed=0), SENTENCE, "b")
    assert here.tape is same.tape is here.board.tape
    assert (here.tape.words, here.tape.labels) == (PLAIN.words, {})
    words = [*PLAIN.words[:-1], "a b"]
    other = OwnSentence(Model(PLAIN.weights, words, **PLAIN.settings), "the dog")
    assert (other.tape.words, other.tape.labels) == (words, {str(len(words) - 1): "a␣b"})


def test_saying_a_sentence_is_whole_or_not_at_all_wherever_it_is_interrupted():
    def make():
        return OwnSentence(PLAIN, "the dog", "b", rows=[0])

    def seen(own):
        return own.sentence, own.message, own.words, own.word, own.board.scene["settings"]["tokens"]

    said = make()
    said.say("the cat slept", 1)
    ends = [seen(own) for own in interrupts.at_every_line(make, lambda own: own.say("the cat slept", 1), "widgets")]
    assert {*map(repr, ends)} == {repr(seen(make())), repr(seen(said))}


def test_own_sentence_passes_its_options_on():
    own = OwnSentence(PLAIN, SENTENCE, name="W1", rows=[1, 2], columns=[0], predict=False, watch="alpha")
    own.say("the cat sat by the river")
    assert own.board.scene["watch"]["words"] == ["the", "cat", "sat", "by", "the"]
    assert own.board.scene["names"] == ["W1[1, 0]", "W1[2, 0]"]
    assert own.board.shown


# ---- wholly or not at all


def state_of(board):
    """What a learner could see of a board, and its own model's loss."""
    return board.turned, board.stage, board.history, board.predictions, board.told, board.loss


@pytest.mark.parametrize("name", ["W", "W1"])
def test_a_turn_is_whole_or_not_at_all_wherever_it_is_interrupted(name):
    def make():
        return board_of(name, rows=[1], columns=[0, 1], predict=True)

    act = {"W": lambda b: b.turn((1, 0), 0.5), "W1": lambda b: b.turn((1, 0), 0.5)}[name]
    before, done = make(), make()
    act(done)
    ends = [state_of(board) for board in interrupts.at_every_line(make, act, "widgets/dial_board.py")]
    assert state_of(before) in ends
    assert state_of(done) in ends
    assert all(end in (state_of(before), state_of(done)) for end in ends)


@pytest.mark.parametrize("name", ["W", "E", "W1", "b1"])
def test_a_turn_too_far_moves_nothing_and_leaves_no_trace(name):
    board = board_of(name, predict=True)
    board.turn(board.dials[0], 0.5)
    before = state_of(board)
    spot, far = board.dials[0], 1.7e308 if name == "W" else -1.7e308
    for _ in range(2):
        with pytest.raises(ValueError, match="by: no loss can be had that far"):
            turn_twice(board, spot, far)
    while board.turned[0] != 0.5:
        board.undo()
    assert board.history == before[2]
    assert state_of(board) == before


def turn_twice(board, spot, by):
    board.turn(spot, by)
    board.turn(spot, by)


def test_from_far_away_a_dial_comes_back_to_the_very_number():
    """Adding what is missing leaves a rounding of the far number behind: the loss would be that of another setting."""
    board = board_of("b1")
    start = board.loss
    board.turn(board.dials[0], 1e20)
    board.undo()
    assert board.loss == start
    assert board.model.weights["b1"][board.dials[0]] == PLAIN.weights["b1"][board.dials[0]]


def test_what_the_caller_does_to_their_arrays_later_is_nothing_to_the_board():
    tokens, y = PLAIN.read(SENTENCE)
    board = DialBoard(PLAIN, tokens, y, "W1", predict=False)
    board.turn(board.dials[0], 0.25)
    loss, slopes = board.loss, board.slopes
    tokens[:], y[:] = 0, [1, 2, 3, 4, 5]
    board.turn(board.dials[0], 0.25)
    board.undo()
    assert (board.loss, board.slopes) == (loss, slopes)


def test_rows_may_come_from_anywhere_once():
    board = board_of("W", rows=iter(["fire", "tree"]), columns=(j for j in (1, 0)))
    assert board.dials == [(4, 1), (4, 0), (9, 1), (9, 0)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_dead_dial_stays_in_either_dtype(dtype):
    """The slope of b_K is 0; in float32 its rounding is a hundred million times as large, and is no answer either."""
    model = Model.random(seed=3, D=8, H=2).copy(dtype)
    for name, heard in (("b_K", False), ("b_Q", True)):
        board = board_of(name, model=model, predict=True)
        right = [board.call(index, "stay") for index in board.dials]
        assert not any(right) if heard else all(right), name


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["W", "E", "W_Q"])
def test_a_float32_board_turned_beyond_its_numbers_refuses_without_a_warning(name):
    model = Model.random(dtype=np.float32)
    board = DialBoard(model, *model.read("the dog slept by the fire"), name)
    before = board.turned, board.loss
    for act in (
        lambda: board.step(1e300),
        lambda: board.turn(board.dials[0], 1e39),
        lambda: board.turn(board.dials[0], -1e308),
    ):
        with pytest.raises(ValueError, match=r"^by: "):
            act()
        assert (board.turned, board.loss, board.history) == (*before, [])


def test_a_picture_too_large_to_follow_a_hand_is_refused_before_any_curve_is_walked(monkeypatch):
    model = Model.random(T_max=300)
    monkeypatch.setattr(Dial, "curve", lambda *_: pytest.fail("a curve was walked"))
    with pytest.raises(ValueError, match=r"^watch: wanted at most 3200 numbers of alpha, got 90300 with T=300"):
        DialBoard(model, [0] * 300, [0] * 300, "W_Q", watch="alpha")


def test_what_a_widget_was_made_of_is_its_own():
    model, rows, choices = Model.random(), [0, 1], ["a", "b"]
    own = OwnSentence(model, "the dog sat", rows=rows)
    page = LivePage(lambda x: x, word=choices)
    rows.append(99), choices.clear()
    own.say("the cat sat")
    assert (own.message, own.fresh().board.dials) == ("", own.board.dials)
    assert page.fresh().text == "'a'"
    assert OwnSentence(model, "the dog sat", rows=iter([0, 1])).fresh().board.dials == own.board.dials


def test_the_state_of_a_board_closes_no_script_and_the_message_opens_no_formula():
    words = ["</script><script>alert(1)</script>", "<!--", "the", "$x$"]
    model = Model.random(words=words)
    state = DialBoard(model, [0, 1], [1, 0], "W").state_json()
    assert "<" not in state
    assert words[0] in json.loads(state)["scene"]["names"][0]
    own = OwnSentence(model, "the the")
    own.say("z")
    assert "$x$" in own.message
    assert "$x$" not in own._repr_mimebundle_()[0]["text/html"]
    assert "<" not in own.state_json()
