"""Narrow cases, for `repair` and the exam: numbers in which something holds that numbers at random do not have.

On a narrow case a wrong line may say what the right one says. Which does is computed, and stands nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations

import numpy as np

from gradwalk.exercises.cases import Case
from gradwalk.exercises.tasks import Task
from gradwalk.names import look_up
from gradwalk.step3_layernorm import normed


def ways(case: Case, task: Task) -> list[str]:
    """The ways to narrow a case that change something of what a task takes."""
    return [way for way in WAYS if _narrowed(case, task, way)]


def narrowed(case: Case, task: Task, ways: Sequence[str]) -> Case | None:
    """The case narrowed in each of these ways. None where one says nothing, or nothing beside the others, or does not
    hold there."""
    made = [_in_order(case, task, order) for order in permutations(ways)]
    holds = None not in made and not any(_narrowed(made[0], task, way) for way in ways)
    return made[0] if holds else None


def _in_order(case, task, ways):
    for way in ways:
        case = case and _narrowed(case, task, way)
    return case


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
    return name not in ("y", "tokens", "places", "attends")


def _is_weight(name):
    return name.startswith("W")


def _is_gamma(name):
    return name.startswith("gamma")


def _is_value(name):
    return _is_number(name) and not (_is_message(name) or _is_weight(name) or _is_gamma(name))


def _level(array):
    """Normed. As it is where it is so already, or where a row's numbers are all equal: that has no spread."""
    made = normed(array, eps=0) if array.std(axis=-1).all() else array
    return array if np.allclose(array, made) else made


def _one_position(arrays):
    found = {}
    for name, array in arrays.items():
        axes = look_up(name).indices if _is_number(name) else "t" * array.ndim
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
    "every value is 1": _each(_is_value, np.ones_like),
    "each row of values has mean 0 and spread 1": _each(lambda name: name in ("x0", "x1", "h"), _level),
    "every u is above 0": _each(lambda name: name == "u", lambda array: np.where(array > 0, array, 0.1 - array)),
    "no u is exactly 0": _each(lambda name: name == "u", lambda array: np.where(array == 0, 1, array)),
    "gamma is 1 everywhere": _each(_is_gamma, np.ones_like),
    "gamma is 2 everywhere": _each(_is_gamma, lambda array: np.full_like(array, 2)),
    "every position is scored": _each(lambda name: name == "y", np.abs),
    "nothing comes by the first road": _silent(0),
    "nothing comes by the last road": _silent(-1),
    "no row of the table is read twice": _read_once,
}
