"""An answer as numbers: what a formula, a function or a number written by hand says of the cases."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from numbers import Real

import numpy as np

from gradwalk import arguments
from gradwalk.exercises import formula, process
from gradwalk.exercises.cases import Case
from gradwalk.exercises.shipping import Refusal, own_word
from gradwalk.exercises.tasks import Task
from gradwalk.names import shape_in_words
from gradwalk.telling import derivations


def of_formula(text: str, task: Task, case: Case) -> tuple[np.ndarray, dict[str, str]]:
    """Its value, and its index letters with what they are written as. Refusal, with the place, for one not read."""
    try:
        return formula.value(text, task, case)
    except formula.NotRead as wrong:
        raise Refusal("not read", str(wrong)) from None


def of_function(task: Task, answer: Callable, cases: Sequence[Case]) -> process.Run:
    """What came of a function. Of one that stops, the shapes are told that it was given."""
    try:
        came = process.run(function(answer, task.right), [_arguments(task, answer, case) for case in cases])
    except Refusal as refusal:
        if refusal.kind == "raises":
            shapes = [(name, np.shape(one)) for name, one in zip(task.takes, task.of(cases[0]), strict=True)]
            told = ", ".join(f"{name} {shape_in_words(shape)}" for name, shape in shapes if shape)
            wanted = f"It was given {told}; wanted is ({', '.join(task.shape)})."
            raise Refusal("raises", f"{refusal.said}\n\n{wanted}") from None
        raise
    if any(isinstance(result, dict) for result in came.results):
        raise Refusal("kind", "It returns a dict, no array of real numbers.")
    return came


def function(answer: object, right: Callable | None = None) -> Callable:
    """The answer as a function to be run. Refusal for the package's own, `right` among it, and for what is none."""
    inner = answer.func if isinstance(answer, partial) else answer
    inner = inspect.unwrap(inner) if callable(inner) else inner
    if inner in derivations.gradients() or (right is not None and inner is right):
        raise own_word(inner.__name__)
    if not inspect.isfunction(answer):
        raise Refusal("kind", f"Wanted a function written with def or lambda, got {arguments.shown(answer)}.")
    return answer


def single(answer: object) -> float | None:
    """One number, Python's, numpy's or as text with a point or a comma; None for anything else."""
    if isinstance(answer, str):
        try:
            return float(answer.replace("−", "-").replace(",", "."))
        except ValueError:
            return None
    if isinstance(answer, (bool, np.bool_)) or not isinstance(answer, Real):
        return None
    try:
        return float(answer)
    except OverflowError:
        return float("inf")


def _arguments(task, answer: Callable, case):
    """A case's arguments, as many as the answer takes. Refusal where their number or order is another."""
    given, names = task.of(case), list(inspect.signature(answer).parameters)
    own, ledger = task.parameters, list(task.takes)
    for place, name in enumerate(names):
        known = own.index(name) if name in own else ledger.index(name) if name in ledger else place
        if known != place:
            raise Refusal("order", f"It takes ({', '.join(names)}); wanted is ({', '.join(ledger)}), in this order.")
    for count in sorted({len(given), task.needed}, reverse=True):
        try:
            inspect.signature(answer).bind(*given[:count])
        except TypeError:
            continue
        return given[:count]
    raise Refusal("order", f"It takes ({', '.join(names)}); wanted is ({', '.join(ledger)}).")
