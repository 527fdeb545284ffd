"""All settings of a dial side by side, walked on from where it acts, as few directions where that is much less.

As a dial is turned, a value goes along a curve at each position. Where the dial acts, that is a straight line. What a
straight line of the block makes of it is one again; a bent one makes a curve that most often lies in few directions. So
a large weight is multiplied with these few, in place of every setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from gradwalk import block, limits
from gradwalk.block import Line
from gradwalk.model import Model
from gradwalk.names import VALUES, WEIGHTS
from gradwalk.walk import Values

WIDE = 256  # components: in a narrower model the products cost less than to look for directions
FEW = 1 / 4  # of the settings: with more directions than that little is gained
ROUNDING = 4  # last digits of a value: what it moves by less is rounding


class Moving(NamedTuple):
    """A value at K settings of a dial: at each position `still` plus the sum of amount × direction."""

    still: np.ndarray  # (..., T, X), at the present setting
    directions: np.ndarray  # (k, ..., T, X)
    amounts: np.ndarray  # (T, K, k)

    def whole(self) -> np.ndarray:
        """The value at every setting, (K, ..., T, X)."""
        moves = self.amounts @ np.moveaxis(self.directions, 0, -2)  # (..., T, K, X)
        return self.still + np.moveaxis(moves, -2, 0)  # (K, ..., T, X)


def walk_on(model: Model, values: Values, q: int | None, line: Line, moved: Moving) -> Moving | np.ndarray:
    """What meets the vocabulary, h or hf, when the value of this line of block q moves; q is None on the way out.

    Whole, (K, T, D), where its directions are not few. TooLarge as in `forward`.
    """
    moving, lines = {line.value: moved}, block.block(model.settings)
    for k in range(q, len(model.blocks)) if q is not None else ():
        here = values.blocks[k]
        known = {**model.blocks[k], **here, **model.settings, "attends": np.isfinite(here.S)}
        _run(model, _after(line, lines) if k == q else lines, known, moving, f"blocks.{k}.")
        moving = {"x0": moving["h"], "h": moving["h"]}  # what one block made is what the next begins with
    *norm, _, _ = block.way_out(model.settings, model.weights)
    _run(model, _after(line, norm), {**model.weights, **values, **model.settings}, moving, "")
    return moving["hf" if norm else "h"]


def _after(line, lines):
    return lines[lines.index(line) + 1 :] if line in lines else lines


def _run(model, lines, known, moving, prefix):
    """Walk these lines with what moves; what does not move is `known`."""
    for line in lines:
        if movers := {name: moving[name] for name in line.takes if name in moving}:
            moving[line.value] = _through(model, line, known, movers, prefix)


def _through(model, line, known, movers, prefix):
    """What a line makes of values that move: few directions, or whole."""
    (name, x), *others = movers.items()
    if not others and not _mixes(line):  # one value moves, and each position answers on its own
        if line.straight and _weighs(line):
            x = narrow(model, x, known[name])
            if not isinstance(x, Moving):
                return at_each(line, known, name, x)
        if isinstance(x, Moving):
            made = straight(line, known, name, x) if line.straight else _bent(model, line, known, name, x, prefix)
            if made:
                return made
    whole = {name: x.whole() if isinstance(x, Moving) else x for name, x in movers.items()}  # (K, ..., T, X)
    for name, x in whole.items():
        _check(model, line, prefix + name, x)
    return line.function(*_taken(line, known, whole))


def _bent(model, line, known, name, x, prefix):
    """The directions of what a bent line makes, position by position; None if they are not few."""
    if model.D < WIDE:
        return None
    moved = x.directions.any(axis=(0, 1)) if line.entrywise else slice(None)  # (X,): the others stay as they are

    def settings():
        for t in range(len(x.still)):
            at = x.still[t, moved] + x.amounts[t] @ x.directions[:, t, moved]  # (K, X)
            _check(model, line, prefix + name, at)
            yield line.function(*_taken(line, known, {name: at}))

    return few(settings(), known[line.value], moved)


def _taken(line, known, instead):
    return [instead[name] if name in instead else known[name] for name in line.takes]


def _check(model, line, name, x):
    """TooLarge where the line cannot take x, as `limits.check_size` has it of one walk."""
    if line.function is block.NORMS[model.settings["norm"]].function:
        limits.check_normed(model, name, x)
    elif line.value == "alpha":
        limits.check_scores(model, name, x)


def _mixes(line):
    """Whether positions meet in this line: by its letters, where t and s stand side by side."""
    return any({"t", "s"} <= set(VALUES[name].indices) for name in (line.value, *line.takes) if name in VALUES)


def _weighs(line):
    """Whether this line multiplies with a weight."""
    return any(name in WEIGHTS for name in line.takes)


def at_each(line: Line, known: Mapping, name: str, x: np.ndarray) -> np.ndarray:
    """What a line makes where the value `name` is x, (k, T, X), k settings of it: (k, ..., T, Y), by one product."""
    made = line.function(*_taken(line, known, {name: x.reshape(-1, x.shape[-1])}))  # (..., k T, Y)
    return _apart(made, len(x))


def straight(line: Line, known: Mapping, name: str, x: Moving) -> Moving:
    """What a straight line makes of a value that moves: it moves by as much, along what the line makes of directions.

    Less what it makes of nothing: a bias stays where it is.
    """
    nothing = np.zeros_like(x.still[:1])  # (1, X)
    if _weighs(line):
        rows = np.concatenate([x.directions.reshape(-1, x.still.shape[-1]), nothing])  # (k T + 1, X)
        made = line.function(*_taken(line, known, {name: rows}))  # (..., k T + 1, Y)
        moves = _apart(made[..., :-1, :] - made[..., -1:, :], len(x.directions))  # (k, ..., T, Y)
    else:
        made, of_nothing = (line.function(*_taken(line, known, {name: row})) for row in (x.directions, nothing))
        moves = made - of_nothing  # (k, T, Y)
    return Moving(known[line.value], moves, x.amounts)


def _apart(rows, k):
    """(..., k T, Y), the rows of k settings end to end, as (k, ..., T, Y)."""
    return np.moveaxis(rows.reshape(*rows.shape[:-2], k, -1, rows.shape[-1]), -3, 0)


def narrow(model: Model, x: Moving | np.ndarray, still: np.ndarray) -> Moving | np.ndarray:
    """A value by few directions if it can be had by them, and the model is so wide that it pays."""
    if isinstance(x, Moving) or model.D < WIDE:
        return x
    return few(np.moveaxis(x, 1, 0), still) or x


def few(settings: Iterable[np.ndarray], still: np.ndarray, some=slice(None)) -> Moving | None:
    """A value by few directions, or None. Its settings come position by position, (K, X), or `some` of the entries."""
    found = []
    for at, there in zip(settings, still[:, some], strict=True):
        if (own := _directions(at - there, np.linalg.norm(there))) is None:
            return None
        found.append(own)
    k = max(1, *map(len, found))
    moving = Moving(still, np.zeros((k, *still.shape), still.dtype), np.zeros((len(still), len(at), k), still.dtype))
    for t, own in enumerate(found):
        for i, (direction, amount) in enumerate(own):
            moving.directions[i, t, some], moving.amounts[t, :, i] = direction, amount
    return moving


def _directions(left, size):
    """Directions (X,) and the amounts (K,) of each that make these moves (K, X) of a value of this size; None if many.

    The farthest move is the first direction; its part is taken out of every move; and so on, until only rounding is
    left (Gram and Schmidt's way, the largest first).
    """
    found, rounding = [], ROUNDING * np.finfo(left.dtype).eps
    while True:
        squares = np.einsum("kx,kx->k", left, left)  # (K,)
        far = squares.argmax()
        size = size if found else size + np.sqrt(squares[far])
        if not np.isfinite(size + squares[far]):
            return None
        if np.sqrt(squares[far]) <= rounding * size:
            return found
        if len(found) >= FEW * len(left):
            return None
        direction = left[far].copy()  # (X,)
        amount = left @ direction / squares[far]  # (K,)
        left -= np.outer(amount, direction)
        found.append((direction, amount))
