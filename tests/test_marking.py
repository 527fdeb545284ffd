"""`gradwalk mark`: answers run again with the teacher's seed; what is broken, endless or hostile stops nothing else."""

import csv
import json
from pathlib import Path

import exam_answers
import pytest

from gradwalk import cli
from gradwalk.exercises import handed_in, marking
from gradwalk.exercises.exam import Exam

pytestmark = pytest.mark.slow

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def hand_in(path, *sources):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": source} for source in sources]}))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "class"
    right = float(Exam(3).questions["A1"].right.split(" = ")[1].replace("−", "-"))
    hand_in(
        folder / "anna.ipynb",
        "def f(dL_dz, h):\n    return dL_dz.T @ h",
        "check('dL_dW', f)\ncheck('dL_db', 'mean t: dL_dz[t,i]')\ncheck('dL_dh', None)",
        f"exam = Exam(3)\nexam.hand_in(A1={right}, A2=1000, A3=None)",
    )
    hand_in(
        folder / "ben" / "first.ipynb",
        "def endless(dL_dz):\n    while True:\n        pass",
        "check('dL_db', endless)\ncheck('dL_dW', f(3))\nExam(9).hand_in(A1=1)",
    )
    hand_in(folder / "ben" / "second.ipynb", "check('dL_db', 'mean t: dL_dz[t,i]')", "no Python")
    hand_in(folder / "=cleo.ipynb", "1 + 1")
    (folder / "dora.ipynb").write_text("{")
    (folder / "gradwalk-record.jsonl").write_text("a record is never marked")
    (folder / ".ipynb_checkpoints").mkdir()
    hand_in(folder / ".ipynb_checkpoints" / "anna.ipynb", "check('dL_dW', None)")
    return folder


def test_each_answer_is_marked_by_name_with_the_teachers_seed(folder):
    marks = {own[0].student: own for own in marking.mark(folder, seed=3)}
    assert list(marks) == ["=cleo", "anna", "ben", "dora"]
    assert [(one.exercise, one.right, one.mistake) for one in marks["anna"]] == [
        ("dL_dW", True, None),
        ("dL_db", False, "bias averaged over positions"),
        ("dL_dh", False, None),
        ("A1", True, None),
        ("A2", False, "another number"),
        ("A3", False, None),
        *((f"exam {letter}", False, None) for letter in "ABCD"),
    ]
    assert [one.said for one in marks["anna"] if one.exercise in ("dL_dh", "exam A")] == [
        "not yet answered",
        "1 right, wanted 4",
    ]
    ben = [(one.notebook, one.exercise, one.mistake) for one in marks["ben"]]
    assert ("ben/first.ipynb", "dL_db", "endless") in ben
    assert ("ben/second.ipynb", "dL_db", "bias averaged over positions") in ben
    said = [one.said for own in marks.values() for one in own]
    assert "'f(3)' does not stand in the notebook as a function, a number or text." in said
    assert "It was drawn by 9, and is marked by 3." in said
    assert "1 of its cells cannot be read as Python." in said
    assert "It hands in nothing." in said
    assert "It is not marked: it is no notebook." in said


def test_the_command_prints_a_table_a_student_and_counts_mistakes_by_nobody(folder, tmp_path, capsys):
    out = tmp_path / "marks.csv"
    out.write_text(marking.as_csv([]))  # marks may be written over, nothing else
    assert cli.main(["mark", str(folder), "--seed", "3", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    frequent = said[said.rindex("mistake  ") :].splitlines()
    assert frequent[1].split() == ["bias", "averaged", "over", "positions", "dL_db", "2"]
    assert not any(name in "\n".join(frequent) for name in ("anna", "ben"))
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert list(rows[0]) == list(marking.COLUMNS)
    assert rows[0]["student"] == "'=cleo"  # or a spreadsheet would take it for a formula
    out.write_text("the teacher's own")
    assert cli.main(["mark", str(folder), "--out", str(out)]) == 2
    assert out.read_text() == "the teacher's own"


@pytest.mark.parametrize("made", [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_text("x")])
def test_a_folder_without_notebooks_is_told(made, tmp_path):
    path = tmp_path / "class"
    made(path)
    with pytest.raises(ValueError, match="folder: wanted"):
        list(marking.mark(path))
    with pytest.raises(ValueError, match="folder: wanted"):
        marking.key(path)


def test_the_key_has_the_packages_line_for_each_exercise_of_the_stops(capsys):
    assert cli.main(["mark", str(NOTEBOOKS), "--key", "--seed", "4"]) == 0
    said = capsys.readouterr().out
    assert "dL_dW\nreturn dL_dz.T @ h" in said
    assert all(question.right in said for question in Exam(4).questions.values())


def test_the_exam_and_the_short_tests_are_printed(capsys):
    cli.main(["exam", "--seed", "4"])
    said = capsys.readouterr().out
    assert all(question.asks in said for question in Exam(4).questions.values())
    assert Exam(4).questions["B1"].right not in said
    cli.main(["exam", "--test", "after", "--key"])
    assert capsys.readouterr().out.startswith("after1. dL_dz[")


def test_a_solved_exam_passes_each_part(tmp_path):
    right = exam_answers.right_answers(exam := Exam(5))
    sources = ["import numpy as np\nexam = Exam(5)"]
    for key, question in exam.questions.items():
        if key[0] in "CD":
            sources.append(exam_answers.source(*exam_answers.line_of(question), key))
        sources.append(f"exam.hand_in({key}={key if key[0] in 'CD' else repr(right[key])})")
    hand_in(tmp_path / "anna.ipynb", *sources)
    (marks,) = marking.mark(tmp_path, seed=5)
    assert not [one for one in marks if not one.right]
    assert [one.exercise for one in marks] == [*exam.questions, *(f"exam {letter}" for letter in "ABCD")]


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.rglob("*.ipynb")), ids=lambda path: path.stem)
def test_the_untouched_starters_of_the_course_pass_nothing(path):
    sources, states = handed_in.cells(path)
    assert handed_in.unread(sources) == 0
    sheets = marking._questions(1)
    answers = list(handed_in.answers(sources, states))
    assert not [one.name for one in answers if marking._judged(one, 1, sheets).right]
    assert len(answers) == (17 if path.stem == "9_on_your_own" else 0)
