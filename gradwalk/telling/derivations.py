r"""Derivations that run: the docstring of every gradient, its equations, and the lines of code that check them.

A derivation is a sentence, then equations, each with a reason in words above it and a doctest line below it:

    Only word i's logit contains W_ij, with the factor h_tj:
    $$= \sum_{t} \frac{\partial L}{\partial z_{ti}} h_{tj}$$
    >>> same(dL_dW(dL_dz, h), einsum("ti,tj->ij", dL_dz, h))

The lines run on one worked example. There the function's own name is the function, every other name is the
example's value.
"""

from __future__ import annotations

import ast
import doctest
import inspect
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import starmap
from pkgutil import iter_modules
from typing import NamedTuple

import numpy as np

import gradwalk
from gradwalk.telling import formula
from gradwalk.telling.latex import primed, with_indices
from gradwalk.telling.worked_example import names_for

STEPS = sorted(module.name for module in iter_modules(gradwalk.__path__) if module.name.startswith("step"))
# What the layer norm's functions make when they are told for LN2; every other gradient has its function's name.
RESULTS = {"pullback": "dL_dx1_via_v", "dL_dgamma": "dL_dgamma2", "dL_dbeta": "dL_dbeta2"}
NOTHING = 1e-3  # the example's gradients are of size 0.1; one that is exactly zero, dL_db_K, is told from them by this
CLOSE = 1e-8  # relative to the largest entry; a measured Jacobian of a curved line is good to about 1e-10


class Equation(NamedTuple):
    """One equation: the words above it, its LaTeX, and the code that checks it."""

    reason: str
    latex: str
    code: str


class Derivation(NamedTuple):
    """A gradient's docstring, taken apart."""

    sentence: str
    lines: list[Equation]


_LINE = re.compile(
    r"(?:^(?P<reason>[^\n$>]+)\n)?^\$\$(?P<latex>[^$]+)\$\$\n(?P<code>>>> .*(?:\n\.\.\. .*)*)", re.MULTILINE
)


def derivation(function: Callable) -> Derivation:
    """The derivation in a function's docstring. ValueError if an equation has no line that runs, or the reverse."""
    doc = inspect.getdoc(function) or ""
    sentence, _, rest = doc.partition("\n\n")
    lines = []
    for found in _LINE.finditer(rest):
        (example,) = doctest.DocTestParser().get_examples(found["code"] + "\n")
        lines.append(Equation(" ".join((found["reason"] or "").split()), found["latex"], example.source.strip()))
    if not lines or doc.count("$$") != 2 * len(lines) or doc.count(">>> ") != len(lines):
        raise ValueError(f"{function.__name__}: wanted a line that runs under every equation, and no other")
    return Derivation(" ".join(sentence.split()), lines)


def gradients() -> Iterator[Callable]:
    """Every function of the steps that has a derivation, in the order of the walk back."""
    for step in STEPS:
        module = import_module(f"gradwalk.{step}")
        for function in vars(module).values():
            if (
                inspect.isfunction(function)
                and function.__module__ == module.__name__
                and "$$" in (function.__doc__ or "")
            ):
                yield function


def result(function: Callable) -> str:
    """The gradient's own name, which is not always its function's: "dL_dx1_via_v" is what `pullback` makes."""
    return RESULTS.get(function.__name__, function.__name__)


def run(function: Callable, judge: Callable | None = None) -> list[float]:
    """Run every line of a derivation on the worked example; the largest relative difference of each line.

    Run twice: the code below the equation, and the equation itself, as its LaTeX stands. The sides go to `judge`: by
    default `same`, which raises an AssertionError, with the two numbers that differ most, where they do not agree;
    `difference` only measures. ValueError for LaTeX that cannot be read.
    """
    judge, names, left, largest = judge or same, names_for(function), "", []
    for line in derivation(function).lines:
        found = []

        def note(one, other, found=found):
            found.append(judge(one, other))

        scope = {**names, function.__name__: function, "same": note}
        exec(compile(line.code, f"<derivation of {function.__name__}>", "exec"), scope)
        if not line.latex.startswith("="):
            left = formula.left_side(line.latex)
        for one, other in formula.sides(line.latex, names, left):
            note(one, other)
        largest.append(max(found))
    return largest


def difference(one, other, least: float = NOTHING) -> float:
    """The largest difference, relative to the largest entry (or to `least`); infinite if the shapes differ."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if one.shape != other.shape:
        return float("inf")
    return float(np.abs(one - other).max() / max(np.abs(other).max(), least))


def same(one, other, close: float = CLOSE, least: float = NOTHING) -> float:
    """Two ways to the same numbers: their `difference`.

    AssertionError, with both numbers and where they stand, if it is above `close` or the shapes differ.
    """
    gap = difference(one, other, least)
    if not gap <= close:
        raise AssertionError(furthest(one, other))
    return gap


def furthest(one, other) -> str:
    """Where two arrays differ most, and both numbers there, in words."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if one.shape != other.shape:
        return f"shapes differ: {one.shape} and {other.shape}"
    spot = np.unravel_index(np.argmax(np.abs(one - other)), one.shape)
    return f"at {tuple(map(int, spot))}: {one[spot]:.10g} is not {other[spot]:.10g}"


class Einsum(NamedTuple):
    """A line's einsum, taken apart: its operands (code) with their index letters, the result's, and the divisor.

    A small letter is an index; a capital is another index of the same kind, written with a prime.
    """

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
    """The einsum that `same(..., einsum(...))` compares with; None if its second argument is none, or none of names."""
    expected, divisor = ast.parse(code, mode="eval").body.args[1], ""
    if isinstance(expected, ast.BinOp) and ast.unparse(expected).endswith(" / sqrt(D / H)"):
        expected, divisor = expected.left, ast.unparse(expected.right)
    if not (isinstance(expected, ast.Call) and ast.unparse(expected.func) == "einsum"):
        return None
    indices, *operands = expected.args
    if not all(isinstance(one, (ast.Name, ast.Call)) for one in operands):
        return None
    inputs, result = indices.value.split("->")
    return Einsum(operands, inputs.split(","), result, divisor)


def _bare(name, letters, latex):
    return latex


def einsum_latex(function: Callable, line: Equation, dress: Callable = _bare) -> str | None:
    """The equation that a line's einsum says in indices, or None if it is not an einsum.

    The gradient stands on the left, indexed as the result, unless the line goes on from the one above it.
    `dress(name, letters, latex)` may add something to each side's parts, such as their shapes.
    """
    einsum = einsum_in(line.code)
    if einsum is None:
        return None

    def written(name, letters):
        return dress(name, letters, with_indices(name, letters))

    left = "" if line.latex.startswith("=") else written(result(function), einsum.result) + " "
    scale = r"\frac{1}{\sqrt{D/H}} " if einsum.divisor else ""
    total = rf"\sum_{{{','.join(map(primed, einsum.summed))}}} " if einsum.summed else ""
    factors = zip(einsum.names, einsum.letters, strict=True)
    return f"{left}= {scale}{total}{' '.join(starmap(written, factors))}"
