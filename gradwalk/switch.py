"""All dialects side by side in one output, and the switch that says which is seen. No kernel is needed to turn it.

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

from gradwalk import arguments
from gradwalk.names import DIALECTS

LABELS = {"course": "course", "notes": "notes", "textbook": "textbook", "gpt2": "GPT-2", "pytorch": "PyTorch"}
KEYS = 'data-lm-suppress-shortcuts="true"'  # on the very element: else the notebook takes the arrow keys for itself
HIDDEN = "visibility:hidden;height:0;overflow:hidden"
PLAIN = 'class="gw-plain"'  # on the element that stands for what is folded up right behind it
_FOLDED = "<!--gw "


class Sides:
    """An output in all dialects: HTML with a switch's classes, Markdown and plain text in the course's names alone."""

    def __init__(self, html: str, markdown: str | None, plain: str, script: str = ""):
        """`script`: what is to run once all is unfolded."""
        unfold = f"<script>{_source('unfold.js')}</script>" if _FOLDED in html else ""
        self.html, self.markdown, self.plain = html + unfold + script, markdown, plain

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


def once_run(what: str) -> str:
    """The word under an output that stands still, such as once_run("this line becomes a switch")."""
    return f"Run the notebook down to here, and {what}."


def script(chosen: str | None = None) -> str:
    """The switch's own script, which also lets the ledger be searched; with `chosen`, it turns the page over."""
    return f"<script>{_source('names.js').replace('CHOSEN', repr(chosen or ''))}</script>"


@cache
def _source(name):
    """A script without the remarks above it."""
    source = (Path(__file__).parent / "telling" / name).read_text(encoding="utf-8")
    return re.sub(r"^//.*\n", "", source, flags=re.MULTILINE).strip()


class Switch(Sides):
    """The control: one button a dialect. It is a radio group, so the arrow keys turn it too."""

    def __init__(self, name: str | None = None):
        """`name`: the dialect to turn to at once; None leaves the page as it is. ValueError if there is none such."""
        if name is not None:
            arguments.one_of("name", name, DIALECTS, "dialect")
        buttons = "".join(
            f'<label title="{escape(DIALECTS[which])}"><input type="radio" name="gw-names" value="{which}" '
            f"{KEYS}{' checked' if which == (name or 'course') else ''}>{label}</label>"
            for which, label in LABELS.items()
        )
        # A form each, so that two switches on a page are two groups; "dialog": Enter loads no other page.
        control = folded(
            '<form method="dialog"><div class="gw-switch" role="radiogroup" aria-label="names">'
            f"<span>names:</span>{buttons}</div></form>"
        )
        labels = " · ".join(LABELS.values())
        still = f"names: {labels}. The course's own stand here. {once_run('this line becomes the switch')}"
        plain = f"names: {labels}" + (f" (turned to {LABELS[name]})" if name else "")
        super().__init__(f"<p {PLAIN}>{escape(still, quote=False)}</p>{control}", None, plain, script(name))
