"""A wrong formula to be named, mended and exposed; and forward lines to be sorted by their rules."""

import re
from importlib import import_module
from itertools import combinations

import numpy as np
import pytest

from gradwalk import repair, which_rule
from gradwalk.exercises import mistakes, narrow, page_check, tasks
from gradwalk.exercises.source import as_function
from gradwalk.telling import derivations

TASKS = tasks.all_tasks()
REPAIRED = [name for name in TASKS if name != "S"]  # its minus infinities are compared nowhere


def run(code, task, given):
    """What the code that a learner sees makes of these numbers."""
    scope = {"np": np}
    for step in derivations.STEPS:
        scope |= vars(import_module(f"gradwalk.{step}"))
    exec(code, scope)
    return scope[task.name](*task.of(given))


@pytest.mark.parametrize("name", REPAIRED)
def test_all_that_is_shown_of_a_mistake_is_so(name):
    task, one = TASKS[name], repair(name, seed=1)
    wrong, right = one.wrong, task.right(*task.of(one.wrong.given))
    made = wrong.mistake.made(task, wrong.given)
    assert np.allclose(run(as_function(task, wrong.mistake), task, wrong.given), made)
    assert wrong.mistake in mistakes.bank()
    assert one.name.answer == wrong.mistake.name
    grid = one.plain.partition("wrong:")[2].partition("which mistake")[0]
    assert grid.count(" ×") == (~np.isclose(made, right, atol=1e-4, rtol=1e-4)).sum()
    hides = "come out right" in one.case.asked
    choices = [line[2:] for line in one.case.asked.splitlines()[1:]]
    assert one.case.answer in choices
    given = [task.of(narrow.narrowed(wrong.given, task, [words])) for words in choices]
    for a, b in combinations(given, 2):
        assert not all(map(np.array_equal, a, b)), "one case under two names"
    told = [re.split(r"  +", line)[-2:] for line in one.case.plain.splitlines()[-len(choices) :]]
    for words, (shown, beside) in zip(choices, told, strict=True):
        case = narrow.narrowed(wrong.given, task, [words])
        makes, wanted = wrong.mistake.made(task, case), task.right(*task.of(case))
        hidden = hides is (words == one.case.answer)
        assert np.allclose(makes, wanted, rtol=1e-3, atol=1e-3) is hidden, words
        assert (shown == beside) is hidden, words


def test_what_is_asked_is_in_sight_and_no_answer(monkeypatch):
    one = repair("dL_dW")
    asked, mend, case = (output._repr_mimebundle_() for output in one.outputs)
    assert "def dL_dW(dL_dz, h):" in asked["text/plain"]
    assert mend[0]["text/plain"].startswith("What is dL_dW?")
    assert repr(one) == one.plain
    for output in (asked, case):
        assert "Answer" not in output["text/plain"]
        sight = output["text/html"].partition('<div class="gw-behind">')[0].partition("</span>")[2]
        assert output["text/html"].count("<details>") == 1
        for told in (one.wrong.mistake.happened, "as is right"):
            assert told not in output["text/plain"]
            assert told not in sight
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *outputs: shown.extend(outputs))
    one._ipython_display_()
    assert shown == one.outputs


def test_the_same_seed_is_the_same_and_others_are_others():
    assert repair("dL_dv", 3).name.html == repair("dL_dv", 3).name.html
    assert len({repair("dL_dv", seed).wrong.mistake.name for seed in range(8)}) > 2


def test_a_mean_over_the_wrong_positions_is_seen_since_one_is_not_scored():
    assert "mean over all positions" in {repair("dL_dz", seed).wrong.mistake.name for seed in range(8)}


def test_its_helpers_stand_below_it_and_a_roads_sum_has_its_roads():
    codes = [as_function(TASKS[name], one) for name, one in (("dL_dx1_via_v", _entry("gamma outside the means")),
             ("dL_dx1", _entry("roads averaged")), ("dL_dW_Q", _entry("last position only")))]  # fmt: skip
    assert codes[0].split("\n\n")[0] == (
        "def dL_dx1_via_v(dL_dv, x1, gamma2, eps):\n"
        "    return gamma2 * _pullback(dL_dv, normed(x1, eps), spread(x1, eps))"
    )
    assert [line.partition("(")[0] for line in codes[0].splitlines() if "def" in line][1:] == [
        "def _pullback",
        "def _mean",
    ]
    assert codes[1] == (
        "def dL_dx1(dL_dx1_via_h, dL_dx1_via_v):\n"
        "    return sum((dL_dx1_via_h, dL_dx1_via_v)) / len((dL_dx1_via_h, dL_dx1_via_v))"
    )
    assert "    return np.outer(merge_heads(dL_dQ)[-1], n[-1])" in codes[2]


def _entry(name):
    return next(entry for entry in mistakes.bank() if entry.name == name)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("dL_dw",), "task: there is no task 'dL_dw'; the nearest: dL_dW"),
        (("S",), "task: wanted one with a mistake that some numbers hide, got S"),
        (("dL_dW", -1), "seed: wanted a whole number of at least 0, got -1"),
    ],
)
def test_what_cannot_be_repaired_is_refused(given, told):
    with pytest.raises(ValueError, match=f"^{told}"):
        repair(*given)


def test_six_lines_are_sorted_by_the_tasks_own_rules():
    for seed in range(4):
        sorting, seen = which_rule(seed), set()
        for one in sorting.questions:
            line, _, target = one.asked.splitlines()[0].removesuffix("?").partition(": which rule leads back to ")
            task = TASKS[f"dL_d{target.replace(' by way of ', '_via_')}"]
            assert line == "; ".join(page_check.lines(task))
            assert one.answer == task.rule
            assert one.plain.endswith(f"{task.name} = {page_check.right(task)}")
            seen.add(task.name)
        assert len(seen) == 6
        assert "Answer" not in sorting.asked
        assert sorting.html.count("<script>") == 1
    assert which_rule(1).html == which_rule(1).html != which_rule(2).html


def test_the_code_of_roads_calls_each_by_its_name():
    code = as_function(TASKS["dL_dx0"], _entry("second road by way of the first"))
    assert code.splitlines()[1].strip() == "return dL_dx0_via_x1 + dL_dx0_via_x1 * dL_dx0_via_n"
