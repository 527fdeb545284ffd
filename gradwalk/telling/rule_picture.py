"""What the three pictures of the rules share: whose numbers they show, which of them, and how a number is drawn.

A number is a box: filled above zero, hollow below it. A square's area is its size, a bar's length is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

import numpy as np

from gradwalk import arguments, step1_output
from gradwalk.dialect_table import DIALECTS
from gradwalk.model import Model
from gradwalk.telling.page import PLAIN, Page, source
from gradwalk.telling.svg_text import symbol
from gradwalk.telling.tables import number
from gradwalk.telling.verbatim import legible, verbatim
from gradwalk.walk import Gradients, Values, origin

MOST, CHOSEN = 8, 6  # rows or columns of one picture: as many as may be asked for, as many as are chosen of more
NAMES, CELL, ROW = 70, 43, 48  # the names' column, a cell's width and height
FULL_WIDTH = 10  # letters of a name that fill the names' column
SIDE, LEVEL, UPRIGHT = 27, 30, 15  # the largest square, the longest bars
DEAD = 1e-12  # of the largest: what is smaller is rounding
UP, DOWN, LIT = "var(--gw-up,#1c8fa8)", "var(--gw-down,#d0602a)", "var(--gw-lit,#4c6ef5)"
LEFT, BOLD = ' text-anchor="start"', ' text-anchor="start" font-weight="600"'
SIGNS = "Filled: above 0. Hollow: below 0."


class RulePicture(Page):
    """Drawings side by side, with a note below them; the same numbers as text."""

    def __init__(
        self,
        drawings: Iterable[str],
        plain: Sequence[str],
        note: str,
        below: str = "",
        data: str = "",
        script: str = "",
    ):
        """`plain`: its tables, which the note follows; below: HTML above the note; data: what its own script reads."""
        html = (
            f'<div class="gw-rule"{data}>'
            f'<div style="display:flex;flex-wrap:wrap;align-items:flex-end;gap:8px 24px">{"".join(drawings)}</div>'
            f"{below}<p><small>{verbatim(note)}</small></p></div>"
        )
        super().__init__(
            None, "\n\n".join([*plain, note]), html, f"<script>{source('rule_picture.js')}</script>{script}"
        )


# ---- whose numbers, and which


def stores(model: Model, values: Values, grads: Gradients, q: int | None) -> tuple[Mapping, Mapping]:
    """The values and gradients of block q, or of the whole where q is None.

    ValueError for values that another model or setting made, and for gradients that are none of theirs.
    """
    origin(model, values)
    arguments.instance("grads", grads, Gradients)
    if getattr(grads.get("dL_dz"), "shape", None) != values.z.shape:
        raise ValueError("grads: wanted what backward gave of these values, got others")
    hold_together("dL_dz", grads.dL_dz, step1_output.dL_dz(values.p, values.y))
    return (values, grads) if q is None else (values.blocks[q], grads.blocks[q])


def hold_together(name: str, gradient: np.ndarray, product: np.ndarray) -> np.ndarray:
    """The gradient; ValueError if it is not the product that the picture is about to show."""
    near = 1e-3 * np.abs(product).max(initial=0)
    if gradient.shape != product.shape or not np.allclose(gradient, product, rtol=1e-3, atol=near + DEAD):
        raise ValueError(f"grads: wanted what backward gave of these values, {name} is of others")
    return gradient


def position(values: Values, t: object) -> int:
    """The position asked for; the last that is scored if none was."""
    return (
        int(np.flatnonzero(values.y >= 0)[-1])
        if t is None
        else arguments.whole("t", t, least=0, most=len(values.y) - 1)
    )


def chosen(argument: str, given: object, sizes: np.ndarray, read: Callable, first: Sequence[int] = ()) -> list[int]:
    """Which rows or columns are shown: those given, each by `read`; all, where all may stand; else the largest.

    `first`: those that come before the largest. ValueError for more than `MOST`, or for one that comes twice.
    """
    if given is None:
        if len(sizes) <= MOST:
            return [*range(len(sizes))]
        order = [*first, *(int(i) for i in np.argsort(-sizes, kind="stable") if i not in first)][:CHOSEN]
        return order if first else sorted(order)
    found = [read(one) for one in arguments.several(argument, given, "numbers")]
    if len(found) > MOST:
        raise ValueError(f"{argument}: wanted at most {MOST}, got {len(found)}")
    if len({*found}) < len(found):
        raise ValueError(f"{argument}: one comes twice in {found}")
    return found


def shown_of(kinds: Mapping[str, tuple[int, int]]) -> str:
    """What is left out, in words: "6 of 299 words shown."; nothing where all is there."""
    told = [f"{some} of {all_} {kind}" for kind, (some, all_) in kinds.items() if some < all_]
    return f" {' and '.join(told)} shown." if told else ""


def row_of_numbers(numbers: Iterable[float]) -> str:
    """Numbers in a sentence."""
    return ", ".join(number(float(x)) for x in numbers)


# ---- how a number is drawn


def middle(c: int) -> float:
    """Where the middle of column c stands."""
    return NAMES + CELL * (c + 0.5)


class Sketch:
    """A drawing as it grows: boxes and lines below, words and numbers above them."""

    def __init__(self):
        """An empty one."""
        self._boxes, self._lines, self._words = {True: "", False: ""}, "", ""

    def text(self, x: float, y: float, told: str, style: str = "") -> None:
        """A word as it is, whatever is in it; what may open a formula stands by itself."""
        self._words += f'<text x="{x:g}" y="{y:g}" font-size="11"{style}>{_verbatim(told)}</text>'

    def row_name(self, x: float, y: float, name: str) -> None:
        """A row's name around x, in the names' column: one that would touch the column's edge is drawn narrower."""
        narrower = f' textLength="{NAMES - 8}" lengthAdjust="spacingAndGlyphs"' if len(name) > FULL_WIDTH else ""
        self.text(x, y, name, narrower)

    def named(self, x: float, y: float, told: str, style: str = "", after: str = "") -> None:
        """A label in every dialect: each {quantity} in it by its name there, and `after` as it is.

        Dialects that write it alike share one.
        """
        names, written = re.split(r"\{(\w+)\}", escape(told)), {}
        for which in DIALECTS:
            label = "".join(_own(part, which) if k % 2 else part for k, part in enumerate(names)) + _verbatim(after)
            written.setdefault(label, []).append(which)
        self._words += f'<g font-size="11"{style}>'
        for label, of in written.items():
            unseen = "" if "course" in of else ' visibility="hidden"'
            classes = "".join(f" gw-{which}" for which in of)
            self._words += f'<text x="{x:g}" y="{y:g}" class="gw-said{classes}"{unseen}>{label}</text>'
        self._words += "</g>"

    def number(self, x: float, y: float, value: float) -> None:
        """A number."""
        self._words += f'<text x="{x:g}" y="{y:g}">{number(float(value))}</text>'

    def line(self, d: str) -> None:
        """A thin line, as SVG has its path."""
        self._lines += d

    def square(self, x: float, y: float, value: float, full: float) -> None:
        """The square around (x, y) whose area is the value's size; `full` fills its cell."""
        side = SIDE * float(np.sqrt(abs(value) / (full or 1)))
        self._box(x - side / 2, y - side / 2, side, side, value > 0)

    def level(self, x: float, y: float, value: float, full: float, most: float) -> None:
        """A bar from (x, y) to the right for a value above zero, to the left below it; `full` makes it `most` long."""
        length = most * abs(value) / (full or 1)
        self._box(x - length * (value < 0), y, length, 10, value > 0)

    def upright(self, x: float, y: float, value: float, full: float) -> None:
        """A bar from (x, y) up for a value above zero, down below it, with its number."""
        length = UPRIGHT * abs(value) / (full or 1)
        self._box(x - 5, y - length * (value > 0), 10, length, value > 0)
        self.number(x, y + 30, value)

    def page(self, width: float, height: float, alt: str, below: str = "", above: str = "") -> str:
        """HTML of a picture that rule_picture.js puts into the page as a drawing, in its colours and the chosen names.

        It takes the focus, so that keys can scroll one that is wider than its page. Where no script runs it stays a
        picture: in colours that are read on white and on black, in the course's names.
        `below`, `above`: what lies below all that is drawn, and above it.
        """
        up, down = self._boxes[True], self._boxes[False]
        svg = (
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:g}' height='{height:g}' color='#7a7a7a' "
            f"fill='currentColor' font-family='system-ui,sans-serif' font-size='10' text-anchor='middle'>"
            f'{below}<path fill="{UP}" d="{up}"/><path fill="none" stroke="{DOWN}" stroke-width="1.5" d="{down}"/>'
            f'<path d="{self._lines}" fill="none" stroke="currentColor" stroke-opacity="0.5"/>'
            f"{above}{self._words}</svg>"
        ).replace('"', "'")
        source = re.sub('[%#<>"&]', lambda found: f"%{ord(found[0]):02X}", svg)
        return (
            '<div style="overflow-x:auto;max-width:100%" tabindex="0"><div style="position:relative;width:max-content">'
            f'<img {PLAIN} alt="{escape(legible(alt), quote=True)}" src="data:image/svg+xml;charset=utf-8,{source}" '
            f'width="{width:g}" height="{height:g}" style="max-width:none"></div></div>'
        )

    def _box(self, x, y, width, height, up):
        inset = 0 if up else 0.75  # the line of a hollow one lies inside
        width, height = width - 2 * inset, height - 2 * inset
        if min(width, height) > 0.2:
            side = f"{width:.1f}"
            self._boxes[bool(up)] += f"M{x + inset:.1f} {y + inset:.1f}h{side}v{height:.1f}h-{side}z"


def plain_name(told: str) -> str:
    """A label with {quantities} in it, in the course's names."""
    return re.sub(r"[{}]", "", told)


def kind_in(label: str) -> str:
    """What a column is, without which one: "component", "head, d"."""
    return re.sub(r" ?\d+", "", label)


def number_in(label: str) -> str:
    """Which one it is, without what: "3", "0, 1"."""
    return ", ".join(re.findall(r"\d+", label))


def short(label: str, most: int = 11) -> str:
    """A name that fits the names' column."""
    return label if len(label) <= most else f"{label[: most - 1]}…"


def _verbatim(told):
    return re.sub(r"[$\\`]", r"<tspan>\g<0></tspan>", escape(legible(told)))


def _own(name, which):
    try:
        return symbol(name, which)
    except KeyError:  # J is these pictures' own letter
        return name
