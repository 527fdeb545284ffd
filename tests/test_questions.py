"""The index of questions leads to cells that are there, and each of them runs an experiment and says its limit."""

import re
from pathlib import Path

import nbformat
import pytest

from gradwalk.course import notebooks
from gradwalk.names import WEIGHTS

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = {path.stem: nbformat.read(path, as_version=4) for path in notebooks.stops(FOLDER)}
ROW = re.compile(
    r"^\| (?P<key>[^|]+) \| (?P<said>.+?) \| \[[^]]+\]\((?P<path>(?:side/)?(?P<stop>\w+)\.ipynb)\) "
    r"\| \[`(?P<cell>[\w-]+)`\]\((?P=path)#cell-id=(?P=cell)\) \|$"  # JupyterLab scrolls to that cell
)


def rows(heading):
    """The rows of one table of the index, by their first column."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]
    found = [ROW.match(line) for line in re.findall(r"^\|.*", section, re.MULTILINE)[2:]]
    assert all(found), "a row of the index cannot be read"
    assert len({row["key"] for row in found}) == len(found), "a row stands there twice"
    return {row["key"]: row.groupdict() for row in found}


QUESTIONS, SLIPS = [
    {int(key): row for key, row in rows(heading).items()} for heading in ("Questions", "Slips, put right")
]
WORDS = rows("You may know this as")


def section(stop, cell, ends):
    """The cells from the one that the index names to the next heading that ends its section."""
    cells = NOTEBOOKS[stop].cells
    ids = [one.id for one in cells]
    assert cell in ids, f"{stop} has no cell {cell}"
    start = ids.index(cell)
    rest = cells[start + 1 :]
    stops = [k for k, one in enumerate(rest) if one.cell_type == "markdown" and re.match(ends, one.source)]
    return cells[start : start + 1 + (stops[0] if stops else len(rest))]


def has_experiment(cells):
    """Some code cell has an output with a number in it."""
    return any(
        re.search(r"\d", str(output.get("data", {}).get("text/plain", output.get("text", ""))))
        for cell in cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )


@pytest.mark.parametrize("number", QUESTIONS)
def test_a_question_leads_to_its_experiment(number):
    row = QUESTIONS[number]
    cells = section(row["stop"], row["cell"], r"## ")
    assert f"Question {number}. " in cells[0].source
    assert has_experiment(cells)
    answer = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert re.search(r"\*\*(?!Predict|One position|All|Where)[^*]+\*\*", answer), "no answer stands out"
    assert "**Where this stops.**" in answer


@pytest.mark.parametrize("number", SLIPS)
def test_a_slip_is_put_right_by_a_number(number):
    row = SLIPS[number]
    cells = NOTEBOOKS[row["stop"]].cells
    at = [cell.id for cell in cells].index(row["cell"])
    assert has_experiment(cells[max(at - 2, 0) : at + 3]), "no number stands within a screen"


@pytest.mark.parametrize("words", WORDS)
def test_a_word_of_others_leads_to_where_the_course_has_it(words):
    row = WORDS[words]
    cells = NOTEBOOKS[row["stop"]].cells
    at = [cell.id for cell in cells].index(row["cell"])
    around = cells[max(at - 1, 0) : at + 2]
    shown = [str(output.get("data", {}).get("text/plain", "")) for cell in around for output in cell.get("outputs", [])]
    there = "\n".join([cell.source for cell in around] + shown).lower()
    ours = re.findall(r"\*\*(.+?)\*\*|`(.+?)`", row["said"])
    assert any(word.lower() in there for word in words.split(", ") + [bold or code for bold, code in ours])


def test_the_words_that_people_search_for_are_there():
    wanted = """finite difference, central difference, relative error, gradient check, vector-Jacobian product,
        Jacobian, broadcasting, batch norm, saturation, label smoothing, cross-entropy, logits, softmax
        temperature, neuron, backpropagation, residual connection, skip connection, weight tying, causal mask,
        embedding, unembedding, hidden state, learning rate, second derivative, curvature, overfitting, held-out
        data"""
    assert set(" ".join(wanted.split()).split(", ")) <= {word for words in WORDS for word in words.split(", ")}
    assert list(WORDS) == sorted(WORDS, key=lambda words: words.lower().split(", "))


def test_the_index_holds_every_question_that_a_stop_asks():
    asked = {
        int(number): stop
        for stop, notebook in NOTEBOOKS.items()
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for number in re.findall(r"^## Question (\d+)\. ", cell.source, re.MULTILINE)
    }
    assert asked == {number: row["stop"] for number, row in QUESTIONS.items()}


def test_the_index_is_complete():
    assert set(QUESTIONS) == {*range(1, 53)}
    assert set(SLIPS) == set(range(1, 21))


def test_the_index_lists_every_stop_in_order():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[[^]]+\]\((?:side/)?(\w+)\.ipynb\) \| \S", text, re.MULTILINE) == list(NOTEBOOKS)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_every_weight_has_a_board_somewhere(weight):
    boards = [
        stop
        for stop, notebook in NOTEBOOKS.items()
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if f"DialBoard({weight}: " in str(output.get("data", {}).get("text/plain", ""))
    ]
    assert boards, f"no notebook shows a board of {weight}"
