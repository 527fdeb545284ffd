"""Questions by rule: the right answer is the package's on the very numbers shown, the others are known mistakes."""

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest

from gradwalk import show
from gradwalk.exercises import mistakes, questions, record, tasks
from gradwalk.telling.tables import number

TASKS = tasks.all_tasks()
ROOT = Path(__file__).parents[1]


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


def test_no_tasks_or_one_that_there_is_none_of_are_refused():
    for names, told in (([], "names: wanted a list of tasks"), (["dL_db", "dL"], "task: there is no task 'dL'")):
        with pytest.raises(ValueError, match=f"^{told}"):
            questions.returning(names)


def test_at_the_start_of_a_stop_returns_what_the_stops_before_it_derived():
    def asked(stop):
        return [one.task for one in show.returning(stop).questions]

    assert asked("1c_how_far") == ["dL_dW", "dL_dz"]
    assert asked("2b_gelu") == ["dL_dv", "dL_db1", "dL_dW1"]
    assert asked("5c_scores")[:2] == ["dL_db_V", "dL_dW_V"]
    assert "dL_db_Q" in asked("5e_three_streams")  # and not b_K's, which the stop has found to be 0 whatever comes
    texts = [show.returning(stop).plain for stop in ("1c_how_far", "1c_how_far", "1d_output_bias")]
    assert texts[0] == texts[1] != texts[2]
    assert show.returning("5c_scores").html.count("<script>") == 1


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("[1-5]?_*.ipynb")), ids=lambda path: path.stem)
def test_it_stands_at_the_head_of_every_stop_that_has_something_behind_it(path):
    first = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"][:4]
    assert (f'show.returning("{path.stem}")' in first) is (path.stem >= "1c")


@pytest.mark.parametrize("stop", ["0_forward", "1b_whose_error", "2a", "mlp", 2])
def test_where_nothing_has_come_nothing_returns(stop):
    with pytest.raises(ValueError, match=r"^stop: wanted the name of a stop behind 1b_whose_error"):
        show.returning(stop)
