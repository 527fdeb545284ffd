"""What a learner hears: what is right, the mistake by name, a hint in three steps, where it is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradwalk.arguments import shown
from gradwalk.exercises.cases import Case, gaps
from gradwalk.exercises.judging import Verdict
from gradwalk.exercises.tasks import Task
from gradwalk.names import shape_in_words
from gradwalk.telling import derivations
from gradwalk.telling.derivation_page import own_lines
from gradwalk.telling.page import Page
from gradwalk.telling.tables import number
from gradwalk.telling.verbatim import verbatim

# The first step of a hint, by the rule that the task follows.
QUESTIONS = {
    "weight": "Turn one number of the weight by a little. Which output moves, at which positions, and by how much?",
    "bias": "Turn one number of the bias by 1. Which output moves, at which positions, and by how much?",
    "input": "Turn one number that comes in. Which outputs move, and each by how much?",
    "copy": "The line adds two things. Move one of them by 1: by how much does the sum move?",
    "join": "Write down every line of the walk out in which this value stands. What does each use report?",
    "gate": "Take one unit above zero and one below. Nudge each: what does the output do?",
    "p − onehot": "L = −z_y + log of a sum over all words. How does each of the two parts answer one logit?",
    "norm": "Take one row of three numbers, move one of them. What happens to the mean, the spread, the others?",
    "product": "Take one number of the answer. Which entries of the product move with it, and by what factor?",
    "softmax": "Take one row of three. Raise one score: what do its own share and the two others do?",
    "look-up": "Take one row of the table. At which positions is it read?",
}
MARKS = {True: "·", False: "×"}
# What is planted in the numbers of a rule, where plain ones do not have it.
PLANTED = {
    "gate": "units at exactly 0",
    "norm": "a level row, where eps counts, and one far from 0, where the mean does",
    "p − onehot": "positions that are not scored",
}
MOST = 12  # rows and columns of a picture


def passed(task: Task, cases: Sequence[Case], tried: int) -> list[str]:
    """The paragraphs of one who has passed."""
    sizes = "; ".join(", ".join(f"{size} = {case[size]}" for size in "TDFHNM") for case in cases)
    return [
        f"Right: {task.name} on {len(cases)} cases, and it is none of the {tried} mistakes that are known here.",
        f"The package has it so:\n{own_lines(task.right)}",
        f"Not tested: other sizes than these ({sizes}), how fast it is, numbers near the ends of float64.",
    ]


def wrong(task: Task, cases: Sequence[Case], results: Sequence[np.ndarray], verdict: Verdict, index: str = "") -> list:
    """The paragraphs of one who has not. index: what an index formula's letters are."""
    right, result = task.right(*task.of(cases[0])), results[0]
    said = [" ".join(filter(None, (_right_so_far(task, right, result), index)))]
    but = "On plain numbers it is right" if verdict.plain else "It would be right"
    if verdict.entry:
        change = f" And {_phrase(verdict.change)}." if verdict.change else ""
        said.append(f"{verdict.entry.name}: {verdict.entry.happened}{change} Look at {verdict.entry.look}.")
    elif verdict.change:
        said.append(f"{but}, but {_phrase(verdict.change)}. Look at {_place(verdict.change)}.")
    elif verdict.plain:
        said.append(f"{but}. {_first(task, right, result)}")
    else:
        said.append(f"It is none of the mistakes that are known here. {_first(task, right, result)}")
    if verdict.plain:
        other = PLANTED.get(task.rule, "other sizes")
        said.append(f"That is not all: other numbers have {other}, and there something more differs.")
    steps = [QUESTIONS[task.rule], verdict.entry and verdict.entry.question, reason(task)]
    said.append("\n".join(f"{k}. {step}" for k, step in enumerate(filter(None, steps), 1)))
    if result.shape == right.shape and near(result, right).any():
        said.append(_picture(task, right, result))
    said.append("Not tested: anything but these numbers. Mend it, and ask again.")
    return said


def page(paragraphs: Sequence[str]) -> Page:
    """Paragraphs as text and as HTML; a paragraph of several lines keeps them."""
    html = "".join(
        f"<pre>{'<br>'.join(map(verbatim, paragraph.splitlines()))}</pre>"
        if "\n" in paragraph
        else f"<p>{verbatim(paragraph)}</p>"
        for paragraph in paragraphs
    )
    return Page(None, "\n\n".join(paragraphs), f"<div>{html}</div>")


def near(one: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Entry by entry whether an answer of the right shape is right there."""
    return gaps(one, right, right) <= 1e-4


def _phrase(change):
    """A change as the end of a sentence."""
    phrases = {"transposed": "it is transposed", "with the other sign": "it has the other sign"}
    phrases |= {"an axis of length 1 kept": "an axis of length 1 is kept"}
    phrases |= {"times a factor": "it is out by a factor, which is another for other sizes"}
    parts = change.split(", ")
    return " and ".join(phrases.get(part, part.replace("times", "it is out by the factor")) for part in parts)


def _place(change):
    if "axis" in change:
        return "the shape: it would fit only by broadcasting"
    if "transposed" in change:
        return "which index comes first"
    return "the sign of each term" if change == "with the other sign" else "the factor in front"


def _right_so_far(task, right, result):
    """What is right: the shape, the signs, which rows or positions."""
    letters = shape_in_words(task.shape, ", ")
    if result.shape != right.shape:
        came, wanted = (shape_in_words(array.shape) for array in (result, right))
        return f"The shape is {came}; wanted is ({letters}), {wanted} here."
    finite = np.isfinite(right)
    signs = np.sign(result[finite]) == np.sign(right[finite])
    said = [f"Right: the shape ({letters})", f"{_all_of(int(signs.sum()), signs.size)} signs"]
    fits = near(result, right)
    rows = fits.reshape(len(fits), -1).all(axis=1) if fits.ndim > 1 else fits
    letter = task.letters[0]
    if rows.any():
        said.append(f"of {letter} = {_listed(np.flatnonzero(rows))} every number")
    elif fits.any():
        said.append(f"{int(fits.sum())} of {fits.size} numbers")
    return ", ".join(said) + "."


def _all_of(count, all_):
    return "all" if count == all_ else f"{count} of {all_}"


def _listed(spots):
    most = 6
    return ", ".join(map(str, spots[:most])) + (" …" if len(spots) > most else "")


def _first(task, right, result):
    """The first entry that differs, both numbers, and what the others have in common with it."""
    if result.shape != right.shape:
        return ""
    if near(result, right).all():
        return "On the first case all numbers are right, to four digits. It differs on another, or in a later digit."
    spot = tuple(int(at) for at in np.argwhere(~near(result, right))[0])
    at = ", ".join(map(str, spot))
    said = f"The first entry that differs is {task.name}[{at}]: {number(result[spot])}, wanted {number(right[spot])}."
    finite = np.isfinite(right) & np.isfinite(result)
    if np.allclose(np.abs(result[finite]), np.abs(right[finite]), rtol=1e-4):
        return f"{said} All sizes are right: some signs are not."
    rows = near(result, right).reshape(len(right), -1).all(axis=1)
    if right.ndim > 1 and rows.any():
        return f"{said} Only of {task.letters[0]} = {_listed(np.flatnonzero(~rows))} something differs."
    if right.ndim > 1 and right.shape[-1] == right.shape[-2] and near(result, right.swapaxes(-1, -2)).all():
        return f"{said} It is the transpose."
    return said


def reason(task: Task) -> str:
    """The words of the derivation above its first formula that is not the chain rule in full."""
    if not task.name.startswith("dL_d"):
        return ""
    told = derivations.derivation(task.right)
    return (told.lines[1].reason if len(told.lines) > 1 else told.sentence).rstrip(":.") + "."


def _picture(task, right, result):
    """A table of marks: where the answer is right and where not; of one with heads the first head that is wrong."""
    fits, head = near(result, right), ""
    if fits.ndim == 3:
        e = int(np.argmin(fits.all(axis=(1, 2))))
        fits, head = fits[e], f", head {e}"
    rows = np.atleast_2d(fits)[:MOST, :MOST]
    axes = " down, ".join(task.letters[-2:]) + (" across" if right.ndim > 1 else " from left to right")
    lines = ["  " + " ".join(MARKS[bool(fit)] for fit in row) for row in rows]
    return "\n".join([f"Right {MARKS[True]} and wrong {MARKS[False]}{head}: {axes}", *lines])


def given_words(answer: object, task: Task) -> str:
    """What came where an answer is no answer, and what one may be."""
    takes = ", ".join(task.takes)
    kinds = (
        f"a function of ({takes}), an index formula as text, or one number with its place, at=({task.letters[0]}, …)"
    )
    return f"Wanted {kinds}; got {shown(answer)}."
