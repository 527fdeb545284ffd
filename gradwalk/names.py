"""The ledger of symbols: one letter per quantity, the same in code, formula, prose and figure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple


class Name(NamedTuple):
    """One quantity: what it is called in plain words, and its shape in the letters of `SIZES`."""

    word: str
    shape: tuple[str, ...]


SIZES = {
    "T": "positions",
    "D": "meaning components",
    "F": "MLP units",
    "H": "attention heads",
    "N": "words in the vocabulary",
    "T_max": "places a sentence may have",
    "M": "scored positions",
}

# In the order of the walk out. The weights of a block come once per block.
BLOCK_WEIGHTS = {
    "gamma1": Name("first layer norm's stretch", ("D",)),
    "beta1": Name("first layer norm's shift", ("D",)),
    "W_Q": Name("query weights", ("D", "D")),
    "b_Q": Name("query bias", ("D",)),
    "W_K": Name("key weights", ("D", "D")),
    "b_K": Name("key bias", ("D",)),
    "W_V": Name("value weights", ("D", "D")),
    "b_V": Name("value bias", ("D",)),
    "W_O": Name("attention's output weights", ("D", "D")),
    "b_O": Name("attention's output bias", ("D",)),
    "gamma2": Name("second layer norm's stretch", ("D",)),
    "beta2": Name("second layer norm's shift", ("D",)),
    "W1": Name("expanding weights", ("F", "D")),
    "b1": Name("expanding bias", ("F",)),
    "W2": Name("contracting weights", ("D", "F")),
    "b2": Name("contracting bias", ("D",)),
}
WEIGHTS = {
    "E": Name("embedding: a word's entry for being read", ("N", "D")),
    "E_pos": Name("embedding of places", ("T_max", "D")),
    **BLOCK_WEIGHTS,
    "gammaf": Name("final layer norm's stretch", ("D",)),
    "betaf": Name("final layer norm's shift", ("D",)),
    "W": Name("vocabulary: a word's entry for being said", ("N", "D")),
    "b": Name("output bias", ("N",)),
}

BLOCK_VALUES = {
    "x0": Name("original meaning", ("T", "D")),
    "n": Name("normed original meaning, LN1(x0)", ("T", "D")),
    "Q": Name("queries", ("H", "T", "D/H")),
    "K": Name("keys", ("H", "T", "D/H")),
    "V": Name("values", ("H", "T", "D/H")),
    "S": Name("scores, masked", ("H", "T", "T")),
    "alpha": Name("attention weights, softmax(S)", ("H", "T", "T")),
    "O": Name("the blend", ("T", "D")),
    "a": Name("contextual adjustment", ("T", "D")),
    "x1": Name("contextual meaning, x0 + a", ("T", "D")),
    "v": Name("normed contextual meaning, LN2(x1)", ("T", "D")),
    "u": Name("expanded, before muting", ("T", "F")),
    "r": Name("expanded, after muting", ("T", "F")),
    "m": Name("response adjustment", ("T", "D")),
    "h": Name("intended meaning, x1 + m", ("T", "D")),
}
VALUES = {
    **BLOCK_VALUES,
    "hf": Name("normed intended meaning, LNf(h)", ("T", "D")),
    "z": Name("logits", ("T", "N")),
    "p": Name("probabilities, softmax(z)", ("T", "N")),
    "L": Name("loss", ()),
}


def look_up(name: str) -> Name:
    """The ledger's entry for a weight, a value or a gradient; a gradient has its own quantity's shape.

    A block's number and a share's road are passed over: `blocks.1.dL_dx1_via_h` is told of as dL_dx1.
    KeyError, naming the nearest names, if the ledger has no such quantity.
    """
    bare = name.split(".")[-1]
    quantity = bare.removeprefix("dL_d").split("_via_")[0]
    for ledger in (VALUES, WEIGHTS):
        if quantity in ledger:
            entry = ledger[quantity]
            return entry if bare == quantity else Name(f"slope of the loss in {quantity}", entry.shape)
    raise KeyError(unknown("name", name, [*VALUES, *WEIGHTS]))


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """One sentence for an error message: what came, and the nearest names that exist."""
    known = list(known)
    nearest = difflib.get_close_matches(str(name), known, n=3, cutoff=0.4) or known
    return f"there is no {kind} {name!r}; the nearest: {', '.join(nearest[:12])}"


class Named(dict):
    """A dictionary whose entries are also attributes: `values["h"]` is `values.h`."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(self._absent(name)) from None

    def __setattr__(self, name, array):
        self[name] = array

    def __dir__(self):
        return [*super().__dir__(), *self]

    def _absent(self, name):
        if len(self.get("blocks", ())) > 1 and name in self["blocks"][0]:
            return f"there are {len(self['blocks'])} blocks; ask one of them: .blocks[0].{name}"
        return unknown("name", name, self)

    def __repr__(self):
        """One line per array: its name, plain word and shape."""
        rows = [_line(name, array) for name, array in self.items() if hasattr(array, "shape")]
        for q, block in enumerate(self.get("blocks", ())):
            if len(self["blocks"]) > 1:
                rows += [_line(f"blocks.{q}.{name}", array) for name, array in block.items()]
        return "\n".join(rows)


def _line(name, array):
    try:
        word = look_up(name).word
    except KeyError:
        word = ""
    return f"{name:<22} {'×'.join(map(str, array.shape)) or 'one number':<12} {word}".rstrip()
