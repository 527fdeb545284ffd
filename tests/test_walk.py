"""The whole walk: every value and every gradient of every form of the model, against two referees."""

import re
import time

import long_double
import numpy as np
import pytest
import referee
from differences import measured, some_entries
from shapes import CASES, COUNT, FORMS, case, flat, worst_error

from gradwalk import walk
from gradwalk.model import Model
from gradwalk.telling.derivations import same

AGAINST_DIFFERENCES, AGAINST_REFEREE = 1e-6, 1e-10
EVERY_ENTRY = {24, 26, 47, 49}  # here every entry is nudged, elsewhere five of each gradient, the largest among them


def values_error(case):
    """The largest error of any value against the referee's, and where."""
    ours = {name: array for name, array in flat(walk.forward(*case)).items() if name not in ("tokens", "y", "places")}
    theirs, _ = referee.walk(*case)
    assert ours.keys() == theirs.keys(), ours.keys() ^ theirs.keys()
    for name in [name for name in theirs if name.endswith(".S")]:
        forbidden = np.isneginf(theirs[name])  # where nobody may look a score is minus infinity, and nowhere else
        if not np.array_equal(np.isneginf(ours[name]), forbidden):
            return np.inf, f"{name}: another mask"
        ours[name], theirs[name] = (np.where(forbidden, 0.0, array[name]) for array in (ours, theirs))
    return worst_error(ours, theirs)


def gradients_error(case):
    """The largest error of any gradient against the referee's, and which gradient."""
    _, wanted = referee.walk(*case)
    return worst_error(flat(walk.backward(case.model, walk.forward(*case))), wanted)


def differences_error(case, most=5, seed=0):
    """The largest error of any gradient against central differences, `most` entries of each, and which gradient."""
    grads = walk.backward(case.model, walk.forward(*case))
    entries = some_entries(grads, most, seed)
    derived = {name: array.ravel()[entries[name]] for name, array in flat(grads).items()}
    return worst_error(derived, measured(case, entries))


# ---- the cases are what they should be


def test_the_cases_are_of_every_form_and_size():
    forms, sizes, repeated = set(), set(), 0
    for model, tokens, y in map(case, range(COUNT)):
        T = sum(map(len, tokens))
        assert len({T, model.D, model.F, model.H, model.N}) == 5
        assert model.D >= 3
        assert model.D % model.H == 0
        assert len(set(map(len, tokens))) == len(tokens)
        assert -1 in np.concatenate(y)
        for name, array in model.weights.items():
            assert len(np.unique(array)) == array.size, f"{name} has equal entries"
        repeated += len(np.unique(np.concatenate(tokens))) < T
        sizes.add((T, model.D, model.F, model.H, model.N))
        optional = ("W" in model.weights, "b" in model.weights, "gammaf" in model.weights)
        forms.add((model.settings["norm"], model.activation, len(model.blocks), len(tokens) > 1, *optional))
    assert len(forms) == COUNT
    assert len(sizes) >= 50
    assert repeated >= 50


# ---- every value and every gradient


@CASES
def test_every_value_equals_the_referee(number):
    error, told = values_error(case(number))
    assert error <= AGAINST_REFEREE, told


@CASES
def test_every_gradient_equals_the_referee(number):
    error, name = gradients_error(case(number))
    assert error <= AGAINST_REFEREE, name


@pytest.mark.slow
@CASES
def test_every_gradient_equals_the_measured_slope(number):
    error, name = differences_error(case(number), None if number in EVERY_ENTRY else 5, seed=number)
    assert error <= AGAINST_DIFFERENCES, name


def test_a_gradient_has_the_shape_of_its_own_quantity():
    model, tokens, y = case(11)
    values = walk.forward(model, tokens, y)
    grads = walk.backward(model, values)
    for name, array in flat(grads).items():
        quantity = name.replace("dL_d", "").split("_via_")[0]
        own = flat(values).get(quantity, model.weights.get(quantity))
        assert array.shape == own.shape, name


def test_several_blocks_share_their_borders():
    model, tokens, y = case(2)
    values = walk.forward(model, tokens, y)
    grads = walk.backward(model, values)
    first, last = grads.blocks
    assert values.blocks[0].h is values.blocks[1].x0
    assert values.h is values.blocks[1].h
    assert first.dL_dh is last.dL_dx0
    assert grads.dL_dh is last.dL_dh
    assert grads.dL_dx0 is first.dL_dx0
    with pytest.raises(AttributeError, match=r"there are 2 blocks; ask one of them: .blocks\[0\].dL_dW1"):
        grads.dL_dW1  # noqa: B018


@pytest.mark.parametrize("number", [32, 33, 34, 44, 63])
def test_sentences_end_to_end_are_the_sentences_alone(number):
    """The loss is the mean over all scored positions; so are the gradients, sentence by sentence."""
    model, tokens, y = case(number)
    together = flat(walk.backward(model, walk.forward(model, tokens, y)))
    scored = [int((sentence >= 0).sum()) for sentence in y]
    names = [name for name in together if name.replace("dL_d", "") in model.weights]
    total = dict.fromkeys(names, 0.0)
    for sentence, true, M in zip(tokens, y, scored, strict=True):
        if M:
            alone = flat(walk.backward(model, walk.forward(model, sentence, true)))
            total = {name: total[name] + M / sum(scored) * alone[name] for name in names}
    error, name = worst_error({name: together[name] for name in names}, total)
    assert error <= 1e-12, name


# ---- what cannot matter has no gradient


def grads_of(number):
    return case(number).model, walk.backward(case(number).model, walk.forward(*case(number)))


@CASES
def test_raising_all_logits_changes_nothing(number):
    model, grads = grads_of(number)
    same(grads.dL_dz.sum(axis=1), np.zeros(len(grads.dL_dz)), 1e-15, least=1.0)
    if "W" in model.weights:
        same(grads.dL_dW.sum(axis=0), np.zeros(model.D), 1e-14, least=1.0)
    if "b" in model.weights:
        assert abs(grads.dL_db.sum()) < 1e-15


@CASES
def test_one_vector_for_all_keys_changes_nothing_and_for_all_values_moves_every_blend(number):
    model, grads = grads_of(number)
    for weights, slopes in zip(model.blocks, grads.blocks, strict=True):
        same(slopes.dL_db_K, np.zeros(model.D), 1e-15, least=max(1, np.abs(slopes.dL_dK).sum()))
        np.testing.assert_allclose(slopes.dL_db_V, weights.W_O.T @ slopes.dL_db_O, rtol=0, atol=1e-14)


@pytest.mark.parametrize("number", range(FORMS))
def test_what_a_layer_norm_hands_back_has_no_share_along_ones(number):
    _, grads = grads_of(number)
    for slopes in grads.blocks:
        for share in (slopes.dL_dx1_via_v, slopes.dL_dx0_via_n):
            same(share.sum(axis=1), np.zeros(len(share)), 1e-14, least=max(1, np.abs(share).max()))


@CASES
def test_meaning_components_are_a_private_code(number):
    """Recombine h by any matrix and W by its inverse: the logits stay, so W^T dL/dW = sum of dL/dh h^T."""
    model, grads = grads_of(number)
    if "W" in model.weights:
        values = walk.forward(*case(number))
        upstream = grads.get("dL_dhf", grads.dL_dh)
        said = values.get("hf", values.h)
        np.testing.assert_allclose(model.weights["W"].T @ grads.dL_dW, upstream.T @ said, rtol=0, atol=1e-14)


@pytest.mark.parametrize("number", range(0, COUNT, 4))
def test_a_loss_at_the_first_place_asks_nothing_of_queries_and_keys(number):
    model, tokens, _ = case(number)
    first = [np.array([1] + [-1] * (len(sentence) - 1)) for sentence in tokens]
    grads = walk.backward(model, walk.forward(model, tokens, first))
    for block in grads.blocks:
        assert block.dL_dW_V.any()
        for name in ("dL_dW_Q", "dL_dW_K", "dL_db_Q", "dL_db_K"):
            assert not block[name].any(), name


# ---- numbers as narrow as asked


@pytest.mark.parametrize("number", [0, 15, 31, 63])
def test_float32_stays_float32(number):
    model, tokens, y = case(number)
    weights = {name: array.astype(np.float32) for name, array in model.weights.items()}
    narrow = Model(weights, model.words, **model.settings)
    values = walk.forward(narrow, tokens, y)
    grads = walk.backward(narrow, values)
    for name, array in (flat(values) | flat(grads)).items():
        if name not in ("tokens", "places", "y"):
            assert array.dtype == np.float32, name
    error, name = worst_error(flat(grads), flat(walk.backward(model, walk.forward(model, tokens, y))))
    assert error <= 1e-4, name


# ---- what may come in


@pytest.fixture
def model():
    return Model.random(seed=6, T_max=5)


@pytest.mark.parametrize(
    ("tokens", "y", "told"),
    [
        ([0, 11], None, "tokens: wanted word numbers from 0 to 10, got 0 to 11"),
        ([0, -1], None, "tokens: wanted word numbers from 0 to 10, got -1 to 0"),
        ([0.0, 1.0], None, r"tokens: wanted a row of whole numbers, at least one, got \[0.0, 1.0\]"),
        ([], None, "tokens: wanted a row of whole numbers, at least one"),
        (3, None, "tokens: wanted a row of whole numbers, at least one, got 3"),
        ("the dog", None, "tokens: wanted word numbers, got 'the dog'"),
        ([[0, 1], []], None, "tokens: wanted a row of whole numbers, at least one"),
        (np.zeros((2, 2), int), None, "tokens: wanted a row of whole numbers"),
        ([0] * 6, None, "tokens: a sentence has 6 positions, the model has 5 places"),
        ([[0], [1] * 6], None, "tokens: a sentence has 6 positions"),
        ([0, 1, 2], [0, 1], r"y: wanted as many entries as tokens, sentence by sentence \[3\], got \[2\]"),
        ([[0, 1, 2], [3]], [[0, 1], [2, 3]], r"y: wanted as many entries .* \[3, 1\], got \[2, 2\]"),
        ([[0, 1, 2], [3]], [0, 1, 2, 3], r"y: wanted as many entries .* \[3, 1\], got \[4\]"),
        ([0, 1, 2], [0, 1, 11], "y: wanted -1 or word numbers up to 10, got 0 to 11"),
        ([0, 1, 2], [0, 1, -2], "y: wanted -1 or word numbers up to 10, got -2 to 1"),
        ([0, 1, 2], [-1, -1, -1], "y: no scored position: every entry is -1"),
        ([0, 1, 2], [0.0, 1.0, np.nan], "y: wanted a row of whole numbers"),
    ],
)
def test_sentences_that_do_not_fit(model, tokens, y, told):
    with pytest.raises(ValueError, match=told):
        walk.forward(model, tokens, y)


def test_a_list_of_one_sentence_is_that_sentence(model):
    one, listed = walk.forward(model, [1, 2, 3], [2, 3, 4]), walk.forward(model, [[1, 2, 3]], [(2, 3, 4)])
    assert one.L == listed.L
    assert "L" not in walk.forward(model, [1, 2, 3])


def test_a_value_can_be_held_and_the_walk_goes_on_from_it(model):
    values = walk.forward(model, [1, 2, 3], [2, 3, 4])
    held = walk.forward(model, [1, 2, 3], [2, 3, 4], hold={"x1": values.x1 + 1.0, "m": values.m})
    assert np.array_equal(held.a, values.a), "what comes before stays"
    assert np.array_equal(held.h, values.x1 + 1.0 + values.m)
    assert held.L != values.L
    same = walk.forward(model, [1, 2, 3], [2, 3, 4], hold={"blocks.0.u": values.u})
    assert same.L == values.L


def test_many_settings_side_by_side(model):
    values = walk.forward(model, [1, 2, 3], [2, 3, 4])
    rng = np.random.default_rng(0)
    for name in ("x0", "n", "Q", "K", "V", "S", "alpha", "O", "a", "x1", "v", "u", "r", "m", "h", "z"):
        settings = values[name] + rng.standard_normal((4, *values[name].shape))
        together = walk.forward(model, [1, 2, 3], [2, 3, 4], hold={name: settings})
        alone = [walk.forward(model, [1, 2, 3], [2, 3, 4], hold={name: setting}).L for setting in settings]
        np.testing.assert_allclose(together.L, alone, rtol=1e-14, atol=0, err_msg=name)


@pytest.mark.parametrize(
    ("hold", "told"),
    [
        ({"g": np.zeros((3, 4))}, "hold: there is no value 'g'"),
        (
            {"p": np.zeros((3, 11))},
            "hold: there is no value 'p'",
        ),  # the loss is made from z: holding p would do nothing
        ({"hf": np.zeros((3, 4))}, "hold: there is no value 'hf'"),  # not in a model without a final norm
        ({"blocks.1.h": np.zeros((3, 4))}, "hold: there is no value 'blocks.1.h'"),
        ({"h": np.zeros((2, 4))}, r"hold: h came with shape \(2, 4\), wanted \(3, 4\), or one more axis in front"),
        ({"h": np.zeros((5, 2, 3, 4))}, "hold: h came with shape"),
        ({"alpha": np.zeros((3, 3))}, r"hold: alpha came with shape \(3, 3\), wanted \(2, 3, 3\)"),
        ({"h": np.full((3, 4), np.nan)}, "hold: h holds NaN"),
    ],
)
def test_a_value_that_cannot_be_held(model, hold, told):
    with pytest.raises(ValueError, match=told):
        walk.forward(model, [1, 2, 3], [2, 3, 4], hold=hold)


def test_with_several_blocks_a_held_value_says_which():
    model = Model.random(blocks=2)
    h = walk.forward(model, [1, 2, 3]).blocks[0].h
    walk.forward(model, [1, 2, 3], hold={"blocks.0.h": h})
    with pytest.raises(ValueError, match=r"hold: wanted h of one of the 2 blocks, 'blocks\.0\.h', got 'h'"):
        walk.forward(model, [1, 2, 3], hold={"h": h})


def test_the_walk_back_needs_fresh_values_of_this_model(model):
    values = walk.forward(model, [1, 2, 3], [2, 3, 4])
    walk.backward(model, values)
    with pytest.raises(ValueError, match="values: these came from another model"):
        walk.backward(model.copy(), values)
    model.turn("W", (0, 0), 0.0)
    with pytest.raises(ValueError, match="values: the model has been turned since; run forward again"):
        walk.backward(model, values)
    fresh = walk.forward(model, [1, 2, 3], [2, 3, 4])
    model.move(walk.backward(model, fresh), 0.1)
    with pytest.raises(ValueError, match="run forward again"):
        walk.backward(model, fresh)
    with pytest.raises(ValueError, match="values: wanted scored positions, nothing was scored; give forward a y"):
        walk.backward(model, walk.forward(model, [1, 2, 3]))
    with pytest.raises(ValueError, match="values: h was held by hand"):
        walk.backward(model, walk.forward(model, [1, 2, 3], [2, 3, 4], hold={"h": values.h}))


@CASES
def test_gradients_written_over_earlier_ones_are_the_same(number):
    model, tokens, y = case(number)
    values = walk.forward(model, tokens, y)
    fresh, earlier = walk.backward(model, values), walk.backward(model, values)
    own = ("dL_dW",) if "W" in model.weights else ("dL_dE_via_z",)
    rooms = {name: earlier[name] for name in (*own, "dL_dE_via_x0", "dL_dE")}
    for array in rooms.values():
        array[...] = 7.0
    again = walk.backward(model, values, into=earlier)
    wanted, got = flat(fresh), flat(again)
    assert wanted.keys() == got.keys()
    assert all(np.array_equal(array, got[name]) for name, array in wanted.items())
    assert not earlier
    assert all(np.shares_memory(array, again[name]) for name, array in rooms.items())


def test_gradients_of_another_model_are_not_written_over():
    (model, tokens, y), other = case(0), case(1)
    earlier = walk.backward(other.model, walk.forward(*other))
    with pytest.raises(ValueError, match=r"^into: wanted gradients of this model, dL_d.* of shape "):
        walk.backward(model, walk.forward(model, tokens, y), into=earlier)
    assert earlier
    with pytest.raises(ValueError, match=r"^into: "):
        walk.backward(model, walk.forward(model, tokens, y), into={"dL_dW": np.zeros(3)})


def test_a_forgotten_name_is_answered_with_the_nearest(model):
    grads = walk.backward(model, walk.forward(model, [1, 2, 3], [2, 3, 4]))
    with pytest.raises(AttributeError, match=r"there is no name 'dL_dx1_via_u'; the nearest: .*dL_dx1_via_v"):
        grads.dL_dx1_via_u  # noqa: B018
    assert "dL_dW" in dir(grads)
    assert "dL_dx1_via_v" in repr(grads)


# ---- numbers that outgrow their dtype, and calls that would cost gigabytes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["E", "E_pos", "W_V", "W_O", "b_O", "W1", "b1", "W2", "b2", "W", "b", "gamma1", "W_Q"])
def test_numbers_too_large_are_told_and_never_silent(dtype, name):
    """A weight of any size: the loss is what exact numbers say (see the referee), or the walk says that it cannot."""
    model = Model.random(seed=5, D=6, F=5, H=2, dtype=dtype)
    index = (8, 1) if name == "E" else (0,) * model.weights[name].ndim
    refused = []
    for power in range(0, 308 if dtype == np.float64 else 38, 7):
        big = model.copy()
        big.turn(name, index, 10.0**power)
        exact = float(long_double.loss(big, [8, 2, 7], [-1, -1, 4]))
        try:
            L = walk.forward(big, [8, 2, 7], [-1, -1, 4]).L
        except ValueError as error:
            refused.append((power, str(error)))
        else:
            assert pytest.approx(exact, rel=1e-9 if dtype == np.float64 else 2e-3) == L
    for power, told in refused:
        assert power >= 7
        assert re.match(r"model: \w+ is .* in float\d\d; wanted smaller weights or values", told)


def test_a_slope_that_is_no_number_is_told():
    """The walk out has numbers still: v is huge, W1 takes it back. dL_dW1 is v times what W2 sends, and has none."""
    model = Model.random(seed=5, D=6, F=5, H=2)
    weights = {name: array.copy() for name, array in model.weights.items()}
    weights["gamma2"][0], weights["W2"][1], weights["W1"][:, 0] = 1e200, 1e150, 1e-200
    huge = Model(weights, model.words, model.H)
    values = walk.forward(huge, [8, 2, 7], [-1, -1, 4])
    with pytest.raises(ValueError, match="model: dL_dW1 is no number any more in float64; wanted smaller weights"):
        walk.backward(huge, values)


@pytest.mark.parametrize("number", range(0, COUNT, 5))
def test_what_is_no_number_in_a_values_slope_comes_through_to_the_last(number):
    """So the check of a walk back asks the weights' slopes and dL_dx0 alone."""
    tried = case(number)
    values = walk.forward(*tried)
    for spoilt in walk.made_by(tried.model, values):
        q, name = spoilt.split(".")[1:] if "." in spoilt else (None, spoilt)
        if q is None or name.removeprefix("dL_d") in tried.model.blocks[int(q)]:
            continue

        def make(store, prefix, name, function, *given, spoilt=spoilt):
            store[name] = function(*given)
            if prefix + name == spoilt:
                store[name] = store[name].copy()
                store[name].flat[-1] = np.inf

        grads = walk.Gradients(blocks=[walk.Gradients() for _ in tried.model.blocks])
        with np.errstate(invalid="ignore"):
            walk.lines_back(tried.model, values, grads, make)
        assert not np.isfinite(grads.blocks[int(q)].dL_dx0).all(), spoilt


def test_sentences_end_to_end_are_stopped_before_memory_is_gone():
    """T × T for each head: 8,000 positions in sentences of 20 would take gigabytes, nearly all of it masked."""
    model = Model.random(seed=0)
    start = time.perf_counter()
    with pytest.raises(ValueError, match=r"tokens: the scores and shares of 8,000 positions, .* would take .* GB"):
        walk.forward(model, [[1] * 20] * 400)
    long = Model.random(seed=0, T_max=10**6)
    with pytest.raises(ValueError, match="tokens: the scores and shares of 1,000,000 positions"):
        walk.forward(long, [1] * 10**6)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"model": None}, "model: wanted a Model, got None"),
        ({"model": "the dog"}, "model: wanted a Model, got str"),
        ({"tokens": None}, "tokens: wanted a row of whole numbers, at least one, got None"),
        ({"tokens": [True, False]}, "tokens: wanted a row of whole numbers"),
        ({"tokens": [[1, 2], 3]}, "tokens: wanted a row of whole numbers|tokens: a sentence|tokens: wanted"),
        ({"tokens": [1, [2, 3]]}, "tokens: wanted a row of whole numbers"),
        ({"tokens": {1: 2}}, "tokens: wanted a row of whole numbers"),
        ({"tokens": [1 + 0j, 2]}, "tokens: wanted a row of whole numbers"),
        ({"tokens": [10**30, 1]}, "tokens: wanted a row of whole numbers"),
        ({"tokens": ["the", "dog"]}, "tokens: wanted a row of whole numbers"),
        ({"y": "fire"}, "y: wanted word numbers, got 'fire'"),
        ({"y": [None, None, 1]}, "y: wanted a row of whole numbers"),
        ({"hold": [1]}, "hold: wanted a Mapping, got list"),
        ({"hold": {"h": [[1.0], [2.0, 3.0]]}}, "hold: wanted h as an array of shape"),
        ({"hold": {"h": np.full((3, 4), 1j)}}, "hold: h came as complex128, wanted real numbers"),
        ({"hold": {"h": np.full((3, 4), "x")}}, "hold: h came as <U1"),
        ({"hold": {"h": np.full((3, 4), np.inf)}}, "hold: h holds a number that is not finite"),
        ({"hold": {"S": np.full((2, 3, 3), np.nan)}}, "hold: S holds NaN"),
        ({"hold": {3: np.zeros((3, 4))}}, "hold: there is no value 3"),
        (
            {"hold": {"h": np.broadcast_to(0.0, (10**8, 3, 4))}, "model": Model.random(seed=0, T_max=9)},
            "hold: 100,000,000 settings of h side by side would take",
        ),
    ],
)
def test_what_forward_cannot_take(given, told):
    good = {"model": Model.random(seed=0), "tokens": [8, 2, 7], "y": [-1, -1, 4]}
    with pytest.raises(ValueError, match=told):
        walk.forward(**good | given)


def test_what_a_caller_does_to_a_held_array_later_changes_no_value():
    model = Model.random(seed=0)
    mine = walk.forward(model, [8, 2, 7]).h.copy()
    values = walk.forward(model, [8, 2, 7], hold={"h": mine})
    mine[:] = 0
    assert values.h.any()


def test_backward_takes_what_forward_gave():
    model = Model.random(seed=0)
    values = walk.forward(model, [8, 2, 7], [-1, -1, 4])
    for wrong in (None, {}, dict(values)):
        with pytest.raises(ValueError, match="values: wanted a Values, got"):
            walk.backward(model, wrong)
    with pytest.raises(ValueError, match="values: wanted what forward gave"):
        walk.backward(model, walk.Values())
    with pytest.raises(ValueError, match="model: wanted a Model, got None"):
        walk.backward(None, values)


def test_scores_without_digits_for_their_differences_are_told():
    """Every key turned alike moves no share, in exact numbers. From 1e8 on float64 has too few digits left for that."""
    model = Model.random(seed=0)
    wanted = walk.forward(model, [8, 2, 7], [-1, -1, 4]).L
    for power in (2, 5, 7, 9, 16, 30):
        turned = model.copy()
        turned.turn("b_K", (1,), 10.0**power)
        if power <= 7:
            assert abs(walk.forward(turned, [8, 2, 7], [-1, -1, 4]).L - wanted) < 1e-7
        else:
            with pytest.raises(
                ValueError, match="model: S is so large that half the digits of its differences are lost"
            ):
                walk.forward(turned, [8, 2, 7], [-1, -1, 4])
