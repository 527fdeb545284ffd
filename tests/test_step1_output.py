"""Step 1 on its own: the logits, the softmax, the loss, and their gradients on random upstream gradients."""

import autograd.numpy as anp
import numpy as np
import pytest
from alone import SEEDS, Draw, check

from gradwalk import step1_output as step
from gradwalk.telling.derivations import same


def plain_logits(h, W, b):
    return anp.einsum("tj,ij->ti", h, W) + b


@SEEDS
def test_the_gradients_of_the_logits(seed):
    draw = Draw(seed)
    h, W, b, dL_dz = draw("TD"), draw("ND"), draw("N"), draw("TN")
    check(step.dL_dW(dL_dz, h), dL_dz, lambda W: step.logits(h, W, b), lambda W: plain_logits(h, W, b), W)
    check(step.dL_db(dL_dz), dL_dz, lambda b: step.logits(h, W, b), lambda b: plain_logits(h, W, b), b)
    check(step.dL_dh(dL_dz, W), dL_dz, lambda h: step.logits(h, W, b), lambda h: plain_logits(h, W, b), h)


@SEEDS
def test_the_gradient_of_the_loss(seed):
    draw = Draw(seed)
    z, y = 3 * draw("TN"), draw.rng.integers(-1, draw.N, size=draw.T)
    scored = [t for t in range(draw.T) if y[t] >= 0]

    def plain_loss(z):
        return sum(-anp.log(anp.exp(z[t, y[t]]) / anp.sum(anp.exp(z[t]))) for t in scored) / len(scored)

    derived = step.dL_dz(step.softmax(z), y)
    check(derived, 1.0, lambda z: step.loss(z, y), plain_loss, z)
    assert not derived[y < 0].any()
    same(derived.sum(axis=1), np.zeros(len(derived)), 1e-15, least=1.0)
    for t in scored:  # every wrong word is pushed down, the true one pulled up: descent goes against the slope
        assert derived[t, y[t]] < 0
        assert (np.delete(derived[t], y[t]) > 0).all()


@SEEDS
def test_a_logit_answers_with_its_share(seed):
    draw = Draw(seed)
    z, upstream = draw("TN"), draw("T")
    derived = upstream[:, None] * step.softmax(z)
    check(derived, upstream, step.logsumexp, lambda z: anp.log(anp.sum(anp.exp(z), axis=1)), z)


def test_large_logits_neither_overflow_nor_lose_digits():
    z = np.array([[1000.0, 0.0, 999.0], [-1000.0, 0.0, -2000.0]])
    assert step.loss(z, np.array([1, 0])) == pytest.approx(1000 + np.log1p(np.exp(-1)) / 2, rel=1e-15)
    same(step.softmax(z).sum(axis=1), np.ones(2), 1e-15)
    assert np.array_equal(step.dL_dz(step.softmax(z), np.array([-1, 0]))[1], [-1, 1, 0])


@SEEDS
@pytest.mark.parametrize("spread", [1.0, 30.0, 3000.0])  # from shares of the same size to a 0 at the true word
def test_the_loss_is_the_same_with_the_shares_and_without(seed, spread):
    draw = Draw(seed)
    z = spread * draw.rng.standard_normal((3, draw.T, draw.N))  # three settings side by side
    y = np.arange(draw.T) % draw.N
    y[0] = -1
    with np.errstate(divide="ignore"):
        same(step.loss(z, y, step.softmax(z)), step.loss(z, y), 1e-14)
        same(step.loss(z[0], y, step.softmax(z[0])), step.loss(z[0], y), 1e-14)


def test_rows_are_walked_in_pieces_of_any_size(monkeypatch):
    z = np.random.default_rng(0).standard_normal((3, 7, 5))
    z[:, :, 2:] = np.where(np.arange(7)[:, None] > 3, -np.inf, z[:, :, 2:])  # some rows hide places
    y = np.array([0, 1, -1, 1, 0, 1, -1])
    whole = step.softmax(z), step.loss(z, y)
    assert np.isneginf(z).any()
    assert not whole[0][np.isneginf(z)].any()
    same(whole[0], np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True), 1e-15)
    for at_once in (1, 5, 16):
        monkeypatch.setattr(step, "AT_ONCE", at_once)
        assert np.array_equal(step.softmax(z), whole[0])
        same(step.loss(z, y), whole[1], 1e-15)


def test_the_true_word_is_marked_where_one_is_scored():
    assert np.array_equal(step.onehot(np.array([2, -1, 0]), 3), [[0, 0, 1], [0, 0, 0], [1, 0, 0]])


# ---- where the true word has nearly all


@pytest.mark.parametrize("sure", [5.0, 12.0, 20.0, 40.0, 80.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_loss_near_0_and_its_slopes_keep_their_digits(sure, dtype):
    """-log p_y is log(1 + the others), the true word's slope minus what the others have: 4e-18 at z = 0, 40, not 0."""
    z = np.array([[0.0, sure, -1.0], [2.0, 0.0, 1.0]], dtype=dtype)
    others = np.exp(-sure) + np.exp(-1 - sure)
    digits = 1e-13 if dtype == np.float64 else 1e-5
    for shares in (None, step.softmax(z)):
        assert step.loss(z, np.array([1, -1]), shares) == pytest.approx(np.log1p(others), rel=digits, abs=0)
    slopes = step.dL_dz(step.softmax(z), np.array([1, -1]))
    assert slopes[0] == pytest.approx(
        np.array([np.exp(-sure), -others, np.exp(-1 - sure)]) / (1 + others), rel=digits, abs=0
    )
    assert not slopes[1].any()


def test_a_row_with_nothing_in_it_has_no_sum():
    with np.errstate(divide="ignore"):
        assert step.logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
