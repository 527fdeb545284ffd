"""A dial board as a table: for text, and for pages that show no widgets. The same numbers, to 4 digits."""

from __future__ import annotations

from html import escape

from gradwalk.show import aligned, number
from gradwalk.widgets import scene as scenes

KEY = "each dial: setting (slope of the loss)"
HIDDEN = "; ? until it has been called or turned"
_KINDS = {"N": "word", "D": "component", "F": "unit", "T_max": "place", "head": "head part"}


def title(board) -> str:
    """DialBoard(W: 4 words × 3 components, loss 2.0794)"""
    kinds = [_KINDS[letter] for letter in scenes.axes_of(board.scene["name"])]
    sizes = [len(board.scene["rows"]), len(board.scene["columns"])]
    what = " × ".join(f"{n} {kind}{'s' if n != 1 else ''}" for n, kind in zip(sizes, kinds, strict=False))
    return f"DialBoard({board.scene['name']}: {what}, loss {number(board.loss)})"


def as_text(board) -> str:
    """Words, p_i, settings and slopes; one line a row, each dial as setting (slope)."""
    head, rows = _cells(board)
    sentences = [" ".join(f"[{word}]" if scored else word for word, scored in s) for s in board.scene["sentences"]]
    heads = [" ".join(cell.split("\n")) for cell in head]
    lines = aligned([heads, *rows], [False, *(True for _ in heads[1:])])
    return "\n".join([title(board), *sentences, board.scene["note"], lines, _key(board), *_watched(board)])


def as_html(board) -> str:
    """The same table in HTML, without style or script."""
    head, rows = _cells(board)

    def line(tag, cells):
        inner = "".join(f"<{tag}>{escape(cell).replace(chr(10), '<br>')}</{tag}>" for cell in cells)
        return f"<tr>{inner}</tr>"

    sentences = "<br>".join(
        " ".join(f"<b><u>{escape(word)}</u></b>" if scored else escape(word) for word, scored in s)
        for s in board.scene["sentences"]
    )
    body = "".join(line("td", row) for row in rows)
    return (
        f"<p>{sentences}<br><small>{escape(board.scene['note'])}</small></p><p>{escape(title(board))}</p>"
        f"<table><thead>{line('th', head)}</thead><tbody>{body}</tbody></table>"
        f"<p><small>{_key(board)}</small></p>" + "".join(f"<p>{escape(line)}</p>" for line in _watched(board))
    )


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
