"""Outright or adjustment: the same blocks with h = m in place of h = x1 + m, so that both ways can learn.

All lines but the one are the course's own: `walk` runs the block, and where a sum is taken outright what was to be
added stands alone. Going back its direct road is shut, so it reports 0. The committed runs, data/outright.json, are
made by bench/outright.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from gradwalk import arguments, walk
from gradwalk.model import Model
from gradwalk.text import Text
from gradwalk.tuning import Tuned, tune
from gradwalk.walk import Gradients, Values

COMMITTED = Path(__file__).parent / "data" / "outright.json"
ALONE = {"h": "m", "x1": "a"}  # taken outright, the sum is its adjustment alone
SHUT = {  # and the road past the adjustment reports nothing
    "h": {"dL_dx1_via_h": lambda dL_dh: np.zeros_like(dL_dh)},  # (T, D)
    "x1": {"dL_dx0_via_x1": lambda dL_dx1: np.zeros_like(dL_dx1)},  # (T, D)
}
SIZES = {"D": 32, "F": 64, "H": 2, "T_max": 24}  # every way and every depth has them, and the same random numbers
LOOKED_AT = 40  # held-back sentences whose words are compared, floor by floor


def forward(model: Model, tokens, y=None, outright: Iterable[str] = ("h",)) -> Values:
    """The walk out, as `walk.forward`, but with h = m (and x1 = a, if `outright` names "x1" too) in every block.

    ValueError for what does not fit, as there, and for a name in `outright` that is neither "h" nor "x1".
    """
    outright = [arguments.one_of("outright", name, ALONE, "sum") for name in _names(outright)]

    def keep(store, name, array, prefix=""):
        """Store a value under its name; in place of a sum that is taken outright, the adjustment alone."""
        store[name] = store[ALONE[name]] if name in outright else array
        return store[name]

    return walk.walk_out(model, tokens, y, keep, held=tuple(outright))


def _names(given):
    """A list of names, which may be empty."""
    if isinstance(given, (list, tuple)) and not given:
        return []
    return arguments.several("outright", given, "names")


def backward(model: Model, values: Values) -> Gradients:
    """The walk back through what this module's `forward` made. ValueError as in `walk.backward`."""
    instead = {}
    for name in walk.origin(model, values).held:
        instead |= SHUT[arguments.one_of("values", name, SHUT, "sum taken outright")]
    return walk.walk_back(model, values, instead)


# Each way as `tune` takes it: the walk out, the walk back.
WALKS = {
    "h = x1 + m": (partial(forward, outright=()), backward),
    "h = m": (partial(forward, outright=("h",)), backward),
    "h = m, x1 = a": (partial(forward, outright=("h", "x1")), backward),
}


def start(words: Sequence[str], blocks: int, scale: float, final_norm: bool = False) -> Model:
    """The random model that each way begins from: the same numbers for all. A final norm begins at gamma 1, beta 0."""
    model = Model.random(words=words, blocks=blocks, scale=scale, **SIZES)
    dials = {"gammaf": np.ones(model.D), "betaf": np.zeros(model.D)} if final_norm else {}
    return Model({**model.weights, **dials}, model.words, model.H) if dials else model


def similarity(rows: np.ndarray, tokens: np.ndarray) -> float:
    """Mean cosine between the rows (T, D) of different words, over all pairs of positions; nothing is subtracted."""
    unit = rows / np.linalg.norm(rows, axis=-1, keepdims=True)  # (T, D)
    return float((unit @ unit.T)[tokens[:, None] != tokens].mean())


def floors(
    model: Model, way: str, sentences: Iterable[Sequence[str]], walks: Mapping[str, tuple[Callable, Callable]] = WALKS
) -> dict[str, list[float]]:
    """How it looks from floor to floor by one of `walks`, over all positions of the sentences together.

    "similarity" of the words in x0 and in each block's h; "dL_dh", the length of the slope in those same; "dL_dW1",
    the length of the slope in each block's W1.
    """
    tokens, y = zip(*(model.read(" ".join(words), scored="all") for words in sentences), strict=True)
    out, home = walks[way]
    values = out(model, list(tokens), list(y))
    grads = home(model, values)
    rows = [values.blocks[0].x0, *(block.h for block in values.blocks)]
    slopes = [grads.blocks[0].dL_dx0, *(block.dL_dh for block in grads.blocks)]
    return {
        "similarity": [similarity(x, values.tokens) for x in rows],
        "dL_dh": [float(np.linalg.norm(slope)) for slope in slopes],
        "dL_dW1": [float(np.linalg.norm(block.dL_dW1)) for block in grads.blocks],
    }


def runs(committed: Path = COMMITTED) -> dict[str, list[dict]]:
    """The committed "search", "runs" and "further", as bench/outright.py made them on the course's text.

    committed: the file of another such experiment, such as `norm_places.COMMITTED`.
    """
    return json.loads(committed.read_text(encoding="utf-8"))


def attempt(
    course: Text,
    blocks: int,
    way: str,
    scale: float,
    eta: float,
    epochs: int,
    walks: Mapping[str, tuple[Callable, Callable]] = WALKS,
) -> tuple[Model, Tuned | None]:
    """A fresh model tuned on a text by this way's walk, one of `walks`; None where the loss stops being a number.

    A way whose name speaks of LNf has a final norm.
    """
    model = start(course.words, blocks, scale, final_norm="LNf" in way)
    try:
        return model, tune(model, course, epochs=epochs, eta=eta, progress=False, walk=walks[way])
    except ValueError as error:
        if str(error).startswith("eta: "):
            return model, None
        raise
