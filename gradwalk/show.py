"""The walk on the page: tables of numbers, a derivation step by step, the map. Each has a twin in plain text."""

from __future__ import annotations

from collections.abc import Mapping

from gradwalk.exercises.questions import Returning, at_the_start_of
from gradwalk.model import Model
from gradwalk.telling.block_map import BlockMap
from gradwalk.telling.derivation_page import step
from gradwalk.telling.dialect_switch import DialectSwitch
from gradwalk.telling.journey import journey
from gradwalk.telling.ledger_page import LedgerPage
from gradwalk.telling.page import Page
from gradwalk.telling.picture import Picture
from gradwalk.telling.record_page import RecordPage
from gradwalk.telling.summands import cell
from gradwalk.telling.tables import bars, grid, line, number, table
from gradwalk.walk import Values

__all__ = ["Page", "bars", "block_map", "cell", "dialect", "grid", "journey", "ledger", "line", "number", "picture"]
__all__ += ["record", "returning", "step", "table"]


def dialect(name: str | None = None) -> DialectSwitch:
    """The switch of names for every output of the page: "course", "gpt2" or another dialect of data/dialects.md.

    Without a name it is the control alone, at "course" until somebody turns it; with one the page turns at once.
    ValueError for a dialect that there is none of.
    """
    return DialectSwitch(name)


def ledger(search: str = "") -> LedgerPage:
    """Every value, weight and gradient, by its name in every dialect; only rows with all the words of `search`."""
    return LedgerPage(search)


def picture(figure, alt: str) -> Picture:
    """A Matplotlib figure, fit for a light and for a dark page; `alt` says in words what there is to see."""
    return Picture(figure, alt)


def record() -> RecordPage:
    """The learner's own record: where was I, what surprised me, where something is done. It is never marked."""
    return RecordPage()


def returning(stop: str) -> Returning:
    """Up to three questions of earlier stops, for the start of this one on another day, such as "2a_mlp".

    The record says what was missed, which comes first, and what was right but once. Without a record they are about
    what the stops before this one derived last. Their numbers are the same for a stop and a day.
    """
    return at_the_start_of(stop)


def block_map(
    here: str,
    values: Values | None = None,
    grads: Mapping | None = None,
    t: int = 0,
    model: Model | None = None,
) -> BlockMap:
    """The map of the block, with "you are here" at a notebook's stop, such as "1a_which_way".

    With what forward and backward gave, each node tells its shape and its first numbers at position `t` when pointed
    at. A node leads to the notebook that derives the slope in it, where that notebook is there. It draws the lines of
    `model`, or the course's own.
    """
    return BlockMap(here, values, grads, t, model)
