"""A question of a sheet: what it asks, what is right, and how an answer is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gradwalk.exercises.shipping import Refusal

NOTHING, RIGHT = "not yet answered", "right"


class Question(NamedTuple):
    """One question. `right` is for the key; `judge` takes an answer, and refuses one that is wrong, with a word."""

    key: str  # such as "A1"
    asks: str
    right: str
    judge: Callable[[object], None]

    @property
    def part(self) -> str:
        """The letters of its key: "A" of "A1"."""
        return self.key.rstrip("0123456789")


class Told(NamedTuple):
    """What became of an answer: whether it is right, the mistake in a word or None, and what is said."""

    right: bool
    mistake: str | None
    said: str


def told(question: Question, answer: object) -> Told:
    """What is said of an answer; None and ... are none. It never raises for one."""
    if answer is None or answer is ...:
        return Told(False, None, NOTHING)
    try:
        question.judge(answer)
    except Refusal as refusal:
        blank = refusal.kind == "blank"
        return Told(False, None if blank else refusal.kind, NOTHING if blank else refusal.said)
    return Told(True, None, RIGHT)
