"""The staircase of the ladder: the held-back loss, one tread lower for each set of weights that has been walked."""

from __future__ import annotations

import re

from gradwalk import arguments, ladder
from gradwalk.names import WEIGHTS
from gradwalk.telling.block_map import order
from gradwalk.telling.rule_picture import LEFT, LIT, RulePicture, Sketch, row_of_numbers
from gradwalk.telling.tables import aligned, number
from gradwalk.tuning import Tuned

NAMES, NAT, ROW, TOP = 118, 26, 26, 8  # the names' column, a nat's width, a row's height, where the first begins
NOTE = (
    "Held-back loss in nats per word, every position scored. Every rung from the same random weights, by one recipe: "
    f"η = {ladder.ETA:g}, {ladder.EPOCHS} times through the text. Bracketed: counting, with no model."
)


def rungs_at(here: str) -> list[str]:
    """The rungs whose weights all have been walked by the end of this stop, such as "2a_mlp"."""
    if not re.match(r"\d", arguments.words("here", here)):
        raise arguments.refused("here", 'the name of a stop, such as "2a_mlp"', here)
    there = order(here)
    return [rung for rung, new in ladder.NEW.items() if all(order(WEIGHTS[name].derived) <= there for name in new)]


class Staircase(RulePicture):
    """`losses`: by rung, "nothing" first; `counting`: by what was counted."""

    def __init__(self, here: str, climbed: Tuned | None = None):
        """See `show.ladder`."""
        told = ladder.committed()
        rungs = rungs_at(here)
        self.losses = {rung: told["rungs"][rung] for rung in ("nothing", *rungs)}
        if climbed is not None:
            arguments.instance("climbed", climbed, Tuned)
            if not rungs:
                raise arguments.refused("climbed", f"nothing: no weights are walked by {here}", climbed)
            self.losses |= {"nothing": climbed.before.report, rungs[-1]: climbed.after.report}
        self.counting = {f"({name})": told["counting"][name] for name in ("word frequencies", "word pairs")}
        super().__init__([self._drawing()], [self._told()], NOTE)

    def _told(self):
        rows = [[name, number(loss)] for name, loss in {**self.losses, **self.counting}.items()]
        return aligned([["tuned", "held-back loss"], *rows], [False, True])

    def _alt(self):
        names = ", ".join(self.losses)
        counted = "; ".join(f"{name} {number(loss)}" for name, loss in self.counting.items())
        return f"A staircase down, tuned: {names}. Losses {row_of_numbers(self.losses.values())}. Lines at {counted}."

    def _drawing(self):
        sketch, losses = Sketch(), [*self.losses.values()]
        low, new = TOP + ROW * len(losses), len(losses) - 1
        for r, (name, loss) in enumerate(self.losses.items()):
            y = TOP + ROW * r
            sketch.text(0, y + 17, name, LEFT + ' font-weight="600"' * (r == new))
            sketch.text(NAMES + 6 * NAT + 6, y + 17, number(loss), LEFT)
        stairs = f"M{NAMES} {TOP}" + "".join(f"H{_x(loss):.1f}v{ROW}" for loss in losses) + f"H{NAMES}z"
        tread = f"M{NAMES} {low - ROW}H{_x(losses[-1]):.1f}v{ROW}H{NAMES}z"
        below = f'<path d="{stairs}" fill="currentColor" fill-opacity="0.15"/>'
        below += f'<path d="{tread}" fill="{LIT}" fill-opacity="0.45"/>'
        dashed = ""
        for k, (name, loss) in enumerate(self.counting.items()):
            sketch.text(_x(loss), low + 16 + 15 * k, f"{name} {number(loss)}")
            dashed += f"M{_x(loss):.1f} {TOP}V{low + 5}"
        sketch.line(stairs)
        above = f'<path d="{dashed}" fill="none" stroke="currentColor" stroke-dasharray="4 3"/>'
        return sketch.page(NAMES + 6 * NAT + 44, low + 37, self._alt(), below=below, above=above)


def _x(loss):
    return NAMES + NAT * min(loss, 6.0)
