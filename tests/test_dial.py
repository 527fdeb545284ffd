"""A dial: the exact loss at any setting, its slope at this one, and never a write to the model."""

import tracemalloc

import numpy as np
import pytest

from gradwalk import curve, dial, moving
from gradwalk.model import Model
from gradwalk.step1_output import loss, softmax
from gradwalk.walk import backward, forward
from gradwalk.weights import of_weight

pytestmark = pytest.mark.slow

WORDS = ["by", "cat", "dog", "door", "fire", "sat", "slept", "the", "tree"]
TOKENS = [np.array([7, 2, 6, 0, 7]), np.array([7, 1, 5])]  # "the dog slept by the", "the cat sat"
Y = [np.array([-1, 6, 0, 7, 4]), np.array([-1, 5, 0])]
FORMS = {
    "one block": {},
    "one block, tied, as GPT-2": {"tied": True, "final_norm": True, "bias": False, "activation": "gelu"},
    "two blocks, tied, with bias": {"blocks": 2, "tied": True, "activation": "gelu"},
    "two blocks, final norm": {"blocks": 2, "final_norm": True},
}


def model_of(form):
    return Model.random(seed=3, words=WORDS, D=6, F=7, H=2, T_max=8, **FORMS[form])


def names():
    return [(form, name) for form in FORMS for name in model_of(form).weights]


def spots(model, name):
    """Some entries of a weight; of the tables also rows that the sentences do and do not touch, and a true word's."""
    rng = np.random.default_rng(len(name))
    rows = [2, 7, 8, 4] if name in ("E", "W", "b") else [1, 7] if name == "E_pos" else [None]
    for row in rows:
        index = tuple(int(i) for i in rng.integers(model.weights[name].shape))
        yield index if row is None else (row, *index[1:])


def error_along_the_curve(model, name, index, nudges):
    """The largest difference between the curve and forward on a turned copy, over max(1, L)."""
    curve = dial.Dial(model, TOKENS, Y, name, index).curve(nudges)
    turned, errors = model.copy(), []
    start = turned.weights[name][index]
    for nudge, told in zip(nudges, curve, strict=True):
        turned.turn(name, index, start + nudge - turned.weights[name][index])
        L = forward(turned, TOKENS, Y).L
        errors.append(abs(told - L) / max(1, L))
    return max(errors)


def test_a_dial_beside_another_is_the_same_as_one_of_its_own():
    model, nudges = model_of("two blocks, tied, with bias"), np.linspace(-1, 1, 5)
    values = forward(model, TOKENS, Y)
    first = dial.Dial(model, TOKENS, Y, "blocks.0.W1", (0, 0), values)
    for array in (values.z, values.blocks[0].v):
        array[:] = 0  # the caller's own
    beside, own = first.beside((2, 1)), dial.Dial(model, TOKENS, Y, "blocks.0.W1", (2, 1))
    assert np.array_equal(beside.curve(nudges), own.curve(nudges))
    assert (beside.gradient, beside.value, first.index) == (own.gradient, own.value, (0, 0))
    model.turn("blocks.0.W1", (2, 1), 0.5)
    assert (beside.loss(), first.loss()) == (own.loss(), own.loss())
    with pytest.raises(ValueError, match="index: wanted a tuple within the shape"):
        first.beside((99, 0))


@pytest.mark.parametrize(("form", "name"), names())
def test_the_curve_is_the_loss_at_every_point(form, name):
    model = model_of(form)
    reach = 3 * np.sqrt(np.mean(model.weights[name] ** 2))
    for index in spots(model, name):
        assert error_along_the_curve(model, name, index, np.linspace(-reach, reach, 121)) <= 1e-9


@pytest.mark.parametrize(("form", "name"), names())
def test_the_slope_of_the_curve_is_the_gradient(form, name):
    model = model_of(form)
    grads = backward(model, forward(model, TOKENS, Y))
    scale = max(np.abs(of_weight(grads, name)).max(), 1e-3 * np.abs(grads.dL_dz).max())
    for index in spots(model, name):
        here = dial.Dial(model, TOKENS, Y, name, index)
        assert here.gradient == of_weight(grads, name)[index]
        assert abs(here.gradient - here.measured) <= 1e-6 * scale
        ends = here.curve([1e-5, -1e-5])
        assert abs((ends[0] - ends[1]) / 2e-5 - here.gradient) <= 1e-6 * scale
        assert here.loss() == pytest.approx(forward(model, TOKENS, Y).L, rel=1e-14)
        assert here.value == model.weights[name][index]


@pytest.mark.parametrize("form", FORMS)
def test_a_dial_never_writes(form):
    model = model_of(form)
    before = {name: array.tobytes() for name, array in model.weights.items()}
    for name in before:
        here = dial.Dial(model, TOKENS, Y, name, tuple(0 for _ in model.weights[name].shape))
        here.curve([-2.0, 3.0])
        _ = here.gradient, here.measured, here.loss(1.0), here.value, repr(here)
    assert model.version == 0
    assert {name: array.tobytes() for name, array in model.weights.items()} == before


@pytest.mark.parametrize("name", ["W", "W1", "E"])
def test_a_dial_looks_again_when_the_model_was_turned(name):
    model = model_of("one block")
    here, other = dial.Dial(model, TOKENS, Y, name, (2, 1)), dial.Dial(model, TOKENS, Y, name, (2, 3))
    before = here.loss(), here.gradient
    model.turn(name, (2, 3), 0.5)
    assert (here.loss(), here.gradient) != before
    assert here.loss() == pytest.approx(forward(model, TOKENS, Y).L, rel=1e-14)
    assert other.loss(-0.5) == pytest.approx(before[0], rel=1e-13)
    assert error_along_the_curve(model, name, (2, 1), np.linspace(-2, 2, 21)) <= 1e-9


@pytest.mark.parametrize("scale", [1, 30])
@pytest.mark.parametrize("name", ["W", "b"])
def test_the_closed_form_far_out(name, scale):
    """Nudges of ±50, also where one word has all but the whole probability, right or wrong."""
    model = Model.random(seed=5, words=WORDS, D=6, F=7, H=2, T_max=8, scale=scale)
    if scale == 30:
        assert forward(model, TOKENS, Y).p.max() > 1 - 1e-12
    for i in range(len(WORDS)):
        index = (i, 2) if name == "W" else (i,)
        assert error_along_the_curve(model, name, index, np.linspace(-50, 50, 41)) <= 1e-9


def test_the_response_keeps_its_digits_where_a_word_is_nearly_certain():
    """1 - p is 1e-40 here: taken as 1 minus p it would be 0, and its logarithm minus infinity."""
    z, y, factor = np.array([[92.0, 0.0, -1.0]]), np.array([1]), np.array([1.0])
    nudges = np.array([-150.0, -92.0, 0.0, 50.0])
    exact = [np.log1p(np.exp(-1.0) + np.exp(92.0 + nudge)) for nudge in nudges]
    np.testing.assert_allclose(curve.response(z, softmax(z), y, 0, factor, nudges), exact, rtol=1e-15, atol=0)
    assert curve.response(z, softmax(z), y, 0, factor, np.zeros(1))[0] == loss(z, y)


def test_the_response_keeps_its_digits_where_the_loss_is_nearly_nothing():
    """The true word turned up by its own dial: the loss left is the others' share, 1e-30 and less, never 0."""
    for z in (np.array([[0.0, 1.0, -1.0]]), np.array([[0.0, 1.0]])):
        others = np.log(np.exp(z[0, 1:]).sum())
        told = curve.response(z, softmax(z), np.array([0]), 0, np.array([1.0]), np.array([40.0, 80.0, 700.0]))
        np.testing.assert_allclose(told, np.exp(others - [40.0, 80.0, 700.0]), rtol=1e-13, atol=0)


MISTAKES = {
    "the true word's own term forgotten": (
        curve,
        "np.where(true, rest - z_i, np.logaddexp(rest, z_i) - z_y)",
        "np.logaddexp(rest, z_i) - z_y",
    ),
    "the sum in place of the mean": (curve, ".mean(axis=1)", ".sum(axis=1)"),
    "a true word counted among the rest": (curve, "z[M, y] = -np.inf", "pass"),
    "the final norm passed by": (dial, 'values.get("hf", values.h)  # (T, D)', "values.h"),
    "a tied word read but not said": (dial, 'return {"word": i, "extra"', 'return {} and {"word": i, "extra"'),
    "a push on the whole row": (dial, "self.index)  # of the value's own shape", "self.index[:1])"),
    "the push of the first block": (
        dial,
        "**self.model.blocks[q or 0], **here,",
        "**self.model.blocks[0], **values.blocks[0],",
    ),
    "nothing where it acts": (dial, "Moving(still, far * push[None]", "Moving(still, 0 * push[None]"),
    "the next block left as it is": (
        moving,
        'moving = {"x0": moving["h"], "h": moving["h"]}',
        'moving = {"h": moving["h"]}',
    ),
    "a bias that moves": (moving, "made[..., :-1, :] - made[..., -1:, :]", "made[..., :-1, :]"),
    "attention held": (moving, "if not others and not _mixes(line):", "if not others:"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_curve_is_seen(breaks, mistake):
    breaks(*MISTAKES[mistake])
    for form, name in names():
        try:
            for index in spots(model_of(form), name):
                if error_along_the_curve(model_of(form), name, index, np.linspace(-1, 1, 5)) > 1e-6:
                    return
        except (IndexError, ValueError):  # what falls out of the array, or is no number, is seen, too
            return
    pytest.fail("no curve was wrong")


def test_a_float32_model_has_the_curve_of_the_same_numbers_in_float64():
    model = Model.random(seed=3, words=WORDS, dtype=np.float32)
    for name in model.weights:
        index = tuple(0 for _ in model.weights[name].shape)
        one, other = (dial.Dial(m, TOKENS, Y, name, index) for m in (model, model.copy(np.float64)))
        np.testing.assert_allclose(
            one.curve([-1.0, 0.0, 1.0]), other.curve([-1.0, 0.0, 1.0]), rtol=2e-6, atol=0, err_msg=name
        )
        assert one.measured == pytest.approx(other.gradient, rel=1e-6, abs=1e-9), name


def test_what_the_caller_does_to_their_arrays_later_is_nothing_to_the_dial():
    model, tokens, y = model_of("one block"), np.array([7, 2, 6, 0, 7]), np.array([-1, -1, -1, -1, 4])
    here = dial.Dial(model, tokens, y, "W1", (2, 1))
    before = here.gradient, here.measured, here.loss(0.5)
    tokens[:], y[:] = 3, [0, 1, 2, 3, 5]
    model.turn("b", (0,), 0.0)  # the dial looks again
    assert (here.gradient, here.measured, here.loss(0.5)) == before


def test_a_long_curve_is_walked_in_pieces():
    """As many nudges as one likes: the memory of a few thousand, and the same losses as one by one."""
    model = model_of("two blocks, final norm")
    here = dial.Dial(model, TOKENS, Y, "blocks.0.W1", (2, 1))
    nudges = np.linspace(-1, 1, 9001)
    curve = here.curve(nudges)
    assert len(curve) == len(nudges)
    for k in (0, 4500, 9000):
        assert curve[k] == pytest.approx(here.loss(nudges[k]), abs=1e-12)
    assert here.curve([]).shape == (0,)


def test_a_nudge_too_far_is_refused_and_named():
    model = model_of("one block").copy(np.float32)
    for name, index, nudge in (("W", (0, 0), 1e39), ("W_Q", (0, 0), 1e30), ("E", (7, 0), 1e30)):
        with pytest.raises(ValueError, match="nudges: "):
            dial.Dial(model, TOKENS, Y, name, index).loss(nudge)


def test_it_tells_where_it_stands():
    here = dial.Dial(model_of("one block"), TOKENS, Y, "W", (2, 1))
    assert repr(here) == f"Dial(W[2, 1] = {here.value:.4f}, loss {here.loss():.4f})"


@pytest.mark.parametrize(
    ("name", "index", "told"),
    [
        ("W3", (0, 0), "name: there is no weight 'W3'; the nearest: W"),
        ("blocks.0.W1", (0, 0), "name: there is no weight 'blocks.0.W1'"),
        ("W", (9, 0), r"index: wanted a tuple within the shape \(9, 6\) of W, got \(9, 0\)"),
        ("W", (-1, 0), "index: wanted a tuple"),
        ("W", 1, "index: wanted a tuple"),
        ("W", (0, 1.0), "index: wanted a tuple"),
        ("b", (0, 0), "index: wanted a tuple"),
    ],
)
def test_a_dial_that_is_not_there(name, index, told):
    with pytest.raises(ValueError, match=told):
        dial.Dial(model_of("one block"), TOKENS, Y, name, index)


def test_bad_nudges_and_a_missing_y():
    model = model_of("one block")
    here = dial.Dial(model, TOKENS, Y, "W", (0, 0))
    for nudges in ([0.0, np.nan], [np.inf], [[0.0, 1.0]], 1.0):
        with pytest.raises(ValueError, match="nudges: wanted a row of finite numbers"):
            here.curve(nudges)
    with pytest.raises(ValueError, match="y: wanted the next word"):
        dial.Dial(model, TOKENS, None, "W", (0, 0))


def test_a_long_curve_of_the_output_layer_goes_in_pieces(monkeypatch):
    model = Model.random()
    one, nudges = (
        dial.Dial(model, *model.read("the dog slept by the fire", scored="all"), "W", (3, 1)),
        np.linspace(-2, 2, 41),
    )
    whole = one.curve(nudges)
    monkeypatch.setattr(curve, "AT_ONCE", 17)  # three nudges of five positions at once
    assert np.array_equal(one.curve(nudges), whole)
    assert one.curve([]).shape == (0,)
    monkeypatch.setattr(curve, "AT_ONCE", 1000)
    nudges = np.linspace(-2, 2, 100_000)
    tracemalloc.start()
    one.curve(nudges)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * nudges.nbytes  # five positions at once would take five times that, more than once


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["W", "b"])
def test_a_loss_that_is_no_number_is_told(name):
    model = Model.random()
    one = dial.Dial(
        model, *model.read("the dog slept by the fire", scored="all"), name, (0, 0) if name == "W" else (0,)
    )
    for nudge in (1.7e308, -1.7e308):
        with pytest.raises(ValueError, match=r"^nudges: "):
            one.curve([nudge, -nudge])
    assert np.isfinite(one.loss(1e300))
