"""The web, product by product: the products that were summed into one number of a gradient."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping

import numpy as np

from gradwalk import arguments
from gradwalk.telling import derivations
from gradwalk.telling.page import Page
from gradwalk.telling.tables import of_columns
from gradwalk.telling.worked_example import names_for
from gradwalk.weights import within


class Summands:
    """One entry of a gradient as a sum of products.

    summed: the letters that are summed over; spots: what they stand for, one tuple a product; factors: by name, (K,)
    numbers each; products (K,), the scale in them; entry: their sum.
    """

    def __init__(self, function: Callable, index: tuple[int, ...], names: Mapping[str, object] | None = None):
        """`function`: a gradient whose derivation has an einsum, such as dL_dW; `index`: one entry of the result.

        `names`: the arrays that the einsum speaks of, by default the worked example's. ValueError for a gradient
        that is no sum of products, an index that is not in it, or an array that is missing or of another shape.
        """
        if not inspect.isfunction(function):
            raise arguments.refused("function", "a gradient of the steps, such as dL_dW", function)
        einsum = sum_in(function)
        if einsum is None:
            raise ValueError(f"function: no line of {function.__name__} is a sum of products")
        if names is not None and not isinstance(names, Mapping):
            raise arguments.refused("names", "arrays by their names", names)
        names = dict(names_for(function) if names is None else names)
        arrays, extent = _operands(einsum, names)
        self.name = derivations.result(function)
        self.index = within(tuple(extent[letter] for letter in einsum.result), index, self.name)
        self.summed = einsum.summed
        self.spots = list(np.ndindex(*(extent[letter] for letter in self.summed)))
        fixed = dict(zip(einsum.result, self.index, strict=True))
        at = [fixed | dict(zip(self.summed, spot, strict=True)) for spot in self.spots]
        self.factors = {
            name: np.array([array[tuple(here[letter] for letter in letters)] for here in at])  # (K,)
            for name, letters, array in zip(_apart(einsum), einsum.letters, arrays, strict=True)
        }
        self.scale = 1 / arguments.number("names", _value(einsum.divisor, names), above=0) if einsum.divisor else 1.0
        self.products = np.prod(list(self.factors.values()), axis=0) * self.scale  # (K,)
        self.entry = float(self.products.sum())


def cell(function: Callable, index: tuple[int, ...], names: Mapping[str, object] | None = None) -> Page:
    """One number of a gradient as the web that made it: every strand's factors, and the products that were summed.

    `function` and `index`: `show.cell(dL_dh, (4, 2))`. `names`: your own values, weights and gradients by name, such
    as {**model.weights, **values, **grads}; by default those of the worked example.
    """
    summands = Summands(function, index, names)
    heads = [*summands.factors, "product" if summands.scale == 1 else "product / √(D/H)"]
    columns = [factor.tolist() for factor in (*summands.factors.values(), summands.products)]
    if summands.summed:
        spots = [", ".join(map(str, spot)) for spot in summands.spots]
        lasts = ["sum", *("" for _ in summands.factors), summands.entry]
        heads = [", ".join(summands.summed), *heads]
        columns = [[*column, last] for column, last in zip([spots, *columns], lasts, strict=True)]
    return of_columns(heads, columns, 4)


def sum_in(function: Callable) -> derivations.Einsum | None:
    """The sum of products in a gradient's derivation, or None; the last one if several: it has the fewest indices."""
    found = [derivations.einsum_in(line.code) for line in derivations.derivation(function).lines]
    return next((einsum for einsum in reversed(found) if einsum), None)


def _apart(einsum):
    """The operands' names; with their indices where one array is in it twice."""
    twice = len(set(einsum.names)) < len(einsum.names)
    named = zip(einsum.names, einsum.letters, strict=True)
    return [f"{name}[{', '.join(letters)}]" if twice else name for name, letters in named]


def _operands(einsum, names):
    """The arrays, and how far each index letter runs."""
    arrays, extent = [], {}
    for name, letters, operand in zip(einsum.names, einsum.letters, einsum.operands, strict=True):
        array = arguments.numbers("names", _value(ast.unparse(operand), names))
        own = dict(zip(letters, array.shape, strict=False))
        if array.ndim != len(letters) or any(extent.get(letter, n) != n for letter, n in own.items()):
            raise ValueError(
                f"names: {name} came as {array.shape}, wanted the indices {', '.join(letters)} of the others"
            )
        arrays.append(array)
        extent |= own
    return arrays, extent


def _value(code, names):
    try:
        return eval(code, dict(names))
    except NameError as missing:
        raise ValueError(f"names: wanted {missing.name} too, for {code}") from None
    except Exception as error:  # what came under a name is nothing to reckon with
        raise ValueError(f"names: wanted arrays for {code}, got others ({' '.join(str(error).split())})") from None
