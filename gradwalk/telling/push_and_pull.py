"""Push and pull: each pays its share. The softmax on the way back, of words and of scores, drawn alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from gradwalk import arguments
from gradwalk.model import Model
from gradwalk.telling.rule_picture import (
    BOLD,
    LIT,
    NAMES,
    RulePicture,
    Sketch,
    chosen,
    hold_together,
    plain_name,
    position,
    row_of_numbers,
    short,
    stores,
)
from gradwalk.telling.tables import aligned, number
from gradwalk.telling.ways import at, prefixes
from gradwalk.walk import Gradients, Values
from gradwalk.widgets.scene import number_of

TOP, ROW, PANEL, HALF = 62, 40, 66, 31  # room for the heads, a row, a column of bars, the longest bar
WORDS = (
    "Each word is pushed down by its own share p, and the true word (*) is pulled up by 1: each pays its share of "
    "that 1, so the slopes sum to 0."
)
SCORES = (
    "A score is told its share times how far the share's own slope lies above the average (the long line), in which "
    "each slope counts by its share. As much is told above it as below, so the slopes sum to 0."
)


class Shares(NamedTuple):
    """Shares that sum to 1, (K,), what each is told, and its score's slope; `average` is what a bit of share costs all.

    heads: over each of the three a word, and a quantity in braces. read: from what a caller gives for a row to its
    number; first: the rows that come before the largest.
    """

    share: np.ndarray
    own: np.ndarray
    slope: np.ndarray
    average: float | None
    labels: Sequence[str]
    heads: tuple[tuple[str, str], ...]
    read: Callable
    first: Sequence[int]
    title: str
    kind: str
    note: str


class PushAndPull(RulePicture):
    """Who pays what: words at one position, or the scores of one row of a head.

    share, own and slope (R,): of the rows shown, and last of all others together where there are any. For words own is
    the pull; for scores the slope in the share, and `average` that of the row, each counted by its share.
    """

    def __init__(
        self, which: str, model: Model, values: Values, grads: Gradients, t: object, head: object, rows: object
    ):
        """See `show.push_and_pull`."""
        arguments.instance("model", model, Model)
        known = ["words", *(f"{prefix}scores" for prefix in prefixes(model))]
        if arguments.one_of("which", which, known, "kind of share") == "words":
            self.shares = _of_words(model, values, grads, t, head)
        else:
            q = int(which.split(".")[1]) if which != "scores" else 0
            self.shares = _of_scores(model, values, *stores(model, values, grads, q), t, head)
        share, own, slope, self.average = self.shares[:4]
        loud = share if which == "words" else np.abs(slope)
        self.rows = chosen("rows", rows, loud, self.shares.read, self.shares.first)
        rest = np.delete(np.arange(len(share)), self.rows)
        others = f"{len(rest)} others" if len(rest) < 10_000 else "all others"  # as many as fit; the note counts them
        self.names = [self.shares.labels[i] for i in self.rows] + [others] * bool(len(rest))
        self.share, self.own, self.slope = share[self.rows], own[self.rows], slope[self.rows]
        if len(rest):
            others = own[rest].sum() if self.average is None else share[rest] @ own[rest] / (share[rest].sum() or 1)
            ends = share[rest].sum(), others, slope[rest].sum()
            self.share, self.own, self.slope = map(np.append, (self.share, self.own, self.slope), ends)
        self.sums = share.sum(), own.sum() if self.average is None else self.average, slope.sum()
        note = self.shares.note + f" {len(self.rows)} of {len(share)} {self.shares.kind} shown." * bool(len(rest))
        super().__init__([self._drawing()], [self._told()], note)

    def _table(self):
        """A row each: its name, share, own and slope; last the sums, or the average."""
        rows = [*zip(self.names, self.share, self.own, self.slope, strict=True)]
        return [*rows, ("sum" if self.average is None else "sum, average", *self.sums)]

    def _told(self):
        heads = [self.shares.title, *(f"{word} {plain_name(of)}".strip() for word, of in self.shares.heads)]
        rows = [[name, *(number(float(x)) for x in numbers)] for name, *numbers in self._table()]
        return aligned([heads, *rows], [False, True, True, True])

    def _alt(self):
        heads = ", ".join(f"{word} {plain_name(of)}".strip() for word, of in self.shares.heads)
        rows = "; ".join(f"{name} {row_of_numbers(numbers)}" for name, *numbers in self._table())
        return f"Bars of {self.shares.title}: {heads}. {rows}."

    def _drawing(self):
        middles, of_words, sketch = [NAMES + PANEL * (k + 0.5) for k in range(3)], self.average is None, Sketch()
        across, low, scales, left = NAMES + 3 * PANEL, TOP + ROW * len(self.names), self._scales(), NAMES / 2 - 4
        lean = 0.0 if of_words else HALF * self.average / scales[1]  # where the average stands
        sketch.text(0, 12, short(self.shares.title, 48), BOLD)
        for x, (word, of), total in zip(middles, self.shares.heads, self.sums, strict=True):
            sketch.text(x, 38, word)
            sketch.named(x, 53, of)
            sketch.number(x, low + 17, total)
        for r, name in enumerate(self.names):
            y = TOP + ROW * r
            sketch.row_name(left, y + 18, short(name))
            for k, (x, value) in enumerate(zip(middles, (self.share[r], self.own[r], self.slope[r]), strict=True)):
                above = value - self.average if k == 1 and not of_words else value
                sketch.line(f"M{x:g} {y + 5}v18")
                sketch.level(x + lean * (k == 1), y + 9, above, scales[k], HALF)
                sketch.number(x, y + 35, value)
        sketch.line(f"M0 {low}H{across}")
        sketch.text(left, low + 17, "sum")
        average = ""
        if not of_words:
            sketch.text(middles[1], low + 31, "average")
            d = "".join(f"M{middles[1] + lean:.1f} {TOP + ROW * r + 1}v26" for r in range(len(self.names)))
            average = f'<path d="{d}" stroke="{LIT}" stroke-width="2.5"/>'
        return sketch.page(across + 2, low + (24 if of_words else 38), self._alt(), above=average)

    def _scales(self):
        """What fills a bar in each of the three: of words 1 in all, so that the lengths add up."""
        if self.average is None:
            return 1.0, 1.0, 1.0
        return self.share.max(), max(np.abs(self.own).max(), abs(self.average)) or 1.0, np.abs(self.slope).max() or 1.0


def _of_words(model, values, grads, t, head):
    """p against onehot at one position: push, pull, and their sum."""
    stores(model, values, grads, None)
    if head is not None:
        raise arguments.refused("head", "none, for words have no heads", head)
    t, M = position(values, t), int((values.y >= 0).sum())
    true = values.y[t]
    if true < 0:
        raise ValueError(f"t: wanted a position that is scored, got {t}")
    p, pull = values.p[t], np.where(np.arange(model.N) == true, -1.0, 0.0)  # (N,), (N,)
    labels = [model.label(i) + " *" * bool(i == true) for i in range(model.N)]
    heads = ("push", "{p}"), ("− pull", "1 on *"), ("slope", f"{M} × {{dL_dz}}" if M > 1 else "{dL_dz}")
    note = WORDS + f" The mean over {M} scored positions has a part in {M} of it." * (M > 1)
    read = partial(number_of, model, "rows", "W" if "W" in model.weights else "E", axis=0)
    return Shares(p, pull, p + pull, None, labels, heads, read, [int(true)], at(model, values, t), "words", note)


def _of_scores(model, values, here, grads, t, head):
    """A row of a head: its shares, the slope in each, and their scores' slopes."""
    t = position(values, t)
    e = arguments.whole("head", 0 if head is None else head, least=0, most=model.H - 1)
    seen = [int(s) for s in np.flatnonzero(np.isfinite(here.S[e, t]))]  # the others are masked
    share, own = here.alpha[e, t, seen], grads.dL_dalpha[e, t, seen]  # (K,), (K,)
    average = float(share @ own)
    slope = hold_together("dL_dS", grads.dL_dS[e, t, seen], share * (own - average))
    heads = ("share", "{alpha}"), ("own slope", "{dL_dalpha}"), ("slope", "{dL_dS}")

    def read(given):
        if arguments.whole("rows", given) not in seen:
            raise arguments.refused("rows", f"positions that position {t} looks at, of {seen}", given)
        return seen.index(given)

    labels, title = [f"{s} {model.label(values.tokens[s])}" for s in seen], f"head {e}, {at(model, values, t)}"
    return Shares(share, own, slope, average, labels, heads, read, [], title, "positions", SCORES)
