"""What the documents say of the course holds: their links, and their counts."""

import re
from collections import Counter
from pathlib import Path

import pytest

DOCS = {path.name: path.read_text(encoding="utf-8") for path in (Path(__file__).parents[1] / "docs").glob("*.md")}


@pytest.mark.parametrize("name", DOCS)
def test_every_link_leads_to_a_file(name):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", DOCS[name])
    assert links
    assert [link for link in links if not (Path(__file__).parents[1] / "docs" / link).is_file()] == []


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
