"""The bank of mistakes: each misconception a formula that runs, with the right function's own arguments.

An entry hangs where it can be made: at a function of the steps, or at a rule, and then at all that follow it. Its
docstring says what happened. Formulas that are equal on their arguments share one entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradwalk.names import look_up
from gradwalk.step5_attention import merge_heads

if TYPE_CHECKING:
    from gradwalk.exercises.tasks import Task

BANK: list[Mistake] = []
# Of these rules the message to Q, K or V has its heads side by side again before anything else is done.
_MERGED = ("weight", "bias", "input")


class Mistake(NamedTuple):
    """One misconception: its formula, the functions and rules where it is met, where to look, and a question."""

    formula: Callable
    where: tuple[object, ...]
    look: str
    question: str

    @property
    def name(self) -> str:
        """Its formula's name, in words."""
        return self.formula.__name__.replace("_", " ")

    @property
    def happened(self) -> str:
        """What the formula does, and why that is not the slope."""
        return " ".join(self.formula.__doc__.split())

    def merges(self, task: Task) -> bool:
        """Whether the message has its heads side by side again before its formula begins."""
        return task.rule in _MERGED and task.rule in self.where and len(look_up(task.takes[0]).indices) == 3

    def made(self, task: Task, given: dict[str, object]) -> np.ndarray | None:
        """What its formula makes of a case's numbers; None where they forbid it, by their shapes for one."""
        arguments = task.of(given)
        if self.merges(task):
            arguments = (merge_heads(arguments[0]), *arguments[1:])
        try:
            with np.errstate(all="ignore"):  # a wrong formula may well divide by 0
                return np.asarray(self.formula(*arguments))
        except ValueError:
            return None


def mistake(*where: object, look: str, question: str) -> Callable:
    """Hang the function below this line in the bank: at functions of the steps, or at rules of the walk back."""

    def hang(formula):
        BANK.append(Mistake(formula, where, look, question))
        return formula

    return hang


@cache
def bank() -> tuple[Mistake, ...]:
    """All mistakes, those of a single function before those of a rule."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return tuple(sorted(BANK, key=lambda entry: any(isinstance(one, str) for one in entry.where)))


def made(task: Task, given: dict[str, object]) -> Iterator[tuple[Mistake, np.ndarray]]:
    """The mistakes that can be made at a task, and what each makes of these numbers."""
    for entry in bank():
        if task.right in entry.where or task.rule in entry.where:
            array = entry.made(task, given)
            if array is not None:
                yield entry, array
