"""Questions by rule, with numbers of their own: the right answer is the package's, the tempting ones known mistakes.

>>> asked("dL_db_O", seed=1).prediction.answer in asked("dL_db_O", seed=1).plain
True
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from gradwalk import arguments
from gradwalk.exercises import mistakes, record, report, tasks
from gradwalk.exercises.cases import draw
from gradwalk.exercises.pen_and_paper import all_given, grid_of, rounded, written
from gradwalk.exercises.predict import Prediction, together
from gradwalk.exercises.tasks import Task
from gradwalk.telling.page import Page

MOST = 4  # choices
TRIES = 100
COUNT = 3  # questions when one returns
ALWAYS_ZERO = ("dL_db_K",)  # in the walk; of numbers that no walk has made it is some other number, and would mislead


class Asked(Page):
    """A question of one task: the numbers that it is about, open, and its `prediction`, behind which is one like it."""

    def __init__(self, task: str, seed: int, like: Page | None = None):
        """See `asked`; `like` stands at the end of what is shut."""
        task, seed = tasks.named(task), arguments.whole("seed", seed, least=0)
        rng = np.random.default_rng([seed, *task.name.encode()])
        given, at, right, tempting = _drawn(task, rng)
        told = f"{task.name}[{', '.join(map(str, at))}]"
        choices = {written(right): report.reason(task) or "that is the slope"}
        choices |= {written(value): f"{entry.name}. {entry.happened}" for value, entry in tempting}
        choices = dict(sorted(choices.items(), key=lambda choice: float(choice[0].replace("−", "-"))))
        behind = [f"All of {task.name}:", grid_of(task.right(*task.of(given)), task.letters)]
        behind += ["One like it:", like] if like else []
        self.task, self.seed, self.given = task.name, seed, given
        self.prediction = Prediction(f"{told}: which number is it?", choices, behind, written(right), rule=task.rule)
        shown = all_given(task, given)
        super().__init__(None, f"{shown.plain}\n\n{self.prediction.plain}", f"{shown.html}{self.prediction.html}")


def asked(task: str, seed: int = 0) -> Asked:
    """A question of a task, such as "dL_dW", and behind it one like it: the same for a seed wherever it is asked.

    ValueError for a task that does not exist, or on whose numbers no mistake is tempting.
    """
    return Asked(task, seed, Asked(task, seed + 1))


class Returning(Page):
    """The `questions` that return at the start of a stop."""

    def __init__(self, questions: Sequence[Asked]):
        self.questions = list(questions)
        super().__init__(None, "\n\n".join(question.plain for question in self.questions), together(self.questions))


def returning(names: Sequence[str], seed: int = 0) -> Returning:
    """Three questions of these tasks for another day: what was missed first, then what was right only once.

    A rule counts as met by what the record has of earlier days; so do the days, each of which has numbers of its own.
    Without a record they are the first three tasks, with the numbers of `seed`. Fewer where there are fewer tasks;
    ValueError for none.
    """
    names = [tasks.named(name).name for name in arguments.several("names", names, "tasks")]
    path = record.where()
    lines = record.read(path) if path and path.exists() else []
    today = datetime.now(UTC).date().isoformat()
    before = [line for line in lines if line["at"][:10] < today]
    met = {rule: [line["right"] for line in map(_judged, before) if line["rule"] == rule] for rule in tasks.RULES}

    def due(name):
        """Missed when it was last met; right then, and not before; all others."""
        of_rule = met[tasks.named(name).rule]
        return 2 if not of_rule or of_rule[-2:] == [True, True] else int(of_rule[-1])

    days = len({line["at"][:10] for line in before})
    return Returning([asked(name, seed + 10 * days) for name in sorted(names, key=due)[:COUNT]])


def at_the_start_of(stop: str) -> Returning:
    """What returns at the start of a stop, such as "2a_mlp": a question of each rule that the stops before it have met,
    about the gradient that came last. ValueError for what is no name of a stop, and where none has come.
    """
    known, wanted = dict(tasks.by_stop()), "the name of a stop behind 1b_whose_error, such as 2a_mlp"
    del known["1a_which_way"]  # numbers of one position alone; how positions add is told one stop later
    if not re.fullmatch(r"\d[a-z]?_\w+", arguments.words("stop", stop, wanted)):
        raise arguments.refused("stop", wanted, stop)
    before = {}
    for task in reversed([task for earlier in known if earlier < stop for task in known[earlier]]):
        if task.name not in ALWAYS_ZERO:
            before.setdefault(task.rule, task.name)
    if not before:
        raise arguments.refused("stop", wanted, stop)
    return returning([*before.values()], seed=int(stop.partition("_")[0], 36))  # each stop has numbers of its own


def _judged(line):
    """Which rule a line of the record is about, if it says so and was answered; and whether that was right."""
    known = tasks.all_tasks()
    right = line.get("right", line.get("passed"))
    rule = line.get("rule") or (known[line["task"]].rule if line.get("task") in known else None)
    return {"rule": rule if isinstance(right, bool) else None, "right": right}


def _drawn(task: Task, rng: np.random.Generator):
    """Numbers to be asked of, an entry, its value, and up to three others, each with the mistake that makes it."""
    for _ in range(TRIES):
        case = draw(int(rng.integers(1 << 30)), planted=False, small=True)
        given = case | {name: rounded(case[name]) for name in task.takes}
        right = task.right(*task.of(given))
        made = [(entry, array) for entry, array in mistakes.made(task, given) if array.shape == right.shape]
        found = []
        for k in rng.permutation(right.size):
            at = tuple(int(i) for i in np.unravel_index(k, right.shape))
            tempting = {written(right[at]): None}
            for place in rng.permutation(len(made)):
                entry, array = made[place]
                if np.isfinite(array[at]):
                    tempting.setdefault(written(array[at]), (float(array[at]), entry))
            kept = [one for one in tempting.values() if one][: MOST - 1]
            if np.isfinite(right[at]) and right[at] and len(kept) > len(found):
                found, best = kept, at
        if len(found) >= 2:
            return given, best, right[best], found
    raise ValueError(f"task: wanted one whose mistakes show in small numbers, got {task.name}")
