"""`which_rule()`: forward lines of the walk, mixed: which rule leads back through each?

>>> which_rule(seed=1).questions[0].answer
'gate'
"""

from __future__ import annotations

from functools import cache

import numpy as np

from gradwalk import arguments
from gradwalk.exercises import page_check, tasks
from gradwalk.exercises.predict import Prediction, together
from gradwalk.exercises.tasks import Task
from gradwalk.telling.page import Page

COUNT = 6  # lines


class Sorting(Page):
    """Lines of the walk out, each a question of its own, with the rules of all of them to choose from.

    `questions` are predictions; `asked` is what is in sight of them as text.
    """

    def __init__(self, seed: int = 0):
        """See `which_rule`."""
        rng = np.random.default_rng(arguments.whole("seed", seed, least=0))
        chosen, left = [], dict(_by_rule())
        while len(chosen) < COUNT:
            rule = str(rng.choice([*left]))
            chosen.append(left[rule][int(rng.integers(len(left[rule])))])
            left[rule] = [task for task in left[rule] if task is not chosen[-1]]
            left = {rule: some for rule, some in left.items() if some}
        rules = [rule for rule in tasks.RULES if any(task.rule == rule for task in chosen)]
        self.questions = [_question(task, rules) for task in chosen]
        self.asked, plain = ("\n\n".join(getattr(one, kind) for one in self.questions) for kind in ("asked", "plain"))
        super().__init__(None, plain, together(self.questions))


def which_rule(seed: int = 0) -> Sorting:
    """Six lines of the walk out, drawn by `seed`: which of `tasks.RULES` leads back through each? ValueError for it."""
    return Sorting(seed)


@cache
def _by_rule():
    """The gradients by their rules, but for those that their lines do not show: what is joined stands in several."""
    known = [task for task in tasks.all_tasks().values() if task.name.startswith("dL_d")]
    known = [task for task in known if task.rule != "join" or len(page_check.lines(task)) > 1]
    known = [task for task in known if not any("hf" in line for line in page_check.lines(task))]  # GPT-2's alone
    return {rule: [task for task in known if task.rule == rule] for rule in tasks.RULES}


def _question(task: Task, rules):
    question = f"{'; '.join(page_check.lines(task))}: which rule leads back to {_target(task)}?"
    reasons = {}
    for rule in rules:
        like = next(one for one in _by_rule()[rule] if one is not task or len(_by_rule()[rule]) == 1)
        reasons[rule] = f"so one comes back to {_target(like)} in {'; '.join(page_check.lines(like))}"
    return Prediction(question, reasons, f"{task.name} = {page_check.right(task)}", task.rule, rule=task.rule)


def _target(task):
    quantity, _, road = task.name.removeprefix("dL_d").partition("_via_")
    return f"{quantity} by way of {road}" if road else quantity
