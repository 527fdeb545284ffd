"""Message × gear: a weight's gradient as squares, one sheet a position, and the sheets' sum."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from gradwalk import arguments
from gradwalk.model import Model
from gradwalk.telling.rule_picture import (
    BOLD,
    CELL,
    DEAD,
    LEFT,
    LEVEL,
    NAMES,
    ROW,
    SIGNS,
    RulePicture,
    Sketch,
    chosen,
    hold_together,
    kind_in,
    middle,
    number_in,
    row_of_numbers,
    short,
    shown_of,
    stores,
)
from gradwalk.telling.tables import aligned, number
from gradwalk.telling.ways import at, flat, lines_of
from gradwalk.walk import Gradients, Values
from gradwalk.widgets.scene import KINDS, axes_of, label_of, number_of

TOP, BARE = 116, 40  # where the first row begins, below the gear, or below the columns' numbers alone
TITLE = 210  # room for a quantity above a narrow sheet, in any dialect
MOST_SHEETS, CHOSEN_SHEETS = 5, 3


class Sheet(NamedTuple):
    """What one position, or several together, say: products (R, C), and of one its message (R,) and gear (C,)."""

    title: str
    products: np.ndarray
    message: np.ndarray | None = None
    gear: np.ndarray | None = None
    true: int = -1  # the row of the true word


class MessageAndGear(RulePicture):
    """The gradient of a weight as sheets, R rows and C columns of it.

    positions: those with a sheet of their own; sheets: one each, then one of all others together, where there are any;
    sum (R, C), the gradient.
    """

    def __init__(
        self, weight: str, model: Model, values: Values, grads: Gradients, t: object, rows: object, columns: object
    ):
        """See `show.message_and_gear`."""
        made = lines_of(arguments.instance("model", model, Model))
        bare = arguments.one_of("weight", weight, made, "weight with a message and a gear").split(".")[-1]
        made_by, q = made[weight]
        here, back = stores(model, values, grads, q)
        axes = axes_of(weight)
        self.message, self.gear = f"dL_d{made_by.value}", made_by.takes[0] if len(axes) == 2 else ""
        shared = f"dL_d{bare}_via_{made_by.value}"
        self.result = shared if shared in back else f"dL_d{bare}"
        message = flat(back[self.message])  # (T, rows)
        gear = here[self.gear] if self.gear else np.ones((len(message), 1))  # (T, columns)
        gradient = message.T @ gear  # (rows, columns)
        hold_together(self.result, back[self.result].reshape(gradient.shape), gradient)

        heard = np.abs(message).max(axis=1) * np.abs(gear).max(axis=1)  # (T,)
        self.positions = _positions(t, heard)
        true, likely = [], np.abs(gradient).max(axis=1)
        if axes[0] == "N":
            true, likely = values.y[self.positions].tolist(), values.p[self.positions].mean(axis=0)
        read = partial(number_of, model, "rows", weight, axis=0)
        self.rows = chosen("rows", rows, likely, read, [*dict.fromkeys(i for i in true if i >= 0)])
        if columns is not None and not self.gear:
            raise arguments.refused("columns", f"none, for {weight} is a vector and has rows only", columns)
        read = partial(number_of, model, "columns", weight, axis=1)
        self.columns = chosen("columns", columns, np.abs(gradient[self.rows]).max(axis=0), read)
        self.row_names = [label_of(model, weight, 0, i) for i in self.rows]
        self.column_names = [label_of(model, weight, 1, j) for j in self.columns] if self.gear else ["1"]

        self.sheets, self.sum = [], gradient[np.ix_(self.rows, self.columns)]
        for k, s in enumerate(self.positions):
            m, g = message[s, self.rows], gear[s, self.columns]
            row = self.rows.index(true[k]) if true and true[k] in self.rows else -1
            self.sheets.append(Sheet(at(model, values, s), np.outer(m, g), m, g, row))
        rest = [s for s in np.flatnonzero(heard > DEAD * heard.max()) if s not in self.positions]
        if rest:
            title = f"the other {len(rest)} position{'s' * (len(rest) > 1)}, together"
            self.sheets.append(Sheet(title, message[rest][:, self.rows].T @ gear[rest][:, self.columns]))
        every = [*self.sheets, Sheet("the sum", self.sum)] if len(self.sheets) > 1 else self.sheets
        note = f"Each square is a message times a gear; its area is the size. {SIGNS}"
        if any(sheet.true >= 0 for sheet in every):
            note += " * is the true word: its message alone is below 0, so its row is drawn with the signs reversed."
        kinds = [f"{KINDS[axis]}s" for axis in axes]
        sizes = zip((len(self.rows), len(self.columns)), gradient.shape, strict=True)
        note += shown_of(dict(zip(kinds, sizes, strict=False)))
        super().__init__([self._drawing(sheet) for sheet in every], [self._told(sheet) for sheet in every], note)

    def _names(self, sheet):
        return [f"{name}{' *' * (r == sheet.true)}" for r, name in enumerate(self.row_names)]

    def _told(self, sheet):
        heads, rows = [f"{self.result}, {sheet.title}", "", *self.column_names], []
        for name, row in zip(self._names(sheet), sheet.products.tolist(), strict=True):
            rows.append([name, "", *map(number, row)])
        if sheet.gear is not None:
            heads[1] = f"message {self.message}"
            for row, m in zip(rows, sheet.message.tolist(), strict=True):
                row[1] = number(m)
            rows.insert(0, [f"gear {self.gear}".strip(), "", *map(number, sheet.gear.tolist())])
        return aligned([heads, *rows], [False, *(True for _ in heads[1:])])

    def _alt(self, sheet):
        told = [f"{self.result}, {sheet.title}."]
        if sheet.gear is not None:
            told.append(f"{f'Gear {self.gear}'.strip()}, on top: {row_of_numbers(sheet.gear)}.")
            told.append(f"Message {self.message}, down the side, and its products with the gear, as squares.")
        for r, name in enumerate(self._names(sheet)):
            message = "" if sheet.gear is None else f" {number(float(sheet.message[r]))}"
            told.append(f"{name}{message}: {row_of_numbers(sheet.products[r])}.")
        return " ".join(told)

    def _drawing(self, sheet):
        sketch, bare, several = Sketch(), sheet.gear is None, len(self.sheets) > 1
        top, full = BARE if bare else TOP, np.abs([self.sum, *(one.products for one in self.sheets)]).max()
        across, down, left = NAMES + CELL * len(self.columns), top + ROW * len(self.rows), NAMES / 2
        is_sum, title = sheet.products is self.sum, "+ " * (sheet is not self.sheets[0]) + short(sheet.title, 36)
        if is_sum or not several:
            sketch.named(0, 12, f"{'= ' * several}{{{self.result}}}", BOLD, f", {short(sheet.title, 36)}")
        else:
            sketch.text(0, 12, title, BOLD)
        sketch.line(f"M{across} {top}H{NAMES}V{down}")
        sketch.text(0, 30, kind_in(self.column_names[0]), LEFT)
        for c, name in enumerate(self.column_names):
            sketch.text(middle(c), 30, number_in(name))
        if not bare:
            sketch.line(f"M{NAMES} 52H{across}")
            sketch.named(0, 56, f"gear {{{self.gear}}}" if self.gear else "gear 1", LEFT)
            sketch.text(0, 98, "message", LEFT)  # below the gear's numbers, or they are read as its own
            sketch.named(0, 111, f"{{{self.message}}}", LEFT)
        loudest = [max(np.abs(one[k]).max() for one in self.sheets if one.gear is not None) for k in (2, 3)]
        for c, gear in enumerate([] if bare else sheet.gear):
            sketch.upright(middle(c), 52, gear, loudest[1])
        for r, name in enumerate(self._names(sheet)):
            y = top + ROW * r
            sketch.row_name(left, y + (20 if bare else 12), short(name, 13))
            if not bare:
                sketch.line(f"M{left:g} {y + 16}v14")
                sketch.level(left, y + 18, sheet.message[r], loudest[0], LEVEL)
                sketch.number(left, y + 41, sheet.message[r])
            for c, value in enumerate(sheet.products[r]):
                sketch.square(middle(c), y + 17, value, full)
                if is_sum or not several:  # of several sheets the sum alone has room for numbers
                    sketch.number(middle(c), y + 43, value)
        wide = TITLE if is_sum or not several else 7 * len(title)
        return sketch.page(max(across, wide) + 2, down + 2, self._alt(sheet))


def _positions(t, heard):
    """The positions that get a sheet each: those given; else all with something to say, or the loudest of many."""
    if t is None:
        loud = [int(s) for s in np.argsort(-heard, kind="stable") if heard[s] > DEAD * heard.max()]
        loud = loud if len(loud) <= MOST_SHEETS - 1 else loud[:CHOSEN_SHEETS]
        return sorted(loud) or [len(heard) - 1]
    given = [t] if np.ndim(t) == 0 else arguments.several("t", t, "positions")
    found = [arguments.whole("t", s, least=0, most=len(heard) - 1) for s in given]
    if len({*found}) < len(found) or len(found) > MOST_SHEETS:
        raise ValueError(f"t: wanted at most {MOST_SHEETS} positions, each once, got {found}")
    return found
