"""All settings of a dial side by side: the same losses as forward has one by one, along few directions or whole."""

import numpy as np
import pytest

from gradwalk import curve, dial, moving
from gradwalk.model import Model, TooLarge
from gradwalk.step1_output import logsumexp
from gradwalk.walk import forward

pytestmark = pytest.mark.slow

NUDGES = np.linspace(-1.5, 1.5, 41)


def drawn(number):
    """A model of any form and sentences for it, by a number: sizes, blocks, activation, what is tied and normed."""
    rng = np.random.default_rng(number)
    H = int(rng.integers(1, 4))
    model = Model.random(
        seed=number,
        words=[f"w{i}" for i in range(rng.integers(5, 40))],
        D=H * int(rng.integers(2, 8)),
        F=int(rng.integers(5, 40)),
        H=H,
        blocks=1 + number % 3,
        T_max=9,
        activation=("relu", "gelu")[number // 3 % 2],
        **{form: bool(rng.integers(2)) for form in ("tied", "final_norm", "bias")},
    )
    lengths = rng.integers(1, 8, size=rng.integers(1, 4))
    tokens = [rng.integers(model.N, size=length) for length in lengths]
    y = [np.where(rng.random(length) < 0.6, rng.integers(model.N, size=length), -1) for length in lengths]
    y[0][-1] = 1
    return model, tokens, y


def spot(model, tokens, name):
    """One number of a weight; of E and E_pos one that is read."""
    rng = np.random.default_rng(len(name))
    index = tuple(int(i) for i in rng.integers(model.weights[name].shape))
    read = {"E": int(tokens[0][0]), "E_pos": 0}
    return (read[name], *index[1:]) if name in read else index


def one_by_one(model, tokens, y, name, index, nudges):
    losses = []
    for nudge in nudges:
        turned = model.copy()
        turned.turn(name, index, nudge)
        losses.append(forward(turned, tokens, y).L)
    return np.array(losses)


@pytest.mark.parametrize("number", range(18))
def test_the_losses_are_those_of_forward_one_by_one(monkeypatch, number):
    model, tokens, y = drawn(number)
    for name in model.weights:
        index = spot(model, tokens, name)
        wanted = one_by_one(model, tokens, y, name, index, NUDGES)
        for wide in (1, model.D + 1):  # searched for directions, and not
            monkeypatch.setattr(moving, "WIDE", wide)
            for few in (1 / 4, 1):
                monkeypatch.setattr(moving, "FEW", few)
                for cached in (2**17, 200):
                    monkeypatch.setattr(curve, "IN_CACHE", cached)
                    told = dial.Dial(model, tokens, y, name, index).curve(NUDGES)
                    np.testing.assert_allclose(told, wanted, rtol=1e-12, atol=1e-13, err_msg=f"{name} {wide} {few}")


if __name__ == "__main__":
    for n in range(18):
        with pytest.MonkeyPatch.context() as m:
            test_the_losses_are_those_of_forward_one_by_one(m, n)
        print(n)
