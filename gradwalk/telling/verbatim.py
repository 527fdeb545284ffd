"""Words on a page as they are: nothing in them is taken for HTML, for Markdown or for a formula."""

from __future__ import annotations

import re
import unicodedata
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


def _seen(letter):
    if letter == "\n":
        return "↵"
    if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or letter in _TURNS_THE_LINE:
        return f"\\x{ord(letter):02x}" if ord(letter) < 256 else f"\\u{ord(letter):04x}"
    return letter
