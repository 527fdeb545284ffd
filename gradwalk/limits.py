"""Where the numbers of a walk leave the model's dtype: TooLarge, in words, in place of a NaN."""

from __future__ import annotations

import numpy as np

from gradwalk import block
from gradwalk.model import TooLarge


def check_size(model, values):
    """TooLarge if the walk out left the dtype's numbers. A norm squares what comes in: there the root is the limit."""
    most = float(np.sqrt(np.finfo(model.dtype).max / model.D)) / 2
    norm = block.NORMS[model.settings["norm"]].function
    rows = [line.takes[0] for line in block.block(model.settings) if line.function is norm]
    normed = [(f"blocks.{q}.{name}", here[name]) for q, here in enumerate(values.blocks) for name in rows]
    normed += [("h", values.h)] if "hf" in values else []
    for name, x in normed:
        if not np.abs(x).max() < most:  # a NaN is not, either
            raise _too_large(model, name, "is too large to be normed, or no number,")
    for q, here in enumerate(values.blocks):  # a softmax looks at differences: of numbers this large none is left
        if not np.abs(here.S[np.isfinite(here.S)]).max(initial=0) < 1 / np.sqrt(np.finfo(model.dtype).eps):
            raise _too_large(model, f"blocks.{q}.S", "is so large that half the digits of its differences are lost")
    last = "L" if "L" in values else "z"
    if not np.isfinite(values[last]).all():
        raise _too_large(model, last, "is no number any more")


def check_slopes(model, grads):
    """TooLarge if a slope is no number. Those of N rows are left out: they follow from the others, and cost a pass."""
    for q, here in enumerate(grads.blocks):
        for name, array in here.items():
            if not np.isfinite(array).all():
                raise _too_large(model, f"blocks.{q}.{name}", "is no number any more")


def _too_large(model, name, what):
    bare = name if len(model.blocks) > 1 else name.removeprefix("blocks.0.")
    return TooLarge(f"model: {bare} {what} in {model.dtype}; wanted smaller weights or values")
