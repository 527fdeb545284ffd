"""The command `gradwalk tune`: it saves what it trained, and replaces nothing else."""

import io
import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from folders import snapshot

from gradwalk import Model, checkpoint, loss_on, text, tune
from gradwalk.course import training

pytestmark = pytest.mark.slow

HERE = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}  # other processes run this package, too


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A learner's text, in a folder of the learner's own."""
    lines = product(["the dog", "a cat", "one cow"], ["sat", "ran"], ["here", "there again"])
    (tmp_path / "own.txt").write_text("\n".join(map(" ".join, lines)), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "own.txt"


@pytest.fixture
def no_training(monkeypatch):
    """From here on training is an error."""

    def trains(*_, **__):
        raise AssertionError("trained")

    monkeypatch.setattr(training, "tune", trains)


def test_the_command_prints_the_figures_and_saves_the_model(own, capsys):
    training.train(own, progress=False)
    rows = {line[:34].strip(): line.split()[-3:] for line in capsys.readouterr().out.splitlines()}
    saved = checkpoint.load("trained.safetensors")
    told = text.load(own)
    train, _, report = text.split(told.sentences)
    assert saved.words == told.words
    assert rows["before"][-1] == f"{loss_on(Model.untrained(told.words), report):.4f}"
    after = next(figures for name, figures in rows.items() if name.startswith("after"))
    assert after[-1] == f"{loss_on(saved, report):.4f}"
    guesses = text.baselines(train, report, told.words)
    assert rows["word frequencies"][-1] == f"{guesses.frequencies:.4f}"
    assert rows["0.7 bigram + 0.3 word frequencies"][-1] == f"{guesses.bigram:.4f}"

    before = snapshot(own.parent)
    with pytest.raises(ValueError, match=r"there is a trained\.safetensors in this folder, and it stays"):
        training.train(own, progress=False)
    assert snapshot(own.parent) == before
    training.train(own, out=own.with_name("again.safetensors"), progress=False)
    stamp = before["trained.safetensors"]
    assert snapshot(own.parent) == before | {"again.safetensors": stamp}  # the same run, bit for bit
    training.train(own, out=own.with_name("again.safetensors"), progress=False, seed=1)  # one of ours is replaced
    assert own.with_name("again.safetensors").read_bytes() != stamp


@pytest.mark.parametrize(
    "out", ["own.txt", "notes.md", "nb.ipynb", ".", "no/folder", "empty", "dangling", checkpoint.__file__]
)
def test_what_is_no_model_of_ours_is_told_before_any_training_and_stays(own, no_training, out):
    for name in ("notes.md", "nb.ipynb", "empty"):
        own.with_name(name).write_text("" if name == "empty" else f"my {name}")
    own.with_name("dangling").symlink_to("nothing")
    before, package = snapshot(own.parent), Path(checkpoint.__file__).read_bytes()
    with pytest.raises(ValueError, match=r"^out: "):
        training.train(own, out=out)
    assert snapshot(own.parent) == before
    assert Path(checkpoint.__file__).read_bytes() == package


def test_the_courses_own_model_stays(own, no_training):
    trained = text.COURSE.with_name("trained.safetensors")
    before = trained.read_bytes()
    with pytest.raises(ValueError, match=r"out: there is a .*trained\.safetensors that is not gradwalk's to replace"):
        training.train(own, out=trained)
    assert trained.read_bytes() == before


def test_of_two_runs_in_one_folder_one_says_that_the_name_is_taken(own):
    """Real processes: the first holds its name while it trains, and the second hears of it before it trains."""
    command = [sys.executable, "-m", "gradwalk", "tune", "--text"]
    (own.parent / "long.txt").write_bytes(text.COURSE.read_bytes())
    run = partial(subprocess.Popen, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=own.parent, env=HERE)
    before = snapshot(own.parent)
    first = run([*command, "long.txt"])
    first.stdout.readline()
    for out in ([], ["--out", "trained.safetensors"]):
        second = run([*command, own, *out])
        told = "gradwalk: out: another run is writing trained.safetensors; wanted another name, or some patience\n"
        assert second.communicate() == ("", told)
        assert second.returncode == 2
    elsewhere = run([*command, own, "--out", "other"])
    assert "saved to other" in elsewhere.communicate()[0]
    own.with_name("other").unlink()
    first.send_signal(signal.SIGTERM)  # told to go, it leaves nothing
    _, complaint = first.communicate()
    if os.name != "nt":  # there it is a kill
        assert (first.returncode, complaint) == (143, "")
        assert snapshot(own.parent) == before


def test_where_the_name_was_taken_meanwhile_nothing_is_lost(own, monkeypatch, capsys):
    """Somebody saves a model of ours under the very name while this one trains."""
    other = checkpoint.packed(Model.random())

    def meanwhile(*arguments, **options):
        own.with_name("trained.safetensors").write_bytes(other)
        own.with_name("trained-2.safetensors").write_bytes(b"mine")
        return tune(*arguments, **options)

    monkeypatch.setattr(training, "tune", meanwhile)
    training.train(own, progress=False)
    assert "saved to trained-3.safetensors" in capsys.readouterr().out
    assert checkpoint.load("trained-3.safetensors").words == text.load(own).words
    assert own.with_name("trained.safetensors").read_bytes() == other
    assert own.with_name("trained-2.safetensors").read_bytes() == b"mine"


def test_where_nothing_was_gained_it_is_said_and_the_better_model_stays(tmp_path, monkeypatch, capsys):
    """Words that are each there once: what is learned of some says nothing of the others."""
    monkeypatch.chdir(tmp_path)
    Path("once.txt").write_text("\n".join(f"a{i} b{i} c{i}" for i in range(12)))
    checkpoint.save(Model.random(), "mine")
    before = snapshot(tmp_path)
    training.train("once.txt", out="mine", progress=False)
    said = capsys.readouterr().out
    assert "Nothing was gained: no epoch was better than the random start. So nothing was saved to mine." in said
    assert "saved to mine;" not in said
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(("report", "told"), [(9.0, True), (0.1, False)])
def test_a_loss_above_word_frequencies_is_said_in_a_sentence(own, monkeypatch, capsys, report, told):
    def ends_at(*arguments, **options):
        tuned = tune(*arguments, **options)
        return replace(tuned, after=tuned.after._replace(report=report))

    monkeypatch.setattr(training, "tune", ends_at)
    training.train(own, progress=False)
    assert ("it guesses worse than the word frequencies alone" in capsys.readouterr().out) == told


def test_the_model_is_saved_before_anything_that_can_fail_after_it(own, monkeypatch):
    """Such as printing, where nobody reads on."""

    class Shut(io.StringIO):
        def write(self, said):
            if "nats" in said:
                raise BrokenPipeError
            return len(said)

    monkeypatch.setattr(sys, "stdout", Shut())
    with pytest.raises(BrokenPipeError):
        training.train(own, progress=False)
    assert checkpoint.load("trained.safetensors").words == text.load(own).words


def test_a_seed_that_is_none_is_named(own, no_training):
    for seed in (-1, 1.5, "x", None):
        with pytest.raises(ValueError, match="seed: wanted a whole number of at least 0, got"):
            training.train(own, seed=seed)
