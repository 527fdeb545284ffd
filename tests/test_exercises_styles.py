"""Right answers in the styles that people write, thirty and more to each task (styles/): each passes."""

import numpy as np
import pytest
from styles import answers_to

from gradwalk import check
from gradwalk.exercises import cases, process, worker
from gradwalk.exercises.shipping import pack, unpack
from gradwalk.exercises.tasks import all_tasks, named

SEED = 1
process.warm()


@pytest.fixture
def run_here(monkeypatch):
    """Answers are packed and called as in a process of their own, but in this one: that takes longer than thirty."""

    def run(answer, given):
        packed, reads = pack(answer)
        made = [worker._called(unpack(packed), one) for one in given]
        single = any(one.dtype == np.float32 for one in made)
        return process.Run([one.astype(float) for one in made], reads=reads, single=single)

    monkeypatch.setattr(process, "run", run)


@pytest.mark.parametrize("task", all_tasks())
def test_thirty_right_answers_pass(task, run_here):
    answers = answers_to(named(task))
    assert len(answers) >= 30
    results = [check(task, one, seed=SEED) for one in answers]
    assert {k: result.said for k, result in enumerate(results) if not result.passed} == {}


@pytest.mark.slow
@pytest.mark.parametrize("task", all_tasks())
def test_the_last_one_passes_in_a_process_of_its_own(task):
    result = check(task, answers_to(named(task))[-1], seed=SEED)
    assert result.passed, result.said


@pytest.mark.parametrize("task", all_tasks().values(), ids=all_tasks())
def test_a_number_rounded_by_hand_passes(task):
    given = cases.draw(SEED, small=True)
    right = task.right(*task.of(given))
    at = tuple(map(int, np.argwhere(np.isfinite(right) & (right != 0))[-1]))
    for number in (f"{right[at]:.3g}", f"{right[at]:.4f}".replace(".", ",")):
        assert check(task.name, number, at=at, given=given).passed
