"""`gradwalk mark FOLDER`: handed-in answers run again, with the teacher's seed. A learner's record is never marked."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gradwalk import arguments
from gradwalk.exercises import check, handed_in, tasks
from gradwalk.exercises.exam import Exam, ShortTest
from gradwalk.exercises.exam.question import NOTHING, RIGHT, Question, Told, told
from gradwalk.exercises.exam.sheet import NEEDED
from gradwalk.exercises.handed_in import Answer, Unreadable, Unseen
from gradwalk.telling.derivation_page import own_lines
from gradwalk.telling.page import Page
from gradwalk.telling.tables import table

COLUMNS = ("student", "notebook", "exercise", "right", "mistake", "said")
LONGEST = 100  # letters of what is said


class Mark(NamedTuple):
    """What became of one answer, of a part of the exam ("exam A"), or of a notebook as a whole; right None for that."""

    student: str
    notebook: str
    exercise: str
    right: bool | None
    mistake: str | None
    said: str


def mark(folder: str | Path, seed: int = 0) -> Iterator[list[Mark]]:
    """Mark every notebook below a folder, student by student: each has one notebook there, or a folder of their own.

    seed: from which the cases are drawn, and the exam. A notebook that cannot be read is told as such, and so is an
    answer that does not end. ValueError for a folder that is none, or has no notebook; for a seed that is none.
    """
    sheets, (folder, paths) = _questions(seed), _notebooks(folder)
    students = {}
    for path in paths:
        where = path.relative_to(folder)
        students.setdefault(where.parts[0].removesuffix(".ipynb"), []).append(where)
    for student, notebooks in students.items():
        marks = []
        for where in notebooks:
            for exercise, one in _marked(folder / where, seed, sheets):
                said = " ".join(one.said.split())
                said = said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
                marks.append(Mark(student, where.as_posix(), exercise, one.right, one.mistake, said))
        yield marks


def key(folder: str | Path, seed: int = 0) -> Page:
    """What would be right in the notebooks below a folder, each exercise once: the package's own lines, and the exam's.

    The stops' own files are what one hands out, so `key("notebooks")` has the solutions to all of it.
    """
    sheets = _questions(seed)
    names = {}
    for path in _notebooks(folder)[1]:
        try:
            names |= dict.fromkeys(handed_in.names(handed_in.cells(path)[0]))
        except Unreadable:
            continue
    known = [name for name in names if name in tasks.all_tasks() or name in sheets]
    if not known:
        raise ValueError(f"folder: wanted notebooks with exercises in them, got {arguments.place(folder)}")
    told_ = [
        f"{name}\n{sheets[name].right if name in sheets else own_lines(tasks.named(name).right)}" for name in known
    ]
    return Page(None, "\n\n".join(told_))


def of_student(marks: Sequence[Mark]) -> Page:
    """A student's marks as a table, under the student's name."""
    columns = {
        marks[0].student: [one.exercise for one in marks],
        "right": ["" if one.right is None else one.right for one in marks],
        "mistake": [one.mistake or "" for one in marks],
        "said": ["" if one.said == RIGHT else one.said for one in marks],
    }
    return table(columns)


def by_mistake(marks: Sequence[Mark]) -> Page:
    """How often each mistake was made, the most frequent first, and by nobody in particular."""
    counted = Counter((one.mistake, one.exercise) for one in marks if one.mistake)
    rows = sorted(counted.items(), key=lambda row: (-row[1], row[0]))
    if not rows:
        return Page(None, "No mistake that has a name.")
    columns = {
        "mistake": [mistake for (mistake, _), _ in rows],
        "at": [exercise for (_, exercise), _ in rows],
        "times": [times for _, times in rows],
    }
    return table(columns)


def as_csv(marks: Sequence[Mark]) -> str:
    """The marks as CSV, a line each. What a spreadsheet would take for a formula begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in marks:
        row = ["" if value is None else str(value) for value in one]
        writer.writerow([f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell for cell in row])
    return text.getvalue()


def is_marks(path: Path) -> bool:
    """Whether a file is one of marks, which new ones may replace."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().rstrip("\n") == ",".join(COLUMNS)


def _questions(seed: int) -> dict[str, Question]:
    """Whatever is asked on a sheet, by its key."""
    seed = arguments.whole("seed", seed, least=0)
    sheets = (Exam(seed), ShortTest("before", seed), ShortTest("after", seed))
    return {key: question for sheet in sheets for key, question in sheet.questions.items()}


def _notebooks(folder):
    """The folder, and the notebooks below it."""
    folder = arguments.path("folder", folder, "a folder with notebooks")
    if not folder.is_dir():
        raise ValueError(f"folder: wanted a folder with notebooks, got {arguments.place(folder)}")
    found = sorted(path for path in folder.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
    if not found:
        raise ValueError(f"folder: wanted notebooks in it, there are none in {arguments.place(folder)}")
    return folder, found


def _marked(path, seed, sheets) -> Iterator[tuple[str, Told]]:
    """What is said of a notebook's answers, each by its name, and of the exam's parts."""
    try:
        sources, states = handed_in.cells(path)
    except Unreadable as why:
        yield "", Told(None, None, f"It is not marked: {why}.")
        return
    said = {}
    for answer in handed_in.answers(sources, states):
        if answer.name in sheets or answer.name in tasks.all_tasks():
            said[answer.name] = _judged(answer, seed, sheets)
    if not said:
        yield "", Told(None, None, "It hands in nothing.")
    if unread := handed_in.unread(sources):
        yield "", Told(None, None, f"{unread} of its cells cannot be read as Python.")
    yield from said.items()
    if any(name[0] in NEEDED and name in sheets for name in said):
        for letter, passed in Exam.passed(said).items():
            right = sum(one.right for name, one in said.items() if name in sheets and name[0] == letter)
            yield f"exam {letter}", Told(passed, None, f"{right} right, wanted {NEEDED[letter]}")
        for other in handed_in.seeds(sources) - {seed}:
            yield "exam", Told(None, None, f"It was drawn by {other}, and is marked by {seed}.")


def _judged(answer: Answer, seed, sheets) -> Told:
    """What is said of one answer."""
    if isinstance(answer.given, Unseen):
        return Told(False, None, f"{answer.given.code} does not stand in the notebook as a function, a number or text.")
    if answer.name in sheets:
        return told(sheets[answer.name], answer.given)
    checked = check.check(answer.name, answer.given, seed=seed)
    if checked.refused == "blank":
        return Told(False, None, NOTHING)
    return Told(checked.passed, checked.mistake or checked.refused, RIGHT if checked.passed else checked.said)
