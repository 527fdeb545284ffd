"""Every mistake of the bank, made on many cases: named rightly, and never a pass. GRADWALK_CASES=200 tries as many."""

import os

import numpy as np
import pytest

from gradwalk.exercises import cases, mistakes
from gradwalk.exercises.judging import judge
from gradwalk.exercises.tasks import all_tasks

pytestmark = pytest.mark.slow
SEEDS = int(os.environ.get("GRADWALK_CASES", 12))
ENTRIES = {entry.name: entry for entry in mistakes.bank()}


@pytest.mark.parametrize("name", ENTRIES)
def test_a_mistake_is_named_rightly_and_never_passes(name):
    entry, verdicts = ENTRIES[name], []
    where = [task for task in all_tasks().values() if task.right in entry.where or task.rule in entry.where]
    where = [task for task in where if entry.made(task, cases.draw(0)) is not None]
    for seed in range(SEEDS):
        task = where[seed % len(where)]
        drawn = cases.cases(task, seed) + cases.plain(task, seed)
        verdicts.append(judge(task, drawn, [entry.made(task, case) for case in drawn]))
    assert not any(verdict.passed for verdict in verdicts)
    assert np.mean([verdict.mistake == name for verdict in verdicts]) >= 0.99
