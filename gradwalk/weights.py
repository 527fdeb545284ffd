"""Which weights a model has, how large they are, and what is asked of them before they are a model's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from math import isfinite
from weakref import WeakValueDictionary

import numpy as np

from gradwalk import arguments, block, files
from gradwalk.names import BLOCK_WEIGHTS, WEIGHTS, unknown
from gradwalk.step2_mlp import ACTIVATIONS
from gradwalk.step3_layernorm import EPS

WAY_IN = block.way_in()[0].takes


def all_names(blocks: int, bare: Iterable[str]) -> list[str]:
    """The weights `bare` in the order of the walk out, those of a block once per block."""
    own = [name for name in bare if name in BLOCK_WEIGHTS]
    inside = own if blocks == 1 else [f"blocks.{q}.{name}" for q in range(blocks) for name in own]
    outside = [name for name in bare if name not in own]
    return [*(n for n in outside if n in WAY_IN), *inside, *(n for n in outside if n not in WAY_IN)]


def sizes(arrays: Mapping, N: int, settings: Mapping) -> tuple[dict[str, int], int, list[str]]:
    """D, F, N and T_max, the number of blocks and all names, read off the arrays.

    ValueError for a weight that is missing or unknown, and for an H that does not divide D.
    """
    numbers = {found[1] for name in arrays if (found := re.match(r"blocks\.(\d+)\.", name))}
    blocks = max(len(numbers), 1)
    wanted = all_names(blocks, block.weights(settings, arrays))
    if strange := [name for name in arrays if name not in wanted]:
        raise ValueError(f"weights: {unknown('weight', strange[0], all_names(blocks, WEIGHTS))}")
    if missing := [name for name in wanted if name not in arrays]:
        raise ValueError(f"weights: missing {', '.join(missing)}")
    first_W1 = arrays["W1" if blocks == 1 else "blocks.0.W1"]
    if arrays["E"].ndim != 2 or arrays["E_pos"].ndim != 2 or first_W1.ndim != 2:
        raise ValueError("weights: wanted E, E_pos and W1 with two axes each")
    extent = {"D": arrays["E"].shape[1], "F": len(first_W1), "N": N, "T_max": len(arrays["E_pos"])}
    heads(settings["H"], extent["D"])
    return extent, blocks, wanted


SETTINGS = ("H", "activation", "norm", "eps")  # all of a model that is no weight


def checked(*, H, activation="relu", norm="layer", eps=EPS) -> dict[str, object]:
    """The settings of a model, each of its kind; H is measured against D with the arrays."""
    return {
        "H": arguments.whole("H", H, least=1),
        "activation": arguments.one_of("activation", activation, ACTIVATIONS, "activation"),
        "norm": arguments.one_of("norm", norm, block.NORMS, "norm"),
        "eps": arguments.number("eps", eps, above=0),
    }


def heads(H: int, D: int) -> int:
    """H, checked: a whole number that divides D."""
    wanted = f"a number of heads that divides D = {D}"
    try:
        heads = arguments.whole("H", H, least=1)
    except ValueError:
        raise arguments.refused("H", wanted, H) from None
    if D % heads:
        raise arguments.refused("H", wanted, H)
    return heads


def float_type(dtype) -> np.dtype:
    """float64 or float32, however it is named."""
    try:
        found = np.dtype(dtype)
    except Exception:  # numpy asks the object itself
        raise arguments.refused("dtype", "float64 or float32", dtype) from None
    if found not in (np.float64, np.float32):
        raise ValueError(f"dtype: wanted float64 or float32, got {found}")
    return found


_SHOWN = WeakValueDictionary()  # what models show, by id: the array itself may equal others, and has no hash


def read_only(array: np.ndarray) -> np.ndarray:
    """A view of an array for all to read; `own_arrays` knows it again, and no number of it is looked at there."""
    view = array.view()
    view.flags.writeable = False
    _SHOWN[id(view)] = view
    return view


def own_arrays(weights: Mapping) -> dict[str, np.ndarray]:
    """Every array copied, in this machine's byte order.

    One that `read_only` made, as a model shows them, is shared instead: nobody writes to its numbers from now on.
    """
    arguments.instance("weights", weights, Mapping)
    arrays = {}
    for name, given in weights.items():
        arguments.words("weights", name, "their names as text")
        if _SHOWN.get(id(given)) is given:
            given.base.flags.writeable = False  # whoever has that one writes to a copy
            arrays[name] = given
            continue
        try:
            array = np.array(given, order="C")
            arrays[name] = array.astype(array.dtype.newbyteorder("="), copy=array.base is not None)
        except Exception:
            raise ValueError(f"weights: {name} is no array, it came as {arguments.shown(given)}") from None
    return arrays


def check_arrays(arrays: Mapping, extent: Mapping[str, int]) -> np.dtype:
    """Every array of the shape that the ledger gives it, of one dtype, finite. Returns the dtype.

    Shared arrays, which are read-only, have been found finite before.
    """
    dtype = arrays["E"].dtype
    if dtype not in (np.float64, np.float32):
        raise ValueError(f"weights: wanted float64 or float32, E came as {dtype}")
    for name, array in arrays.items():
        wanted = tuple(extent[letter] for letter in WEIGHTS[name.split(".")[-1]].shape)
        if array.shape != wanted:
            raise ValueError(f"weights: {name} came with shape {array.shape}, wanted {wanted}")
        if array.dtype != dtype:
            raise ValueError(f"weights: {name} came as {array.dtype}, E as {dtype}; wanted one dtype")
        if array.flags.writeable and not finite(array):
            raise ValueError(f"weights: {name} holds a number that is not finite")
    return dtype


def finite(array: np.ndarray) -> bool:
    """Whether every number is one. No second array is made.

    The sum of the squares tells, which is quick. Where it is too large itself, the least and the largest tell: a NaN is
    both.
    """
    if array.flags.c_contiguous and isfinite(np.vdot(array, array)):
        return True
    return isfinite(array.min(initial=0)) and isfinite(array.max(initial=0))


def mapped(array: np.ndarray) -> files.Mapped | None:
    """The file whose bytes an array's numbers are; None if they are in memory."""
    while isinstance(array, np.ndarray):
        array = array.base
    file = array.obj if isinstance(array, memoryview) else array
    return file if isinstance(file, files.Mapped) else None


def drawn(names: Iterable[str], extent: Mapping[str, int], scale: float, dtype: np.dtype, seed: int) -> dict:
    """Random arrays by name, as `Model.random` has them: every axis as long as `extent` says of its letter."""
    draw = np.random.default_rng(seed).standard_normal
    weights = {}
    with np.errstate(over="ignore"):  # told in words, below
        for name in names:
            bare = name.split(".")[-1]
            shape = tuple(extent[letter] for letter in WEIGHTS[bare].shape)
            if bare.startswith("gamma"):
                weights[name] = 1 + 0.2 * draw(shape)
            elif len(shape) == 1:
                weights[name] = 0.2 * scale * draw(shape)
            elif bare in ("E", "E_pos"):
                weights[name] = scale * draw(shape)
            else:
                weights[name] = scale * draw(shape) / np.sqrt(shape[1])
            weights[name] = weights[name].astype(dtype)
    if not all(map(finite, weights.values())):
        raise ValueError(f"scale: wanted one whose numbers {dtype} can hold, got {scale}")
    return weights


@cache
def _place(name):
    """Where a weight's gradient stands: the number of its block, None outside of the blocks, and its name there."""
    q, bare = re.fullmatch(r"(?:blocks\.(\d+)\.)?(\w+)", name).groups()
    return (None if q is None else int(q)), f"dL_d{bare}"


def of_weight(grads: Mapping, name: str) -> np.ndarray:
    """The gradient of the weight `name`, of a block's own weight too: "blocks.0.W1" is grads.blocks[0].dL_dW1."""
    block, slope = _place(name)
    return (grads if block is None else grads["blocks"][block])[slope]


def as_gradients(slopes: Mapping[str, np.ndarray]) -> dict:
    """Arrays by their weights' names, laid out as gradients are: what `of_weight` reads and `Model.move` takes."""
    grads = {}
    for name, slope in slopes.items():
        block, gradient = _place(name)
        store = grads if block is None else grads.setdefault("blocks", {}).setdefault(block, {})
        store[gradient] = slope
    return grads


def within(shape: tuple[int, ...], index: tuple[int, ...], name: str) -> tuple[int, ...]:
    """The index of one number of an array of that shape; ValueError, naming the array, for anything else."""
    wanted = f"a tuple within the shape {shape} of {name}"
    if not isinstance(index, tuple) or len(index) != len(shape):
        raise arguments.refused("index", wanted, index)
    try:
        return tuple(arguments.whole("index", i, least=0, most=n - 1) for i, n in zip(index, shape, strict=True))
    except ValueError:
        raise arguments.refused("index", wanted, index) from None
