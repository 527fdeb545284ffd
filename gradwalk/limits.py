"""Where the numbers of a walk leave the model's dtype: TooLarge, in words, in place of a NaN."""

from __future__ import annotations

from math import sqrt

import numpy as np

from gradwalk import block
from gradwalk.model import TooLarge
from gradwalk.weights import finite


def check_size(model, values):
    """TooLarge if the walk out left the dtype's numbers."""
    norm = block.NORMS[model.settings["norm"]].function
    rows = [line.takes[0] for line in block.block(model.settings) if line.function is norm]
    for q, here in enumerate(values.blocks):
        for name in rows:
            check_normed(model, f"blocks.{q}.{name}", here[name])
    if "hf" in values:
        check_normed(model, "h", values.h)
    for q, here in enumerate(values.blocks):
        check_scores(model, f"blocks.{q}.S", here.S)
    last = "L" if "L" in values else "z"
    check_last(model, last, values[last])


def check_normed(model, name, x):
    """TooLarge if a norm cannot take x: it squares what comes in, so that the root is the limit."""
    if not np.abs(x).max() < sqrt(float(np.finfo(model.dtype).max) / model.D) / 2:  # a NaN is not, either
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
