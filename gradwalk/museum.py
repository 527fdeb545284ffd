"""A museum of wrong gradients: each makes a tempting mistake, each still trains, and a measured slope gives each away.

An exhibit is a function that stands in for one gradient of the walk back, with the same arguments and the same shape.
Its docstring says what is wrong and why that is tempting.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradwalk import (
    arguments,
    step1_output,
    step2_mlp,
    step3_layernorm,
    step4_residual,
    step5_attention,
    step6_embedding,
    walk,
)
from gradwalk.model import Model
from gradwalk.step3_layernorm import EPS, normed, spread
from gradwalk.telling import derivations
from gradwalk.telling.page import Page
from gradwalk.telling.verbatim import literal
from gradwalk.walk import Gradients, Values


class Exhibit(NamedTuple):
    """A wrong gradient, and the right one whose place it takes."""

    wrong: Callable
    right: Callable

    @property
    def result(self) -> str:
        """The first gradient on the walk back that is wrong with it, such as "dL_dx1_via_v"."""
        return derivations.result(self.right)


EXHIBITS: dict[int, Exhibit] = {}  # by number, in the order of the walk back


def stands_in_for(right: Callable) -> Callable:
    """Hang the function below this line as the next exhibit, in the place of `right`."""

    def hang(wrong):
        EXHIBITS[len(EXHIBITS) + 1] = Exhibit(wrong, right)
        return wrong

    return hang


@stands_in_for(step1_output.dL_db)
def averaged_once_more(dL_dz):
    """The bias serves all positions, so it gets the mean of what they say. Tempting, since the loss is a mean. But that
    mean is in dL_dz already: each position says its part of it, and the parts add up."""
    return dL_dz.mean(axis=0)  # (N,)


@stands_in_for(step2_mlp.dL_du)
def gate_left_open(dL_dr, u, activation="relu"):
    """What arrives at r goes on to u as it is. Tempting, since the mute has no dial, and the shapes fit. But nudge a
    muted number, and nothing happens: its slope is 0."""
    return dL_dr  # (T, F)


@stands_in_for(step3_layernorm.pullback)
def entry_by_entry(dL_dv, x1, gamma, eps=EPS):
    """Times gamma, over the spread, entry by entry. Tempting, since that is what the norm does to a number once the
    mean is out. But each number also moves the mean and the spread, and by them all others."""
    return gamma * dL_dv / spread(x1, eps)  # (T, D)


@stands_in_for(step3_layernorm.pullback)
def star_forgotten(dL_dv, x1, gamma, eps=EPS):
    """All three terms are there, but gamma comes last. Tempting, since it comes last on the way out. On the way back
    it must come first: this is the norm's Jacobian where its transpose is wanted."""
    x_hat = normed(x1, eps)  # (T, D)
    along = (dL_dv * x_hat).mean(axis=-1, keepdims=True)  # (T, 1)
    return gamma * (dL_dv - dL_dv.mean(axis=-1, keepdims=True) - x_hat * along) / spread(x1, eps)  # (T, D)


@stands_in_for(step4_residual.dL_dx1)
def roads_averaged(dL_dx1_via_h, dL_dx1_via_v):
    """Two roads report on x1, so take their average. Tempting, since it points the same way as the sum. But x1 is used
    twice, and each use does its whole work: the reports add up."""
    return (dL_dx1_via_h + dL_dx1_via_v) / 2  # (T, D)


@stands_in_for(step5_attention.dL_dO)
def as_on_the_way_out(dL_da, W_O):
    """Times W_O.T, as on the way out. Tempting, since W_O is square, and all shapes fit. But the way back sums over
    the other index, so the .T must go."""
    return dL_da @ W_O.T  # (T, D)


@stands_in_for(step5_attention.dL_dS)
def others_forgotten(dL_dalpha, alpha):
    """A score's slope is its share times the slope in that share. Tempting: it is the first half of the formula. But a
    row of shares sums to 1: when one rises, the others pay, and the row's average must go."""
    return alpha * dL_dalpha  # (H, T, T)


@stands_in_for(step4_residual.dL_dx0)
def attention_forgotten(dL_dx0_via_x1, dL_dx0_via_n):
    """x1 = x0 + a, so the slope in x0 is the slope in x1. Tempting, since for a it is so. But x0 is read a second time,
    by attention, and that road reports too."""
    return dL_dx0_via_x1  # (T, D)


@stands_in_for(step6_embedding.dL_dE_via_x0)
def last_one_kept(dL_dx0, tokens, N):
    """Add each position's message to the row of its word. Tempting: the line reads as if it did so. But where a word
    stands twice, numpy's += by a list of rows writes that row twice, and the last one stays."""
    gathered = np.zeros((N, dL_dx0.shape[-1]), dL_dx0.dtype)  # (N, D)
    gathered[tokens] += dL_dx0
    return gathered  # (N, D)


def walk_back(exhibit: int | Exhibit) -> Callable[[Model, Values], Gradients]:
    """`backward` with an exhibit in it, one of ours by its number or your own: (model, values) -> all gradients.

    It stands wherever the walk back calls the right one: the layer norm's pullback has two uses in each block, and a
    third where there is a final norm. ValueError if there is no such exhibit, if its two functions do not take the same
    arguments, if the right one makes no gradient, or if it makes none of the model that `backward` is given.
    """
    wrong, right = _look_up(exhibit)
    slopes = [slope for _, slope in step2_mlp.ACTIVATIONS.values()]  # a factor of dL_du, not what arrives at u
    if right in slopes or right not in derivations.gradients():
        raise ValueError(f"exhibit: wanted a gradient of a step to stand in for, {right.__name__} is none")

    def backward(model, values):
        places = [name for name, maker in walk.made_by(model, values).items() if maker is right]
        if not places:  # nothing would be wrong, and the label would say that something is
            raise ValueError(f"model: wanted one whose walk back has {right.__name__} in it, got {model!r}")
        return walk.backward(model, values, dict.fromkeys(places, wrong))

    return backward


def label(exhibit: int | Exhibit) -> Page:
    """The label on the wall: what stands there for what, why it is tempting, and the lines of both, wrong and right.

    ValueError as in `walk_back`.
    """
    wrong, right = _look_up(exhibit)
    number = next((f"{number}. " for number, (hung, _) in EXHIBITS.items() if hung is wrong), "")
    title = f"{number}{wrong.__name__.replace('_', ' ')}"
    place = f"in the place of {right.__name__}, {right.__module__.removeprefix('gradwalk.')}"
    said = " ".join((wrong.__doc__ or "").split())
    both = {"wrong": _lines(wrong), "right": _lines(right)}
    markdown = [
        f"**{literal(title)}**, {literal(place)}",
        literal(said),
        *(f"{which}:\n\n```python\n{code}\n```" for which, code in both.items()),
    ]
    plain = [f"{title}, {place}", textwrap.fill(said, 92)]  # the box of a prediction has room for no more
    plain += [f"{which}:\n{textwrap.indent(code, '    ')}" for which, code in both.items()]
    return Page("\n\n".join(filter(None, markdown)), "\n".join(filter(None, plain)))


def _look_up(exhibit):
    if not isinstance(exhibit, Exhibit):
        try:
            return EXHIBITS[arguments.whole("exhibit", exhibit, least=1, most=len(EXHIBITS))]
        except ValueError:
            raise arguments.refused("exhibit", f"a number from 1 to {len(EXHIBITS)}, or an Exhibit", exhibit) from None
    if not inspect.isfunction(exhibit.right):
        raise arguments.refused("exhibit", "two functions, the wrong one and the right one", exhibit.right)
    arguments.stand_in("exhibit", exhibit.wrong, exhibit.right)
    return exhibit


def _lines(function):
    """A function's own lines, below its docstring if it has one; a remark where they are not at hand."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        body = next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)).body
    except (OSError, SyntaxError, StopIteration):  # typed at a bare prompt, or a lambda
        return "(the lines are not at hand)"
    first = body[1 if inspect.getdoc(function) else 0].lineno
    return textwrap.dedent("\n".join(source.splitlines()[first - 1 :]))
