"""The reader of index formulas: `sum t: dL_dz[t,i] * h[t,j]` as a tree, and its value on a case's numbers.

Sums, products (a blank will do), `/`, powers, `exp`, `log`, `sqrt`, `tanh`, `sum t:` and `mean c:`, brackets, a
condition that counts 1 or 0, `[i = y[t]]`, sizes and numbers, with a point or a comma. A sum reaches to the next + or −
outside brackets, as on paper. An index letter may be the learner's own (letters.py). It reads from left to right, one
token ahead; nothing is handed to Python to run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from gradwalk.arguments import nearest
from gradwalk.exercises import letters
from gradwalk.exercises.tasks import Task
from gradwalk.names import EXTENTS, SIZES
from gradwalk.telling import formula
from gradwalk.telling.latex import Part
from gradwalk.telling.verbatim import legible

LONGEST, DEEPEST, MOST_INDICES = 1000, 30, 6  # letters of text, brackets in brackets, indices that run at once
_TOKEN = re.compile(
    r"""\s* (?: (?P<number> [0-9]+(?:[.,][0-9]+)? ) | (?P<name> [^\W\d]\w*'* )
    | (?P<sign> \*\* | == | != | >= | <= | [-+*/^()\[\],:=<>] ) | (?P<end> \Z ) )""",
    re.VERBOSE,
)
# How the course, a book and a keyboard write the same.
SAME = {"−": "-", "–": "-", "·": "*", "×": "*", "≥": ">=", "≤": "<=", "≠": "!=", "²": "^2", "′": "'", "√": "sqrt "}
SAME |= {"∑": "Σ", "Σ_": "sum_", "Σ": "sum ", "α": "alpha", "γ": "gamma", "σ": "sigma", "π": "pi", "ω": "omega"}
_COMPARED = {"=": "=", "==": "=", "!=": r"\ne", ">": ">", "<": "<", ">=": r"\ge", "<=": r"\le"}
_FUNCTIONS = ("exp", "log", "sqrt", "tanh")


class NotRead(ValueError):
    """A formula that is not understood: what is wrong, and the text with the place below it."""

    def __init__(self, wrong: str, text: str, place: int):
        start = max(0, place - 60)
        shown = legible(text[start : place + 40])
        super().__init__(f"{wrong}:\n    {shown}\n    {' ' * len(legible(text[start:place]))}^")


def value(text: str, task: Task, given: Mapping[str, object]) -> tuple[np.ndarray, dict[str, str]]:
    """A formula's value at every entry of the answer, and its index letters: the ledger's, and as written. NotRead."""
    reader = _Reader(text, task, task.names(given))
    part = reader.whole()
    with np.errstate(all="ignore"):  # what is not finite is told by the answer's judge
        return np.array(formula.everywhere(part, reader.names, reader.own), dtype=float), reader.used


class _Reader:
    """Sums of products of factors, as `latex.Part`s."""

    def __init__(self, text, task, names):
        self.text, self.names, self.used, self.depth = text, names, {}, 0
        for other, usual in SAME.items():
            self.text = self.text.replace(other, usual)
        if len(self.text) > LONGEST:
            raise NotRead(f"a formula has at most {LONGEST} letters", self.text, LONGEST)
        sizes = {**names, "D/H": names["D"] // names["H"]}
        self.sizes = {letter: sizes[extent] for letter, extent in EXTENTS.items()}
        self.own = {letter: self.sizes[letter] for letter in task.letters}
        self.scope, self.place, self.in_index = dict(self.own), 0, False
        self.meant = letters.meant(self.text, self.own, self.sizes, names)
        self.take()

    def take(self, *wanted):
        """The token that stands here; the one after it stands here next."""
        taken = getattr(self, "token", None)
        if wanted and self.word not in wanted:
            raise self.refused(f"wanted {' or '.join(wanted)}")
        found = _TOKEN.match(self.text, self.place)
        if found is None:
            self.token = None
            at = re.compile(r"\s*").match(self.text, self.place).end()
            raise NotRead(f"{self.text[at]!r} is not understood", self.text, at)
        if found["number"] and self.in_index and "," in found["number"]:  # a comma parts two indices there
            found = re.compile(r"\s*(?P<number>[0-9]+)(?P<name>)(?P<sign>)(?P<end>)").match(self.text, self.place)
        self.token, self.place = found, found.end()
        return taken

    @property
    def word(self):
        """What stands here, as written; empty at the end."""
        return self.token[0].strip()

    def refused(self, wrong, token=None):
        token = token or self.token
        return NotRead(wrong, self.text, token.end() - len(token[0].lstrip()))

    def whole(self):
        part = self.sum()
        if self.word:
            raise self.refused("the formula ends before this")
        return part

    def sum(self):
        terms = []
        while not terms or self.word in ("+", "-"):
            minus = self.word in ("+", "-") and self.take()[0].strip() == "-"
            product = self.product()
            terms.append(_part("minus", product) if minus else product)
        return _part("sum", *terms)

    def product(self):
        factors = [self.factor()]
        while self.word in ("*", "/") or self.token["name"] or self.token["number"] or self.word in ("(", "["):
            divides = self.word in ("*", "/") and self.take()[0].strip() == "/"
            factor = self.factor()
            if divides:
                factors[-1] = _part("fraction", factors[-1], factor)
            else:
                factors.append(factor)
        return _part("product", *factors)

    def factor(self):
        part = self.atom()
        if self.word in ("^", "**"):
            self.take()
            part = Part("power", 0, 0, (part, self.atom()))
        return part

    def atom(self):
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.refused("too many brackets in brackets")
        part = self.one()
        self.depth -= 1
        return part

    def one(self):
        if self.token["number"]:
            return Part("number", 0, 0, name=self.take()[0].strip().replace(",", "."))
        if self.word in ("(", "["):
            return self.bracket() if self.word == "(" else self.condition()
        if self.token["name"]:
            return self.named()
        if self.word == "-":
            self.take()
            return _part("minus", self.factor())
        raise self.refused("wanted a number, a name or a bracket" + (" here" if self.word else ", the formula ends"))

    def bracket(self):
        self.take("(")
        inner = self.sum()
        self.take(")")
        return inner

    def condition(self):
        self.take("[")
        left = self.side()
        sign = _COMPARED[self.take(*_COMPARED)[0].strip()]
        right = self.side()
        self.take("]")
        return Part("condition", 0, 0, (left, right), sign)

    def side(self):
        """A side of a condition: an index letter, or what else has a value."""
        if self.word.rstrip("'") in EXTENTS or self.word in self.meant:
            return Part("index", 0, 0, letters=(self.letter(),))
        return self.sum()

    def named(self):
        token = self.take()
        name = token["name"]
        if name.rstrip("_").split("_")[0] in ("sum", "mean"):
            return self.total(token)
        if name in _FUNCTIONS:
            return Part("function", 0, 0, (self.bracket() if self.word == "(" else self.atom(),), rf"\{name}")
        if name == "pi":
            return Part("number", 0, 0, name=r"\pi")
        if name not in self.names:
            known = nearest(name, self.names, alike=0.3) or list(self.names)
            letter = name.rstrip("'") in EXTENTS
            why = "an index stands in square brackets" if letter else f"the nearest: {', '.join(known)}"
            raise self.refused(f"there is no {name} here; {why}", token)
        indices = self.indices() if self.word == "[" and np.ndim(self.names[name]) else ()
        self.check(token, name, indices)
        return Part("quantity", 0, 0, name=name, letters=indices)

    def indices(self):
        """What stands in square brackets behind a name: letters, digits, or y[t] as one of them."""
        self.in_index = True
        self.take("[")
        indices = [self.index()]
        while self.word == ",":
            self.take()
            indices.append(self.index())
        self.in_index = False
        self.take("]")
        return tuple(indices)

    def index(self):
        if self.token["number"]:
            return self.take()[0].strip()
        if self.word != "y":
            return self.letter()
        self.take()
        self.take("[")
        letter = self.letter()
        self.take("]")
        return f"y_{letter}"

    def letter(self):
        """An index letter that is the answer's own, or summed here; as the ledger has it."""
        token = self.token
        written = token["name"] or ""
        letter = self.meant.get(written, written)
        if not re.fullmatch(letters.LETTER, written):
            raise self.refused("wanted an index letter")
        if letter not in self.scope:
            wrong = f"{written} is neither in the answer's own indices ({', '.join(self.own)}) nor summed"
            raise self.refused(f"{wrong}; a sum reaches to the next + or − outside brackets", token)
        self.take()
        self.used[letter] = written
        return letter

    def total(self, token):
        """`sum t, k:`, `sum_t` or `mean c:`, of the product that follows."""
        kind, _, below = token["name"].partition("_")
        summed = [(token, letter) for letter in re.findall(letters.LETTER, below)]
        while not below and self.token["name"]:
            summed.append((self.token, self.take()["name"]))
            if self.word == ",":
                self.take()
        if not below or self.word == ":":
            self.take(":")
        outer, scope = self.scope, dict(self.scope)
        for place, (at, written) in enumerate(summed):
            letter = self.meant.get(written, written)
            if letter.rstrip("'") not in EXTENTS:
                raise self.refused(f"{written} is no index of anything here; a sum runs over one that is", at)
            if letter in scope:
                whose = "one of the answer's own indices" if letter in self.own else "summed already"
                raise self.refused(f"{written} is {whose}; it cannot be summed", at)
            scope[letter] = self.sizes[letter.rstrip("'")]
            summed[place] = letter
        if not summed or len(scope) > MOST_INDICES:
            raise self.refused(f"wanted one index to sum over, or a few, {MOST_INDICES} with the answer's own", token)
        self.scope = scope
        total = Part("total", 0, 0, (self.product(),), letters=tuple(summed))
        sizes = [Part("number", 0, 0, name=str(self.scope[letter])) for letter in summed]
        self.scope = outer
        return total if kind == "sum" else Part("fraction", 0, 0, (total, _part("product", *sizes)))

    def check(self, token, name, written):
        """The indices of a quantity: as many as it has, each as long as its axis; heads may stand side by side."""
        shape = letters.axes(name, len(written), self.names)
        if len(written) != len(shape):
            raise self.refused(f"{name} has {len(shape)} indices, {len(written)} are written", token)
        for letter, size in zip(written, shape, strict=True):
            length = self.names["N"] if letter.startswith("y_") else self.scope.get(letter, size)
            if int(letter) >= size if letter.isdigit() else length != size:
                counted = [word for kind, word in SIZES.items() if self.names[kind] == size]
                axis = f"counts {counted[0]}" if counted else f"has {size} entries"
                of_y, letter = letter.startswith("y_"), letter.removeprefix("y_")
                shown = f"y[{self.used[letter]}]" if of_y else self.used.get(letter, letter)
                raise self.refused(f"{shown} does not run along this axis of {name}, which {axis}", token)


def _part(kind, *parts):
    """A part of several; of one alone that one itself, unless it is a minus."""
    return parts[0] if len(parts) == 1 and kind != "minus" else Part(kind, 0, 0, parts)
