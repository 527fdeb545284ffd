"""Nudge a number, run forward, watch the loss: slopes measured without any derivation."""

from __future__ import annotations

import numpy as np

from gradwalk import arguments, block
from gradwalk.model import Model
from gradwalk.names import VALUES
from gradwalk.walk import Values, forward
from gradwalk.weights import within

STEP = 1e-5  # small enough for a straight line, large enough for the digits of float64


def slope(model: Model, tokens, y, name: str, index: tuple[int, ...], step: float = STEP) -> float:
    """The slope of the loss in one number: (L(+step) - L(-step)) / (2 step), two forward passes.

    `name` is a weight ("W", "blocks.0.W1") or a value ("h", "blocks.0.x1"); a value is nudged wherever it is used.
    The model is left as it is, and measured in float64 whatever it holds: in float32 a loss has no digits to spare for
    a difference. ValueError for a name or an index that is not there.
    """
    model, step = _exact(model), arguments.number("step", step, above=0)
    array = _array(model, tokens, y, name)
    return _slope(model, tokens, y, name, array, within(array.shape, index, name), step)


def slopes(model: Model, tokens, y, name: str, step: float = STEP) -> np.ndarray:
    """`slope` for every number of a weight or value: an array of its shape, two forward passes a number."""
    model, step = _exact(model), arguments.number("step", step, above=0)
    array = _array(model, tokens, y, name)
    measured = np.empty(array.shape)  # like the weight or value
    for index in np.ndindex(measured.shape):
        measured[index] = _slope(model, tokens, y, name, array, index, step)
    return measured


def relative_error(derived: np.ndarray, measured: np.ndarray, largest_of_all: float = 0.0) -> float:
    """Largest difference, relative to the gradient's largest entry or 1e-3 of the largest of all, if that is more.

    The second part is for gradients that are exactly zero, such as dL_db_K: against them alone any rounding error
    is infinitely large. ValueError if the two have other shapes.
    """
    measured = arguments.numbers("measured", measured, least=1)
    derived = arguments.numbers("derived", derived, measured.shape)
    scale = max(np.abs(measured).max(), 1e-3 * largest_of_all)
    return float(np.abs(derived - measured).max() / scale) if scale else float(np.abs(derived).max())


def _slope(model, tokens, y, name, array, index, step):
    """The slope in one number of `array`, which is the weight or value of that name."""
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


def _array(model, tokens, y, name):
    """The weight or value of that name."""
    values = forward(model, tokens, y)
    if "L" not in values:
        raise ValueError("y: wanted the next word of each position, got None; without it there is no loss")
    inner = {f"blocks.{q}.{of_block}": a for q, block in enumerate(values.blocks) for of_block, a in block.items()}
    known = {of_top: values[of_top] for of_top in VALUES if of_top in values} | inner | dict(model.weights)
    return known[arguments.one_of("name", name, known, "weight or value")]


def _exact(model):
    """The model in float64: itself, or a copy."""
    arguments.instance("model", model, Model)
    return model if model.dtype == np.float64 else model.copy(np.float64)


def jacobians(model: Model, values: Values) -> dict[str, np.ndarray]:
    """The Jacobian of every forward line in each of its inputs, as measured by differences: dz_dW, dv_dx1, ...

    Nothing about the answer goes in. Most lines are straight in each input, so that a difference of size 1 is exact;
    the others take a small step, in float64 whatever the model holds. A line's other inputs are held: these are the
    roads, one by one. ValueError where they do not fit into memory: each is as large as its two sides
    together.
    """
    model = _exact(model)
    exact = {name: v.astype(float) for name, v in values.items() if getattr(v, "dtype", None) == np.float32}
    settings = {"attends": np.isfinite(values.S), **model.settings}
    known = {**model.weights, **values, **exact, **settings}
    measured = {}
    for line in block.lines(model):
        at = [known[name] for name in line.takes]
        moves = [position for position, name in enumerate(line.takes) if name not in block.SETTINGS]
        needed = 8 * 2 * known[line.value].size * sum(at[position].size for position in moves)
        arguments.memory("model", needed, f"the Jacobians of {line.value}")
        for position in moves:

            def moved(x, function=line.function, at=at, position=position):
                return function(*at[:position], x, *at[position + 1 :])

            step = 1.0 if line.straight else STEP
            measured[f"d{line.value}_d{line.takes[position]}"] = _difference(moved, at[position], step)
    return measured


def _difference(function, at, step):
    """Central differences of an array function: shape (*output, *input). What is infinite stays where it is: 0."""
    columns = []
    for index in np.ndindex(at.shape):
        push = np.zeros_like(at)
        push[index] = step
        up, down = function(at + push), function(at - push)
        columns.append(
            np.where(np.isfinite(up), up, 0) / (2 * step) - np.where(np.isfinite(down), down, 0) / (2 * step)
        )
    return np.stack(columns, axis=-1).reshape(*columns[0].shape, *at.shape)
