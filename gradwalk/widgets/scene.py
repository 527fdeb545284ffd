"""What a dial board shows at its start: which dials, whose words and components they are, their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, log10

import numpy as np

from gradwalk import arguments, text
from gradwalk.curve import rest_of
from gradwalk.dialect_table import DIALECTS
from gradwalk.model import Model
from gradwalk.names import EXTENTS, WEIGHTS
from gradwalk.reading.labels import SPACE, readable
from gradwalk.step1_output import dL_db, dL_dW, dL_dz
from gradwalk.telling import dialects
from gradwalk.walk import Gradients, Values, backward
from gradwalk.weights import of_weight

KINDS = {"N": "word", "D": "component", "F": "unit", "T_max": "place", "head": "head part"}  # what an axis runs over
MOST_DIALS = 72
DEAD = 1e-12  # a curve that moves by less, or a slope below it, has nothing but rounding in it, at least in float64
NUDGES = (np.arange(121) - 60) / 60  # (121,) in units of the reach; the middle one is exactly 0
ENDS = NUDGES[::60]  # (3,) both ends and the middle
ENOUGH = 2**20  # numbers: of a weight that has more, this many are looked at
LEGEND = "arrow: the way that helps, longer where it is steeper · arc: turned since the start · tick: the start"
OUTPUT = ("W", "b")  # the dials of the output layer have a closed form


def walk_back(model: Model, values: Values, name: str) -> Gradients:
    """As much of the walk back as a board of this weight needs: of the output layer the first line alone."""
    return Gradients(dL_dz=dL_dz(values.p, values.y)) if name in OUTPUT else backward(model, values)


def slopes(values: Values, grads: Mapping, name: str, rows: list[int], columns: list[int] | None) -> list[float]:
    """The slope of the loss in each dial of the board, row by row, of what `walk_back` gave."""
    if name == "W":
        return dL_dW(grads.dL_dz[:, rows], _said(values)[:, columns]).ravel().tolist()
    if name == "b":
        return dL_db(grads.dL_dz[:, rows]).tolist()
    return [float(of_weight(grads, name)[index]) for index in indices_of(rows, columns)]


def choose(model: Model, values: Values, grads: Mapping, name: str, rows, columns) -> tuple[list, list | None]:
    """The rows and columns of the weight that come onto the board, as numbers; a vector's columns are None.

    A row may be named by its word where rows are words. What is not given is chosen: on the output layer the true
    words, then the likeliest, and the components of the largest |h|; elsewhere where the slopes are largest. At most
    6 rows and 4 columns are chosen. ValueError for a row or column that is not there, comes twice, or is too many.
    """
    array = model.weights[name]
    steep = None if name in OUTPUT else np.abs(of_weight(grads, name))  # the weight's own shape
    dead = still(model, values, grads, name)
    scored = np.flatnonzero(values.y >= 0)  # (M,)
    if columns is not None:
        if array.ndim == 1:
            raise arguments.refused("columns", f"none, for {name} is a vector and has rows only", columns)
        columns = [number_of(model, "columns", name, j, 1) for j in arguments.several("columns", columns, "numbers")]
    if rows is not None:
        rows = [number_of(model, "rows", name, i, 0) for i in arguments.several("rows", rows, "numbers or words")]
    elif name in OUTPUT:
        true, counts = np.unique(values.y[scored], return_counts=True)
        true = [int(i) for i in true[np.argsort(-counts, kind="stable")]][:3]
        share = values.p[scored].mean(axis=0)  # (N,)
        likely = np.flatnonzero(share >= np.partition(share, -min(9, model.N))[-min(9, model.N)])  # nine or more
        likely = likely[np.argsort(-share[likely], kind="stable")]
        rows = [*true, *(int(i) for i in likely[: 6 + len(true)] if i not in true)][:6]
    else:
        chosen = steep if array.ndim == 1 else steep[:, slice(None) if columns is None else columns].max(axis=1)
        rows = _largest(chosen, 6, dead)
        if name == "E":  # in the order of the sentence
            said = [*dict.fromkeys(values.tokens.tolist()), *rows]
            rows = sorted(rows, key=said.index)
    if columns is None and array.ndim == 2:
        loud = np.abs(_said(values)[scored]).mean(axis=0)  # (D,)
        columns = _largest(loud if name == "W" else steep[rows].max(axis=0), 4, dead)
    for argument, numbers in (("rows", rows), ("columns", columns or [])):
        if len(set(numbers)) != len(numbers):
            raise ValueError(f"{argument}: one comes twice in {numbers}")
    if len(rows) * len(columns or [0]) > MOST_DIALS:
        raise ValueError(f"rows, columns: wanted at most {MOST_DIALS} dials, got {len(rows)} × {len(columns or [0])}")
    return rows, columns


def reach_of(array: np.ndarray) -> float:
    """How far a dial of this weight goes to either side: three root-mean-squares; 1 where all is zero.

    Of a large weight every so many rows speak for all.
    """
    some = array[:: max(1, array.size // ENOUGH)]
    return 3 * float(np.sqrt(np.square(some, dtype=np.float64).mean())) or 1.0


def compose(
    model: Model,
    values: Values,
    grads: Mapping,
    name: str,
    rows: list[int],
    columns: list[int] | None,
    predict: bool,
    reach: float,
    ends: list[np.ndarray],
) -> dict:
    """Everything on the board that the hand does not change, as plain lists and strings.

    ends: for each dial its losses (3,) at -reach, at 0 and at reach.
    """
    array = model.weights[name]
    indices = indices_of(rows, columns)
    steepest = max(map(abs, slopes(values, grads, name, rows, columns)))
    widest, noise = max(float(np.ptp(losses)) for losses in ends), _noise(model, values)
    scored = np.flatnonzero(values.y >= 0)  # (M,)
    output = name in OUTPUT
    return {
        "name": name,
        "kind": "output" if output else "deeper",
        "predict": predict,
        "sentences": _sentences(model, values),
        "note": _note(model, values, scored),
        "row_head": {"N": "word i", "T_max": "place s"}.get(axes_of(name)[0], "row"),
        "rows": [_row(model, name, values, i) for i in rows],
        "columns": [_column(model, name, values, scored, j) for j in columns or []],
        "names": [_dial_name(model, name, index) for index in indices],
        "spoken": _spoken(model, name, indices),
        "start": [float(array[index]) for index in indices],
        "reach": reach,
        "indices": [list(index) for index in indices],
        "factor": "hf" if "hf" in values else "h",
        "positions": _positions(model, values, name, rows, columns, scored) if output else [],
        "start_loss": float(values.L),
        "loss_digits": _digits(widest, noise),
        "steepest": steepest or 1.0,
        "still": still(model, values, grads, name),
        "floor": max(widest / 8, 1e-6) if widest > noise else 0.01,  # a curve this flat is drawn flat
        "legend": LEGEND,
    }


def recipe(model: Model, name: str) -> dict:
    """What the page needs beside the model to compose the scene of another sentence itself; see sentence/scene.js."""
    rows = len(model.weights[name])
    called = {which: dialects.place(name, rows, which) for which in DIALECTS if which != "course"}
    return {
        "axes": list(axes_of(name)),
        "called": {which: list(there) for which, there in called.items() if there},
        "H": model.H,
        "eps": model.settings["eps"],
        "rounding": float(np.finfo(model.dtype).eps),
        "model": arguments.shown(model),
    }


def still(model: Model, values: Values, grads: Mapping, name: str) -> float:
    """A slope of this size or less is rounding: it comes of sums whose parts are as large as the largest slopes."""
    if name in OUTPUT:  # the parts are dL_dz times h, or times 1
        largest = _size(grads.dL_dz) * (_size(_said(values)) if name == "W" else 1)
    else:
        largest = max(_size(of_weight(grads, weight)) for weight in model.weights)
    return max(DEAD, 64 * float(np.finfo(model.dtype).eps) * largest)


def indices_of(rows: list[int], columns: list[int] | None) -> list[tuple[int, ...]]:
    """Every dial of the board as an index into its weight, row by row."""
    return [(i,) for i in rows] if columns is None else [(i, j) for i in rows for j in columns]


def axes_of(name: str) -> tuple[str, ...]:
    """What the axes of a weight run over, in the ledger's letters; "head" for an axis that is cut into heads."""
    return tuple("head" if letter == "c" else EXTENTS[letter] for letter in WEIGHTS[name.split(".")[-1]].indices)


def number_of(model: Model, argument: str, name: str, given, axis: int) -> int:
    """A row or column by its number, or where the axis runs over words by its word: as it is spelled, or its label."""
    size = model.weights[name].shape[axis]
    words = axes_of(name)[axis] == "N"
    if isinstance(given, str) and words:
        if given in model.words:
            return model.words.index(given)
        labels = [model.label(i) for i in range(model.N)]
        for label in (given, readable(given)):  # "␣dog" or " dog"
            if label in labels:
                return labels.index(label)
        nearest = ", ".join(text.nearest(given if SPACE in given else readable(given), labels))
        raise ValueError(f"{argument}: the model does not know {given!r} (the nearest: {nearest})")
    if isinstance(given, (int, np.integer)) and not isinstance(given, bool) and 0 <= given < size:
        return int(given)
    wanted = f"a whole number from 0 to {size - 1}" + (" or a word" if words else "")
    raise ValueError(f"{argument}: wanted {wanted} for {name}, got {given!r}")


def _noise(model, values):
    """A curve that moves by no more than this has nothing but the loss's own rounding in it."""
    return max(DEAD, 8 * float(np.finfo(model.dtype).eps) * float(values.L))


def _digits(widest, noise):
    """So many of the loss that a small turn shows, and none that is rounding."""
    if widest <= noise:
        return 3
    return max(3, min(8, ceil(-log10(noise)), ceil(-log10(widest / 50))))


def _said(values):
    return values.get("hf", values.h)  # (T, D), what meets the vocabulary


def _size(array):
    return float(max(array.max(), -array.min()))  # of the largest entry, without a copy


def _largest(sizes, most, dead):
    """The places of the largest entries, in their own order; dead ones only if there is nothing else."""
    order = [int(i) for i in np.argsort(-sizes, kind="stable")[:most]]
    return sorted([i for i in order if sizes[i] > dead] or order)


def _dial_name(model, name, index):
    return f"{name}[{', '.join(_spots(model, name, index))}]"


def _spots(model, name, index):
    return [model.label(i) if letter == "N" else str(i) for letter, i in zip(axes_of(name), index, strict=True)]


def _spoken(model, name, indices):
    """The dials' names in the other dialects, where those have one: the page's switch of names chooses."""
    spoken = {}
    rows = len(model.weights[name])
    for which in DIALECTS:
        names = [dialects.dial(name, _spots(model, name, index), rows, which) for index in indices]
        if which != "course" and all(names):
            spoken[which] = names
    return spoken


def label_of(model: Model, name: str, axis: int, i: int) -> str:
    """A row or column in words: what the axis runs over, and which one this is."""
    letter = axes_of(name)[axis]
    if letter == "head":
        e, d = divmod(i, model.D // model.H)
        return f"head {e}, d {d}"
    return model.label(i) if letter == "N" else f"{KINDS[letter]} {i}"


def _row(model, name, values, i):
    scored = values.y[values.y >= 0]
    times = int((scored == i).sum()) if name in OUTPUT else 0
    mark = "" if not times else "the true word" if len(scored) == 1 else f"the true word at {times} of {len(scored)}"
    return {"label": label_of(model, name, 0, i), "mark": mark}


def _column(model, name, values, scored, j):
    label = {"label": label_of(model, name, 1, j), "below": "", "hint": ""}
    if name == "W":
        letter = "hf" if "hf" in values else "h"
        h = values[letter][scored, j]  # (M,)
        gear = "↻" if h.min() > 0 else "↺" if h.max() < 0 else ""
        several = f"{letter} {_signed(h.min(), 1)}…{_signed(h.max(), 1)} {gear}"
        label["below"] = f"{letter} = {_signed(h[0])} {gear}" if len(h) == 1 else several.strip()
        label["hint"] = {
            "↻": "a positive gear: turn the dial up and the word's logit rises",
            "↺": "a negative gear: turn the dial up and the word's logit falls",
            "": "a gear that turns one way at some positions and the other way at others",
        }[gear]
    return label


def _signed(x, digits=2):
    return f"{x:+.{digits}f}".replace("-", "−")


def _positions(model, values, name, rows, columns, scored):
    """For each scored position what the closed form needs: z of the rows, h of the columns, the rest as one number."""
    said = _said(values)
    rest = rest_of(values.z, values.p, scored, rows) if len(rows) < model.N else None  # (M,)
    return [
        {
            "t": int(t),
            "h": said[t, columns].tolist() if name == "W" else [1.0],
            "z": values.z[t, rows].tolist(),
            "rest": None if rest is None else float(rest[k]),
            "y": rows.index(values.y[t]) if values.y[t] in rows else -1,
            "z_y": float(values.z[t, values.y[t]]),
            "where": f"“{model.label(values.y[t])}” after “{model.label(values.tokens[t])}”",
        }
        for k, t in enumerate(scored)
    ]


def _sentences(model, values, most=4):
    """The sentences as [word, scored?] pairs; a true word that the sentence does not go on with stands in brackets."""
    starts = np.flatnonzero(values.places == 0)
    bounds = list(zip(starts, [*starts[1:], len(values.tokens)], strict=True))
    sentences = []
    for first, end in bounds[:most]:
        said = [[model.label(values.tokens[first]), False]]
        for t in range(first, end):
            true, following = int(values.y[t]), int(values.tokens[t + 1]) if t + 1 < end else None
            if true >= 0 and following not in (true, None):
                said.append([f"({model.label(true)})", True])
            if true >= 0 and following in (true, None):
                said.append([model.label(true), True])
            elif following is not None:
                said.append([model.label(following), False])
        sentences.append(said)
    if len(bounds) > most:
        sentences.append([[f"… and {len(bounds) - most} more sentences", False]])
    return sentences


def _note(model, values, scored):
    if len(scored) == 1:
        return f"one position scored: which word comes after “{model.label(values.tokens[scored[0]])}”?"
    return f"{len(scored)} positions scored: the loss is their mean"
