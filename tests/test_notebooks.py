"""Notebook hygiene: each rule holds for every notebook of the course, and each rule fails on a notebook that breaks it.

A rule takes a notebook and returns what is wrong with it, one sentence each; an empty list is a pass.
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median

import nbformat
import pytest

from gradwalk.names import SIZES, VALUES, WEIGHTS

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
SLIDES = {"slide", "subslide", "fragment", "skip", "notes", "-"}


# What a cell holds


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def lines(cell):
    """How many lines of code a reader sees: blank ones do not count."""
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def texts(output):
    """The parts of an output that nbval compares as text."""
    if output.output_type == "stream":
        return [output.text]
    return [text for kind, text in output.get("data", {}).items() if kind.startswith("text/")]


def pictures(output):
    """(what is drawn, is there a text for who cannot see it) for each picture in an output."""
    data, metadata = output.get("data", {}), output.get("metadata", {})
    drawn = [(kind, bool((metadata.get(kind) or metadata).get("alt"))) for kind in PICTURES if kind in data]
    tags = re.findall(r"<(?:img|svg)\b[^>]*>", data.get("text/html", ""))
    return drawn + [(tag, bool(re.search(r'\b(alt|aria-label)\s*=\s*["\'][^"\']', tag))) for tag in tags]


def evidence(output):
    """Does this output say something in words or numbers, and not only `<Figure size 640x480 with 1 Axes>`?"""
    return any(re.search(r"\w", re.sub(r"<[^>]*>", "", text)) for text in texts(output))


# The rules


def valid(notebook):
    """It is a notebook as the format's schema has it."""
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        return [error.message]
    return []


def runs_top_down(notebook):
    """Every code cell was run once, in order: nbval compares nothing in a cell without a count."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts {counts}"]


def holds_no_widget_state(notebook):
    """GitHub may refuse a notebook whose widget metadata has no state."""
    return ["metadata.widgets"] if "widgets" in notebook.metadata else []


def holds_no_clock(notebook):
    """No cell says when it was run: that would change with every run."""
    return [f"run at {cell.metadata.execution}" for cell in code_cells(notebook) if "execution" in cell.metadata]


def holds_no_error(notebook):
    """No cell ends in a traceback or writes to the error stream."""
    bad = [output for cell in code_cells(notebook) for output in cell.outputs if output.get("name") == "stderr"]
    bad += [output for cell in code_cells(notebook) for output in cell.outputs if output.output_type == "error"]
    return [str(output)[:200] for output in bad]


def can_be_presented(notebook):
    """Every cell knows its place on a slide."""
    types = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in notebook.cells]
    return [f"cell {n}: slide type {kind}" for n, kind in enumerate(types) if kind not in SLIDES]


def has_small_cells(notebook):
    """The median code cell has at most 3 lines, none more than 10."""
    sizes = [lines(cell) for cell in code_cells(notebook)]
    wrong = [f"a code cell of {size} lines" for size in sizes if not 1 <= size <= 10]
    return wrong + ([f"median of {median(sizes)} lines"] if sizes and median(sizes) > 3 else [])


def has_prose_between(notebook):
    """Words stand between any two code cells."""
    pairs = zip(notebook.cells, notebook.cells[1:], strict=False)
    return [f"no words before: {b.source}" for a, b in pairs if a.cell_type == b.cell_type == "code"]


def says_what_it_draws(notebook):
    """A picture has a text for who cannot see it, and a number or word beside it that nbval compares."""
    wrong = [f"a picture without alt text: {cell.source}" for cell in notebook.cells if "![](" in cell.source]
    for cell in code_cells(notebook):
        drawn = [picture for output in cell.outputs for picture in pictures(output)]
        wrong += [f"{kind} without alt text: {cell.source}" for kind, told in drawn if not told]
        if drawn and not any(evidence(output) for output in cell.outputs):
            wrong.append(f"only a picture: {cell.source}")
    return wrong


NOISE = {
    "an address in memory": r"\b0x[0-9a-fA-F]{6,}",
    "numpy's name around a number": r"\bnp\.(float|int|uint|bool|str)\w*\(",
    "a minus before zero": r"(?<![\w.])[-\N{MINUS SIGN}]0\.?0*(?![\d.e])",
}


def prints_clean_numbers(notebook):
    """No text output holds what changes from run to run, or what no learner should have to read."""
    said = [text for cell in code_cells(notebook) for output in cell.outputs for text in texts(output)]
    return [f"{what}: {text}" for what, pattern in NOISE.items() for text in said if re.search(pattern, text)]


def names_no_machine(notebook):
    """No path of somebody's disk, in any cell or output."""
    path = r"(?<![\w.:/<])/(home|root|tmp|opt|usr|mnt|Users)/\w|\b[A-Z]:\\+\w"
    said = [cell.source for cell in notebook.cells]
    said += [text for cell in code_cells(notebook) for output in cell.outputs for text in texts(output)]
    return [text for text in said if re.search(path, text)]


def names_its_kernel(notebook):
    """Any Python 3 kernel runs it."""
    name = notebook.metadata.get("kernelspec", {}).get("name")
    return [] if name == "python3" else [f"kernel {name}"]


def has_unique_ids(notebook):
    """Each cell has an id of its own, which links and merges hold on to."""
    ids = Counter(cell.get("id") for cell in notebook.cells)
    return [f"id {name} stands {times} times" for name, times in ids.items() if name is None or times > 1]


def hides_nothing_from_comparison(notebook):
    """No cell is kept from running, or its output from being compared."""
    marks = ["\n".join([cell.source, *cell.metadata.get("tags", [])]) for cell in code_cells(notebook)]
    return [mark for mark in marks if re.search(r"nbval|raises-exception", mark, re.IGNORECASE)]


def retypes_no_formula(notebook):
    """Displayed formulas come from the package, where each is run: none is typed in a cell."""
    return [
        cell.source for cell in notebook.cells if cell.cell_type == "markdown" and re.search(r"\$|\\frac", cell.source)
    ]


def shows_every_number(notebook):
    """A number in prose, of two digits or more and no year, stands in some code or output of the same notebook."""
    shown = "\n".join(
        "\n".join(
            [cell.source, *(text for output in cell.outputs if output.output_type != "error" for text in texts(output))]
        )
        for cell in code_cells(notebook)
    ).replace("−", "-")
    shown = re.sub(r'data:image/[^"]*', "", shown)  # the points of a picture tell no number
    prose = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    told = (re.sub(r"(?i)questions? [\d, and]+|\(\S+\.ipynb\)|^# .*$", "", text, flags=re.MULTILINE) for text in prose)
    whole = (re.sub(r"(?<=\d),(?=\d{3})", "", text) for text in told)  # 50,257 is 50257
    numbers = {number for text in whole for number in re.findall(r"\d+\.\d+|(?<!\d)(?!20[0-2]\d\b)\d{2,}", text)}
    return sorted(number for number in numbers if not re.search(rf"(?<![\d.]){re.escape(number)}", shown))


# Another page's word for a thing of this course: the course has one word for it.
OTHER_WORDS = {
    r"likeness": "similarity",
    r"neurons?": "unit",
    r"learning rate": "η",
    r"weight updates?": "move",
    r"hidden (state|layer|dimension)s?": "h, r or meaning component",
    r"residual stream": "x0, x1 or h",
    r"(un)?embedding vectors?": "a word's entry",
    r"context vectors?": "the blend O",
    r"error signal": "slope, or dL_d…",
    r"backprop\w*": "the walk back",
    r"cross[- ]entropy": "loss",
    r"(token|word) scores?": "logit",
}


def speaks_one_language(notebook):
    """One word for one thing, and every symbol in prose is the ledger's or the notebook's own.

    A cell that is about other pages' names says so by the tag "dialects".
    """
    code = "\n".join(cell.source for cell in code_cells(notebook))
    own = set(re.findall(r"\w+", code)) | {f"dL_d{name}" for name in [*VALUES, *WEIGHTS]}
    wrong = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "dialects" not in cell.metadata.get("tags", []):
            found = [re.search(rf"\b{other}\b", cell.source, re.IGNORECASE) for other in OTHER_WORDS]
            wrong += [match[0] for match in found if match]
            for span in re.findall(r"`([^`]+)`", cell.source):
                letters = set(re.findall(r"[A-Za-z]\w*", span)) - own - {*VALUES, *WEIGHTS, *SIZES}
                wrong += sorted(name for name in letters if not re.fullmatch(INDEXED, name))
    return wrong


INDEXED = r"(p|h|z|b|g|W)_(i|j|y|t)²?|[ijkctsfdeq]|y"  # p_i h_j, as the diary writes them, and the index letters


RULES = [
    valid,
    runs_top_down,
    holds_no_widget_state,
    holds_no_clock,
    holds_no_error,
    can_be_presented,
    has_small_cells,
    has_prose_between,
    says_what_it_draws,
    prints_clean_numbers,
    names_no_machine,
    names_its_kernel,
    has_unique_ids,
    hides_nothing_from_comparison,
    retypes_no_formula,
    shows_every_number,
    speaks_one_language,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_is_clean(path, rule):
    assert rule(nbformat.read(path, as_version=4)) == []


# A clean notebook, and one way to break each rule. What breaks one rule must leave the others content.


def clean():
    """A small notebook that every rule accepts."""
    v4 = nbformat.v4
    drawing = v4.new_output("display_data", {"image/png": "aGk=", "text/plain": "<Figure>"}, metadata={"alt": "a line"})
    cells = [
        v4.new_markdown_cell("# Turn one dial"),
        v4.new_code_cell("1 + 1", execution_count=1, outputs=[v4.new_output("execute_result", {"text/plain": "2"})]),
        v4.new_markdown_cell("It is 2. Now draw it."),
        v4.new_code_cell(
            "draw()", execution_count=2, outputs=[drawing, v4.new_output("stream", text="slope -0.0030\n")]
        ),
    ]
    cells[1].outputs[0].execution_count = 1
    for cell in cells:
        cell.metadata["slideshow"] = {"slide_type": "slide"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def say(notebook, text):
    notebook.cells[3].outputs[1].text = text


def split(notebook):
    notebook.cells.insert(2, nbformat.from_dict({**notebook.cells[1], "id": "another", "execution_count": 2}))
    notebook.cells[4].execution_count = 3


def draw(notebook, points):
    notebook.cells[1].outputs[0].data["text/html"] = f'<img alt="2" src="data:image/png;base64,{points}">'


def fail(notebook):
    notebook.cells[1].outputs = [nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])]


def warn(notebook):
    notebook.cells[3].outputs.append(nbformat.v4.new_output("stream", name="stderr", text="a warning"))


def set_source(cell, source):
    return lambda notebook: notebook.cells[cell].update(source=source)


BROKEN = [
    (valid, lambda notebook: notebook.cells[0].update(cell_type="prose")),
    (runs_top_down, lambda notebook: notebook.cells[1].update(execution_count=None)),
    (runs_top_down, lambda notebook: notebook.cells[3].update(execution_count=7)),
    (holds_no_widget_state, lambda notebook: notebook.metadata.update(widgets={})),
    (holds_no_clock, lambda notebook: notebook.cells[1].metadata.update(execution={"shell.execute_reply": "noon"})),
    (holds_no_error, fail),
    (holds_no_error, warn),
    (can_be_presented, lambda notebook: notebook.cells[0].metadata.pop("slideshow")),
    (has_small_cells, set_source(1, "x = 1\n" * 11)),
    (has_small_cells, set_source(1, "x = 1\n" * 6)),
    (has_small_cells, set_source(1, "")),
    (has_prose_between, split),
    (says_what_it_draws, lambda notebook: notebook.cells[3].outputs[0].metadata.clear()),
    (says_what_it_draws, lambda notebook: notebook.cells[3].outputs.pop(1)),
    (says_what_it_draws, lambda notebook: notebook.cells[1].outputs[0].data.update({"text/html": "<svg>2</svg>"})),
    (says_what_it_draws, set_source(0, "![](dial.png)")),
    (prints_clean_numbers, lambda notebook: say(notebook, "<Dial at 0x7f3a2b1c>")),
    (prints_clean_numbers, lambda notebook: say(notebook, "[np.float64(0.5)]")),
    (prints_clean_numbers, lambda notebook: say(notebook, "slope -0.0000")),
    (prints_clean_numbers, lambda notebook: say(notebook, "[-0.  1.]")),
    (names_no_machine, lambda notebook: say(notebook, "saved to /home/ada/model")),
    (names_no_machine, set_source(1, r"open('C:\\Users\\ada')")),
    (names_its_kernel, lambda notebook: notebook.metadata.kernelspec.update(name="venv")),
    (has_unique_ids, lambda notebook: notebook.cells[1].update(id=notebook.cells[0].id)),
    (hides_nothing_from_comparison, set_source(1, "# NBVAL_IGNORE_OUTPUT\n1 + 1")),
    (hides_nothing_from_comparison, lambda notebook: notebook.cells[1].metadata.update(tags=["nbval-skip"])),
    (retypes_no_formula, set_source(0, "So $$g = p - 1$$")),
    (shows_every_number, set_source(0, "It is 2.5 times as much.")),
    (shows_every_number, set_source(0, "About 50 words.")),
    (shows_every_number, lambda notebook: (set_source(0, "About 73 words.")(notebook), draw(notebook, "aGk+73/="))),
    (speaks_one_language, set_source(0, "Backpropagation, in words.")),
    (speaks_one_language, set_source(0, "The gradient `dW` of it.")),
]


def test_a_clean_notebook_passes_every_rule():
    assert {rule.__name__: rule(clean()) for rule in RULES} == {rule.__name__: [] for rule in RULES}


@pytest.mark.parametrize(("rule", "spoil"), BROKEN, ids=[f"{n}-{rule.__name__}" for n, (rule, _) in enumerate(BROKEN)])
def test_a_broken_notebook_fails_its_rule(rule, spoil):
    notebook = clean()
    spoil(notebook)
    assert rule(notebook)


def test_every_rule_was_seen_to_fail():
    assert {rule for rule, _ in BROKEN} == set(RULES)


# The project's own pytest settings compare stored outputs; they do not only run the cells.


def test_a_changed_digit_in_a_stored_output_fails(tmp_path):
    notebook = nbformat.read(NOTEBOOKS[0], as_version=4)
    cell, output = next((c, o) for c in code_cells(notebook) for o in c.outputs if digit(o))
    notebook.cells = notebook.cells[: notebook.cells.index(cell) + 1]  # the rest would only cost time
    nbformat.write(notebook, tmp_path / "as_stored.ipynb")

    key, text = digit(output)
    where = output if key == "text" else output.data
    where[key] = re.sub(r"\d", lambda found: str((int(found[0]) + 1) % 10), text, count=1)
    nbformat.write(notebook, tmp_path / "changed.ipynb")

    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", tmp_path, "."]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    failed = re.findall(r"^FAILED (\S+)::", run.stdout, re.MULTILINE)
    assert failed == ["changed.ipynb"], run.stdout + run.stderr
    assert "mismatch" in run.stdout


def digit(output):
    """(key, text) of the first text of an output that has a digit, or None."""
    data = {"text": output.text} if output.output_type == "stream" else output.get("data", {})
    return next(((k, t) for k, t in data.items() if k.startswith("text") and re.search(r"\d", t)), None)
