"""An output: what it says as HTML, as Markdown and as plain text, and in all dialects side by side.

A page that runs no scripts (a notebook that is not trusted yet, GitHub) takes drawings, form controls and styles away
and shows the text of all that was in them. So an output in plain HTML is what may stand there: the course's own names,
nothing that is hidden, nothing to press. All else is folded into comments, which such a page drops, and a script of a
few lines unfolds them where scripts run, before formulas are set. Of the unfolded dialects all but one are hidden, and
keep their width: of what has none MathJax would measure nothing, and set it in another size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path

from gradwalk.dialect_table import Said

HIDDEN = "visibility:hidden;height:0;overflow:hidden"
LACKING = 0.75  # the opacity of what a dialect has no name for: grey, and still read where all around is quiet
PLAIN = 'class="gw-plain"'  # on the element that stands for what is folded up right behind it
ONCE_RUN = "Run the notebook down to here, and"
_FOLDED = "<!--gw "


class Page:
    """Something to look at: HTML or Markdown in a notebook, plain text everywhere else. All say the same."""

    def __init__(self, markdown: str | None, plain: str, html: str | None = None, script: str = ""):
        """`script`: what is to run once all that is folded up in the HTML is unfolded."""
        unfold = f"<script>{source('unfold.js')}</script>" if html and _FOLDED in html else ""
        self.html, self.markdown, self.plain = html and html + unfold + script, markdown, plain

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {"text/html": self.html, "text/markdown": self.markdown, "text/plain": self.plain}
        return {kind: text for kind, text in bundle.items() if text is not None}

    def __repr__(self):
        return self.plain


def folded(html: str) -> str:
    """HTML that only a page with scripts shows, in the place of an element before it that is marked as `PLAIN`.

    Two dashes would end the comment: one of them is written as a number, which the page reads as the dash again. So
    there can be no script and no style sheet in it: those are read letter by letter.
    """
    return f"{_FOLDED}{re.sub('-(?=-)', '&#45;', html)}-->"


def side_by_side(written: Mapping[str, str]) -> str:
    """One element a dialect, the course's in view. What reads the same as in the course's names is written too."""
    sides = {name: f'<div class="gw-said gw-{name}" style="{HIDDEN}">{text}</div>' for name, text in written.items()}
    seen = sides.pop("course", "").replace(f' style="{HIDDEN}"', "", 1)
    return seen + folded("".join(sides.values()))


def code_of(own: Said) -> str:
    """A name of a dialect as HTML: the code that is written there for it."""
    return f"<code>{escape(own.name + own.slice)}</code>{' (transposed)' if own.transposed else ''}"


def once_run(what: str) -> str:
    """The word under an output that stands still, such as once_run("this line becomes a switch")."""
    return f"{ONCE_RUN} {what}."


@cache
def source(name):
    """A script without the remarks above it."""
    source = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return re.sub(r"^//.*\n", "", source, flags=re.MULTILINE).strip()
