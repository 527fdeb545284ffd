"""`check(task, answer)`: is it the gradient, and if not, which mistake is it?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradwalk import arguments
from gradwalk.exercises import answers, mistakes, record, report, tasks
from gradwalk.exercises import cases as drawn
from gradwalk.exercises.judging import CLOSE, CLOSE_SINGLE, Verdict, judge
from gradwalk.exercises.shipping import Refusal
from gradwalk.step2_mlp import ACTIVATIONS
from gradwalk.telling.tables import number
from gradwalk.weights import within

BLANK = {"", "...", "…", "?", "None", "TODO", "pass"}
MASKED = -1e3  # a score as good as minus infinity, where that is wanted: e^−1000 is 0 in float64


class Checked:
    """What became of an answer: `passed`, the `mistake` by name or None, what is `said` of it, and the `seed`.

    `refused` is a word for what is no answer, such as "blank" or "endless"; None for one that gave numbers.
    """

    def __init__(
        self,
        task: str,
        passed: bool,
        mistake: str | None,
        paragraphs: list[str],
        seed: int,
        refused: str | None = None,
    ):
        self.task, self.passed, self.mistake, self.seed, self.refused = task, passed, mistake, seed, refused
        self._page = report.page(paragraphs)
        self.said = self._page.plain

    def __repr__(self):
        return self.said

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self._page._repr_mimebundle_()


def check(
    task: str, answer: object, at: tuple[int, ...] | None = None, given: Mapping | None = None, seed: int = 0
) -> Checked:
    """Is this the gradient? It says what is right, names the mistake, and gives a hint; it never raises for an answer.

    task: a gradient of the walk, such as "dL_dW". answer: a function with the package's own arguments in its order, an
    index formula as text, `sum t: dL_dz[t,i] * h[t,j]`, or one number, that of the entry `at`. given: for a number the
    arrays by name that it is made of, such as {"dL_dz": grads.dL_dz, "h": values.h}; else the first case's. seed: from
    which the cases are drawn. ValueError for a task that does not exist, for a seed or `given` that does not fit.
    """
    task = tasks.named(task)
    seed = arguments.whole("seed", seed, least=0)
    refused = None
    try:
        with np.errstate(all="ignore"):  # an answer may well be infinite
            mistake, passed, paragraphs = _answered(task, answer, at, given, seed)
    except Refusal as refusal:
        mistake, passed, paragraphs, refused = None, False, [refusal.said], refusal.kind
    record.note("check", task=task.name, passed=passed, mistake=mistake, seed=seed)
    return Checked(task.name, passed, mistake, paragraphs, seed, refused)


def _answered(task, answer, at, given, seed):
    """The mistake's name, whether it is passed, and what is said. Refusal and ValueError with what is said."""
    if answer is None or answer is ... or (isinstance(answer, str) and answer.strip() in BLANK):
        raise Refusal("blank", "There is nothing here yet. Write what you have: a wrong one is answered too.")
    cases = drawn.cases(task, seed) + drawn.plain(task, seed)
    single = None if isinstance(answer, str) and at is None else answers.single(answer)
    if single is not None:
        return _number(task, single, at, cases[0] if given is None else cases[0] | of_the_page(task, given))
    if isinstance(answer, str):
        read = [answers.of_formula(answer, task, case) for case in cases]
        results, index, notes, close = [array for array, _ in read], _indices(task, read[0][1]), [], CLOSE
    elif callable(answer):
        came = answers.of_function(task, answer, cases)
        results, index, close = came.results, "", CLOSE_SINGLE if came.single else CLOSE
        notes = [f"It printed: {came.printed[:200]!r}"] if came.printed else []
        if came.reads:
            notes.append(f"It reads {', '.join(came.reads)} of the page; every case has numbers of its own.")
    else:
        raise Refusal("kind", report.given_words(answer, task))
    return _judged(task, cases, results, index, notes, close)


def _judged(task, cases, results, index, notes, close):
    if any(isinstance(result, tuple) for result in results):
        shape = next(result for result in results if isinstance(result, tuple))
        raise Refusal("large", f"It returns an array of shape {shape}; wanted is ({', '.join(task.shape)}).")
    rights = [task.right(*task.of(case)) for case in cases]
    results = [_as_masked(result, right) for result, right in zip(results, rights, strict=True)]
    fits = all(result.shape == right.shape for result, right in zip(results, rights, strict=True))
    if fits and not any(result.any() for result in results):
        if task.zero:
            why = "It is zero: all keys move alike, each row of scores moves as one, and softmax does not notice."
            return None, True, [f"Right. {why}", *report.passed(task, cases, 0)[1:2]]
        raise Refusal("zeros", "It is zero everywhere. Where nothing is filled in, nothing is right yet.")
    verdict = judge(task, cases, results, close)
    tried = len(list(mistakes.made(task, cases[0])))
    if verdict.passed:
        return None, True, [*report.passed(task, cases, tried), *notes[:1]]
    if verdict.mistake is None and not verdict.plain:
        for result, right in zip(results, rights, strict=True):
            if fits and not np.isfinite(result[np.isfinite(right)]).all():
                raise Refusal("not finite", _first_not_finite(task, result, right))
    return verdict.mistake, False, [*report.wrong(task, cases, results, verdict, index), *notes]


def _first_not_finite(task, result, right):
    spot = tuple(int(at) for at in np.argwhere(~np.isfinite(result) & np.isfinite(right))[0])
    at = ", ".join(map(str, spot))
    return f"{task.name}[{at}] is {number(result[spot])} on one case. A number belongs there."


def _as_masked(result, right):
    """An answer's scores, with minus infinity where that is wanted and −1e9 stands for it, alone or added."""
    return np.where(np.isneginf(right) & (result <= MASKED), -np.inf, result) if result.shape == right.shape else result


def _indices(task, used):
    """What is right of a formula's index letters: whose each is, and which are missing."""

    def shown(letters):
        return [one if used[one] == one else f"{one} (your {used[one]})" for one in letters]

    own = shown(letter for letter in task.letters if letter in used)
    missing = [letter for letter in task.letters if letter not in used]
    summed = shown(sorted(used.keys() - set(task.letters)))
    said = [f"{', '.join(own)} {'is' if len(own) == 1 else 'are'} the answer's own"] if own else []
    said += [f"{', '.join(summed)} {'is' if len(summed) == 1 else 'are'} summed"] if summed else []
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        said.append(f"{', '.join(missing)} of the answer's own {verb} nowhere in the formula")
    return f"Of the indices {'; '.join(said)}."


def of_the_page(task: tasks.Task, given: Mapping) -> dict[str, np.ndarray]:
    """The page's own arrays, for a number made of them. ValueError for one that is missing, or no array of numbers."""
    given = dict(arguments.instance("given", given, Mapping))
    like = {name: np.asarray(array) for name, array in zip(task.takes, task.of(drawn.draw(0)), strict=True)}
    missing = [name for name in task.takes if like[name].ndim and name not in given]
    if missing:
        raise ValueError(f"given: wanted {', '.join(task.takes)}; {missing[0]} is missing")
    return {name: _like(like[name], given[name]) for name in task.takes if name in given}


def _like(other, given):
    """The page's own of what a task takes: whole numbers, finite ones, or, as scores are, with minus infinity too.

    Of what is known by name, the name.
    """
    if other.dtype.kind == "U":
        return arguments.one_of("given", given, ACTIVATIONS, "activation")
    array = np.asarray(given)
    if array.dtype.kind in "ib":
        return array
    if array.dtype.kind != "f" or not np.isneginf(other).any():
        return arguments.numbers("given", array, ndim=other.ndim)
    masked = np.isneginf(array)
    return np.where(masked, -np.inf, arguments.numbers("given", np.where(masked, 0, array), ndim=other.ndim))


def _number(task, answer, at, case):
    """One entry, by its number: rounded as one does by hand."""
    try:
        right = task.right(*task.of(case))
    except (ValueError, IndexError):
        raise ValueError("given: wanted arrays whose shapes fit together, got others") from None
    if at is None:
        raise Refusal("kind", f"Which entry is it? Say at=({', '.join(task.letters)}), with numbers for the letters.")
    try:
        at = within(right.shape, at, task.name)
    except ValueError as wrong:
        raise Refusal("kind", str(wrong)) from None
    spot, scale = ", ".join(map(str, at)), np.abs(right[np.isfinite(right)]).max(initial=0)
    if not np.isfinite(answer):
        raise Refusal("not finite", f"{answer} is no number. The slope is one.")

    if not np.isfinite(right[at]):
        raise Refusal("kind", f"{task.name}[{spot}] is {number(right[at])}: nothing is worked out there. Take another.")

    def same(one):
        return bool(np.isfinite(one)) and abs(answer - one) <= 5e-3 * abs(one) + 1e-4 * scale

    if same(right[at]):
        said = f"Right: {task.name}[{spot}] is {number(right[at])}."
        return None, True, [said, "Not tested: the other entries. A number can be right for a reason that is not."]
    if answer == 0:
        raise Refusal("zeros", f"{task.name}[{spot}] is not zero.")
    sign = "Right: the sign. " if np.sign(answer) == np.sign(right[at]) else "The sign is the other. "
    for entry, made in mistakes.made(task, case):
        if made.shape == right.shape and same(made[at]):
            verdict = Verdict(False, entry)
            break
    else:
        verdict = Verdict(False, None, "with the other sign" if same(-right[at]) else "")
    said = f"{verdict.entry.happened} Look at {verdict.entry.look}." if verdict.entry else ""
    size = "the size is right" if verdict.change else "no mistake that is known here gives this number"
    named = f"{verdict.entry.name}, it seems: {said}" if said else f"{size[0].upper()}{size[1:]}."
    return verdict.mistake, False, [sign + named, f"1. {report.QUESTIONS[task.rule]}", "Not tested: the other entries."]
