"""A walk that is taken again and again: its lines noted once, and then run one after the other.

The lines are those of `walk`. The walk out has them in `block`; of the walk back they are noted as it makes its
gradients. What is left out stands between the lines: to look up names, to put the block together, to ask of each
sentence whether it is one. And what each norm makes of its x is made once, for the walk back too.

Sentences are laid end to end. Where there are many, attention has them side by side: all start at place 0, the shorter
ones are filled up, and the heads of one come after those of the other. So each looks at its own positions alone, and no
table holds what one sentence has with another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from gradwalk import block, inputs, limits, step1_output, step5_attention, step6_embedding
from gradwalk.model import Model
from gradwalk.names import BLOCK_VALUES, BLOCK_WEIGHTS
from gradwalk.step5_attention import merge_heads, split_heads
from gradwalk.walk import Gradients, forward, lines_back
from gradwalk.weights import as_gradients, of_weight

TABLES = {"attends", "S", "alpha", "dL_dalpha", "dL_dS"}  # a row and a column a position
FEW = 36  # positions: so many go through one table, end to end, before they could be laid side by side
SHORT = 16  # numbers in a row: longer ones numpy takes soon enough one by one


class Noted(NamedTuple):
    """A line: the name of what it makes, by which function, of what by name.

    A block's own names have "blocks.0." before them where there are several blocks.
    """

    name: str
    function: Callable
    takes: tuple[str, ...]


class Beside(NamedTuple):
    """Sentences side by side: a column each, a row a place, as many as the longest has."""

    rows: int
    columns: int
    where: np.ndarray  # (T,): of each position, laid end to end, the place and the sentence as one number


class ByHeart:
    """The walk out and back, the same as `forward` and `backward`, for `model` and for its copies."""

    def __init__(self, model: Model):
        several = len(model.blocks) > 1
        self._prefixes = [f"blocks.{q}." if several else "" for q in range(len(model.blocks))]
        self._norm = block.NORMS[model.settings["norm"]]
        self._once, self._asides = set(), set()  # the names of what is made once for several lines
        self._out = self._both(self._lines_out(model))
        self._back = None  # noted when it is asked for: it makes every gradient once
        # By name, of one walk after the other: each value takes the place, and the memory, of the one before.
        self._known = dict(model.settings)
        self._sizes = [(check, name, self._key(name)) for check, name in limits.sizes(model, "L")]

    def __call__(self, model: Model, batch: Sequence, back: bool = False) -> tuple[float, dict | None]:
        """The loss of sentences laid end to end, and with `back` its gradients, as `Model.move` takes them.

        batch: each sentence as (tokens, y), arrays of the model's own words. TooLarge as in `forward`; slopes that are
        no numbers `move` refuses.
        """
        tokens, y = zip(*batch, strict=True)
        lengths = tuple(map(len, tokens))
        T, longest = sum(lengths), max(lengths)
        apart = T > FEW and len(lengths) * longest**2 < T**2
        tables, together = (len(lengths), longest) if apart else (1, T)
        inputs.enough_memory(T, together, model, tables=tables)
        known = self._known
        known.update(model.weights, tokens=np.concatenate(tokens), y=np.concatenate(y))
        laid = _laid_again if T <= 4 * FEW else _laid
        known["places"], known["attends"], known["beside"] = laid(lengths, apart)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # told in words, by the checks
            _run(self._out[apart], known)
            for check, name, key in self._sizes:
                check(model, name, known[key])
            if not back:
                return known["L"], None
            if self._back is None:
                lines, self._slopes = self._lines_back(model)
                self._back = self._both(lines)
            _run(self._back[apart], known)
        return known["L"], as_gradients({name: known[key] for name, key in self._slopes.items()})

    def _key(self, name):
        """A value's name among the noted ones: the way out takes the last block's h."""
        if name == "h":
            return self._prefixes[-1] + name
        return name if len(self._prefixes) > 1 else name.removeprefix("blocks.0.")

    def _lines_out(self, model):
        inside, first = BLOCK_VALUES.keys() | BLOCK_WEIGHTS.keys(), self._prefixes[0]
        for value, function, takes, *_ in block.way_in():
            yield Noted(first + value, function, takes)
        for q, prefix in enumerate(self._prefixes):
            if q:
                yield Noted(f"{prefix}x0", np.asarray, (f"{self._prefixes[q - 1]}h",))
            for value, function, takes, *_ in block.block(model.settings):
                yield Noted(prefix + value, function, tuple(prefix * (name in inside) + name for name in takes))
        for value, function, takes, *_ in block.way_out(model.settings, model.weights):
            yield Noted(value, function, tuple(map(self._key, takes)))
        yield Noted("L", step1_output.loss, ("z", "y", "p"))

    def _lines_back(self, model):
        """The lines of a walk back, noted by one of one word, and the name of each weight's slope among them.

        What a function is given is told by what it is: an array is a weight, a value, or what an earlier line has made.
        Anything else never changes, and is known from now on.
        """
        values, lines = forward(model, [0], [0]), []
        found = {**model.weights, **{name: array for name, array in values.items() if name != "blocks"}}
        for prefix, here in zip(self._prefixes, values.blocks, strict=True):
            found |= {prefix + name: array for name, array in here.items()}
        names, kept = {id(array): name for name, array in found.items()}, []  # kept: an id is of what is still there

        def note(store, prefix, name, function, *given):
            for one in given:
                if id(one) not in names:
                    names[id(one)] = key = f"constant {len(self._known)}"
                    self._known[key] = one
            takes = tuple(names[id(one)] for one in given)
            store[name] = made = function(*given)
            if id(made) in names:  # passed on as it came: known by that name
                return
            names[id(made)] = self._key(prefix) + name
            kept.append(made)
            lines.append(Noted(names[id(made)], function, takes))

        grads = Gradients(blocks=[Gradients() for _ in model.blocks])
        lines_back(model, values, grads, note)
        return lines, {name: names[id(of_weight(grads, name))] for name in model.weights}

    def _both(self, lines):
        """These lines, end to end and side by side."""
        lines = [*self._normed_once(lines)]
        return [*map(_ready, lines)], [*map(_ready, self._side_by_side(lines))]

    def _normed_once(self, lines: Iterator[Noted]) -> Iterator[Noted]:
        """What a norm makes of its x is a line of its own, the first time, and its other lines take that."""
        back = self._norm.back
        for line in lines:
            takes = line.takes
            if line.function in (self._norm.function, back.dL_dgamma, back.pullback):
                x = takes[line.function is not self._norm.function]
                if x not in self._once:
                    self._once.add(x)
                    yield Noted(f"{x} normed", back.normed_and_spread, (x, "eps"))
                takes = tuple(f"{x} normed" if name == x else name for name in takes)
            yield Noted(line.name, line.function, takes)

    def _side_by_side(self, lines: Iterator[Noted]) -> Iterator[Noted]:
        """The same lines, where those that take or make a table have the sentences side by side."""
        for name, function, takes in lines:
            makes = _bare(name) in TABLES
            if not makes and TABLES.isdisjoint(map(_bare, takes)):
                yield Noted(name, function, takes)
                continue
            for x in takes:
                if _bare(x) not in TABLES and x not in self._asides:
                    self._asides.add(x)
                    yield Noted(f"{x} beside", _beside, (x, "beside"))
            takes = tuple(f"{x} beside" if x in self._asides else x for x in takes)
            yield Noted(name if makes else f"{name} beside", function, takes)
            if not makes:
                yield Noted(name, _end_to_end, (f"{name} beside", "beside"))


def _laid(lengths, apart):
    """The places of sentences of these lengths, where each position may look, and where it is, side by side."""
    if not apart:
        return *inputs.places_of(*lengths), None
    sentence = np.repeat(np.arange(len(lengths)), lengths)  # (T,)
    starts = np.cumsum(lengths) - lengths
    places = np.arange(len(sentence)) - starts[sentence]  # (T,)
    _, attends = inputs.places_of(max(lengths))
    return places, attends, Beside(max(lengths), len(lengths), places * len(lengths) + sentence)


_laid_again = lru_cache(maxsize=64)(_laid)  # descent walks the same lengths again and again


def _beside(x, beside):
    """(H, T, D/H) to (B H, rows, D/H), or (T, D) to (rows, B D), of B sentences; 0 where one is filled up."""
    heads = x.ndim == 3
    flat = merge_heads(x) if heads else x  # (T, D)
    filled = np.zeros((beside.rows * beside.columns, flat.shape[-1]), x.dtype)
    filled[beside.where] = flat
    wide = filled.reshape(beside.rows, -1)  # (rows, B D)
    return split_heads(wide, beside.columns * len(x)) if heads else wide


def _end_to_end(x, beside):
    """The way back: of (B H, rows, D/H) or (rows, B D) what is not filled up."""
    heads = x.ndim == 3
    wide = merge_heads(x) if heads else x  # (rows, B D)
    flat = wide.reshape(beside.rows * beside.columns, -1)[beside.where]  # (T, D)
    return split_heads(flat, len(x) // beside.columns) if heads else flat


def _rows_added(rows, numbers, count):
    """Row i of `count`: all the rows whose number is i, added. Flat, since numpy adds so in a quarter of the time."""
    D = rows.shape[-1]
    sums = np.zeros(count * D, rows.dtype)
    np.add.at(sums, (numbers[:, None] * D + np.arange(D)).ravel(), rows.ravel())
    return sums.reshape(count, D)  # (count, D)


def _softmax(z):
    """Where rows are short and many, they stand as columns: numpy takes all of them at once, not one by one."""
    rows = z.reshape(-1, z.shape[-1])
    if rows.shape[-1] > SHORT:
        return step1_output.softmax(z)
    columns = step1_output.shares(np.ascontiguousarray(rows.T), axis=0)
    return np.ascontiguousarray(columns.T).reshape(z.shape)


def _dL_dS(dL_dalpha, alpha):
    """With no table of products, which are only summed up."""
    return alpha * (dL_dalpha - np.vecdot(alpha, dL_dalpha)[..., None])  # (H, T, T)


# What numpy does sooner when it is told so, but says less plainly than the step.
QUICKER = {
    step5_attention.attention_weights: _softmax,
    step5_attention.dL_dS: _dL_dS,
    step6_embedding.dL_dE_via_x0: _rows_added,
    step6_embedding.dL_dE_pos: _rows_added,
}


def _bare(name):
    return name.rpartition(".")[2]


def _ready(line):
    """A line with its names in the hand of `itemgetter`: by that it is run in half the time around the function."""
    name, function, takes = line
    function = QUICKER.get(function, function)
    return name, function, itemgetter(*takes) if len(takes) > 1 else lambda known: (known[takes[0]],)


def _run(lines, known):
    for name, function, given in lines:
        known[name] = function(*given(known))
