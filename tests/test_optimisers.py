"""Momentum, Adam, decay, clipping and warm-up: each against its closed form, and all against torch.optim."""

import numpy as np
import pytest

from bench import optimisers as bench
from gradwalk import Model, backward, forward, ladder, optimisers
from gradwalk.optimisers import adam, clipped, decayed, momentum, warmed_up
from gradwalk.weights import as_gradients, of_weight

AS_WELL = 1e-4  # on another machine a run drifts by this much at most
COMMITTED = optimisers.committed()


@pytest.fixture
def model():
    return Model.random(seed=3, blocks=2)


def drawn(model, seed):
    """Random arrays in the place of a walk back's gradients, by the weights' names."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=array.shape) for name, array in model.weights.items()}


def given(slopes):
    """A walk back that gives these, one after the other."""
    slopes = iter(slopes)
    return lambda model, values: as_gradients(next(slopes))


def after(model, way, slopes, eta=0.1):
    """The weights after a move for each of these slopes."""
    moved, back = model.copy(), way(given(slopes))
    for _ in slopes:
        moved.move(back(moved, None), eta)
    return moved.weights


def made(model, way, slopes):
    """What the way makes of these slopes at its last move, by the weights' names."""
    back = way(given(slopes))
    grads = [back(model, None) for _ in slopes][-1]
    return {name: of_weight(grads, name) for name in model.weights}


def test_arrays_by_name_become_gradients_and_are_found_again(model):
    slopes = drawn(model, 0)
    grads = as_gradients(slopes)
    assert all(of_weight(grads, name) is slopes[name] for name in model.weights)


def test_momentum_is_the_sum_in_which_each_move_back_counts_mu_times_as_much(model):
    slopes = [drawn(model, k) for k in range(5)]
    for name, run in made(model, lambda back: momentum(back, 0.7), slopes).items():
        closed = sum(0.7 ** (4 - k) * slope[name] for k, slope in enumerate(slopes))
        np.testing.assert_allclose(run, closed, rtol=1e-12)


def test_adam_moves_by_the_sign_of_a_constant_slope_from_the_first_move_on(model):
    slope = drawn(model, 0)
    for moves in (1, 2, 30):
        for name, step in made(model, adam, [slope] * moves).items():
            np.testing.assert_allclose(step, np.sign(slope[name]), atol=1e-4)


def test_adam_hears_no_size(model):
    slopes = [drawn(model, k) for k in range(4)]
    loud = [{name: 100 * slope for name, slope in one.items()} for one in slopes]
    quiet, loud = (made(model, lambda back: adam(back, eps=1e-30), these) for these in (slopes, loud))
    for name, step in quiet.items():
        np.testing.assert_allclose(loud[name], step, rtol=1e-9)


def test_decay_is_the_slope_of_half_lam_w_squared(model):
    slopes = drawn(model, 0)
    for name, step in made(model, lambda back: decayed(back, 0.3), [slopes]).items():
        w, nudge = model.weights[name], 1e-4
        measured = (0.15 * (w + nudge) ** 2 - 0.15 * (w - nudge) ** 2) / (2 * nudge)
        np.testing.assert_allclose(step, slopes[name] + measured, atol=1e-9)


def test_clipping_keeps_the_direction_and_leaves_alone_what_is_short(model):
    slopes = drawn(model, 0)
    norm = np.sqrt(sum((slope**2).sum() for slope in slopes.values()))
    for name, step in made(model, lambda back: clipped(back, norm / 4), [slopes]).items():
        np.testing.assert_allclose(step, slopes[name] / 4, rtol=1e-12)
    for name, step in made(model, lambda back: clipped(back, norm * 1.01), [slopes]).items():
        np.testing.assert_array_equal(step, slopes[name])
    nothing = {name: 0 * slope for name, slope in slopes.items()}
    assert all(not step.any() for step in made(model, lambda back: clipped(back, 1.0), [nothing]).values())


def test_a_warm_up_rises_in_a_straight_line_and_then_is_over(model):
    slopes = drawn(model, 0)
    for moves, share in ((1, 0.25), (3, 0.75), (4, 1.0), (6, 1.0)):
        step = made(model, lambda back: warmed_up(back, 4), [slopes] * moves)
        np.testing.assert_allclose(step["W"], share * slopes["W"], rtol=1e-12)


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (lambda: momentum(backward, 1.0), "mu: "),
        (lambda: adam(backward, beta1=-0.1), "beta1: "),
        (lambda: adam(backward, beta2=1), "beta2: "),
        (lambda: adam(backward, eps=0), "eps: "),
        (lambda: decayed(backward, -1), "lam: "),
        (lambda: clipped(backward, 0), "most: "),
        (lambda: warmed_up(backward, 0), "moves: "),
        (lambda: optimisers.climb("adam", 0.1), "way: "),
    ],
)
def test_what_is_refused(way, told):
    with pytest.raises(ValueError, match=told):
        way()


@pytest.mark.referee
@pytest.mark.parametrize(
    ("way", "theirs", "settings"),
    [
        (lambda back: momentum(back, 0.8), "SGD", {"momentum": 0.8}),
        (adam, "Adam", {}),
        (lambda back: adam(back, 0.7, 0.95, 1e-3), "Adam", {"betas": (0.7, 0.95), "eps": 1e-3}),
        (lambda back: adam(decayed(back, 0.2)), "Adam", {"weight_decay": 0.2}),
        (lambda back: decayed(adam(back), 0.2), "AdamW", {"weight_decay": 0.2}),
        (lambda back: momentum(decayed(clipped(back, 1.5), 0.2)), "SGD", {"momentum": 0.9, "weight_decay": 0.2}),
    ],
)
def test_torch_moves_to_the_same_weights(model, way, theirs, settings):
    torch = pytest.importorskip("torch", reason="PyTorch is the second referee (the extra `referee`)")
    slopes = [drawn(model, k) for k in range(6)]
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in model.weights.items()}
    optimiser = getattr(torch.optim, theirs)(leaves.values(), lr=0.1, **settings)
    for one in slopes:
        for name, leaf in leaves.items():
            leaf.grad = torch.tensor(one[name])
        if theirs == "SGD" and "weight_decay" in settings:
            torch.nn.utils.clip_grad_norm_(leaves.values(), 1.5)
        optimiser.step()
    for name, array in after(model, way, slopes).items():
        # torch divides what is clipped by the norm + 1e-6
        np.testing.assert_allclose(array, leaves[name].detach().numpy(), rtol=1e-6, atol=1e-6)


# What was measured


def test_every_way_is_measured_and_its_best_eta_lies_between_two_others():
    assert [*COMMITTED] == [*optimisers.WAYS] == [*bench.ETAS]
    for way, etas in bench.ETAS.items():
        assert [*COMMITTED[way]] == [f"{eta:g}" for eta in etas]
        stops = [np.inf if one["stop"] is None else one["stop"] for one in COMMITTED[way].values()]
        assert 0 < int(np.argmin(stops)) < len(stops) - 1


def test_the_slope_alone_is_the_ladders_last_rung():
    assert COMMITTED["−η × slope"]["1"]["report"] == [*ladder.committed()["rungs"].values()][-1]


@pytest.mark.slow
@pytest.mark.parametrize(("way", "eta"), [("momentum", 0.1), ("Adam, decay", 0.01)])
def test_a_way_can_be_climbed_again(way, eta):
    again, there = optimisers.climb(way, eta).after, COMMITTED[way][f"{eta:g}"]
    assert (again.stop, again.report) == pytest.approx((there["stop"], there["report"]), abs=AS_WELL)


def test_the_bench_writes_over_nothing(tmp_path):
    there = tmp_path / "optimisers.json"
    there.write_text("mine")
    with pytest.raises(ValueError, match="out: "):
        bench.main(there)
    assert there.read_text() == "mine"


def test_a_walk_of_the_model_goes_through_every_way():
    model = Model.random(seed=290)
    tokens, y = model.read("the dog slept by the fire")
    for make in optimisers.WAYS.values():
        moved, back = model.copy(), make()
        for _ in range(5):
            moved.move(back(moved, forward(moved, tokens, y)), 0.02)
        assert forward(moved, tokens, y).L < forward(model, tokens, y).L
