"""A stop on paper: its pen-and-paper numbers with blanks, and the key; or all formulas of the walk. HTML to print."""

from __future__ import annotations

import json
from html import escape
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from gradwalk import arguments, files
from gradwalk.course import notebooks
from gradwalk.dialect_table import DIALECTS, said
from gradwalk.exercises import page_check, tasks
from gradwalk.exercises.pen_and_paper import letters_of
from gradwalk.model import Model
from gradwalk.site.formulas import with_mathml
from gradwalk.telling import derivations, dialects, formula
from gradwalk.telling.page import code_of
from gradwalk.telling.tables import html_table, number
from gradwalk.walk import backward, forward

FORMULAS = "formulas"
SEED, SENTENCE = 290, "the dog slept by the fire"  # the pen-and-paper scene of the stops
OURS = b"<!doctype html>\n<!-- gradwalk worksheet -->\n"
MOST = 12  # rows of a table
BLANK = '<span class="blank"></span>'
STYLE = """
@page { margin: 15mm }
:root { color-scheme: only light }
body { color: black; background: white; font: 11pt/1.4 serif; max-width: 180mm; margin: 0 auto }
h1 { font-size: 16pt } h2 { font-size: 13pt; margin: 12pt 0 4pt } h3 { font-size: 11pt; margin: 6pt 0 0 }
h2, h3 { break-after: avoid }
code, .gw-mono { font-family: monospace; font-size: 95% }
section { break-inside: avoid }
table { border-collapse: collapse; margin: 4pt 0 8pt; font-variant-numeric: tabular-nums; break-inside: avoid }
th, td { border: 0.5pt solid black; padding: 1pt 3pt } th { font-weight: normal; white-space: nowrap }
.side { display: flex; flex-wrap: wrap; gap: 0 8mm }
.blank { display: inline-block; min-width: 11mm; height: 5mm }
.gw-formula { margin: 4pt 0 } .gw-own { color: #555 }
.beside { display: grid; grid-template-columns: 28mm auto; align-items: center; border-top: 0.5pt solid #888 }
.beside h3 { margin: 0; break-after: auto; font-size: 9pt; font-weight: normal }
.beside .gw-formula { margin: 2pt 0; font-size: 8.5pt }
.key { break-before: page; break-inside: auto }
"""


def write(stop: str, out: str | Path | None = None, dialect: str = "course") -> Path:
    """Write the sheet of a stop, such as "1b", or of `FORMULAS`, to a file: by default worksheet-1b.html, here.

    ValueError for a stop that has none, a dialect that there is none of, a file that is no such sheet, and where the
    package is missing that sets formulas.
    """
    known = {name: full for full in tasks.by_stop() for name in (full.partition("_")[0], full)} | {FORMULAS: FORMULAS}
    full = known[arguments.one_of("stop", stop, known, "stop with a worksheet")]
    arguments.one_of("dialect", dialect, DIALECTS, "dialect")
    if not find_spec("latex2mathml"):
        raise ValueError("worksheet: wanted latex2mathml; python -m pip install 'gradwalk[site]' brings it")
    path = Path(out or f"worksheet-{full.partition('_')[0]}.html")
    page = formulas(dialect) if full == FORMULAS else sheet(full, dialect)
    files.write(path, page, ours=lambda there: there.read_bytes().startswith(OURS), argument="out")
    return path


def sheet(stop: str, dialect: str = "course") -> str:
    """The page of a stop, and the key on a page of its own. What is asked for follows from the numbers as printed."""
    own = {task.name: task for task in tasks.by_stop()[stop]}
    model, numbers = _scene(own)
    given, asked, key = {}, [], []
    for name, task in own.items():
        given |= {one: _table(one, numbers[one], model, dialect) for one in task.takes if np.ndim(numbers[one])}
        answer = numbers[name] = _rounded(task.right(*task.of(numbers)))
        lines = "".join(f"<p><code>{escape(line)}</code></p>" for line in page_check.lines(task))
        *at, _ = np.unravel_index(np.argmax(np.abs(answer)), answer.shape)  # the row with the largest number
        asked.append(f"<section>{_heading(name, dialect)}{lines}{_grids(name, answer, model, at, BLANK)}</section>")
        filled = _grids(name, answer, model, at, "<strong>{}</strong>")
        exact = "<p>Not rounded on the way, all of it is exactly 0.</p>" if task.zero else ""
        key.append(f"<section>{_heading(name, dialect)}{_formula(task, dialect)}{filled}{exact}</section>")
    shown = "".join(html for name, html in given.items() if name not in own)
    first = f"<h2>Given</h2><div class='side'>{shown}</div><h2>Fill in</h2>{''.join(asked)}"
    title = _title(stop)
    return _page(title, f"{_told(model, numbers)}{first}", f"<h1>The key to {title}</h1>{''.join(key)}")


def formulas(dialect: str = "course") -> str:
    """One sheet with the formula of every gradient of the walk, and of the gates' slopes, in the names of a dialect."""
    shown = [
        f'<section class="beside">{_heading(derivations.result(function))}{_displayed(function, dialect)}</section>'
        for function in derivations.gradients()
    ]
    grey = "" if dialect == "course" else " Grey is the course's own name, where they have none."
    told = f"<p>In {DIALECTS[dialect].whose} names.{grey} t and s are positions, i and k words, j and c components.</p>"
    return _page("The formulas of the walk", told + "".join(shown))


def _page(title, *parts):
    first, *more = parts
    body = f"<h1>{title}</h1>{first}" + "".join(f'<section class="key">{part}</section>' for part in more)
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    return f'{OURS.decode()}<html lang="en"><head>{head}</head><body>{with_mathml(body)}</body></html>\n'


def _title(stop):
    """The stop's own, without its minutes."""
    cells = json.loads((notebooks.came_along() / f"{stop}.ipynb").read_text(encoding="utf-8"))["cells"]
    line = "".join(cells[0]["source"]).splitlines()[0].removeprefix("# ").replace("`", "")
    return escape(line.partition(" (")[0])


def _scene(names):
    """The model of the stops, in the first form that has all of these gradients, and all its numbers as printed."""
    for form in tasks.FORMS:
        model = Model.random(seed=SEED, **form)
        tokens, y = model.read(SENTENCE, scored="last")
        values = forward(model, tokens, y)
        grads = backward(model, values)
        if all(name in grads for name in names):
            break
    sizes = {"T": len(tokens), "D": model.D, "F": model.F, "N": model.N, "T_max": model.T_max, "M": 1}
    exact = {**sizes, **model.settings, **model.weights, **values, **grads}
    return model, {name: _rounded(one) for name, one in exact.items()}


def _rounded(array):
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        return array
    return np.round(array, _digits(array)) + 0.0


def _digits(array):
    """So many that the largest number has two that count; as many once it is rounded."""
    return 2 if np.round(np.abs(array).max(initial=0), 3) >= 0.2 else 3


def _told(model, numbers):
    words = " ".join(model.words[k] for k in numbers["tokens"])
    true = model.words[numbers["y"][-1]]
    rounded = "All numbers are rounded as they stand here, and your answers follow from these; a last digit may differ."
    return f"<p>The sentence: “{words} [{true}]”. The last position is scored. {rounded}</p>"


def _heading(name, dialect="course"):
    """A name, and below it that of a dialect, where that has another."""
    try:
        own = said(name, dialect)
    except KeyError:  # words, places, a gate's slope
        own = None
    there = f"<br>{code_of(own)}" if own and own.name != name else ""
    return f"<h3><code>{name}</code>{there}</h3>"


def _table(name, array, model, dialect):
    return f"<section>{_heading(name, dialect)}{_grids(name, array, model)}</section>"


def _grids(name, array, model, at=None, cell="{}"):
    """An array as a table, of one with heads a table each. `cell`: how the numbers of the row `at` are written."""
    heads = array if array.ndim == 3 else array[None]
    made = [_grid(name, array, e, model, at, cell) for e in range(len(heads))]
    return f'<div class="side">{"".join(made)}</div>' if len(made) > 1 else made[0]


def _grid(name, array, e, model, at, cell):
    """The table of head e, or of all."""
    *_, down, across = f" {letters_of(name, array)}"
    matrix, rows = np.atleast_2d(array[e] if array.ndim == 3 else array), []
    for k, row in enumerate(matrix[:MOST]):
        here = at is not None and (*at,) == (e, k)[3 - array.ndim : 2]
        texts = [_written(name, value, _digits(array), model) for value in row]
        rows.append([_label(down, k, model), *(cell.format(text) if here else text for text in texts)])
    corner = f"head {e}" if array.ndim == 3 else ""
    html = html_table(
        [corner, *(_label(across, k, model) for k in range(matrix.shape[1]))],
        rows,
        [False] + [True] * matrix.shape[1],
        named=True,
    )
    more = f"<p>… and {len(matrix) - MOST} rows more</p>" if len(matrix) > MOST else ""
    return html.replace(' tabindex="0"', "") + more


def _written(name, value, digits, model):
    """A number; of a word's number the word."""
    if name in ("tokens", "y"):
        return escape(model.words[value]) if value >= 0 else "not scored"
    return number(value, digits)


def _label(letter, k, model):
    """A row or a column: the word that it belongs to, a position with its word, or the index."""
    if letter in "ik":
        return escape(model.words[k])
    return letter.strip() and f"{letter} = {k}" + (f", {SENTENCE.split()[k]}" if letter in "ts" else "")


def _formula(task, dialect):
    """A task's formula; typed, where it is told for another that its function makes as well."""
    if derivations.result(task.right) == task.name:
        return _displayed(task.right, dialect)
    return f"<p><code>{escape(f'{task.name} = {page_check.right(task)}')}</code></p>"


def _displayed(function, dialect):
    """The last line of a derivation, from its left side on."""
    lines = [line.latex for line in derivations.derivation(function).lines]
    left = [formula.left_side(latex) for latex in lines if not latex.startswith("=")][-1]
    last = f"{left} {lines[-1]}" if lines[-1].startswith("=") else lines[-1]
    single = not dialects.positions_mix(lines)
    return f"$$\n{escape(dialects.translate(last, dialect, one_position=single), quote=False)}\n$$"
