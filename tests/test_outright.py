"""Outright or adjustment: its slopes are measured, its shut roads can be seen, its committed runs can be made again."""

import json

import numpy as np
import pytest
from differences import weights_error
from shapes import EDGE, case, flat

from bench import outright as experiment
from gradwalk import Model, forward, outright, text, tune, walk

pytestmark = pytest.mark.slow

COURSE = text.load()
FEW = text.Text(COURSE.sentences[::12], COURSE.words)
COMMITTED = outright.runs()
# Several sentences in each. GELU: one block; two, tied, a final norm. ReLU: one block; two.
CASES = (33, 47, 32, 34)
OUTRIGHT = {"h = m": {"h": "m"}, "h = m, x1 = a": {"h": "m", "x1": "a"}}  # what stands in place of the sums
SETTING = ("blocks", "way", "scale", "eta")
AS_WELL = 1e-4  # on another machine a run drifts by this much at most; in one process it is the same bit for bit


def test_no_unit_of_the_cases_stands_at_its_kink():
    for number in CASES:
        for out, _ in outright.WALKS.values():
            values = out(*case(number))
            assert (
                case(number).model.activation == "gelu" or min(np.abs(block.u).min() for block in values.blocks) > EDGE
            )


@pytest.mark.parametrize("way", outright.WALKS)
@pytest.mark.parametrize("number", CASES)
def test_every_weights_slope_is_the_measured_one(number, way):
    error, name = weights_error(case(number), *outright.WALKS[way])
    assert error <= 1e-6, name


@pytest.mark.parametrize("number", range(0, 64, 5))
def test_with_the_sum_it_is_the_courses_walk(number):
    out, home = outright.WALKS["h = x1 + m"]
    model, tokens, y = case(number)
    ours, theirs = out(model, tokens, y), walk.forward(model, tokens, y)
    for mine, wanted in [(ours, theirs), (home(model, ours), walk.backward(model, theirs))]:
        mine, wanted = flat(mine), flat(wanted)
        assert mine.keys() == wanted.keys()
        assert [name for name in wanted if not np.array_equal(mine[name], wanted[name])] == []


@pytest.mark.parametrize("way", OUTRIGHT)
@pytest.mark.parametrize("number", CASES)
def test_outright_is_the_courses_walk_with_each_sum_held_at_its_adjustment(number, way):
    model, tokens, y = case(number)
    values = outright.WALKS[way][0](model, tokens, y)
    held = {
        f"blocks.{q}.{name}": block[part]
        for q, block in enumerate(values.blocks)
        for name, part in OUTRIGHT[way].items()
    }
    wanted = walk.forward(model, tokens, y, hold=held)
    assert values.L == wanted.L
    for mine, theirs in zip(values.blocks, wanted.blocks, strict=True):
        np.testing.assert_array_equal(mine.m, theirs.m)
    assert values.L != walk.forward(model, tokens, y).L


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("store[ALONE[name]] if name in outright else array", "array"),
        ("np.zeros_like(dL_dh)", "dL_dh"),
        ("np.zeros_like(dL_dx1)", "dL_dx1"),
    ],
    ids=["the sums put back on the way out", "the road to x1 left open", "the road to x0 left open"],
)
def test_a_road_put_back_on_one_way_only_is_seen(breaks, line, wrong):
    breaks(outright, line, wrong)
    assert all(weights_error(case(number), *outright.WALKS["h = m, x1 = a"])[0] > 1e-3 for number in CASES)


def test_values_and_walks_do_not_mix():
    model, tokens, y = case(33)
    model = model.copy()
    out, home = outright.WALKS["h = m"]
    values = out(model, tokens, y)
    with pytest.raises(ValueError, match="h was held by hand"):
        walk.backward(model, values)
    model.turn("b_O", (0,), 0.1)
    with pytest.raises(ValueError, match="turned since"):
        home(model, values)
    with pytest.raises(ValueError, match="nothing was scored"):
        home(model, out(model, tokens))
    held = walk.forward(model, tokens, y, hold={"u": values.u})
    with pytest.raises(ValueError, match=r"^values: there is no sum taken outright 'u'"):
        home(model, held)
    with pytest.raises(ValueError, match=r"^outright: there is no sum 'v'"):
        outright.forward(model, tokens, y, outright=("h", "v"))


def test_tuning_takes_either_walk():
    ends = {}
    for way in (None, "h = x1 + m", "h = m"):
        model = outright.start(COURSE.words, 1, 0.3)
        tuned = tune(model, FEW, epochs=1, eta=0.3, progress=False, **({"walk": outright.WALKS[way]} if way else {}))
        ends[way] = np.concatenate([array.ravel() for array in model.weights.values()]), tuned.after.report
    (own, loss), (same, same_loss), (other, _) = (ends[way] for way in (None, "h = x1 + m", "h = m"))
    np.testing.assert_allclose(same, own, rtol=0, atol=1e-12)  # sentences are walked in other groups
    assert same_loss == pytest.approx(loss, rel=1e-12)
    assert np.abs(other - own).max() > 1e-3


def test_the_short_cut_of_the_output_layer_takes_h_from_the_walk():
    model = outright.start(COURSE.words, 1, 1.0)
    tuned = tune(model, FEW, only=["W", "b"], epochs=1, eta=1.0, progress=False, walk=outright.WALKS["h = m"])
    tokens, y = zip(*(model.read(" ".join(one), "all") for one in text.split(FEW.sentences)[2]), strict=True)
    whole = outright.forward(model, list(tokens), list(y)).L
    assert tuned.after.report == pytest.approx(whole, rel=1e-12)


def test_similarity_is_the_mean_cosine_of_different_words():
    rows, tokens = np.random.default_rng(0).standard_normal((5, 3)), np.array([2, 7, 2, 1, 7])
    pairs = [(s, t) for s in range(5) for t in range(5) if tokens[s] != tokens[t]]
    cosines = [rows[s] @ rows[t] / np.sqrt(rows[s] @ rows[s] * (rows[t] @ rows[t])) for s, t in pairs]
    assert outright.similarity(rows, tokens) == pytest.approx(np.mean(cosines), rel=1e-12)
    assert outright.similarity(np.ones((2, 3)), np.array([0, 1])) == pytest.approx(1)


# ---- the committed runs


def test_the_search_is_whole_and_the_best_that_holds_out_runs_long():
    asked = {(one["blocks"], one["way"], one["scale"], one["eta"]): one["loss"] for one in COMMITTED["search"]}
    assert len(asked) == len(COMMITTED["search"])
    assert len(asked) == len(experiment.BLOCKS) * len(outright.WALKS) * len(experiment.SCALES) * len(experiment.ETAS)
    assert [(run["blocks"], run["way"]) for run in COMMITTED["runs"]] == [
        (blocks, way) for blocks in experiment.BLOCKS for way in outright.WALKS
    ]
    for run in COMMITTED["runs"]:
        tried = [one for one in COMMITTED["search"] if (one["blocks"], one["way"]) == (run["blocks"], run["way"])]
        assert {name: run[name] for name in SETTING} in [
            {name: one[name] for name in SETTING} for one in experiment.promising(tried)
        ]
        assert run["kept"] == int(np.argmin(run["stop"]))
        assert len(run["train"]) == len(run["stop"]) == experiment.LONG + 1
        assert len(run["similarity"]) == len(run["dL_dh"]) == len(run["dL_dW1"]) + 1 == run["blocks"] + 1


def test_what_became_of_the_deep_run_begins_where_it_is_said_to():
    run = next(run for run in COMMITTED["runs"] if (run["blocks"], run["way"]) == (8, "h = m"))
    longer, *on = COMMITTED["further"]
    assert (longer["from"], longer["eta"], len(longer["train"])) == ("the start", run["eta"], experiment.LONGER + 1)
    assert (longer["train"][0], longer["stop"][0]) == (run["train"][0], run["stop"][0])
    assert [row["eta"] for row in on] == [*experiment.ON_ETAS]
    for row in on:
        assert (row["from"], len(row["train"])) == ("the long run", experiment.ON + 1)
        assert row["stop"][0] == pytest.approx(run["stop"][run["kept"]], abs=0.05)  # where it wakes, last digits grow
    for row in COMMITTED["further"]:
        assert len(row["stop"]) == len(row["train"])
        assert row["kept"] == int(np.argmin(row["stop"]))


def test_the_best_setting_runs_long_and_so_does_the_next_larger_eta_that_held_out():
    losses = {(0.3, 0.1): 4.0, (0.3, 0.3): 5.0, (0.3, 1.0): 4.5, (1.0, 0.3): 4.2, (0.3, 3.0): None}
    tried = [{"scale": scale, "eta": eta, "loss": loss} for (scale, eta), loss in losses.items()]
    assert [(one["scale"], one["eta"]) for one in experiment.promising(tried)] == [(0.3, 0.1), (0.3, 0.3)]
    assert [(one["scale"], one["eta"]) for one in experiment.promising(tried[2:])] == [(1.0, 0.3)]
    assert [(one["scale"], one["eta"]) for one in experiment.promising(tried[2:3] + tried[4:])] == [(0.3, 1.0)]


@pytest.mark.parametrize("way", OUTRIGHT)
def test_an_entry_of_the_search_can_be_made_again(way):
    one = next(one for one in COMMITTED["search"] if one["way"] == way and one["scale"] == one["eta"] == 0.3)
    _, tuned = outright.attempt(COURSE, 1, way, 0.3, 0.3, experiment.SEARCHED)
    assert tuned.after.stop == pytest.approx(one["loss"], abs=AS_WELL)


def test_the_first_epoch_of_the_deep_run_can_be_made_again():
    """Walk as the command does, note each batch's loss, and stop where the second epoch would begin."""
    run = next(run for run in COMMITTED["runs"] if (run["blocks"], run["way"]) == (8, "h = m"))
    out, home = outright.WALKS["h = m"]
    losses, sentences = [], []

    class Enough(Exception):
        pass

    def noted_home(model, values):
        if sum(sentences) == len(text.split(COURSE.sentences)[0]):
            raise Enough
        losses.append(values.L)
        sentences.append(int((values.places == 0).sum()))
        return home(model, values)

    model = outright.start(COURSE.words, 8, run["scale"])
    with pytest.raises(Enough):
        tune(model, COURSE, epochs=experiment.LONG, eta=run["eta"], progress=False, walk=(out, noted_home))
    assert np.average(losses, weights=sentences) == pytest.approx(run["train"][1], abs=AS_WELL)


def test_the_command_writes_what_it_found_and_overwrites_nothing(tmp_path, monkeypatch, capsys):
    small = {"BLOCKS": (2,), "SCALES": (0.3,), "ETAS": (0.3, 1e9), "SEARCHED": 1, "LONG": 1, "LOOKED_AT": 3}
    small |= {"LONGER": 2, "ON": 1, "ON_ETAS": (0.1,)}
    for name, value in small.items():
        monkeypatch.setattr(experiment, name, value)
    monkeypatch.setattr(experiment, "load", lambda: FEW)
    monkeypatch.chdir(tmp_path)
    experiment.main()
    told = json.loads((tmp_path / "outright.json").read_text(encoding="utf-8"))
    assert "written to outright.json" in capsys.readouterr().out
    assert [one["loss"] is None for one in told["search"]] == [False, True] * len(outright.WALKS)
    assert [(run["way"], run["eta"]) for run in told["runs"]] == [(way, 0.3) for way in outright.WALKS]
    for run in told["runs"]:
        model, tuned = outright.attempt(FEW, 2, run["way"], 0.3, 0.3, 1)
        assert run["report"] == pytest.approx(tuned.after.report, abs=1e-6)
        seen = outright.floors(model, run["way"], text.split(FEW.sentences)[2][:3])
        for name, numbers in seen.items():
            assert run[name] == pytest.approx(numbers, rel=1e-5)
    model, _ = outright.attempt(FEW, 2, "h = m", 0.3, 0.3, 1)
    wanted = [
        outright.attempt(FEW, 2, "h = m", 0.3, 0.3, 2)[1],
        tune(model, FEW, epochs=1, eta=0.1, progress=False, walk=outright.WALKS["h = m"]),
    ]
    assert [row["report"] for row in told["further"]] == pytest.approx([one.after.report for one in wanted], abs=1e-6)
    with pytest.raises(ValueError, match=r"^out: there is a outright\.json that is not gradwalk's to replace"):
        experiment.main()


def test_what_does_not_fit_is_refused_by_its_argument():
    model = Model.random()
    tokens, y = model.read("the dog slept")
    for names in (None, 3, "h", [3], [[]], ["z"], np.array(1.5)):
        with pytest.raises(ValueError, match=r"^outright: "):
            outright.forward(model, tokens, y, names)
    with pytest.raises(ValueError, match=r"^model: wanted a Model, got None"):
        outright.forward(None, tokens, y)
    with pytest.raises(ValueError, match=r"^model: wanted a Model, got None"):
        outright.backward(None, outright.forward(model, tokens, y))
    with pytest.raises(ValueError, match=r"^values: wanted a Values, got None"):
        outright.backward(model, None)
    assert outright.forward(model, tokens, y, ()).L == forward(model, tokens, y).L
