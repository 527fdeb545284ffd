"""Widgets in a page with no kernel behind it: each tells its state as it is in the moment when it is shown.

At a notebook's end other cells have turned a board, and given its riddle away. So a Python that runs a notebook for
such pages is told to publish: from then on a widget's HTML is a <div> that holds its state as JSON, and for whoever
runs no scripts what stood there before. page/live.js makes it live.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import sha256

REFERENCE = re.compile(r'"IPY_MODEL_([0-9a-f]+)"')  # how one widget's state speaks of another widget
MOST_ANSWERS = 101  # those of a slider's hundred steps, some 19 kB
PYTHON = '<a href="index.html#with-python-behind-it">Python behind it</a>'
_publishing = False


def publish() -> None:
    """Let all widgets of this Python show themselves as pages without a kernel have them."""
    global _publishing
    _publishing = True


def html(kind: str, state: Callable[[], str | None], still: str) -> str:
    """A widget as HTML: `still`, the same without a script; where widgets are published, what page/live.js reads.

    `kind` is one of those of page/live.js, `state` gives what it needs, as `in_script` writes it, or None where no page
    can do without Python. A widget that the state speaks of travels beside it, by its content: the same model on two
    boards is the same.
    """
    if not _publishing:
        return still
    told, shared = state(), {}
    if told is None:
        return f"{still}<p><small>To turn it, this page needs {PYTHON}.</small></p>"

    def by_content(found):
        text = _told(found[0])
        name = sha256(text.encode()).hexdigest()[:16]
        shared[name] = text
        return f'"IPY_MODEL_{name}"'

    told = REFERENCE.sub(by_content, told)
    beside = "".join(
        f'<script type="application/json" data-shared="{name}">{text}</script>' for name, text in shared.items()
    )
    own = f'<script type="application/json">{told}</script>'
    return f'<div class="gw-live" data-widget="{kind}">{own}{beside}<div class="gw-still">{still}</div></div>'


def in_script(state) -> str:
    """JSON that a page may hold in a <script>, whatever is in its words."""
    return json.dumps(state, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _told(reference):
    """The traits of a widget that another one speaks of; those that speak of widgets again stay behind."""
    from ipywidgets import widget_serialization

    state = widget_serialization["from_json"](json.loads(reference), None).get_state()
    own = {name: value for name, value in state.items() if not name.startswith("_")}
    return in_script({name: own[name] for name in sorted(own) if not REFERENCE.fullmatch(json.dumps(own[name]))})
