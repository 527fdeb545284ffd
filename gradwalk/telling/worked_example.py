"""The worked example: one small model and sentence, on which every derivation runs and every page has its numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

import numpy as np

from gradwalk import block, measure, names, step2_mlp, walk
from gradwalk.model import Model
from gradwalk.step5_attention import merge_heads, split_heads

# The forms of the model that derivations speak of: the plain one first, then each setting by itself.
FORMS = (
    {},
    {"tied": True},
    *({"activation": name} for name in step2_mlp.ACTIVATIONS),
    *({"norm": name} for name in block.NORMS),
)
NUMPY = ("einsum", "exp", "log", "sqrt", "tanh", "pi", "eye", "arange", "where")


def names_for(function: Callable) -> dict[str, object]:
    """What the names in a function's derivation stand for: those of the example whose walk back it belongs to."""
    return example(**form_of(function))


def form_of(function: Callable) -> dict[str, object]:
    """The first of `FORMS` whose walk back has this function in it; the plain one if there is none."""
    return next((form for form in FORMS if _named(function) in _functions(**form)), FORMS[0])


@cache
def example_model(**form) -> Model:
    """The model of the worked example: random, and no two of T, D, F, H, D/H, N and T_max equal."""
    return Model.random(seed=3, D=6, F=8, H=2, T_max=7, **form)


@cache
def example(**form) -> dict[str, object]:
    """The worked example, by name: sizes, settings, weights, values, gradients, the measured Jacobians, and tools.

    A word stands twice in the sentence, and one position is not scored.
    """
    model, values = walked(**form)
    tokens, y = values.tokens, values.y
    tools = {
        "measured": lambda name: measure.slopes(model, tokens, y, name),
        "slope_of": lambda function, at: (
            (function(at + measure.STEP) - function(at - measure.STEP)) / (2 * measure.STEP)
        ),
        "gelu": step2_mlp.gelu,
        "split_heads": split_heads,
        "merge_heads": merge_heads,
        "scored": [t for t in range(len(y)) if y[t] >= 0],
    }
    known = _of(model, values) | tools | {name: getattr(np, name) for name in NUMPY} | measure.jacobians(model, values)
    for step in {step for step, _ in _functions(**form)}:
        known |= {name: aside(values) for name, aside in _asides(step).items()}
    return known


def numbers(function: Callable, model: Model, values: walk.Values) -> dict[str, object]:
    """What the names in a derivation's last equation stand for where a model of one block has walked.

    ValueError for values that another model or setting made, or in which nothing is scored.
    """
    asides = _asides(function.__module__) if len(values.blocks) == 1 else {}
    own = {name: aside(values) for name, aside in asides.items() if name in names.ASIDES}
    return _of(model, values) | own


def one_scored(model: Model, values: walk.Values) -> walk.Values:
    """The same walk with its last scored position scored alone, as the notes have it."""
    y = np.full_like(values.y, -1)
    last = np.flatnonzero(values.y >= 0)[-1]
    y[last] = values.y[last]
    return walk.forward(model, values.tokens, y)


def _of(model, values):
    sizes = {"T": len(values.tokens), "D": model.D, "F": model.F, "N": model.N, "T_max": model.T_max}
    sizes["M"] = int((values.y >= 0).sum())
    return {**sizes, **model.settings, **model.weights, **values, **walk.backward(model, values)}


def _asides(step):
    return getattr(import_module(step), "ASIDES", {})


def walked(**form) -> tuple[Model, walk.Values]:
    """The worked example's model and what its walk out left; one position is not scored."""
    model = example_model(**form)
    tokens, y = model.read("the dog slept by the fire", scored="all")
    y[1] = -1
    return model, walk.forward(model, tokens, y)


@cache
def _functions(**form):
    """All functions that the walk back of a form has in it; an activation's slope is a factor of one."""
    model, values = walked(**form)
    made = walk.made_by(model, values).values()
    return {_named(function) for function in (*made, step2_mlp.ACTIVATIONS[model.activation][1])}


def _named(function):
    return function.__module__, function.__name__
