"""What the page's engine (engine/engine.js) needs to walk a model: its lines as names, its weights, what it reads."""

from __future__ import annotations

from base64 import b64decode, b64encode
from math import ceil

import numpy as np

from gradwalk import block, inputs, step1_output
from gradwalk.model import Model
from gradwalk.names import BLOCK_VALUES, BLOCK_WEIGHTS

LOSS = block.Line("L", step1_output.loss, ("z", "y"), straight=False)


def lines(model: Model) -> list[list]:
    """Every line of a model as [value, function, takes], by their names, block after block, down to the loss.

    With several blocks a block's own names are "blocks.1.x1". What a block makes is passed on to the next, and out.
    """
    several = len(model.blocks) > 1
    prefixes = [f"blocks.{q}." for q in range(len(model.blocks))] if several else [""]
    told = _told(block.way_in(), prefixes[0])
    for q, prefix in enumerate(prefixes):
        if q:
            told.append([prefix + "x0", "pass_on", [prefixes[q - 1] + "h"]])
        told += _told(block.block(model.settings), prefix)
    if several:
        told.append(["h", "pass_on", [prefixes[-1] + "h"]])
    return told + _told([*block.way_out(model.settings, model.weights), LOSS], "")


def _told(lines, prefix):
    own = {name: prefix + name for name in (*BLOCK_VALUES, *BLOCK_WEIGHTS)}
    return [
        [own.get(value, value), function.__name__, [own.get(name, name) for name in takes]]
        for value, function, takes, *_ in lines
    ]


def settings(model: Model, tokens, y) -> dict:
    """What the lines take that is neither weight nor value. tokens, y as in `forward`; ValueError as there."""
    tokens, places, attends, lengths = inputs.lay_out(tokens, model)
    given = {"tokens": tokens, "places": places, "attends": attends, "y": inputs.next_words(y, lengths, model)}
    return {name: array.tolist() for name, array in given.items()} | {key: model.settings[key] for key in ("H", "eps")}


def packed(array: np.ndarray) -> dict:
    """An array with every bit of its numbers; engine.js has `unpacked`."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return {"shape": list(array.shape), "dtype": array.dtype.name, "base64": b64encode(little).decode("ascii")}


def unpacked(packed: dict) -> np.ndarray:
    """The array that was `packed`, there or here. ValueError for what is none."""
    try:
        numbers = np.frombuffer(b64decode(packed["base64"], validate=True), np.dtype(packed["dtype"]).newbyteorder("<"))
        return numbers.reshape(packed["shape"]).astype(packed["dtype"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"packed: wanted an array with its shape, dtype and base64, {error}") from None


def weights(model: Model) -> dict[str, dict]:
    """All weights of a model, packed, by name. The page walks in float64, whatever the model's dtype."""
    return {name: packed(array) for name, array in model.weights.items()}


def weight_bytes(model: Model) -> int:
    """How many bytes the numbers of `weights` take on their way, told without packing them."""
    return sum(4 * ceil(array.nbytes / 3) for array in model.weights.values())
