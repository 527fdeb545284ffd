"""The ladder's rungs, one after the other: it makes the committed losses, gradwalk/data/ladder.json.

    python -m bench.ladder

It prints as it goes and writes ladder.json into the current folder, where there must be none yet. Half a minute. On one
thread (OPENBLAS_NUM_THREADS=1), same BLAS, it gives the same digits.
"""

from __future__ import annotations

import json
from pathlib import Path

from gradwalk import files, ladder


def main(out: str | Path = "ladder.json") -> None:
    """Climb every rung, then write the losses to `out`. ValueError, before any of it, if something is there."""
    with files.claimed("out", out):
        losses = {}
        for rung in ladder.NEW:
            tuned = ladder.climb(rung)
            losses.setdefault("nothing", round(tuned.before.report, 6))
            losses[rung] = round(tuned.after.report, 6)
            print(rung, losses[rung], flush=True)
        counting = {name: round(x, 6) for name, x in ladder.count().items()}
        print(counting)
        told = {"rungs": losses, "counting": counting}
        files.write(out, f"{json.dumps(told, indent=1)}\n", argument="out")
    print(f"written to {out}")


if __name__ == "__main__":
    main()
