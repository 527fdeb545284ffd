"""Outright or adjustment: the same blocks with h = m in place of h = x1 + m, so that both ways can learn.

All lines but the one are the course's own: `walk` runs the block, and where a sum is taken outright what was to be
added stands alone. Going back its direct road is shut, so it reports 0.

    python -m gradwalk.outright

makes the committed runs, data/outright.json: for one block and for eight, for each way, first a search over the
starting scale and eta, then a long run with the best and one with the next larger eta; the better one stays, with what
the floors look like after it. About twelve minutes. It prints as it goes and writes outright.json into the current
folder, where there must be none yet. On one thread (OPENBLAS_NUM_THREADS=1), same BLAS, it gives the same digits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import product
from math import inf
from pathlib import Path

import numpy as np

from gradwalk import arguments, files, step2_mlp, step3_layernorm, step4_residual, step5_attention, walk
from gradwalk.model import Model
from gradwalk.text import Text, load, split
from gradwalk.tuning import Tuned, tune
from gradwalk.walk import Gradients, Values

COMMITTED = Path(__file__).parent / "data" / "outright.json"
ALONE = {"h": "m", "x1": "a"}  # taken outright, the sum is its adjustment alone

# Every way and every depth has the same sizes, the same random numbers, and the same settings to choose from.
SIZES = {"D": 32, "F": 64, "H": 2, "T_max": 24}
BLOCKS = (1, 8)
SCALES, ETAS = (0.3, 1.0), (0.03, 0.1, 0.3, 1.0, 3.0)
SEARCHED, LONG = 4, 20  # epochs
LOOKED_AT = 40  # held-back sentences whose words are compared, floor by floor


def forward(model: Model, tokens, y=None, outright: Iterable[str] = ("h",)) -> Values:
    """The walk out, as `walk.forward`, but with h = m (and x1 = a, if `outright` names "x1" too) in every block.

    ValueError for what does not fit, as there, and for a name in `outright` that is neither "h" nor "x1".
    """
    arguments.instance("model", model, Model)
    outright = [arguments.one_of("outright", name, ALONE, "sum") for name in _names(outright)]

    def keep(store, name, array, prefix=""):
        """Store a value under its name; in place of a sum that is taken outright, the adjustment alone."""
        store[name] = store[ALONE[name]] if name in outright else array
        return store[name]

    values = walk._walk_out(model, tokens, y, keep)
    values.came_from = (model, model.version, tuple(outright))  # so `walk.backward` refuses them: h was not the sum
    return values


def _names(given):
    """A list of names, which may be empty."""
    if isinstance(given, (list, tuple)) and not given:
        return []
    return arguments.several("outright", given, "names")


def backward(model: Model, values: Values) -> Gradients:
    """The walk back through what this module's `forward` made. ValueError if the model has been written to since."""
    arguments.instance("model", model, Model)
    if "came_from" not in arguments.instance("values", values, Values):
        raise ValueError("values: wanted what forward gave, got others")
    made_by, version, outright = values.came_from
    if (made_by, version) != (model, model.version):
        raise ValueError("values: the model has been turned since, or is another; run forward again")
    return walk._walk_back(model, values, partial(_backward_block, outright=outright))


def _backward_block(weights, values, grads, activation, outright):
    """One block, last line first. A road that the forward pass does not have reports 0."""
    step4_residual.fork_h(grads)
    if "h" in outright:
        grads.dL_dx1_via_h = np.zeros_like(grads.dL_dh)  # (T, D)
    step2_mlp.backward(weights, values, grads, activation)
    step3_layernorm.backward(weights, values, grads)
    step4_residual.join_x1(grads)
    if "x1" in outright:
        grads.dL_dx0_via_x1 = np.zeros_like(grads.dL_dx1)  # (T, D)
    step5_attention.backward(weights, values, grads)
    step4_residual.join_x0(grads)


# Each way as `tune` takes it: the walk out, the walk back.
WALKS = {
    "h = x1 + m": (partial(forward, outright=()), backward),
    "h = m": (partial(forward, outright=("h",)), backward),
    "h = m, x1 = a": (partial(forward, outright=("h", "x1")), backward),
}


def start(words: Sequence[str], blocks: int, scale: float) -> Model:
    """The random model that each way begins from: the same numbers for all."""
    return Model.random(words=words, blocks=blocks, scale=scale, **SIZES)


def similarity(rows: np.ndarray, tokens: np.ndarray) -> float:
    """Mean cosine between the rows (T, D) of different words, over all pairs of positions; nothing is subtracted."""
    unit = rows / np.linalg.norm(rows, axis=-1, keepdims=True)  # (T, D)
    return float((unit @ unit.T)[tokens[:, None] != tokens].mean())


def floors(model: Model, way: str, sentences: Iterable[Sequence[str]]) -> dict[str, list[float]]:
    """How it looks from floor to floor, over all positions of the sentences together.

    "similarity" of the words in x0 and in each block's h; "dL_dh", the length of the slope in those same; "dL_dW1",
    the length of the slope in each block's W1.
    """
    tokens, y = zip(*(model.read(" ".join(words), scored="all") for words in sentences), strict=True)
    out, home = WALKS[way]
    values = out(model, list(tokens), list(y))
    grads = home(model, values)
    rows = [values.blocks[0].x0, *(block.h for block in values.blocks)]
    slopes = [grads.blocks[0].dL_dx0, *(block.dL_dh for block in grads.blocks)]
    return {
        "similarity": [similarity(x, values.tokens) for x in rows],
        "dL_dh": [float(np.linalg.norm(slope)) for slope in slopes],
        "dL_dW1": [float(np.linalg.norm(block.dL_dW1)) for block in grads.blocks],
    }


def runs() -> dict[str, list[dict]]:
    """The committed "search" and "runs", as `main` made them on the course's text."""
    return json.loads(COMMITTED.read_text(encoding="utf-8"))


def main(out: str | Path = "outright.json") -> None:
    """Search, run and look, then write it all to `out`. ValueError, before any of it, if something is there."""
    with files.claimed("out", out):
        _search_and_run(out)


def _search_and_run(out):
    course = load()
    told = {"search": [], "runs": []}
    for blocks, way in product(BLOCKS, WALKS):
        tried = [searched(course, blocks, way, scale, eta) for scale, eta in product(SCALES, ETAS)]
        told["search"] += tried
        told["runs"].append(min((long_run(course, one) for one in promising(tried)), key=lambda run: min(run["stop"])))
    lines = {name: ",\n".join(json.dumps(one) for one in rows) for name, rows in told.items()}
    text = ",\n".join(f'"{name}": [\n{rows}\n]' for name, rows in lines.items())
    files.write(out, f"{{\n{text}\n}}\n", argument="out")
    print(f"written to {out}")


def searched(course: Text, blocks: int, way: str, scale: float, eta: float) -> dict:
    """One setting tried: the loss on the part to stop by, None where it stopped being a number."""
    _, tuned = attempt(course, blocks, way, scale, eta, SEARCHED)
    row = {"blocks": blocks, "way": way, "scale": scale, "eta": eta}
    row["loss"] = round(tuned.after.stop, 6) if tuned else None
    print(row, flush=True)
    return row


def promising(tried: Sequence[dict]) -> list[dict]:
    """The best of the settings tried, and the next larger eta at its scale, if that held out: it may win in the end."""
    held_out = [one for one in tried if one["loss"] is not None]
    best = min(held_out, key=lambda one: one["loss"])
    larger = [one for one in held_out if one["scale"] == best["scale"] and one["eta"] > best["eta"]]
    return [best, *sorted(larger, key=lambda one: one["eta"])[:1]]


def long_run(course: Text, setting: dict) -> dict:
    """A long run with one setting: its curve, the report at its end, and the floors then."""
    setting = {name: setting[name] for name in ("blocks", "way", "scale", "eta")}
    model, tuned = attempt(course, **setting, epochs=LONG)
    if tuned is None:
        return setting | {"stop": [inf]}
    report = split(course.sentences)[2][:LOOKED_AT]
    curve = {part: [round(getattr(point, part), 6) for point in tuned.curve] for part in ("train", "stop")}
    seen = {name: [float(f"{x:.6g}") for x in row] for name, row in floors(model, setting["way"], report).items()}
    run = {**setting, "report": round(tuned.after.report, 6), "kept": tuned.kept, **curve, **seen}
    print(run, flush=True)
    return run


def attempt(course: Text, blocks: int, way: str, scale: float, eta: float, epochs: int) -> tuple[Model, Tuned | None]:
    """A fresh model tuned on the course's text by this way's walk; None where the loss stops being a number."""
    model = start(course.words, blocks, scale)
    try:
        return model, tune(model, course, epochs=epochs, eta=eta, progress=False, walk=WALKS[way])
    except ValueError as error:
        if str(error).startswith("eta: "):
            return model, None
        raise


if __name__ == "__main__":
    main()
