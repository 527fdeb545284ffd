"""Part B: walks back of which one line is wrong: at which place, by which mistake, and which case exposes it?

The lines are the walk's own and the bank's. Which case exposes a mistake is computed: on the others the wrong line says
what the right one says.
"""

from __future__ import annotations

import string
import textwrap
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from gradwalk import arguments
from gradwalk.exercises import mistakes, narrow, source, tasks
from gradwalk.exercises.cases import Case, differ, draw
from gradwalk.exercises.exam.question import Question
from gradwalk.exercises.mistakes import Mistake
from gradwalk.exercises.shipping import Refusal
from gradwalk.exercises.tasks import Task

# Where the walk back is cut: the first line of each piece. The last two lines, of the tables, are part of the last.
PIECES = ("dL_dz", "dL_dm", "dL_dgamma2", "dL_dW_O", "dL_dW_Q", "dL_dgamma1")
COUNT = 4
CHOICES = 3  # cases, of which one exposes
DRAWN = 5  # numbers on which each case is tried
OTHERS = 4  # mistakes that are offered beside the right ones


class Wrong(NamedTuple):
    """A piece of the walk back with a mistake at one of its tasks; cases in words, and which of them exposes it."""

    piece: Sequence[Task]
    task: Task
    entry: Mistake
    cases: Sequence[str]
    exposes: int


def questions(rng: np.random.Generator) -> tuple[str, list[Question]]:
    """The mistakes to choose from, in words; and four pieces of the walk back, each with one of them."""
    walk = tasks.walked()
    starts = [next(k for k, task in enumerate(walk) if task.name == name) for name in PIECES]
    pieces = [walk[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    found = []
    for k in rng.permutation(len(pieces)):
        if len(found) < COUNT and (wrong := _drawn(pieces[k], found, rng)):
            found.append(wrong)
    found.sort(key=lambda wrong: walk.index(wrong.task))
    names = {wrong.entry.name for wrong in found}
    others = {entry.name for wrong in found for task in wrong.piece for entry in _known(task)} - names
    offered = sorted([*names, *rng.permutation(sorted(others))[:OTHERS]])
    letters = dict(zip(offered, string.ascii_lowercase, strict=False))
    told = "; ".join(f"{letter} {name}" for name, letter in letters.items())
    return told, [_question(f"B{k}", wrong, letters) for k, wrong in enumerate(found, 1)]


def _question(key, wrong, letters):
    lines = [f"{key}. One of these lines is wrong."]
    for task in wrong.piece:
        lines.append(textwrap.indent(source.as_lines(task, wrong.entry if task is wrong.task else None), "    "))
    lines.append("Cases; each line is fed numbers of its own, drawn at random but for this:")
    lines += [f"    {k} {said}" for k, said in enumerate(wrong.cases, 1)]
    right = (wrong.task.name, letters[wrong.entry.name], wrong.exposes)

    def judge(answer):
        if not isinstance(answer, (tuple, list)) or len(answer) != 3:
            raise Refusal("kind", 'Wanted three things: ("dL_d…", "letter", case).')
        if any(one is None or one is ... for one in answer):
            raise Refusal("blank", "not all answered yet")
        came = [arguments.shown(one).strip("\"' ").lower() for one in answer]
        fits = zip(("place", "mistake", "case"), came, map(str, right), strict=True)
        if missed := [name for name, one, wanted in fits if one != wanted.lower()]:
            said = f"{wrong.task.name}: {wrong.entry.name}. {wrong.entry.happened} Case {wrong.exposes} exposes it."
            raise Refusal(f"{missed[0]} not found", f"Not right: {', '.join(missed)}. {said}")

    return Question(key, "\n".join(lines), f"{right[0]}, {right[1]} {wrong.entry.name}, case {right[2]}", judge)


def _drawn(piece, taken, rng):
    """A mistake at one of these tasks which some cases hide and another exposes; None if there is none.

    Where it can be it is at another rule than those that are taken.
    """
    places = [piece[k] for k in rng.permutation(len(piece)) if not piece[k].zero]
    looks, rules = {wrong.entry.look for wrong in taken}, {wrong.task.rule for wrong in taken}
    for task in sorted(places, key=lambda task: task.rule in rules):
        known = [entry for entry in _known(task) if entry.look not in looks]
        for k in rng.permutation(len(known)):
            if (found := _cases(task, known[k], rng)) is not None:
                return Wrong(piece, task, known[k], *found)
    return None


def _cases(task, entry, rng):
    """Cases in words, narrow in two ways each, and which of them exposes the mistake; None if too few hide it."""
    hides, exposes = ([pairs[k] for k in rng.permutation(len(pairs))] for pairs in sorted_out(task, entry))
    if len(hides) < CHOICES - 1 or not exposes:
        return None
    cases = ["; ".join(pair) for pair in [*hides[: CHOICES - 1], exposes[0]]]
    order = rng.permutation(CHOICES)
    return [cases[k] for k in order], int(np.argmax(order)) + 1


@cache
def sorted_out(task: Task, entry: Mistake) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Of all pairs of ways to narrow a case those that hide a mistake, and those that expose it, on all numbers."""
    hides, exposes = [], []
    for pair in combinations(narrow.ways(draw(0), task), 2):
        shown = {shows(task, entry, narrow.narrowed(draw(k), task, pair)) for k in range(DRAWN)}
        if len(shown) == 1 and None not in shown:
            (exposes if shown.pop() else hides).append(pair)
    return hides, exposes


def shows(task: Task, entry: Mistake, case: Case | None) -> bool | None:
    """Whether a mistake shows on a case; None where that says nothing: no case, all zero, or shapes that do not fit."""
    if case is None:
        return None
    right, made = task.right(*task.of(case)), entry.made(task, case)
    return None if made is None or not right.any() else differ(made, right, right)


@cache
def _known(task):
    """The mistakes that fit into this line: of its shape, and written without helpers of the bank's own."""
    example = draw(0)
    shape = task.right(*task.of(example)).shape
    made = [entry for entry, one in mistakes.made(task, example) if one.shape == shape]
    return [entry for entry in made if not any(name.startswith("_") for name in entry.formula.__code__.co_names)]
