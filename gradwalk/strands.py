"""The web, strand by strand: the products that were summed into one number of a gradient."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import numpy as np

from gradwalk import derive
from gradwalk.latex import Einsum, einsum_in
from gradwalk.model import within


class Strands:
    """One entry of a gradient as a sum of products.

    summed: the letters that are summed over; spots: what they stand for, one tuple a strand; factors: by name, (K,)
    numbers each; products (K,), the scale in them; entry: their sum.
    """

    def __init__(self, function: Callable, index: tuple[int, ...], names: Mapping[str, object] | None = None):
        """`function`: a gradient whose derivation has an einsum, such as dL_dW; `index`: one entry of the result.

        `names`: the arrays that the einsum speaks of, by default the worked example's. ValueError for a gradient
        that is no sum of products, or an index that is not in it.
        """
        names = dict(derive.names_for(function) if names is None else names)
        einsum = sum_in(function)
        if einsum is None:
            raise ValueError(f"function: no line of {function.__name__} is a sum of products")
        arrays = [_value(ast.unparse(operand), names) for operand in einsum.operands]
        extent = {}
        for letters, array in zip(einsum.letters, arrays, strict=True):
            extent |= dict(zip(letters, array.shape, strict=True))
        self.name = function.__name__
        self.index = within(tuple(extent[letter] for letter in einsum.result), index, self.name)
        self.summed = einsum.summed
        self.spots = list(np.ndindex(*(extent[letter] for letter in self.summed)))
        fixed = dict(zip(einsum.result, self.index, strict=True))
        at = [fixed | dict(zip(self.summed, spot, strict=True)) for spot in self.spots]
        self.factors = {
            name: np.array([array[tuple(here[letter] for letter in letters)] for here in at])  # (K,)
            for name, letters, array in zip(einsum.names, einsum.letters, arrays, strict=True)
        }
        self.scale = 1 / _value(einsum.divisor, names) if einsum.divisor else 1.0
        self.products = np.prod(list(self.factors.values()), axis=0) * self.scale  # (K,)
        self.entry = float(self.products.sum())


def sum_in(function: Callable) -> Einsum | None:
    """The sum of products in a gradient's derivation, or None; the last one if several: it has the fewest indices."""
    found = [einsum_in(line.code) for line in derive.derivation(function).lines]
    return next((einsum for einsum in reversed(found) if einsum), None)


def largest_entry(function: Callable) -> tuple[int, ...]:
    """Where the worked example's gradient is largest in size: a good entry to show."""
    gradient = derive.names_for(function)[derive.RESULTS.get(function.__name__, function.__name__)]
    return tuple(int(i) for i in np.unravel_index(np.abs(gradient).argmax(), gradient.shape))


def _value(code, names):
    return eval(code, names)
