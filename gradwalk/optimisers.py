"""What is really used in the slope's place when a dial moves: momentum, Adam, decay, clipping, warm-up.

Each takes a walk back and gives another, whose arrays `Model.move` takes times -eta. So they go into one another, and
`tune` runs them as it is:

    tune(model, text, walk=(forward, decayed(adam(backward), 0.1)))

What is remembered from move to move belongs to one tuning of one model: the next takes a new one. A forward pass
without a move after it, as for a loss alone, changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np

from gradwalk import arguments, ladder
from gradwalk.model import Model
from gradwalk.text import load
from gradwalk.tuning import Tuned, tune
from gradwalk.walk import backward, forward
from gradwalk.weights import as_gradients, of_weight

COMMITTED = Path(__file__).parent / "data" / "optimisers.json"


def momentum(back: Callable, mu: float = 0.9) -> Callable:
    """A running sum of the slopes: run = mu run + slope, which is slope_k + mu slope_(k-1) + mu² slope_(k-2) + …

    Each array has its weight's shape. Source: Polyak, 1964, in the form of Sutskever et al., 2013, with eta outside the
    sum, as torch.optim.SGD has it. ValueError if mu is not from 0 to below 1.
    """
    mu, run = _share("mu", mu), {}

    def instead(name, slope, w, k):
        run[name] = mu * run.get(name, 0.0) + slope
        return run[name]

    return _each(back, instead)


def adam(back: Callable, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> Callable:
    """A running mean of the slopes, divided by the root of a running mean of their squares.

    Both means begin at 0. Of a constant they have 1 - beta^k after k moves, by which they are divided. Each array has
    its weight's shape. Source: Kingma and Ba, 2015, arXiv:1412.6980, algorithm 1. ValueError if a beta is not from 0 to
    below 1, or eps not above 0.
    """
    beta1, beta2 = _share("beta1", beta1), _share("beta2", beta2)
    eps, first, second = arguments.number("eps", eps, above=0), {}, {}

    def instead(name, slope, w, k):
        first[name] = beta1 * first.get(name, 0.0) + (1 - beta1) * slope
        second[name] = beta2 * second.get(name, 0.0) + (1 - beta2) * slope**2
        return first[name] / (1 - beta1**k) / (np.sqrt(second[name] / (1 - beta2**k)) + eps)

    return _each(back, instead)


def decayed(back: Callable, lam: float) -> Callable:
    """lam w on top, the slope of ½ lam Σ w²: with a move each weight loses eta lam of itself.

    Inside Adam, adam(decayed(backward, lam)), the decay is divided as the slope is. Outside, decayed(adam(backward),
    lam), it is decoupled. Source: Loshchilov and Hutter, 2019, arXiv:1711.05101. ValueError if lam is below 0.
    """
    lam = arguments.number("lam", lam, least=0)
    return _each(back, lambda name, slope, w, k: slope + lam * w)


def clipped(back: Callable, most: float) -> Callable:
    """All arrays together, made shorter where their norm √(Σ slope²) is above `most`: to that norm, in that direction.

    Source: Pascanu, Mikolov and Bengio, 2013, arXiv:1211.5063. ValueError if `most` is not above 0.
    """
    most = arguments.number("most", most, above=0)

    def shorter(model, values):
        slopes = _slopes(model, back(model, values))
        norm = np.sqrt(sum((slope**2).sum() for slope in slopes.values())).item()
        return as_gradients({name: slope * min(1.0, most / max(norm, most)) for name, slope in slopes.items()})

    return shorter


def warmed_up(back: Callable, moves: int) -> Callable:
    """The first `moves` moves shorter: move k times k / moves, as if eta rose in a straight line.

    Source: Goyal et al., 2017, arXiv:1706.02677, section 2.2. ValueError if `moves` is no whole number of at least 1.
    """
    moves = arguments.whole("moves", moves, least=1)
    return _each(back, lambda name, slope, w, k: slope * min(1.0, k / moves))


# The ladder's problem, by each of these ways

WAYS = {  # a new one each time: it remembers
    "−η × slope": lambda: backward,
    "clipped": lambda: clipped(backward, 0.5),
    "momentum": lambda: momentum(backward),
    "Adam": lambda: adam(backward),
    "Adam, warm-up": lambda: warmed_up(adam(backward), 100),
    "Adam, decay": lambda: decayed(adam(backward), 0.1),
}


def climb(way: str, eta: float) -> Tuned:
    """All weights tuned on the course's text as on the ladder's last rung, by one of the WAYS. Some ten seconds.

    ValueError for a way that there is none of, or an eta so large that the loss is no longer a number.
    """
    way, course = arguments.one_of("way", way, WAYS, "way"), load()
    walk = (forward, WAYS[way]())
    start = Model.untrained(course.words)
    return tune(start, course, eta=eta, epochs=ladder.EPOCHS, progress=False, walk=walk)


def committed() -> dict[str, dict[str, dict[str, float | None]]]:
    """What bench/optimisers.py measured: for each way and each eta, as text, the losses "stop" and "report" in nats.

    Both are None where the loss was no number any more.
    """
    return json.loads(COMMITTED.read_text(encoding="utf-8"))


def _share(name, given):
    if arguments.number(name, given, least=0) >= 1:
        raise arguments.refused(name, "a number from 0 to below 1", given)
    return float(given)


def _slopes(model, grads):
    return {name: of_weight(grads, name) for name in model.weights}


def _each(back, instead):
    """A walk back in which `instead(name, slope, w, k)` stands for each slope, k being the move, from 1."""
    moves = count(1)

    def changed(model, values):
        k, slopes = next(moves), _slopes(model, back(model, values))
        return as_gradients({name: instead(name, slope, model.weights[name], k) for name, slope in slopes.items()})

    return changed
