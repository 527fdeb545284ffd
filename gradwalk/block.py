"""The block said once: every forward line, what it makes, by which function, of what.

The walk out runs these lines; measured Jacobians and dials read them. The walk back is derived by hand, in the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from gradwalk import step1_output, step2_mlp, step3_layernorm, step4_residual, step5_attention, step6_embedding
from gradwalk.model import Model
from gradwalk.names import WEIGHTS

SETTINGS = ("tokens", "places", "attends", "H", "y")  # what a line takes that is neither a weight nor a value


class Line(NamedTuple):
    """One forward line. `takes`: values, weights and settings by name, as the function has them in order.

    `straight`: in each of its inputs, the others held. In its weights alone, taken together, every line is straight,
    and of zeros it makes zeros.
    """

    value: str
    function: Callable
    takes: tuple[str, ...]
    straight: bool = True


def way_in() -> list[Line]:
    """From the words to the first block: x0."""
    return [Line("x0", step6_embedding.embed, ("tokens", "places", "E", "E_pos"))]


def block(model: Model) -> list[Line]:
    """One block: x0 in, h out."""
    activation, _ = step2_mlp.ACTIVATIONS[model.activation]
    return [
        Line("n", step3_layernorm.layernorm, ("x0", "gamma1", "beta1"), straight=False),
        Line("Q", step5_attention.project, ("n", "W_Q", "b_Q", "H")),
        Line("K", step5_attention.project, ("n", "W_K", "b_K", "H")),
        Line("V", step5_attention.project, ("n", "W_V", "b_V", "H")),
        Line("S", step5_attention.scores, ("Q", "K", "attends")),
        Line("alpha", step5_attention.attention_weights, ("S",), straight=False),
        Line("O", step5_attention.blend, ("alpha", "V")),
        Line("a", step5_attention.adjustment, ("O", "W_O", "b_O")),
        Line("x1", step4_residual.add, ("x0", "a")),
        Line("v", step3_layernorm.layernorm, ("x1", "gamma2", "beta2"), straight=False),
        Line("u", step2_mlp.expand, ("v", "W1", "b1")),
        Line("r", activation, ("u",), straight=False),
        Line("m", step2_mlp.contract, ("r", "W2", "b2")),
        Line("h", step4_residual.add, ("x1", "m")),
    ]


def way_out(model: Model) -> list[Line]:
    """From the last block's h to the shares p: tied weights say words with E, a final norm comes first."""
    said = "hf" if "gammaf" in model.weights else "h"
    norm = [Line("hf", step3_layernorm.layernorm, ("h", "gammaf", "betaf"), straight=False)] if said == "hf" else []
    bias = ("b",) if "b" in model.weights else ()
    return [
        *norm,
        Line("z", step1_output.logits, (said, "W" if "W" in model.weights else "E", *bias)),
        Line("p", step1_output.softmax, ("z",), straight=False),
    ]


def lines(model: Model) -> list[Line]:
    """All of them, from the words to the shares p; a block's once."""
    return [*way_in(), *block(model), *way_out(model)]


@cache
def course() -> list[Line]:
    """The lines of the course's own block: for what speaks of the block, and of no one model."""
    return lines(Model.random())


def run(lines: list[Line], known: dict[str, object], keep: Callable) -> None:
    """Walk these lines: each takes what is known by name, and `keep(name, array)` says what goes on under its own."""
    for value, function, takes, _ in lines:
        known[value] = keep(value, function(*(known[name] for name in takes)))


def line_of(model: Model, weight: str) -> tuple[int | None, Line]:
    """The first line that takes a weight, and the number of its block; None for the way out.

    A tied E is taken twice: this is where it is read. It makes x0, which belongs to block 0.
    """
    bare = weight.split(".")[-1]
    q = int(weight.split(".")[1]) if bare != weight else 0
    for line in lines(model):
        if bare in line.takes:
            return (None if line in way_out(model) else q), line
    raise KeyError(weight)


def push(line: Line, known: Mapping[str, object], weight: str, index: tuple[int, ...]) -> np.ndarray:
    """By how much a line's value moves when one number of a weight is turned by 1: of the value's own shape.

    `known`: weights, values and settings by name. The line says it itself, run on weights that are 0 but for that 1.
    """
    given = {name: np.zeros(known[name].shape, known[name].dtype) for name in line.takes if name in WEIGHTS}
    given[weight][index] = 1
    return line.function(*(given.get(name, known[name]) for name in line.takes))
