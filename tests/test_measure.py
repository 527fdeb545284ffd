"""Measured slopes: two forward passes, a nudge each way, and no derivation."""

import numpy as np
import pytest
from shapes import case, flat

from gradwalk import measure, walk
from gradwalk.telling.derivations import same


@pytest.fixture(scope="module")
def one():
    """One block, ReLU, tied, several sentences; its gradients."""
    model, tokens, y = case(36)
    return model, tokens, y, walk.backward(model, walk.forward(model, tokens, y))


@pytest.mark.parametrize("name", ["E", "gamma1", "b_Q", "W2", "b", "h", "x1", "blocks.0.x1", "alpha", "z"])
def test_all_slopes_of_a_weight_or_value(one, name):
    model, tokens, y, grads = one
    derived = grads[f"dL_d{name.split('.')[-1]}"]
    measured = measure.slopes(model, tokens, y, name)
    same(derived, measured, 1e-6, least=1e-3 * np.abs(grads.dL_dh).max())


def test_the_slope_in_a_block_of_several():
    model, tokens, y = case(35)
    grads = flat(walk.backward(model, walk.forward(model, tokens, y)))
    for name, index in (("blocks.1.W_Q", (1, 2)), ("blocks.0.W1", (0, 1)), ("blocks.0.x1", (2, 0)), ("z", (3, 1))):
        *block, bare = name.split(".")
        derived = grads[".".join([*block, f"dL_d{bare}"])][index]
        assert measure.slope(model, tokens, y, name, index) == pytest.approx(derived, rel=1e-6, abs=1e-9), name


def test_measuring_leaves_the_model_as_it_is(one):
    model, tokens, y, _ = one
    before, version = model.copy(), model.version
    measure.slope(model, tokens, y, "W1", (0, 0))
    measure.slope(model, tokens, y, "x1", (0, 0))
    assert model.version == version
    assert all(np.array_equal(model.weights[name], array) for name, array in before.weights.items())


def test_the_error_shrinks_with_the_square_of_the_step(one):
    """What central differences leave is a third derivative times step^2 / 6: a tenth of the step, a hundredth of it."""
    model, tokens, y, grads = one
    errors = [abs(measure.slope(model, tokens, y, "W1", (1, 2), step) - grads.dL_dW1[1, 2]) for step in (1e-2, 1e-3)]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.1)


def test_the_relative_error():
    assert measure.relative_error(np.array([1.0, 2.2]), np.array([1.0, 2.0])) == pytest.approx(0.1)
    assert measure.relative_error(np.array([1e-16]), np.array([0.0]), largest_of_all=1.0) == pytest.approx(1e-13)
    assert measure.relative_error(np.zeros(2), np.zeros(2)) == 0
    assert measure.relative_error(np.array([0.0, 0.5]), np.zeros(2)) == 0.5


@pytest.mark.parametrize(
    ("name", "index", "told"),
    [
        ("W9", (0, 0), "there is no weight or value 'W9'; the nearest: .*W1"),
        ("blocks.3.x1", (0, 0), "there is no weight or value 'blocks.3.x1'"),
        ("x1", (0,), r"index: wanted a tuple within the shape \(10, 5\) of x1, got \(0,\)"),
        ("x1", (10, 0), "index: wanted a tuple within the shape"),
        ("W1", 3, "index: wanted a tuple within the shape"),
    ],
)
def test_what_is_not_there_cannot_be_nudged(one, name, index, told):
    model, tokens, y, _ = one
    with pytest.raises(ValueError, match=told):
        measure.slope(model, tokens, y, name, index)


def test_a_loss_and_a_step_are_needed(one):
    model, tokens, y, _ = one
    with pytest.raises(ValueError, match="y: wanted the next word"):
        measure.slope(model, tokens, None, "W1", (0, 0))
    for step in (0, -1e-5, np.nan):
        with pytest.raises(ValueError, match="step: wanted a finite number above 0"):
            measure.slope(model, tokens, y, "W1", (0, 0), step)
