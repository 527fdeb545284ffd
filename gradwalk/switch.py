"""All dialects side by side in one output, and the switch that says which is seen. No kernel is needed to turn it.

An output carries the course's own names in view and every other dialect hidden by its own inline style, so that a page
that strips scripts and style sheets (GitHub, a notebook that is not trusted yet) shows the course's alone. What is
hidden keeps its width, or MathJax would measure nothing and set it in another size.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from gradwalk.names import DIALECTS, unknown

LABELS = {"course": "course", "notes": "notes", "textbook": "textbook", "gpt2": "GPT-2", "pytorch": "PyTorch"}
KEYS = 'data-lm-suppress-shortcuts="true"'  # on the very element: else the notebook takes the arrow keys for itself
HIDDEN = "visibility:hidden;height:0;overflow:hidden"


class Sides:
    """An output in all dialects: HTML with a switch's classes, Markdown and plain text in the course's names alone."""

    def __init__(self, html: str, markdown: str | None, plain: str):
        self.html, self.markdown, self.plain = html, markdown, plain

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {"text/html": self.html, "text/markdown": self.markdown, "text/plain": self.plain}
        return {kind: text for kind, text in bundle.items() if text is not None}

    def __repr__(self):
        return self.plain


def side_by_side(written: Mapping[str, str], tag: str = "div", attributes: str = "") -> str:
    """One element a dialect, the course's in view. What reads the same as in the course's names is written too."""
    sides = []
    for name, text in written.items():
        style = "" if name == "course" else f' style="{HIDDEN}"'
        sides.append(f'<{tag} class="gw-said gw-{name}"{attributes}{style}>{text}</{tag}>')
    return "".join(sides)


def script(chosen: str | None = None) -> str:
    """The switch's own script, which also lets the ledger be searched; with `chosen`, it turns the page over."""
    source = (Path(__file__).parent / "widgets/names.js").read_text(encoding="utf-8")
    return f"<script>{source.replace('CHOSEN', repr(chosen or ''))}</script>"


class Switch(Sides):
    """The control: one button a dialect. It is a radio group, so the arrow keys turn it too."""

    def __init__(self, chosen: str | None = None):
        """`chosen`: the dialect to turn to at once; None leaves the page as it is. ValueError if there is none such."""
        if chosen is not None and chosen not in DIALECTS:
            raise ValueError(f"dialect: {unknown('dialect', chosen, DIALECTS)}")
        buttons = "".join(
            f'<label title="{escape(DIALECTS[name], quote=True)}"><input type="radio" name="gw-names" value="{name}" '
            f"{KEYS}{' checked' if name == (chosen or 'course') else ''}>{label}</label>"
            for name, label in LABELS.items()
        )
        html = (
            '<form class="gw-switch" role="radiogroup" aria-label="names">'
            f"<span>names:</span>{buttons}</form>{script(chosen)}"
        )
        plain = f"names: {' · '.join(LABELS.values())}" + (f" (turned to {LABELS[chosen]})" if chosen else "")
        super().__init__(html, None, plain)
