"""Nudge a number, run forward, watch the loss: slopes measured without any derivation."""

from __future__ import annotations

import numpy as np

from gradwalk.model import Model
from gradwalk.walk import forward

STEP = 1e-5  # small enough for a straight line, large enough for the digits of float64


def slope(model: Model, tokens, y, name: str, index: tuple[int, ...], step: float = STEP) -> float:
    """The slope of the loss in one number: (L(+step) - L(-step)) / (2 step), two forward passes.

    `name` is a weight ("W", "blocks.0.W1") or a value ("h", "blocks.0.x1"); a value is nudged wherever it is used.
    The model is left as it is.
    """
    losses = [_loss_after_nudge(model, tokens, y, name, index, nudge) for nudge in (step, -step)]
    return float((losses[0] - losses[1]) / (2 * step))


def slopes(model: Model, tokens, y, name: str, step: float = STEP) -> np.ndarray:
    """`slope` for every number of a weight or value: an array of its shape, two forward passes a number."""
    array = model.weights[name] if name in model.weights else _value(forward(model, tokens, y), name)
    measured = np.empty(array.shape)  # like the weight or value
    for index in np.ndindex(array.shape):
        measured[index] = slope(model, tokens, y, name, index, step)
    return measured


def relative_error(derived: np.ndarray, measured: np.ndarray, largest_of_all: float = 0.0) -> float:
    """Largest difference, relative to the gradient's largest entry or 1e-3 of the largest of all, if that is more.

    The second part is for gradients that are exactly zero, such as dL_db_K: against them alone any rounding error
    is infinitely large.
    """
    scale = max(np.abs(measured).max(), 1e-3 * largest_of_all)
    return float(np.abs(derived - measured).max() / scale) if scale else float(np.abs(derived).max())


def _loss_after_nudge(model, tokens, y, name, index, nudge):
    if name in model.weights:
        turned = model.copy()
        turned.turn(name, index, nudge)
        return forward(turned, tokens, y).L
    by_hand = _value(forward(model, tokens, y), name).copy()
    by_hand[index] += nudge
    return forward(model, tokens, y, hold={name: by_hand}).L


def _value(values, name):
    *block, bare = name.split(".")
    return (values.blocks[int(block[1])] if block else values)[bare]
