"""The command `gradwalk tune`: a model trained on a text, saved where it may be saved, and what it gained."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

from gradwalk import arguments, checkpoint, files
from gradwalk.model import COURSE_SIZES, Model
from gradwalk.text import baselines, load, split
from gradwalk.tuning import Losses, tune


def train(text: str | Path | None = None, out: str | Path | None = None, seed: int = 0, progress: bool = True) -> None:
    """Train the course's model on the course's text, or on the text file of a learner, save it and print the losses.

    It is saved to `out`, or to trained.safetensors in the current folder, which must then be free; if nothing was
    gained, it is not saved. With the same BLAS on one thread the same text and seed give the same file, bit for bit.
    FileNotFoundError or ValueError, before any training, if the text cannot be used or the model could not be saved:
    only a model that was saved before is ever replaced, and never while another run is about to write there.
    """
    path, ours = _free_path(out)
    files.ready("out", path, ours)
    seed = arguments.whole("seed", seed, least=0)
    told = load(text)
    parts = Losses(*split(told.sentences))
    longest = max(len(sentence) for sentence in told.sentences)
    model = Model.untrained(told.words, seed, max(COURSE_SIZES["T_max"], longest - 1))
    size = sum(array.nbytes for array in model.weights.values())
    with files.claimed("out", path, ours, size):
        print(f"{told}: {len(parts.train)} to train on, {len(parts.stop)} to stop by, {len(parts.report)} to report on")
        print(model, flush=True)
        tuned = tune(model, told, seed=seed, progress=progress)
        if tuned.kept:  # at once: whatever becomes of the printing, nothing is lost
            path = _kept(checkpoint.packed(model), Path(path), ours)
    guesses = [baselines(parts.train, part, told.words) for part in parts]
    rows = {
        "before": tuned.before,
        f"after (epoch {tuned.kept} of {tuned.curve[-1].epoch})": tuned.after,
        "word frequencies": [guess.frequencies for guess in guesses],
        "0.7 bigram + 0.3 word frequencies": [guess.bigram for guess in guesses],
    }
    print(f"{'nats per scored word':<34}{'train':>9}{'stop':>9}{'report':>9}")
    for name, losses in rows.items():
        print(f"{name:<34}" + "".join(f"{loss:9.4f}" for loss in losses))
    if tuned.after.report > guesses[-1].frequencies:
        print("On sentences held back it guesses worse than the word frequencies alone: more text may help.")
    if tuned.kept:
        print(f"saved to {path}; open it with gradwalk.checkpoint.load({str(path)!r})")
    else:
        print(f"Nothing was gained: no epoch was better than the random start. So nothing was saved to {path}.")


def _free_path(out):
    """Where to save, and what may be replaced there: in the learner's own words a model, unasked nothing."""
    if out is not None:
        return out, checkpoint.saved_here
    path = Path("trained.safetensors")
    if os.path.lexists(path):
        raise ValueError(f"out: there is a {path} in this folder, and it stays; say where to save with --out FILE")
    return path, None


def _kept(content, path, ours):
    """Write it where it was to be; if that was taken while the model trained, under the next name that is free."""
    names = chain([path], (path.with_stem(f"{path.stem}-{i}") for i in count(2)))
    for name in names:
        with suppress(files.Taken):
            files.write(name, content, ours, argument="out")
            return name
