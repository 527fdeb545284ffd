"""A derivation as a page: the words once, the equations in every dialect side by side."""

from __future__ import annotations

import io
import keyword
import re
import tokenize
from collections.abc import Sequence
from html import escape

from gradwalk import dialect as dialects
from gradwalk.derive import Line
from gradwalk.names import ASIDES, DIALECTS, VALUES, WEIGHTS, Said, said
from gradwalk.switch import LABELS, side_by_side
from gradwalk.verbatim import html_table, verbatim


def in_all_names(opening: Sequence[str], lines: Sequence[Line], dressed: Sequence[str], worked: str, code: str) -> str:
    """HTML of a derivation. `opening`, `worked`: Markdown; `dressed`: the equations as shown.

    Each equation stands there once a dialect; the notes' last one is said in columns too, and below the code each
    dialect says which names it put in for the course's.
    """
    ours = [line.latex for line in lines]
    written = {which: _translated(dressed, ours, which) for which in DIALECTS}
    parts = [_paragraph(text) for text in opening]
    for k, line in enumerate(lines):
        parts += [_paragraph(line.reason), side_by_side({which: _display(written[which][k]) for which in DIALECTS})]
    parts += [_paragraph(worked), f"<pre><code>{_coloured(code)}</code></pre>"]
    parts.append(side_by_side({which: _legend(ours, which) for which in DIALECTS if which != "course"}))
    return f'<div class="gw-step">{"".join(parts)}</div>'


def table_in_all_names(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """HTML of a table whose first column is values by their course name, said in every dialect."""
    body = []
    for name, *rest in rows:
        own = {which: said(name, which) for which in DIALECTS}
        grey = f'<span style="opacity:0.55"><code>{name}</code></span>'
        first = side_by_side({which: _there(one) if one else grey for which, one in own.items()})
        body.append([first, *map(verbatim, rest)])
    return html_table([*map(verbatim, heads)], body, [False] * len(heads))


def _translated(dressed, ours, which):
    single = not dialects.positions_mix(ours)
    said_there = [dialects.translate(latex, which, one_position=single) for latex in dressed]
    columns = dialects.columns(ours) if which == "notes" else None
    if columns:
        said_there[-1] += rf", \qquad \text{{in columns: }} {columns}"
    return said_there


def aired(latex: str) -> str:
    """The equation with a little air before every shape, so that the shapes of two neighbours do not run together."""
    return latex.replace(r"\underset{", r"\underset{\;")


def _display(latex):
    return f"$$\n{escape(aired(latex), quote=False)}\n$$"


def _legend(equations, which):
    """What each name of these equations is called in a dialect, for reading the words above it."""
    used = dict.fromkeys(found for latex in equations for found in dialects.quantities(latex))
    used |= {"L": None} if any("L" in latex for latex in equations) else {}
    order = [*WEIGHTS, *VALUES, *ASIDES].index
    own = {quantity: said(quantity, which) for quantity in sorted(used, key=order)}
    other = [f"<code>{name}</code> is {_there(one)}" for name, one in own.items() if one and one.name != name]
    silent = [f"<code>{name}</code>" for name, one in own.items() if not one]
    whose = {"notes": "the notes'", "textbook": "the textbook's"}.get(which, f"{LABELS[which]}'s")
    grey = f"; grey, since it has no name for them: {', '.join(silent)}" if silent else ""
    return f"<p><small>In {whose} names: {', '.join(other) or 'all the same'}{grey}.</small></p>"


def _there(own: Said):
    return f"<code>{escape(own.name + own.slice)}</code>{' (transposed)' if own.transposed else ''}"


def _paragraph(markdown):
    """The little Markdown that a docstring uses: `code`, **strong**, *stress*."""
    if not markdown:
        return ""
    html = escape(markdown, quote=False)
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", html)
    html = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html)
    html = re.sub(r"(?<![*\w])\*([^*\s][^*]*)\*(?!\w)", r"<em>\1</em>", html)
    return f"<p>{html}</p>"


def _coloured(code):
    """Python in the editor's own colours: comments, words of the language, and numbers."""
    colours = {tokenize.COMMENT: "comment", tokenize.NUMBER: "number", tokenize.OP: "operator"}
    rows = code.splitlines(keepends=True)
    starts = [sum(map(len, rows[:k])) for k in range(len(rows) + 1)]
    html, done = [], 0
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        colour = "keyword" if keyword.iskeyword(token.string) else colours.get(token.type)
        if colour:
            start, end = (starts[row - 1] + column for row, column in (token.start, token.end))
            style = f"color:var(--jp-mirror-editor-{colour}-color,inherit)"
            html += [escape(code[done:start], quote=False), f'<span style="{style}">{escape(code[start:end])}</span>']
            done = end
    return "".join([*html, escape(code[done:], quote=False)])
