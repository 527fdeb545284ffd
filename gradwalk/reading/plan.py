"""What a GPT-2 takes, known before it is read: its dials, the memory, the time of a walk."""

from __future__ import annotations

import time
from functools import cache
from math import prod
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from gradwalk import arguments
from gradwalk.model import Model
from gradwalk.names import look_up
from gradwalk.reading import gpt2, layout
from gradwalk.walk import backward, forward, made_by

USUAL = 64  # positions
FORM = {"activation": "gelu", "tied": True, "final_norm": True, "bias": False}


class Plan(NamedTuple):
    """What reading a GPT-2 and one walk of T positions take, out and back. Sizes by the course's letters, in bytes.

    weights: of all dials. kept: of every value of the walk, and every slope. free: of this machine's memory, just now.
    seconds: of the walk. Shown, it is a few lines to read.
    """

    sizes: dict[str, int]
    blocks: int
    dtype: np.dtype
    dials: int
    weights: int
    kept: int
    free: int
    seconds: float

    def __repr__(self):
        letters = ", ".join(f"{letter} = {size:,}" for letter, size in self.sizes.items())
        told = f"{self.seconds:.1f}" if self.seconds < 10 else f"{self.seconds:,.0f}"
        return "\n".join(
            [
                f"{self.blocks} block{'s' if self.blocks > 1 else ''}, {letters}: {self.dials:,} dials",
                f"{self.weights / 1e6:,.0f} MB of weights in {self.dtype}",
                f"{self.kept / 1e6:,.0f} MB more for a walk of {self.sizes['T']:,} positions: all values, all slopes",
                f"{told} seconds or so for that walk, as fast as this machine is just now",
                f"{self.free / 1e6:,.0f} MB are free here",
            ]
        )


def plan(folder: str | Path, T: int | None = None) -> Plan:
    """What `Model.gpt2(folder)` takes, and a walk of T positions: of 64, if the model has so many places.

    Of the folder config.json alone need be there: without the weights' file they are taken for float32, as published.

    The memory is counted: each array that a walk makes and keeps, in its size here. The time is measured: one block of
    random numbers and a block's share of the words are walked three times, and it goes by the number of blocks.

    ValueError and FileNotFoundError as for `Model.gpt2`, and for a T that the model has no places for.
    """
    where, _, sizes = gpt2.described(folder)
    places = sizes["n_positions"]
    extent = {"T": min(USUAL, places) if T is None else arguments.whole("T", T, least=1, most=places)}
    extent |= {letter: sizes[key] for letter, key in gpt2.LETTERS.items()} | {"H": sizes["n_head"]}
    blocks, dtype = sizes["n_layer"], _read_as(where, folder)
    each = extent | {"D/H": extent["D"] // extent["H"]}
    dials = sum(prod(shape) for shape in layout.shapes("gpt2", extent, blocks).values())
    kept = sum(_size(name, each) * (blocks if name.startswith("blocks.") else 1) for name in _made())
    size, seconds = dtype.itemsize, _seconds(extent, blocks, dtype)
    return Plan(extent, blocks, dtype, dials, size * dials, size * kept, arguments.free_memory(), seconds)


def _seconds(extent, blocks, dtype):
    """The time of a share of the walk, really walked: one block, and the words that come to each block."""
    words = [str(i) for i in range(max(2, extent["N"] // blocks))]
    sizes = {letter: extent[letter] for letter in ("D", "F", "H")}
    model = Model.random(words=words, T_max=extent["T"], dtype=dtype, **sizes, **FORM)
    tokens, times, kept = np.arange(extent["T"]) % len(words), [], []
    for _ in range(3):
        start = time.perf_counter()
        values = forward(model, tokens, tokens)
        kept.append((values, backward(model, values)))  # as the blocks of one walk are: none has another's memory
        times.append(time.perf_counter() - start)
    return blocks * median(times)


def _read_as(where, folder):
    try:
        found = gpt2.weights_header(where, folder)
    except FileNotFoundError:
        return np.dtype(np.float32)
    return np.dtype(np.float64 if "F64" in {own.dtype for own in found.arrays.values()} else np.float32)


def _size(name, extent):
    return prod(extent[letter] for letter in look_up(name).shape)


@cache
def _made():
    """The names of all values and gradients of GPT-2's walk, a block's with "blocks.0." before: a small one tells."""
    model = Model.random(D=2, F=2, H=1, T_max=2, blocks=2, **FORM)
    values = forward(model, [0, 1], [1, 0])
    names = [name for name in values if name in ("hf", "z", "p")]
    names += [f"blocks.0.{name}" for name in values.blocks[0]]
    return [*names, *(name for name in made_by(model, values) if not name.startswith("blocks.1."))]
