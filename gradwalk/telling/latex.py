r"""The course's LaTeX: equations read into a tree, and quantities written with their indices.

Only what the derivations use: fractions, sums, brackets, conditions such as [i = y_t], exp, log, sqrt, tanh, powers,
a shape below a factor, and quantities with their indices. Which quantities there are, and their letters, says the
ledger. A slope \frac{\partial L}{\partial W_{ij}} is one thing, dL_dW with i and j; a share with its road is
dL_dx1_via_h, a Jacobian \frac{\partial z_{tk}}{\partial W_{ij}} is dz_dW.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gradwalk.names import ASIDES, EXTENTS, SIZES, VALUES, WEIGHTS, look_up

# What is given and no quantity of the ledger, as a formula writes it.
GIVEN = {**{size: size for size in SIZES}, "y": "y", "tokens": r"\mathrm{tokens}", "places": r"\mathrm{places}"}
_LETTER = r"(?:y_)?[a-z]'*"
_TOKEN = rf"""(?x) (?P<air> \s+ | \\, | \\q?quad(?![a-zA-Z]) )
    | (?P<quantity> (?P<stem>STEMS)(?![a-zA-Z0-9]) (?:_ (?: \{{ (?:(?P<label>\w+),)? (?P<indices>(?:[ ]?{_LETTER})*) \}}
                                                       | (?P<single>[a-z]) ) )? )
    | (?P<number> \d+(?:\.\d+)? | \\pi(?![a-zA-Z]) )
    | (?P<index> [a-z]'* )
    | (?P<total> \\sum_\{{ (?P<summed>[a-z',]+) (?P<scored>\\,\\mathrm\{{scored\}})? \}} )
    | (?P<dressed> \\underset\{{ (?P<shape>(?:[^{{}}]|\{{\\max\}})*) \}} )
    | (?P<via> \\right\|_\{{ \\mathrm\{{via\}} \\, (?P<road>[^{{}}]+) \}} )
    | \\(?:left|right)[.()] | \\[a-zA-Z]+ | \S | (?P<end> \Z )"""


class Part(NamedTuple):
    """A part of a formula: its kind, where it stands in the text, its own parts, and what it speaks of.

    A quantity, a slope (of L, then in what) and a jacobian have the `name` that code has, and the `letters` of their
    indices, each with its primes, or y_t; a total has those that it sums over, and is named "scored" where only such
    positions are summed. The name of a condition is its sign, of a number or a function how it is written, of what is
    dressed the shape below it. An equation is named "=" where it goes on from the one above it. The others: equations,
    sum, minus, product, fraction, power, bracket, index, and derivative, in its first part of its second.
    """

    kind: str
    start: int
    end: int
    parts: tuple[Part, ...] = ()
    name: str = ""
    letters: tuple[str, ...] = ()

    def all(self) -> Iterator[Part]:
        """It and every part below it, from left to right."""
        yield self
        for part in self.parts:
            yield from part.all()


def read(latex: str) -> Part:
    """Equations side by side, parted by commas, as a tree. ValueError, with the place, for what is not understood."""
    reader = _Reader(latex)
    equations = [reader.equation()]
    while reader.word == ",":
        reader.take()
        equations.append(reader.equation())
    reader.take("end")
    return Part("equations", 0, len(latex), tuple(equations))


def with_indices(name: str, letters: str) -> str:
    """A value, weight, gradient, share or Jacobian with its indices: ("dL_dW", "ij") is the slope in W_ij.

    A capital letter is written small with a prime. KeyError for a quantity that the ledger does not have.
    """
    if name.startswith("dL_d"):
        quantity, _, road = name.removeprefix("dL_d").partition("_via_")
        slope = rf"\frac{{\partial L}}{{\partial {with_indices(quantity, letters)}}}"
        return rf"\left. {slope} \right|_{{\mathrm{{via}}\,{look_up(road).symbol}}}" if road else slope
    above = next((one for one in _known().values() if name.startswith(f"d{one}_d")), None)
    if above:  # a Jacobian
        rank, below = len(look_up(above).indices), name.removeprefix(f"d{above}_d")
        upper, lower = with_indices(above, letters[:rank]), with_indices(below, letters[rank:])
        return rf"\frac{{\partial {upper}}}{{\partial {lower}}}"
    return subscripted(look_up(name).symbol, "".join(map(primed, letters)))


def primed(letter: str) -> str:
    """An einsum's index letter as a formula has it: a capital is a small one with a prime."""
    return letter if letter.islower() else letter.lower() + "'"


def subscripted(symbol: str, letters: str) -> str:
    """A symbol with index letters, after the label that it may have: `W_Q` with cj is `W_{Q,cj}`."""
    stem, label, above = parted(symbol)
    below = ",".join(filter(None, (label, letters)))
    return (f"{stem}_{{{below}}}" if below else stem) + above


def parted(symbol: str) -> tuple[str, str, str]:
    r"""A symbol's letter, the label below it, and what stands above a label: `E_{pos}` is E with pos."""
    stem, label, above = re.fullmatch(r"(.+?)(?:(?<!\\)_(\{(?:[^{}]|\{[^{}]*\})*\}|\w+)(.*))?", symbol).groups("")
    return stem, label.removeprefix("{").removesuffix("}"), above


def _known():
    """The names of all quantities by letter and label."""
    written = {name: entry.symbol for ledger in (VALUES, WEIGHTS, ASIDES) for name, entry in ledger.items()}
    return {parted(symbol)[:2]: name for name, symbol in {**GIVEN, **written}.items()}


class _Reader:
    """Reads tokens from left to right: sums of products of factors."""

    def __init__(self, text):
        self.text, self.known, self.place = text, _known(), 0
        stems = sorted({re.escape(stem) for stem, _ in self.known}, key=len, reverse=True)
        token = _TOKEN.replace("STEMS", "|".join(stems))
        self.tokens = [found for found in re.finditer(token, text) if found.lastgroup != "air"]

    @property
    def word(self):
        """What comes next: its kind, or as it is written."""
        return self.tokens[self.place].lastgroup or self.tokens[self.place][0]

    @property
    def start(self):
        return self.tokens[self.place].start()

    def refused(self, wanted, at=None):
        rest = self.text[self.start if at is None else at :]
        return ValueError(f"formula: wanted {wanted} at {rest!r} in {self.text!r}")

    def take(self, *wanted):
        if self.word not in (wanted or (self.word,)):
            raise self.refused(" or ".join(wanted))
        self.place += 1
        return self.tokens[self.place - 1]

    def part(self, kind, start, parts=(), name="", letters=()):
        """A part that ends with the token just taken."""
        return Part(kind, start, self.tokens[self.place - 1].end(), tuple(parts), name, tuple(letters))

    def equation(self):
        start, sides = self.start, [] if self.word == "=" else [self.sum()]
        goes_on = "" if sides else "="
        while self.word == "=":
            self.take()
            sides.append(self.sum())
        return self.part("equation", start, sides, goes_on)

    def sum(self):
        start, terms = self.start, []
        while not terms or self.word in ("+", "-"):
            at, sign = self.start, self.take()[0] if self.word in ("+", "-") else "+"
            product = self.product()
            terms.append(self.part("minus", at, [product]) if sign == "-" else product)
        return self.part("sum", start, terms) if len(terms) > 1 else terms[0]

    def product(self):
        start, factors = self.start, [self.factor()]
        while self.word not in ("end", "+", "-", "}", ")", r"\right)", "]", "=", ">", r"\ge", ","):
            sign = self.take()[0] if self.word in (r"\cdot", "/") else ""
            factors.append(self.factor())
            if sign == "/":
                factors[-2:] = [self.part("fraction", factors[-2].start, factors[-2:])]
        return self.part("product", start, factors) if len(factors) > 1 else factors[0]

    def factor(self):
        start, word = self.start, self.word
        match word:
            case "quantity":
                base = self.quantity()
                return self.part("power", start, [base, self.braced()]) if self.word == "^" and self.take() else base
            case "number":
                return self.part("number", start, name=self.take()[0])
            case "(" | r"\left(":
                return self.part("bracket", start, [self.between(word, ")" if word == "(" else r"\right)")])
            case "[":
                self.take()
                left, sign, right = self.side(), self.take("=", ">", r"\ge")[0], self.side()
                self.take("]")
                return self.part("condition", start, [left, right], sign)
            case r"\exp" | r"\tanh" | r"\sqrt" | r"\log":  # a log is of the whole product that follows, a sum among it
                self.take()
                of = {r"\sqrt": self.braced, r"\log": self.product}.get(word, self.factor)
                return self.part("function", start, [of()], word)
            case r"\frac":
                return self.fraction()
            case r"\left.":
                self.take()
                slope, road = self.fraction(), self.known.get(parted(self.take("via")["road"])[:2])
                if slope.kind != "slope" or road is None:
                    raise self.refused("a slope of the loss and its road before what stands")
                return self.part("slope", start, slope.parts, f"{slope.name}_via_{road}", slope.letters)
            case "total":
                token = self.take()
                letters, scored = self.letters(token, "summed"), "scored" if token["scored"] else ""
                return self.part("total", start, [self.product()], scored, letters)
            case "dressed":
                shape = self.take()["shape"]
                return self.part("dressed", start, [self.braced()], shape)
        raise self.refused("a number, a quantity of the ledger, a bracket or a command that is known")

    def between(self, opening, closing):
        self.take(opening)
        inner = self.sum()
        self.take(closing)
        return inner

    def braced(self):
        return self.between("{", "}") if self.word == "{" else self.factor()

    def letters(self, token, *groups):
        """The index letters in a token, from the first of its groups that is there."""
        found = re.findall(_LETTER, next((token[group] for group in groups if token[group]), ""))
        if not all(letter[0] in EXTENTS or "_" in letter for letter in found):
            raise self.refused("index letters of the ledger", token.start())
        return found

    def quantity(self):
        token = self.take("quantity")
        name = self.known.get((token["stem"], token["label"] or ""))
        if name is None:
            raise self.refused("a quantity of the ledger", token.start())
        return self.part("quantity", token.start(), (), name, self.letters(token, "indices", "single"))

    def side(self):
        """A side of a condition: an index letter, or what else has a value."""
        if self.word != "index":
            return self.factor()
        token = self.take()
        return self.part("index", token.start(), letters=self.letters(token, "index"))

    def fraction(self):
        start = self.take(r"\frac").start()
        if not self.text.startswith(r"{\partial", self.start):
            return self.part("fraction", start, [self.braced(), self.braced()])
        above, below = self.partial(alone=True), self.partial()
        if above is None:  # an operator: the slope of the product that follows
            return self.part("derivative", start, [below, self.product()])
        kind, name = "slope" if above.name == "L" else "jacobian", f"d{above.name}_d{below.name}"
        return self.part(kind, start, [above, below], name, above.letters + below.letters)

    def partial(self, alone=False):
        self.take("{")
        self.take(r"\partial")
        quantity = None if alone and self.word == "}" else self.quantity()
        self.take("}")
        return quantity
