"""Narrow cases: numbers of a task in which something holds that numbers at random do not have.

On a narrow case a wrong line may say what the right one says. Which does is computed, and stands nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gradwalk.exercises.cases import Case
from gradwalk.exercises.tasks import Task
from gradwalk.names import look_up


def ways(case: Case, task: Task) -> list[str]:
    """The ways to narrow a case that change something of what a task takes."""
    return [way for way in WAYS if _narrowed(case, task, way)]


def narrowed(case: Case, task: Task, ways: Sequence[str]) -> Case | None:
    """The case narrowed in two of these ways. None where one says nothing beside the other, or does not hold there."""
    one, other = (_narrowed(case, task, way) for way in ways)
    both = one and other and _narrowed(one, task, ways[1])
    holds = both and _narrowed(other, task, ways[0]) and not any(_narrowed(both, task, way) for way in ways)
    return both if holds else None


def _narrowed(case, task, way):
    """The case narrowed in one way; None where that changes nothing."""
    arrays = {name: case[name] for name in task.takes if isinstance(case[name], np.ndarray)}
    other = WAYS[way](arrays)
    return None if all(np.array_equal(arrays[name], other[name]) for name in other) else {**case, **other}


def _each(of: Callable[[str], bool], narrow: Callable[[np.ndarray], np.ndarray]):
    """A way that narrows each array by itself, those of some names."""
    return lambda arrays: {name: narrow(array) for name, array in arrays.items() if of(name)}


def _is_message(name):
    return name.startswith("dL_d")


def _is_number(name):
    return name not in ("y", "tokens", "places")


def _is_weight(name):
    return name.startswith("W")


def _is_gamma(name):
    return name.startswith("gamma")


def _one_position(arrays):
    found = {}
    for name, array in arrays.items():
        axes = look_up(name).indices if _is_number(name) else "t"
        for axis, letter in enumerate(axes):
            array = array.take([0], axis=axis) if letter in "ts" else array
        found[name] = np.abs(array) if name == "y" else array  # the one position is scored
    return found


def _only(position):
    """All messages are 0 but at this position."""

    def narrow(array):
        kept = np.zeros_like(array)
        kept[..., position, :] = array[..., position, :]
        return kept

    return _each(_is_message, narrow)


def _silent(place):
    """One of several roads says nothing."""

    def way(arrays):
        roads = list(arrays) if len(arrays) > 1 and all("_via_" in name for name in arrays) else []
        return {name: 0 * arrays[name] for name in roads[place:][:1]}

    return way


def _read_once(arrays):
    """Each row of a table is read once at most: what is read twice is read no more."""
    numbers = next((name for name in ("tokens", "places") if name in arrays), None)
    if numbers is None:
        return {}
    _, first = np.unique(arrays[numbers], return_index=True)
    return {name: array[np.sort(first)] for name, array in arrays.items()}


# Of the arrays that a task takes, by name, other ones.
WAYS: dict[str, Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]] = {
    "there is one position only": _one_position,
    "all messages are 0 but at the last position": _only(-1),
    "all messages are 0 but at the first position": _only(0),
    "no message is below 0": _each(_is_message, np.abs),
    "every message is 1": _each(_is_message, np.ones_like),
    "no number is below 0": _each(_is_number, np.abs),
    "all weights are symmetric": _each(lambda name: name.startswith("W_"), lambda array: (array + array.T) / 2),
    "no weight is below 0": _each(_is_weight, np.abs),
    "every weight is 1": _each(_is_weight, np.ones_like),
    "every u is above 0": _each(lambda name: name == "u", lambda array: np.where(array > 0, array, 0.1 - array)),
    "no u is exactly 0": _each(lambda name: name == "u", lambda array: np.where(array == 0, 1, array)),
    "gamma is 1 everywhere": _each(_is_gamma, np.ones_like),
    "gamma is 2 everywhere": _each(_is_gamma, lambda array: np.full_like(array, 2)),
    "every position is scored": _each(lambda name: name == "y", np.abs),
    "the first road is silent": _silent(0),
    "the last road is silent": _silent(-1),
    "no row of the table is read twice": _read_once,
}
