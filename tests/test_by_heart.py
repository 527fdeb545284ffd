"""The walk by heart: the same numbers as `forward` and `backward`, end to end and side by side."""

import numpy as np
import pytest
from shapes import CASES, case

from gradwalk import by_heart, tuning, walk
from gradwalk.model import Model, TooLarge
from gradwalk.step5_attention import split_heads
from gradwalk.weights import of_weight


def batch_of(tried):
    """The case's sentences as (tokens, y), each as arrays of its own."""
    several = isinstance(tried.tokens, list)
    tokens, y = (tried.tokens, tried.y) if several else ([tried.tokens], [tried.y])
    return [(np.asarray(row), np.asarray(next_words)) for row, next_words in zip(tokens, y, strict=True)]


def worst(model, by_heart_grads, grads):
    """The furthest that a weight's gradient lies from the walk's own."""
    return max(np.abs(of_weight(by_heart_grads, name) - of_weight(grads, name)).max() for name in model.weights)


@CASES
@pytest.mark.parametrize("few", [1, 4, 36])
def test_loss_and_slopes_are_those_of_the_walk(number, few, monkeypatch):
    monkeypatch.setattr(by_heart, "FEW", few)
    tried = case(number)
    values = walk.forward(*tried)
    L, grads = by_heart.ByHeart(tried.model)(tried.model, batch_of(tried), back=True)
    assert pytest.approx(values.L, rel=1e-13) == L
    assert worst(tried.model, grads, walk.backward(tried.model, values)) < 1e-12


def test_it_follows_the_model_from_move_to_move():
    """And a copy of the model; and batches of one sentence and of several, in any order."""
    model, peer = (Model.random(seed=4, T_max=60) for _ in range(2))
    rng, known = np.random.default_rng(0), by_heart.ByHeart(model)
    for sentences in (1, 9, 1, 5, 20):
        batch = [tuple(rng.integers(model.N, size=(2, length))) for length in rng.integers(1, 12, size=sentences)]
        _, grads = known(model, batch, back=True)
        tokens, y = map(list, zip(*batch, strict=True))
        values = walk.forward(peer, tokens, y)
        own = walk.backward(peer, values)
        assert known(model.copy(), batch)[0] == pytest.approx(values.L, rel=1e-13)
        assert worst(model, grads, own) < 1e-12
        model.move(grads, 0.3)
        peer.move(own, 0.3)
    for name, array in peer.weights.items():
        np.testing.assert_allclose(model.weights[name], array, rtol=0, atol=1e-12)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["E", "W_Q", "W_O", "W2", "W"])
@pytest.mark.parametrize("few", [1, 36])
def test_where_forward_is_too_large_so_is_this(name, few, monkeypatch):
    monkeypatch.setattr(by_heart, "FEW", few)
    batch = [(np.array([8, 2, 7]), np.array([2, 7, 4])), (np.array([1, 3]), np.array([3, 5]))]
    tokens, y = map(list, zip(*batch, strict=True))
    for power in (3, 30, 150, 200, 300):
        model = Model.random(seed=5)
        model.turn(name, (2, 1), 10.0**power)
        assert _told(by_heart.ByHeart(model), model, batch) == _told(walk.forward, model, tokens, y)
    assert _told(walk.forward, model, tokens, y) or name in ("W2", "W")


def _told(act, *given):
    """What TooLarge says of it; nothing where it goes well."""
    try:
        act(*given)
    except TooLarge as error:
        return str(error)


def test_a_slope_that_is_no_number_is_not_moved_by():
    """The loss is one, a slope is not: gamma2 makes v huge, W1 takes it back, W2 sends much."""
    weights = {name: array.copy() for name, array in Model.random(seed=5, D=6, F=5, H=2).weights.items()}
    weights["gamma2"][0], weights["W2"][1], weights["W1"][:, 0] = 1e200, 1e150, 1e-200
    huge = Model(weights, Model.random().words, 2)
    L, grads = by_heart.ByHeart(huge)(huge, [(np.array([8, 2, 7]), np.array([-1, -1, 4]))], back=True)
    assert np.isfinite(L)
    with pytest.raises(TooLarge, match="grads: the slope of W1 holds a number that is not finite"):
        huge.move(grads, 0.1)


def test_sentences_side_by_side_and_end_to_end_again():
    """Three of 2, 1 and 3 words: a row a place, a column a sentence, and what is filled up stays 0."""
    places, attends, beside = by_heart._laid((2, 1, 3), True)
    assert places.tolist() == [0, 1, 0, 0, 1, 2]
    assert np.array_equal(attends, np.tri(3, dtype=bool))
    x = np.arange(1.0, 13).reshape(6, 2)
    wide = by_heart._beside(x, beside)
    assert wide.tolist() == [[1, 2, 5, 6, 7, 8], [3, 4, 0, 0, 9, 10], [0, 0, 0, 0, 11, 12]]
    assert np.array_equal(by_heart._end_to_end(wide, beside), x)
    heads = split_heads(x, 2)  # (2, 6, 1)
    assert np.array_equal(by_heart._beside(heads, beside), split_heads(wide, 6))
    assert np.array_equal(by_heart._end_to_end(split_heads(wide, 6), beside), heads)


def test_whichever_way_has_the_smaller_table_is_gone(monkeypatch):
    """One long sentence among short ones: to fill all of them up would take more than one table for all."""
    model, gone = Model.random(T_max=60), []
    laid = by_heart._laid
    monkeypatch.setattr(by_heart, "_laid_again", lambda lengths, apart: gone.append(apart) or laid(lengths, apart))
    for lengths in ([20, 17], [8] * 5, [1] * 30 + [60], [37]):
        by_heart.ByHeart(model)(model, [(np.zeros(length, int), np.ones(length, int)) for length in lengths])
    assert gone == [True, True, False, False]


@pytest.mark.parametrize("lengths", [[3, 4], [9, 1, 1], [1] * 30 + [60], [5] * 12], ids=len)
def test_repeated_words_and_places_are_all_added(lengths):
    model, rng = Model.random(seed=3, T_max=60), np.random.default_rng(0)
    batch = [(rng.integers(2, size=length), rng.integers(model.N, size=length)) for length in lengths]
    _, grads = by_heart.ByHeart(model)(model, batch, back=True)
    values = walk.forward(model, *map(list, zip(*batch, strict=True)))
    assert worst(model, grads, walk.backward(model, values)) < 1e-12


def test_a_sentence_is_stopped_before_memory_is_gone():
    long, row = Model.random(seed=0, T_max=10**6), np.ones(10**6, int)
    with pytest.raises(ValueError, match="tokens: the scores and shares of 1,000,000 positions"):
        by_heart.ByHeart(long)(long, [(row, row)])


def test_sentences_that_are_too_long_are_told_before_the_walk():
    model = Model.random(T_max=4)
    with pytest.raises(ValueError, match="sentences: wanted at most 5 words in each, got 6"):
        tuning.loss_on(model, ["the dog slept by the fire"])
