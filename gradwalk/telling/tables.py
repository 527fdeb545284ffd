"""Numbers in rows and columns: for a page as HTML, everywhere else as lines of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradwalk import arguments
from gradwalk.telling.page import Page
from gradwalk.telling.verbatim import legible, verbatim

MINUS = "\N{MINUS SIGN}"


def number(x, digits: int = 4) -> str:
    """A number for reading: 4 digits after the point, a real minus sign, and never a minus zero. Words pass through."""
    if isinstance(x, np.ndarray) and x.ndim == 0:
        x = x[()]
    if isinstance(x, (bool, np.bool_)):
        return "yes" if x else "no"
    digits = arguments.whole("digits", digits, least=0, most=20)
    if isinstance(x, (float, np.floating)):
        text = f"{x:.{digits}f}"
        text = text.removeprefix("-") if float(text) == 0 else text
        return text.replace("-", MINUS).replace("inf", "∞")
    try:
        return str(x).replace("-", MINUS) if isinstance(x, (int, np.integer)) else str(x)
    except Exception:  # an object that cannot say what it is, a whole number of 5,000 digits
        return arguments.shown(x)


def first_numbers(array: np.ndarray, t: int, most: int = 4) -> str:
    """The first numbers of a value at position t: of one with heads, the first head first."""
    here = array if array.ndim == 0 else array[t] if array.ndim == 2 else array[:, t].reshape(-1)
    first = " ".join(number(x, 2) for x in np.atleast_1d(here)[:most])
    return f"{first} …" if here.size > most else first


def table(columns: Mapping[str, Sequence], digits: int = 4) -> Page:
    """Columns by their heads, one row an entry: `table({"word": words, "p": p})`.

    Heads and words are shown as they are, whatever is in them. ValueError if the lengths differ.
    """
    columns = {head: _column(head, column) for head, column in _mapping("columns", columns).items()}
    lengths = {head: len(column) for head, column in columns.items()}
    if len(set(lengths.values())) != 1:
        raise arguments.refused("columns", "one length for all", lengths)
    return of_columns([*map(str, columns)], [*columns.values()], digits)


def line(quantities: Mapping[str, object], digits: int = 4) -> Page:
    """A few numbers side by side, each under its name: `line({"by hand": 0.25, "the package": 0.25})`."""
    quantities = _mapping("quantities", quantities)
    return of_columns([str(name) for name in quantities], [[x] for x in quantities.values()], digits)


def bars(x: Sequence[float], full: float = 1.0, width: int = 20) -> list[str]:
    """Numbers as bars of blocks for a table, to the nearest block. The size without the sign; `full` fills a bar."""
    full, width = arguments.number("full", full, above=0), arguments.whole("width", width, least=1, most=1000)
    x = arguments.numbers("x", list(x) if isinstance(x, Iterable) else x, ndim=1)
    return ["█" * round(min(abs(value) / full, 1.0) * width) for value in x.tolist()]


def grid(array: np.ndarray, rows: Sequence, columns: Sequence, corner: str = "", digits: int = 4) -> Page:
    """A matrix with named rows and columns, such as words × components. Two of one name stay two."""
    rows, columns = arguments.several("rows", rows, "names"), arguments.several("columns", columns, "names")
    try:
        array = np.asarray(array)
    except ValueError:  # rows of several lengths
        raise arguments.refused("array", "a matrix", array) from None
    if array.shape != (len(rows), len(columns)):
        raise ValueError(f"array: came as {array.shape}, with {len(rows)} row names and {len(columns)} column names")
    return of_columns([str(corner), *map(str, columns)], [rows, *array.T], digits, named=True)


def html_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], to_the_right: Sequence[bool], named: bool = False
) -> str:
    """A table of cells that are HTML already. `named`: the first column names the rows.

    It takes the focus, so that keys can scroll one that is wider than its page.
    """
    sides = [' align="right"' if right else ' style="text-align:left"' for right in to_the_right]
    head = "".join(
        f'<th scope="col"{side}>{cell}</th>' if cell else "<td></td>" for cell, side in zip(heads, sides, strict=True)
    )
    body = "".join(f"<tr>{_row(cells, sides, named)}</tr>" for cells in rows)
    return f'<table tabindex="0"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def aligned(rows: Sequence[Sequence[str]], to_the_right: Sequence[bool]) -> str:
    """Rows of cells as lines of text, each column as wide as its widest cell."""
    rows = [[legible(cell) for cell in cells] for cells in rows]
    widths = [max(_width(cells[c]) for cells in rows) for c in range(len(to_the_right))]
    return "\n".join(
        "  ".join(_padded(*cell) for cell in zip(cells, widths, to_the_right, strict=True)).rstrip() for cells in rows
    )


def _mapping(argument, given):
    if not isinstance(given, Mapping) or not given:
        raise arguments.refused(argument, "a dictionary of names, at least one", given)
    return given


def _column(head, given):
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable) or getattr(given, "ndim", 1) != 1:
        raise arguments.refused("columns", f"a list under {head!r}", given)
    return list(given)


def of_columns(heads, columns, digits, named=False):
    """`columns` may share a head; those that hold numbers alone stand on the right."""
    digits = arguments.whole("digits", digits, least=0, most=20)
    numeric = [all(isinstance(x, (float, int, np.number)) or _blank(x) for x in column) for column in columns]
    rows = [[number(x, digits) for x in row] for row in zip(*columns, strict=True)]
    html = html_table([*map(verbatim, heads)], [[*map(verbatim, row)] for row in rows], numeric, named)
    return Page(None, aligned([heads, *rows], numeric), html)


def _blank(x):
    return isinstance(x, str) and x == ""


def _row(cells, sides, named):
    first = f'<th scope="row"{sides[0]}>{cells[0]}</th>' if named else f"<td{sides[0]}>{cells[0]}</td>"
    return first + "".join(f"<td{side}>{cell}</td>" for cell, side in zip(cells[1:], sides[1:], strict=True))


def _padded(cell, width, right):
    blank = " " * (width - _width(cell))
    return blank + cell if right else cell + blank


def _width(text):
    """How many columns of a terminal the text takes: a mark sits on its letter, a Chinese sign takes two."""
    marks = sum(unicodedata.category(letter) in ("Mn", "Me", "Cf") for letter in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
