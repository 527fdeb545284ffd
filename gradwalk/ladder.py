"""The ladder: how far the held-back loss falls as more of the weights are tuned, in the order in which they are walked.

Every rung begins from the same random model and is climbed by one recipe, so that rungs may be compared. The committed
losses, data/ladder.json, are made by bench/ladder.py; a stop with new weights climbs its own rung again.
"""

from __future__ import annotations

import json
from pathlib import Path

from gradwalk import arguments
from gradwalk.model import Model
from gradwalk.text import baselines, load, split
from gradwalk.tuning import Tuned, tune

COMMITTED = Path(__file__).parent / "data" / "ladder.json"
ETA, EPOCHS = 1.0, 5  # with 2.0 the loss is no number any more once attention is tuned
_ATTENTION = ["gamma1", "beta1", "W_Q", "b_Q", "W_K", "b_K", "W_V", "b_V", "W_O", "b_O"]
NEW = {  # each rung's own weights, which come to those below it
    "W": ["W"],
    "W and b": ["b"],
    "+ MLP": ["W1", "b1", "W2", "b2"],
    "+ LN2": ["gamma2", "beta2"],
    "+ attention and LN1": _ATTENTION,
    "+ embeddings": ["E", "E_pos"],
}


def weights(rung: str) -> list[str]:
    """The names of all weights that are tuned on this rung. ValueError for a rung that there is none of."""
    arguments.one_of("rung", rung, NEW, "rung")
    upto = [*NEW].index(rung) + 1
    return [name for new in [*NEW.values()][:upto] for name in new]


def climb(rung: str) -> Tuned:
    """Tune the weights of this rung on the course's text; all others stay as random as they began. A few seconds.

    ValueError for a rung that there is none of.
    """
    course = load()
    start = Model.untrained(course.words)
    return tune(start, course, only=weights(rung), eta=ETA, epochs=EPOCHS, progress=False)


def count() -> dict[str, float]:
    """What counting bets at, without any model: the loss by "word frequencies" and by "word pairs", and the "mix".

    The mix is how much of a bet goes by pairs. As a model's epoch is, it is chosen on the part to stop by.
    """
    course = load()
    train, stop_by, held_back = split(course.sentences)
    hundredths = [k / 100 for k in range(100)]
    mix = min(hundredths, key=lambda share: baselines(train, stop_by, course.words, share).bigram)
    counted = baselines(train, held_back, course.words, mix)
    return {"word frequencies": counted.frequencies, "word pairs": counted.bigram, "mix": mix}


def committed() -> dict[str, dict[str, float]]:
    """What bench/ladder.py measured, held-back losses in nats per word.

    "rungs": with "nothing" tuned, then on each rung. "counting": as `count` gives it.
    """
    return json.loads(COMMITTED.read_text(encoding="utf-8"))
