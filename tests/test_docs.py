"""What the documents say of the course holds: links, minutes, the short walk, counts."""

import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest

from gradwalk.course import notebooks

ROOT = Path(__file__).parents[1]
DOCS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
STOPS = [path for path in notebooks.stops(ROOT / "notebooks") if path.parent.name != "side"]
ROW = re.compile(
    r"^\| (?P<short>● )?\[(?P<name>\w+)\]\(\.\./notebooks/(?P<stop>\w+)\.ipynb\) \| (?P<minutes>[^|]+) \|", re.M
)
ROWS = {row["stop"]: row for row in ROW.finditer(DOCS["teaching.md"])}


def minutes(path):
    """The minutes in a stop's title, such as 45, or 2 × 45."""
    title = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0]
    twice, each = re.search(r"\((?:.*: (two times) )?(\d+)\xa0minutes\)$", title).groups()
    return f"2 × {each}" if twice else each


@pytest.mark.parametrize("name", DOCS)
def test_every_link_leads_to_a_file(name):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", DOCS[name])
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).is_file()] == []


def test_every_stop_of_the_walk_is_told_in_order():
    assert list(ROWS) == [path.stem for path in STOPS]


@pytest.mark.parametrize("path", STOPS, ids=lambda path: path.stem)
def test_a_stops_minutes_and_rooms_are_its_own(path):
    row = ROWS[path.stem]
    assert (row["name"], row["minutes"]) == (path.stem.partition("_")[0], minutes(path))
    whole = DOCS["teaching.md"][row.start() :].partition("\n")[0]
    rooms = [
        room for cell in nbformat.read(path, as_version=4).cells for room in re.findall(r"\(side/(\w+)", cell.source)
    ]
    assert set(re.findall(r"notebooks/side/(\w+)", whole)) <= set(rooms), "the stop does not lead to that room"


def test_the_short_walk_is_the_same_in_both_and_adds_up():
    short = [stop for stop, row in ROWS.items() if row["short"]]
    contents = (ROOT / "notebooks/README.md").read_text(encoding="utf-8")
    told = re.search(r"^\*\*The short walk\*\*, (\d+) minutes: (.*?)\n\n", contents, re.M | re.S)
    assert re.findall(r"\((\w+)\.ipynb\)", told[2]) == short
    total = sum(int(ROWS[stop]["minutes"]) for stop in short)
    assert {told[1], *re.findall(r"(\d+) minutes in all", DOCS["teaching.md"])} == {str(total)}


def test_the_tasks_of_others_are_counted():
    text = DOCS["measured-against.md"]
    tasks = [
        row for row in re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]*)\| ([^|]*)\|$", text, re.M) if row[0] != "task"
    ]
    count = Counter(how for _, how, _, _ in tasks)
    told = re.search(r"\*\*(\d+) tasks: (\d+)\sprepared, (\d+) nearly, (\d+) not", text).groups()
    assert [int(number) for number in told] == [count.total(), count["yes"], count["nearly"], count["no"]]
    has = {"yes": (True, False), "nearly": (True, True), "no": (False, True)}  # a stop, and what is missing
    assert [task for task, how, where, why in tasks if (bool(where.strip()), bool(why.strip())) != has[how]] == []
