"""Where the norm stands, the long experiment: it makes the committed runs, gradwalk/data/norm_places.json.

    python -m bench.norm_places

For one block and for six, with no norm, the norm first, the norm last, and the norm first with a final one: a search
over the starting scale and eta, then long runs with the best and with the eta on either side of it. The one that does
best on the part to stop by is among the "runs", with what its floors look like then. It prints as it goes and writes
norm_places.json into the current folder, where there must be none yet. About half an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from bench.outright import long_run, searched, write
from gradwalk import files
from gradwalk.norm_places import WALKS
from gradwalk.text import load

BLOCKS = (1, 6)
SCALES, ETAS = (0.3, 1.0), (0.03, 0.1, 0.3, 1.0)
SEARCHED, LONG = 2, 10  # epochs


def main(out: str | Path = "norm_places.json") -> None:
    """Search, run and look, then write it all to `out`. ValueError, before any of it, if something is there."""
    with files.claimed("out", out):
        course, told = load(), {"search": [], "runs": [], "others": []}
        for blocks, place in product(BLOCKS, WALKS):
            settings = product(SCALES, ETAS)
            tried = [searched(course, blocks, place, scale, eta, SEARCHED, WALKS) for scale, eta in settings]
            told["search"] += tried
            long = [long_run(course, setting, LONG, WALKS) for setting in beside_the_best(tried)]
            best, *others = sorted(long, key=lambda run: min(run["stop"]))
            told["runs"].append(best)
            told["others"] += others
        write(out, told)


def beside_the_best(tried: Sequence[dict]) -> list[dict]:
    """The best of the settings tried, and the eta on either side of it at its scale, where the loss stayed a number.

    A short search may favour an eta at which a long run breaks down.
    """
    held_out = [one for one in tried if one["loss"] is not None]
    best = min(held_out, key=lambda one: one["loss"])
    row = sorted((one for one in held_out if one["scale"] == best["scale"]), key=lambda one: one["eta"])
    at = row.index(best)
    return row[max(at - 1, 0) : at + 2]


if __name__ == "__main__":
    main()
