"""Tuning: turn every dial a little against its slope, again and again, by the very gradients of the walk back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from gradwalk import arguments, step1_output
from gradwalk.by_heart import ByHeart
from gradwalk.model import Model, TooLarge
from gradwalk.text import Text, split
from gradwalk.walk import Values, forward, output_back
from gradwalk.weights import as_gradients


class Losses(NamedTuple):
    """Nats per scored word on the three parts of a text: trained on, stopped by, reported on."""

    train: float
    stop: float
    report: float


class Point(NamedTuple):
    """One epoch of the curve. `train` is the mean over its batches, each as it was before its own move."""

    epoch: int
    train: float
    stop: float


@dataclass(frozen=True)
class Tuned:
    """What tuning gained: the losses before and after, the curve from epoch 0, and the epoch that was kept."""

    before: Losses
    after: Losses
    curve: list[Point]
    kept: int

    def __repr__(self):
        held_back = f"held-back loss {self.before.report:.4f} to {self.after.report:.4f} nats"
        return f"Tuned({held_back}, epoch {self.kept} of {self.curve[-1].epoch})"


def tune(
    model: Model,
    text: Text | Sequence,
    only: Iterable[str] | None = None,
    *,
    epochs: int = 30,
    eta: float = 0.5,
    positions: int = 128,
    seed: int = 0,
    progress: bool = True,
    walk: tuple[Callable, Callable] | None = None,
) -> Tuned:
    """Gradient descent on the weights named in `only`, or on all of them.

    text: a Text, or sentences as strings or lists of words, parted 80/10/10 by `text.split`. Every word of a
    sentence but the first is scored. A move goes by -eta times the slope on whole sentences of about `positions`
    positions together; eta falls in a straight line to 0. The weights of the epoch with the lowest loss on the
    second part are kept. `seed` shuffles the sentences anew for each epoch; the parts are always the same.
    `progress` shows a bar, on a terminal only. `walk`: a walk out and one back, as `forward` and
    `backward`, for a block with other lines.

    The model is written to once, at the end: interrupt it, and nothing has changed. ValueError for a weight that
    does not exist, a word that the model does not know, or an eta so large that the loss is no longer a number.
    """
    names = arguments.instance("model", model, Model).chosen(only)
    moved = names if only is not None else None  # each move asks of every name whether there is such a weight
    epochs, positions = arguments.whole("epochs", epochs, least=1), arguments.whole("positions", positions, least=1)
    eta, seed = arguments.number("eta", eta, above=0), arguments.whole("seed", seed)
    sentences = text.sentences if isinstance(text, Text) else arguments.several("text", text, "sentences")
    parts = [_examples(model, part) for part in split(sentences)]
    work = model.copy()
    step = ByHeart(work) if walk is None else partial(_whole_walk, walk)
    if set(names) <= {"W", "b"} and "gammaf" not in model.weights:
        parts = [_intended(walk[0] if walk else forward, work, part, positions) for part in parts]
        step = _output_layer
    train, stop, _ = parts
    bar = _bar(sum(map(len, parts)) + epochs * (len(train) + len(stop)), progress)
    step = _counted(step, bar)

    before = Losses(*(_mean_loss(step, work, part, positions) for part in parts))
    curve = [Point(0, before.train, before.stop)]
    best = {name: work.weights[name].copy() for name in names}
    chance = random.Random(seed)
    with bar:
        for epoch in range(1, epochs + 1):
            bar.set_description(f"epoch {epoch}/{epochs}", refresh=False)
            draws = [chance.random() for _ in train]
            shuffled = [train[i] for i in sorted(range(len(train)), key=draws.__getitem__)]
            try:
                loss = _epoch(step, work, shuffled, positions, moved, eta * (1 - (epoch - 1) / epochs), eta / epochs)
                curve.append(Point(epoch, loss, _mean_loss(step, work, stop, positions)))
            except TooLarge:
                told = f"eta: with {eta} the loss is no number in epoch {epoch}; wanted a smaller one"
                raise ValueError(told) from None
            if curve[-1].stop < min(point.stop for point in curve[:-1]):
                best = {name: work.weights[name].copy() for name in names}
            bar.set_postfix_str(f"loss {curve[-1].stop:.4f}", refresh=False)
    kept = model.copy()
    _become(kept, best)
    after = Losses(*(_mean_loss(step, kept, part, positions) for part in parts))
    tuned = Tuned(before, after, curve, min(curve, key=lambda point: point.stop).epoch)
    _become(model, best)  # the one write, and the last line: an interrupt before it has changed nothing
    return tuned


def loss_on(model: Model, sentences: Iterable[str | Sequence[str]], positions: int = 128) -> float:
    """Mean nats per scored word over all `sentences`: strings or lists of words, every word but the first scored.

    The walk goes over about `positions` positions at a time, so that memory stays small.
    """
    examples = _examples(arguments.instance("model", model, Model), sentences)
    return _mean_loss(ByHeart(model), model, examples, arguments.whole("positions", positions, least=1))


def _examples(model, sentences):
    """Each sentence as (tokens, y), every position scored."""
    examples = []
    for sentence in arguments.several("sentences", sentences, "sentences"):
        numbers = model.number(sentence)
        if len(numbers) < 2:
            raise arguments.refused("sentences", "two words or more in each", sentence)
        if len(numbers) > model.T_max + 1:
            raise ValueError(f"sentences: wanted at most {model.T_max + 1} words in each, got {len(numbers)}")
        examples.append((numbers[:-1], numbers[1:]))
    return examples


def _batches(examples, positions):
    """Whole sentences, one after the other, until a batch has at least so many positions."""
    batch, filled = [], 0
    for example in examples:
        batch.append(example)
        filled += len(example[1])
        if filled >= positions:
            yield batch
            batch, filled = [], 0
    if batch:
        yield batch


def _whole_walk(walk, model, batch, back=False):
    """The loss of a batch, and, if `back`, all its gradients."""
    tokens, y = map(list, zip(*batch, strict=True))
    out, home = walk
    values = out(model, tokens, y)
    return values.L, home(model, values) if back else None


def _output_layer(model, batch, back=False):
    """The same where only W and b move: h was made once for all, the walk begins and ends at the output layer."""
    h, y = map(np.concatenate, zip(*batch, strict=True))  # (T, D), (T,)
    weights = model.weights
    with np.errstate(over="ignore", invalid="ignore"):  # told in words, below
        values = Values(h=h, y=y, z=step1_output.logits(h, weights["W"], weights.get("b", 0.0)))
        values.L = step1_output.loss(values.z, y)
    if not np.isfinite(values.L):
        raise TooLarge(f"model: L is no number any more in {model.dtype}; wanted smaller weights or values")
    if not back:
        return values.L, None
    values.p = step1_output.softmax(values.z)  # (T, N)
    return values.L, output_back(model, values)


def _intended(out, model, examples, positions):
    """Each example as (h, y): the intended meaning in place of the words."""
    made = []
    for batch in _batches(examples, positions):
        h = out(model, [tokens for tokens, _ in batch]).h  # (T, D)
        borders = np.cumsum([len(y) for _, y in batch])[:-1]
        made.extend(zip(np.split(h, borders), (y for _, y in batch), strict=True))
    return made


def _mean_loss(step, model, examples, positions):
    total = scored = 0
    for batch in _batches(examples, positions):
        count = sum(len(y) for _, y in batch)
        total, scored = total + step(model, batch)[0] * count, scored + count
    return float(total / scored)


def _epoch(step, model, examples, positions, only, eta, fall):
    """Once over all examples while eta falls by `fall`. The mean loss, of each batch before its own move."""
    total = seen = 0
    for batch in _batches(examples, positions):
        loss, grads = step(model, batch, back=True)
        model.move(grads, eta - fall * seen / len(examples), only=only)
        total, seen = total + loss * len(batch), seen + len(batch)
    return float(total / seen)


def _become(model, weights):
    """Give the model these weights by one move, the only way to write."""
    model.move(
        as_gradients({name: model.weights[name] - array for name, array in weights.items()}), 1.0, only=list(weights)
    )


def _counted(step, bar):
    """The same step, which moves the bar on by the sentences of its batch."""

    def counted(model, batch, back=False):
        done = step(model, batch, back)
        bar.update(len(batch))
        return done

    return counted


def _bar(sentences, progress):
    """One bar for the losses before and for every epoch, on a terminal only: None means that."""
    from tqdm import tqdm

    return tqdm(total=sentences, desc="losses before", unit=" sentences", disable=None if progress else True)
