r"""LaTeX from the index string of an einsum: what a line of code says, written as the equation above it must be.

A small letter is an index; a capital is another index of the same kind, written with a prime. The letters that the
result lacks are summed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import NamedTuple

from gradwalk.names import VALUES

_SYMBOLS = {
    "alpha": r"\alpha",
    "gamma": r"\gamma",
    "gamma2": r"\gamma",
    "beta": r"\beta",
    "beta2": r"\beta",
    "x_hat": r"\hat{x}",
}


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


def of_einsum(code: str, result_name: str | None, dress: Callable[[str, str, str], str] | None = None) -> str | None:
    """The equation that `same(..., einsum(...))` says; None if its second argument is not an einsum.

    `result_name` stands on the left, indexed as the result; with None the equation goes on from the one above it.
    `dress(name, letters, latex)` may add something to each side's parts, such as their shapes.
    """
    einsum = einsum_in(code)
    if einsum is None:
        return None

    def written(name, letters):
        plain = with_indices(name, letters)
        return dress(name, letters, plain) if dress else plain

    scale = r"\frac{1}{\sqrt{D/H}} " if einsum.divisor else ""
    total = rf"\sum_{{{','.join(map(_letter, einsum.summed))}}} " if einsum.summed else ""
    factors = [written(name, letters) for name, letters in zip(einsum.names, einsum.letters, strict=True)]
    left = f"{written(result_name, einsum.result)} " if result_name else ""
    return f"{left}= {scale}{total}{' '.join(factors)}"


def with_indices(name: str, letters: str) -> str:
    """A value, weight, gradient, share or Jacobian with its indices: ("dL_dW", "ij") is the slope in W_ij."""
    if name.startswith("dL_d"):
        quantity, _, road = name.removeprefix("dL_d").partition("_via_")
        slope = rf"\frac{{\partial L}}{{\partial {with_indices(quantity, letters)}}}"
        return rf"\left. {slope} \right|_{{\mathrm{{via}}\,{road}}}" if road else slope
    if jacobian := re.fullmatch(r"d(alpha|[a-zA-Z]\d?)_d(\w+)", name):
        above, below = jacobian.groups()
        rank = len(VALUES[above].shape)
        upper, lower = with_indices(above, letters[:rank]), with_indices(below, letters[rank:])
        return rf"\frac{{\partial {upper}}}{{\partial {lower}}}"
    written = "".join(_letter(one) for one in letters)
    if name in _SYMBOLS:
        return f"{_SYMBOLS[name]}_{{{written}}}"
    stem, _, label = name.partition("_")
    return f"{stem}_{{{label},{written}}}" if label else f"{stem}_{{{written}}}"


def _letter(one):
    return one if one.islower() else one.lower() + "'"
