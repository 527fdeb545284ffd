"""Words on a page as they are: nothing in them is taken for HTML, for Markdown or for a formula. And tables of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from html import escape

# What begins a formula in some page or other: $x$, \(x\), \begin{x}, and nbconvert's `x`.
_OPENS_A_FORMULA = re.compile(r"[$\\`]")
_MARKS = re.compile(r"[$\\`*\[~]|(?<!\w)_|_(?!\w)|^[#>+-]")  # what Markdown reads as more than a letter
_OPENS_A_FORMULA_THERE = re.compile("&#(?:36|92|96);")
_TURNS_THE_LINE = {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}  # the rest of a line would run backwards


def legible(text: str) -> str:
    """The text on one line: a line break as ↵; what nobody sees, or what turns a line around, by its number: \\x07."""
    return "".join(_seen(letter) for letter in text)


def verbatim(text: str) -> str:
    """The text as HTML that shows it as it is, wherever the page is read, and asks nobody for anything.

    A letter that may open a formula stands in an element of its own: MathJax looks for both ends in one text. That
    holds where a sanitizer has taken all classes away, too.
    """
    return _OPENS_A_FORMULA.sub(r"<span>\g<0></span>", escape(legible(text)))


def literal(text: str) -> str:
    """The text as Markdown that shows it as it is: no HTML of its own, no emphasis, no formula, no link."""
    marks = _MARKS.sub(lambda found: f"&#{ord(found[0])};", escape(legible(text), quote=False))
    return _OPENS_A_FORMULA_THERE.sub(r"<span>\g<0></span>", marks)


def html_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], to_the_right: Sequence[bool], named: bool = False
) -> str:
    """A table of cells that are HTML already. `named`: the first column names the rows."""
    sides = [' align="right"' if right else ' style="text-align:left"' for right in to_the_right]
    head = "".join(
        f'<th scope="col"{side}>{cell}</th>' if cell else "<td></td>" for cell, side in zip(heads, sides, strict=True)
    )
    body = "".join(f"<tr>{_row(cells, sides, named)}</tr>" for cells in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def aligned(rows: Sequence[Sequence[str]], to_the_right: Sequence[bool]) -> str:
    """Rows of cells as lines of text, each column as wide as its widest cell."""
    rows = [[legible(cell) for cell in cells] for cells in rows]
    widths = [max(_width(cells[c]) for cells in rows) for c in range(len(to_the_right))]
    return "\n".join(
        "  ".join(_padded(*cell) for cell in zip(cells, widths, to_the_right, strict=True)).rstrip() for cells in rows
    )


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


def _seen(letter):
    if letter == "\n":
        return "↵"
    if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or letter in _TURNS_THE_LINE:
        return f"\\x{ord(letter):02x}" if ord(letter) < 256 else f"\\u{ord(letter):04x}"
    return letter
