"""What cannot matter has no gradient: exact statements about the gradients of any model, one function each.

Each takes a model, its values and its gradients, and returns the two sides of an equation as arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gradwalk.model import Model
from gradwalk.step3_layernorm import normed, spread
from gradwalk.walk import Gradients, Values, backward, forward


def logits_shifted(model: Model, values: Values, grads: Gradients):
    """Shift all logits of a position by a constant: nothing changes, so the error vector sums to zero."""
    return grads.dL_dz.sum(axis=1), np.zeros(len(values.z))  # (T,)


def columns_of_W(model: Model, values: Values, grads: Gradients):
    """Add one vector to every row of W: all logits shift alike, so each column of dL_dW sums to zero."""
    return grads.dL_dW.sum(axis=0), np.zeros(model.D)  # (D,)


def meaning_shifted(model: Model, values: Values, grads: Gradients):
    """Shift x1 by a constant: LN2 takes the mean out again, so what it hands back sums to zero."""
    return grads.dL_dx1_via_v.sum(axis=1), np.zeros(len(values.x1))  # (T,)


def meaning_stretched(model: Model, values: Values, grads: Gradients):
    """Stretch x1 about its mean: only eps notices. By D eps / (sigma (var + eps)) × mean of dL_dv gamma2 x_hat."""
    eps = model.settings["eps"]
    x_hat, sigma = normed(values.x1, eps), spread(values.x1, eps)[:, 0]  # (T, D), (T,)
    noticed = (grads.dL_dv * model.weights["gamma2"] * x_hat).mean(axis=1)  # (T,)
    return (grads.dL_dx1_via_v * x_hat).sum(axis=1), model.D * eps / sigma**3 * noticed  # (T,)


def keys_shifted(model: Model, values: Values, grads: Gradients):
    """Add one vector to every key: each row of scores moves as one, so dL_db_K is zero."""
    return grads.dL_db_K, np.zeros(model.D)  # (D,)


def values_shifted(model: Model, values: Values, grads: Gradients):
    """Add one vector to every value: every blend moves by it, so dL_db_V = W_O^T dL_db_O."""
    return grads.dL_db_V, model.weights["W_O"].T @ grads.dL_db_O  # (D,)


def unit_rescaled(model: Model, values: Values, grads: Gradients):
    """ReLU only: stretch a unit's way in and shrink its way out by the same factor, and nothing changes."""
    w = model.weights
    return (w["W1"] * grads.dL_dW1).sum(axis=1) + w["b1"] * grads.dL_db1, (w["W2"] * grads.dL_dW2).sum(axis=0)  # (F,)


def norm_rescaled(model: Model, values: Values, grads: Gradients):
    """Stretch gamma2_j and beta2_j, shrink column j of W1 by the same factor: u does not change."""
    w = model.weights
    way_in = sum(w[name] * grads[f"dL_d{name}"] for name in ("gamma2", "beta2") if name in w)  # (D,)
    return way_in, (w["W1"] * grads.dL_dW1).sum(axis=0)  # (D,)


def head_rescaled(model: Model, values: Values, grads: Gradients):
    """Per head: stretch W_V and b_V, shrink the head's columns of W_O by the same factor: a does not change."""
    out = (model.weights["W_O"] * grads.dL_dW_O).sum(axis=0)  # (D,)
    return _by_head(model, _row_balance(model, grads, "V")), _by_head(model, out)  # (H,)


def scores_rescaled(model: Model, values: Values, grads: Gradients):
    """Per head: stretch W_Q and b_Q, shrink W_K and b_K by the same factor: the scores do not change."""
    return tuple(_by_head(model, _row_balance(model, grads, X)) for X in "QK")  # (H,)


def components_recombined(model: Model, values: Values, grads: Gradients):
    """Recombine the components of h by any invertible matrix, W by its inverse: W^T dL_dW = sum_t dL_dh_t h_t^T."""
    return model.weights["W"].T @ grads.dL_dW, grads.dL_dh.T @ values.h  # (D, D)


def first_position(model: Model, values: Values, grads: Gradients):
    """A loss at the first position alone: it can only look at itself, so W_Q and W_K have exactly no slope."""
    y = np.where(np.arange(len(values.tokens)) == 0, np.maximum(values.y, 0), -1)  # (T,)
    first = backward(model, forward(model, values.tokens, y))
    return np.stack([first.dL_dW_Q, first.dL_dW_K]), np.zeros((2, model.D, model.D))


def all_of(model: Model) -> Iterator[Callable]:
    """The symmetries that a model of one block has: some are ReLU's or the layer norm's, some need an untied W."""
    yield logits_shifted
    if model.settings["norm"] == "layer":
        yield from (meaning_shifted, meaning_stretched)
    yield from (keys_shifted, values_shifted, norm_rescaled, head_rescaled, scores_rescaled, first_position)
    if "W" in model.weights:
        yield columns_of_W
        if "gammaf" not in model.weights:
            yield components_recombined
    if model.activation == "relu":
        yield unit_rescaled


def _row_balance(model, grads, X):
    """Each row of W_X and its bias, times their slopes, summed: (D,)."""
    w, b = model.weights[f"W_{X}"], model.weights[f"b_{X}"]
    return (w * grads[f"dL_dW_{X}"]).sum(axis=1) + b * grads[f"dL_db_{X}"]  # (D,)


def _by_head(model, x):
    return x.reshape(model.H, -1).sum(axis=1)  # (H,)
