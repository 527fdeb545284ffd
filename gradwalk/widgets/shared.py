"""What all boards of a notebook share in the page, and is sent and saved once: their code, and each model's weights."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from weakref import WeakValueDictionary

import ipywidgets as widgets
import numpy as np
import traitlets as t

from gradwalk.model import Model
from gradwalk.widgets import tape
from gradwalk.widgets.javascript import joined

_FILES = Path(__file__).parent

# A board walks out and back in every frame of a drag, and a saved notebook carries its models.
MOST_BYTES, MOST_WORK = 2**20, 1_300_000  # of base64; positions × dials, about 8 ms out and back

_KNOWN = WeakValueDictionary()  # by their content: a model that was copied, or made again, is sent once


class Shared(widgets.Widget):
    """Nothing to look at: what other widgets refer to. The page is told of it when one of those is shown."""

    def open(self) -> None:
        """Nothing yet: what no page shows costs no page and no saved notebook its numbers."""

    @property
    def model_id(self) -> str:
        """Its number in the page, which is told of it when it is first asked for."""
        super().open()
        return super().model_id


class PageCode(Shared):
    """The modules of the board as one text, and its style; load.js fetches them. `once` has the one of this process."""

    module = t.Unicode(joined(_FILES / "board/board.js")).tag(sync=True)
    style = t.Unicode((_FILES / "board/board.css").read_text(encoding="utf-8")).tag(sync=True)

    @classmethod
    @cache
    def once(cls) -> PageCode:
        """The one that every board refers to."""
        return cls()

    def __repr__(self):
        return "PageCode()"


class PageModel(Shared):
    """The lines and weights of one model, which boards refer to. `of` has one of each content."""

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


def follows_a_hand(model: Model, positions: int) -> bool:
    """Can the page be sent this model, and walk it out and back in every frame? `positions`: how many are read."""
    dials = sum(array.size for array in model.weights.values())
    return positions * dials <= MOST_WORK and tape.weight_bytes(model) <= MOST_BYTES
