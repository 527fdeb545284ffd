"""The block said once: every forward line, what it makes, by which function, of what.

The walk out runs these lines; measured Jacobians and dials read them. The walk back is derived by hand, in the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradwalk import step1_output, step2_mlp, step3_layernorm, step4_residual, step5_attention, step6_embedding
from gradwalk.names import WEIGHTS

if TYPE_CHECKING:
    from gradwalk.model import Model

# What a line takes that is neither a weight nor a value.
SETTINGS = ("tokens", "places", "attends", "H", "eps", "y")


class Line(NamedTuple):
    """One forward line. `takes`: values, weights and settings by name, as the function has them in order.

    `straight`: in each of its inputs, the others held. In its weights alone, taken together, every line is straight,
    and of zeros it makes zeros. `entrywise`: each number that it makes comes of the one in the same place alone.
    """

    value: str
    function: Callable
    takes: tuple[str, ...]
    straight: bool = True
    entrywise: bool = False


class Norm(NamedTuple):
    """A norm as a setting of the model: its function, the dials that it takes, and the step that walks it back."""

    function: Callable
    dials: tuple[str, ...]
    back: ModuleType  # its dL_dgamma, dL_dbeta (where it has the dial) and pullback

    def line(self, value: str, x: str, place: str) -> Line:
        """The line v = norm(x), with the dials of its place: gamma1 where it is "1"."""
        return Line(value, self.function, (x, *(dial + place for dial in self.dials), "eps"), straight=False)


NORMS = {"layer": Norm(step3_layernorm.layernorm, ("gamma", "beta"), step3_layernorm)}


def way_in() -> list[Line]:
    """From the words to the first block: x0."""
    return [Line("x0", step6_embedding.embed, ("tokens", "places", "E", "E_pos"))]


def block(settings: Mapping[str, object]) -> list[Line]:
    """One block: x0 in, h out. `settings` as `model.settings` has them."""
    activation, _ = step2_mlp.ACTIVATIONS[settings["activation"]]
    norm = NORMS[settings["norm"]]
    return [
        norm.line("n", "x0", "1"),
        Line("Q", step5_attention.project, ("n", "W_Q", "b_Q", "H")),
        Line("K", step5_attention.project, ("n", "W_K", "b_K", "H")),
        Line("V", step5_attention.project, ("n", "W_V", "b_V", "H")),
        Line("S", step5_attention.scores, ("Q", "K", "attends")),
        Line("alpha", step5_attention.attention_weights, ("S",), straight=False),
        Line("O", step5_attention.blend, ("alpha", "V")),
        Line("a", step5_attention.adjustment, ("O", "W_O", "b_O")),
        Line("x1", step4_residual.add, ("x0", "a")),
        norm.line("v", "x1", "2"),
        Line("u", step2_mlp.expand, ("v", "W1", "b1")),
        Line("r", activation, ("u",), straight=False, entrywise=True),
        Line("m", step2_mlp.contract, ("r", "W2", "b2")),
        Line("h", step4_residual.add, ("x1", "m")),
    ]


def way_out(settings: Mapping[str, object], weights: Collection[str]) -> list[Line]:
    """From the last block's h to the shares p. Of `weights`, by name, are the parts that a model may do without.

    Without W words are said with E, without b there is no bias; with gammaf or betaf a final norm comes first.
    """
    normed = bool({"gammaf", "betaf"} & set(weights))
    norm = [NORMS[settings["norm"]].line("hf", "h", "f")] if normed else []
    bias = ("b",) if "b" in weights else ()
    return [
        *norm,
        Line("z", step1_output.logits, ("hf" if normed else "h", "W" if "W" in weights else "E", *bias)),
        Line("p", step1_output.softmax, ("z",), straight=False),
    ]


def lines(model: Model) -> list[Line]:
    """All lines of a model, from the words to the shares p; a block's once."""
    return _all(model.settings, model.weights)


@cache
def course() -> list[Line]:
    """The lines of the course's own block: for what speaks of the block, and of no one model."""
    return _all({"activation": "relu", "norm": "layer"}, ("W", "b"))


def weights(settings: Mapping[str, object], given: Collection[str]) -> list[str]:
    """What weights a model of these settings has, in the ledger's order, the optional parts of `given` among them."""
    takes = {name for line in _all(settings, given) for name in line.takes}
    return [name for name in WEIGHTS if name in takes]


def _all(settings, given):
    return [*way_in(), *block(settings), *way_out(settings, given)]


def run(lines: list[Line], known: dict[str, object], keep: Callable) -> None:
    """Walk these lines: each takes what is known by name, and `keep(name, array)` says what goes on under its own."""
    for value, function, takes, *_ in lines:
        known[value] = keep(value, function(*(known[name] for name in takes)))


def line_of(model: Model, weight: str) -> tuple[int | None, Line]:
    """The first line that takes a weight, and the number of its block; None for the way out.

    A tied E is taken twice: this is where it is read. It makes x0, which belongs to block 0.
    """
    bare = weight.split(".")[-1]
    q = int(weight.split(".")[1]) if bare != weight else 0
    for line in lines(model):
        if bare in line.takes:
            return (None if line in way_out(model.settings, model.weights) else q), line
    raise KeyError(weight)


def push(line: Line, known: Mapping[str, object], weight: str, index: tuple[int, ...]) -> np.ndarray:
    """By how much a line's value moves when one number of a weight is turned by 1: of the value's own shape.

    `known`: weights, values and settings by name. The line says it itself, run on weights that are 0 but for that 1.
    """
    given = {name: np.zeros(known[name].shape, known[name].dtype) for name in line.takes if name in WEIGHTS}
    given[weight][index] = 1
    return line.function(*(given.get(name, known[name]) for name in line.takes))
