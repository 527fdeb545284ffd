"""The map: one drawing of the block, the same in every notebook, with "you are here"."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from gradwalk.names import VALUES, unknown

STREAM, LOOP = 118, 46  # the heights of the residual stream and of the two loops above it


class Stretch(NamedTuple):
    """A stretch of the way: what it is called, the values on it, and from where to where it is drawn."""

    title: str
    values: tuple[str, ...]
    left: int
    right: int


STRETCHES = {
    "0": Stretch("the walk out", ("words", *VALUES), 12, 868),
    "1": Stretch("output", ("h", "z", "p", "L"), 656, 868),
    "2": Stretch("MLP", ("v", "u", "r", "m"), 452, 654),
    "3": Stretch("layer norm", ("x1", "v"), 404, 492),
    "4": Stretch("residuals", ("x0", "x1", "h"), 70, 690),
    "5": Stretch("attention", ("n", "Q", "K", "V", "S", "alpha", "O", "a"), 108, 400),
    "6": Stretch("embedding", ("words", "x0"), 12, 106),
}
NODES = {
    "words": (32, STREAM),
    "x0": (94, STREAM),
    "n": (130, LOOP),
    "Q K V": (185, LOOP),
    "S": (239, LOOP),
    "alpha": (292, LOOP),
    "O": (345, LOOP),
    "a": (386, LOOP),
    "x1": (424, STREAM),
    "v": (478, LOOP),
    "u": (530, LOOP),
    "r": (582, LOOP),
    "m": (634, LOOP),
    "h": (676, STREAM),
    "z": (740, STREAM),
    "p": (796, STREAM),
    "L": (850, STREAM),
}
ARROWS = [
    *[("words", "x0"), ("x0", "x1"), ("x1", "h"), ("h", "z"), ("z", "p"), ("p", "L")],
    *[("x0", "n"), ("n", "Q K V"), ("Q K V", "S"), ("S", "alpha"), ("alpha", "O"), ("O", "a"), ("a", "x1")],
    *[("x1", "v"), ("v", "u"), ("u", "r"), ("r", "m"), ("m", "h")],
]
FORWARD_LINE = "words → x0 → (n → Q K V → S → alpha → O → a) → x1 = x0 + a → (v → u → r → m) → h = x1 + m → z → p → L"


class BlockMap:
    """The block as one drawing: SVG that takes the page's colours, and the same said in two lines of text."""

    def __init__(self, here: str):
        """`here`: the name of a notebook, "1a_which_way"; its number says which stretch is lit."""
        if here[:1] not in STRETCHES:
            raise ValueError(f"here: {unknown('stop', here, STRETCHES)}")
        self.here = STRETCHES[here[:1]]

    def __repr__(self):
        place = " → ".join(self.here.values) if self.here.title != "the walk out" else "all of it, from left to right"
        return f"{FORWARD_LINE}\nyou are here: {self.here.title} ({place})"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._svg(), "text/plain": repr(self)}

    def _svg(self):
        arrows = "".join(self._arrow(*ends) for ends in ARROWS)
        nodes = "".join(self._node(name, *at) for name, at in NODES.items())
        left, right = self.here.left, self.here.right
        middle = min(max((left + right) / 2, 110), 770)  # the words below the bracket stay on the page
        return (
            f'<svg viewBox="0 0 880 196" role="img" aria-label="{escape(repr(self), quote=True)}" '
            'style="width:100%;max-width:880px;height:auto;color:var(--jp-content-font-color1,currentColor);'
            'font-family:var(--jp-content-font-family,system-ui,sans-serif)">'
            '<defs><marker id="gradwalk-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 0.5 7.5 4 0 7.5z" fill="currentColor"/></marker></defs>'
            f"{arrows}{nodes}"
            f'<path d="M{left} 156v6H{right}v-6" fill="none" stroke="{_ACCENT}" stroke-width="2"/>'
            f'<text x="{middle}" y="182" text-anchor="middle" font-size="13" font-weight="600" fill="{_ACCENT}">'
            f"you are here: {escape(self.here.title)}</text>"
            '<text x="268" y="14" text-anchor="middle" font-size="12" opacity="0.7">attention</text>'
            '<text x="556" y="14" text-anchor="middle" font-size="12" opacity="0.7">feed-forward step (MLP)</text>'
            "</svg>"
        )

    def _arrow(self, start, end):
        (x, y), (to_x, to_y) = NODES[start], NODES[end]
        if y == to_y:
            path = f"M{x + _reach(start)} {y}H{to_x - _reach(end) - 2}"
        elif to_y < y:
            path = f"M{x} {y - 15}Q{x} {LOOP} {to_x - _reach(end) - 2} {LOOP}"
        else:
            path = f"M{x + _reach(start)} {LOOP}Q{to_x} {LOOP} {to_x} {to_y - 17}"
        return f'<path d="{path}" fill="none" stroke="currentColor" opacity="0.55" marker-end="url(#gradwalk-tip)"/>'

    def _node(self, name, x, y):
        lit = bool(set(name.split()) & set(self.here.values))
        half = _reach(name)
        stroke = f'stroke="{_ACCENT}" stroke-width="2"' if lit else 'stroke="currentColor" stroke-opacity="0.45"'
        plus = {"x1": "x0 + a", "h": "x1 + m"}.get(name)
        below = f'<text x="{x}" y="{y + 31}" text-anchor="middle" font-size="11" opacity="0.7">{plus}</text>'
        return (
            f'<rect x="{x - half}" y="{y - 15}" width="{2 * half}" height="30" rx="8" fill="none" {stroke}/>'
            f'<text x="{x}" y="{y + 5}" text-anchor="middle" font-size="14" fill="currentColor" '
            f'font-weight="{600 if lit else 400}">{name}</text>' + (below if plus else "")
        )


_ACCENT = "var(--jp-brand-color1,#3b5bdb)"


def _reach(name):
    """Half of a node's width."""
    return 10 + 4 * max(1, len(name))
