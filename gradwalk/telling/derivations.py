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
from functools import cache
from importlib import import_module
from itertools import starmap
from typing import NamedTuple

import numpy as np

from gradwalk import measure, step2_mlp
from gradwalk.model import Model
from gradwalk.step3_layernorm import normed, spread
from gradwalk.step5_attention import merge_heads, split_heads
from gradwalk.telling import formula
from gradwalk.telling.latex import primed, with_indices
from gradwalk.walk import backward, forward

STEPS = ("step1_output", "step2_mlp", "step3_layernorm", "step4_residual", "step5_attention", "step6_embedding")
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
    """Every function of the steps that is a gradient, in the order of the walk back."""
    for step in STEPS:
        module = import_module(f"gradwalk.{step}")
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and function.__module__ == module.__name__
            if own and (name.startswith("dL_d") or name in ("pullback", "relu_slope", "gelu_slope")):
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


def names_for(function: Callable) -> dict[str, object]:
    """What the names in a function's derivation stand for: the worked example's values, GELU's own where it is told."""
    names = example(is_tied(function))
    if function.__name__ != step2_mlp.gelu_slope.__name__:
        return names
    r = step2_mlp.gelu(names["u"])  # (T, F)
    flat = (step2_mlp.gelu(names["u"] + measure.STEP) - step2_mlp.gelu(names["u"] - measure.STEP)) / (2 * measure.STEP)
    dr_du = np.einsum("tf,ts,fg->tfsg", flat, np.eye(len(r)), np.eye(r.shape[1]))  # (T, F, T, F)
    return {**names, "r": r, "omega": 2 * r / names["u"] - 1, "dr_du": dr_du}


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


def is_tied(function: Callable) -> bool:
    """Whether a derivation speaks of tied weights: only there has E a share that comes from the logits."""
    return "dL_dE_via_z" in inspect.signature(function).parameters


@cache
def example_model(tied: bool = False) -> Model:
    """The model of the worked example: random, and no two of T, D, F, H, D/H, N and T_max equal."""
    return Model.random(seed=3, D=6, F=8, H=2, T_max=7, tied=tied)


@cache
def example(tied: bool = False) -> dict[str, object]:
    """The worked example, by name: sizes, weights, values, gradients, and the measured Jacobians that a line needs.

    A word stands twice in the sentence, and one position is not scored.
    """
    model = example_model(tied)
    tokens, y = model.read("the dog slept by the fire", scored="all")
    y[1] = -1
    values = forward(model, tokens, y)
    grads = backward(model, values)
    scored = [t for t in range(len(y)) if y[t] >= 0]
    sizes = {"T": len(tokens), "D": model.D, "F": model.F, "N": model.N, "T_max": model.T_max}
    numpy_names = ("einsum", "exp", "log", "sqrt", "tanh", "pi", "eye", "arange", "where")
    functions = {name: getattr(np, name) for name in numpy_names}
    tools = {
        "measured": lambda name: measure.slopes(model, tokens, y, name),
        "slope_of": lambda function, at: (
            (function(at + measure.STEP) - function(at - measure.STEP)) / (2 * measure.STEP)
        ),
        "gelu": step2_mlp.gelu,
        "split_heads": split_heads,
        "merge_heads": merge_heads,
        "scored": scored,
        "M": len(scored),
    }
    layer_norm = {"x_hat": normed(values.x1), "sigma": spread(values.x1)[:, 0]}
    return {
        **sizes,
        **model.settings,
        **model.weights,
        **values,
        **grads,
        **functions,
        **tools,
        **layer_norm,
        **measure.jacobians(model, values),
    }


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
    """The einsum that `same(..., einsum(...))` compares with; None if its second argument is not one."""
    expected, divisor = ast.parse(code, mode="eval").body.args[1], ""
    if isinstance(expected, ast.BinOp) and ast.unparse(expected).endswith(" / sqrt(D / H)"):
        expected, divisor = expected.left, ast.unparse(expected.right)
    if not (isinstance(expected, ast.Call) and ast.unparse(expected.func) == "einsum"):
        return None
    indices, *operands = expected.args
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
