"""`repair(task)`: a wrong formula and where it is wrong: name the mistake, mend it, say when it shows.

>>> repair("dL_db").plain.splitlines()[0]
'A wrong dL_db: name its mistake, mend it, and say when it shows.'
"""

from __future__ import annotations

from hashlib import sha256
from html import escape
from typing import NamedTuple

import numpy as np

from gradwalk import arguments
from gradwalk.exercises import mistakes, narrow, report, source, tasks
from gradwalk.exercises.cases import Case, draw
from gradwalk.exercises.mistakes import Mistake
from gradwalk.exercises.pen_and_paper import all_given, grid_of, rounded, written
from gradwalk.exercises.predict import Prediction
from gradwalk.telling.page import Page
from gradwalk.telling.tables import table

MOST = 4  # choices
TRIES = 20
SEEN = 0.02  # numbers of two digits that are so far apart look different
MARK = "×"


class Wrong(NamedTuple):
    """A mistake on small numbers; the ways to narrow these in which it still shows, and those that hide it."""

    mistake: Mistake
    given: Case
    shows: dict[str, Case]
    hides: dict[str, Case]


class Repair:
    """A wrong formula with its grid, as three `outputs`.

    `name` is a prediction that asks which mistake it is, `mend` the exercise for what is right, `case` a prediction
    that asks which narrower case exposes the mistake. `plain` is all that is asked, and no answer.
    """

    def __init__(self, task: str, seed: int = 0):
        """See `repair`."""
        from gradwalk.widgets.exercise import Exercise  # it brings a widget library

        task, seed = tasks.named(task), arguments.whole("seed", seed, least=0)
        wrong = self.wrong = _drawn(task, seed)
        told = f"A wrong {task.name}: name its mistake, mend it, and say when it shows."
        code, given, grid = source.as_function(task, wrong.mistake), all_given(task, wrong.given), _marked(task, wrong)
        marked = f"What it makes of these, marked {MARK} where it is wrong:"
        self.name, self.case = _which_mistake(task, wrong, seed), _which_change(task, wrong, seed)
        self.mend = Exercise(task.name)
        plain = "\n".join([told, "", code, "", given.plain, "", marked, grid.plain, "", self.name.asked])
        code = f'<div style="overflow-x:auto"><pre tabindex="0"><code>{escape(code)}</code></pre></div>'
        html = f"<p>{told}</p>{code}{given.html}<p>{marked}</p>{grid.html}{self.name.html}"
        self.outputs = [Page(None, plain, html), self.mend, Page(None, self.case.asked, self.case.html)]
        self.plain = "\n\n".join([plain, self.mend.plain, self.case.asked])

    def __repr__(self):
        return self.plain

    def _ipython_display_(self):
        from IPython.display import display

        display(*self.outputs)


def repair(task: str, seed: int = 0) -> Repair:
    """A wrong formula of a task, such as "dL_dW", to be named, mended and exposed. Which one it is, the seed says.

    Nothing is typed: the formula is an entry of the bank of mistakes, and where it is wrong, or happens to be right, is
    computed. ValueError for a task that does not exist, or that has no mistake which some narrow case hides.
    """
    return Repair(task, seed)


def _drawn(task, seed):
    """One of the task's mistakes, where it can be told from others. The lot falls on names: the bank may grow."""
    rng = np.random.default_rng([seed, *task.name.encode()])
    for _ in range(TRIES):
        case = draw(int(rng.integers(1 << 30)), planted=False, small=True)
        given = case | {name: rounded(case[name]) for name in task.takes}
        seen = _apart(task, given, task.right(*task.of(given)))
        known = [Wrong(entry, given, *_changed(task, entry, given)) for entry, _ in seen]
        fit = [one for one in known if one.shows and one.hides and len(_others(task, one)) > 1]
        if fit:
            return min(fit, key=lambda one: _lot(task, seed, one.mistake.name))
    raise ValueError(f"task: wanted one with a mistake that some numbers hide, got {task.name}")


def _lot(task, seed, words):
    return sha256(f"{task.name} {seed} {words}".encode()).digest()


def _apart(task, given, array):
    """The mistakes, and what each makes, that are seen to differ from an array of the right shape."""
    for entry, made in mistakes.made(task, given):
        if made.shape == array.shape and np.isfinite(made).all() and np.abs(made - array).max() > SEEN:
            yield entry, made


def _others(task, wrong):
    return [*_apart(task, wrong.given, wrong.mistake.made(task, wrong.given))]


def _changed(task, mistake, given):
    """The narrow cases that show a mistake, and those that hide it; what comes out as zero tells nothing."""
    shows, hides = {}, {}
    for words in narrow.ways(given, task):
        case = narrow.narrowed(given, task, [words])
        if case is None or any(_same(task, case, other) for other in [*shows.values(), *hides.values()]):
            continue
        with np.errstate(all="ignore"):
            right, made = task.right(*task.of(case)), mistake.made(task, case)
        if right.any() and made is not None and np.isfinite(made).all():
            if report.near(made, right).all():
                hides[words] = case
            elif np.abs(made - right).max() > SEEN:
                shows[words] = case
    return shows, hides


def _same(task, one, other):
    """Two cases that give the task the same: where only messages are given, no number is below 0 if no message is."""
    return all(np.array_equal(a, b) for a, b in zip(task.of(one), task.of(other), strict=True))


def _marked(task, wrong):
    """What the formula makes, number by number, with a mark on those that are wrong."""
    right, made = task.right(*task.of(wrong.given)), wrong.mistake.made(task, wrong.given)
    marks = np.where(report.near(made, right), "", f" {MARK}")
    return grid_of(np.vectorize(lambda value, mark: written(value) + mark, otypes=[object])(made, marks), task.letters)


def _which_mistake(task, wrong, seed):
    """The mistake among others of the same shape, each with a number by which one tells it."""
    made, reasons = wrong.mistake.made(task, wrong.given), {wrong.mistake.name: "it makes these very numbers"}
    for entry, other in sorted(_others(task, wrong), key=lambda one: _lot(task, seed, one[0].name))[: MOST - 1]:
        at = _furthest(other, made)
        reasons[entry.name] = f"{task.name}[{_place(at)}] would be {written(other[at])}, and it is {written(made[at])}"
    question, behind = (
        f"A wrong {task.name}: which mistake is it?",
        [wrong.mistake.happened, f"Look at {wrong.mistake.look}."],
    )
    return Prediction(question, dict(sorted(reasons.items())), behind, wrong.mistake.name, rule=task.rule)


def _which_change(task, wrong, seed):
    """One narrow case that exposes the mistake, among others that hide it; where only one hides it, that one."""
    alone = len(wrong.hides) == 1 < len(wrong.shows)
    found, others = (wrong.hides, wrong.shows) if alone else (wrong.shows, wrong.hides)
    (answer, *_), chosen = (sorted(some, key=lambda words: _lot(task, seed, words)) for some in (found, others))
    rows, reasons = [], {}
    for words in narrow.WAYS:  # in their own order, which says nothing
        if words == answer or words in chosen[: MOST - 1]:
            case = (wrong.shows | wrong.hides)[words]
            right, made = task.right(*task.of(case)), wrong.mistake.made(task, case)
            at = _furthest(right, 0 if words in wrong.hides else made)
            entry, makes, wanted = f"{task.name}[{_place(at)}]", written(made[at]), written(right[at])
            rows.append((words, entry, makes, wanted))
            as_well = "as is right" if words in wrong.hides else f"where {wanted} is right"
            reasons[words] = f"then it makes {entry} {makes}, {as_well}"
    page = table(dict(zip(["where", "entry", "it makes", "right is"], zip(*rows, strict=True), strict=True)))
    asks = "does it come out right" if alone else "is it still seen to be wrong"
    question = f"This wrong {task.name}: keep its numbers and change one thing. In which case {asks}?"
    return Prediction(question, reasons, page, answer, rule=task.rule)


def _furthest(one, other):
    """Where; of several equal ones the first, on every processor."""
    return tuple(map(int, np.unravel_index(np.argmax(np.round(np.abs(one - other), 9)), one.shape)))


def _place(at):
    return ", ".join(map(str, at))
