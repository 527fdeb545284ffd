"""How the weights lie in a checkpoint's arrays: nothing but what its dialect's column of the table says."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradwalk.dialect_table import SAID, Said, in_block
from gradwalk.names import BLOCK_WEIGHTS, WEIGHTS

Key = tuple[int | None, str]  # a weight's block, None outside of the blocks, and its name


def places(dialect: str, blocks: int) -> dict[Key, Said]:
    """Where each weight lies. An array that is read at both ends, tied, is the first weight's alone."""
    keys = [(None, name) for name in WEIGHTS if name not in BLOCK_WEIGHTS]
    keys += [(q, name) for q in range(blocks) for name in BLOCK_WEIGHTS]
    found, taken = {}, set()
    for q, name in keys:
        own = SAID[dialect].get(name)
        if own and q is not None:
            own = own._replace(name=in_block(own.name, dialect, q))
        if own and own not in taken:
            found[q, name] = own
            taken.add(own)
    return found


def shapes(dialect: str, sizes: Mapping[str, int], blocks: int) -> dict[str, tuple[int, ...]]:
    """The shape of every array, by its name there; `sizes`: a number for each letter that the weights' shapes have."""
    found = {}
    for (_, name), own in places(dialect, blocks).items():
        rows, *columns = (sizes[letter] for letter in WEIGHTS[name].shape)
        shape = (own.parts * rows, *columns)
        found[own.name] = shape[::-1] if own.transposed else shape
    return found


def weights(arrays: Mapping[str, np.ndarray], dialect: str, blocks: int) -> dict[Key, np.ndarray]:
    """The course's weights, in its own layout, as views of a checkpoint's arrays."""
    found = {}
    for key, own in places(dialect, blocks).items():
        whole = arrays[own.name].T if own.transposed else arrays[own.name]
        found[key] = np.split(whole, own.parts)[own.part - 1]
    return found


def arrays(weights: Mapping[Key, np.ndarray], dialect: str, blocks: int) -> dict[str, np.ndarray]:
    """A checkpoint's arrays by their names there: the way back from `weights`."""
    parts = {}
    for key, own in places(dialect, blocks).items():
        parts.setdefault((own.name, own.transposed), {})[own.part] = weights[key]
    whole = {there: np.concatenate([cut[k] for k in sorted(cut)]) for there, cut in parts.items()}
    return {name: array.T if transposed else array for (name, transposed), array in whole.items()}
