"""Which weights a model has, how large they are, and what is asked of them before they are a model's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from gradwalk import arguments
from gradwalk.names import BLOCK_WEIGHTS, WEIGHTS, unknown


def all_names(blocks: int, top: Iterable[str]) -> Iterator[str]:
    """All weight names in the order of the walk out, those of a block once per block."""
    for name in top:
        if name not in BLOCK_WEIGHTS or blocks == 1:
            yield name
        elif name == next(iter(BLOCK_WEIGHTS)):  # where the blocks begin
            yield from (f"blocks.{q}.{inner}" for q in range(blocks) for inner in BLOCK_WEIGHTS)


def sizes(arrays: Mapping, N: int, H: int) -> tuple[int, ...]:
    """D, F, H, N, T_max and the number of blocks, read off the arrays; a missing or unknown name is a ValueError."""
    numbers = {found[1] for name in arrays if (found := re.match(r"blocks\.(\d+)\.", name))}
    blocks = max(len(numbers), 1)
    optional = {"W", "b", "gammaf", "betaf"}
    known = list(all_names(blocks, WEIGHTS))
    strange = [name for name in arrays if name not in known]
    if strange:
        raise ValueError(f"weights: {unknown('weight', strange[0], known)}")
    wanted = [name for name in known if name not in optional]
    wanted += [name for name in ("gammaf", "betaf") if {"gammaf", "betaf"} & set(arrays)]
    missing = [name for name in wanted if name not in arrays]
    if missing:
        raise ValueError(f"weights: missing {', '.join(missing)}")
    first_W1 = arrays["W1" if blocks == 1 else "blocks.0.W1"]
    if arrays["E"].ndim != 2 or arrays["E_pos"].ndim != 2 or first_W1.ndim != 2:
        raise ValueError("weights: wanted E, E_pos and W1 with two axes each")
    D, F, T_max = arrays["E"].shape[1], len(first_W1), len(arrays["E_pos"])
    return D, F, heads(H, D), N, T_max, blocks


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


def own_arrays(weights: Mapping) -> dict[str, np.ndarray]:
    """Every array copied, in this machine's byte order."""
    arguments.instance("weights", weights, Mapping)
    arrays = {}
    for name, given in weights.items():
        arguments.words("weights", name, "their names as text")
        try:
            array = np.array(given, order="C")
            arrays[name] = array.astype(array.dtype.newbyteorder("="), copy=False)
        except Exception:
            raise ValueError(f"weights: {name} is no array, it came as {arguments.shown(given)}") from None
    return arrays


def check_arrays(arrays: Mapping, extent: Mapping[str, int]) -> np.dtype:
    """Every array of the shape that the ledger gives it, of one dtype, finite. Returns the dtype."""
    dtype = arrays["E"].dtype
    if dtype not in (np.float64, np.float32):
        raise ValueError(f"weights: wanted float64 or float32, E came as {dtype}")
    for name, array in arrays.items():
        wanted = tuple(extent[letter] for letter in WEIGHTS[name.split(".")[-1]].shape)
        if array.shape != wanted:
            raise ValueError(f"weights: {name} came with shape {array.shape}, wanted {wanted}")
        if array.dtype != dtype:
            raise ValueError(f"weights: {name} came as {array.dtype}, E as {dtype}; wanted one dtype")
        if not np.isfinite(array).all():
            raise ValueError(f"weights: {name} holds a number that is not finite")
    return dtype


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
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise ValueError(f"scale: wanted one whose numbers {dtype} can hold, got {scale}")
    return weights


def of_weight(grads: Mapping, name: str) -> np.ndarray:
    """The gradient of the weight `name`, of a block's own weight too: "blocks.0.W1" is grads.blocks[0].dL_dW1."""
    block, bare = re.fullmatch(r"(?:blocks\.(\d+)\.)?(\w+)", name).groups()
    return (grads if block is None else grads["blocks"][int(block)])[f"dL_d{bare}"]


def within(shape: tuple[int, ...], index: tuple[int, ...], name: str) -> tuple[int, ...]:
    """The index of one number of an array of that shape; ValueError, naming the array, for anything else."""
    wanted = f"a tuple within the shape {shape} of {name}"
    if not isinstance(index, tuple) or len(index) != len(shape):
        raise arguments.refused("index", wanted, index)
    try:
        return tuple(arguments.whole("index", i, least=0, most=n - 1) for i, n in zip(index, shape, strict=True))
    except ValueError:
        raise arguments.refused("index", wanted, index) from None
