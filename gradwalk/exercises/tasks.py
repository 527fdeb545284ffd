"""The tasks: one for every gradient of the walk back, a slope of the gate, and the forward lines where shares are made.

Nothing is listed that the walk says: which function makes a gradient, and of what, is read off its own lines.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from gradwalk import arguments, block, step1_output, step2_mlp, step3_layernorm, step4_residual, walk
from gradwalk import step5_attention as attention
from gradwalk import step6_embedding as embedding
from gradwalk.names import EXTENTS, SIZES, look_up
from gradwalk.telling.worked_example import example_model

FORMS = ({}, {"tied": True, "final_norm": True})  # of the model; between them they make every gradient
RULES = {
    "weight": (
        *(step1_output.dL_dW, step2_mlp.dL_dW2, step2_mlp.dL_dW1),
        *(attention.dL_dW_O, attention.dL_dW_Q, attention.dL_dW_K, attention.dL_dW_V),
    ),
    "bias": (
        *(step1_output.dL_db, step2_mlp.dL_db2, step2_mlp.dL_db1, step3_layernorm.dL_dbeta),
        *(attention.dL_db_O, attention.dL_db_Q, attention.dL_db_K, attention.dL_db_V),
    ),
    "input": (
        *(step1_output.dL_dh, step2_mlp.dL_dr, step2_mlp.dL_dv, attention.dL_dO),
        *(attention.dL_dn_via_Q, attention.dL_dn_via_K, attention.dL_dn_via_V),
    ),
    "copy": (step4_residual.dL_dm, step4_residual.dL_dx1_via_h, step4_residual.dL_da, step4_residual.dL_dx0_via_x1),
    "join": (step4_residual.dL_dx1, step4_residual.dL_dx0, attention.dL_dn, embedding.dL_dE),
    "gate": (step2_mlp.dL_du, step2_mlp.relu_slope, step2_mlp.gelu_slope),
    "p − onehot": (step1_output.dL_dz,),
    "norm": (step3_layernorm.pullback, step3_layernorm.dL_dgamma),
    "product": (attention.dL_dV, attention.dL_dalpha, attention.dL_dQ, attention.dL_dK),
    "softmax": (attention.dL_dS, step1_output.softmax, attention.scores),
    "look-up": (embedding.dL_dE_via_x0, embedding.dL_dE_pos),
}


class Task(NamedTuple):
    """One exercise: what is to be made, the package's own function for it, and of what it makes it.

    takes: the ledger's names of what the function is given, in its order; what has none there, such as eps, by the
    function's own. letters: the answer's own indices. zero: the right answer of any whole walk is zero.
    """

    name: str
    right: Callable
    takes: tuple[str, ...]
    letters: str
    zero: bool = False

    @property
    def rule(self) -> str:
        """The rule that it follows, one of `RULES`."""
        return next(rule for rule, functions in RULES.items() if self.right in functions)

    @property
    def parameters(self) -> list[str]:
        """What the function's own parameters are called."""
        return list(inspect.signature(self.right).parameters)

    @property
    def needed(self) -> int:
        """How many of them an answer must take: what has a value of its own, such as eps, it may leave out."""
        return sum(one.default is one.empty for one in inspect.signature(self.right).parameters.values())

    @property
    def shape(self) -> tuple[str, ...]:
        """The answer's shape, in the letters of the ledger."""
        return tuple(EXTENTS[letter] for letter in self.letters)

    def of(self, given: Mapping[str, object]) -> tuple:
        """Its function's arguments, out of numbers by name."""
        return tuple(given[name] for name in self.takes)

    def names(self, given: Mapping[str, object]) -> dict[str, object]:
        """What a formula may speak of: the arguments, by the ledger's names and by the function's own, and sizes.

        What a derivation makes of these on its way it may speak of too: x_hat and sigma of a norm, omega of GELU.
        """
        names = {size: given[size] for size in SIZES} | {"y": given["y"], "pi": np.pi}
        for own, name in zip(self.parameters, self.takes, strict=True):
            if not isinstance(given[name], str):
                names[own] = names[name] = given[name]
        if "x1" in names:
            x1, eps = names["x1"], names["eps"]
            names |= {"x_hat": step3_layernorm.normed(x1, eps), "sigma": step3_layernorm.spread(x1, eps)[:, 0]}
        if self.right is step2_mlp.gelu_slope:
            names["omega"] = step2_mlp.omega(names["u"])
        return names


def named(name: str) -> Task:
    """The task of that name, such as "dL_dW". ValueError, with the nearest, if there is none."""
    return all_tasks()[arguments.one_of("task", name, all_tasks(), "task")]


@cache
def all_tasks() -> dict[str, Task]:
    """Every task by its name, in the order of the walk back; the forward ones last."""
    tasks = {}
    for form in FORMS:
        tasks = {task.name: task for task in walked(form)} | tasks
    for _, slope in step2_mlp.ACTIVATIONS.values():
        tasks[slope.__name__] = Task(slope.__name__, slope, ("u",), look_up("u").indices)
    for value, function, takes, *_ in block.course():
        if function in RULES["softmax"]:
            tasks[value] = Task(value, function, takes, look_up(value).indices)
    return tasks


@cache
def by_stop() -> dict[str, list[Task]]:
    """The stops that have gradients, in the order of the walk, each with its own: "1d_output_bias" has dL_db."""
    found = {"1a_which_way": [named("dL_dW")]}  # there in numbers alone: it is derived one stop later
    for task in all_tasks().values():
        if task.name.startswith("dL_d"):
            found.setdefault(look_up(task.name).derived, []).append(task)
    return dict(sorted(found.items()))


def walked(form: Mapping = FORMS[0]) -> list[Task]:
    """What each line of the walk back makes, by which function, of what, in its order: a task a line.

    An argument is known as the very array. form: of the model, one of `FORMS`.
    """
    model = example_model(**form)
    tokens, y = model.read("the dog slept by the fire", scored="all")
    values = walk.forward(model, tokens, y)
    known = {id(array): name for source in (model.weights, values) for name, array in source.items()}
    grads, tasks = walk.Gradients(blocks=[walk.Gradients()]), []

    def note(store, prefix, name, function, *given):
        store[name] = made = function(*given).copy()  # one that is only handed on would be known by its older name
        known[id(made)] = name
        own = inspect.signature(function).parameters
        takes = tuple(known.get(id(one), parameter) for one, parameter in zip(given, own, strict=True))
        tasks.append(Task(name, function, takes, look_up(name).indices, np.abs(made).max() < 1e-12))

    walk.lines_back(model, values, grads, note)
    return tasks
