"""Tuning: the loss falls, only the chosen dials turn, and the same run gives the same bits."""

import contextlib
import io
import sys
from functools import partial

import interrupts
import numpy as np
import pytest
import tqdm

from gradwalk import Model, forward, loss_on, text, tune, tuning
from gradwalk.tuning import Tuned

pytestmark = pytest.mark.slow

COURSE = text.load()
FEW = text.Text(COURSE.sentences[::12], COURSE.words)


def bits(model):
    return {name: array.tobytes() for name, array in model.weights.items()}


@pytest.fixture
def model():
    return Model.untrained(COURSE.words)


def test_loss_on_is_one_big_forward_pass(model):
    sentences = FEW.sentences[:40]
    tokens, y = zip(*(model.read(" ".join(sentence), scored="all") for sentence in sentences), strict=True)
    at_once = forward(model, list(tokens), list(y)).L
    for positions in (1, 50, 10_000):
        assert loss_on(model, sentences, positions) == pytest.approx(at_once, rel=1e-12)
    assert loss_on(model, [" ".join(sentence) for sentence in sentences]) == pytest.approx(at_once, rel=1e-12)


def test_only_the_chosen_weights_move(model):
    start, weights = bits(model), {name: array.copy() for name, array in model.weights.items()}
    tuned = tune(model, FEW, only=["W"], epochs=3, eta=3.0, progress=False)
    assert [name for name in start if bits(model)[name] != start[name]] == ["W"]
    assert all(after < before - 0.1 for before, after in zip(tuned.before, tuned.after, strict=True))
    assert not np.shares_memory(weights["W"], model.weights["W"])


def test_the_short_cut_of_the_output_layer_is_the_whole_walk(model):
    """W, b alone take h as made once; with W1 the whole walk runs. A W1 that gets no slope must make no difference."""
    whole = Model({**model.weights, "W2": np.zeros_like(model.weights["W2"])}, model.words, model.H)
    short = whole.copy()
    settings = {"epochs": 2, "eta": 1.0, "progress": False}
    after_whole = tune(whole, FEW, only=["W", "b", "W1"], **settings).after  # behind W2 = 0, W1 stands still
    after_short = tune(short, FEW, only=["b", "W"], **settings).after
    assert after_short == pytest.approx(after_whole, rel=1e-12)
    for name in whole.weights:
        np.testing.assert_allclose(short.weights[name], whole.weights[name], rtol=0, atol=1e-12)


def test_the_losses_are_those_of_the_three_parts_and_the_best_epoch_is_kept(model):
    parts = text.split(FEW.sentences)
    before = [loss_on(model, part) for part in parts]
    tuned = tune(model, FEW, epochs=4, progress=False)
    assert tuned.before == pytest.approx(before, rel=1e-12)
    assert tuned.after == pytest.approx([loss_on(model, part) for part in parts], rel=1e-12)
    assert [point.epoch for point in tuned.curve] == [0, 1, 2, 3, 4]
    lowest = min(tuned.curve, key=lambda point: point.stop)
    assert (tuned.kept, tuned.after.stop) == (lowest.epoch, pytest.approx(lowest.stop, rel=1e-12))


def test_where_every_epoch_is_worse_the_start_is_kept():
    model = Model.trained()
    start = bits(model)
    tuned = tune(model, FEW, only=["W", "W1"], epochs=1, eta=20.0, progress=False)
    assert tuned.curve[1].stop > tuned.curve[0].stop
    assert tuned.kept == 0
    assert tuned.after == tuned.before
    assert bits(model) == start


def test_the_same_run_gives_the_same_bits():
    runs = []
    for _ in range(2):
        model = Model.untrained(COURSE.words)
        tuned = tune(model, FEW, epochs=1, progress=False)
        runs.append((bits(model), tuned))
    assert runs[0] == runs[1]
    other = Model.untrained(COURSE.words)
    tune(other, FEW, epochs=1, seed=1, progress=False)
    assert bits(other) != runs[0][0]


@pytest.mark.parametrize("form", [{"blocks": 2}, {"tied": True, "final_norm": True, "bias": False}])
def test_every_form_of_model_can_be_tuned(form):
    model = Model.random(words=COURSE.words, D=8, F=12, T_max=24, scale=0.3, **form)
    start = bits(model)
    tuned = tune(model, FEW, epochs=2, progress=False)
    assert tuned.after.report < tuned.before.report - 0.2
    still = [name for name in start if bits(model)[name] == start[name] and not name.endswith("b_K")]
    assert not still  # the slope of b_K is zero but for rounding
    assert tuned.after.stop == pytest.approx(tuned.curve[tuned.kept].stop, rel=1e-12)


def test_strings_do_as_sentences(model):
    other = model.copy()
    tune(model, FEW, only="b", epochs=1, progress=False)
    tune(other, [" ".join(sentence) for sentence in FEW.sentences], only="b", epochs=1, progress=False)
    assert bits(model) == bits(other)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"only": ["W", "W3"]}, "only: there is no weight 'W3'; the nearest: W"),
        ({"only": []}, r"only: wanted a list of weights, at least one, got \[\]"),
        ({"epochs": 0}, "epochs: wanted a whole number of at least 1, got 0"),
        ({"positions": 1.5}, "positions: wanted a whole number"),
        ({"eta": -1.0}, "eta: wanted a finite number above 0, got -1.0"),
        ({"eta": float("nan")}, "eta: wanted a finite number above 0, got nan"),
        ({"eta": 1e300, "epochs": 1}, r"eta: with 1e\+300 the loss is no number in epoch 1"),
    ],
)
def test_what_cannot_be_tuned_is_told_and_nothing_is_lost(model, wrong, told):
    start = bits(model)
    with pytest.raises(ValueError, match=told):
        tune(model, FEW, progress=False, **wrong)
    assert (bits(model), model.version) == (start, 0)


def test_sentences_that_cannot_be_read(model):
    with pytest.raises(ValueError, match="does not know 'zebra'"):
        tune(model, [["the", "zebra"]] * 10, progress=False)
    with pytest.raises(ValueError, match="two words or more in each, got 'dog'"):
        loss_on(model, ["dog"])
    with pytest.raises(ValueError, match=r"^sentences: wanted a list of sentences, at least one, got \[\]"):
        loss_on(model, [])


def test_the_bar_shows_on_a_terminal_only(model, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for stream, progress, shown in [(Terminal(), True, True), (Terminal(), False, False), (io.StringIO(), True, False)]:
        monkeypatch.setattr(sys, "stderr", stream)
        tune(model, FEW, only=["b"], epochs=1, progress=progress)
        assert ("1/1" in stream.getvalue()) == shown


def test_the_bar_moves_from_the_first_second(model, monkeypatch):
    """The losses before the first epoch are counted too, batch by batch."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    seen = []
    losses = tuning._mean_loss

    def first_losses(step, *arguments):
        loss = losses(step, *arguments)
        seen.append(terminal.getvalue())
        return loss

    monkeypatch.setattr(tuning, "_mean_loss", first_losses)
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setattr(tqdm, "tqdm", partial(tqdm.tqdm, mininterval=0, miniters=1))  # drawn at every step
    tune(model, FEW, epochs=1)
    train, stop, report = map(len, text.split(FEW.sentences))
    assert "losses before: 100%" not in seen[0]
    assert f"{train}/{2 * (train + stop) + report}" in seen[0]
    assert "epoch 1/1: 100%" in terminal.getvalue()


def test_what_tuning_says_of_itself(model):
    tuned = tune(model, FEW, only=["b"], epochs=1, progress=False)
    assert isinstance(tuned, Tuned)
    assert repr(tuned) == (
        f"Tuned(held-back loss {tuned.before.report:.4f} to {tuned.after.report:.4f} nats, epoch {tuned.kept} of 1)"
    )


def test_interrupted_anywhere_the_model_is_the_old_one_or_the_tuned_one(monkeypatch):
    """At every line of tuning itself; tests/test_model.py has every line of the one write."""
    few = FEW.sentences[:12]

    def act(model):
        tune(model, few, only=["W", "b"], epochs=1, progress=False)

    def make():
        return Model.random(words=COURSE.words, D=4, F=4, T_max=24, scale=0.3)

    before, done = make(), make()
    act(done)
    assert bits(before) != bits(done)
    ends = [(bits(model), model.version) for model in interrupts.at_every_line(make, act, "tuning.py")]
    assert all(end in [(bits(before), 0), (bits(done), 1)] for end in ends)
    assert ends[0] == (bits(before), 0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("eta", [1e100, 1e300, 1.7e308])
@pytest.mark.parametrize("only", [["W"], ["b"], ["W", "b"], None])
def test_an_eta_beyond_all_numbers_is_told_as_one_and_nothing_else(eta, only):
    """Where the output layer alone moves, there is a shorter way to the loss."""
    model, told = (
        Model.random(),
        [f"the {a} sat by the {b}" for a in ("dog", "cat", "fire", "tree") for b in ("dog", "cat", "fire", "tree")],
    )
    before = {name: array.copy() for name, array in model.weights.items()}
    with contextlib.suppress(ValueError):
        tuned = tune(model, told, only, epochs=2, eta=eta, progress=False)
        assert np.isfinite(tuned.curve).all()
        return
    with pytest.raises(ValueError, match=r"^eta: with .* the loss is no number in epoch"):
        tune(model, told, only, epochs=2, eta=eta, progress=False)
    assert all(np.array_equal(array, before[name]) for name, array in model.weights.items())
