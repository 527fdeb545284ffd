"""The map's drawing, as SVG: where each value stands, and how its arrows run. What is drawn is read off the lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial

from gradwalk import step4_residual
from gradwalk.block import Line
from gradwalk.names import WEIGHTS, look_up
from gradwalk.telling.svg_text import arrays, in_names, symbol, symbols, words

# The whole drawing; the residual stream; the row of both loops, and one above and one below it.
WIDTH, HEIGHT, STREAM, ROW, ABOVE, BELOW = 990, 330, 232, 112, 50, 174
# Where each value stands, and half of its box's width: room for its longest name in any dialect.
NODES = {
    **{"words": (38, STREAM, 28), "x0": (100, STREAM, 19)},
    **{"n": (156, ROW, 26), "V": (224, ABOVE, 14), "Q": (224, ROW, 14), "K": (224, BELOW, 14)},
    **{"S": (288, ROW, 22), "alpha": (352, ROW, 24), "O": (413, ROW, 21), "a": (471, ROW, 21), "x1": (520, STREAM, 19)},
    **{"v": (580, ROW, 18), "u": (632, ROW, 14), "r": (687, ROW, 21), "m": (746, ROW, 18), "h": (796, STREAM, 14)},
    **{"hf": (842, STREAM, 16), "z": (886, STREAM, 14), "p": (928, STREAM, 14), "L": (968, STREAM, 14)},
}
# By how much the weights above a node and the slope below it stand aside: an arrow passes there.
ASIDE = {"x0": (-38, 0), "n": (-30, -15), "S": (0, 14), "v": (-14, 0), "hf": (-3, 0), "z": (6, 0)}
BEND = 40  # no arrow bends wider
_ACCENT = "var(--jp-brand-color1,#3b5bdb)"
_STRONG, _SOFT = f'font-weight="600" fill="{_ACCENT}"', 'opacity="0.7"'
# For the picture, which does not know its page: read on white and on black alike, and nothing paler.
_ON_ANY_PAGE = {_ACCENT: "#4c6ef5", "currentColor": "#7a7a7a", ' opacity="0.85"': "", ' opacity="0.7"': ""}
_QUIET = ' opacity="0.3"'
FRAME = f'viewBox="0 0 {WIDTH} {HEIGHT}" text-anchor="middle"'


def on_any_page(drawn: str) -> str:
    """The drawing as a picture that stands alone, in colours of its own."""
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {FRAME} width="{WIDTH}" height="{HEIGHT}" fill="currentColor" '
        f'font-family="system-ui,sans-serif">{drawn}</svg>'
    )
    for colour, fixed in _ON_ANY_PAGE.items():
        drawn = drawn.replace(colour, fixed)
    return drawn


def draw(
    lines: Iterable[Line],
    arrows: Collection[tuple[str, str]],
    walked: Mapping[tuple[str, str], bool],
    lit: Collection[str],
    title: str,
    dialects: Iterable[str],
) -> str:
    """What stands in the frame. `walked`: the arrows that the walk back has undone, true where this stop does it."""
    made = {line.value: line for line in lines}
    names = dict.fromkeys(name for ends in arrows for name in ends)
    drawn = "".join(_arrow(ends, arrows, walked.get(ends)) for ends in arrows)
    drawn += "".join(_node(name, made.get(name), name in lit, dialects) for name in names)
    at = [NODES[name] for name in lit]
    left, right = min(x - half for x, _, half in at) - 4, max(x + half for x, _, half in at) + 4
    middle = min(max((left + right) / 2, 110), WIDTH - 110)  # the words below the bracket stay on the page
    return (
        f'{drawn}<path d="M{left} {STREAM + 56}v6H{right}v-6" fill="none" stroke="{_ACCENT}" stroke-width="2"/>'
        f"{words(middle, STREAM + 82, f'you are here: {title}', 13, _STRONG)}"
        f"{words(314, 14, 'attention', 12, _SOFT)}{words(663, ROW - 52, 'feed-forward step (MLP)', 12, _SOFT)}"
    )


def _arrow(ends, arrows, walked):
    """The way out as a line; below it the way back, dashed: in colour where it has been walked."""
    out, out_tip, back, back_tip = _roads(*ends, fork=sum(start == ends[0] for start, _ in arrows) > 1)
    colour, width = ("currentColor", 1) if walked is None else (_ACCENT, 2.2 if walked else 1.4)
    return (
        f'<g stroke="currentColor" fill="none" opacity="0.55"><path d="{out}"/>'
        f"{_tip(*out_tip, 1, 'currentColor')}</g>"
        f'<g stroke="{colour}" fill="none"{_QUIET if walked is None else ""}>'
        f'<path class="gw-back{"" if walked is None else " gw-walked"}" d="{back}" stroke-width="{width}" '
        f'stroke-dasharray="4 3"/>{_tip(*back_tip, width, colour)}</g>'
    )


def _node(name, line, lit, dialects):
    x, y, half = NODES[name]
    stroke = f'stroke="{_ACCENT}" stroke-width="2"' if lit else 'stroke="currentColor" stroke-opacity="0.45"'
    weight = f'fill="currentColor" font-weight="{600 if lit else 400}"'
    box = f'<rect x="{x - half}" y="{y - 15}" width="{2 * half}" height="30" rx="8" fill="none" {stroke}/>'
    if name == "words":
        return box + words(x, y + 5, name, 14, weight)
    label = partial(in_names, dialects)
    weights_aside, slope_aside = ASIDE.get(name, (0, 0))
    parts = [box, label(x, y + 5, 14, weight, partial(symbol, name))]
    if look_up(name).derived:
        parts.append(label(x + slope_aside, y + 29, 11, f'fill="{_ACCENT}"', partial(symbol, f"dL_d{name}")))
    if line and line.function is step4_residual.add:
        parts.append(label(x, y + 45, 11, 'opacity="0.85"', lambda which: symbols(line.takes, which, " + ")))
    if weights := [taken for taken in line.takes if taken in WEIGHTS] if line else ():
        parts.append(label(x + weights_aside, y - 20, 10, 'opacity="0.85"', partial(arrays, weights)))
    return "".join(parts)


def _roads(start, end, fork):
    """The way out and the way back between two nodes, each with its tip.

    From row to row they bend once: they stand upright on the node where several ways part (a fork), or meet.
    """
    (x, y, half), (to_x, to_y, to_half) = NODES[start], NODES[end]
    leave, arrive = x + half, to_x - to_half
    if y == to_y:
        out, back = f"M{leave} {y - 5}H{arrive - 2}", f"M{arrive} {y + 6}H{leave + 2}"
        return out, (arrive - 2, y - 5, "right"), back, (leave + 2, y + 6, "left")
    down = 1 if to_y > y else -1
    onto, off = ("down", "up")[::down]
    if fork:
        out_x, back_x = (leave - 15, leave - 6)[::-down]
        out = _upright(out_x, y + 15 * down, arrive - 2, to_y - 5)
        back = _level(arrive, to_y + 6, back_x, y + 17 * down)
        return out, (arrive - 2, to_y - 5, "right"), back, (back_x, y + 17 * down, off)
    out_x, back_x = (arrive + 15, arrive + 6)[::down]
    out = _level(leave, y - 5, out_x, to_y - 17 * down)
    back = _upright(back_x, to_y - 15 * down, leave + 2, y + 6)
    return out, (out_x, to_y - 17 * down, onto), back, (leave + 2, y + 6, "left")


def _upright(x, y, to_x, to_y):
    """A line that leaves upright, bends, and goes on level."""
    bend = max(x - BEND, min(x + BEND, to_x))
    return f"M{x} {y}Q{x} {to_y} {bend} {to_y}L{to_x} {to_y}"


def _level(x, y, to_x, to_y):
    """A line that leaves level, bends, and arrives upright."""
    bend = max(to_x - BEND, min(to_x + BEND, x))
    return f"M{x} {y}L{bend} {y}Q{to_x} {y} {to_x} {to_y}"


def _tip(x, y, way, width, colour):
    """The tip of an arrow that ends here, as large as its line is wide; no marker, whose id would be every map's."""
    long, half = 5.6 * width, 2.6 * width
    corners = {"right": (-long, -half, "v"), "left": (long, -half, "v"), "down": (-half, -long, "h")}
    along, across, side = {**corners, "up": (-half, long, "h")}[way]
    return f'<path d="M{x} {y}l{along:.1f} {across:.1f}{side}{2 * half:.1f}z" fill="{colour}" stroke="none"/>'
