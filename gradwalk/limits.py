"""Where the numbers of a walk leave the model's dtype: TooLarge, in words, in place of a NaN."""

from __future__ import annotations

from math import sqrt

import numpy as np

from gradwalk import block
from gradwalk.model import TooLarge
from gradwalk.weights import finite


def check_size(model, values):
    """TooLarge if the walk out left the dtype's numbers."""
    for check, name in sizes(model, "L" if "L" in values else "z"):
        *block_, bare = name.removeprefix("blocks.").split(".")
        check(model, name, (values.blocks[int(*block_)] if block_ else values)[bare])


def sizes(model, last):
    """What is asked of a walk out that ends with `last`: each check, and the name of the value."""
    norm, blocks = block.NORMS[model.settings["norm"]].function, range(len(model.blocks))
    inside, last_lines = block.block(model.settings), block.way_out(model.settings, model.weights)
    return [
        *((check_normed, f"blocks.{q}.{line.takes[0]}") for q in blocks for line in inside if line.function is norm),
        *((check_normed, line.takes[0]) for line in last_lines if line.function is norm),
        *((check_scores, f"blocks.{q}.S") for q in blocks),
        (check_last, last),
    ]


def check_normed(model, name, x):
    """TooLarge if a norm cannot take x: it squares what comes in. All squares together below it tell of the largest."""
    most = float(np.finfo(model.dtype).max) / model.D / 4
    if not (np.vdot(x, x) < most or float(np.abs(x).max()) < sqrt(most)):  # a NaN is not, either
        raise _too_large(model, name, "is too large to be normed, or no number,")


def check_scores(model, name, S):
    """TooLarge if a softmax cannot take S: it looks at differences, and of numbers this large none is left."""
    if not np.abs(S[np.isfinite(S)]).max(initial=0) < 1 / np.sqrt(np.finfo(model.dtype).eps):
        raise _too_large(model, name, "is so large that half the digits of its differences are lost")


def check_last(model, name, array):
    """TooLarge if what the walk out ends with is no number."""
    if not finite(array):
        raise _too_large(model, name, "is no number any more")


def check_slopes(model, grads, chosen):
    """TooLarge if a slope is no number. Those of N rows are left out: they follow from the others, and cost a pass.

    What is no number in a value's slope comes through to dL_dx0, by every line: only what was chosen in place of a line
    may let it fall. So the weights' slopes and that last one tell of all.
    """
    for q, (weights, here) in enumerate(zip(model.blocks, grads.blocks, strict=True)):
        telling = here if chosen else ["dL_dx0", *(f"dL_d{name}" for name in weights)]
        if all(finite(here[name]) for name in telling):
            continue
        for name, array in here.items():
            if not finite(array):
                raise _too_large(model, f"blocks.{q}.{name}", "is no number any more")


def _too_large(model, name, what):
    bare = name if len(model.blocks) > 1 else name.removeprefix("blocks.0.")
    return TooLarge(f"model: {bare} {what} in {model.dtype}; wanted smaller weights or values")
