"""The worked example: one small model and sentence, on which every derivation runs and every page has its numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

import numpy as np

from gradwalk import block, measure, step2_mlp, walk
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
    model, values = _walked(**form)
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
        "M": int((y >= 0).sum()),
    }
    sizes = {"T": len(tokens), "D": model.D, "F": model.F, "N": model.N, "T_max": model.T_max}
    names = {**sizes, **model.settings, **model.weights, **values, **walk.backward(model, values), **tools}
    names |= {name: getattr(np, name) for name in NUMPY} | measure.jacobians(model, values)
    for step in {step for step, _ in _functions(**form)}:
        names |= {name: aside(values) for name, aside in getattr(import_module(step), "ASIDES", {}).items()}
    return names


def _walked(**form):
    model = example_model(**form)
    tokens, y = model.read("the dog slept by the fire", scored="all")
    y[1] = -1
    return model, walk.forward(model, tokens, y)


@cache
def _functions(**form):
    """All functions that the walk back of a form has in it; an activation's slope is a factor of one."""
    model, values = _walked(**form)
    made = walk.made_by(model, values).values()
    return {_named(function) for function in (*made, step2_mlp.ACTIVATIONS[model.activation][1])}


def _named(function):
    return function.__module__, function.__name__
