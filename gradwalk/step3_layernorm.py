r"""Step 3, layer norm: mean out, spread to 1, then stretch by gamma and shift by beta.

Told for LN2, v = LN2(x1); LN1 and LNf call the same lines with their own x, gamma and beta.
"""

from typing import NamedTuple

import numpy as np

EPS = 1e-5  # GPT-2's, where a model says no other; inside the root: a row of equal numbers has no spread to divide by


def spread(x1, eps=EPS):
    """sigma, the spread of each row: sqrt(var + eps). Shape (T, 1)."""
    return normed_and_spread(x1, eps)[1]  # (T, 1)


def normed(x1, eps=EPS):
    """x_hat: each row with its mean taken out and its spread made 1 (but for eps). Shape (T, D)."""
    return normed_and_spread(x1, eps)[0]  # (T, D)


class Normed(NamedTuple):
    """What a norm makes of x before it stretches and shifts. Every line here takes it in place of x1."""

    x_hat: np.ndarray  # (T, D)
    sigma: np.ndarray  # (T, 1), by which it is divided


def normed_and_spread(x1, eps=EPS):
    """x_hat, (T, D), and sigma, (T, 1), by which it is divided. Of what it made before nothing is made again."""
    if isinstance(x1, Normed):
        return x1
    D = x1.shape[-1]
    away = x1 - x1.sum(axis=-1, keepdims=True) / D  # (T, D)
    var = np.vecdot(away, away)[..., None] / D  # (T, 1), the mean square of each row
    sigma = np.sqrt(var + eps)  # (T, 1)
    return Normed(away / sigma, sigma)


def _of_each_row(statistic, x1):
    """How one number of a row answers to each of x1, measured: each is nudged both ways."""
    nudges = 1e-5 * np.eye(x1.size).reshape(x1.size, *x1.shape)  # (T D, T, D)
    moved = [(statistic(x1 + by) - statistic(x1 - by)) / 2e-5 for by in nudges]  # of (T,)
    return np.stack(moved, axis=1).reshape(len(x1), *x1.shape)  # (T, T, D)


def _mean(x1):
    return x1.mean(axis=-1)  # (T,)


def _sigma(x1):
    return spread(x1)[:, 0]  # (T,)


# What only the derivations speak of, from the values of the worked example.
ASIDES = {
    "x_hat": lambda values: normed(values.x1),
    "mu": lambda values: _mean(values.x1),
    "sigma": lambda values: _sigma(values.x1),
    "dmu_dx1": lambda values: _of_each_row(_mean, values.x1),
    "dsigma_dx1": lambda values: _of_each_row(_sigma, values.x1),
}


def layernorm(x1, gamma, beta, eps=EPS):
    """v = gamma x_hat + beta, shape (T, D)."""
    return gamma * normed(x1, eps) + beta  # (T, D)


def dL_dgamma(dL_dv, x1, eps=EPS):
    r"""Turn gamma[j]: component j of v moves by x_hat[t, j], at every position.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial \gamma_{j}} = \sum_{t,c} \frac{\partial L}{\partial v_{tc}} \frac{\partial v_{tc}}{\partial \gamma_{j}}$$
    >>> same(dL_dgamma(dL_dv, x1), einsum("tc,tcj->j", dL_dv, dv_dgamma2))

    Only component j of v contains gamma_j, with the factor x_hat_tj:
    $$= \sum_{t} \frac{\partial L}{\partial v_{tj}} \hat{x}_{tj}$$
    >>> same(dL_dgamma(dL_dv, x1), einsum("tj,tj->j", dL_dv, x_hat))
    """
    return (dL_dv * normed(x1, eps)).sum(axis=0)  # (D,)


def dL_dbeta(dL_dv):
    r"""Turn beta[j]: component j of v moves by as much, at every position.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial \beta_{j}} = \sum_{t,c} \frac{\partial L}{\partial v_{tc}} \frac{\partial v_{tc}}{\partial \beta_{j}}$$
    >>> same(dL_dbeta(dL_dv), einsum("tc,tcj->j", dL_dv, dv_dbeta2))

    Only component j of v contains beta_j, with the factor 1:
    $$= \sum_{t} \frac{\partial L}{\partial v_{tj}}$$
    >>> same(dL_dbeta(dL_dv), einsum("tj->j", dL_dv))
    """
    return dL_dv.sum(axis=0)  # (D,)


def pullback(dL_dv, x1, gamma, eps=EPS):
    r"""Back through the norm: what arrives times gamma, less its mean, less its part along x_hat, over the spread.

    The chain rule, with every index written out:
    $$\left. \frac{\partial L}{\partial x1_{tj}} \right|_{\mathrm{via}\,v} = \sum_{s,c} \frac{\partial L}{\partial v_{sc}} \frac{\partial v_{sc}}{\partial x1_{tj}}$$
    >>> same(pullback(dL_dv, x1, gamma2), einsum("sc,sctj->tj", dL_dv, dv_dx1))

    A row is normed on its own, but in it each component has its part in two numbers, the mean μ and the spread σ. The mean is the sum over D, so it moves by 1/D of the nudge:
    $$\frac{\partial \mu_{t}}{\partial x1_{tj}} = \frac{1}{D}$$
    >>> same(einsum("ttj->tj", dmu_dx1), [[1 / D] * D] * T)

    σ² is the mean of (x1 - μ)², plus eps. To the left a nudge makes 2σ ∂σ. To the right only (x1_tj - μ_t)² counts: what the moving mean does to all D squares cancels, since x1 - μ sums to 0:
    $$2 \sigma_{t} \frac{\partial \sigma_{t}}{\partial x1_{tj}} = \frac{2}{D} (x1_{tj} - \mu_{t})$$
    >>> same(2 * sigma[:, None] * einsum("ttj->tj", dsigma_dx1), 2 / D * (x1 - mu[:, None]))

    Divide by 2σ. What x1 - μ over σ is, is x_hat:
    $$\frac{\partial \sigma_{t}}{\partial x1_{tj}} = \frac{1}{D} \hat{x}_{tj}$$
    >>> same(einsum("ttj->tj", dsigma_dx1), x_hat / D)

    Now v, which is γ (x1 - μ)/σ + β, by the quotient rule: the top moves over σ, and the bottom's move counts against the top over σ²:
    $$\frac{\partial v_{tc}}{\partial x1_{tj}} = \gamma_{c} \left( \frac{1}{\sigma_{t}} \left( [c = j] - \frac{\partial \mu_{t}}{\partial x1_{tj}} \right) - \frac{x1_{tc} - \mu_{t}}{\sigma_{t}^2} \frac{\partial \sigma_{t}}{\partial x1_{tj}} \right)$$
    >>> same(einsum("tctj->tcj", dv_dx1), gamma2[:, None] * (
    ...     (eye(D) - einsum("ttj->tj", dmu_dx1)[:, None]) / sigma[:, None, None]
    ...     - einsum("tc,ttj->tcj", (x1 - mu[:, None]) / sigma[:, None] ** 2, dsigma_dx1)))

    Put the two in, and take 1/σ out: three terms, a D×D Jacobian a row:
    $$\frac{\partial v_{tc}}{\partial x1_{tj}} = \frac{\gamma_{c}}{\sigma_{t}} \left( [c = j] - \frac{1}{D} - \frac{1}{D} \hat{x}_{tc} \hat{x}_{tj} \right)$$
    >>> same(einsum("tctj->tcj", dv_dx1), gamma2[:, None] / sigma[:, None, None] * (
    ...     eye(D) - 1 / D - einsum("tc,tj->tcj", x_hat, x_hat) / D))

    The pullback sums over the *output* index c, where a push forward would sum over j: that is the transpose, the star:
    $$\left. \frac{\partial L}{\partial x1_{tj}} \right|_{\mathrm{via}\,v} = \sum_{c} \frac{\partial L}{\partial v_{tc}} \frac{\partial v_{tc}}{\partial x1_{tj}}$$
    >>> same(pullback(dL_dv, x1, gamma2), einsum("tc,tctj->tj", dL_dv, dv_dx1))

    Put the Jacobian in. Its three terms are three sums, and no matrix is left:
    $$= \frac{1}{\sigma_{t}} \left( \gamma_{j} \frac{\partial L}{\partial v_{tj}} - \frac{1}{D} \sum_{c} \gamma_{c} \frac{\partial L}{\partial v_{tc}} - \hat{x}_{tj} \frac{1}{D} \sum_{c} \gamma_{c} \frac{\partial L}{\partial v_{tc}} \hat{x}_{tc} \right)$$
    >>> same(pullback(dL_dv, x1, gamma2), (
    ...     gamma2 * dL_dv
    ...     - einsum("c,tc->t", gamma2, dL_dv)[:, None] / D
    ...     - x_hat * einsum("c,tc,tc->t", gamma2, dL_dv, x_hat)[:, None] / D) / sigma[:, None])
    """
    x_hat, sigma = normed_and_spread(x1, eps)  # (T, D), (T, 1)
    dL_dx_hat = dL_dv * gamma  # (T, D)
    D = x_hat.shape[-1]
    mean = dL_dx_hat.sum(axis=-1, keepdims=True) / D  # (T, 1)
    along = np.vecdot(dL_dx_hat, x_hat)[..., None] / D  # (T, 1), the products of each row summed up
    return (dL_dx_hat - mean - x_hat * along) / sigma  # (T, D)
