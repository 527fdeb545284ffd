"""Nudge a number, run forward, watch the loss: slopes measured without any derivation."""

from __future__ import annotations

import numpy as np

from gradwalk.model import Model, within
from gradwalk.names import VALUES, unknown
from gradwalk.walk import forward

STEP = 1e-5  # small enough for a straight line, large enough for the digits of float64


def slope(model: Model, tokens, y, name: str, index: tuple[int, ...], step: float = STEP) -> float:
    """The slope of the loss in one number: (L(+step) - L(-step)) / (2 step), two forward passes.

    `name` is a weight ("W", "blocks.0.W1") or a value ("h", "blocks.0.x1"); a value is nudged wherever it is used.
    The model is left as it is. ValueError for a name or an index that is not there.
    """
    if not (np.isfinite(step) and step > 0):
        raise ValueError(f"step: wanted a number above 0, got {step!r}")
    array = _array(model, tokens, y, name)
    index = within(array.shape, index, name)
    losses = []
    for nudge in (step, -step):
        if name in model.weights:
            turned = model.copy()
            turned.turn(name, index, nudge)
            losses.append(forward(turned, tokens, y).L)
        else:
            by_hand = array.copy()
            by_hand[index] += nudge
            losses.append(forward(model, tokens, y, hold={name: by_hand}).L)
    return float((losses[0] - losses[1]) / (2 * step))


def slopes(model: Model, tokens, y, name: str, step: float = STEP) -> np.ndarray:
    """`slope` for every number of a weight or value: an array of its shape, two forward passes a number."""
    measured = np.empty(_array(model, tokens, y, name).shape)  # like the weight or value
    for index in np.ndindex(measured.shape):
        measured[index] = slope(model, tokens, y, name, index, step)
    return measured


def relative_error(derived: np.ndarray, measured: np.ndarray, largest_of_all: float = 0.0) -> float:
    """Largest difference, relative to the gradient's largest entry or 1e-3 of the largest of all, if that is more.

    The second part is for gradients that are exactly zero, such as dL_db_K: against them alone any rounding error
    is infinitely large.
    """
    scale = max(np.abs(measured).max(), 1e-3 * largest_of_all)
    return float(np.abs(derived - measured).max() / scale) if scale else float(np.abs(derived).max())


def _array(model, tokens, y, name):
    """The weight or value of that name."""
    values = forward(model, tokens, y)
    if "L" not in values:
        raise ValueError("y: wanted the next word of each position, got None; without it there is no loss")
    inner = {f"blocks.{q}.{of_block}": a for q, block in enumerate(values.blocks) for of_block, a in block.items()}
    known = {of_top: values[of_top] for of_top in VALUES if of_top in values} | inner | dict(model.weights)
    if name not in known:
        raise ValueError(f"name: {unknown('weight or value', name, known)}")
    return known[name]
