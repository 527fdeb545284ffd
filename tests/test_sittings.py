"""A stop is a sitting: minutes, a knob under the hand, few questions, none with its answer in sight, work of one's own.

The rules of tests/test_notebooks.py are about any notebook; these are about how a stop of the walk is made. Each was
seen to fail on a stop that was spoiled.
"""

import copy
import re
from pathlib import Path

import nbformat
import pytest

from gradwalk.course import notebooks

FOLDER = Path(__file__).parents[1] / "notebooks"
STOPS = {path.stem: nbformat.read(path, as_version=4) for path in notebooks.stops(FOLDER)}
WALK = [name for name in STOPS if (FOLDER / f"{name}.ipynb").is_file()]  # the others are side rooms
KNOB = re.compile(r"^(\w+ = )?(DialBoard|OwnSentence|LivePage)\(", re.MULTILINE)
OWN_WORK = re.compile(r"^(\w+ = )?(Exercise|repair|which_rule|check_walk|Exam)\(", re.MULTILINE)
CALL = re.compile(r"^predict\(", re.MULTILINE)


def code(stop):
    return [cell for cell in stop.cells if cell.cell_type == "code"]


def said(cell):
    """What a code cell's outputs say as plain text."""
    return "\n".join(
        str(output.get("text") or output.get("data", {}).get("text/plain", "")) for output in cell.get("outputs", [])
    )


def numbers_asked(text):
    """The answers in a cell's output that are numbers of three digits or more, zeros at either end not counted."""
    found = re.findall(r"^Answer: (?:[A-Z] )?(−?\d+\.\d{3,})$", text, re.MULTILINE)
    return [answer for answer in found if len(answer.replace(".", "").strip("−0")) >= 3]


# The rules: each says what is wrong


def says_its_minutes(stop):
    title = stop.cells[0].source.splitlines()[0]
    return [] if re.fullmatch(r"# .+ \([^()]*\b\d+\xa0minutes\)", title) else [title]


def puts_a_knob_under_the_hand(stop):
    """Something to turn stands within the first ten cells."""
    return [] if any(KNOB.search(cell.source) for cell in stop.cells[:10] if cell.cell_type == "code") else ["no knob"]


def has_its_map(stop):
    """The map, with the switch of names below it: neither needs a cell of its own words."""
    maps = [cell for cell in code(stop) if "show.block_map(" in cell.source]
    return [cell.source for cell in code(stop) if "show.dialect(" in cell.source] + ([] if maps else ["no map"])


def asks_at_most_five(stop):
    calls = sum(bool(CALL.search(cell.source)) for cell in code(stop))
    return [f"{calls} predictions"] if calls > 5 else []


def leaves_work_to_the_learner(stop):
    return [] if any(OWN_WORK.search(cell.source) for cell in code(stop)) else ["nothing to do"]


def lets_the_learner_sum_up_first(stop):
    """What one carries on is written by the learner, before the stop's own words open."""
    ends = [cell.source for cell in stop.cells if cell.source.startswith("## What you carry on")]
    told = ends[0] if len(ends) == 1 else ""
    return [] if re.search(r"[Ww]rite .*<details>", told, re.DOTALL) else [told or "no end"]


def keeps_an_exercise_from_its_answer(stop):
    """Above an exercise nothing derives what it asks for; a number of a formula that is known is practice."""
    wrong = []
    for k, cell in enumerate(stop.cells):
        for task in re.findall(r'\bExercise\("(\w+)"(?!, at=)', cell.source if cell.cell_type == "code" else ""):
            derived = rf"show\.(step|cell)\((\w+\.)?{task}\b"
            wrong += [
                one.source for one in stop.cells[:k] if one.cell_type == "code" and re.search(derived, one.source)
            ]
    return wrong


def keeps_a_number_that_is_asked_for_out_of_sight(stop):
    """A number that a prediction asks for has not been printed above it, but a round one, of something else."""
    wrong, above = [], ""
    for cell in code(stop):
        text = said(cell)
        if CALL.search(cell.source):
            wrong += [answer for answer in numbers_asked(text) if re.search(rf"(?<![\d.−-]){answer}(?!\d)", above)]
        above += text
    return wrong


def folds_what_only_draws(stop):
    """Code that only lays a picture out is folded: what stands open is the mathematics."""
    return [
        cell.source
        for cell in code(stop)
        if "Figure(" in cell.source and not cell.metadata.get("jupyter", {}).get("source_hidden")
    ]


def speaks_of_the_notes(stop):
    """The learner's pages have one name."""
    return [cell.source for cell in stop.cells if re.search(r"\bdiar(y|ies)\b", cell.source, re.IGNORECASE)]


EVERYWHERE = [says_its_minutes, folds_what_only_draws, speaks_of_the_notes, keeps_an_exercise_from_its_answer]
EVERYWHERE += [keeps_a_number_that_is_asked_for_out_of_sight, asks_at_most_five]
ON_THE_WALK = [puts_a_knob_under_the_hand, has_its_map, leaves_work_to_the_learner, lets_the_learner_sum_up_first]


@pytest.mark.parametrize("rule", EVERYWHERE, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", STOPS)
def test_every_stop_keeps(name, rule):
    assert rule(STOPS[name]) == []


@pytest.mark.parametrize("rule", ON_THE_WALK, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", WALK)
def test_every_stop_of_the_walk_keeps(name, rule):
    assert rule(STOPS[name]) == []


# Each rule, on a stop that was spoiled


def first(stop, wanted):
    """The place of the first code cell in which this is found."""
    return next(k for k, cell in enumerate(stop.cells) if cell.cell_type == "code" and re.search(wanted, cell.source))


def without(wanted):
    def spoil(stop):
        stop.cells = [cell for cell in stop.cells if not re.search(wanted, cell.source, re.MULTILINE)]

    return spoil


def beginning(source, output=""):
    """Another code cell at the top."""

    def spoil(stop):
        outputs = [nbformat.v4.new_output("stream", text=output)] if output else []
        stop.cells.insert(1, nbformat.v4.new_code_cell(source, outputs=outputs))

    return spoil


def with_an_answer_above(stop):
    for cell in code(stop):
        if asked := numbers_asked(said(cell)):
            return beginning("show.line(numbers)", asked[0])(stop)
    raise AssertionError("no prediction asks for a number here")


def with_the_task_derived(stop):
    task = re.search(r'Exercise\("(\w+)"\)', stop.cells[first(stop, r'Exercise\("\w+"\)')].source)[1]
    beginning(f"show.step({task})")(stop)


def six_times(stop):
    asked = stop.cells[first(stop, CALL)]
    stop.cells += [copy.deepcopy(asked) for _ in range(6)]


def retitled(title):
    return lambda stop: stop.cells[0].update(source=title)


SPOILED = [  # of 1c, which has a prediction of a number; of 2a, which asks for formulas
    (says_its_minutes, retitled("# 1c. Turn it how far?")),
    (says_its_minutes, retitled("# 1c. Turn it how far? (an hour)")),
    (puts_a_knob_under_the_hand, without(KNOB.pattern)),
    (has_its_map, without(r"^show\.block_map")),
    (has_its_map, beginning("show.dialect()")),
    (asks_at_most_five, six_times),
    (leaves_work_to_the_learner, without(OWN_WORK.pattern)),
    (lets_the_learner_sum_up_first, without("^## What you carry on")),
    (keeps_an_exercise_from_its_answer, with_the_task_derived),
    (keeps_a_number_that_is_asked_for_out_of_sight, with_an_answer_above),
    (folds_what_only_draws, beginning("figure = Figure()")),
    (speaks_of_the_notes, retitled("# The diary (5 minutes)")),
]


@pytest.mark.parametrize(("rule", "spoil"), SPOILED, ids=[f"{n}-{r.__name__}" for n, (r, _) in enumerate(SPOILED)])
def test_a_spoiled_stop_fails_its_rule(rule, spoil):
    stop = copy.deepcopy(STOPS["2a_mlp" if rule is keeps_an_exercise_from_its_answer else "1c_how_far"])
    assert rule(stop) == []
    spoil(stop)
    assert rule(stop)


def test_every_rule_was_seen_to_fail():
    assert {rule for rule, _ in SPOILED} == {*EVERYWHERE, *ON_THE_WALK}
