"""The fuzzer finds nothing in a short run, and finds what is planted. `python tests/fuzz.py 100000` is the long run."""

import fuzz
import pytest

from gradwalk import arguments, dial, measure, model, walk

pytestmark = pytest.mark.slow


def test_a_short_run_finds_nothing():
    run = fuzz.run(1500, seed=7)
    assert run.findings == []
    assert run.counts["accepted"] > 300
    assert run.counts["refused"] > 300
    assert run.counts["held to the reference"] > 100


@pytest.fixture
def only(monkeypatch):
    """A short run through one door."""

    def go(door, calls=150):
        init = fuzz.Fuzz.__init__

        def narrowed(self, *given):
            init(self, *given)
            self.doors = {door: self.doors[door]}

        monkeypatch.setattr(fuzz.Fuzz, "__init__", narrowed)
        return fuzz.run(calls).findings

    return go


def test_a_loss_that_is_a_little_off_is_found(only, monkeypatch):
    loss = walk.step1_output.loss
    monkeypatch.setattr(walk.step1_output, "loss", lambda z, y, p: loss(z, y, p) + 1e-6)
    assert any("forward of" in finding for finding in only("forward"))


def test_a_dial_that_looks_at_the_callers_array_is_found(only, monkeypatch):
    monkeypatch.setattr(dial, "sentences", lambda argument, given: given)
    assert any("Dial" in finding for finding in only("dial", 400))


def test_a_slope_measured_in_float32_is_found(only, monkeypatch):
    monkeypatch.setattr(measure, "_exact", lambda model: model)
    assert any("measured" in finding for finding in only("measured", 400))


def test_a_write_by_halves_is_found(only, monkeypatch):
    def turn(self, name, index, by):
        self._put([("W", (0, 0), self.weights["W"][0, 0] + 1.0)], self.version)
        return right(self, name, index, by)

    right = model.Model.turn
    monkeypatch.setattr(model.Model, "turn", turn)
    assert any("half-written" in finding for finding in only("turn"))


def test_another_exception_and_a_word_that_names_nothing_are_found(only, monkeypatch):
    monkeypatch.setattr(arguments, "number", lambda argument, given, **limits: float(given))
    findings = only("turn", 300)
    assert any("TypeError" in finding for finding in findings)
    assert any("unclear" in finding for finding in findings)
