"""A dial board as a table: for text, and for pages that show no widgets. The same numbers, to 4 digits."""

from __future__ import annotations

from gradwalk.telling.page import once_run
from gradwalk.telling.tables import aligned, html_table, number
from gradwalk.telling.verbatim import legible, verbatim
from gradwalk.widgets import scene as scenes

KEY = "each dial: setting (slope of the loss)"
HIDDEN = "; ? until it has been called or turned"
RUN = once_run("these are dials to turn")
_KINDS = {"N": "word", "D": "component", "F": "unit", "T_max": "place", "head": "head part"}


def title(board) -> str:
    """DialBoard(W: 4 words × 3 components, loss 2.0794)"""
    kinds = [_KINDS[letter] for letter in scenes.axes_of(board.scene["name"])]
    sizes = [len(board.scene["rows"]), len(board.scene["columns"])]
    what = " × ".join(f"{n} {kind}{'s' if n != 1 else ''}" for n, kind in zip(sizes, kinds, strict=False))
    return f"DialBoard({board.scene['name']}: {what}, loss {number(board.loss)})"


def as_text(board, run: str = RUN) -> str:
    """Words, p_i, settings and slopes; one line a row, each dial as setting (slope). `run`: how to make it dials."""
    head, rows = _cells(board)
    sentences = [" ".join(f"[{word}]" if scored else word for word, scored in s) for s in board.scene["sentences"]]
    lines = aligned([[" ".join(cell.split("\n")) for cell in head], *rows], _sides(head))
    told = [*map(legible, sentences), legible(board.scene["note"])]
    return "\n".join([title(board), *told, lines, _key(board), run, *map(legible, _watched(board))])


def as_html(board, run: str = RUN) -> str:
    """The same table in HTML, without style or script."""
    head, rows = _cells(board)
    heads = ["<br>".join(map(verbatim, cell.split("\n"))) for cell in head]
    sentences = "<br>".join(
        " ".join(f"<b><u>{verbatim(word)}</u></b>" if scored else verbatim(word) for word, scored in s)
        for s in board.scene["sentences"]
    )
    watched = "".join(f"<p>{verbatim(line)}</p>" for line in _watched(board))
    return (
        f"<p>{sentences}<br><small>{verbatim(board.scene['note'])}</small></p><p>{verbatim(title(board))}</p>"
        f"{html_table(heads, [[*map(verbatim, row)] for row in rows], _sides(head), named=True)}"
        f"<p><small>{_key(board)}<br>{run}</small></p>{watched}"
    )


def _sides(head):
    return [False, *(True for _ in head[1:])]


def _key(board):
    return KEY + (HIDDEN if any(_hidden(board, name) for name in board.scene["names"]) else "")


def _watched(board):
    """One line: what the scored position looks at in each head, the last such position where there are several."""
    watch = board.scene.get("watch")
    if not watch:
        return []
    *_, t = (t for t, scored in enumerate(watch["scored"]) if scored)
    seen = slice(watch["firsts"][t], t + 1)
    words, shares = watch["words"][seen], board.values.blocks[watch["block"]].alpha[:, t, seen]  # (H, how many it sees)
    heads = [
        f"head {e}: " + ", ".join(f"{word} {number(share)}" for word, share in zip(words, row, strict=True))
        for e, row in enumerate(shares)
    ]
    return [f"{watch['of']}, “{words[-1]}” looks at: {'; '.join(heads)}"]


def _hidden(board, name):
    """As in the page: the slope of a dial that nobody has called or turned is not told."""
    return board.scene["predict"] and not board.shown and name not in board.predictions


def _cells(board):
    """A head and rows of cells; the true words carry a star."""
    scene, columns = board.scene, board.scene["columns"] or [{"label": "setting", "below": ""}]
    settings, p = board.settings, board.p
    slopes = [
        "?" if _hidden(board, name) else number(slope) for name, slope in zip(scene["names"], board.slopes, strict=True)
    ]
    head = [scene["row_head"], *(["p_i"] if p else []), *(f"{c['label']}\n{c['below']}".strip() for c in columns)]
    rows = []
    for k, row in enumerate(scene["rows"]):
        dials = range(k * len(columns), (k + 1) * len(columns))
        cells = [f"{number(settings[d])} ({slopes[d]})" for d in dials]
        rows.append([row["label"] + (" *" if row["mark"] else ""), *([number(p[k])] if p else []), *cells])
    return head, rows
