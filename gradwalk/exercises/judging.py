"""An answer's numbers against what is right, and against every known mistake: passed, or which one it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gradwalk.exercises import mistakes
from gradwalk.exercises.cases import PLAIN, Case, differ
from gradwalk.exercises.mistakes import Mistake
from gradwalk.exercises.tasks import Task

CLOSE, CLOSE_SINGLE = 1e-6, 1e-4  # of a row's largest entry: how near is equal, in float64 and in float32
# What an answer may be out by, by how it is written. √(D/H) is told as such, for what has heads.
FACTORS: dict[str, Callable[[Case], float]] = {
    "2": lambda case: 2,
    "T": lambda case: case["T"],
    "M": lambda case: case["M"],
    "√(D/H)": lambda case: (case["D"] / case["H"]) ** 0.5,
    **{size: lambda case, size=size: case[size] for size in ("D", "F", "H", "N")},
    "D/H": lambda case: case["D"] / case["H"],
    "√D": lambda case: case["D"] ** 0.5,
}


class Verdict(NamedTuple):
    """What an answer is: right; a known mistake, `entry`; or one of these with a `change`, such as "transposed".

    An answer with a change and no entry is the right one but for that. plain: it is so on plain numbers alone, and
    differs once more where something special is planted.
    """

    passed: bool
    entry: Mistake | None = None
    change: str = ""
    plain: bool = False

    @property
    def mistake(self) -> str | None:
        """The mistake's name."""
        return ", ".join(filter(None, (self.entry and self.entry.name, self.change))) or None


def judge(task: Task, cases: Sequence[Case], results: Sequence[np.ndarray], close: float = CLOSE) -> Verdict:
    """The verdict on an answer that gave these numbers for these cases, the last `PLAIN` of them plain ones."""
    verdict = _judged(task, cases, results, close)
    if verdict.passed or verdict.mistake:
        return verdict
    plain = _judged(task, cases[-PLAIN:], results[-PLAIN:], CLOSE_SINGLE)  # so that an eps does not count there
    return plain._replace(passed=False, plain=plain.passed or plain.mistake is not None)


def _judged(task, cases, results, close):
    rights = [task.right(*task.of(case)) for case in cases]

    def equal(made):
        pairs = zip(results, made, rights, strict=True)
        return all(not differ(result, one, right, close) for result, one, right in pairs)

    if equal(rights):
        return Verdict(True)
    entries = list(_entries(task, cases))
    for entry, made in entries:
        if equal(made):
            return Verdict(False, entry)
    found = [
        (turn, words, entry)
        for entry, made in [*entries, (None, rights)]
        for turn, words in _changed(made, results, cases, equal)
        if entry is None or words != "times a factor"
    ]
    if not found:
        return Verdict(False)
    turn, words, entry = min(found, key=lambda one: sum(map(bool, one)))  # the fewest mistakes at once
    return Verdict(False, entry, ", ".join(filter(None, (turn, words))))


def _changed(made, results, cases, equal):
    """How the arrays have to be turned, and multiplied, to be the results; the factor in words."""
    for turn, arrays in turned(made, results):
        factors = [_factor(*pair) for pair in zip(results, arrays, strict=True)]
        with np.errstate(invalid="ignore"):
            if equal([factor * array for factor, array in zip(factors, arrays, strict=True)]):
                yield turn, _in_words(factors, cases)


def _entries(task, cases):
    """Each mistake with what it makes of all cases; those whose formula the shapes forbid are left out."""
    for entry in mistakes.bank():
        if task.right in entry.where or task.rule in entry.where:
            made = [entry.made(task, case) for case in cases]
            if all(one is not None for one in made):
                yield entry, made


def turned(made: Sequence[np.ndarray], results: Sequence[np.ndarray]) -> Iterator[tuple[str, list[np.ndarray]]]:
    """The arrays as they are, transposed, and with an axis of length 1, each where the shapes agree."""
    yield "", list(made)
    if made[0].ndim > 1:
        yield "transposed", [array.swapaxes(-1, -2) for array in made]
    pairs = list(zip(made, results, strict=True))
    if all(one.shape != two.shape and _no_ones(one) == _no_ones(two) for one, two in pairs):
        yield "an axis of length 1 kept", [one.reshape(two.shape) for one, two in pairs]


def _no_ones(array):
    return [size for size in array.shape if size != 1]


def _factor(result, array):
    """The factor from an array to a result that fits best; 0 where there is none."""
    if result.shape != array.shape:
        return 0.0
    finite = np.isfinite(array) & np.isfinite(result)
    square = (array[finite] ** 2).sum()
    return float((array[finite] * result[finite]).sum() / square) if square else 0.0


def _in_words(factors, cases):
    """A factor for each case as one that has a name; empty for 1."""
    sign = "with the other sign" if all(factor < 0 for factor in factors) else ""
    sizes = np.abs(factors)
    known = {"": [1.0] * len(cases)}
    for name, of in FACTORS.items():
        known[f"times {name}"] = [of(case) for case in cases]
        known[f"times 1/{f'({name})' if '/' in name else name}"] = [1 / of(case) for case in cases]
    if np.allclose(sizes, sizes[0], rtol=1e-4):
        known[f"times {sizes[0]:.3g}"] = sizes
    known["times a factor"] = sizes
    size = next(name for name, sought in known.items() if np.allclose(sizes, sought, rtol=1e-4))
    return ", ".join(filter(None, (sign, size)))
