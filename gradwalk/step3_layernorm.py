r"""Step 3, layer norm: mean out, spread to 1, then stretch by gamma and shift by beta.

Told for LN2, v = LN2(x1); LN1 and LNf call the same lines with their own x, gamma and beta.
"""

import numpy as np

EPS = 1e-5  # GPT-2's, where a model says no other; inside the root: a row of equal numbers has no spread to divide by


def spread(x1, eps=EPS):
    """sigma, the spread of each row: sqrt(var + eps). Shape (T, 1)."""
    return np.sqrt(x1.var(axis=-1, keepdims=True) + eps)  # (T, 1)


def normed(x1, eps=EPS):
    """x_hat: each row with its mean taken out and its spread made 1 (but for eps). Shape (T, D)."""
    return (x1 - x1.mean(axis=-1, keepdims=True)) / spread(x1, eps)  # (T, D)


# What only the derivations speak of, from the values of the worked example.
ASIDES = {"x_hat": lambda values: normed(values.x1), "sigma": lambda values: spread(values.x1)[:, 0]}  # (T, D), (T,)


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

    A row is normed on its own, but within it one component moves the mean and the spread of all: a D×D Jacobian a row:
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
    x_hat, dL_dx_hat = normed(x1, eps), dL_dv * gamma  # (T, D), (T, D)
    along = (dL_dx_hat * x_hat).mean(axis=-1, keepdims=True)  # (T, 1)
    return (dL_dx_hat - dL_dx_hat.mean(axis=-1, keepdims=True) - x_hat * along) / spread(x1, eps)  # (T, D)
