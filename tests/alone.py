"""A step on its own: random arrays of unequal sizes, random upstream gradients, both referees."""

import numpy as np
import pytest
import shapes
from differences import by_nudging
from referee import pulled_back

from gradwalk.telling.derivations import same

SEEDS = pytest.mark.parametrize("seed", range(10))


class Draw:
    """Random arrays by the letters of their sizes: draw("TD") is (T, D), and draw("HTd") a slice a head, d = D/H."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(1000 + seed)
        D, F, H, N, lengths = shapes.sizes(self.rng)
        self.size = {"T": sum(lengths), "D": D, "F": F, "H": H, "N": N, "d": D // H}

    def __call__(self, letters):
        return self.rng.standard_normal([self.size[letter] for letter in letters])

    def __getattr__(self, letter):
        return self.size[letter]


def check(derived, upstream, ours, theirs, at):
    """`derived` is the gradient of sum(upstream * ours(at)) in `at`: measured, and by the referee from `theirs`."""
    same(ours(at), theirs(at), 1e-12)
    same(derived, by_nudging(ours, at, upstream), 1e-6)
    same(derived, pulled_back(theirs, at, upstream), 1e-10)
