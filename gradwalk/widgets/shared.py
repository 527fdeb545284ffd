"""What all boards of a notebook share in the page, and is sent and saved once: their code, and each model they walk."""

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
_STYLES = [_FILES / path for path in ("board/board.css", "sentence/sentence.css", "exercise/exercise.css")]

# A board walks out and back in every frame of a drag, and a saved notebook carries its models.
MOST_BYTES, MOST_WORK = 2**20, 1_300_000  # of base64; positions × dials, about 8 ms out and back

_KNOWN = WeakValueDictionary()  # by their content: a model that was copied, or made again, is sent once


class Unshown(widgets.Widget):
    """A widget that the page is told of when it is shown, or one that refers to it; not when it is made."""

    def open(self) -> None:
        """Nothing yet: what no page shows costs no page and no saved notebook its numbers."""

    @property
    def model_id(self) -> str:
        """Its number in the page, which is told of it when it is first asked for."""
        super().open()
        return super().model_id

    def _set(self, **traits):
        """Several traits at once, also when interrupted: what was begun is finished before the interrupt goes on."""
        try:
            self._put(traits)
        except BaseException:
            self._put(traits)
            raise

    def _put(self, traits):
        with self.hold_sync():  # one message
            for name, value in traits.items():
                setattr(self, name, value)


class PageCode(Unshown):
    """The modules of boards, sentences and exercises as one text, and their style; load.js fetches them.

    `once` has the one.
    """

    module = t.Unicode(joined(_FILES / "page.js")).tag(sync=True)
    style = t.Unicode("".join(path.read_text(encoding="utf-8") for path in _STYLES)).tag(sync=True)

    @classmethod
    @cache
    def once(cls) -> PageCode:
        """The one that every widget of this process refers to."""
        return cls()

    def __repr__(self):
        return "PageCode()"


class PageModel(Unshown):
    """The lines, weights and words of one model, which boards refer to. `of` has one of each content."""

    lines = t.List().tag(sync=True)  # see tape.lines
    weights = t.Dict().tag(sync=True)  # name -> array, see tape.packed
    words = t.List().tag(sync=True)  # row by row of E, if sentences are split into them; none with a tokenizer
    labels = t.Dict().tag(sync=True)  # number -> word as a reader sees it, where that is not the word

    @classmethod
    def of(cls, model: Model) -> PageModel:
        """The one for models of these lines, weights and words."""
        lines, digest = tape.lines(model), sha256()
        words = [] if model.tokenizer else model.words
        digest.update(repr((lines, words)).encode())
        for name, array in model.weights.items():
            digest.update(f"{name} {array.dtype} {array.shape} ".encode())
            digest.update(np.ascontiguousarray(array))
        key = digest.hexdigest()
        found = _KNOWN.get(key)
        if found is None:
            labels = {str(i): label for i, word in enumerate(words) if (label := model.label(i)) != word}
            found = _KNOWN[key] = cls(lines=lines, weights=tape.weights(model), words=words, labels=labels)
        return found

    def __repr__(self):
        return f"PageModel({len(self.lines)} lines, {len(self.weights)} weights)"


def follows_a_hand(model: Model, positions: int) -> bool:
    """Can the page be sent this model, and walk it out and back in every frame? `positions`: how many are read."""
    dials = sum(array.size for array in model.weights.values())
    return positions * dials <= MOST_WORK and tape.weight_bytes(model) <= MOST_BYTES
