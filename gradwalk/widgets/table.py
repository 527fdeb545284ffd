"""A dial board as a table: for text, and for pages that show no widgets. The same numbers, to 4 digits."""

from __future__ import annotations

import numpy as np

from gradwalk.telling.page import once_run
from gradwalk.telling.tables import aligned, html_table, number
from gradwalk.telling.verbatim import legible, verbatim
from gradwalk.widgets import scene as scenes
from gradwalk.widgets import watched

KEY = "each dial: setting (slope of the loss)"
HIDDEN = "; ? until it has been called or turned"
RUN = once_run("these are dials to turn")
LARGEST = 12  # of a longer row that is watched no more are told


def title(board) -> str:
    """DialBoard(W: 4 words × 3 components, loss 2.0794)"""
    kinds = [scenes.KINDS[letter] for letter in scenes.axes_of(board.scene["name"])]
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
    """One line: the row of the scored position, in each head; the last such position where there are several."""
    watch = board.scene.get("watch")
    if not watch:
        return []
    *_, t = (t for t, scored in enumerate(watch["scored"]) if scored)
    rows = np.atleast_2d(watched.value_of(board.values, watch["of"])[..., t, :])  # (H or 1, columns)
    seen, word = watch["words"][watch["firsts"][t] : t + 1], watch["words"][t]
    at = [column["at"] for column in watch["columns"]] or range(t + 1 - len(seen), t + 1)
    said, told = [column["label"] for column in watch["columns"]] or seen, f"“{word}” looks at"
    if watch["columns"]:
        told = f"“{word}”" + (f", the {LARGEST} largest of {len(at)}" if len(at) > LARGEST else "")
    heads = []
    for e, row in enumerate(rows[:, at]):
        largest = sorted(np.argsort(-np.abs(row), kind="stable")[:LARGEST]) if watch["columns"] else range(len(row))
        numbers = ", ".join(f"{said[k]} {number(row[k])}" for k in largest)
        heads.append(f"head {e}: {numbers}" if watch["heads"] else numbers)
    return [f"{watch['of']}, {told}: {'; '.join(heads)}"]


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
