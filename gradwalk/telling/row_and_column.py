"""Row out, column back: a matrix as squares, and what a cell's row and column do on the way out and on the way back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import numpy as np

from gradwalk import arguments
from gradwalk.model import Model
from gradwalk.telling.page import source
from gradwalk.telling.rule_picture import (
    BOLD,
    CELL,
    LEFT,
    LEVEL,
    LIT,
    NAMES,
    ROW,
    SIGNS,
    RulePicture,
    Sketch,
    chosen,
    kind_in,
    middle,
    number_in,
    plain_name,
    row_of_numbers,
    short,
    shown_of,
)
from gradwalk.telling.tables import MINUS, aligned, number
from gradwalk.telling.verbatim import verbatim
from gradwalk.telling.ways import way
from gradwalk.walk import Gradients, Values

TOP, BOTTOM, RIGHT = 98, 64, 54  # room for what comes in, for what goes back, and for what comes out


class RowAndColumn(RulePicture):
    """A matrix, of which a chosen cell lights its row (one output) and its column (one input).

    way: the whole matrix and both its ways; rows, columns: which are shown; select, the chosen cell as a place among
    them; row_said and column_said: each row's and each column's sum in words.
    """

    def __init__(
        self, what: str, model: Model, values: Values, grads: Gradients, *, rows: object, columns: object,
        select: object, **where: object,
    ):  # fmt: skip
        """See `show.row_and_column`."""
        self.way, t = way(what, model, values, grads, **where)
        matrix, into, message = self.way.matrix, self.way.into, self.way.message
        loud = np.abs(message[:, None] * matrix * into)  # (R, C)
        words, first = self.way.kinds[0] == "word", []
        if words and values.y[t] >= 0:
            first = [int(values.y[t])]
        self.rows = chosen(
            "rows", rows, values.p[t] if words else loud.max(axis=1), partial(self.way.read, "rows"), first
        )
        self.columns = chosen("columns", columns, loud[self.rows].max(axis=0), partial(self.way.read, "columns"))
        self.select = self._cell(select, loud[np.ix_(self.rows, self.columns)])
        self.row_names, self.column_names = [*map(self.way.row, self.rows)], [*map(self.way.column, self.columns)]
        self.row_said, self.column_said = self._sums()
        i, j = self.select
        said = [self.row_said[i], self.column_said[j]]
        note = f"A square's area is the size of its number. {SIGNS}"
        kinds = [*self.way.kinds] if self.way.kinds[0] != self.way.kinds[1] else ["row", "column"]
        sizes = zip(kinds, (len(self.rows), len(self.columns)), matrix.shape, strict=True)
        note += shown_of({f"{kind}s": (some, all_) for kind, some, all_ in sizes})
        below = "".join(
            f'<p class="{side}">{verbatim(told)}</p>' for side, told in zip(("gw-out", "gw-back"), said, strict=True)
        )
        data = json.dumps(self._data(), ensure_ascii=False).replace("&", "&amp;").replace("<", "&lt;")
        data = data.replace("'", "&#39;")
        told, script = "\n".join([self._told(), *said]), f"<script>{source('row_and_column.js')}</script>"
        super().__init__(
            [self._drawing()], [told], note, f'<div role="status">{below}</div>', f" data-cells='{data}'", script
        )

    def _cell(self, select, loud):
        """The chosen cell as a place in what is shown; the loudest if none was asked for."""
        if select is None:
            return tuple(int(k) for k in np.unravel_index(loud.argmax(), loud.shape))
        if not isinstance(select, tuple) or len(select) != 2:
            raise arguments.refused("select", "a row and a column, in a pair", select)
        found = [self.way.read(argument, given) for argument, given in zip(("rows", "columns"), select, strict=True)]
        if found[0] not in self.rows or found[1] not in self.columns:
            raise ValueError(
                f"select: wanted one of the rows {self.rows} and one of the columns {self.columns}, got {select}"
            )
        return self.rows.index(found[0]), self.columns.index(found[1])

    def _sums(self):
        """Each row's sum on the way out, each column's on the way back, in words."""
        _, into, bias, out, message = self.way[:5]
        kinds, rows, columns = self.way.kinds, [], []
        for name, i in zip(self.row_names, self.rows, strict=True):
            parts = self.way.matrix[i] * into
            more = f"; with the bias {number(float(bias[i]))} it is {number(float(out[i]))}" * bool(bias.any())
            rows.append(f"Row {name}, on the way out: {_sum(parts, self.columns, kinds[1])}{more}.")
        for name, j in zip(self.column_names, self.columns, strict=True):
            parts = message * self.way.matrix[:, j]
            columns.append(f"Column {name}, on the way back: {_sum(parts, self.rows, kinds[0])}.")
        return rows, columns

    def _shown(self):
        """What is shown of the matrix, of what comes in and goes out, of the message, and of what goes back."""
        matrix, into, _, out, message, back = self.way[:6]
        r, c = self.rows, self.columns
        return matrix[np.ix_(r, c)], into[c], out[r], message[r], back[c]

    def _told(self):
        matrix, into, out, message, back = self._shown()
        names = {of: plain_name(name) for of, name in self.way.names.items()}
        heads = [f"{names['matrix']}, {self.way.said}", names["message"], *self.column_names, names["out"]]
        rows = [heads, [names["into"], "", *map(number, into.tolist()), ""]]
        for label, m, row, o in zip(self.row_names, message.tolist(), matrix.tolist(), out.tolist(), strict=True):
            rows.append([label, number(m), *map(number, row), number(o)])
        rows.append([names["back"], "", *map(number, back.tolist()), ""])
        return aligned(rows, [False, *(True for _ in heads[1:])])

    def _alt(self):
        matrix, into, out, message, back = self._shown()
        names = {of: plain_name(name) for of, name in self.way.names.items()}
        told = [f"The matrix {names['matrix']} as squares, {self.way.said}."]
        told.append(f"On top {names['into']}: {row_of_numbers(into)}.")
        for k, label in enumerate(self.row_names):
            m, o = number(float(message[k])), number(float(out[k]))
            told.append(f"{label}: {names['message']} {m}, the row {row_of_numbers(matrix[k])}, {names['out']} {o}.")
        return " ".join([*told, f"At the bottom {names['back']}: {row_of_numbers(back)}."])

    def _data(self):
        """What row_and_column.js reads."""
        cells = [[number(float(x)) for x in row] for row in self._shown()[0]]
        sides = ((self.row_names, self.row_said), (self.column_names, self.column_said))
        rows, columns = ([{"name": n, "said": s} for n, s in zip(*side, strict=True)] for side in sides)
        place = {"left": NAMES, "top": TOP, "width": CELL, "height": ROW}
        return {**place, "rows": rows, "columns": columns, "cells": cells, "at": self.select}

    def _drawing(self):
        right, low, sketch = NAMES + CELL * len(self.columns), TOP + ROW * len(self.rows), Sketch()
        across, down, (i, j), names = right + RIGHT, low + BOTTOM, self.select, self.way.names
        matrix, into, out, message, back = self._shown()
        left, end = NAMES / 2, right + RIGHT / 2
        sketch.line(f"M{NAMES} {TOP}H{right}V{low}H{NAMES}zM{NAMES} 52H{right}M{NAMES} {low + 22}H{right}")
        sketch.named(0, 12, f"{{{names['matrix']}}}", BOLD, f", {short(self.way.said, 40)}")
        sketch.text(0, 30, kind_in(self.column_names[0]), LEFT)
        for y, of in ((56, "into"), (87, "message"), (low + 26, "back")):
            sketch.named(0, y, _braced(names[of]), LEFT)
        sketch.named(end, 87, _braced(names["out"]))
        for x, y, word, style in ((0, 74, "message", LEFT), (0, low + 44, "back", LEFT), (end, 74, "out", "")):
            sketch.text(x, y, word, style)
        for c, name in enumerate(self.column_names):
            sketch.text(middle(c), 30, number_in(name))
            sketch.upright(middle(c), 52, into[c], np.abs(into).max())
            sketch.upright(middle(c), low + 22, back[c], np.abs(back).max())
        for r, name in enumerate(self.row_names):
            y = TOP + ROW * r
            sketch.row_name(left, y + 12, short(name))
            for x, side, most in ((left, message, LEVEL), (end, out, RIGHT / 2 - 4)):
                sketch.line(f"M{x:g} {y + 16}v14")
                sketch.level(x, y + 18, side[r], np.abs(side).max(), most)
                sketch.number(x, y + 41, side[r])
            for c, value in enumerate(matrix[r]):
                sketch.square(middle(c), y + 17, value, np.abs(matrix).max())
                sketch.number(middle(c), y + 43, value)
        lit = (
            f'<g fill="{LIT}" fill-opacity="0.12" stroke="{LIT}" stroke-width="1.5">'
            f'<path class="gw-lit-row" transform="translate(0 {ROW * i})" d="M1 {TOP}H{across - 1}v{ROW}H1z"/>'
            f'<path class="gw-lit-column" transform="translate({CELL * j} 0)" stroke-dasharray="4 3" '
            f'd="M{NAMES} 18h{CELL}V{down - 1}h-{CELL}z"/></g>'
        )
        return sketch.page(across, down, self._alt(), lit)


def _braced(name):
    return name if "{" in name else f"{{{name}}}"


def _sum(parts: np.ndarray, shown: Sequence[int], kind: str) -> str:
    """The products of a row or column as a sum; those of what is not shown as one number."""
    told = ""
    for k in shown:
        told += f" {MINUS if parts[k] < -5e-5 else '+'} {number(abs(float(parts[k])))}"
    rest = np.delete(parts, shown)
    if len(rest):
        left = float(rest.sum())
        told += f" {MINUS if left < -5e-5 else '+'} {number(abs(left))} (the other {len(rest)} {kind}s)"
    told = told.removeprefix(" + ")
    return f"{f'{MINUS}{told[3:]}' if told.startswith(f' {MINUS}') else told} = {number(float(parts.sum()))}"
