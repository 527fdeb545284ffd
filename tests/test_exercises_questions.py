"""Questions by rule: the right answer is the package's on the very numbers shown, the others are known mistakes."""

import json

import numpy as np
import pytest

from gradwalk.exercises import mistakes, questions, record, tasks
from gradwalk.telling.tables import number

TASKS = tasks.all_tasks()


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_a_question_of_every_task_has_the_packages_answer_and_tempts_by_known_mistakes(name):
    task = TASKS[name]
    for seed in range(4):
        one = questions.Asked(name, seed)
        right = np.round(task.right(*task.of(one.given)), 9)
        spot = one.prediction.plain.partition("]")[0].partition("[")[2]
        at = tuple(map(int, spot.split(", ")))
        assert one.prediction.answer == number(float(right[at]), 2)
        lines = one.prediction.plain.splitlines()
        choices = [line.split(":")[0][2:] for line in lines[1 : lines.index(f"Answer: {_answer(lines)}")]]
        assert 3 <= len({*choices}) == len(choices) <= 4
        values = [float(choice.replace("−", "-")) for choice in choices]
        assert values == sorted(values)
        made = {
            number(float(np.round(array[at], 9)), 2)
            for _, array in mistakes.made(task, one.given)
            if array.shape == right.shape
        }
        assert {*choices} - {one.prediction.answer} <= made


def _answer(lines):
    return next(line.removeprefix("Answer: ") for line in lines if line.startswith("Answer: "))


def test_all_that_it_is_about_is_shown_as_it_is():
    one = questions.Asked("dL_dW", 3)
    for name in ("dL_dz", "h"):
        assert f"{name}\n" in one.plain
        for value in one.given[name].ravel():
            assert value == round(value, 1)
            assert number(value, 2) in one.plain
    assert one.plain.index("h\n") < one.plain.index("which number is it?")


def test_the_same_seed_asks_the_same_and_another_asks_another_and_one_like_it_is_behind():
    one, same, other = (questions.asked("dL_dv", seed) for seed in (1, 1, 2))
    assert one.html == same.html != other.html
    assert questions.Asked("dL_dv", 2).prediction.plain in one.prediction.plain
    assert one.html.count("<script>") == 1
    assert "&quot;rule&quot;: &quot;input&quot;" in one.html


NAMES = ["dL_db", "dL_dW", "dL_dh", "dL_dS", "dL_du"]  # five rules


def noted(path, *lines):
    record.append(
        path, "\n".join(json.dumps({"at": f"2026-01-{day:02}", "kind": kind, **told}) for day, kind, told in lines)
    )


def test_what_was_missed_returns_first_and_what_was_right_once(tmp_path, monkeypatch):
    def returned(names=NAMES):
        return [one.task for one in questions.returning(names).questions]

    assert returned() == NAMES[:3]
    path = tmp_path / record.FILE
    monkeypatch.setenv(record.PLACE, str(path))
    monkeypatch.setenv(record.NOTEBOOK, "2a_mlp.ipynb")
    assert returned() == NAMES[:3]  # nothing yet
    noted(
        path,
        (1, "call", {"rule": "gate", "said": "1", "right": True}),
        (2, "call", {"rule": "gate", "said": "1", "right": False}),
        (2, "check", {"task": "dL_dalpha", "passed": True}),
        (2, "check", {"task": "dL_dS", "passed": True}),
        (2, "call", {"rule": "input", "said": "1", "right": True}),
        (3, "call", {"rule": "input", "said": "1", "right": True}),
        (3, "call", {"rule": "weight", "said": None}),
    )
    assert returned() == ["dL_du", "dL_dS", "dL_db"]
    first = questions.returning(NAMES)
    assert first.plain == questions.returning(NAMES).plain  # the same all day
    record.note("check", task="dL_db", passed=False)  # today's is for another day
    assert first.plain == questions.returning(NAMES).plain
    noted(path, (4, "check", {"task": "dL_du", "passed": True}))
    other = questions.returning(NAMES)
    assert other.questions[0].task in ("dL_dS", "dL_du")
    assert other.questions[1].plain != first.questions[0].plain


@pytest.mark.parametrize(
    ("names", "told"), [(NAMES[:2], "names: wanted 3 tasks at least, got 2"), (["dL_db", "dL", "dL_dW"], "task: ")]
)
def test_too_few_tasks_or_one_that_there_is_none_of_are_refused(names, told):
    with pytest.raises(ValueError, match=f"^{told}"):
        questions.returning(names)
