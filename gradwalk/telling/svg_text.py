"""Names on a drawing: SVG text in every dialect side by side, and the little typesetting that a symbol needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from html.entities import html5

from gradwalk.dialect_table import DIALECTS, said
from gradwalk.telling.page import LACKING

_ACCENTS = {"tilde": "\N{COMBINING TILDE}", "hat": "\N{COMBINING CIRCUMFLEX ACCENT}"}


def words(x: float, y: float, text: str, size: float, style: str) -> str:
    """A label that no dialect changes."""
    return f'<text x="{x}" y="{y}" font-size="{size}" {style}>{escape(text)}</text>'


def in_names(dialects: Iterable[str], x: float, y: float, size: float, style: str, write: Callable[[str], str]) -> str:
    """One label a dialect, of which one is seen. `write`: from a dialect to its label, as SVG."""
    labels = (f'<text x="{x}" y="{y}" {_side(which)}>{write(which)}</text>' for which in dialects)
    return f'<g font-size="{size}" {style}>{"".join(labels)}</g>'


def _side(which):
    return f'class="gw-said gw-{which}"' + ("" if which == "course" else ' visibility="hidden"')


def symbols(names: Sequence[str], which: str, between: str) -> str:
    """Several quantities side by side, such as x0 + a."""
    return between.join(symbol(name, which) for name in names)


def symbol(name: str, which: str) -> str:
    """A quantity as SVG text: the course's name as code has it, a dialect's typeset, greyed what a dialect lacks."""
    if which == "course":
        return name
    own = said(name, which)
    if own is None:
        return f'<tspan opacity="{LACKING}">{name}</tspan>'
    return typeset(own.latex)


def arrays(names: Sequence[str], which: str) -> str:
    """The arrays that make a value; .weight and .bias of one module are said as the module."""
    spoken = [said(name, which) if which != "course" else None for name in names]
    if which == "course" or not any(spoken):
        own = " ".join(names)
        return own if which == "course" else f'<tspan opacity="{LACKING}">{own}</tspan>'
    if DIALECTS[which].typewriter:
        arrays = [own.name.removeprefix(DIALECTS[which].block) for own in spoken if own]
        modules = [re.sub(r"[._](weight|bias).*", "", array) for array in arrays]
        return " ".join(dict.fromkeys(modules))
    return " ".join(symbol(name, which) for name in names)


def typeset(latex: str) -> str:
    """A little LaTeX as SVG text: Greek, hats, tildes, one level of what stands above or below; ValueError for more."""
    written = latex.replace(r"\_", "_").replace(r"\mathcal{L}", "ℒ").replace(r"\partial ", "∂").replace(" / ", "/")
    written = re.sub(r"\\(?:mathrm|text|texttt)\{([^{}]*)\}", r"\1", written)
    written = re.sub(r"\\(tilde|hat)\{(\w)\}", lambda f: f[2] + _ACCENTS[f[1]], written)
    written = re.sub(r"\\([a-z]+)(?![a-zA-Z{])", lambda f: html5.get(f[1] + ";", f[0]), written)  # HTML's Greek names
    if "\\" in written:
        raise ValueError(f"latex: wanted letters with what stands above or below them, got {latex!r}")
    above = r'<tspan dy="-0.4em" font-size="70%">\1</tspan><tspan dy="0.28em">&#8203;</tspan>'
    below = r'<tspan dy="0.25em" font-size="70%">\1</tspan><tspan dy="-0.175em">&#8203;</tspan>'
    written = re.sub(r"_\{(\w)_(\w)\}", r"_{\1\2}", written)
    written = re.sub(r"\^\{([^{}]*)\}|\^(\w)", lambda f: above.replace(r"\1", f[1] or f[2]), written)
    return re.sub(r"_\{([^{}]*)\}|_(\w)", lambda f: below.replace(r"\1", f[1] or f[2]), written)
