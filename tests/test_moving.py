"""All settings of a dial side by side: the same losses as forward has one by one, along few directions or whole."""

import numpy as np
import pytest

from gradwalk import curve, dial, moving
from gradwalk.model import Model, TooLarge
from gradwalk.step1_output import logsumexp, softmax
from gradwalk.walk import forward

pytestmark = pytest.mark.slow

NUDGES = np.linspace(-1.5, 1.5, 21)


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


def compare(monkeypatch, number):
    """Every weight's dial against forward: whole; with a search for directions; with one that goes to the end."""
    model, tokens, y = drawn(number)
    for name in model.weights:
        index = spot(model, tokens, name)
        wanted = one_by_one(model, tokens, y, name, index, NUDGES)
        for wide, few, cached in ((model.D + 1, 1 / 4, 2**17), (1, 1 / 4, 2**17), (1, 1, 100)):
            monkeypatch.setattr(moving, "WIDE", wide)
            monkeypatch.setattr(moving, "FEW", few)
            monkeypatch.setattr(curve, "IN_CACHE", cached)
            told = dial.Dial(model, tokens, y, name, index).curve(NUDGES)
            np.testing.assert_allclose(told, wanted, rtol=1e-12, atol=1e-13, err_msg=f"{name} {wide} {few}")


@pytest.mark.parametrize("number", range(18))
def test_the_losses_are_those_of_forward_one_by_one(monkeypatch, number):
    compare(monkeypatch, number)


@pytest.fixture
def searched(monkeypatch):
    """The search for directions in models of any width; how many each value was found to have, None where not few."""
    monkeypatch.setattr(moving, "WIDE", 1)
    found, few = [], moving.few

    def noted(*given):
        made = few(*given)
        found.append(None if made is None else len(made.directions))
        return made

    monkeypatch.setattr(moving, "few", noted)
    return found


WORDS = [f"w{i}" for i in range(60)]
TOKENS, Y = np.arange(5), np.array([3, -1, 7, 8, 50])


@pytest.mark.parametrize(
    ("name", "form", "wanted"),
    [
        ("W2", {}, []),  # straight to the end
        ("W1", {}, [1]),  # one unit bends, at each position in its own way
        ("W2", {"final_norm": True}, [2]),  # a norm moves the whole along itself, and along the direction
        ("b_V", {"activation": "relu", "D": 48}, [1, 2, None, None, None]),  # many gates open and shut
    ],
)
def test_a_value_has_as_few_directions_as_it_moves_along(searched, name, form, wanted):
    model = Model.random(words=WORDS, **{"D": 24, "F": 96, "H": 4, "activation": "gelu", **form})
    dial.Dial(model, TOKENS, Y, name, tuple(2 for _ in model.weights[name].shape)).curve(np.linspace(-9, 9, 121))
    assert searched == wanted


def test_a_smooth_curve_lies_in_few_directions_as_exactly(searched):
    """Of 121 settings a dozen or two say all, in both dtypes; the losses are those of every setting, to rounding."""
    for dtype, exact in ((np.float64, 1e-13), (np.float32, 1e-6)):
        model = Model.random(words=WORDS, D=128, F=256, H=4, blocks=2, activation="gelu", dtype=dtype)
        nudges = np.linspace(-0.3, 0.3, 121)
        searched.clear()
        told = dial.Dial(model, TOKENS, Y, "blocks.0.W_Q", (2, 3)).curve(nudges)
        assert searched
        assert max(searched) <= 30  # none of them None
        wanted = one_by_one(model, TOKENS, Y, "blocks.0.W_Q", (2, 3), nudges[::30])
        np.testing.assert_allclose(told[::30], wanted, rtol=exact)


def test_where_no_word_before_it_moves_a_position_keeps_its_loss(searched):
    model = Model.random(words=WORDS, D=24, F=96, H=4, activation="gelu")
    y = np.array([3, 4, -1, -1, -1])
    curves = dial.Dial(model, TOKENS, y, "E_pos", (4, 2)).curve(NUDGES)
    np.testing.assert_allclose(curves, forward(model, TOKENS, y).L, rtol=1e-15)


@pytest.mark.parametrize("wide", [1, 99])
@pytest.mark.parametrize("form", [{}, {"final_norm": True}, {"blocks": 2}, {"blocks": 2, "activation": "gelu"}])
def test_what_grows_too_large_is_told_as_forward_tells_it(monkeypatch, form, wide):
    monkeypatch.setattr(moving, "WIDE", wide)
    model = Model.random(words=WORDS, **form).copy(np.float32)
    for name in model.weights:
        if name in ("W", "b"):
            continue
        index = spot(model, [TOKENS], name)
        for nudge in (1e12, 1e19, 1e30):
            turned, told, wanted = model.copy(), None, None
            turned.turn(name, index, nudge)
            try:
                forward(turned, TOKENS, Y)
            except TooLarge as error:
                wanted = f"nudges: {error}"
            try:
                dial.Dial(model, TOKENS, Y, name, index).loss(nudge)
            except TooLarge as error:
                told = str(error)
            assert (told is None) == (wanted is None), (name, nudge)
            if (
                told != wanted
            ):  # where several are too large: forward asks first what is normed, a dial goes line by line
                assert "S is so large" in told, (name, nudge, told, wanted)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("far", [0, 1e-4, 1, 30])
def test_the_series_is_the_sum(dtype, far):
    rng = np.random.default_rng(0)
    z, direction = rng.standard_normal((2, 500)).astype(dtype)
    z[7] = -np.inf  # a word told apart
    amounts = (far * rng.standard_normal(121)).astype(dtype)
    told = curve.logsumexp_along(z, direction, amounts)
    wanted = [logsumexp(z.astype(float) + float(amount) * direction.astype(float)) for amount in amounts]
    np.testing.assert_allclose(told, wanted, rtol=1e-14 if dtype == np.float64 else 3e-7 * max(1, far), atol=1e-14)


def test_the_series_takes_few_exps(monkeypatch):
    """121 amounts that move no exponent by more than 1/2 are had from one middle."""
    taken, exp = [], np.exp
    monkeypatch.setattr(curve.np, "exp", lambda x: taken.append(x.size) or exp(x))
    curve.logsumexp_along(np.zeros(500), np.linspace(-1, 1, 500), np.linspace(-0.4, 0.4, 121))
    assert sum(taken) == 500


@pytest.mark.parametrize("scale", [1, 5, 40])
def test_the_rest_is_the_sum_without_the_words_told_apart(scale):
    rng = np.random.default_rng(0)
    z, t = scale * rng.standard_normal((6, 9)), np.array([0, 2, 5])
    for apart in ([1, 4], [3], [[1, 1], [2, 3], [4, 4]], rng.integers(9, size=(3, 4))):
        others = z[t]
        np.put_along_axis(others, np.broadcast_to(apart, (3, np.shape(apart)[-1])), -np.inf, axis=1)
        np.testing.assert_allclose(curve.rest_of(z, softmax(z), t, apart), logsumexp(others), rtol=1e-13)
    assert np.isneginf(curve.rest_of(z, softmax(z), t, range(9))).all()


MISTAKES = {
    "a direction's part left in": (
        moving,
        "left -= np.outer(amount, direction)",
        "left = left - 0.9 * np.outer(amount, direction)",
    ),
    "stopped too early": (moving, "ROUNDING = 4 ", "ROUNDING = 4e8 "),
    "all entries taken for the moving ones": (
        moving,
        "moving.directions[i, t, some]",
        "moving.directions[i, t, : len(direction)]",
    ),
    "one amount for all positions": (moving, "x.amounts[t] @", "x.amounts[0] @"),
    "a middle never moved to": (curve, "shifted = z + middle * direction", "shifted = z"),
    "a series too short": (curve, "np.finfo(z.dtype).eps / 4", "1e-3"),
    "the pieces not added": (curve, "np.logaddexp(rest[:, m], there)", "there"),
    "unscored positions counted": (
        curve,
        "values.y[scored], values.z[scored]",
        "values.y[: len(scored)], values.z[scored]",
    ),
    "another word's extra": (curve, "extra[:, scored]", "extra[:, : len(scored)]"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_walk_on_is_seen(breaks, monkeypatch, mistake):
    breaks(*MISTAKES[mistake])
    for number in range(18):
        try:
            compare(monkeypatch, number)
        except (AssertionError, ValueError):
            return
    pytest.fail("no loss was wrong")
