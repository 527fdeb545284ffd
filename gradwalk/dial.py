"""One weight as a dial: the exact loss at any setting, and its slope at the present one."""

from __future__ import annotations

from copy import copy

import numpy as np

from gradwalk import arguments, block, measure
from gradwalk.inputs import sentences
from gradwalk.model import Model, TooLarge
from gradwalk.step1_output import logsumexp, loss
from gradwalk.walk import Values, backward, forward, walked
from gradwalk.weights import of_weight

AT_ONCE = 2**23  # numbers: so many nudges go side by side as keep their values within 64 MB


class Dial:
    """One number of one weight, and how the loss answers when it is turned.

    The response is exact, not the tangent. A dial of the output layer has a closed form; a deeper one runs forward
    from where it acts, all nudges side by side. The model is never written to; when it has been turned since, the
    dial looks again.
    """

    def __init__(self, model: Model, tokens, y, name: str, index: tuple[int, ...], values: Values | None = None):
        """`name` and `index` as in `model.turn`: ("W", (i, j)), ("b", (i,)), ("blocks.0.W1", (f, j)).

        values: those of `forward(model, tokens, y)`, where they have been walked already.
        """
        self.model = arguments.instance("model", model, Model)
        self.tokens, self.y = sentences("tokens", tokens), None if y is None else sentences("y", y)
        self.name, self.index = name, model.entry(name, index)
        self._look(values)

    def beside(self, index: tuple[int, ...]) -> Dial:
        """Another number of the same weight as a dial, without another walk."""
        other = copy(self)
        other.index = self.model.entry(self.name, index)
        return other

    @property
    def value(self) -> float:
        """The number that the dial is set to."""
        return float(self.model.weights[self.name][self.index])

    @property
    def gradient(self) -> float:
        """The derived slope of the loss at the present setting, by the walk back."""
        return float(of_weight(backward(self.model, self._values_now()), self.name)[self.index])

    @property
    def measured(self) -> float:
        """The same slope, measured by two forward passes."""
        return measure.slope(self.model, self.tokens, self.y, self.name, self.index)

    def loss(self, nudge: float = 0.0) -> float:
        """The loss, in nats, with the dial turned by `nudge` from its present setting."""
        return float(self.curve([arguments.number("nudge", nudge)])[0])

    def curve(self, nudges) -> np.ndarray:
        """The loss at each of `nudges` (K,), in nats: an array (K,). ValueError where one turns the dial too far."""
        nudges = arguments.numbers("nudges", nudges, ndim=1)  # (K,)
        values = self._values_now()
        with np.errstate(over="ignore"):
            settings = (self.value + nudges).astype(self.model.dtype)  # (K,)
        if not np.isfinite(settings).all():
            raise TooLarge(f"nudges: wanted such as {self.model.dtype} can hold, got up to {np.abs(nudges).max():g}")
        said = values.get("hf", values.h)  # (T, D)
        if self.name == "W" or (self.name == "E" and self._tied and self.index[0] not in values.tokens):
            return response(values.z, values.y, self.index[0], said[:, self.index[1]], nudges)
        if self.name == "b":
            return response(values.z, values.y, self.index[0], np.ones_like(said[:, 0]), nudges)
        numbers = sum(array.size for array in values.values() if isinstance(array, np.ndarray))
        pieces = range(0, len(nudges), max(1, AT_ONCE // numbers))
        some = nudges.astype(self.model.dtype)
        return np.concatenate([self._walked(values, some[k : k + pieces.step]) for k in pieces] or [nudges])

    @property
    def _tied(self):
        return "W" not in self.model.weights

    def _walked(self, values, nudges):
        """The loss at each nudge of a deeper dial, by going forward from where it acts."""
        q, line = block.line_of(self.model, self.name)
        here = values if q is None else values.blocks[q]
        known = {**values, **self.model.weights, **self.model.blocks[q or 0], **here, **self.model.settings}
        push = block.push(line, known, self.name.split(".")[-1], self.index)  # of the value's own shape
        where = line.value if q is None else f"blocks.{q}.{line.value}"
        with np.errstate(over="ignore", invalid="ignore"):  # told in words, below
            moved = here[line.value] + np.multiply.outer(nudges, push)  # (K, ...)
        if not np.isfinite(moved).all():
            raise TooLarge(
                f"nudges: {where} is no number any more in {self.model.dtype}, got up to {abs(nudges).max():g}"
            )
        try:
            after = forward(self.model, self.tokens, self.y, hold={where: moved})
        except TooLarge as error:
            raise TooLarge(f"nudges: {error}") from None
        if self.name == "E" and self._tied:  # the tied entry is read at the start and said at the end
            z, (i, j) = after.z.copy(), self.index
            z[..., i] += nudges[:, None] * after.get("hf", after.h)[..., j]
            return loss(z, values.y)
        return after.L

    def _look(self, values=None):
        self._values = walked(self.model, self.tokens, self.y, values)
        if "L" not in self._values:
            raise ValueError("y: wanted the next word of each position, got None; without it there is no loss")

    def _values_now(self):
        if self._values.came_from.version != self.model.version:
            self._look()
        return self._values

    def __repr__(self):
        spot = ", ".join(map(str, self.index))
        return f"Dial({self.name}[{spot}] = {self.value:.4f}, loss {self.loss():.4f})"


def response(z, y, i: int, factor, nudges) -> np.ndarray:
    """The loss when word i's logit moves by nudge × factor[t]: exact, in closed form. Shape (K,).

    z (T, N), y (T,), factor (T,), nudges (K,). From -log p_y = log(1 + sum over the other words of exp(z_k - z_y)):
    one of the exponentials moves, word i's, or z_y itself where i is the true word. All others are one number for all
    nudges. So at a scored position the loss changes by log(1 - p_i + p_i exp(delta)) - [i = y_t] delta, with
    delta = nudge × factor[t]; in this form it keeps its digits where a share is nearly 1. The mean over the scored
    positions is returned; TooLarge where it is no number.
    """
    scored = np.flatnonzero(y >= 0)  # (M,)
    z, y, factor = z[scored].astype(float), y[scored], factor[scored].astype(float)  # (M, N), (M,), (M,)
    z_y, z_i = z[np.arange(len(y)), y], z[:, i].copy()  # (M,), (M,)
    z[np.arange(len(y)), y] = z[:, i] = -np.inf  # what is left: the words that are neither
    with np.errstate(divide="ignore"):  # of two words none is left
        rest = logsumexp(z)  # (M,)
    losses = np.empty(len(nudges))  # (K,)
    some = max(1, AT_ONCE // len(y))  # a long curve goes piece by piece
    with np.errstate(over="ignore", invalid="ignore"):  # told in words, below
        for k in range(0, len(nudges), some):
            moved = z_i + np.multiply.outer(nudges[k : k + some], factor)  # (some, M)
            odds = np.where(y == i, rest - moved, np.logaddexp(rest, moved) - z_y)  # (some, M), log of others / true
            losses[k : k + some] = np.logaddexp(0, odds).mean(axis=1)
    if not np.isfinite(losses).all():
        raise TooLarge(f"nudges: the loss is no number any more, got up to {np.abs(nudges).max():g}")
    return losses
