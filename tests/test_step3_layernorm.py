"""Step 3 on its own: the layer norm, and its gradients on random upstream gradients."""

import autograd
import numpy as np
import referee
from alone import SEEDS, Draw, check

from gradwalk import step3_layernorm as step
from gradwalk.telling.derivations import difference, same


@SEEDS
def test_the_gradients(seed):
    draw = Draw(seed)
    x1, gamma, beta, dL_dv = draw("TD"), 1 + 0.5 * draw("D"), draw("D"), draw("TD")
    ours, theirs = step.layernorm, referee.layernorm
    check(step.pullback(dL_dv, x1, gamma), dL_dv, lambda x: ours(x, gamma, beta), lambda x: theirs(x, gamma, beta), x1)
    check(step.dL_dgamma(dL_dv, x1), dL_dv, lambda g: ours(x1, g, beta), lambda g: theirs(x1, g, beta), gamma)
    check(step.dL_dbeta(dL_dv), dL_dv, lambda b: ours(x1, gamma, b), lambda b: theirs(x1, gamma, b), beta)


def jacobian(row, gamma):
    """J[c, j]: how component c of v answers to component j of one row of x1."""
    return autograd.jacobian(lambda x: referee.layernorm(x[None], gamma, 0.0)[0])(row)  # (D, D)


@SEEDS
def test_the_pullback_is_the_jacobian_transposed(seed):
    draw = Draw(seed)
    x1, gamma, dL_dv, push = draw("TD"), draw("D"), draw("TD"), draw("TD")
    back = step.pullback(dL_dv, x1, gamma)
    for t in range(draw.T):
        J = jacobian(x1[t], gamma)
        same(back[t], dL_dv[t] @ J, 1e-12)
        assert abs((J @ push[t]) @ dL_dv[t] - push[t] @ back[t]) <= 1e-12 * np.abs(J).max()
        assert difference(back[t], J @ dL_dv[t]) > 1e-3, "the transpose must be seen"
    equal = jacobian(x1[0], np.full(draw.D, 0.7))
    same(equal, equal.T, 1e-12)  # with all gamma equal it cannot be seen


@SEEDS
def test_shifting_or_stretching_a_row_hardly_matters(seed):
    """No share along ones; along x_hat exactly what eps leaves: D eps / (sigma (var + eps)) times the mean."""
    draw = Draw(seed)
    x1, gamma, dL_dv = draw("TD"), draw("D"), draw("TD")
    back, x_hat = step.pullback(dL_dv, x1, gamma), step.normed(x1)
    same(back.sum(axis=1), np.zeros(draw.T), 1e-13, least=np.abs(back).max())
    along = (dL_dv * gamma * x_hat).mean(axis=1)
    left = draw.D * step.EPS / (step.spread(x1)[:, 0] * (x1.var(axis=1) + step.EPS)) * along
    same((back * x_hat).sum(axis=1), left, 1e-13, least=np.abs(back).max())


def test_a_row_of_equal_numbers_stays_finite():
    x1, gamma = np.full((2, 3), 7.0), np.array([1.0, 2.0, 3.0])
    assert np.array_equal(step.layernorm(x1, gamma, gamma), [gamma, gamma])
    assert np.isfinite(step.pullback(np.array([[1.0, -2.0, 0.5]] * 2), x1, gamma)).all()
