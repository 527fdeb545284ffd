"""Einsums in code: their operands and index letters, and the equation that they say.

A small letter is an index; a capital is another index of the same kind, written with a prime. The letters that the
result lacks are summed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from gradwalk.telling.latex import primed, with_indices


class Einsum(NamedTuple):
    """A line's einsum, taken apart: its operands (code) with their index letters, the result's, and the divisor."""

    operands: list[ast.expr]
    letters: list[str]
    result: str
    divisor: str

    @property
    def names(self) -> list[str]:
        """The operands by name. split_heads(dL_dO, H) and merge_heads(dL_dQ) are the same numbers, indexed anew."""
        return [(one.args[0] if isinstance(one, ast.Call) else one).id for one in self.operands]

    @property
    def summed(self) -> list[str]:
        """The letters that the result lacks, in the order in which they come."""
        return [letter for letter in dict.fromkeys("".join(self.letters)) if letter not in self.result]


def einsum_in(code: str) -> Einsum | None:
    """The einsum that `same(..., einsum(...))` compares with; None if its second argument is not one."""
    expected, divisor = ast.parse(code, mode="eval").body.args[1], ""
    if isinstance(expected, ast.BinOp) and ast.unparse(expected).endswith(" / sqrt(D / H)"):
        expected, divisor = expected.left, ast.unparse(expected.right)
    if not (isinstance(expected, ast.Call) and ast.unparse(expected.func) == "einsum"):
        return None
    indices, *operands = expected.args
    inputs, result = indices.value.split("->")
    return Einsum(operands, inputs.split(","), result, divisor)


def of_einsum(code: str, result_name: str | None, dress: Callable[[str, str], str] | None = None) -> str | None:
    """The equation that `same(..., einsum(...))` says; None if its second argument is not an einsum.

    `result_name` stands on the left, indexed as the result; with None the equation goes on from the one above it.
    `dress(name, latex)` may add something to each side's parts, such as their shapes.
    """
    einsum = einsum_in(code)
    if einsum is None:
        return None

    def written(name, letters):
        plain = with_indices(name, letters)
        return dress(name, plain) if dress else plain

    scale = r"\frac{1}{\sqrt{D/H}} " if einsum.divisor else ""
    total = rf"\sum_{{{','.join(map(primed, einsum.summed))}}} " if einsum.summed else ""
    factors = [written(name, letters) for name, letters in zip(einsum.names, einsum.letters, strict=True)]
    left = f"{written(result_name, einsum.result)} " if result_name else ""
    return f"{left}= {scale}{total}{' '.join(factors)}"
