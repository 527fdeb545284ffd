"""Outright or adjustment, the long experiment: it makes the committed runs, gradwalk/data/outright.json.

    python -m bench.outright

For one block and for eight, for each way: first a search over the starting scale and eta, then a long run with the best
and one with the next larger eta; the better one stays, with what the floors look like after it. Then what becomes of
the deep h = m if it is given more time. It prints as it goes and writes outright.json into the current folder, where
there must be none yet. About half an hour. On one thread
(OPENBLAS_NUM_THREADS=1), same BLAS, it gives the same digits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product
from math import inf
from pathlib import Path

from gradwalk import files
from gradwalk.outright import LOOKED_AT, WALKS, attempt, floors
from gradwalk.text import Text, load, split
from gradwalk.tuning import tune

# Every way and every depth has the same settings to choose from.
BLOCKS = (1, 8)
SCALES, ETAS = (0.3, 1.0), (0.03, 0.1, 0.3, 1.0, 3.0)
SEARCHED, LONG = 4, 20  # epochs
LONGER, ON, ON_ETAS = 60, 8, (0.05, 0.15)  # epochs from the start, epochs more from where the long run ended, and how


def main(out: str | Path = "outright.json") -> None:
    """Search, run and look, then write it all to `out`. ValueError, before any of it, if something is there."""
    with files.claimed("out", out):
        _search_and_run(out)


def _search_and_run(out):
    course = load()
    told = {"search": [], "runs": [], "further": []}
    for blocks, way in product(BLOCKS, WALKS):
        tried = [searched(course, blocks, way, scale, eta, SEARCHED) for scale, eta in product(SCALES, ETAS)]
        told["search"] += tried
        long = [long_run(course, one, LONG) for one in promising(tried)]
        told["runs"].append(min(long, key=lambda run: min(run["stop"])))
    told["further"] = further(course, next(run for run in reversed(told["runs"]) if run["way"] == "h = m"))
    write(out, told)


def write(out: str | Path, told: dict[str, list[dict]]) -> None:
    """What was found, a line a row."""
    lines = {name: ",\n".join(json.dumps(one) for one in rows) for name, rows in told.items()}
    text = ",\n".join(f'"{name}": [\n{rows}\n]' for name, rows in lines.items())
    files.write(out, f"{{\n{text}\n}}\n", argument="out")
    print(f"written to {out}")


def searched(
    course: Text, blocks: int, way: str, scale: float, eta: float, epochs: int, walks: Mapping = WALKS
) -> dict:
    """One setting tried: the loss on the part to stop by, None where it stopped being a number."""
    _, tuned = attempt(course, blocks, way, scale, eta, epochs, walks)
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


def long_run(course: Text, setting: dict, epochs: int, walks: Mapping = WALKS) -> dict:
    """A long run with one setting: its curve, the report at its end, and the floors then."""
    setting = {name: setting[name] for name in ("blocks", "way", "scale", "eta")}
    model, tuned = attempt(course, **setting, epochs=epochs, walks=walks)
    if tuned is None:
        return setting | {"stop": [inf]}
    report = split(course.sentences)[2][:LOOKED_AT]
    seen = {
        name: [float(f"{x:.6g}") for x in row] for name, row in floors(model, setting["way"], report, walks).items()
    }
    run = {**setting, **_curve(tuned), **seen}
    print(run, flush=True)
    return run


def further(course: Text, run: dict) -> list[dict]:
    """What becomes of a long run: the same setting with more epochs, over which eta falls; and the run gone on with."""
    setting = {name: run[name] for name in ("blocks", "way", "scale", "eta")}
    _, longer = attempt(course, **setting, epochs=LONGER)
    rows = [{"from": "the start", "eta": run["eta"], **_curve(longer)}]
    model, _ = attempt(course, **setting, epochs=LONG)
    for eta in ON_ETAS:
        tuned = tune(model.copy(), course, epochs=ON, eta=eta, progress=False, walk=WALKS[run["way"]])
        rows.append({"from": "the long run", "eta": eta, **_curve(tuned)})
        print(rows[-1], flush=True)
    return rows


def _curve(tuned):
    """How a run went, epoch by epoch, and the held-back loss of the epoch that it kept."""
    curve = {part: [round(getattr(point, part), 6) for point in tuned.curve] for part in ("train", "stop")}
    return {"report": round(tuned.after.report, 6), "kept": tuned.kept, **curve}


if __name__ == "__main__":
    main()
