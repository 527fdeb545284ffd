"""Part A: numbers that a hand can work out. Whole and half numbers are drawn; the package computes what is right."""

from __future__ import annotations

from functools import cache

import numpy as np

from gradwalk.exercises import answers, mistakes, page_check, tasks
from gradwalk.exercises.exam.question import Question
from gradwalk.exercises.shipping import Refusal
from gradwalk.names import EXTENTS, look_up
from gradwalk.step3_layernorm import EPS
from gradwalk.telling.tables import aligned, number

# The tasks of each rule that a hand does in about two minutes; a copy alone would be too little.
TASKS = {
    "weight": ("dL_dW", "dL_dW2", "dL_dW1", "dL_dW_O"),
    "bias": ("dL_db", "dL_db2", "dL_db1", "dL_dbeta2"),
    "input": ("dL_dh", "dL_dr", "dL_dv", "dL_dO"),
    "join": ("dL_dx1", "dL_dx0", "dL_dn"),
    "gate": ("dL_du",),
    "p − onehot": ("dL_dz",),
    "norm": ("dL_dx1_via_v", "dL_dgamma2"),
    "product": ("dL_dV", "dL_dalpha", "dL_dQ", "dL_dK"),
    "softmax": ("dL_dS",),
    "look-up": ("dL_dE_via_x0",),
}
SIZES = {"T": 3, "D": 4, "F": 3, "H": 1, "N": 3, "M": 2, "T_max": 3}  # one head: D/H is D
SETTINGS = {**SIZES, "activation": "relu", "eps": EPS}
NEAR = 0.006  # as near as two decimals come
APART = 0.02  # so far at least the mistakes lie that are counted
LEAST = 2  # mistakes that give another number
TRIES = 100


def question(key: str, name: str, rng: np.random.Generator) -> Question:
    """One number of a gradient: an entry that is not 0, and at which known mistakes give other numbers."""
    task = tasks.named(name)
    given, at, tempting = _drawn(task, rng)
    right = float(task.right(*task.of(given))[at])
    lines = [f"{key}. {_lines_out(task)}"]
    for one in task.takes:
        if isinstance(given[one], np.ndarray):
            lines += [f"{one} =", _table(one, given[one])]
    wanted = f"{name}[{', '.join(map(str, at))}]"
    lines.append(f"Wanted: {wanted}, one number.")

    def judge(answer):
        came = answers.single(answer)
        if came is None:
            raise Refusal("kind", f"Wanted one number, {wanted}.")
        if abs(came - right) <= NEAR:
            return
        entry = next((entry for entry, value in tempting if abs(came - value) <= NEAR), None)
        said = f"{entry.name}: {entry.happened}" if entry else "No mistake that is known here gives this number."
        raise Refusal(entry.name if entry else "another number", f"{wanted} is {number(right)}. {said}")

    return Question(key, "\n".join(lines), f"{wanted} = {number(right)}", judge)


@cache
def _lines_out(task):
    return " and ".join(line.partition("  #")[0] for line in page_check.lines(task))


def _drawn(task, rng):
    """Numbers, the entry of the answer at which most known mistakes show, and what each of them makes there."""
    for _ in range(TRIES):
        given = {**SETTINGS, **{name: _numbers(name, rng) for name in task.takes if name not in SETTINGS}}
        right = task.right(*task.of(given))
        made = [(entry, one) for entry, one in mistakes.made(task, given) if one.shape == right.shape]
        found = []
        for flat in rng.permutation(right.size):
            at = tuple(int(k) for k in np.unravel_index(flat, right.shape))
            tempting = [(entry, one[at]) for entry, one in made if abs(one[at] - right[at]) > APART]
            if abs(right[at]) > APART and len(tempting) > len(found):
                found, best = tempting, at
        if len(found) >= LEAST:
            return given, best, found
    raise RuntimeError(f"{task.name}: no numbers found at which its mistakes show")


def _numbers(name, rng):
    """What a task takes: shares in eighths, rows with a whole spread, words one of which stands twice; else halves."""
    T, N = SIZES["T"], SIZES["N"]
    if name == "y":
        return rng.permutation([-1, *rng.integers(N, size=T - 1)])  # (T,)
    if name == "tokens":
        return rng.permutation([0, 0, 2])  # (T,)
    if name == "p":
        return np.array([rng.permutation([0.5, 0.375, 0.125]) for _ in range(T)])  # (T, N)
    if name == "alpha":  # each position looks at itself and before
        return np.array(
            [[[1, 0, 0], [*rng.permutation([0.25, 0.75]), 0], rng.permutation([0.25, 0.25, 0.5])]]
        )  # (1, T, T)
    if name in ("x0", "x1"):  # two numbers above the mean, two below, by as much
        signs = np.array([rng.permutation([1, 1, -1, -1]) for _ in range(T)])  # (T, D)
        return rng.integers(-1, 2, size=(T, 1)) + 1.0 * signs * rng.integers(1, 3, size=(T, 1))
    letters = look_up(name).indices
    halves = rng.integers(-4, 5, size=[SIZES[EXTENTS[letter].split("/")[0]] for letter in letters]) / 2
    return np.tril(halves) if name == "dL_dS" else np.abs(halves) if name == "r" else halves


def _table(name, array):
    """A given array as lines of text, each of its indices at its rows and columns."""
    letters = "t" if name in ("y", "tokens") else look_up(name).indices
    array = array[0] if array.ndim == 3 else np.atleast_2d(array)
    digits = {"p": 3, "alpha": 2}.get(name, 0 if array.dtype.kind == "i" else 1)
    heads = ["", *(f"{letters[-1]} = {k}" for k in range(array.shape[1]))]
    labels = [f"{letters[-2]} = {k}" if len(letters) > 1 else "" for k in range(array.shape[0])]
    rows = [[label, *(number(x, digits) for x in row)] for label, row in zip(labels, array, strict=True)]
    return aligned([heads, *rows], [False, *[True] * array.shape[1]])
