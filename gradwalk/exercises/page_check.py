"""What a page needs to check a task by itself: numbers, what is right of them, what each mistake makes; and words."""

from __future__ import annotations

import inspect
import re

import numpy as np

from gradwalk import block, step2_mlp
from gradwalk.exercises import cases as drawn
from gradwalk.exercises import formula, judging, mistakes, report
from gradwalk.exercises.cases import Case
from gradwalk.exercises.tasks import FORMS, Task
from gradwalk.names import EXTENTS, SIZES
from gradwalk.telling import derivations
from gradwalk.telling.derivation_page import own_lines, with_its_kind
from gradwalk.telling.index_formula import last_side, typed
from gradwalk.telling.worked_example import example_model
from gradwalk.widgets import tape


def told(task: Task, seed: int) -> dict:
    """All that exercise/check.js reads of a task. The cases are those that `check` draws from this seed."""
    cases = drawn.cases(task, seed) + drawn.plain(task, seed)
    rights = [task.right(*task.of(case)) for case in cases]
    typed_in = _typed_in(task, cases, rights)
    names, keys = {}, {}
    for name, value in _sent(task, cases[0]).items():
        names[name] = keys.setdefault(id(value) if np.ndim(value) else name, name)  # two names of one array
    return {
        **{"name": task.name, "letters": task.letters, "shape": task.shape, "zero": bool(task.zero)},
        "grammar": grammar(),
        "names": [*names.items()],
        "cases": [_case(task, case, set(names.values())) for case in cases],
        "rights": None if typed_in else [*map(tape.packed, rights)],  # else the page makes them of the formula
        "factors": [(name, [of(case) for case in cases]) for name, of in judging.FACTORS.items()],
        "plain": drawn.PLAIN,
        "mistakes": [_mistake(task, entry, cases, rights) for entry, _ in mistakes.made(task, cases[0])],
        **words(task),
    }


def number(task: Task, at: tuple[int, ...], case: Case) -> dict:
    """What exercise/check.js reads of one entry: the right number, and what each mistake makes of it.

    ValueError for an entry that is masked.
    """
    right = task.right(*task.of(case))
    if not np.isfinite(right[at]):
        raise ValueError(f"at: wanted an entry that is a number, got {at}, where {task.name} is {right[at]}")
    return {
        **{"name": task.name, "letters": task.letters, "at": at, "right": float(right[at])},
        "scale": float(np.abs(right[np.isfinite(right)]).max(initial=0)),
        "mistakes": [
            {**_words_of(entry), "made": float(made[at])}
            for entry, made in mistakes.made(task, case)
            if made.shape == right.shape and np.isfinite(made[at])
        ],
        **words(task),
    }


def sums(array: np.ndarray, right: np.ndarray) -> list[float]:
    """What tells an array from all others of its shape: two sums of its entries, each with a weight of its own.

    An entry is taken relative to that row of what is right, as `cases.gaps` has it. Where some are no numbers, two more
    sums say where they are infinite, and where NaN. With a factor before the array the first two have it too.
    """
    turns = np.sqrt([[2], [3]]) * np.arange(1, array.size + 1) % 1
    weights = np.where(turns < 0.5, turns + 0.5, -turns)  # of ½ to 1, with either sign: no entry is lost
    finite, infinite = np.isfinite(array), np.isinf(array)
    made = weights @ (np.where(finite, array, 0) / drawn.row_sizes(right)).ravel()
    if not finite.all():
        odd = [np.where(infinite, np.sign(array), 0), np.isnan(array)]
        made = [*made, *(weights[0] @ one.ravel() for one in odd)]
    return [float(f"{one:.8g}") for one in made]


def grammar() -> dict:
    """What the reader of formulas knows of letters: how else they are written, how far an index runs, of what."""
    limits = {"longest": formula.LONGEST, "deepest": formula.DEEPEST, "most": formula.MOST_INDICES}
    ordered = {"same": formula.SAME, "extents": EXTENTS, "sizes": SIZES}  # a saved notebook sorts names
    return {name: [*pairs.items()] for name, pairs in ordered.items()} | limits


def words(task: Task) -> dict:
    """What is said of a task whatever the answer: hints, the derivation as one types it, the package's own lines."""
    return {
        "question": report.QUESTIONS[task.rule],
        "reason": report.reason(task),
        "planted": report.PLANTED.get(task.rule, "other sizes"),
        "code": own_lines(task.right),
        "lines": lines(task),
        "takes": [kind.replace("`", "") for kind in map(with_its_kind, task.takes)],
        "derivation": derivation(task),
        "formula": right(task),
    }


def lines(task: Task) -> list[str]:
    """The lines of the walk out where the task's quantity is used: by way of its road, if it is a share."""
    for activation, (forward, slope) in step2_mlp.ACTIVATIONS.items():
        if task.right is slope:
            return [_line(block.Line("r", forward, ("u",)), activation)]
    if not task.name.startswith("dL_d"):
        return []
    quantity, _, road = task.name.removeprefix("dL_d").partition("_via_")
    for model in (example_model(**form) for form in FORMS):
        used = [line for line in [*block.lines(model), tape.LOSS] if quantity in line.takes]
        if used := [line for line in used if road in ("", line.value)]:
            return [_line(line, line.function.__name__) for line in used]
    return []


def derivation(task: Task) -> list[tuple[str, str]]:
    """Each equation with the words above it, as one types it, by the task's own names; none of a line out."""
    found = _derived(task)
    return [(line.reason or found.sentence, typed(line.latex, _called(task))) for line in found.lines] if found else []


def right(task: Task) -> str:
    """The right formula as one types it; the package's own code where there is no derivation."""
    found = _derived(task)
    return last_side(found.lines[-1].latex, _called(task)) if found else own_lines(task.right)


def _derived(task):
    walked_back = task.name.startswith("dL_d") or task.name.endswith("slope")
    return derivations.derivation(task.right) if walked_back else None


def _called(task):
    """What a derivation's names are at this task: it is told once, for the first that it serves."""
    called = dict(zip(task.parameters, task.takes, strict=True)) | {derivations.result(task.right): task.name}
    if "gamma" in called:
        called["gamma2"] = called["gamma"]
    return called | ({"s": "l"} if task.letters == "lj" else {})  # in a derivation a place is an s


def _line(line, name):
    """A line of the walk out as code: what its function returns, by the names of this line; or the call."""
    own, body = inspect.signature(line.function).parameters, own_lines(line.function).partition("return ")
    if body[0]:
        return f"{line.value} = {name}({', '.join(line.takes)})"
    called = dict(zip(own, line.takes, strict=True))
    return f"{line.value} = " + re.sub(r"\w+", lambda word: called.get(word[0], word[0]), body[2])


def _typed_in(task, cases, rights):
    """Whether the right formula as one types it makes what is right."""
    try:
        made = [formula.value(right(task), task, case)[0] for case in cases]
    except formula.NotRead:
        return False
    return all(not drawn.differ(one, each, each, 1e-12) for one, each in zip(made, rights, strict=True))


def _sent(task, case):
    """What a formula may speak of, but for what the page makes itself of x1."""
    return {name: value for name, value in task.names(case).items() if name not in ("x_hat", "sigma")}


def _case(task, case, keys):
    named = {name: value for name, value in _sent(task, case).items() if name in keys}
    arrays = {name: _exact(np.asarray(value, dtype=float)) for name, value in named.items() if np.ndim(value)}
    return {"numbers": {name: value for name, value in named.items() if not np.ndim(value)}, "arrays": arrays}


def _mistake(task, entry, cases, rights):
    """Its words, and the sums of what it makes, as it is and transposed, each where that can be an answer."""
    made = [entry.made(task, case) for case in cases]
    ways = [(turn, [*zip(way, rights, strict=True)]) for turn, way in judging.turned(made, rights)]
    fitting = [(turn, pairs) for turn, pairs in ways if all(one.shape == right.shape for one, right in pairs)]
    return {**_words_of(entry), "made": [(turn, [sums(*pair) for pair in pairs]) for turn, pairs in fitting]}


def _words_of(entry):
    return {name: getattr(entry, name) for name in ("name", "happened", "look", "question")}


def _exact(array):
    """In float32 where that has every bit."""
    short = array.astype(np.float32)
    return tape.packed(short if np.array_equal(short, array, equal_nan=True) else array)
