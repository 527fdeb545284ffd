"""The ledger of symbols: one letter per quantity, the same in code, formula, prose and figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gradwalk.arguments import nearest, shown


class Name(NamedTuple):
    """One quantity: its plain word, its indices in the letters of `EXTENTS`, its LaTeX, and where one meets it.

    Below its letter a label may stand: W_Q; the second layer norm's have none, since derivations are told for LN2.
    `first` is the notebook that first works with it, `derived` the one that derives the slope in it; None for what is
    no stop of the walk back.
    """

    word: str
    indices: str
    symbol: str
    first: str
    derived: str | None

    @property
    def shape(self) -> tuple[str, ...]:
        """The sizes of its axes, in the letters of `SIZES`."""
        return tuple(EXTENTS[letter] for letter in self.indices)


SIZES = {
    "T": "positions",
    "D": "meaning components",
    "F": "MLP units",
    "H": "attention heads",
    "N": "words in the vocabulary",
    "T_max": "places a sentence may have",
    "M": "scored positions",
}
# How far each index letter runs; a prime makes another of the same kind. In the ledger c counts the components of all
# heads side by side, and l a place: in a formula c may stand for any component, and a place is an s.
EXTENTS = {"t": "T", "s": "T", "l": "T_max", "i": "N", "k": "N", "j": "D", "c": "D", "f": "F", "e": "H", "d": "D/H"}

_OUT, _1B, _1D, _1E = "0_forward", "1b_whose_error", "1d_output_bias", "1e_intended_meaning"
_MLP, _LN, _FORK, _COPY = "2a_mlp", "3a_layernorm", "4a_two_paths", "4c_free_identity_path"
_ATT, _BLEND, _SCORES = "5a_attention_forward", "5b_blend", "5c_scores"
_QK, _THREE = "5d_query_key", "5e_three_streams"
_EMB, _WHOLE = "6a_embedding", "6b_whole_walk"

# In the order of the walk out. The weights of a block come once per block.
BLOCK_WEIGHTS = {
    "gamma1": Name("first layer norm's stretch", "j", r"\gamma_1", _OUT, _THREE),
    "beta1": Name("first layer norm's shift", "j", r"\beta_1", _OUT, _THREE),
    "W_Q": Name("query weights", "cj", "W_Q", _ATT, _QK),
    "b_Q": Name("query bias", "c", "b_Q", _ATT, _QK),
    "W_K": Name("key weights", "cj", "W_K", _ATT, _QK),
    "b_K": Name("key bias", "c", "b_K", _ATT, _QK),
    "W_V": Name("value weights", "cj", "W_V", _ATT, _BLEND),
    "b_V": Name("value bias", "c", "b_V", _ATT, _BLEND),
    "W_O": Name("attention's output weights", "jc", "W_O", _OUT, _BLEND),
    "b_O": Name("attention's output bias", "j", "b_O", _OUT, _BLEND),
    "gamma2": Name("second layer norm's stretch", "j", r"\gamma", _LN, _LN),
    "beta2": Name("second layer norm's shift", "j", r"\beta", _LN, _LN),
    "W1": Name("expanding weights", "fj", "W1", _OUT, _MLP),
    "b1": Name("expanding bias", "f", "b1", _OUT, _MLP),
    "W2": Name("contracting weights", "jf", "W2", _OUT, _MLP),
    "b2": Name("contracting bias", "j", "b2", _OUT, _MLP),
}
WEIGHTS = {
    "E": Name("embedding: a word's entry for being read", "ij", "E", _OUT, _EMB),
    "E_pos": Name("embedding of places", "lj", r"E_{pos}", _OUT, _EMB),
    **BLOCK_WEIGHTS,
    "gammaf": Name("final layer norm's stretch", "j", r"\gamma_f", _WHOLE, _WHOLE),
    "betaf": Name("final layer norm's shift", "j", r"\beta_f", _WHOLE, _WHOLE),
    "W": Name("vocabulary: a word's entry for being said", "ij", "W", _OUT, _1B),
    "b": Name("output bias", "i", "b", _OUT, _1D),
}

BLOCK_VALUES = {
    "x0": Name("original meaning", "tj", "x0", _OUT, _THREE),
    "n": Name("normed original meaning, LN1(x0)", "tj", "n", _OUT, _THREE),
    "Q": Name("queries", "etd", "Q", _OUT, _QK),
    "K": Name("keys", "esd", "K", _OUT, _QK),
    "V": Name("values", "esd", "V", _OUT, _BLEND),
    "S": Name("scores, masked", "ets", "S", _OUT, _SCORES),
    "alpha": Name("attention weights, softmax(S)", "ets", r"\alpha", _OUT, _BLEND),
    "O": Name("the blend", "tc", "O", _OUT, _BLEND),
    "a": Name("contextual adjustment", "tj", "a", _OUT, _COPY),
    "x1": Name("contextual meaning, x0 + a", "tj", "x1", _OUT, _FORK),
    "v": Name("normed contextual meaning, LN2(x1)", "tj", "v", _OUT, _MLP),
    "u": Name("expanded, before muting", "tf", "u", _OUT, _MLP),
    "r": Name("expanded, after muting", "tf", "r", _OUT, _MLP),
    "m": Name("response adjustment", "tj", "m", _OUT, _MLP),
    "h": Name("intended meaning, x1 + m", "tj", "h", _OUT, _1E),
}
VALUES = {
    **BLOCK_VALUES,
    "hf": Name("normed intended meaning, LNf(h)", "tj", "hf", _WHOLE, _WHOLE),
    "z": Name("logits", "ti", "z", _OUT, _1B),
    "p": Name("probabilities, softmax(z)", "ti", "p", _OUT, None),
    "L": Name("loss", "", "L", _OUT, None),
}
# What only a derivation speaks of; told for LN2, as the derivation is.
ASIDES = {
    "x_hat": Name("x1 with mean 0 and spread 1", "tj", r"\hat{x}", _OUT, None),
    "mu": Name("mean of a row of x1", "t", r"\mu", "3b_star", None),
    "sigma": Name("spread of a row of x1", "t", r"\sigma", _LN, None),
    "omega": Name("GELU's gate, the tanh in it", "tf", r"\omega", "2b_gelu", None),
}
# The shares: by which value the loss hears of the nudge, and where that share is derived.
SHARES = {
    ("x1", "h"): _FORK,
    ("x1", "v"): "3b_star",
    ("x0", "x1"): _COPY,
    ("x0", "n"): _THREE,
    **{("n", road): _THREE for road in "QKV"},
    ("E", "x0"): _EMB,
    ("E", "z"): _EMB,
}


def look_up(name: str) -> Name:
    """The ledger's entry for a weight, a value or a gradient; a gradient has its own quantity's shape.

    A block's number is passed over: `blocks.1.dL_dx1_via_h` is told of as dL_dx1_via_h, the share by way of h.
    KeyError, naming the nearest names, if the ledger has no such quantity.
    """
    bare = name.split(".")[-1]
    quantity, _, road = bare.removeprefix("dL_d").partition("_via_")
    for ledger in (VALUES, WEIGHTS, ASIDES):
        if quantity in ledger:
            entry = ledger[quantity]
            if bare == quantity:
                return entry
            slope = rf"\partial L / \partial {entry.symbol}"
            where = SHARES.get((quantity, road), entry.derived)
            symbol = rf"({slope})_{{{road}}}" if road else slope
            return Name(f"slope of the loss in {quantity}", entry.indices, symbol, where, where)
    raise KeyError(unknown("name", name, [*VALUES, *WEIGHTS]))


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """One sentence for an error message: what came, and the nearest names that exist."""
    known = list(known)
    near = nearest(str(name)[:100], known, alike=0.4) or known
    return f"there is no {kind} {shown(name)}; the nearest: {', '.join(near[:12])}"


def shape_in_words(shape: Iterable[object], between: str = "×") -> str:
    """A shape as it is read: "5×4", or "one number"."""
    return between.join(map(str, shape)) or "one number"


class Named(dict):
    """A dictionary whose entries are also attributes: `values["h"]` is `values.h`. Its slots are no entries."""

    __slots__ = ()

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(self._absent(name)) from None

    def __setattr__(self, name, array):
        if name in self.__slots__:
            super().__setattr__(name, array)
        else:
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


class ReadOnly(Named):
    """One that stays as it was made."""

    def _refuse(self, *args, **kwargs):
        raise TypeError("these are for reading; a model is written to by turn and move")

    __setattr__ = __setitem__ = __delattr__ = __delitem__ = _refuse
    __ior__ = clear = pop = popitem = setdefault = update = _refuse


def _line(name, array):
    try:
        word = look_up(name).word
    except KeyError:
        word = ""
    return f"{name:<22} {shape_in_words(array.shape):<12} {word}".rstrip()
