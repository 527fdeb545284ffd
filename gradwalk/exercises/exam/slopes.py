"""A forward line and its measured slopes: an answer is held to these alone, and no formula of the package's goes in."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from gradwalk.exercises import answers, process
from gradwalk.exercises.cases import differ
from gradwalk.exercises.judging import CLOSE, CLOSE_SINGLE
from gradwalk.exercises.shipping import Refusal
from gradwalk.measure import STEP
from gradwalk.names import shape_in_words

COUNT = 4  # cases an answer is tried on, each with sizes, numbers and a message of its own
SIZES = range(3, 8)  # of an axis; no two letters have the same. A norm of two numbers moves for none
_TAKES = re.compile(r"(?P<letters>[a-z]*)(?:<(?P<below>\w)|(?P<kind>[?+]))?")


class Line(NamedTuple):
    """A forward line: its function, what that takes, and the arguments in which a slope is asked for.

    takes: for each argument the letters of its axes, "td"; "b<m" are whole numbers from 0 to m − 1, "td?" is a mask of
    0 and 1, "d+" are numbers above 0. back: for each argument that is asked for the lines of one way back, of the
    message G, what the line takes, and Y, what it makes; for a teacher's key, and never what an answer is held to.
    """

    forward: Callable
    takes: dict[str, str]
    back: dict[str, str]

    def draw(self, rng: np.random.Generator) -> tuple:
        """Numbers for each argument. Away from 0, and no two of one size: no line has a kink as near as a nudge."""
        letters = sorted({*"".join(re.sub(r"[^a-z]", "", takes) for takes in self.takes.values())})
        sizes = dict(zip(letters, rng.permutation(SIZES).tolist(), strict=False))
        return tuple(_numbers(rng, sizes, takes) for takes in self.takes.values())

    def measured(self, given: tuple, name: str, message: np.ndarray) -> np.ndarray:
        """The slope of sum(message × what the line makes) in one argument, by central differences: of its shape."""
        place = list(self.takes).index(name)
        slopes = np.empty(given[place].shape)
        for index in np.ndindex(slopes.shape):
            ends = []
            for by in (STEP, -STEP):
                moved = given[place].copy()
                moved[index] += by
                ends.append(self.forward(*given[:place], moved, *given[place + 1 :]))
            slopes[index] = (message * (ends[0] - ends[1])).sum() / (2 * STEP)
        return slopes

    def code(self, called: str) -> str:
        """Its own lines, as a function that is called so: what it is named here would say too much."""
        return _code(self.forward, called)

    @property
    def given(self) -> str:
        """What it takes, with the letters of the shapes."""
        return ", ".join(f"{name} {_in_words(takes)}" for name, takes in self.takes.items())


def asked(back: dict[str, str], **takes: str) -> Callable[[Callable], Line]:
    """Make a line of the function below, by `back` and `takes` of a `Line`."""
    return lambda forward: Line(forward, takes, back)


def judge(line: Line, name: str, answer: object, seed: int) -> None:
    """Is the answer the slope in that argument? It is a function of the message G and of what the line takes.

    Refusal, with what is said of it, if it is not.
    """
    if answer is None or answer is ...:
        raise Refusal("blank", "There is nothing here yet.")
    rng, cases, measured = np.random.default_rng([seed, *name.encode()]), [], []
    for _ in range(COUNT):
        given = line.draw(rng)
        message = np.array(rng.standard_normal(np.shape(line.forward(*given))))
        cases.append((message, *given))
        measured.append(line.measured(given, name, message))
    answer = answers.function(answer)
    try:
        inspect.signature(answer).bind(*cases[0])
    except TypeError:
        raise Refusal(
            "order", f"It takes {inspect.signature(answer)}; wanted is (G, {', '.join(line.takes)})."
        ) from None
    came = process.run(answer, cases)
    if not all(isinstance(result, np.ndarray) for result in came.results):
        raise Refusal("kind", "It returns no array of the shape that is wanted.")
    for result, slopes in zip(came.results, measured, strict=True):
        if result.shape != slopes.shape:
            shapes = f"{shape_in_words(result.shape)}; wanted is {shape_in_words(slopes.shape)}"
            raise Refusal("another shape", f"Its shape is {shapes}, as {name} has it.")
    if not any(result.any() for result in came.results):
        raise Refusal("zeros", "It is zero everywhere. Where nothing is filled in, nothing is right yet.")
    for result, slopes in zip(came.results, measured, strict=True):
        if differ(result, slopes, slopes, CLOSE_SINGLE if came.single else CLOSE):
            raise Refusal("not the measured slope", _first(name, result, slopes))


@cache
def _code(forward, called):
    tree = ast.parse(textwrap.dedent(inspect.getsource(forward)))
    line = tree.body[0]
    line.name, line.decorator_list, line.body = called, [], line.body[1:]
    return ast.unparse(tree)


def _first(name, result, slopes):
    """Where it first differs from what was measured, both numbers."""
    apart = np.abs(result - slopes) / np.abs(slopes).max()
    index = np.unravel_index(np.argmax(np.where(np.isnan(apart), np.inf, apart)), slopes.shape)
    spot = f"[{', '.join(map(str, index))}]" if index else ""
    return (
        f"It is not the measured slope: in {name}{spot} it says {result[index]:.4f}, measured is {slopes[index]:.4f}."
    )


def _numbers(rng, sizes, takes):
    found = _TAKES.fullmatch(takes)
    shape = tuple(sizes[letter] for letter in found["letters"])
    size = int(np.prod(shape))
    if below := found["below"]:
        return rng.integers(int(below) if below.isdigit() else sizes[below], size=shape)
    if found["kind"] == "?":
        return (rng.permutation(size) % 3 > 0).reshape(shape) * 1.0
    ladder = np.array((rng.permutation(size) + rng.uniform(0.4, 0.6)).reshape(shape) * 2 / size)
    return ladder if found["kind"] == "+" else np.array(ladder * rng.choice([-1, 1], size=shape))


def _in_words(takes):
    found = _TAKES.fullmatch(takes)
    shape = (
        f"({', '.join(found['letters'])}{',' if len(found['letters']) == 1 else ''})"
        if found["letters"]
        else "one number"
    )
    if below := found["below"]:
        return f"{shape}, whole numbers below {below}"
    return shape + {"?": ", of 0 and 1", "+": ", above 0", None: ""}[found["kind"]]
