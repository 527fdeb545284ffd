"""Where the norm stands: the same blocks with none, with it first in each loop, and with it last, behind each sum.

"norm first" is the course's own block. With "norm last" the loops read x0 and x1 as they are, and each sum is normed:
x1 = LN1(x0 + a), h = LN2(x1 + m), as in the transformer of 2017. All other lines are the course's: `walk` runs them.
The committed runs, data/norm_places.json, are made by bench/norm_places.py.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from gradwalk import arguments, block, walk
from gradwalk.model import Model
from gradwalk.walk import Gradients, Values

COMMITTED = Path(__file__).parent / "data" / "norm_places.json"
PLACES = ("no norm", "norm first", "norm last")
READ = {"n": "x0", "v": "x1"}  # what a loop reads where no norm stands before it
NORMED = {"x1": "1", "h": "2"}  # the sums, and the norm behind each, where it stands last


def forward(model: Model, tokens, y=None, place: str = "norm first") -> Values:
    """The walk out, as `walk.forward`, with the norms of every block in this place.

    ValueError for what does not fit, as there, and for a place that is none of `PLACES`.
    """
    place = arguments.one_of("place", place, PLACES, "place")
    norm, eps = block.NORMS[model.settings["norm"]], model.settings["eps"]

    def keep(store, name, array, prefix=""):
        """Store a value under its name: as the course makes it, or as this place has it."""
        if place != "norm first" and name in READ:
            array = store[READ[name]]
        if place == "norm last" and name in NORMED:
            weights = model.blocks[int(prefix.split(".")[1])]
            array = norm.function(array, *(weights[dial + NORMED[name]] for dial in norm.dials), eps)
        store[name] = array
        return array

    return walk.walk_out(model, tokens, y, keep, held=() if place == "norm first" else (place,))


def backward(model: Model, values: Values) -> Gradients:
    """The walk back through what this module's `forward` made. The dials of a norm that stands nowhere have slope 0.

    ValueError as in `walk.backward`.
    """
    instead = {}
    for place in walk.origin(model, values).held:
        arguments.one_of("values", place, PLACES, "place")
        for q, here in enumerate(values.blocks):
            told = _last(model, q, here) if place == "norm last" else _nowhere(model)
            instead |= {f"blocks.{q}.{name}": function for name, function in (told | _READ_AS_IT_IS).items()}
    return walk.walk_back(model, values, instead)


# A loop that reads x0 or x1 as it is: what comes back to n or v has come back to x0 or x1.
_READ_AS_IT_IS = dict.fromkeys(("dL_dx0_via_n", "dL_dx1_via_v"), lambda dL_dv, x1, gamma: dL_dv)


def _nowhere(model):
    """No norm: its dials are never used."""
    zero = np.zeros(model.D)
    return {f"dL_dgamma{n}": lambda dL_dv, x1: zero for n in "12"} | {f"dL_dbeta{n}": lambda dL_dv: zero for n in "12"}


def _last(model, q, here):
    """Behind each sum: the way back through it, which both summands get alike, and its dials."""
    norm, eps, weights = block.NORMS[model.settings["norm"]].back, model.settings["eps"], model.blocks[q]
    sums = {"1": here.x0 + here.a, "2": here.x1 + here.m}  # (T, D)
    arrived = {}  # at the normed sum; the dials' own lines in the walk are handed what comes back from a loop

    def through(n, message):
        arrived[n] = message
        return norm.pullback(message, sums[n], weights["gamma" + n], eps)

    def dials(n):
        return {
            f"dL_dgamma{n}": lambda dL_dv, x1: norm.dL_dgamma(arrived[n], sums[n], eps),
            f"dL_dbeta{n}": lambda dL_dv: norm.dL_dbeta(arrived[n]),
        }

    to_h, to_x1 = (lambda dL_dh: through("2", dL_dh)), (lambda dL_dx1: through("1", dL_dx1))
    summands = {"dL_dm": to_h, "dL_dx1_via_h": to_h, "dL_da": to_x1, "dL_dx0_via_x1": to_x1}
    return summands | dials("1") | dials("2")


# Each place as `tune` takes it: the walk out, the walk back. The last is GPT-2's, whose model has a final norm as well.
WALKS = {place: (partial(forward, place=place), backward) for place in PLACES}
WALKS["norm first, and LNf"] = WALKS["norm first"]
