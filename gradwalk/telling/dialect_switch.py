"""The switch that says in which dialect a page is read. No kernel is needed to turn it."""

from __future__ import annotations

import json
from html import escape

from gradwalk import arguments
from gradwalk.dialect_table import DIALECTS
from gradwalk.telling.page import PLAIN, Page, folded, once_run, source

# On the very element: else the notebook takes the arrow keys for itself, and the browser's way back sets it unheard.
KEYS = 'data-lm-suppress-shortcuts="true" autocomplete="off"'


def script(chosen: str | None = None) -> str:
    """The switch's own script, which also lets the ledger be searched; with `chosen`, it turns the page over."""
    written = source("names.js").replace("DIALECTS", json.dumps([*DIALECTS])).replace("CHOSEN", repr(chosen or ""))
    return f"<script>{written}</script>"


def buttons(chosen: str = "course") -> str:
    """The control, folded up: one button a dialect. It is a radio group, so the arrow keys turn it too."""
    labels = "".join(
        f'<label title="{escape(rule.description)}"><input type="radio" name="gw-names" value="{which}" '
        f"{KEYS}{' checked' if which == chosen else ''}>{rule.label}</label>"
        for which, rule in DIALECTS.items()
    )
    # A form each, so that two switches on a page are two groups; "dialog": Enter loads no other page.
    return folded(
        '<form method="dialog"><div class="gw-switch" role="radiogroup" aria-label="names">'
        f"<span>names:</span>{labels}</div></form>"
    )


class DialectSwitch(Page):
    """The switch as an output of its own."""

    def __init__(self, name: str | None = None):
        """`name`: the dialect to turn to at once; None leaves the page as it is. ValueError if there is none such."""
        if name is not None:
            arguments.one_of("name", name, DIALECTS, "dialect")
        labels = " · ".join(rule.label for rule in DIALECTS.values())
        still = f"names: {labels}. The course's own stand here. {once_run('this line becomes the switch')}"
        plain = f"names: {labels}" + (f" (turned to {DIALECTS[name].label})" if name else "")
        html = f"<p {PLAIN}>{escape(still, quote=False)}</p>{buttons(name or 'course')}"
        super().__init__(None, plain, html, script(name))
