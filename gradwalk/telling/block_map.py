"""The map: one drawing of the block, the same in every notebook, with "you are here" and the way walked so far.

Below it stands the switch of names: the drawing is what it changes first, and every stop has its map.
"""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby
from pathlib import Path

import numpy as np

from gradwalk import arguments, block, step4_residual
from gradwalk.dialect_table import DIALECTS
from gradwalk.model import Model
from gradwalk.names import VALUES, look_up, shape_in_words, unknown
from gradwalk.telling import dialect_switch
from gradwalk.telling.block_drawing import FRAME, HEIGHT, NODES, WIDTH, draw, on_any_page
from gradwalk.telling.page import PLAIN, Page, folded
from gradwalk.telling.tables import first_numbers

_BACK = ("the whole walk", "out, and all the way back")
# Stops that see all of it, by number, or number and letter; any other has the number of a step.
WHOLE = {"0": ("the walk out", "all of it, from left to right"), "6b": _BACK, "7": _BACK, "8": _BACK, "9": _BACK}


class BlockMap(Page):
    """The block as one drawing that takes the page's colours and the chosen names, and the same said in text."""

    def __init__(
        self,
        here: str,
        values: Mapping | None = None,
        grads: Mapping | None = None,
        t: int = 0,
        model: Model | None = None,
    ):
        """`here`: the name of a notebook, "1a_which_way"; its number says which stretch is lit.

        `values`, `grads`: what forward and backward gave; a node then tells its shape and its first numbers at
        position `t`. `model`: whose lines are drawn; without one, the course's own. ValueError for a stop that there
        is none of, or a position outside the sentence.
        """
        lines = block.course() if model is None else block.lines(arguments.instance("model", model, Model))
        arrows = undone_at(lines)
        title, own, place = _stretch(arguments.words("here", here), lines, arrows)
        for argument, given in (("values", values), ("grads", grads)):
            if given is not None and not isinstance(given, Mapping):
                raise arguments.refused(argument, f"{argument} by name", given)
        if values is not None and "x0" not in values:
            raise ValueError("values: wanted those of one block, such as values.blocks[0], got several")
        if values is not None:
            t = arguments.whole("t", t, least=0, most=len(values["x0"]) - 1)
        self.stop, self.values, self.grads, self.t = here, values or {}, grads or {}, t
        back = sorted(arrows, key=arrows.get, reverse=True)[::-1]  # within a stop the last arrow out is the first back
        walked = {ends: arrows[ends] == order(here) for ends in back if arrows[ends] <= order(here)}
        told = f"{_chain(arrows, lines)}\nyou are here: {title} ({place})"
        for which, here_too in (("walked back before", False), ("walked back here", True)):
            steps = [f"{end} → {start}" for (start, end), own_step in walked.items() if own_step == here_too]
            told += f"\n{which}: {', '.join(steps)}" if steps else ""
        lit = {name for ends in own for name in ends}
        drawn = [draw(lines, arrows, walked, lit, title, dialects) for dialects in (["course"], DIALECTS)]
        places = [self._over(name) for name in NODES if any(name in ends for ends in arrows)]
        html = _html(escape(told), *drawn, "".join(places))
        super().__init__(None, told, html + dialect_switch.buttons(), dialect_switch.script())

    def _over(self, name):
        """What lies over a node for the pointer and the keyboard: a link where the stop exists, and its numbers."""
        x, y, half = NODES[name]
        spot = f"left:{(x - half) / WIDTH * 100:.2f}%;top:{(y - 15) / HEIGHT * 100:.2f}%"
        size = f"width:{2 * half / WIDTH * 100:.2f}%;height:{30 / HEIGHT * 100:.2f}%;min-width:24px;min-height:24px"
        told, stop = self._tell(name), _stop(name)
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


def _html(told, course, drawn, places):
    """The drawing, with a place for the pointer over each node; until it is unfolded, a picture of it."""
    source = f"data:image/svg+xml;base64,{b64encode(on_any_page(course).encode()).decode('ascii')}"
    drawing = (
        f'<svg {FRAME} role="img" aria-label="{told}" style="display:block;width:100%;height:auto;'
        "color:var(--jp-content-font-color1,currentColor);fill:currentColor;"
        f'font-family:var(--jp-content-font-family,system-ui,sans-serif)">{drawn}</svg>'
    )
    return (
        '<div class="gw-map" style="overflow-x:auto">'
        f'<div style="position:relative;min-width:660px;max-width:{WIDTH}px">'
        f'<img {PLAIN} alt="{told}" src="{source}" width="{WIDTH}" style="display:block;width:100%">'
        f"{folded(drawing)}{places}</div></div>"
    )


def undone_at(lines: Iterable[block.Line]) -> dict[tuple[str, str], tuple[int, str]]:
    """Every arrow of the way out, from a value to one made of it, with the stop whose walk back undoes it: (4, "c")."""
    roads = [(taken, line.value) for line in lines for taken in line.takes if taken in VALUES or taken == "tokens"]
    arrows = {}
    for start, end in [*roads, ("p", "L")]:
        asked = {"tokens": "E", "p": "z"}.get(start, start)  # words have no slope, their table has; nobody needs p's
        arrows["words" if start == "tokens" else start, end] = order(look_up(f"dL_d{asked}_via_{end}").derived)
    return arrows


def order(stop):
    """A stop's place in the walk: "4c_free_identity_path" is (4, "c")."""
    number, letter = re.match(r"(\d+)([a-z]?)", stop).groups()
    return int(number), letter


def _stretch(here, lines, arrows):
    """What a stop's stretch is called, its arrows, and the way it goes."""
    steps = _steps(lines)
    number, label = re.match(r"(?:(\d+)[a-z]?)?", here).group(1, 0)
    if whole := WHOLE.get(label) or WHOLE.get(number):
        return whole[0], arrows, whole[1]
    if number not in steps:
        raise ValueError(f"here: {unknown('stop', here, sorted([*WHOLE, *steps]))}")
    own = [ends for ends, stop in arrows.items() if stop[0] == int(number)]
    return steps[number], own, _chain(own)


def _steps(lines):
    """What each step calls itself, by its number: its file's first words."""
    files = (sys.modules[line.function.__module__].__doc__ for line in lines)
    return dict(told.groups() for file in files if (told := re.match(r"Step (\d+), (?:the )?([^:]+):", file)))


def _chain(arrows, lines=()):
    """A way out in one line: x0 → (n → Q, K, V; Q, K → S → alpha). The sums among `lines` close a loop."""
    sums = {line.value: line.takes for line in lines if line.function is step4_residual.add}
    forks, made_of = [straight_on for straight_on, _ in sums.values()], {}
    for start, end in arrows:
        made_of.setdefault(end, []).append(start)
    last = next(iter(made_of.values()))
    told = ", ".join(last)
    for starts, values in groupby(made_of, key=made_of.get):
        values = list(values)
        if values[0] in sums:
            told += f") → {values[0]} = {' + '.join(starts)}"
        else:
            resumed = "" if starts == last else f"; {', '.join(starts)}"
            told += f"{resumed} → {'(' * (last[0] in forks)}{', '.join(values)}"
        last = values
    return told


def _stop(name):
    """The notebook that derives the slope in this value, or that first speaks of it; None if it is not there yet."""
    stop = look_up("E" if name == "words" else name).derived or "1a_which_way"
    return stop if stop in _there() else None


def _there():
    """The course's notebooks: beside the package in a clone, in it when installed."""
    package = Path(__file__).parents[1]
    folder = package / "notebooks"
    return {path.stem for path in (folder if folder.is_dir() else package.parent / "notebooks").glob("*.ipynb")}
