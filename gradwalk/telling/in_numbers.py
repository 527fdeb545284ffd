"""A derivation's last equation with numbers put in, at one entry: every factor, every term that is not zero."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

from gradwalk.names import EXTENTS, SIZES
from gradwalk.telling import derivations, formula
from gradwalk.telling.latex import Part, read
from gradwalk.telling.tables import MINUS, number

ROUNDING = 1e-12  # of the largest term: what is smaller is zero
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SIGNS = {r"\sqrt": "√", r"\pi": "π"}


def in_numbers(function: Callable, names: Mapping[str, object], most: int | None = 4) -> str:
    """The largest entry of a gradient as its last equation makes it: "dL_dW[2, 1] = 0.3 × 0.2 = 0.06".

    `names`: the values, weights, gradients and sizes that the equation speaks of. Of a long sum the `most` largest
    terms stand there and the number of the others; None for all.
    """
    lines = [line.latex for line in derivations.derivation(function).lines]
    begins = next(latex for latex in reversed(lines) if not latex.startswith("="))
    left, right = read(begins).parts[0].parts[0], read(lines[-1]).parts[0].parts[-1]
    sizes = {**names, "D/H": names["D"] // names["H"]}
    entries = names.get(left.name) if left.kind == "slope" else None  # what the walk back made, if it did
    shape = [sizes[EXTENTS[letter[0]]] for letter in left.letters] if entries is None else entries.shape
    extents = dict(zip(left.letters, shape, strict=True))
    entries = formula.everywhere(right, names, extents) if entries is None else entries
    spot = dict(zip(extents, map(int, np.unravel_index(np.abs(entries).argmax(), entries.shape)), strict=True))
    told, entry = _Teller(names, sizes, most).term(right, spot), number(float(formula.at(right, names, spot)))
    index = ", ".join(map(str, spot.values()))
    return f"{derivations.result(function)}[{index}] = {told}" + ("" if told == entry else f" = {entry}")


class _Teller:
    """Writes a formula with numbers in place of its quantities."""

    def __init__(self, names, sizes, most):
        self.names, self.sizes, self.most = names, sizes, most

    def term(self, part: Part, spot: Mapping[str, int]) -> str:
        """A part as it stands alone or begins a sum."""
        match part.kind:
            case "product":
                return " × ".join(self.factor(one, spot) for one in part.parts)
            case "sum":
                return "".join(self.added(one, spot, first=k == 0) for k, one in enumerate(part.parts))
            case "minus":
                return f"{MINUS}{self.factor(part.parts[0], spot)}"
            case "fraction":
                above, below = (self.factor(one, spot) for one in part.parts)
                return f"{above} / ({below})" if part.parts[1].kind in ("product", "fraction") else f"{above} / {below}"
            case "bracket":
                return f"({self.term(part.parts[0], spot)})"
            case "power":
                base, power = part.parts
                return self.factor(base, spot) + power.name.translate(_RAISED)
            case "function":
                inner = self.term(part.parts[0], spot)
                return _SIGNS.get(part.name, part.name.lstrip("\\")) + (
                    inner if part.parts[0].kind == "bracket" else f"({inner})"
                )
            case "total":
                return self.total(part, spot)
            case "condition" if part.name == ">":
                return f"[{' > '.join(self.term(one, spot) for one in part.parts)}]"
            case "number":
                return _SIGNS.get(part.name, part.name)
        value = float(formula.at(part, self.names, spot))
        return number(int(value) if part.kind == "condition" or part.name in SIZES else value)

    def factor(self, part, spot):
        """A part among factors: what is a sum, or below zero, stands in brackets."""
        told = self.term(part, spot)
        several = part.kind == "sum" or (part.kind == "total" and re.search(rf" [+{MINUS}] ", told))
        return f"({told})" if several or told.startswith(MINUS) else told

    def added(self, part, spot, *, first):
        """A part among the terms of a sum, with its sign."""
        if part.kind == "minus":
            return f"{MINUS if first else f' {MINUS} '}{self.factor(part.parts[0], spot)}"
        told = self.term(part, spot)
        return told if first else f" {MINUS} {told[1:]}" if told.startswith(MINUS) else f" + {told}"

    def total(self, part, spot):
        """A sum over letters, multiplied out: of the terms that are not zero the largest, in their order."""
        (body,) = part.parts
        spots = [
            {**spot, **dict(zip(part.letters, at, strict=True))}
            for at in np.ndindex(*(self.sizes[EXTENTS[letter[0]]] for letter in part.letters))
        ]
        sizes = np.abs([float(formula.at(body, self.names, at)) for at in spots])
        there = [k for k in np.argsort(-sizes, kind="stable") if sizes[k] > ROUNDING * sizes.max()]
        shown = sorted(there[: self.most])
        terms = [self.added(body, spots[k], first=n == 0) for n, k in enumerate(shown)]
        rest = f" + {len(there) - len(shown)} smaller" if len(there) > len(shown) else ""
        return "".join(terms) + rest or number(0.0)
