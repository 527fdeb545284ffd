"""A walk that is taken again and again: its lines noted once, and then run one after the other.

The lines are those of `walk`. The walk out has them in `block`; of the walk back they are noted as it makes its
gradients. What is left out stands between the lines: to look up names, to put the block together, to ask of each
sentence whether it is one. Descent walks thousands of times, and takes two thirds of the time so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from gradwalk import block, inputs, limits, step1_output
from gradwalk.model import Model
from gradwalk.names import BLOCK_VALUES, BLOCK_WEIGHTS
from gradwalk.walk import Gradients, forward, lines_back
from gradwalk.weights import as_gradients, of_weight

TABLES = ("attends", "S", "alpha", "dL_dalpha", "dL_dS")  # a row and a column a position: most lies between sentences
AT_ONCE = 36  # positions in a group of sentences: below that a line takes longer to call than to run


class Noted(NamedTuple):
    """A line: the name of what it makes, by which function, of what by name.

    A block's own names have "blocks.0." before them where there are several blocks.
    """

    name: str
    function: Callable
    takes: tuple[str, ...]


class ByHeart:
    """The walk out and back, the same as `forward` and `backward`, for `model` and for its copies."""

    def __init__(self, model: Model):
        several = len(model.blocks) > 1
        self._prefixes = [f"blocks.{q}." if several else "" for q in range(len(model.blocks))]
        self._out = _both([*self._lines_out(model)])
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
        groups = _groups([len(row) for row in tokens])
        positions = [*map(sum, groups)]
        inputs.enough_memory(sum(positions), max(positions), model)
        places, attends = zip(*map(_places_of, groups), strict=True)
        known, apart = self._known, len(groups) > 1
        known.update(model.weights, tokens=np.concatenate(tokens), y=np.concatenate(y), places=np.concatenate(places))
        known.update(attends=attends if apart else attends[0], cuts=_cuts(groups))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # told in words, by the checks
            _run(self._out[apart], known)
            for check, name, key in self._sizes:
                value = known[key]
                for part in value if apart and _bare(key) in TABLES else [value]:
                    check(model, name, part)
            if not back:
                return known["L"], None
            if self._back is None:
                self._back, self._slopes = self._lines_back(model)
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
            names[id(made)] = self._key(prefix) + name
            kept.append(made)
            lines.append(Noted(names[id(made)], function, takes))

        grads = Gradients(blocks=[Gradients() for _ in model.blocks])
        lines_back(model, values, grads, note)
        return _both(lines), {name: names[id(of_weight(grads, name))] for name in model.weights}


def _groups(lengths):
    """Sentences of these lengths in groups, some whole ones after the other: their lengths."""
    groups = [[]]
    for length in lengths:
        if sum(groups[-1]) >= AT_ONCE:
            groups.append([])
        groups[-1].append(length)
    return groups


def _cuts(groups):
    """Each group's own positions, where all are laid end to end."""
    borders = [0, *accumulate(map(sum, groups))]
    return [slice(*pair) for pair in pairwise(borders)]


_of_short = lru_cache(maxsize=64)(inputs.places_of)  # descent walks the same lengths again and again


def _places_of(group):
    """A group's places, and where each may look: kept for the next time where they are small."""
    return (_of_short if sum(group) <= 4 * AT_ONCE else inputs.places_of)(*group)


def _both(lines):
    """These lines for sentences in one group, and for several groups."""
    return lines, [*map(_apart, lines)]


def _apart(line):
    """The same line, group by group, where it takes or makes a table: as list of tables, one a group."""
    tables, makes = [_bare(name) in TABLES for name in line.takes], _bare(line.name) in TABLES
    if not makes and not any(tables):
        return line

    def each(*given):
        *given, cuts = given
        parts = [
            line.function(*(x[k] if table else x[..., cut, :] for x, table in zip(given, tables, strict=True)))
            for k, cut in enumerate(cuts)
        ]
        return parts if makes else np.concatenate(parts, axis=-2)

    return Noted(line.name, each, (*line.takes, "cuts"))


def _bare(name):
    return name.rpartition(".")[2]


def _run(lines, known):
    get = known.__getitem__
    for name, function, takes in lines:
        known[name] = function(*map(get, takes))
