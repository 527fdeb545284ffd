"""What a dial board costs, from its making to what it hands to the notebook, in forward passes of the same model.

    python -m bench.board            # prints the table
    python -m bench.board --check    # and fails if a board is dearer than promised

A forward pass and a board take turns; the medians are compared. The page asks Python for a deeper board's curves, which
are counted apart: from the dial's own line on, 121 settings for each dial.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np

from gradwalk import Model, forward
from gradwalk.widgets.dial_board import DialBoard

SENTENCE = "the dog slept by the fire"
MOST = 8  # forward passes, for a board of the output layer at GPT-2's vocabulary
ROUNDS = 7


def wide() -> Model:
    """One block with GPT-2's vocabulary, wider than its smallest: 115 million dials."""
    words = [*dict.fromkeys(SENTENCE.split())]
    words += [f"word{i}" for i in range(50_257 - len(words))]
    return Model.random(words=words, D=1024, F=4096, H=16, T_max=64, activation="gelu", dtype=np.float32)


def seconds(act: Callable) -> float:
    """How long it takes, once."""
    start = perf_counter()
    act()
    return perf_counter() - start


def board(model: Model, tokens, y, name: str) -> None:
    """A board, made and shown."""
    DialBoard(model, tokens, y, name)._repr_mimebundle_()


def cost(model: Model, name: str, rounds: int = ROUNDS) -> tuple[float, float, float]:
    """The median seconds of a forward pass, of a model's copy, and of a board, which take turns."""
    tokens, y = model.read(SENTENCE)
    acts = (lambda: forward(model, tokens, y), model.copy, lambda: board(model, tokens, y, name))
    for act in acts:  # once unclocked
        act()
    return tuple(map(median, zip(*(map(seconds, acts) for _ in range(rounds)), strict=True)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail if a board is dearer than promised")
    options = parser.parse_args()
    models = {"pen and paper": (Model.random, ("W", "W1")), "trained": (Model.trained, ("W", "W1"))}
    models["50,257 × 1,024"] = wide, ("W", "b")
    print(f"{'model':<16}{'board':<7}{'forward ms':>11}{'copy ms':>9}{'board ms':>10}{'board / forward':>17}")
    for said, (make, names) in models.items():
        model = make()
        for name in names:
            out, copy, made = cost(model, name)
            print(f"{said:<16}{name:<7}{1e3 * out:>11.2f}{1e3 * copy:>9.2f}{1e3 * made:>10.1f}{made / out:>17.1f}")
            dear = model.N > 50_000 and made > MOST * out
            if options.check and dear:
                print(f"bench.board: wanted at most {MOST} forward passes", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
