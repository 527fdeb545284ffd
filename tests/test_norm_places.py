"""Where the norm stands: slopes are measured, each place is seen on the way out, runs can be made again."""

import json

import numpy as np
import pytest
from differences import weights_error
from shapes import case, flat

from bench import norm_places as experiment
from gradwalk import forward, norm_places, outright, text, walk
from gradwalk.step3_layernorm import layernorm

pytestmark = pytest.mark.slow

COURSE = text.load()
FEW = text.Text(COURSE.sentences[::12], COURSE.words)
COMMITTED = outright.runs(norm_places.COMMITTED)
# Several sentences in each. GELU: one block; two, tied, a final norm. ReLU: one block; two.
CASES = (33, 47, 32, 34)
OTHERS = ("no norm", "norm last")
AS_WELL = 1e-4  # on another machine a run drifts by this much at most


@pytest.mark.parametrize("place", norm_places.PLACES)
@pytest.mark.parametrize("number", CASES)
def test_every_weights_slope_is_the_measured_one(number, place):
    error, name = weights_error(case(number), *norm_places.WALKS[place])
    assert error <= 1e-6, name


@pytest.mark.parametrize(
    ("line", "wrong", "place"),
    [
        ("array = store[READ[name]]", "pass", "no norm"),
        ("array = norm.function(", "norm.function(", "norm last"),
        ('"dL_dm": to_h, "dL_dx1_via_h": to_h', '"dL_dm": to_h', "norm last"),
        ('"dL_da": to_x1, "dL_dx0_via_x1": to_x1', '"dL_da": to_x1', "norm last"),
        ("lambda dL_dv: norm.dL_dbeta(arrived[n])", "lambda dL_dv: norm.dL_dbeta(dL_dv)", "norm last"),
        ("norm.dL_dgamma(arrived[n], sums[n], eps)", "norm.dL_dgamma(arrived[n], x1, eps)", "norm last"),
    ],
)
def test_a_line_forgotten_is_seen(breaks, line, wrong, place):
    breaks(norm_places, line, wrong)
    assert all(weights_error(case(number), *norm_places.WALKS[place])[0] > 1e-3 for number in CASES)


@pytest.mark.parametrize("number", range(0, 64, 7))
def test_with_the_norm_first_it_is_the_courses_walk(number):
    model, tokens, y = case(number)
    ours, theirs = norm_places.forward(model, tokens, y), walk.forward(model, tokens, y)
    for mine, wanted in [(ours, theirs), (norm_places.backward(model, ours), walk.backward(model, theirs))]:
        mine, wanted = flat(mine), flat(wanted)
        assert mine.keys() == wanted.keys()
        assert [name for name in wanted if not np.array_equal(mine[name], wanted[name])] == []


@pytest.mark.parametrize("place", OTHERS)
@pytest.mark.parametrize("number", CASES)
def test_what_stands_where(number, place):
    model, tokens, y = case(number)
    values, eps = norm_places.forward(model, tokens, y, place), model.settings["eps"]
    for weights, here in zip(model.blocks, values.blocks, strict=True):
        sums = {"x1": here.x0 + here.a, "h": here.x1 + here.m}
        np.testing.assert_array_equal(here.n, here.x0)
        np.testing.assert_array_equal(here.v, here.x1)
        for n, (name, total) in enumerate(sums.items(), 1):
            normed = layernorm(total, weights[f"gamma{n}"], weights[f"beta{n}"], eps)
            np.testing.assert_array_equal(here[name], normed if place == "norm last" else total)
    held = {f"blocks.{q}.{name}": here[name] for q, here in enumerate(values.blocks) for name in ("n", "v", "x1", "h")}
    assert values.L == forward(model, tokens, y, hold=held).L


def test_the_dials_of_a_norm_that_stands_nowhere_are_dead():
    model, tokens, y = case(34)
    grads = norm_places.backward(model, norm_places.forward(model, tokens, y, "no norm"))
    dead = [here[f"dL_d{dial}{n}"] for here in grads.blocks for dial in ("gamma", "beta") for n in "12"]
    assert not np.any(dead)


def test_what_does_not_fit_is_refused_by_its_argument():
    model, tokens, y = case(33)
    for place in (None, 3, "first", [], ["norm last"]):
        with pytest.raises(ValueError, match=r"^place: "):
            norm_places.forward(model, tokens, y, place)
    values = norm_places.forward(model, tokens, y, "norm last")
    with pytest.raises(ValueError, match="norm last was held by hand"):
        walk.backward(model, values)
    with pytest.raises(ValueError, match=r"^values: "):
        norm_places.backward(model, forward(model, tokens, y, hold={"u": values.u}))
    with pytest.raises(ValueError, match=r"^values: wanted a Values, got None"):
        norm_places.backward(model, None)


# ---- the committed runs


def test_the_search_is_whole_and_one_of_the_best_runs_long():
    asked = {(one["blocks"], one["way"], one["scale"], one["eta"]) for one in COMMITTED["search"]}
    settings = len(experiment.SCALES) * len(experiment.ETAS)
    kinds = [(blocks, place) for blocks in experiment.BLOCKS for place in norm_places.WALKS]
    assert len(asked) == len(COMMITTED["search"]) == len(kinds) * settings
    assert [(run["blocks"], run["way"]) for run in COMMITTED["runs"]] == kinds
    for run in COMMITTED["runs"]:
        assert (run["blocks"], run["way"], run["scale"], run["eta"]) in asked
        assert run["kept"] == int(np.argmin(run["stop"]))
        assert len(run["train"]) == len(run["stop"]) == experiment.LONG + 1
        assert len(run["similarity"]) == len(run["dL_dh"]) == len(run["dL_dW1"]) + 1 == run["blocks"] + 1


@pytest.mark.parametrize("place", OTHERS)
def test_an_entry_of_the_search_can_be_made_again(place):
    one = next(one for one in COMMITTED["search"] if one["way"] == place and one["scale"] == one["eta"] == 0.3)
    _, tuned = outright.attempt(COURSE, 1, place, 0.3, 0.3, experiment.SEARCHED, norm_places.WALKS)
    assert tuned.after.stop == pytest.approx(one["loss"], abs=AS_WELL)


def test_the_command_writes_what_it_found_and_overwrites_nothing(tmp_path, monkeypatch):
    small = {"BLOCKS": (2,), "SCALES": (0.3,), "ETAS": (0.3, 1e9), "SEARCHED": 1, "LONG": 1, "load": lambda: FEW}
    for name, value in small.items():
        monkeypatch.setattr(experiment, name, value)
    monkeypatch.chdir(tmp_path)
    experiment.main()
    told = json.loads((tmp_path / "norm_places.json").read_text(encoding="utf-8"))
    assert [one["loss"] is None for one in told["search"]] == [False, True] * len(norm_places.WALKS)
    for run in told["runs"]:
        _, tuned = outright.attempt(FEW, 2, run["way"], 0.3, 0.3, 1, norm_places.WALKS)
        assert run["report"] == pytest.approx(tuned.after.report, abs=1e-6)
    with pytest.raises(ValueError, match=r"^out: there is a norm_places\.json that is not gradwalk's to replace"):
        experiment.main()
