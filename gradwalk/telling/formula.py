r"""A displayed equation, evaluated as it stands: what the LaTeX says, in numbers.

Only the LaTeX that the derivations use: fractions, sums, brackets, conditions such as [i = y_t], exp, log, sqrt, tanh,
and quantities with their indices. A slope \frac{\partial L}{\partial W_{ij}} is looked up as dL_dW, a Jacobian
\frac{\partial z_{tk}}{\partial W_{ij}} as dz_dW, a share with its road as dL_dx1_via_h.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import exp, log, sqrt, tanh

import numpy as np

from gradwalk.measure import STEP
from gradwalk.step5_attention import merge_heads, split_heads

EXTENT = {"t": "T", "s": "T", "i": "N", "k": "N", "j": "D", "c": "D", "f": "F", "e": "H"}  # and d: D / H
_GREEK = {r"\alpha": "alpha", r"\gamma": "gamma2", r"\beta": "beta2", r"\sigma": "sigma", r"\omega": "omega"}
_TOKEN = re.compile(
    r"\\(?:left|right)[.()|]|\\hat\{x\}|\\mathrm\{\w+\}|\\[a-zA-Z]+|\\,|x[01]|[Wb][12]|\d+(?:\.\d+)?|[A-Za-z]|\S"
)
_SPACES = {r"\,", r"\qquad", r"\quad"}


def sides(latex: str, names: Mapping[str, object], left: str = "") -> list[tuple[np.ndarray, np.ndarray]]:
    r"""The two sides of every equals sign, as arrays over the free indices: those of the leftmost side.

    `left` is the left side of an equation that begins with "=": the one above it. Several equations may stand side
    by side, parted by a comma and `\qquad`. ValueError, with the place, for LaTeX that is not understood.
    """
    pairs = []
    for equation in re.split(r",\s*\\qquad", latex):
        parts = _parted(left + equation if equation.lstrip().startswith("=") else equation)
        free = _free_indices(parts[0], names)
        values = [_over(free, part, names) for part in parts]
        pairs += [(values[0], value) for value in values[1:]]
    return pairs


def left_side(latex: str) -> str:
    """What stands before the first equals sign that is not inside brackets or a subscript."""
    return _joined(_parted(latex)[0])


def _parted(latex):
    """The tokens of each side of the equals signs at the top level."""
    tokens = [token for token in _TOKEN.findall(latex) if token not in _SPACES]
    parts, depth = [[]], 0
    for token in tokens:
        depth += (token in ("{", "[", r"\left(", "(")) - (token in ("}", "]", r"\right)", ")"))
        if token == "=" and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _joined(tokens):
    return " ".join(tokens) + " "


def _over(free, tokens, names):
    letters, extents = list(free), list(free.values())
    values = [_Reader(tokens, names, dict(zip(letters, spot, strict=True))).all() for spot in np.ndindex(*extents)]
    return np.array(values).reshape(extents)


def _free_indices(tokens, names):
    """The index letters of the left side with their extents, those of the array that it names."""
    reader = _Reader(tokens, names, {}, collect={})
    reader.all()
    return reader.collect


class _Reader:
    """Reads tokens from left to right, and evaluates as it reads, with every index letter at one value."""

    def __init__(self, tokens, names, at, collect=None):
        self.tokens, self.names, self.at, self.collect = tokens, names, at, collect
        self.place = 0

    def all(self):
        value = self.sum_of_terms()
        if self.place != len(self.tokens):
            raise ValueError(f"formula: cannot read on at {_joined(self.tokens[self.place :])!r}")
        return value

    def peek(self):
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def take(self, wanted=None):
        token = self.peek()
        if token is None or (wanted is not None and token != wanted):
            raise ValueError(f"formula: wanted {wanted!r}, found {token!r} in {_joined(self.tokens)!r}")
        self.place += 1
        return token

    def sum_of_terms(self):
        sign = -1.0 if self.peek() == "-" and self.take() else 1.0
        value = sign * self.product()
        while self.peek() in ("+", "-"):
            sign = 1.0 if self.take() == "+" else -1.0
            value += sign * self.product()
        return value

    def product(self):
        value = self.factor()
        while self.peek() not in (None, "+", "-", "}", ")", r"\right)", "]", "=", ">", r"\ge"):
            if self.peek() in (r"\cdot", "/"):
                divided = self.take() == "/"
                factor = self.factor()
                value = value / factor if divided else value * factor
            else:
                value *= self.factor()
        return value

    def braced(self):
        """The tokens inside the next pair of braces, or the next single token."""
        if self.peek() != "{":
            return [self.take()]
        depth, start = 0, self.place
        while True:
            depth += {"{": 1, "}": -1}.get(self.take(), 0)
            if depth == 0:
                return self.tokens[start + 1 : self.place - 1]

    def value_of(self, tokens, names=None):
        return _Reader(tokens, names or self.names, self.at, self.collect).all()

    def factor(self):
        token = self.take()
        if re.fullmatch(r"\d+(\.\d+)?", token):
            return float(token)
        if token in ("(", r"\left("):
            value = self.sum_of_terms()
            self.take(")" if token == "(" else r"\right)")
            return value
        if token == "[":
            return self.condition()
        if token == r"\left.":
            return self.share()
        if token == r"\frac":
            return self.fraction()
        if token == r"\sum":
            return self.summed()
        if token == r"\pi":
            return np.pi
        if token == r"\sqrt":
            return sqrt(self.value_of(self.braced()))
        if token == r"\log":  # of the whole product that follows, a sum among it
            return log(self.product())
        if token in (r"\exp", r"\tanh"):
            return (exp if token == r"\exp" else tanh)(self.factor())
        return self.quantity(token)

    def condition(self):
        left = self.index_or_value()
        sign = self.take()
        right = self.index_or_value()
        self.take("]")
        return float({"=": left == right, ">": left > right, r"\ge": left >= right}[sign])

    def index_or_value(self):
        """A side of a condition: an index letter, with its prime, or a quantity or a number."""
        token = self.take()
        letter = token + ("'" if self.peek() == "'" else "")
        if letter in self.at and self.peek() != "_":
            self.place += letter != token
            return self.at[letter]
        self.place -= 1
        return self.factor()

    def share(self):
        r"""\left. \frac{\partial L}{\partial x1_{tj}} \right|_{\mathrm{via}\,h}"""
        self.take(r"\frac")
        above, below = self.braced(), self.braced()
        self.take(r"\right|")
        self.take("_")
        road = [token for token in self.braced() if token != r"\mathrm{via}"]
        return self.slope(above, below, "_via_" + "".join(road))

    def fraction(self):
        above, below = self.braced(), self.braced()
        if above == [r"\partial"]:  # an operator: the slope of all that follows in what stands below
            return self.derivative(below[1:])
        if above[0] == r"\partial":
            return self.slope(above, below, "")
        return self.value_of(above) / self.value_of(below)

    def slope(self, above, below, road):
        top, top_letters = _named(above[1:])
        bottom, bottom_letters = _named(below[1:])
        return self.entry(f"d{top}_d{bottom}{road}", top_letters + bottom_letters)

    def derivative(self, below):
        name, letters = _named(below)
        rest, self.place = self.tokens[self.place :], len(self.tokens)
        if self.collect is not None:
            return self.entry(name, letters)
        ends = []
        for step in (STEP, -STEP):
            nudged = np.array(self.names[name])
            nudged[tuple(self.at[letter] for letter in letters)] += step
            ends.append(self.value_of(rest, names={**self.names, name: nudged}))
        return (ends[0] - ends[1]) / (2 * STEP)

    def summed(self):
        self.take("_")
        written = self.braced()
        scored = r"\mathrm{scored}" in written
        letters = _letters([token for token in written if token not in (",", r"\mathrm{scored}")])
        sizes = [self.extent(letter) for letter in letters]
        start, total = self.place, 0.0
        for spot in np.ndindex(*sizes):
            at = {**self.at, **dict(zip(letters, spot, strict=True))}
            if scored and self.names["y"][at["t"]] < 0:
                continue
            inner = _Reader(self.tokens, self.names, at, None if self.collect is None else {})
            inner.place = start
            total += inner.product()
            self.place = inner.place
        if self.collect is not None:  # a letter that is summed is not free
            self.collect |= {letter: n for letter, n in inner.collect.items() if letter not in letters}
        return total

    def extent(self, letter):
        return self.names["D"] // self.names["H"] if letter[0] == "d" else self.names[EXTENT[letter[0]]]

    def quantity(self, token):
        self.place -= 1
        start = self.place
        self.take()
        if self.peek() == "_":
            self.take()
            self.braced()
        name, letters = _named(self.tokens[start : self.place])
        value = self.entry(name, letters)
        if self.peek() == "^":
            self.take()
            value **= self.value_of(self.braced())
        return value

    def entry(self, name, letters):
        if name not in self.names:
            raise ValueError(f"formula: there is no {name} in {_joined(self.tokens)!r}")
        array, letters = np.asarray(self.names[name]), _y_of(letters, self.names)
        if name.startswith("dL_d") or not name.startswith("d"):  # a Jacobian has its heads as they are measured
            array = _as_indexed(array, len(letters), self.names["H"])
        if array.ndim != len(letters):
            raise ValueError(f"formula: {name} has {array.ndim} indices, {len(letters)} are written")
        if self.collect is not None:
            self.collect |= {
                letter: n for letter, n in zip(letters, array.shape, strict=True) if isinstance(letter, str)
            }
            return 1.0
        try:
            spot = tuple(letter(self.at) if callable(letter) else self.at[letter] for letter in letters)
            return float(array[spot])
        except (KeyError, IndexError) as lost:
            raise ValueError(f"formula: an index of {name} is neither free nor summed, or too large: {lost}") from None


def _as_indexed(array, count, H):
    """Q_{tc} is Q with its heads side by side, O_{etd} is O taken apart by heads: the same numbers."""
    if array.ndim == 3 and count == 2:
        return merge_heads(array)
    return split_heads(array, H) if array.ndim == 2 and count == 3 else array


def _y_of(letters, names):
    """z_{t y_t}: an index may itself be the true word of a position."""
    if "y" in letters:
        where = letters.index("y")
        position = letters[where + 2] if letters[where + 1 : where + 2] == ["_"] else letters[where + 1]
        return [*letters[:where], lambda at: int(names["y"][at[position]])]
    return letters


def _named(tokens):
    """A quantity's name and its index letters: W_{Q,cj} is W_Q with c and j, x1_{tj} is x1 with t and j."""
    stem = tokens[0]
    name = _GREEK.get(stem, stem)
    if stem == r"\hat{x}":
        name = "x_hat"
    elif stem.startswith(r"\mathrm"):
        name = stem[8:-1]
    subscript = [token for token in tokens[1:] if token not in ("_", "{", "}")] if len(tokens) > 1 else []
    if "," in subscript:
        comma = subscript.index(",")
        name, subscript = f"{name}_{''.join(subscript[:comma])}", subscript[comma + 1 :]
    return name, _letters(subscript)


def _letters(tokens):
    letters = []
    for token in tokens:
        if token == "'":
            letters[-1] += "'"
        else:
            letters.append(token)
    return letters
