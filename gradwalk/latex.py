r"""LaTeX from the index string of an einsum: what a line of code says, written as the equation above it must be.

A small letter is an index; a capital is another index of the same kind, written with a prime. The letters that the
result lacks are summed.
"""

from __future__ import annotations

import ast
import re

_SYMBOLS = {
    "alpha": r"\alpha",
    "gamma": r"\gamma",
    "gamma2": r"\gamma",
    "beta": r"\beta",
    "beta2": r"\beta",
    "x_hat": r"\hat{x}",
}
_RANKS = {"Q": 3, "K": 3, "V": 3, "S": 3, "alpha": 3}  # how many indices a value has, where it is not two


def of_einsum(code: str, result_name: str | None) -> str | None:
    """The equation that `same(..., einsum(...))` says; None if its second argument is not an einsum.

    `result_name` stands on the left, indexed as the result; with None the equation goes on from the one above it.
    """
    expected = ast.parse(code, mode="eval").body.args[1]
    scale = ""
    if isinstance(expected, ast.BinOp) and ast.unparse(expected).endswith(" / sqrt(D / H)"):
        expected, scale = expected.left, r"\frac{1}{\sqrt{D/H}} "
    if not (isinstance(expected, ast.Call) and ast.unparse(expected.func) == "einsum"):
        return None
    indices, *operands = expected.args
    inputs, result = indices.value.split("->")
    summed = [_letter(one) for one in dict.fromkeys(inputs.replace(",", "")) if one not in result]
    total = rf"\sum_{{{','.join(summed)}}} " if summed else ""
    factors = [_factor(operand, letters) for operand, letters in zip(operands, inputs.split(","), strict=True)]
    left = f"{with_indices(result_name, result)} " if result_name else ""
    return f"{left}= {scale}{total}{' '.join(factors)}"


def with_indices(name: str, letters: str) -> str:
    """A value, weight, gradient, share or Jacobian with its indices: ("dL_dW", "ij") is the slope in W_ij."""
    if name.startswith("dL_d"):
        quantity, _, road = name.removeprefix("dL_d").partition("_via_")
        slope = rf"\frac{{\partial L}}{{\partial {with_indices(quantity, letters)}}}"
        return rf"\left. {slope} \right|_{{{road}}}" if road else slope
    if jacobian := re.fullmatch(r"d(alpha|[a-zA-Z]\d?)_d(\w+)", name):
        above, below = jacobian.groups()
        rank = _RANKS.get(above, 2)
        upper, lower = with_indices(above, letters[:rank]), with_indices(below, letters[rank:])
        return rf"\frac{{\partial {upper}}}{{\partial {lower}}}"
    written = "".join(_letter(one) for one in letters)
    if name in _SYMBOLS:
        return f"{_SYMBOLS[name]}_{{{written}}}"
    stem, _, label = name.partition("_")
    return f"{stem}_{{{label},{written}}}" if label else f"{stem}_{{{written}}}"


def _letter(one):
    return one if one.islower() else one.lower() + "'"


def _factor(operand, letters):
    if isinstance(operand, ast.Call):  # split_heads(dL_dO, H), merge_heads(dL_dQ): the same numbers, indexed anew
        operand = operand.args[0]
    return with_indices(operand.id, letters)
