r"""A displayed equation, evaluated as it stands: what the LaTeX says, in numbers.

A walk over the equation's tree, of all entries at once: every index letter has an axis of its own. A slope
\frac{\partial L}{\partial W_{ij}} is looked up as dL_dW, a Jacobian \frac{\partial z_{tk}}{\partial W_{ij}} as dz_dW,
a share with its road as dL_dx1_via_h.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import NamedTuple

import numpy as np

from gradwalk.measure import STEP
from gradwalk.names import EXTENTS
from gradwalk.step5_attention import merge_heads, split_heads
from gradwalk.telling.latex import Part, read

# What is done to the values of a part's own parts, by its name, or its kind where it has none.
_OPERATIONS = {
    **{"minus": np.negative, "fraction": np.divide, "power": np.power},
    **{"sum": lambda *terms: sum(terms), "product": lambda *factors: prod(factors)},
    **{r"\exp": np.exp, r"\log": np.log, r"\sqrt": np.sqrt, r"\tanh": np.tanh},
    **{"=": np.equal, ">": np.greater, r"\ge": np.greater_equal},
    **{"<": np.less, r"\le": np.less_equal, r"\ne": np.not_equal},
}


def sides(latex: str, names: Mapping[str, object], left: str = "") -> list[tuple[np.ndarray, np.ndarray]]:
    r"""The two sides of every equals sign, as arrays over the free indices: those of the leftmost side.

    `left` is the left side of an equation that begins with "=": the one above it. Several equations may stand side
    by side, parted by a comma and `\qquad`. ValueError, with the place, for LaTeX that is not understood.
    """
    pairs = []
    for equation in read(left + latex if latex.lstrip().startswith("=") else latex).parts:
        here = _Spots(names, {}, ()).along(_free(equation.parts[0], names))
        values = [here.everywhere(side) for side in equation.parts]
        pairs += [(values[0], value) for value in values[1:]]
    return pairs


def everywhere(part: Part, names: Mapping[str, object], extents: Mapping[str, int]) -> np.ndarray:
    """A part's value along free indices, each as long as `extents` says. ValueError as in `sides`."""
    return _Spots(names, {}, ()).along(extents).everywhere(part)


def at(part: Part, names: Mapping[str, object], spot: Mapping[str, int]) -> np.ndarray:
    """A part's value at one spot: one number, each free letter at its index. ValueError as in `sides`."""
    return _Spots(names, {letter: np.asarray(index) for letter, index in spot.items()}, ()).everywhere(part)


def left_side(latex: str) -> str:
    """What stands before the first equals sign that is not inside brackets or a subscript."""
    left = read(latex).parts[0].parts[0]
    return latex[left.start : left.end]


class _Spots(NamedTuple):
    """All spots at which a part is evaluated: the value of every index letter there, along an axis of its own."""

    names: Mapping[str, object]
    at: dict[str, np.ndarray]
    shape: tuple[int, ...]

    def along(self, extents: Mapping[str, int]) -> _Spots:
        """The same with more index letters, each along an axis before the others."""
        shape = (*extents.values(), *self.shape)
        axes = np.ogrid[tuple(map(slice, shape))][: len(extents)]
        return self._replace(at=self.at | dict(zip(extents, axes, strict=True)), shape=shape)

    def everywhere(self, part: Part) -> np.ndarray:
        """A part's value at every spot, of `shape`."""
        return np.broadcast_to(self.value(part), self.shape)

    def value(self, part: Part):
        """A number, or an array that broadcasts to `shape`."""
        match part.kind:
            case "quantity" | "slope" | "jacobian":
                return self.entry(part) * 1.0  # whole numbers have no negative powers
            case "number":
                return np.pi if part.name == r"\pi" else float(part.name)
            case "index":
                return self.index(part.letters[0])
            case "total":
                return self.total(part)
            case "derivative":
                return self.derivative(*part.parts)
        operation = _OPERATIONS.get(part.name or part.kind, lambda inner: inner)  # a bracket is what is in it
        return operation(*map(self.value, part.parts)) * 1.0  # what holds is 1

    def entry(self, part):
        array = _array(part, self.names)
        try:
            return array[tuple(self.index(letter) for letter in part.letters)]
        except IndexError as lost:
            raise ValueError(f"formula: an index of {part.name} is too large: {lost}") from None

    def index(self, letter):
        """The values of an index letter; y_t is itself the true word of a position, a digit stands for itself."""
        if letter.startswith("y_"):
            return np.asarray(self.names["y"])[self.index(letter[2:])]
        if letter.isdigit():
            return np.asarray(int(letter))
        if letter not in self.at:
            raise ValueError(f"formula: the index {letter} is neither free nor summed")
        return self.at[letter]

    def total(self, part):
        sizes = {**self.names, "D/H": self.names["D"] // self.names["H"]}
        within = self.along({letter: sizes[EXTENTS[letter[0]]] for letter in part.letters})
        values = within.everywhere(*part.parts)
        if part.name == "scored":
            values = np.where(within.index("y_t") >= 0, values, 0.0)
        return values.sum(axis=tuple(range(len(part.letters))))

    def derivative(self, quantity, body):
        """Measured: at every spot the quantity's entry there is nudged."""
        slopes = np.empty(self.shape)
        entries = [np.broadcast_to(self.index(letter), self.shape) for letter in quantity.letters]
        for spot in np.ndindex(self.shape):
            ends = []
            for step in (STEP, -STEP):
                nudged = np.array(self.names[quantity.name])
                nudged[tuple(entry[spot] for entry in entries)] += step
                ends.append(self._replace(names={**self.names, quantity.name: nudged}).everywhere(body)[spot])
            slopes[spot] = (ends[0] - ends[1]) / (2 * STEP)
        return slopes


def _free(part, names):
    """The index letters of a part that are not summed in it, with their extents, those of the arrays it names."""
    if part.kind in ("quantity", "slope", "jacobian"):
        own = zip(part.letters, _array(part, names).shape, strict=True)
        return {letter: n for letter, n in own if not letter.startswith("y_")}
    found = {}
    for one in part.parts:
        found |= _free(one, names)
    return {letter: n for letter, n in found.items() if part.kind != "total" or letter not in part.letters}


def _array(part, names):
    """The array of a quantity, with as many axes as it has indices here.

    Q_{tc} is Q with its heads side by side, O_{etd} is O taken apart by heads: the same numbers. A Jacobian has its
    heads as they are measured.
    """
    if part.name not in names:
        raise ValueError(f"formula: there is no {part.name} among the numbers")
    array, count = np.asarray(names[part.name]), len(part.letters)
    if part.kind != "jacobian" and {array.ndim, count} == {2, 3}:
        array = merge_heads(array) if count == 2 else split_heads(array, names["H"])
    if array.ndim != count:
        raise ValueError(f"formula: {part.name} has {array.ndim} indices, {count} are written")
    return array
