"""The map: one drawing of the block, the same in every notebook, with "you are here" and the way walked so far."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gradwalk import arguments
from gradwalk.names import DIALECTS, VALUES, look_up, shape_in_words, unknown
from gradwalk.telling.page import PLAIN, Page, folded
from gradwalk.telling.svg_text import arrays, in_names, symbol, symbols, words
from gradwalk.telling.tables import first_numbers

STREAM, LOOP, HEIGHT = 164, 66, 262  # the residual stream, the two loops above it, the whole drawing


class Stretch(NamedTuple):
    """A stretch of the way: what it is called, the values on it, and from where to where it is drawn."""

    title: str
    values: tuple[str, ...]
    left: int
    right: int


STRETCHES = {
    "0": Stretch("the walk out", ("words", *VALUES), 12, 948),
    "whole": Stretch("the whole walk", ("words", *VALUES), 12, 948),
    "1": Stretch("output", ("h", "z", "p", "L"), 754, 948),
    "2": Stretch("MLP", ("v", "u", "r", "m"), 524, 750),
    "3": Stretch("layer norm", ("x1", "v"), 466, 568),
    "4": Stretch("residuals", ("x0", "x1", "h"), 78, 792),
    "5": Stretch("attention", ("n", "Q", "K", "V", "S", "alpha", "O", "a"), 118, 462),
    "6": Stretch("embedding", ("words", "x0"), 12, 122),
}
WHOLE = ("6b", "7", "8")  # stops that walk all of it, out and back
# Where each value stands, and half of its box's width: room for its longest name in any dialect.
NODES = {
    "words": (38, STREAM),
    "x0": (100, STREAM),
    "n": (144, LOOP),
    "Q K V": (208, LOOP),
    "S": (266, LOOP),
    "alpha": (320, LOOP),
    "O": (380, LOOP),
    "a": (438, LOOP),
    "x1": (488, STREAM),
    "v": (548, LOOP),
    "u": (604, LOOP),
    "r": (662, LOOP),
    "m": (724, LOOP),
    "h": (774, STREAM),
    "z": (834, STREAM),
    "p": (886, STREAM),
    "L": (932, STREAM),
}
REACH = {
    "words": 28,
    "Q K V": 30,
    "alpha": 24,
    "O": 21,
    "a": 21,
    "r": 21,
    "x0": 19,
    "x1": 19,
    "n": 18,
    "v": 18,
    "m": 18,
}
# Every arrow of the way out, with the stop whose walk back undoes it.
ARROWS = {
    ("words", "x0"): "6a",
    **{("x0", "x1"): "4c", ("x1", "h"): "4a"},
    **{("h", "z"): "1d", ("z", "p"): "1a", ("p", "L"): "1a"},
    **{("x0", "n"): "5d", ("n", "Q K V"): "5d", ("Q K V", "S"): "5c", ("S", "alpha"): "5c"},
    **{("alpha", "O"): "5b", ("O", "a"): "5b", ("a", "x1"): "4c"},
    ("x1", "v"): "3",
    **{("v", "u"): "2a", ("u", "r"): "2a", ("r", "m"): "2a", ("m", "h"): "2a"},
}
_BACK = [*reversed(ARROWS.items())]
_BACK.sort(key=lambda arrow: arrow[1])  # in the order in which they are walked
# The weights that make a value, said above it.
MADE_BY = {
    **{"x0": ("E", "E_pos"), "n": ("gamma1", "beta1"), "Q K V": ("W_Q", "W_K", "W_V"), "a": ("W_O", "b_O")},
    **{"v": ("gamma2", "beta2"), "u": ("W1", "b1"), "m": ("W2", "b2"), "z": ("W", "b")},
}
FORWARD_LINE = "words → x0 → (n → Q K V → S → alpha → O → a) → x1 = x0 + a → (v → u → r → m) → h = x1 + m → z → p → L"
_ACCENT = "var(--jp-brand-color1,#3b5bdb)"
_STRONG, _SOFT = f'font-weight="600" fill="{_ACCENT}"', 'opacity="0.7"'
# For the picture, which does not know its page: read on white and on black alike, and nothing paler.
_ON_ANY_PAGE = {_ACCENT: "#4c6ef5", "currentColor": "#7a7a7a", ' opacity="0.85"': "", ' opacity="0.7"': ""}


class BlockMap(Page):
    """The block as one drawing that takes the page's colours and the chosen names, and the same said in text."""

    def __init__(self, here: str, values: Mapping | None = None, grads: Mapping | None = None, t: int = 0):
        """`here`: the name of a notebook, "1a_which_way"; its number says which stretch is lit.

        `values`, `grads`: what forward and backward gave; a node then tells its shape and its first numbers at
        position `t`. ValueError for a stop that there is none of, or a position outside the sentence.
        """
        number = "whole" if arguments.words("here", here).startswith(WHOLE) else here[:1]
        if number not in STRETCHES:
            raise ValueError(f"here: {unknown('stop', here, STRETCHES)}")
        for argument, given in (("values", values), ("grads", grads)):
            if given is not None and not isinstance(given, Mapping):
                raise arguments.refused(argument, f"{argument} by name", given)
        if values is not None and "x0" not in values:
            raise ValueError("values: wanted those of one block, such as values.blocks[0], got several")
        if values is not None:
            t = arguments.whole("t", t, least=0, most=len(values["x0"]) - 1)
        self.here = STRETCHES[number]
        self.walked = here.split("_")[0]
        self.stop, self.values, self.grads, self.t = here, values or {}, grads or {}, t
        super().__init__(self._html(), None, self._text())

    def _text(self):
        whole = {"the walk out": "all of it, from left to right", "the whole walk": "out, and all the way back"}
        place = whole.get(self.here.title, " → ".join(self.here.values))
        back = [f"{end} → {start}" for (start, end), stop in _BACK if stop <= self.walked]
        walked = f"\nwalked back: {', '.join(back)}" if back else ""
        return f"{FORWARD_LINE}\nyou are here: {self.here.title} ({place}){walked}"

    def _html(self):
        """The drawing, with a place for the pointer over each node; until it is unfolded, a picture of it."""
        still = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {_FRAME} width="960" height="{HEIGHT}" fill="currentColor" '
            f'font-family="system-ui,sans-serif">{self._drawn(["course"])}</svg>'
        )
        for colour, fixed in _ON_ANY_PAGE.items():
            still = still.replace(colour, fixed)
        source = f"data:image/svg+xml;base64,{b64encode(still.encode()).decode('ascii')}"
        told = escape(self._text())
        drawing = (
            f'<svg {_FRAME} role="img" aria-label="{told}" style="display:block;width:100%;height:auto;'
            "color:var(--jp-content-font-color1,currentColor);fill:currentColor;"
            f'font-family:var(--jp-content-font-family,system-ui,sans-serif)">{self._drawn(DIALECTS)}</svg>'
        )
        return (
            '<div class="gw-map" style="overflow-x:auto">'
            '<div style="position:relative;min-width:640px;max-width:960px">'
            f'<img {PLAIN} alt="{told}" src="{source}" width="960" style="display:block;width:100%">'
            f"{folded(drawing)}{''.join(self._place(name, *at) for name, at in NODES.items())}</div></div>"
        )

    def _drawn(self, dialects: Iterable[str]):
        drawn = "".join(self._arrow(*ends, stop) for ends, stop in ARROWS.items())
        drawn += "".join(self._node(name, *at, dialects) for name, at in NODES.items())
        left, right = self.here.left, self.here.right
        middle = min(max((left + right) / 2, 110), 850)  # the words below the bracket stay on the page
        return (
            f'{drawn}<path d="M{left} 220v6H{right}v-6" fill="none" stroke="{_ACCENT}" stroke-width="2"/>'
            f"{words(middle, 246, f'you are here: {self.here.title}', 13, _STRONG)}"
            f"{words(291, 14, 'attention', 12, _SOFT)}{words(635, 14, 'feed-forward step (MLP)', 12, _SOFT)}"
        )

    def _arrow(self, start, end, stop):
        """The way out as a line; below it the way back, dashed: in colour where it has been walked."""
        (x, y), (to_x, to_y) = NODES[start], NODES[end]
        out_x, in_x = x + _reach(start), to_x - _reach(end)
        if y == to_y:
            out, out_tip = f"M{out_x} {y - 5}H{in_x - 2}", (in_x - 2, y - 5, "right")
            back, back_tip = f"M{in_x} {y + 6}H{out_x + 2}", (out_x + 2, y + 6, "left")
        elif to_y < y:  # from the stream up into a loop, to the right of whatever comes down
            out = f"M{x + 4} {y - 15}Q{x + 4} {to_y - 5} {in_x - 2} {to_y - 5}"
            back = f"M{in_x} {to_y + 6}Q{x + 13} {to_y + 6} {x + 13} {y - 17}"
            out_tip, back_tip = (in_x - 2, to_y - 5, "right"), (x + 13, y - 17, "down")
        else:
            out = f"M{out_x} {y - 5}Q{to_x - 4} {y - 5} {to_x - 4} {to_y - 17}"
            back = f"M{to_x - 13} {to_y - 15}Q{to_x - 13} {y + 6} {out_x + 2} {y + 6}"
            out_tip, back_tip = (to_x - 4, to_y - 17, "down"), (out_x + 2, y + 6, "left")
        walked = stop <= self.walked
        colour, width = (_ACCENT, 2.2 if stop == self.walked else 1.4) if walked else ("currentColor", 1)
        return (
            f'<g stroke="currentColor" fill="none" opacity="0.55"><path d="{out}"/>'
            f"{_tip(*out_tip, 1, 'currentColor')}</g>"
            f'<g stroke="{colour}" fill="none"{"" if walked else _QUIET}>'
            f'<path class="gw-back{" gw-walked" if walked else ""}" d="{back}" stroke-width="{width}" '
            f'stroke-dasharray="4 3"/>{_tip(*back_tip, width, colour)}</g>'
        )

    def _node(self, name, x, y, dialects):
        lit = bool(set(name.split()) & set(self.here.values))
        half = _reach(name)
        stroke = f'stroke="{_ACCENT}" stroke-width="2"' if lit else 'stroke="currentColor" stroke-opacity="0.45"'
        weight = f'fill="currentColor" font-weight="{600 if lit else 400}"'
        box = f'<rect x="{x - half}" y="{y - 15}" width="{2 * half}" height="30" rx="8" fill="none" {stroke}/>'
        if name == "words":
            return box + words(x, y + 5, name, 14, weight)
        label = partial(in_names, dialects)
        parts = [box, label(x, y + 5, 14, weight, lambda which: symbols(name.split(), which, " "))]
        slopes = [f"dL_d{part}" for part in name.split() if look_up(part).derived]
        for k, slope in enumerate(slopes):
            parts.append(label(x, y + 29 + 12 * k, 11, f'fill="{_ACCENT}"', partial(symbol, slope)))
        plus = {"x1": ("x0", "a"), "h": ("x1", "m")}.get(name)
        if plus:
            parts.append(label(x, y + 45, 11, 'opacity="0.85"', lambda which: symbols(plus, which, " + ")))
        if name in MADE_BY:
            made = MADE_BY[name]
            height = y - (36 if made[0].startswith("gamma") else 23)  # a norm's are said one line higher: they are long
            left = 28 if name == "x0" else 0  # beside the arrows that leave it upwards
            parts.append(label(x - left, height, 10, 'opacity="0.85"', lambda which: arrays(made, which)))
        return "".join(parts)

    def _place(self, name, x, y):
        """What lies over a node for the pointer and the keyboard: a link where the stop exists, and its numbers."""
        half = _reach(name)
        spot = f"left:{(x - half) / 9.6:.2f}%;top:{(y - 15) / HEIGHT * 100:.2f}%"
        size = f"width:{2 * half / 9.6:.2f}%;height:{30 / HEIGHT * 100:.2f}%;min-width:24px;min-height:24px"
        told = "; ".join(self._tell(part) for part in name.split())
        stop = _stop(name)
        style = f'style="position:absolute;border-radius:8px;{spot};{size}" title="{escape(told, quote=True)}"'
        if stop and stop != self.stop:
            return f'<a href="{stop}.ipynb" {style} aria-label="{escape(f"{told}; go to {stop}", quote=True)}"></a>'
        return f'<span tabindex="0" role="img" {style} aria-label="{escape(told, quote=True)}"></span>'

    def _tell(self, name):
        if name == "words":
            return "the words of the sentence"
        told = [f"{name}, {look_up(name).word}"]
        for array_name, source in ((name, self.values), (f"dL_d{name}", self.grads)):
            if array_name in source:
                array = np.asarray(source[array_name])
                told.append(f"{array_name} {shape_in_words(array.shape)}: {first_numbers(array, self.t)}")
        return "; ".join(told)


_FRAME = f'viewBox="0 0 960 {HEIGHT}" text-anchor="middle"'
_QUIET = ' opacity="0.3"'


def _tip(x, y, way, width, colour):
    """The tip of an arrow that ends here, as large as its line is wide; no marker, whose id would be every map's."""
    long, half = 5.6 * width, 2.6 * width
    corners = {"right": (-long, -half, "v"), "left": (long, -half, "v"), "down": (-half, -long, "h")}
    along, across, side = corners[way]
    return f'<path d="M{x} {y}l{along:.1f} {across:.1f}{side}{2 * half:.1f}z" fill="{colour}" stroke="none"/>'


def _stop(name):
    """The notebook that derives the slope in this value, or that first speaks of it; None if it is not there yet."""
    if name == "words":
        wanted = [look_up("E").derived]
    else:
        entry = look_up(name.split()[0])
        wanted = [entry.derived or "1a_which_way"]
    return next((stop for stop in wanted if stop in _there()), None)


def _there():
    """The course's notebooks: beside the package in a clone, in it when installed."""
    package = Path(__file__).parents[1]
    folder = package / "notebooks"
    return {path.stem for path in (folder if folder.is_dir() else package.parent / "notebooks").glob("*.ipynb")}


def _reach(name):
    """Half of a node's width."""
    return REACH.get(name, 14)
