"""One weight as a dial: the exact loss at any setting, and its slope at the present one."""

from __future__ import annotations

from copy import copy

import numpy as np

from gradwalk import arguments, block, curve, limits, measure, moving
from gradwalk.inputs import sentences
from gradwalk.model import Model, TooLarge
from gradwalk.walk import Values, backward, walked
from gradwalk.weights import of_weight

AT_ONCE = 2**24  # numbers: so many nudges go side by side as keep each value within 128 MB


class Dial:
    """One number of one weight, and how the loss answers when it is turned.

    The response is exact, not the tangent. A dial of the output layer has a closed form; a deeper one is walked on
    from where it acts, all nudges side by side. The model is never written to; when it has been turned since, the dial
    looks again.
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
            return curve.response(values.z, values.p, values.y, self.index[0], said[:, self.index[1]], nudges)
        if self.name == "b":
            return curve.response(values.z, values.p, values.y, self.index[0], np.ones_like(said[:, 0]), nudges)
        largest = max(array.size for here in values.blocks for array in here.values())
        pieces = np.array_split(nudges.astype(self.model.dtype), -(-len(nudges) * largest // AT_ONCE) or 1)
        return np.concatenate([self._walked(values, piece) for piece in pieces if len(piece)] or [nudges])

    @property
    def _tied(self):
        return "W" not in self.model.weights

    def _walked(self, values, nudges):
        """The loss at each nudge of a deeper dial, by going forward from where it acts."""
        q, line = block.line_of(self.model, self.name)
        here = values if q is None else values.blocks[q]
        known = {**values, **self.model.weights, **self.model.blocks[q or 0], **here, **self.model.settings}
        push = block.push(line, known, self.name.split(".")[-1], self.index)  # of the value's own shape
        where, still = line.value if q is None else f"blocks.{q}.{line.value}", here[line.value]
        with np.errstate(all="ignore"):  # told in words, below
            far = nudges[np.abs(nudges).argmax()] or self.model.dtype.type(1)
            if not np.isfinite([still + far * push, still - far * push]).all():
                raise TooLarge(f"nudges: {where} is no number any more in {self.model.dtype}, got up to {abs(far):g}")
            amounts = np.broadcast_to((nudges / far)[:, None], (still.shape[-2], len(nudges), 1))  # (T, K, 1)
            try:
                said = moving.walk_on(self.model, values, q, line, moving.Moving(still, far * push[None], amounts))
                losses = curve.losses(self.model, values, said, **self._also_said(said, nudges))
                limits.check_last(self.model, "L", losses)
            except TooLarge as error:
                raise TooLarge(f"nudges: {error}") from None
        return losses

    def _also_said(self, said, nudges):
        """Of a tied entry, which is read at the start, what it does at the end: its word's logit moves besides."""
        if self.name != "E" or not self._tied:
            return {}
        i, j = self.index
        component = (said.whole() if isinstance(said, moving.Moving) else said)[:, :, j]  # (K, T)
        return {"word": i, "extra": nudges[:, None] * component}

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
