"""How long somebody waits for `check`: an ordinary wrong answer, and a hundred that hang, grow, raise, print or exit.

    python -m bench.answers            # prints the table
    python -m bench.answers --check    # and fails if one takes longer than promised

Each begins when the next process is up, as it is by the time that somebody has read a message. The answers are those of
tests/test_exercises_hostile.py, which holds that each is answered at all, and what it must not change.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from test_exercises_hostile import CLASSES, ready

from gradwalk import check

AT_ONCE, AT_MOST = 0.2, 2.0  # seconds: the median of an ordinary answer, the slowest of all others
ROUNDS = 9


def seconds(task: str, answer: Callable) -> float:
    """How long one answer waits for its word."""
    ready()
    start = perf_counter()
    check(task, answer)
    return perf_counter() - start


def ordinary() -> list[float]:
    """A wrong layer norm, nine times, the first unclocked."""

    def wrong(dL_dv, x1, gamma):
        return gamma * dL_dv / x1.std(axis=1, keepdims=True)

    return [seconds("dL_dx1_via_v", wrong) for _ in range(ROUNDS + 1)][1:]


def row(kind: str, took: list[float]) -> tuple[float, float]:
    """A row of the table, printed; the median and the slowest."""
    print(f"{kind:<10}{len(took):>6}{median(took):>10.3f}{max(took):>11.3f}", flush=True)
    return median(took), max(took)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail if one takes longer than promised")
    options = parser.parse_args()
    print(f"{'answers':<10}{'count':>6}{'median s':>10}{'slowest s':>11}")
    late = row("ordinary", ordinary())[0] > AT_ONCE
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for kind, several in CLASSES.items():
            late |= row(kind, [seconds("dL_dW", answer) for answer in several()])[1] > AT_MOST
    if options.check and late:
        told = f"an ordinary answer's median within {AT_ONCE} s, all others within {AT_MOST}"
        print(f"bench.answers: wanted {told}", file=sys.stderr)
    return int(options.check and late)


if __name__ == "__main__":
    sys.exit(main())
