"""What a dial board watches: any value of the walk, as the page draws it.

The page's tape has the value at every setting. Here is said what its picture looks like: a row a position, what the
columns are, and whether each number is printed or drawn as a bar.
"""

from __future__ import annotations

import re

import numpy as np

from gradwalk import arguments
from gradwalk.dialect_table import DIALECTS, said
from gradwalk.model import Model
from gradwalk.names import look_up
from gradwalk.walk import Values
from gradwalk.widgets import tape

# The picture is drawn anew in every frame of a drag. A number takes the page about 20 times as long as a bar.
MOST_COLUMNS, MOST_NUMBERS, MOST_BARS = 12, 200, 3_200
SHARES = ("alpha", "p")  # from 0 to 1, no sign
KINDS = {  # what a column is, by the index that runs along them
    "j": "component",
    "f": "unit",
    "d": "d, inside the head",
    "c": "c, the heads side by side",
    "i": "word",
    "s": "position",
}


def compose(model: Model, values: Values, watch: str) -> dict:
    """The picture of one value, as plain lists: what its rows and columns are, and what they are called.

    `watch`: a value by the name that the tape has for it, "u", or "blocks.0.u" where there are several blocks. The
    loss is none of them: a board shows it anyway. ValueError for a name that there is none of, and for a picture that
    is too large to follow a hand.
    """
    known = [value for value, *_ in tape.lines(model) if look_up(value).indices]
    arguments.one_of("watch", watch, known, "value")
    bare = watch.split(".")[-1]
    indices, T = look_up(bare).indices, len(values.tokens)
    columns = _columns(model, values, indices[-1])
    scored, firsts = values.y >= 0, np.arange(T) - values.places  # (T,), (T,)
    rows = np.flatnonzero(scored) if indices[-1] == "i" and T > MOST_COLUMNS else np.arange(T)
    heads = model.H if "e" in indices else 0
    cells = (len(rows) * len(columns) or int((values.places + 1).sum())) * (heads or 1)
    if cells > MOST_BARS:
        raise ValueError(f"watch: wanted at most {MOST_BARS} numbers of {watch}, got {cells} with T={T}, {model!r}")
    return {
        "of": watch,
        "names": {which: called for which in DIALECTS if (called := _called(watch, which))},
        "form": "numbers" if cells <= MOST_NUMBERS and (len(columns) or T) <= MOST_COLUMNS else "bars",
        "signed": bare not in SHARES,
        "words": [model.label(i) for i in values.tokens],
        "scored": scored.tolist(),
        "heads": heads,
        "rows": rows.tolist(),  # the positions that are drawn
        "kind": KINDS[indices[-1]],
        "columns": columns,  # none where position t looks at firsts[t] … t
        "firsts": firsts.tolist(),
    }


def value_of(values: Values, watch: str) -> np.ndarray:
    """The value that is watched, of what `forward` has left behind."""
    *block, bare = watch.split(".")
    return values.blocks[int(block[1])][bare] if block else values[bare]


def _columns(model, values, letter):
    """The columns of an axis by its index: for each its place there, what it is, and that in short."""
    if letter == "s":
        return []
    if letter == "i":
        words = {i: model.label(i) for i in _words(model, values)}
        return [{"at": i, "label": f"“{word}”", "mark": _short(word)} for i, word in words.items()]
    width = model.D // model.H
    told = {"c": lambda k: f"head {k // width}, d {k % width}", "d": lambda k: f"d {k}"}
    told = told.get(letter, lambda k: f"{KINDS[letter]} {k}")
    size = {"f": model.F, "d": width}.get(letter, model.D)
    return [{"at": k, "label": told(k), "mark": f"{k}"} for k in range(size)]


def _words(model, values):
    """All words where they are few; else the true ones, the most frequent first, and the likeliest at the start."""
    if model.N <= MOST_COLUMNS:
        return range(model.N)
    scored = values.y >= 0  # (T,)
    times = np.bincount(values.y[scored], minlength=model.N)  # (N,); once is more than any share
    return np.argsort(-(times + values.p[scored].mean(axis=0)), kind="stable")[:MOST_COLUMNS].tolist()


def _short(word):
    return word if len(word) <= 9 else f"{word[:8]}…"


def _called(watch, dialect):
    """Its title in a dialect, and of which block it is; empty where that has no name for it."""
    *block, bare = watch.split(".")
    name = getattr(said(bare, dialect), "name", "")
    if dialect == "course":
        name = f"{bare}, {re.sub(r', [^,]*[(+].*', '', look_up(bare).word)}"  # a word, no formula
    return f"{name}, block {block[1]}" if name and block else name
