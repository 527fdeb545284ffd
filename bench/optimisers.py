"""Each way to move, at several eta, on the ladder's problem: it makes gradwalk/data/optimisers.json.

    python -m bench.optimisers

It prints as it goes and writes optimisers.json into the current folder, where there must be none yet. Five minutes. On
one thread (OPENBLAS_NUM_THREADS=1), same BLAS, it gives the same digits.
"""

from __future__ import annotations

import json
from pathlib import Path

from gradwalk import files, optimisers

ETAS = {  # each eta is twice the one before; the best of each way lies between two others
    "−η × slope": (0.25, 0.5, 1.0, 2.0),
    "clipped": (0.5, 1.0, 2.0, 4.0, 8.0),
    "momentum": (0.05, 0.1, 0.2, 0.4, 0.8),
    "Adam": (0.005, 0.01, 0.02, 0.04, 0.08),
    "Adam, warm-up": (0.005, 0.01, 0.02, 0.04, 0.08),
    "Adam, decay": (0.005, 0.01, 0.02, 0.04, 0.08),
}


def main(out: str | Path = "optimisers.json") -> None:
    """Climb by every way at each of its eta, then write to `out`. ValueError, before that, if something is there."""
    with files.claimed("out", out):
        told = {}
        for way, etas in ETAS.items():
            told[way] = {}
            for eta in etas:
                try:
                    after = optimisers.climb(way, eta).after
                    losses = {"stop": round(after.stop, 6), "report": round(after.report, 6)}
                except ValueError as error:
                    if not str(error).startswith("eta: "):  # what is not that the loss was no number any more
                        raise
                    losses = {"stop": None, "report": None}
                told[way][f"{eta:g}"] = losses
                print(way, eta, losses, flush=True)
        files.write(out, f"{json.dumps(told, indent=1, ensure_ascii=False)}\n", argument="out")
    print(f"written to {out}")


if __name__ == "__main__":
    main()
