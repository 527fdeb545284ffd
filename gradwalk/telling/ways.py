"""The matrices that the walk multiplies by, each with both of its ways: what its rows make, and what its columns hand
back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from gradwalk import arguments, block
from gradwalk.model import Model
from gradwalk.names import VALUES, WEIGHTS
from gradwalk.step5_attention import merge_heads
from gradwalk.telling.rule_picture import hold_together, position, stores
from gradwalk.walk import Gradients, Values
from gradwalk.widgets.scene import KINDS, axes_of, label_of, number_of


class Way(NamedTuple):
    """out = matrix @ into (+ bias) on the way out, back = message @ matrix on the way back.

    matrix (R, C), into and back (C,), bias, out and message (R,). `names`: of the five but the bias, by the ledger, or
    words with such a name in braces. row and column: from a number to its name in words; read: from what a caller
    gives for a row or a column, by its argument's name, to a number; `said`: where it was taken.
    """

    matrix: np.ndarray
    into: np.ndarray
    bias: np.ndarray
    out: np.ndarray
    message: np.ndarray
    back: np.ndarray
    names: dict[str, str]
    row: Callable[[int], str]
    column: Callable[[int], str]
    read: Callable
    kinds: tuple[str, str]
    said: str


def lines_of(model: Model) -> dict[str, tuple[block.Line, int | None]]:
    """The weights whose gradient is message × gear, each with its forward line and its block; None for the way out.

    That is every weight and bias of a line that is straight in them and in the value that it takes first.
    """
    found, out = {}, block.way_out(model.settings, model.weights)
    for made_by in block.lines(model):
        if made_by.straight and made_by.takes[0] in VALUES:
            for bare in (name for name in made_by.takes[1:] if name in WEIGHTS):
                if made_by in out:
                    found[bare] = made_by, None
                else:
                    found |= {f"{prefix}{bare}": (made_by, q) for q, prefix in enumerate(prefixes(model))}
    return found


def way(
    what: str, model: Model, values: Values, grads: Gradients, t: object, head: object, component: object, nudge: object
) -> tuple[Way, int]:
    """Both ways of the matrix `what`, and the position t that it is looked at from; see `show.row_and_column`."""
    arguments.instance("model", model, Model)
    weights = {name: made for name, made in lines_of(model).items() if model.weights[name].ndim == 2}
    others = [f"{prefix}{name}" for prefix in prefixes(model) for name in ("alpha", "J")]
    bare = arguments.one_of("what", what, [*weights, *others], "matrix of the walk").split(".")[-1]
    q = weights[what][1] if what in weights else int(what.split(".")[1]) if what != bare else 0
    here, back = stores(model, values, grads, q)
    for argument, given, of in (("head", head, "alpha"), ("component", component, "alpha"), ("nudge", nudge, "J")):
        if given is not None and bare != of:
            raise arguments.refused(argument, f"none, for it belongs to {of}", given)
    t = position(values, t)
    if what in weights:
        found = _of_weight(model, values, here, back, what, weights[what][0], t)
    elif bare == "alpha":
        found = _of_shares(model, values, here, back, head, component)
    else:
        found = _of_norm(model, values, here, back, q, t, nudge)
    hold_together(found.names["back"], found.back, found.message @ found.matrix)
    return found, t


def flat(array: np.ndarray) -> np.ndarray:
    """A value or message with heads, (H, T, D/H), as (T, D); any other as it is."""
    return merge_heads(array) if array.ndim == 3 else array


def at(model: Model, values: Values, t: int) -> str:
    """A position in words."""
    return f"position {t}, “{model.label(values.tokens[t])}”"


def prefixes(model: Model) -> list[str]:
    """What a block's names begin with, block by block: nothing where there is one."""
    return [""] if len(model.blocks) == 1 else [f"blocks.{q}." for q in range(len(model.blocks))]


def _of_weight(model, values, here, grads, name, made_by, t):
    matrix, into = model.weights[name], made_by.takes[0]
    biases = [f"{name.rpartition('.')[0]}.{bare}".strip(".") for bare in made_by.takes[2:3] if bare in WEIGHTS]
    bias = model.weights[biases[0]] if biases else np.zeros(len(matrix), matrix.dtype)
    shared = f"dL_d{into}_via_{made_by.value}"
    back = shared if shared in grads else f"dL_d{into}"
    names = {"matrix": name.split(".")[-1], "into": into, "out": made_by.value}
    names |= {"message": f"dL_d{made_by.value}", "back": back}
    ways = here[into][t], bias, flat(here[made_by.value])[t], flat(grads[names["message"]])[t], grads[back][t]
    labels = (partial(label_of, model, name, axis) for axis in (0, 1))
    kinds = tuple(KINDS[axis] for axis in axes_of(name))

    def read(argument, given):
        return number_of(model, argument, name, given, ("rows", "columns").index(argument))

    return Way(matrix, *ways, names, *labels, read, kinds, at(model, values, t))


def _of_shares(model, values, here, grads, head, component):
    per_head = model.D // model.H
    e = arguments.whole("head", 0 if head is None else head, least=0, most=model.H - 1)
    d = arguments.whole("component", 0 if component is None else component, least=0, most=per_head - 1)
    c = e * per_head + d
    names = {"matrix": "alpha", "into": "V", "out": "O", "message": "dL_dO", "back": "dL_dV"}
    ways = here.V[e, :, d], np.zeros(len(values.tokens)), here.O[:, c], grads.dL_dO[:, c], grads.dL_dV[e, :, d]

    def row(t):
        return f"{t} {model.label(values.tokens[t])}"

    read, said = partial(_number, size=len(values.tokens)), f"head {e}, number {d} of it"
    return Way(here.alpha[e], *ways, names, row, "position {}".format, read, ("position", "position"), said)


def _of_norm(model, values, here, grads, q, t, nudge):
    norm = block.NORMS[model.settings["norm"]]
    of_one = here.x1[[t] * model.D]  # (D, D), the row once for each component of v
    matrix = norm.back.pullback(np.eye(model.D), of_one, model.blocks[q]["gamma2"], model.settings["eps"])
    nudge = here.a[t] if nudge is None else arguments.numbers("nudge", nudge, shape=(model.D,))
    names = {"matrix": "J", "into": "nudge of {x1}", "out": "{v} moves", "message": "dL_dv", "back": "dL_dx1_via_v"}
    ways = nudge, np.zeros(model.D), matrix @ nudge, grads.dL_dv[t], grads.dL_dx1_via_v[t]
    labels = ("component {}".format,) * 2
    return Way(matrix, *ways, names, *labels, partial(_number, size=model.D), ("component",) * 2, at(model, values, t))


def _number(argument, given, size):
    return arguments.whole(argument, given, least=0, most=size - 1)
