"""The ledger as a page: every value, weight and gradient, by its name in every dialect; a field to search it by."""

from __future__ import annotations

from html import escape

from gradwalk import arguments
from gradwalk.dialect_table import CLASHES, DIALECTS, Said, said
from gradwalk.names import SHARES, VALUES, WEIGHTS, look_up, shape_in_words
from gradwalk.telling.dialect_switch import KEYS, script
from gradwalk.telling.page import LACKING, PLAIN, Page, folded, once_run
from gradwalk.telling.tables import aligned

OTHERS = [name for name in DIALECTS if name != "course"]
HEADS = ["name", "what it is", "shape", "worked with in", *(DIALECTS[name].label for name in OTHERS)]


def rows(search: str = "") -> list[list[str]]:
    """The rows that hold every word of `search`, one cell a column of `HEADS`; "" where a dialect has no name."""
    told = []
    for name in [*VALUES, *WEIGHTS, *_slopes()]:
        entry = look_up(name)
        where = (entry.derived if name.startswith("dL_d") else entry.first) or ""
        shape = shape_in_words(entry.shape, " × ")
        told.append([name, entry.word, shape, where, *(_cell(said(name, dialect)) for dialect in OTHERS)])
    wanted = arguments.words("search", search).lower().split()
    return [row for row in told if all(word in " ".join(row).lower() for word in wanted)]


class LedgerPage(Page):
    """The table in HTML, with a search field and the clashes told below it; the same rows in plain text."""

    def __init__(self, search: str = ""):
        """`search`: words that a row must hold, such as "layer norm"; the page's own field searches in what is left."""
        found = rows(search)
        super().__init__(None, _plain(found), _html(found), script())


def _slopes():
    """Every gradient of the walk back by its name, the shares before their sum, in the order of the walk."""
    bare = [name for name in [*reversed(VALUES), *WEIGHTS] if look_up(name).derived]
    return [f"dL_d{name}{road}" for name in bare for road in [*(f"_via_{r}" for n, r in SHARES if n == name), ""]]


def _cell(own: Said | None) -> str:
    return f"{own.name}{own.slice}{', transposed' if own.transposed else ''}" if own else ""


def _clashing(name, dialect):
    quantity = name.removeprefix("dL_d").split("_via_")[0]
    return [clash for clash in CLASHES if clash.dialect == dialect and quantity in clash.of]


def _clashes_in(found):
    shown = {row[0].removeprefix("dL_d").split("_via_")[0] for row in found}
    return [clash for clash in CLASHES if shown & set(clash.of)]


def _html(found):
    head = "".join(
        f'<th scope="col"{_column(i)} style="text-align:left">{escape(text)}</th>' for i, text in enumerate(HEADS)
    )
    body = "".join(f"<tr>{''.join(_html_cell(row, i) for i in range(len(row)))}</tr>" for row in found)
    clashes = "".join(
        f"<li><b>{DIALECTS[clash.dialect].label}, <code>{escape(clash.name)}</code></b> "
        f"(here {', '.join(f'<code>{name}</code>' for name in clash.of)}): {escape(clash.settled)}</li>"
        for clash in _clashes_in(found)
    )
    field = folded(
        f'<p><label>search: <input type="search" size="28" style="max-width:100%" {KEYS} '
        'placeholder="norm, c_attn, x1 …"></label> '
        f"<output>{len(found)} of {len(found)}</output></p>"
    )
    return (
        f'<div class="gw-ledger"><p {PLAIN}>{len(found)} names. {once_run("you can search them here")}</p>{field}'
        '<div role="region" aria-label="all names" tabindex="0" style="max-height:32em;overflow:auto">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        "<p>Grey: the dialect has no name for it, so the course's own stands there. ⚠: one name, said of several; "
        f"what the course settled:</p><ul>{clashes}</ul></div>"
    )


def _column(i):
    fixed = len(HEADS) - len(OTHERS)
    return f' class="gw-column gw-{OTHERS[i - fixed]}"' if i >= fixed else ""


def _html_cell(row, i):
    fixed, text = len(HEADS) - len(OTHERS), escape(row[i])
    if i < fixed:
        if i == 0:
            return f'<th scope="row" style="text-align:left;font-weight:normal"><code>{text}</code></th>'
        return f'<td style="text-align:left">{text}</td>'
    if not text:
        return f'<td{_column(i)} style="text-align:left;opacity:{LACKING}">{escape(row[0])}</td>'
    mark = " ⚠" if _clashing(row[0], OTHERS[i - fixed]) else ""
    return f'<td{_column(i)} style="text-align:left">{text.replace(".", ".<wbr>").replace("_", "_<wbr>")}{mark}</td>'


def _plain(found):
    table = aligned([HEADS, *([cell or "·" for cell in row] for row in found)], [False] * len(HEADS))
    told = [f"{DIALECTS[c.dialect].label}, {c.name} (here {', '.join(c.of)}): {c.settled}" for c in _clashes_in(found)]
    return "\n".join([table, "", *told])
