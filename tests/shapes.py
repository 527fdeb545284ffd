"""Random models and sentences on which every gradient is checked: all sizes different, all forms of the model."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pytest

from gradwalk import block, walk
from gradwalk.model import Model
from gradwalk.telling.derivations import furthest

NORMS = list(block.NORMS)
FORMS = 64  # six choices of two: every form of the model comes exactly once, and once more with each other norm
COUNT = FORMS * len(NORMS)
# For every case a test; the inner loop takes those of one form in sixteen.
CASES = pytest.mark.parametrize(
    "number", [pytest.param(n, marks=[pytest.mark.slow] * (n % 17 > 0)) for n in range(COUNT)]
)
EPS = (1e-5, 0.3, 1e-6)  # inside the norms' roots; a setting of the model like any other
EDGE = 1e-3  # no ReLU unit this near to 0, where the slope is not one number


class Case(NamedTuple):
    """A model, and what it reads: one or several sentences, and the next words, -1 where not scored."""

    model: Model
    tokens: list
    y: list


@lru_cache(maxsize=COUNT)
def case(number: int) -> Case:
    """Case `number` of 0 to COUNT - 1; its binary digits choose the form, its own random numbers all else.

    Those below FORMS have the layer norm.
    """
    names = ("gelu", "two_blocks", "tied", "final_norm", "no_bias", "several")
    form = {name: bool(number >> place & 1) for place, name in enumerate(names)}
    form |= {"eps": EPS[number % len(EPS)], "norm": NORMS[number // FORMS]}
    rng = np.random.default_rng(number)
    while True:
        drawn = _draw(rng, **form)
        values = walk.forward(*drawn)
        if form["gelu"] or min(np.abs(block.u).min() for block in values.blocks) > EDGE:
            return drawn


def sizes(rng):
    """D, F, H, N and the lengths of three sentences: all sizes different, their sum T too, D at least 3."""
    while True:
        D, F, N = (int(size) for size in rng.integers([3, 3, 5], [11, 12, 13]))
        H = int(rng.choice([H for H in range(2, D) if D % H == 0] or [1]))  # one head only where D is a prime
        lengths = [int(length) for length in rng.integers(1, 6, size=3)]
        T = sum(lengths)
        if len({T, D, F, H, N}) == 5 and len(set(lengths)) == 3:
            return D, F, H, N, lengths


def _draw(rng, gelu, two_blocks, tied, final_norm, no_bias, several, eps, norm):
    D, F, H, N, lengths = sizes(rng)
    model = Model.random(
        seed=int(rng.integers(1 << 30)),
        words=[f"word{i}" for i in range(N)],
        D=D,
        F=F,
        H=H,
        blocks=2 if two_blocks else 1,
        activation="gelu" if gelu else "relu",
        eps=eps,
        norm=norm,
        T_max=sum(lengths) + 1,
        tied=tied,
        final_norm=final_norm,
        bias=not no_bias,
    )
    tokens, y = rng.integers(N, size=(2, sum(lengths)))
    y[rng.choice(len(y), size=len(y) // 3, replace=False)] = -1
    borders = np.cumsum(lengths)[:-1] if several else []
    return Case(model, np.split(tokens, borders), np.split(y, borders))


def flat(store) -> dict[str, np.ndarray]:
    """Values or gradients as one dictionary: "dL_dW", and a block's own by "blocks.0.dL_dW1"."""
    arrays = {f"blocks.{q}.{name}": array for q, block in enumerate(store["blocks"]) for name, array in block.items()}
    inner = {name for block in store["blocks"] for name in block}
    top = {
        name: array
        for name, array in store.items()
        if isinstance(array, (np.ndarray, np.generic)) and name not in inner
    }
    return top | arrays


def worst_error(derived: dict, wanted: dict) -> tuple[float, str]:
    """The largest error of all gradients, and in words where, with both numbers there. Each is relative to its own
    largest entry, or to 1e-3 of the largest of all where it is smaller than that: dL_db_K is exactly zero."""
    assert derived.keys() == wanted.keys(), derived.keys() ^ wanted.keys()
    largest = max(np.abs(array).max() for array in wanted.values())
    errors = {}
    for name, array in wanted.items():
        assert derived[name].shape == array.shape, (name, derived[name].shape, array.shape)
        scale = max(np.abs(array).max(), 1e-3 * largest)
        error = np.abs(derived[name] - array).max() / scale
        errors[name] = float(error) if np.isfinite(error) else np.inf
    name = max(errors, key=errors.get)
    return errors[name], f"{name} {furthest(derived[name], wanted[name])}"
