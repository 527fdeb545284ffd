"""Every gradient measured: nudge one number both ways, run forward, watch the loss. No derivation is used."""

from __future__ import annotations

import numpy as np
from shapes import flat, worst_error

from gradwalk import walk

STEP = 1e-5

# A share is the slope along one road. Either the other roads are held where they were ...
OTHER_ROADS = {"x1_via_h": "v", "x0_via_x1": "n", "n_via_Q": "KV", "n_via_K": "QV", "n_via_V": "QK"}
# ... or, where the other road is the addition itself, the next value on this road moves alone.
NEXT_ON_ROAD = {"x1_via_v": "v", "x0_via_n": "n"}


def some_entries(grads, most=None, seed=0):
    """For every gradient the flat numbers of the entries to measure: all, or the largest and `most` - 1 others."""
    rng = np.random.default_rng(seed)
    entries = {}
    for name, array in flat(grads).items():
        entries[name] = np.arange(array.size)
        if most is not None and array.size > most:
            largest = np.nanargmax(np.abs(array))
            others = rng.choice(np.delete(entries[name], largest), most - 1, replace=False)
            entries[name] = np.append(others, largest)
    return entries


def measured(case, entries):
    """The slope of the loss at those entries of every weight, value and share, by central differences."""
    values = walk.forward(*case)
    return {name: _slopes(case, values, name.replace("dL_d", ""), numbers) for name, numbers in entries.items()}


def weight_of(case, gradient):
    """The name of the weight that a gradient is of; None for the gradient of a value or a share."""
    name = gradient.replace("dL_d", "")
    weight = name.removeprefix("blocks.0.") if len(case.model.blocks) == 1 else name
    return weight if weight in case.model.weights else None


def _slopes(case, values, name, numbers):
    if weight := weight_of(case, name):
        return weight_slopes(case, weight, numbers, lambda turned: walk.forward(turned, *case[1:]))
    if name == "E_via_x0":  # the places read the turned table, the output layer the old one

        def read_alone(turned):
            return walk.forward(*case, hold={"blocks.0.x0": walk.forward(turned, *case[1:]).blocks[0].x0})

        return weight_slopes(case, "E", numbers, read_alone)
    if name == "E_via_z":  # the output layer says words with the turned table, the places read the old one
        hold = {"blocks.0.x0": values.blocks[0].x0}
        return weight_slopes(case, "E", numbers, lambda turned: walk.forward(turned, *case[1:], hold=hold))
    return _value(case, values, name, numbers)


def weight_slopes(case, name, numbers, run):
    """The slope of the loss in those entries of a weight; `run` takes the turned model and walks out."""
    turned, slopes = case.model.copy(), []
    for number in numbers:
        index, ends = np.unravel_index(number, turned.weights[name].shape), []
        for turn in (STEP, -2 * STEP):
            turned.turn(name, index, turn)
            ends.append(run(turned))
        turned.turn(name, index, STEP)
        same_side(case, *ends)
        slopes.append((ends[0].L - ends[1].L) / (2 * STEP))
    return np.array(slopes)


def weights_error(case, out, back, most=4):
    """The largest error of any weight's gradient by `back` against central differences through `out`, and its name."""
    grads = back(case.model, out(*case))
    entries = {name: numbers for name, numbers in some_entries(grads, most).items() if weight_of(case, name)}
    assert {weight_of(case, name) for name in entries} == set(case.model.weights)
    derived = {name: flat(grads)[name].ravel()[numbers] for name, numbers in entries.items()}

    def run(turned):
        return out(turned, *case[1:])

    measured = {name: weight_slopes(case, weight_of(case, name), numbers, run) for name, numbers in entries.items()}
    return worst_error(derived, measured)


def _value(case, values, name, numbers):
    *block, bare = name.split(".")  # ["blocks", "0"], "x1_via_v"
    quantity, prefix, here = bare.split("_via_")[0], ".".join([*block, ""]), _of_block(values, block)
    nudges = np.zeros((len(numbers), here[quantity].size))
    nudges[np.arange(len(numbers)), numbers] = STEP
    nudges = nudges.reshape(-1, *here[quantity].shape)
    ends = []
    for nudged in (here[quantity] + nudges, here[quantity] - nudges):  # all entries side by side
        hold = {prefix + quantity: nudged} | {prefix + other: here[other] for other in OTHER_ROADS.get(bare, ())}
        if bare in NEXT_ON_ROAD:
            moved = _of_block(walk.forward(*case, hold=hold), block)[NEXT_ON_ROAD[bare]]
            hold = {prefix + NEXT_ON_ROAD[bare]: moved}
        ends.append(walk.forward(*case, hold=hold))
    same_side(case, *ends)
    return (ends[0].L - ends[1].L) / (2 * STEP)


def _of_block(values, block):
    return values.blocks[int(block[1])] if block else values


def same_side(case, *ends):
    """Both ends of a difference must see the same ReLU masks: else it measures a corner, not a slope."""
    if case.model.activation == "relu":
        for block in zip(*(end.blocks for end in ends), strict=True):
            first, second = (end.u > 0 for end in block)
            assert np.array_equal(*np.broadcast_arrays(first, second)), "a ReLU unit changed sides: draw again"


def by_nudging(function, array, upstream):
    """The slope of sum(upstream * function(array)) in every entry of `array`, by central differences."""
    slopes = np.empty_like(array)
    for index in np.ndindex(array.shape):
        nudge = np.zeros_like(array)
        nudge[index] = STEP
        slopes[index] = np.sum(upstream * (function(array + nudge) - function(array - nudge))) / (2 * STEP)
    return slopes
