"""A model in the page: its lines and its weights, sent once, for all boards that are made of it."""

from __future__ import annotations

from hashlib import sha256
from weakref import WeakValueDictionary

import ipywidgets as widgets
import numpy as np
import traitlets as t

from gradwalk.model import Model
from gradwalk.widgets import tape

# A board walks out and back in every frame of a drag, and a saved notebook carries its models.
MOST_BYTES, MOST_WORK = 2**20, 1_300_000  # of base64; positions × dials, about 8 ms out and back

_KNOWN = WeakValueDictionary()  # by their content: a model that was copied, or made again, is sent once


class PageModel(widgets.Widget):
    """The lines and weights of one model, which boards refer to. It is not shown; `of` has one of each content."""

    lines = t.List().tag(sync=True)  # see tape.lines
    weights = t.Dict().tag(sync=True)  # name -> array, see tape.packed

    @classmethod
    def of(cls, model: Model) -> PageModel:
        """The one for models of these lines and weights."""
        lines, digest = tape.lines(model), sha256()
        digest.update(repr(lines).encode())
        for name, array in model.weights.items():
            digest.update(f"{name} {array.dtype} {array.shape} ".encode())
            digest.update(np.ascontiguousarray(array))
        key = digest.hexdigest()
        found = _KNOWN.get(key)
        if found is None:
            found = _KNOWN[key] = cls(lines=lines, weights=tape.weights(model))
        return found

    def __repr__(self):
        return f"PageModel({len(self.lines)} lines, {len(self.weights)} weights)"

    def open(self) -> None:
        """Nothing yet: a model that no page shows a board of costs no page and no saved notebook its numbers."""

    @property
    def model_id(self) -> str:
        """Its number in the page, which is told of it when it is first asked for."""
        super().open()
        return super().model_id


def follows_a_hand(model: Model, positions: int) -> bool:
    """Can the page be sent this model, and walk it out and back in every frame? `positions`: how many are read."""
    dials = sum(array.size for array in model.weights.values())
    return positions * dials <= MOST_WORK and tape.weight_bytes(model) <= MOST_BYTES
