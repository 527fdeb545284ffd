"""Step 2 on its own: expand, mute, contract, and their gradients on random upstream gradients."""

import autograd.numpy as anp
import numpy as np
import pytest
import referee
from alone import SEEDS, Draw, check

from gradwalk import step2_mlp as step
from gradwalk.telling.derivations import same


def plain(x, weight, bias):
    return anp.einsum("tj,ij->ti", x, weight) + bias


@SEEDS
def test_the_gradients_of_expanding(seed):
    draw = Draw(seed)
    v, W1, b1, dL_du = draw("TD"), draw("FD"), draw("F"), draw("TF")
    check(step.dL_dW1(dL_du, v), dL_du, lambda W1: step.expand(v, W1, b1), lambda W1: plain(v, W1, b1), W1)
    check(step.dL_db1(dL_du), dL_du, lambda b1: step.expand(v, W1, b1), lambda b1: plain(v, W1, b1), b1)
    check(step.dL_dv(dL_du, W1), dL_du, lambda v: step.expand(v, W1, b1), lambda v: plain(v, W1, b1), v)


@SEEDS
def test_the_gradients_of_contracting(seed):
    draw = Draw(seed)
    r, W2, b2, dL_dm = draw("TF"), draw("DF"), draw("D"), draw("TD")
    check(step.dL_dW2(dL_dm, r), dL_dm, lambda W2: step.contract(r, W2, b2), lambda W2: plain(r, W2, b2), W2)
    check(step.dL_db2(dL_dm), dL_dm, lambda b2: step.contract(r, W2, b2), lambda b2: plain(r, W2, b2), b2)
    check(step.dL_dr(dL_dm, W2), dL_dm, lambda r: step.contract(r, W2, b2), lambda r: plain(r, W2, b2), r)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@SEEDS
def test_the_gradient_of_muting(seed, activation):
    draw = Draw(seed)
    u, dL_dr = 2 * draw("TF"), draw("TF")
    u += np.sign(u) * 1e-3  # off the corner of the ReLU
    ours, _ = step.ACTIVATIONS[activation]
    check(step.dL_du(dL_dr, u, activation), dL_dr, ours, referee.ACTIVATIONS[activation], u)


def test_a_dead_unit_is_told_nothing():
    """Muted at every position, a unit gets no gradient: its row of W1, its b1, its column of W2."""
    draw = Draw(0)
    v, W1, b1, dL_dm, W2 = draw("TD"), draw("FD"), draw("F"), draw("TD"), draw("DF")
    b1[2] = -(v @ W1[2]).max() - 0.1
    u = step.expand(v, W1, b1)
    dL_du = step.dL_du(step.dL_dr(dL_dm, W2), u)
    for dead in (step.dL_dW1(dL_du, v)[2], step.dL_db1(dL_du)[2], step.dL_dW2(dL_dm, step.relu(u))[:, 2]):
        assert not dead.any()
    assert step.dL_dW1(dL_du, v)[0].any()


@SEEDS
def test_stretching_a_relu_unit_in_and_shrinking_it_out_changes_nothing(seed):
    draw = Draw(seed)
    v, W1, b1, dL_dm, W2 = draw("TD"), draw("FD"), draw("F"), draw("TD"), draw("DF")
    u = step.expand(v, W1, b1)
    dL_du = step.dL_du(step.dL_dr(dL_dm, W2), u)
    stretched = (W1 * step.dL_dW1(dL_du, v)).sum(axis=1) + b1 * step.dL_db1(dL_du)  # (F,)
    shrunk = (W2 * step.dL_dW2(dL_dm, step.relu(u))).sum(axis=0)  # (F,)
    same(stretched, shrunk, 1e-12)


def test_relu_at_its_corner_and_far_out():
    assert np.array_equal(step.relu(np.array([-2.0, 0.0, 3.0])), [0, 0, 3])
    assert np.array_equal(step.relu_slope(np.array([-2.0, 0.0, 3.0])), [0, 0, 1])


def test_gelu_is_the_tanh_form():
    u = np.linspace(-6, 6, 49)
    assert step.gelu(np.array([1.0])) == pytest.approx(0.8411919906082768, rel=1e-15)  # the exact form: 0.84134...
    same(step.gelu(u) - step.gelu(-u), u, 1e-15 / np.abs(u).max())
    assert np.array_equal(step.gelu_slope(np.array([-60.0, 0.0, 60.0])), [0, 0.5, 1])
