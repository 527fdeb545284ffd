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
from typing import NamedTuple

import numpy as np

from gradwalk.model import Model
from gradwalk.step1_output import logits
from gradwalk.step3_layernorm import layernorm, normed, spread
from gradwalk.step5_attention import merge_heads, split_heads
from gradwalk.walk import backward, forward

STEPS = ("step1_output", "step2_mlp", "step3_layernorm", "step4_residual", "step5_attention", "step6_embedding")
CLOSE = 1e-8  # relative to the largest entry; the measured Jacobian of the layer norm is good to about 1e-10


class Line(NamedTuple):
    """One equation: the words above it, its LaTeX, and the code that checks it."""

    reason: str
    latex: str
    code: str


class Derivation(NamedTuple):
    """A gradient's docstring, taken apart."""

    sentence: str
    lines: list[Line]


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
        lines.append(Line(" ".join((found["reason"] or "").split()), found["latex"], example.source.strip()))
    if not lines or doc.count("$$") != 2 * len(lines) or doc.count(">>> ") != len(lines):
        raise ValueError(f"{function.__name__}: wanted a line that runs under every equation, and no other")
    return Derivation(" ".join(sentence.split()), lines)


def gradients() -> Iterator[Callable]:
    """Every function of the steps that is a gradient, in the order of the walk back."""
    for step in STEPS:
        module = import_module(f"gradwalk.{step}")
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and function.__module__ == module.__name__
            if own and (name.startswith("dL_d") or name == "pullback"):
                yield function


def run(function: Callable) -> list[float]:
    """Run every line of a derivation on the worked example; the largest relative difference of each line.

    AssertionError, with the two numbers that differ most, where a line does not hold.
    """
    differences = []

    def same_and_note(one, other):
        differences.append(same(one, other))

    names = {**example(tied=is_tied(function)), function.__name__: function, "same": same_and_note}
    for line in derivation(function).lines:
        exec(compile(line.code, f"<derivation of {function.__name__}>", "exec"), dict(names))
    return differences


def same(one, other) -> float:
    """Two ways to the same numbers: the largest difference, relative to the largest entry.

    AssertionError, with both numbers and where they stand, if it is above `CLOSE` or the shapes differ.
    """
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if one.shape != other.shape:
        raise AssertionError(f"shapes differ: {one.shape} and {other.shape}")
    gap = np.abs(one - other)
    relative = float(gap.max() / max(np.abs(other).max(), 1e-300))
    if not relative <= CLOSE:
        spot = np.unravel_index(np.argmax(gap), gap.shape)
        raise AssertionError(f"at {tuple(map(int, spot))}: {one[spot]:.10g} is not {other[spot]:.10g}")
    return relative


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
    sizes = {"T": len(tokens), "D": model.D, "F": model.F, "H": model.H, "N": model.N, "T_max": model.T_max}
    functions = {name: getattr(np, name) for name in ("einsum", "exp", "log", "sqrt", "eye")}
    tools = {"split_heads": split_heads, "merge_heads": merge_heads, "scored": scored, "M": len(scored)}
    layer_norm = {"x_hat": normed(values.x1), "sigma": spread(values.x1)}
    return {
        **sizes,
        **model.weights,
        **values,
        **grads,
        **functions,
        **tools,
        **layer_norm,
        **_jacobians(model.weights, values),
    }


def _jacobians(weights, values):
    """Jacobians as they are measured, by differences: nothing about the answer goes in.

    z is linear in each of W, b and h, so that a difference of size 1 is exact; the layer norm's takes a small step.
    """
    given = {"h": values.h, "W": weights.get("W", weights["E"]), "b": weights["b"]}
    measured = {
        f"dz_d{x}": _difference(lambda moved, x=x: logits(**{**given, x: moved}), at, 1.0) for x, at in given.items()
    }

    def v(x1):
        return layernorm(x1, weights["gamma2"], weights["beta2"])  # (T, D)

    full = _difference(v, values.x1, 1e-5)  # (T, D, T, D)
    measured["LN2_jacobian"] = np.einsum("tctj->tcj", full)  # (T, D, D): each position has its own
    return measured


def _difference(function, at, step):
    """Central differences of an array function: shape (*output, *input)."""
    columns = []
    for index in np.ndindex(at.shape):
        push = np.zeros_like(at)
        push[index] = step
        columns.append((function(at + push) - function(at - push)) / (2 * step))
    return np.stack(columns, axis=-1).reshape(*columns[0].shape, *at.shape)


# ---- LaTeX from the index string, to compare with what the docstring displays

_SYMBOLS = {"alpha": r"\alpha", "gamma": r"\gamma", "beta": r"\beta", "x_hat": r"\hat{x}", "LN2_jacobian": "J"}
_RESULTS = {"pullback": "dL_dx1_via_v"}
_RANKS = {"z": 2}  # how many of a Jacobian's indices belong to what is derived


def einsum_latex(function: Callable, line: Line) -> str | None:
    """The equation that a line's einsum says, or None if the line is not an einsum.

    The letters of the index string become the indices, those that the result lacks are summed.
    """
    expected = ast.parse(line.code, mode="eval").body.args[1]
    scale = ""
    if isinstance(expected, ast.BinOp) and ast.unparse(expected).endswith(" / sqrt(D / H)"):
        expected, scale = expected.left, r"\frac{1}{\sqrt{D/H}} "
    if not (isinstance(expected, ast.Call) and ast.unparse(expected.func) == "einsum"):
        return None
    indices, *operands = expected.args
    inputs, result = indices.value.split("->")
    summed = [letter for letter in dict.fromkeys(inputs.replace(",", "")) if letter not in result]
    total = rf"\sum_{{{','.join(summed)}}} " if summed else ""
    factors = [_factor(operand, letters) for operand, letters in zip(operands, inputs.split(","), strict=True)]
    name = _RESULTS.get(function.__name__, function.__name__)
    left = "" if line.latex.startswith("=") else _with_indices(name, result) + " "
    return f"{left}= {scale}{total}{' '.join(factors)}"


def _factor(operand, letters):
    if isinstance(operand, ast.Call):  # split_heads(dL_dO, H): the same numbers, indexed by head
        operand = operand.args[0]
    return _with_indices(operand.id, letters)


def _with_indices(name, letters):
    if name.startswith("dL_d"):
        quantity, _, road = name.removeprefix("dL_d").partition("_via_")
        slope = rf"\frac{{\partial L}}{{\partial {_with_indices(quantity, letters)}}}"
        return rf"\left. {slope} \right|_{{{road}}}" if road else slope
    if jacobian := re.fullmatch(r"d([a-z]+\d?)_d(\w+)", name):
        above, below = jacobian.groups()
        rank = _RANKS[above]
        upper, lower = _with_indices(above, letters[:rank]), _with_indices(below, letters[rank:])
        return rf"\frac{{\partial {upper}}}{{\partial {lower}}}"
    if name in _SYMBOLS:
        return f"{_SYMBOLS[name]}_{{{letters}}}"
    stem, _, label = name.partition("_")
    return f"{stem}_{{{label},{letters}}}" if label else f"{stem}_{{{letters}}}"
