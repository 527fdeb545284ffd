"""The weights and the guard around them: what may come in, and who may write."""

import unicodedata

import interrupts
import numpy as np
import pytest

from gradwalk.model import PEN_AND_PAPER, Model
from gradwalk.names import BLOCK_WEIGHTS
from gradwalk.walk import backward, forward
from gradwalk.weights import of_weight


@pytest.fixture
def model():
    return Model.random(seed=1, D=6, F=5, H=3, T_max=9)


def parts(model):
    """What a model is made of, as the arguments that make it."""
    weights = {name: array.copy() for name, array in model.weights.items()}
    return {"weights": weights, "words": list(model.words), "H": model.H, "activation": model.activation}


# ---- where a model comes from


def test_the_sizes_and_names_of_one_block(model):
    assert (model.D, model.F, model.H, model.N, model.T_max) == (6, 5, 3, len(PEN_AND_PAPER), 9)
    assert list(model.weights) == ["E", "E_pos", *BLOCK_WEIGHTS, "W", "b"]
    assert model.dtype == np.float64
    assert model.blocks[0].W1 is model.weights["W1"]
    assert len(model.blocks) == 1
    assert repr(model) == "Model(N=11, D=6, F=5, H=3, blocks=1, relu, float64: 460 dials)"


def test_the_names_of_several_blocks_and_the_optional_parts():
    model = Model.random(blocks=3, tied=True, bias=False, final_norm=True)
    inner = [f"blocks.{q}.{name}" for q in range(3) for name in BLOCK_WEIGHTS]
    assert list(model.weights) == ["E", "E_pos", *inner, "gammaf", "betaf"]
    for q, block in enumerate(model.blocks):
        assert list(block) == list(BLOCK_WEIGHTS)
        assert all(block[name] is model.weights[f"blocks.{q}.{name}"] for name in block)


def test_random_models_repeat_and_no_entry_equals_its_neighbour():
    for forms in ({}, {"blocks": 2, "final_norm": True}):
        one, again, other = (Model.random(seed=seed, **forms) for seed in (4, 4, 5))
        for name, array in one.weights.items():
            assert np.array_equal(array, again.weights[name])
            assert not np.array_equal(array, other.weights[name])
            assert len(np.unique(array)) == array.size


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"D": 0}, "D: wanted a whole number of at least 1, got 0"),
        ({"F": 2.5}, "F: wanted a whole number of at least 1, got 2.5"),
        ({"T_max": -1}, "T_max: wanted"),
        ({"blocks": 0}, "blocks: wanted"),
        ({"D": 4, "H": 3}, "H: wanted a number of heads that divides D = 4, got 3"),
        ({"dtype": np.float16}, "dtype: wanted float64 or float32, got float16"),
        ({"dtype": int}, "dtype: wanted float64 or float32, got int64"),
        ({"activation": "gelus"}, "activation: there is no activation 'gelus'; the nearest: gelu"),
        ({"words": ["a", "b", "a"]}, "words: a word appears twice"),
        ({"scale": np.nan}, "scale: wanted a finite number of at least 0, got nan"),
        ({"scale": 1e308}, "scale: wanted one whose numbers float64 can hold, got 1e"),
    ],
)
def test_a_random_model_that_cannot_be(wrong, told):
    with pytest.raises(ValueError, match=told):
        Model.random(**wrong)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda w: w.pop("W_Q"), "weights: missing W_Q"),
        (lambda w: w.pop("E"), "weights: missing E"),
        (lambda w: w.update(gammaf=np.ones(6)), "weights: missing betaf"),
        (lambda w: w.update(W3=np.ones(6)), "weights: there is no weight 'W3'; the nearest: W"),
        (lambda w: w.update({"blocks.0.W1": np.ones((5, 6))}), "weights: there is no weight 'blocks.0.W1'"),
        (
            lambda w: w.update({"blocks.9999999999.W1": np.ones((5, 6))}),
            "weights: there is no weight 'blocks.9999999999",
        ),
        (lambda w: w.update(W1=w["W1"].T), r"weights: W1 came with shape \(6, 5\), wanted"),
        (lambda w: w.update(W=w["W"][:-1]), r"weights: W came with shape \(10, 6\), wanted \(11, 6\)"),
        (lambda w: w.update(E=np.ones(6)), "weights: wanted E, E_pos and W1 with two axes each"),
        (lambda w: w.update(b2=w["b2"].astype(np.float32)), "weights: b2 came as float32, E as float64"),
        (lambda w: w.update(E=w["E"].astype(int)), "weights: wanted float64 or float32, E came as int64"),
        (lambda w: w["beta1"].put(2, np.nan), "weights: beta1 holds a number that is not finite"),
        (lambda w: w["W_O"].put(2, -np.inf), "weights: W_O holds a number that is not finite"),
    ],
)
def test_weights_that_do_not_fit(model, change, told):
    given = parts(model)
    change(given["weights"])
    with pytest.raises(ValueError, match=told):
        Model(**given)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"H": 4}, "H: wanted a number of heads that divides D = 6, got 4"),
        ({"H": 0}, "H: wanted"),
        ({"H": 2.0}, "H: wanted"),
        ({"activation": "tanh"}, "activation: there is no activation 'tanh'"),
        ({"words": ["one", "two"]}, r"weights: E came with shape \(11, 6\), wanted \(2, 6\)"),
        ({"words": ["the"] * 11}, "words: a word appears twice"),
    ],
)
def test_parts_that_do_not_fit(model, wrong, told):
    with pytest.raises(ValueError, match=told):
        Model(**parts(model) | wrong)


# ---- who may write


def test_nobody_writes_but_turn_and_move(model):
    given = parts(model)
    ours = Model(**given)
    given["weights"]["W1"][0, 0] = 99.0
    assert ours.weights["W1"][0, 0] == model.weights["W1"][0, 0], "every array is copied on the way in"
    for array in (ours.weights["W1"], ours.blocks[0].W1):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1.0
    with pytest.raises(TypeError):
        ours.weights["W1"] = np.zeros((5, 6))


def test_turn_moves_one_number_and_the_views_follow(model):
    view, before = model.weights["W1"], model.weights["W1"].copy()
    model.turn("W1", (3, 2), 0.25)
    before[3, 2] += 0.25
    assert np.array_equal(view, before)
    assert np.array_equal(model.blocks[0].W1, before)
    assert model.version == 1
    model.turn("b", (np.int64(4),), np.float64(1.0))
    assert model.version == 2


@pytest.mark.parametrize(
    ("name", "index", "by", "told"),
    [
        ("W4", (0, 0), 1.0, "name: there is no weight 'W4'; the nearest: W"),
        ("W1", (5, 0), 1.0, r"index: wanted a tuple within the shape \(5, 6\) of W1, got \(5, 0\)"),
        ("W1", (0, -1), 1.0, "index: wanted a tuple"),
        ("W1", 3, 1.0, "index: wanted a tuple"),
        ("W1", (0,), 1.0, "index: wanted a tuple"),
        ("W1", [0, 0], 1.0, "index: wanted a tuple"),
        ("W1", (0, slice(None)), 1.0, "index: wanted a tuple"),
        ("W1", (0, 0), np.nan, "by: wanted a finite number, got nan"),
        ("W1", (0, 0), np.inf, "by: wanted a finite number, got inf"),
    ],
)
def test_a_turn_that_cannot_be_leaves_all_as_it_is(model, name, index, by, told):
    before = model.copy()
    with pytest.raises(ValueError, match=told):
        model.turn(name, index, by)
    assert_same(model, before)


def assert_same(model, other):
    assert model.version == other.version
    assert all(np.array_equal(array, other.weights[name]) for name, array in model.weights.items())


@pytest.mark.parametrize("blocks", [1, 2])
def test_move_goes_down_the_slope(blocks):
    model = Model.random(seed=2, blocks=blocks, tied=True, final_norm=True)
    before, tokens, y = model.copy(), [8, 2, 7, 0], [2, -1, 0, 8]
    values = forward(model, tokens, y)
    grads = backward(model, values)
    model.move(grads, 1e-3)
    assert model.version == 1
    for name, array in model.weights.items():
        assert np.array_equal(array, before.weights[name] - 1e-3 * of_weight(grads, name)), name
    squares = sum((of_weight(grads, name) ** 2).sum() for name in model.weights)
    fallen = values.L - forward(model, tokens, y).L
    assert fallen == pytest.approx(1e-3 * squares, rel=0.05)


def test_move_can_be_told_which_weights(model):
    before = model.copy()
    grads = backward(model, forward(model, [8, 2, 7], [2, 7, 1]))
    model.move(grads, 0.1, only=["W", "b"])
    moved = {name for name, array in model.weights.items() if not np.array_equal(array, before.weights[name])}
    assert moved == {"W", "b"}
    with pytest.raises(ValueError, match="only: there is no weight 'Wx'"):
        model.move(grads, 0.1, only=["W", "Wx"])


@pytest.mark.parametrize(
    ("change", "eta", "told"),
    [
        (lambda g: g.pop("dL_db"), 0.1, "grads: there is no slope for the weight b"),
        (lambda g: g.update(dL_db=g["dL_db"][:-1]), 0.1, r"grads: the slope of b has shape \(10,\), not \(11,\)"),
        (lambda g: g.update(dL_db=np.full(11, np.nan)), 0.1, "grads: the slope of b holds a number that is not finite"),
        (lambda g: None, np.nan, "eta: wanted a finite number, got nan"),
    ],
)
def test_a_move_that_cannot_be_moves_nothing(model, change, eta, told):
    grads = backward(model, forward(model, [8, 2, 7], [2, 7, 1]))
    change(grads)
    before = model.copy()
    with pytest.raises(ValueError, match=told):
        model.move(grads, eta)
    assert_same(model, before)


def test_a_copy_is_a_model_of_its_own(model):
    model.turn("W", (0, 0), 1.0)
    copy = model.copy()
    assert all(np.array_equal(array, copy.weights[name]) for name, array in model.weights.items())
    assert (copy.words, copy.H, copy.activation, copy.dtype) == (model.words, model.H, model.activation, model.dtype)
    copy.turn("W", (0, 0), 1.0)
    assert copy.weights["W"][0, 0] == model.weights["W"][0, 0] + 1
    assert (model.version, copy.version) == (1, 1)


def made_again(model):
    return Model(model.weights, model.words, model.H)


def shared(model, other):
    return {name for name, array in model.weights.items() if np.shares_memory(array, other.weights[name])}


@pytest.mark.parametrize("again", [Model.copy, made_again])
@pytest.mark.parametrize("written", [0, 1])
@pytest.mark.parametrize("blocks", [1, 2])
def test_models_share_arrays_until_one_is_written(again, written, blocks):
    model = Model.random(seed=1, blocks=blocks)
    both = model, again(model)
    assert shared(*both) == set(model.weights)
    one, other = both[written], both[1 - written]
    name = "W1" if blocks == 1 else "blocks.1.W1"
    weights, block, held, before = one.weights, one.blocks[-1], other.weights[name], state(other)
    one.turn(name, (3, 2), 0.25)
    assert shared(one, other) == set(one.weights) - {name}
    assert state(other) == before
    assert held is other.weights[name] is other.blocks[-1].W1
    assert weights[name] is block.W1
    assert block.W1[3, 2] == held[3, 2] + 0.25
    own = weights[name]
    one.turn(name, (3, 2), 0.25)  # its own by now: written in place
    assert weights[name] is own
    other.move({"blocks": [{"dL_dW1": np.ones((8, 4))}] * blocks, "dL_dW1": np.ones((8, 4))}, 1.0, only=[name])
    assert np.array_equal(other.weights[name], held - 1)
    assert own[3, 2] == held[3, 2] + 0.5


def test_an_array_of_a_model_that_is_gone_stays_as_it_was(model):
    held = model.copy().weights["W"]
    before = held.copy()
    model.turn("W", (0, 0), 1.0)
    assert np.array_equal(held, before)


def test_a_copy_of_a_copy_is_independent_of_both(model):
    copy = model.copy()
    copy.turn("b", (0,), 1.0)
    third = copy.copy()
    copy.turn("b", (0,), 1.0)
    assert [one.weights["b"][0] - model.weights["b"][0] for one in (copy, third)] == pytest.approx([2.0, 1.0])


@pytest.mark.parametrize(
    "given",
    [
        lambda array: array.view(),
        lambda array: array[:],
        lambda array: array.T.copy().T,
        lambda array: np.frombuffer(array.tobytes()).reshape(array.shape),  # read-only, and no model's
    ],
)
def test_what_no_model_shows_is_copied(model, given):
    mine = given(model.weights["W1"])
    assert not np.shares_memory(Model({**model.weights, "W1": mine}, model.words, model.H).weights["W1"], mine)


def test_a_write_on_shared_arrays_is_whole_or_not_at_all_for_both_models(model):
    grads = backward(model, forward(model, [8, 2, 7], [2, 7, 1]))
    before, done = state(model), model.copy()
    done.move(grads, 0.1, only=["W1", "b"])
    ends = set()
    for one, other in interrupts.at_every_line(
        lambda: (model.copy(), model.copy()), lambda both: both[0].move(grads, 0.1, only=["W1", "b"]), "model.py"
    ):
        ends.add(repr(state(one)))
        assert state(other) == state(model) == before
        assert one.blocks[0].W1 is one.weights["W1"]
        one.turn("W1", (0, 0), 1.0)
        assert one.blocks[0].W1[0, 0] in (model.weights["W1"][0, 0] + 1.0, done.weights["W1"][0, 0] + 1.0)
    assert ends == {repr(before), repr(state(done))}


def test_no_number_is_written_before_all_copies_are_there(model, monkeypatch):
    """Memory runs out at the last of them."""
    grads = backward(model, forward(model, [8, 2, 7], [2, 7, 1]))
    copy, have, copies = model.copy(), Model._have, iter(range(4))

    def short(self, name, array):
        if next(copies) % 2:
            raise MemoryError
        have(self, name, array)

    monkeypatch.setattr(Model, "_have", short)
    with pytest.raises(MemoryError):
        copy.move(grads, 0.1, only=["W1", "b", "b1"])
    assert_same(copy, model)


def test_float32_stays_float32_when_turned_and_moved():
    model = Model.random(dtype=np.float32)
    model.turn("W", (0, 0), 0.1)
    model.move(backward(model, forward(model, [1, 2, 3], [2, 3, 4])), 0.1)
    assert {array.dtype for array in model.weights.values()} == {np.dtype(np.float32)}
    assert model.copy().dtype == np.float32


# ---- words in, numbers out


def test_read_scores_the_last_word_or_all():
    model = Model.random()
    tokens, y = model.read("The dog slept by the fire.")
    assert [model.words[i] for i in tokens] == ["the", "dog", "slept", "by", "the"]
    assert list(y) == [-1, -1, -1, -1, model.words.index("fire")]
    tokens, y = model.read("the dog slept by the fire", scored="all")
    assert [model.words[i] for i in y] == ["dog", "slept", "by", "the", "fire"]
    assert tokens.dtype == y.dtype == int
    assert np.isfinite(forward(model, tokens, y).L)


def test_unknown_words_are_all_named_with_the_nearest_known():
    with pytest.raises(ValueError, match=r"sentence: the model does not know 'dogs' \(the nearest: dog, ") as told:
        Model.random().read("the dogs slept by the fires")
    assert "'fires' (the nearest: fire" in str(told.value)
    assert "'the'" not in str(told.value)


def test_sentences_that_are_too_short_or_too_long():
    model = Model.random(T_max=3)
    assert len(model.read("the cat sat by")[0]) == 3
    for sentence, count in (("", 0), ("the", 1), ("the cat sat by the", 5)):
        with pytest.raises(ValueError, match=f"sentence: wanted 2 to 4 words, got {count}"):
            model.read(sentence)
    with pytest.raises(ValueError, match="scored: wanted 'last' or 'all', got 'first'"):
        model.read("the cat", scored="first")


def test_a_tokenizer_reads_in_place_of_the_words(model):
    class Letters:
        def encode(self, text):
            return type("Encoding", (), {"ids": [ord(letter) - ord("a") for letter in text]})

    given = Model(**parts(model), tokenizer=Letters())
    tokens, y = given.copy().read("abcd", scored="all")
    assert (list(tokens), list(y)) == ([0, 1, 2], [1, 2, 3])


# ---- wholly or not at all


def state(model):
    return {name: array.tobytes() for name, array in model.weights.items()}, model.version


@pytest.mark.slow
@pytest.mark.parametrize("way", ["turn", "move"])
def test_a_write_is_whole_or_not_at_all_wherever_it_is_interrupted(model, way):
    tokens, y = [8, 2, 7], [2, 7, 1]
    values = forward(model, tokens, y)
    grads = backward(model, values)
    act = {"turn": lambda m: m.turn("W1", (3, 2), 0.25), "move": lambda m: m.move(grads, 0.1)}[way]
    done = model.copy()
    act(done)
    ends = [state(thing) for thing in interrupts.at_every_line(model.copy, act)]
    assert {*map(repr, ends)} <= {repr(state(model)), repr(state(done))}
    assert {version for _, version in ends} == {0, 1}  # some came before the write, some after it had begun


@pytest.mark.slow
def test_half_a_move_would_be_seen(model, monkeypatch):
    """The check above can fail: without the second try, an interrupt leaves some weights moved and none counted."""
    grads = backward(model, forward(model, [8, 2, 7], [2, 7, 1]))
    monkeypatch.setattr(Model, "_write", lambda self, numbers: self._put(numbers, self.version + 1))
    done = model.copy()
    done.move(grads, 0.1)
    ends = [state(thing) for thing in interrupts.at_every_line(model.copy, lambda m: m.move(grads, 0.1))]
    assert not {*map(repr, ends)} <= {repr(state(model)), repr(state(done))}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_write_that_would_leave_the_dtype_is_refused_and_nothing_is_written(dtype):
    model = Model.random(seed=1, dtype=dtype)
    most = float(np.finfo(dtype).max)
    model.turn("W", (0, 0), most / 2)
    before = state(model)
    with pytest.raises(ValueError, match=r"by: W\[0, 0\] would be too large for float"):
        model.turn("W", (0, 0), most * 0.9)
    grads = {f"dL_d{name}": np.full(array.shape, most / 4, dtype) for name, array in model.weights.items()}
    with pytest.raises(ValueError, match="eta: E would be too large for float"):
        model.move(grads, 1e3)
    with pytest.raises(ValueError, match="eta: b would be too large for float"):
        model.move({**grads, **{f"dL_d{n}": 0 * a for n, a in model.weights.items() if n != "b"}}, 1e3)
    assert state(model) == before


@pytest.mark.parametrize(
    ("slope", "told"),
    [
        (np.zeros(11) + 1j, "grads: the slope of b came as complex128, wanted real numbers"),
        (np.zeros(11).astype(str), "grads: the slope of b came as <U"),
        ([[0.0], [1.0, 2.0]], "grads: the slope of b is no array"),
        (None, "grads: the slope of b has shape"),
        (np.zeros(11, object), "grads: the slope of b came as object"),
        (np.zeros(11, bool), "grads: the slope of b came as bool"),
    ],
)
def test_a_slope_of_another_kind_moves_nothing(model, slope, told):
    grads = backward(model, forward(model, [8, 2, 7], [2, 7, 1]))
    before = state(model)
    with pytest.raises(ValueError, match=told):
        model.move({**grads, "dL_db": slope}, 0.1)
    for no_grads in (None, [1.0], "dL_dW"):
        with pytest.raises(ValueError, match="grads: wanted a Mapping, got"):
            model.move(no_grads, 0.1)
    assert state(model) == before


def test_a_name_given_twice_moves_once_and_a_string_is_one_name(model):
    grads = backward(model, forward(model, [8, 2, 7], [2, 7, 1]))
    once, twice, alone = model.copy(), model.copy(), model.copy()
    once.move(grads, 0.1, only=["W"])
    twice.move(grads, 0.1, only=("W", "W"))
    alone.move(grads, 0.1, only="W")
    assert state(once) == state(twice) == state(alone)


def test_what_a_block_shows_is_for_reading(model):
    with pytest.raises(TypeError, match="for reading"):
        model.blocks[0].W1 = np.zeros((5, 6))
    with pytest.raises(TypeError, match="for reading"):
        model.blocks[0].update(W1=np.zeros((5, 6)))


def test_a_copy_in_another_dtype(model):
    narrow = model.copy(np.float32)
    assert (narrow.dtype, model.dtype) == (np.float32, np.float64)
    assert np.array_equal(narrow.weights["W1"], model.weights["W1"].astype(np.float32))
    with pytest.raises(ValueError, match="dtype: wanted float64 or float32, got int64"):
        model.copy(int)
    model.turn("W", (0, 0), 1e300)
    with pytest.raises(ValueError, match="weights: W holds a number that is not finite"):
        model.copy(np.float32)


def test_weights_in_another_byte_order_are_the_same_model(model):
    given = parts(model)
    given["weights"] = {name: array.astype(">f8") for name, array in given["weights"].items()}
    assert state(Model(**given)) == state(model)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"words": "abc"}, "words: wanted a list of words, at least one, got 'abc'"),
        ({"words": {"a": 0, "b": 1}}, "words: wanted a list of words"),
        ({"words": ["a", 3]}, "words: wanted each as text, got 3"),
        ({"words": ["a", ["b"]]}, r"words: wanted each as text, got \['b'\]"),
        ({"words": ["a"]}, "words: wanted at least two"),
        ({"words": []}, "words: wanted a list of words, at least one"),
        ({"words": 7}, "words: wanted a list of words"),
        ({"D": True}, "D: wanted a whole number of at least 1, got True"),
        ({"D": 10**9}, "D, F, blocks, T_max: a model of .* dials would take .* GB; wanted at most"),
        ({"blocks": 10**12}, "D, F, blocks, T_max: a model of"),
        ({"D": 10**400}, "D, F, blocks, T_max: a model of|D: wanted"),
        ({"seed": -1}, "seed: wanted a whole number of at least 0, got -1"),
        ({"seed": "x"}, "seed: wanted a whole number of at least 0, got 'x'"),
        ({"tied": "no"}, "tied: wanted True or False, got 'no'"),
        ({"activation": None}, "activation: wanted the name of an activation"),
        ({"scale": "wide"}, "scale: wanted a finite number of at least 0, got 'wide'"),
        ({"scale": 1 + 1j}, "scale: wanted a finite number"),
        ({"dtype": "fast"}, "dtype: wanted float64 or float32, got 'fast'"),
        ({"T_max": None}, "T_max: wanted a whole number of at least 1, got None"),
    ],
)
def test_what_no_random_model_can_be_made_of(wrong, told):
    with pytest.raises(ValueError, match=told):
        Model.random(**wrong)


def test_words_may_come_from_anywhere_once():
    assert Model.random(words=(word for word in ("a", "b", "c"))).words == ["a", "b", "c"]


def test_a_word_is_found_however_the_vocabulary_spells_it():
    """Decomposed, with its marks in the order in which they are typed, in capitals, with a printer's apostrophe."""
    shalom = "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd"
    assert unicodedata.normalize("NFC", shalom) != shalom
    model = Model.random(words=[shalom, "cafe\u0301", "Dog", "don\u2019t", "DOG", "new york"])
    for text in (f"{shalom} cafe\u0301 dog don't", f"{unicodedata.normalize('NFC', shalom)} caf\u00e9 DOG don\u2019t"):
        assert model.number(text).tolist() == [0, 1, 2, 3]
    assert model.number(["DOG"]).tolist() == [4]  # of a list as it stands
    assert Model.random(words=["Dog", "dog"]).number("Dog").tolist() == [1]
    with pytest.raises(ValueError, match="does not know 'new'"):
        model.number("new dog")


def test_a_slope_that_raises_when_it_is_asked_is_refused():
    class Awkward:
        def __array__(self, *_, **__):
            raise RuntimeError("awkward")

    model = Model.random()
    grads = backward(model, forward(model, *model.read("the dog slept")))
    grads.dL_db = Awkward()
    with pytest.raises(ValueError, match=r"^grads: the slope of b is no array"):
        model.move(grads, 0.5)


def test_eta_is_not_rounded_to_the_model_s_dtype():
    """The slopes are too small for float32 and eta is too large for it: together they are a move like any other."""
    model = Model.random(seed=0).copy(np.float32)
    before = model.weights["b"].copy()
    model.move({"dL_db": np.full(model.N, 1e-50)}, 1e49, only=["b"])
    np.testing.assert_allclose(model.weights["b"], before - 0.1, rtol=0, atol=1e-6)
