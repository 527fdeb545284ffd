"""The whole walk: every value and every gradient of every form of the model, against two referees."""

import numpy as np
import pytest
import referee
from differences import measured, some_entries
from shapes import COUNT, case, flat, worst_error

from gradwalk import walk
from gradwalk.model import Model

CASES = pytest.mark.parametrize("number", range(COUNT))
AGAINST_DIFFERENCES, AGAINST_REFEREE = 1e-6, 1e-10


def values_error(case):
    """The largest error of any value against the referee's, relative to the value's largest entry."""
    ours = {name: array for name, array in flat(walk.forward(*case)).items() if name not in ("tokens", "y", "places")}
    theirs, _ = referee.walk(*case)
    assert ours.keys() == theirs.keys(), ours.keys() ^ theirs.keys()
    errors = []
    for name, array in theirs.items():
        if name.endswith(".S"):  # where nobody may look a score is minus infinity, and nowhere else
            forbidden = np.isneginf(array)
            if not np.array_equal(np.isneginf(ours[name]), forbidden):
                return np.inf
            array, ours[name] = array[~forbidden], ours[name][~forbidden]
        errors.append(np.abs(ours[name] - array).max() / np.abs(array).max())
    return max(errors)


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
        forms.add((model.activation, len(model.blocks), len(tokens) > 1, *optional))
    assert len(forms) == 64
    assert len(sizes) >= 50
    assert repeated >= 50


# ---- every value and every gradient


@CASES
def test_every_value_equals_the_referee(number):
    assert values_error(case(number)) <= AGAINST_REFEREE


@CASES
def test_every_gradient_equals_the_referee(number):
    error, name = gradients_error(case(number))
    assert error <= AGAINST_REFEREE, name


@CASES
def test_every_gradient_equals_the_measured_slope(number):
    every_entry = number % 16 == 5
    error, name = differences_error(case(number), None if every_entry else 5, seed=number)
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
    assert np.abs(grads.dL_dz.sum(axis=1)).max() < 1e-15
    if "W" in model.weights:
        assert np.abs(grads.dL_dW.sum(axis=0)).max() < 1e-14
    if "b" in model.weights:
        assert abs(grads.dL_db.sum()) < 1e-15


@CASES
def test_one_vector_for_all_keys_changes_nothing_and_for_all_values_moves_every_blend(number):
    model, grads = grads_of(number)
    for weights, slopes in zip(model.blocks, grads.blocks, strict=True):
        assert np.abs(slopes.dL_db_K).max() < 1e-15
        assert np.allclose(slopes.dL_db_V, weights.W_O.T @ slopes.dL_db_O, rtol=0, atol=1e-14)


@CASES
def test_what_a_norm_hands_back_has_no_share_along_ones(number):
    _, grads = grads_of(number)
    for slopes in grads.blocks:
        for share in (slopes.dL_dx1_via_v, slopes.dL_dx0_via_n):
            assert np.abs(share.sum(axis=1)).max() <= 1e-14 * max(1, np.abs(share).max())


@CASES
def test_meaning_components_are_a_private_code(number):
    """Recombine h by any matrix and W by its inverse: the logits stay, so W^T dL/dW = sum of dL/dh h^T."""
    model, grads = grads_of(number)
    if "W" in model.weights:
        values = walk.forward(*case(number))
        upstream = grads.get("dL_dhf", grads.dL_dh)
        said = values.get("hf", values.h)
        assert np.allclose(model.weights["W"].T @ grads.dL_dW, upstream.T @ said, rtol=0, atol=1e-14)


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
    narrow = Model(weights, model.words, model.H, model.activation)
    values = walk.forward(narrow, tokens, y)
    grads = walk.backward(narrow, values)
    for name, array in (flat(values) | flat(grads)).items():
        if name not in ("tokens", "places", "y"):
            assert array.dtype == np.float32, name
    error, name = worst_error(flat(grads), flat(walk.backward(model, walk.forward(model, tokens, y))))
    assert error <= 1e-4, name
