"""The ledger of symbols: one letter per quantity, the same in code, formula, prose and figure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from gradwalk.arguments import shown


class Name(NamedTuple):
    """One quantity: its plain word, its indices in the letters of `EXTENTS`, its LaTeX, and where one meets it.

    Below its letter a label may stand: W_Q; the second layer norm's have none, since derivations are told for LN2.
    `first` is the notebook that first speaks of it, `derived` the one that derives the slope in it; None for what is
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

_OUT, _1A, _1C, _1D = "0_forward", "1a_which_way", "1c_output_bias", "1d_intended_meaning"
_MLP, _LN, _FORK, _COPY = "2a_mlp", "3_layernorm", "4a_two_paths", "4c_free_identity_path"
_ATT, _BLEND, _SCORES, _THREE = "5a_attention_forward", "5b_blend", "5c_scores", "5d_three_streams"
_EMB, _WHOLE = "6a_embedding", "6b_whole_walk"

# In the order of the walk out. The weights of a block come once per block.
BLOCK_WEIGHTS = {
    "gamma1": Name("first layer norm's stretch", "j", r"\gamma_1", _OUT, _THREE),
    "beta1": Name("first layer norm's shift", "j", r"\beta_1", _OUT, _THREE),
    "W_Q": Name("query weights", "cj", "W_Q", _ATT, _SCORES),
    "b_Q": Name("query bias", "c", "b_Q", _ATT, _SCORES),
    "W_K": Name("key weights", "cj", "W_K", _ATT, _SCORES),
    "b_K": Name("key bias", "c", "b_K", _ATT, _SCORES),
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
    "W": Name("vocabulary: a word's entry for being said", "ij", "W", _OUT, _1A),
    "b": Name("output bias", "i", "b", _OUT, _1C),
}

BLOCK_VALUES = {
    "x0": Name("original meaning", "tj", "x0", _OUT, _THREE),
    "n": Name("normed original meaning, LN1(x0)", "tj", "n", _OUT, _THREE),
    "Q": Name("queries", "etd", "Q", _OUT, _SCORES),
    "K": Name("keys", "esd", "K", _OUT, _SCORES),
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
    "h": Name("intended meaning, x1 + m", "tj", "h", _OUT, _1D),
}
VALUES = {
    **BLOCK_VALUES,
    "hf": Name("normed intended meaning, LNf(h)", "tj", "hf", _WHOLE, _WHOLE),
    "z": Name("logits", "ti", "z", _OUT, _1A),
    "p": Name("probabilities, softmax(z)", "ti", "p", _OUT, None),
    "L": Name("loss", "", "L", _OUT, None),
}
# What only a derivation speaks of; told for LN2, as the derivation is.
ASIDES = {
    "x_hat": Name("x1 with mean 0 and spread 1", "tj", r"\hat{x}", _OUT, None),
    "sigma": Name("spread of a row of x1", "t", r"\sigma", _LN, None),
    "omega": Name("GELU's gate, the tanh in it", "tf", r"\omega", "2b_gelu", None),
}
# The shares: by which value the loss hears of the nudge, and where that share is derived.
SHARES = {
    ("x1", "h"): _FORK,
    ("x1", "v"): _LN,
    ("x0", "x1"): _COPY,
    ("x0", "n"): _THREE,
    **{("n", road): _THREE for road in "QKV"},
    ("E", "x0"): _EMB,
    ("E", "z"): _EMB,
}


class Said(NamedTuple):
    """What a dialect calls a quantity: its name there, its LaTeX, and how the array lies there.

    `transposed`: (in, out), where the course has (out, in). `part`: 0, 1 or 2, which third of one array it is; the
    third is cut along the course's first axis.
    """

    name: str
    latex: str
    transposed: bool = False
    part: int | None = None

    @property
    def slice(self) -> str:
        """The part of the array that is meant, as an index: "[:, D:2D]"; empty for the whole."""
        if self.part is None:
            return ""
        cut = ("0:D", "D:2D", "2D:3D")[self.part]
        return f"[:, {cut}]" if self.transposed else f"[{cut}]"


def _stored(name, *, transposed=False, part=None, shown=None):
    """A name as a checkpoint writes it: upright typewriter letters in a formula."""
    latex = (shown or name.removeprefix("h.0.")).replace("_", r"\_")
    return Said(name, rf"\texttt{{{latex}}}", transposed, part)


def _all(**written):
    return {name: Said(*entry) if isinstance(entry, tuple) else Said(entry, entry) for name, entry in written.items()}


DIALECTS = {
    "course": "the course's own names",
    "notes": "the learner's notes: one position, columns",
    "textbook": "a textbook's: rows times matrices, x W + b, as in Vaswani et al. (2017), with the words of the "
    "residual stream, as in Elhage et al. (2021)",
    "gpt2": "GPT-2's checkpoint: matrices (in, out), no names for values",
    "pytorch": "torch.nn.TransformerEncoderLayer(norm_first=True); embeddings and output layer are outside of it",
}
_ONE, _TWO = r"\tilde{x}^{(0)}", r"\tilde{x}^{(1)}"
SAID = {
    "notes": _all(
        **{"x0": ("x_0", "x_0"), "x1": ("x_1", "x_1"), "Q": ("Query", "Q"), "K": ("Key", "K"), "V": ("Value", "V")},
        **{"O": "O", "a": "a", "v": "v", "m": "m", "h": "h", "z": "z", "p": "p", "L": "L"},
        **{"W": ("W, W_vocab", "W"), "b": "b", "W1": "W_1", "b1": "b_1", "W2": "W_2", "b2": "b_2"},
    ),
    "textbook": {
        **_all(E=("W_E, embedding", "W_E"), E_pos=("W_pos, positional embedding", r"W_{\mathrm{pos}}")),
        **{
            f"{ours}{k}": Said(f"{ours}({k}), LayerNorm {word}", rf"\{ours}^{{({k})}}")
            for ours, word in (("gamma", "gain"), ("beta", "bias"))
            for k in ("1", "2", "f")
        },
        **{f"W_{k}": Said(f"W^{k}", f"W^{k}", transposed=True) for k in "QKVO"},
        **{f"b_{k}": Said(f"b^{k}", f"b^{k}") for k in "QKVO"},
        **{f"W{k}": Said(f"W_{k}", f"W_{k}", transposed=True) for k in "12"},
        **_all(b1="b_1", b2="b_2", b=("b_U", "b_U"), L=("L, cross-entropy", r"\mathcal{L}")),
        "W": Said("W_U, unembedding", "W_U", transposed=True),
        **_all(x0=("x(0), residual stream", "x^{(0)}"), x1=("x(1), residual stream", "x^{(1)}")),
        **_all(
            n=("LN(x(0)), normalised", _ONE), v=("LN(x(1)), normalised", _TWO), hf=("LN(h), normalised", r"\tilde{h}")
        ),
        **_all(Q=("Q, queries", "Q"), K=("K, keys", "K"), V=("V, values", "V"), S=("S, attention scores", "S")),
        **_all(alpha=("A, attention weights", "A"), O=("Concat(heads)", r"\mathrm{head}")),
        **_all(a=("attention output", r"\mathrm{attn}"), m=("FFN output", r"\mathrm{ffn}")),
        **_all(u=("a, pre-activation", "a"), r=("hidden layer, activation", r"\phi(a)"), h=("h, hidden state", "h")),
        **_all(z=("z, logits", "z"), p=("y hat, prediction", r"\hat{y}"), x_hat=("x hat", r"\hat{x}")),
        **_all(sigma=("sigma", r"\sigma")),
    },
    "gpt2": {
        "E": _stored("wte.weight"),
        "E_pos": _stored("wpe.weight"),
        **{f"gamma{k}": _stored(f"h.0.ln_{k}.weight") for k in "12"},
        **{f"beta{k}": _stored(f"h.0.ln_{k}.bias") for k in "12"},
        **{f"W_{k}": _stored("h.0.attn.c_attn.weight", transposed=True, part=i) for i, k in enumerate("QKV")},
        **{f"b_{k}": _stored("h.0.attn.c_attn.bias", part=i) for i, k in enumerate("QKV")},
        "W_O": _stored("h.0.attn.c_proj.weight", transposed=True),
        "b_O": _stored("h.0.attn.c_proj.bias"),
        "W1": _stored("h.0.mlp.c_fc.weight", transposed=True),
        "b1": _stored("h.0.mlp.c_fc.bias"),
        "W2": _stored("h.0.mlp.c_proj.weight", transposed=True),
        "b2": _stored("h.0.mlp.c_proj.bias"),
        "gammaf": _stored("ln_f.weight"),
        "betaf": _stored("ln_f.bias"),
        "W": _stored("wte.weight"),
    },
    "pytorch": {
        "E": _stored("nn.Embedding.weight", shown="Embedding.weight"),
        "E_pos": Said("nn.Embedding.weight, of places", r"\texttt{Embedding.weight}^{\mathrm{pos}}"),
        **{f"gamma{k}": _stored(f"norm{k}.weight") for k in "12"},
        **{f"beta{k}": _stored(f"norm{k}.bias") for k in "12"},
        **{f"W_{k}": _stored("self_attn.in_proj_weight", part=i) for i, k in enumerate("QKV")},
        **{f"b_{k}": _stored("self_attn.in_proj_bias", part=i) for i, k in enumerate("QKV")},
        "W_O": _stored("self_attn.out_proj.weight"),
        "b_O": _stored("self_attn.out_proj.bias"),
        **{f"W{k}": _stored(f"linear{k}.weight") for k in "12"},
        **{f"b{k}": _stored(f"linear{k}.bias") for k in "12"},
        "W": _stored("nn.Linear.weight", shown="Linear.weight"),
        "b": _stored("nn.Linear.bias", shown="Linear.bias"),
        "x0": _stored("src"),
    },
}


class Clash(NamedTuple):
    """One name said of several quantities, or seeming to be, inside a dialect; and what the course settled."""

    dialect: str
    name: str
    of: tuple[str, ...]
    settled: str


CLASHES = [
    Clash("notes", "x_1", ("x1",), "It stands in h = x_1 + m and in LN2(x_1). That is one value with two uses."),
    Clash("notes", "O", ("O", "a"), "O is the blend before W_O, a the adjustment after it; the course keeps both."),
    Clash(
        *("notes", "contextual meaning", ("v", "x1", "a")),
        "Said of three. The course says it of x1 alone, the sum; a is the adjustment, v is x1 normed.",
    ),
    Clash(
        *("notes", "X", ("x0", "n")),
        "The tokens enter as x0, and Q, K and V read it normed: the course calls that n, so that LN1 is not lost.",
    ),
    Clash("notes", "W, W_voc, W_vocab", ("W",), "Three spellings of one array; W1, W2 and W_Q are others."),
    Clash("textbook", "a", ("u", "a"), "The pre-activation there; here a is the adjustment, and u is not yet muted."),
    Clash(
        *("textbook", "hidden", ("r", "h")),
        "The hidden layer is r, inside the MLP; the hidden state is h. The course calls neither hidden.",
    ),
    Clash("gpt2", "c_proj.weight", ("W_O", "W2"), "In attn it is W_O, in mlp it is W2; so never shorten it further."),
    Clash("gpt2", "h", ("h",), "In h.0 it counts blocks; the course has q for a block, and h is a value."),
    Clash("gpt2", "wte.weight", ("E", "W"), "One array read at both ends: tied weights. The course then has E alone."),
    Clash("gpt2", "weight", ("gamma1", "gamma2", "gammaf"), "A norm's weight is its stretch, one number a component."),
    Clash("pytorch", "Embedding.weight", ("E", "E_pos"), "Two modules of one class; the course says E and E_pos."),
    Clash("pytorch", "in_proj_weight", ("W_Q", "W_K", "W_V"), "Three arrays in one, below one another; cut by rows."),
]


def said(name: str, dialect: str) -> Said | None:
    """What a dialect calls a value, a weight or a gradient; None where it has no name.

    A gradient is asked for by its course name, `dL_dW1` or `dL_dx1_via_h`; of those the notes have g, g_h, g_x1 and
    their shares, PyTorch has `linear1.weight.grad`, and GPT-2's gradients go by the checkpoint's own keys.
    ValueError for a dialect that there is none of, KeyError for a name that the ledger does not have.
    """
    if dialect not in DIALECTS:
        raise ValueError(f"dialect: {unknown('dialect', dialect, DIALECTS)}")
    entry = look_up(name)
    bare = name.split(".")[-1]
    if dialect == "course":
        return Said(bare, entry.symbol)
    quantity, _, road = bare.removeprefix("dL_d").partition("_via_")
    own = SAID[dialect].get(quantity)
    if bare == quantity or own is None:
        return own
    if dialect == "notes":
        return _slope_in_notes(quantity, road, own)
    if dialect == "textbook":
        return Said(f"∂L/∂ {own.name.split(',')[0]}", rf"\partial \mathcal{{L}} / \partial {own.latex}", own.transposed)
    if quantity not in WEIGHTS or road:
        return None
    return own._replace(name=own.name + (".grad" if dialect == "pytorch" else ""))


# A share's road, as the notes have it in "(from h)".
ROADS = {"h": "h", "v": r"\mathrm{LN}_2", "x1": "x_1", "n": r"\text{attention}"}


def _slope_in_notes(quantity, road, own):
    if quantity in WEIGHTS:
        return Said(f"∂L/∂{own.name.split(',')[0]}", rf"\partial L / \partial {own.latex}") if not road else None
    if quantity == "z":
        return Said("g, error vector", "g")
    if quantity not in ("h", "v", "x1", "a", "x0", "m") or (road and road not in ROADS):
        return None
    share = rf"^{{(\text{{from }} {ROADS[road]})}}" if road else ""
    told = f" (from {'LN_2' if road == 'v' else 'attention' if road == 'n' else look_up(road).symbol})" if road else ""
    return Said(f"g_{own.name}{told}", f"g_{{{own.latex}}}{share}")


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
    nearest = difflib.get_close_matches(str(name), known, n=3, cutoff=0.4) or known
    return f"there is no {kind} {shown(name)}; the nearest: {', '.join(nearest[:12])}"


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
    return f"{name:<22} {'×'.join(map(str, array.shape)) or 'one number':<12} {word}".rstrip()
