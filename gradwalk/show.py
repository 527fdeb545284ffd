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
from gradwalk.telling.message_and_gear import MessageAndGear
from gradwalk.telling.page import Page
from gradwalk.telling.picture import Picture
from gradwalk.telling.push_and_pull import PushAndPull
from gradwalk.telling.record_page import RecordPage
from gradwalk.telling.row_and_column import RowAndColumn
from gradwalk.telling.staircase import Staircase
from gradwalk.telling.summands import cell
from gradwalk.telling.tables import bars, grid, line, number, table
from gradwalk.tuning import Tuned
from gradwalk.walk import Gradients, Values

__all__ = ["Page", "bars", "block_map", "cell", "dialect", "grid", "journey", "ladder", "ledger", "line"]
__all__ += ["message_and_gear", "number", "picture", "push_and_pull", "record", "returning", "row_and_column", "step"]
__all__ += ["table"]


def dialect(name: str | None = None) -> DialectSwitch:
    """The switch of names for every output of the page: "course", "gpt2" or another dialect of data/dialects.md.

    Without a name it is the control alone, at "course" until somebody turns it; with one the page turns at once.
    ValueError for a dialect that there is none of.
    """
    return DialectSwitch(name)


def ladder(here: str, climbed: Tuned | None = None) -> Staircase:
    """The ladder as it stands at a stop, such as "2a_mlp": the held-back loss for each set of weights walked so far.

    `climbed`: what gradwalk.ladder.climb gave here for the last rung; without it every loss is the committed one.
    ValueError for what is no stop, or for a rung where none is walked yet.
    """
    return Staircase(here, climbed)


def ledger(search: str = "") -> LedgerPage:
    """Every value, weight and gradient, by its name in every dialect; only rows with all the words of `search`."""
    return LedgerPage(search)


def message_and_gear(
    weight: str, model: Model, values: Values, grads: Gradients, t=None, rows=None, columns=None
) -> MessageAndGear:
    """The gradient of a weight as squares: the message down the side, the gear on top, a sheet for each position.

    `show.message_and_gear("W", model, values, grads, rows=["fire", "tree"])`, of what forward and backward gave.
    weight: one whose gradient is message × gear, with a row for each output of its line and a column for each input, or
    a bias, whose gear is 1; "blocks.1.W1" where there are several blocks. t: a position, or up to five; by default all
    that say something, of more than four the three that say most. What is left out stands together on a sheet of its
    own, and the last one is the sum, the gradient. rows, columns: at most 8, by number or word; of many the true words
    and the likeliest are chosen, elsewhere the largest. ValueError for what is not there.
    """
    return MessageAndGear(weight, model, values, grads, t, rows, columns)


def picture(figure, alt: str) -> Picture:
    """A Matplotlib figure, fit for a light and for a dark page; `alt` says in words what there is to see."""
    return Picture(figure, alt)


def push_and_pull(
    which: str, model: Model, values: Values, grads: Gradients, t=None, rows=None, head=None
) -> PushAndPull:
    """The softmax on the way back: each pays its share, of "words" at one position or of "scores" in a row of a head.

    `show.push_and_pull("scores", model, values, grads, t=4, head=1)`, of what forward and backward gave. Words: the
    push p on each, the pull of 1 on the true word, their sum. Scores: each share, the slope in it against the row's
    average, and the share times what lies between; "blocks.1.scores" where there are several blocks. t: by default the
    last position that is scored; rows: at most 8 words, or positions that are looked at; all others stand together.
    head: 0 unless told otherwise. ValueError for words where nothing is scored, and for what is not there.
    """
    return PushAndPull(which, model, values, grads, t, head, rows)


def record() -> RecordPage:
    """The learner's own record: where was I, what surprised me, where something is done. It is never marked."""
    return RecordPage()


def returning(stop: str) -> Returning:
    """Up to three questions of earlier stops, for the start of this one on another day, such as "2a_mlp".

    The record says what was missed, which comes first, and what was right but once. Without a record they are about
    what the stops before this one derived last. Their numbers are the same for a stop and a day.
    """
    return at_the_start_of(stop)


def row_and_column(
    what: str,
    model: Model,
    values: Values,
    grads: Gradients,
    t=None,
    rows=None,
    columns=None,
    select=None,
    head=None,
    component=None,
    nudge=None,
) -> RowAndColumn:
    """A matrix as squares, in which a cell lights its row, one output, and its column, one input on the way back.

    `show.row_and_column("alpha", model, values, grads, head=1, select=(4, 0))`, of what forward and backward gave. The
    page's reader chooses a cell by mouse or arrow keys, without a kernel; `select`, a row and a column, is the first.
    what: a weight with rows and columns, "alpha", the shares of a head, or "J", the Jacobian of the layer norm before
    the MLP; "blocks.1.J" where there are several blocks. t: by default the last position that is scored. head,
    component: for alpha, which head, and which component of its values is blended, 0 unless told otherwise. nudge: for
    J, (D,), of x1 on the way out; by default the contextual adjustment a. rows, columns: at most 8 each, by number or
    word. ValueError for what is not there.
    """
    where = {"t": t, "head": head, "component": component, "nudge": nudge}
    return RowAndColumn(what, model, values, grads, rows=rows, columns=columns, select=select, **where)


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
