"""What a board watches: any value of the walk; what the page is told of it, and the line for pages without widgets."""

import re

import numpy as np
import pytest
from shapes import CASES, case

from gradwalk.model import Model
from gradwalk.names import VALUES
from gradwalk.show import number
from gradwalk.walk import forward
from gradwalk.widgets import tape, watched
from gradwalk.widgets.dial_board import DialBoard

SENTENCE = "the dog slept by the fire"
PLAIN = Model.random(seed=0)
DEEP = Model.random(seed=1, blocks=2, tied=True, final_norm=True, bias=False, activation="gelu")


def scene_of(watch, model=PLAIN, sentence=SENTENCE, scored="last"):
    return watched.compose(model, forward(model, *model.read(sentence, scored)), watch)


@CASES
def test_every_value_of_the_walk_can_be_watched(number):
    model, tokens, y = case(number)
    values = forward(model, tokens, y)
    made = [value for value, *_ in tape.lines(model) if value != "L"]
    assert {name.split(".")[-1] for name in made} == set(VALUES) - {"L", *({"hf"} - {*made})}
    for name in made:
        scene, array = watched.compose(model, values, name), watched.value_of(values, name)
        T, C = array.shape[-2:]
        assert T == len(scene["words"]) == len(scene["scored"]) == len(scene["firsts"])
        assert (scene["heads"] or 1) == (array.shape[0] if array.ndim == 3 else 1)
        places = [column["at"] for column in scene["columns"]]
        assert places == ([] if name.split(".")[-1] in ("S", "alpha") else [*range(C)])
        for column in scene["columns"]:
            assert column["label"].strip("“”").endswith(column["mark"]) or name.endswith("O")
        assert scene["names"]["course"].startswith(name.split(".")[-1] + ", ")
        assert ("block" in scene["names"]["course"]) == ("." in name)


def test_what_a_column_is_goes_by_the_values_last_index():
    told = {watch: [c["label"] for c in scene_of(watch)["columns"]] for watch in ("u", "h", "Q", "O", "alpha")}
    assert told["u"] == [f"unit {f}" for f in range(8)]
    assert told["h"] == [f"component {j}" for j in range(4)]
    assert told["Q"] == ["d 0", "d 1"]
    assert told["O"] == ["head 0, d 0", "head 0, d 1", "head 1, d 0", "head 1, d 1"]
    assert told["alpha"] == []
    assert [c["label"] for c in scene_of("p")["columns"]] == [f"“{word}”" for word in PLAIN.words]


def test_its_title_is_a_name_and_a_word_in_every_dialect_that_has_one():
    assert scene_of("u")["names"] == {"course": "u, expanded, before muting", "textbook": "a, pre-activation"}
    assert scene_of("x1")["names"]["course"] == "x1, contextual meaning"
    assert scene_of("Q")["names"]["notes"] == "Query"
    deep = scene_of("blocks.1.alpha", DEEP)["names"]
    assert deep == {"course": "alpha, attention weights, block 1", "textbook": "A, attention weights, block 1"}


def test_of_a_large_vocabulary_the_true_words_are_drawn_and_the_likeliest():
    model = Model.random(words=[f"word{i}" for i in range(40)], T_max=30)
    tokens = np.random.default_rng(0).integers(40, size=20)
    y = np.full(20, -1)
    y[[3, 8, 15]] = 7, 30, 30
    values = forward(model, tokens, y)
    scene = watched.compose(model, values, "p")
    drawn = [column["at"] for column in scene["columns"]]
    assert drawn[:2] == [30, 7]  # the more frequent first
    likely = [int(i) for i in np.argsort(-values.p[[3, 8, 15]].mean(axis=0)) if i not in (7, 30)]
    assert drawn[2:] == likely[:10]
    assert scene["rows"] == [3, 8, 15]
    assert scene["columns"][0] == {"at": 30, "label": "“word30”", "mark": "word30"}
    assert watched.compose(model, values, "h")["rows"] == [*range(20)]
    model = Model.random(words=["the", "everlastingly"])
    marks = [c["mark"] for c in watched.compose(model, forward(model, [0], [1]), "z")["columns"]]
    assert marks == ["the", "everlast…"]


def test_numbers_are_printed_where_few_change_at_once_and_drawn_as_bars_where_many_do():
    trained, long = Model.trained(), " ".join(["the dog"] * 7)
    assert {watch: scene_of(watch)["form"] for watch in ("alpha", "u", "z")} == dict.fromkeys(
        ["alpha", "u", "z"], "numbers"
    )
    assert scene_of("u", trained)["form"] == scene_of("h", trained)["form"] == "bars"  # 128 and 32 columns
    assert scene_of("Q", trained)["form"] == "numbers"  # 160 numbers
    assert scene_of("Q", trained, long)["form"] == "bars"  # 416
    assert scene_of("alpha", PLAIN, long)["form"] == "bars"  # 13 words
    assert [scene_of(watch)["signed"] for watch in ("S", "alpha", "z", "p")] == [True, False, True, False]


@pytest.mark.parametrize(
    ("model", "watch", "told"),
    [
        (PLAIN, "alhpa", "watch: there is no value 'alhpa'; the nearest: alpha"),
        (PLAIN, True, "watch: wanted the name of a value, got True"),
        (PLAIN, "L", "watch: there is no value 'L'; the nearest: x0, n, Q"),
        (PLAIN, "W", "watch: there is no value 'W'; the nearest: x0, n, Q"),
        (PLAIN, "hf", "watch: there is no value 'hf'; the nearest: h"),
        (PLAIN, "blocks.0.alpha", "watch: there is no value 'blocks.0.alpha'; the nearest: alpha"),
        (DEEP, "alpha", "watch: there is no value 'alpha'; the nearest: blocks.0.alpha, blocks.1.alpha"),
        (DEEP, "blocks.2.u", "watch: there is no value 'blocks.2.u'; the nearest: blocks."),
        (Model.random(F=900), "u", "watch: wanted at most 3200 numbers of u, got 4500 with T=5, Model("),
    ],
)
def test_what_cannot_be_watched_is_told(model, watch, told):
    with pytest.raises(ValueError, match="^" + re.escape(told)):
        DialBoard(model, *model.read(SENTENCE), "E", watch=watch)


# ---- in the table


def row_told(labels, row):
    return ", ".join(f"{label} {number(x)}" for label, x in zip(labels, row, strict=True))


@pytest.mark.parametrize("watch", ["alpha", "S"])
def test_whom_the_scored_position_looks_at_is_a_line_of_the_table(watch):
    tokens, y = PLAIN.read(SENTENCE, "all")
    board = DialBoard(PLAIN, [[0, 2], tokens], [[-1, 3], y], "W_K", watch=watch)
    board.turn(board.dials[5], 0.8)
    words = ["the", "dog", "slept", "by", "the"]
    heads = [row_told(words, row) for row in board.values[watch][:, 6, 2:]]
    line = f"{watch}, “the” looks at: head 0: {heads[0]}; head 1: {heads[1]}"
    data = board._repr_mimebundle_()[0]
    assert data["text/plain"].splitlines()[-1] == line
    assert line in data["text/html"]


def test_the_scored_row_of_any_value_is_a_line_of_the_table():
    def line(watch, model=PLAIN):
        board = DialBoard(model, *model.read(SENTENCE), "E", watch=watch)
        board.turn(board.dials[1], 0.4)
        return board._repr_mimebundle_()[0]["text/plain"].splitlines()[-1], board.values

    told, values = line("r")
    assert told == "r, “the”: " + row_told([f"unit {f}" for f in range(8)], values.r[4])
    told, values = line("V")
    assert told == "V, “the”: " + "; ".join(f"head {e}: {row_told(['d 0', 'd 1'], values.V[e, 4])}" for e in (0, 1))
    told, values = line("p")
    assert told == "p, “the”: " + row_told([f"“{word}”" for word in PLAIN.words], values.p[4])
    told, values = line("blocks.1.h", DEEP)
    assert told == "blocks.1.h, “the”: " + row_told([f"component {j}" for j in range(4)], values.blocks[1].h[4])
    told, values = line("u", Model.trained())
    largest = sorted(np.argsort(-np.abs(values.u[4]))[:12])
    told_of = row_told([f"unit {f}" for f in largest], values.u[4, largest])
    assert told == f"u, “the”, the 12 largest of 128: {told_of}"
    assert "watch" not in DialBoard(PLAIN, *PLAIN.read(SENTENCE), "E").scene
