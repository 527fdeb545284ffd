"""Numbers for pen and paper: rounded before anything is made of them, and as tables with the index letters beside."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradwalk.exercises.tasks import Task
from gradwalk.names import look_up
from gradwalk.telling.page import Page
from gradwalk.telling.tables import grid, number

DIGITS = 2  # of what is asked for; what is given has one


def rounded(array: object) -> object:
    """What is given, as one reads it: with one digit; shares, where one digit is too few, with two."""
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        return array
    shares = array.size > 0 and array.min() >= 0 and array.max() <= 1
    return np.round(array, DIGITS if shares else 1) + 0.0


def written(value: float) -> str:
    """What is asked for, as one reads it."""
    return number(_steady(float(value)), DIGITS)


def all_given(task: Task, given: Mapping[str, object]) -> Page:
    """The arrays that a task is given, each as a table under its name; on a page side by side."""
    shown = [(name, grid_of(given[name], letters_of(name, given[name]))) for name in task.takes if np.ndim(given[name])]
    html = "".join(f"<div style='min-width:0'><p><code>{name}</code></p>{page.html}</div>" for name, page in shown)
    html = f'<div style="display:flex;flex-wrap:wrap;gap:0 2em">{html}</div>'
    return Page(None, "\n".join(f"{name}\n{page.plain}" for name, page in shown), html)


def letters_of(name: str, array: np.ndarray) -> str:
    """The index letters of what a task is given."""
    return "t" * array.ndim if name in ("tokens", "places", "y", "attends") else look_up(name).indices


def grid_of(array: np.ndarray, letters: str) -> Page:
    """An array of numbers, or of words for them, with its index letters at the sides; of one with heads the first."""
    array = array[0] if array.ndim == 3 else np.atleast_2d(array)
    rows, columns = (f"{letters[-2]} = ", letters[-1]) if len(letters) > 1 else ("", letters[-1])
    return grid(
        _steady(array),
        [f"{rows}{k}" if rows else "" for k in range(array.shape[0])],
        [f"{columns} = {k}" for k in range(array.shape[1])],
        digits=DIGITS,
    )


def _steady(array):
    """Numbers that round alike on every processor: half a last digit is exactly that."""
    return np.round(array, 9) if np.asarray(array).dtype.kind == "f" else array
