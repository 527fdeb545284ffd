r"""The course's own LaTeX, said in another dialect: other symbols, other layouts, the same equation.

Only the course's LaTeX is written by hand. A dialect's is made from it by the tables of `dialect_table`: a symbol is
replaced, the indices swap where the array lies transposed, an index is moved where the array is a part of a larger one
(the keys' row c is column D + c of GPT-2's c_attn), and what the dialect has no name for keeps the course's, marked
with `OWN`, which a page shows in grey. Sizes and index letters are the course's everywhere.

The notes look at one position, so there t goes, and with it every sum over positions and the mean over them. Where
positions mix (attention, and words that stand twice) they stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gradwalk import arguments, block, step5_attention, step6_embedding
from gradwalk.dialect_table import DIALECTS, SLOPES, in_block, said
from gradwalk.names import EXTENTS, look_up
from gradwalk.telling.latex import GIVEN, Part, read, subscripted

OWN = r"\class{mjx-gw-own}"  # a class that starts with mjx is the only one that JupyterLab's MathJax lets through

_MIXING = (step5_attention.__name__, step6_embedding.__name__)  # one word may stand at several positions


def translate(latex: str, dialect: str, *, one_position: bool | None = None) -> str:
    """One equation of the course in a dialect's symbols and layout; in "course" it is returned as it came.

    `one_position` says whether the notes may leave the position out; if None, the equation itself decides, and it
    may not where attention or the embedding speaks. Equations that go on from one another must agree:
    `translate_all`. ValueError for a dialect that there is none of.
    """
    arguments.one_of("dialect", dialect, DIALECTS, "dialect")
    if dialect == "course":
        return latex
    single = DIALECTS[dialect].one_position and (not positions_mix([latex]) if one_position is None else one_position)
    there = _Speaker(latex, dialect, single).say(read(latex))
    there = re.sub(r"(?<=[\w}]) (?=(?:\\class\{mjx-gw-own\}\{)?\\texttt)", r" \\, ", there)  # words need air
    return re.sub(r"(\\texttt\{[^{}]*\}(?:_\{[^{}]*\})?) (?=\\(?!,|,))", r"\1 \\, ", there)


def translate_all(equations: Sequence[str], dialect: str) -> list[str]:
    """The equations of one derivation, which keep the position or leave it out together."""
    single = not positions_mix(equations)
    return [translate(latex, dialect, one_position=single) for latex in equations]


def without_grey(latex: str) -> str:
    """The equation for a place without style: what a dialect lacks stands in the course's letters, not greyed."""
    return re.sub(rf"{re.escape(OWN)}\{{((?:[^{{}}]|\{{[^{{}}]*\}})*)\}}", r"\1", latex)


def symbol(name: str, dialect: str) -> str:
    """A quantity's LaTeX in a dialect, with no index; greyed if the dialect lacks it."""
    entry = said(name, dialect)
    return entry.latex if entry else f"{OWN}{{{look_up(name).symbol}}}"


def quantities(latex: str) -> list[str]:
    """The names, in the ledger, of what an equation speaks of. ValueError, with the place, if it cannot be read."""
    names = [part.name for part in read(latex).all() if part.kind == "quantity"]
    return [name for name in dict.fromkeys(names) if name not in GIVEN]


def dial(name: str, spots: Sequence[str], rows: int, dialect: str) -> str | None:
    """One entry of a weight by the dialect's name, at the place where it lies there; None where it has no name.

    `spots`: the course's index, a number or a word an axis; `rows`, how many rows the weight has, moves it into its
    part of a larger array: ("W_K", ["1", "2"], 32) is h.0.attn.c_attn.weight[2, 33] in GPT-2's checkpoint.
    """
    if (found := place(name, rows, dialect)) is None:
        return None
    array, transposed, before = found
    there = [str(int(spots[0]) + before) if before else spots[0], *spots[1:]]
    return f"{array}[{', '.join(there[::-1] if transposed else there)}]"


def place(name: str, rows: int, dialect: str) -> tuple[str, bool, int] | None:
    """Where a weight of `rows` rows lies in a dialect: in which array, whether transposed, after how many rows."""
    *block, bare = name.split(".")
    own = said(bare, dialect)
    if own is None:
        return None
    array = own.name.split(",")[0]
    return in_block(array, dialect, block[1]) if block else array, own.transposed, (own.part - 1) * rows


def positions_mix(equations: Sequence[str]) -> bool:
    """Whether these equations speak of quantities in which several positions meet."""
    mixing = {name for line in block.course() if line.function.__module__ in _MIXING for name in line.takes}
    return any(name in mixing for latex in equations for name in quantities(latex))


def columns(equations: Sequence[str], dialect: str) -> str | None:
    r"""What a derivation comes to in columns, as the notes write it: `g_{h} = W^T g`; None if it is no such product.

    It is read off the indices of the course's own equation, at one position. Two columns whose letters differ make
    the matrix g h^T, two with the same letter multiply entry by entry, and a sum over the rows of a matrix is its
    transpose times a column.
    """
    last, begins = (read(latex).parts[0] for latex in (equations[-1], equations[0]))
    side = last.parts[0].parts[0] if last.parts[0].kind == "total" else last.parts[0]
    product = side.parts if side.kind == "product" else (side,)
    plain = all(part.letters and part.kind in ("quantity", "slope") and "_via_" not in part.name for part in product)
    if positions_mix(equations) or not (last.name == "=" and len(last.parts) == 1 and len(product) <= 2 and plain):
        return None
    result = _column(begins.parts[0].name, dialect)
    factors = [(_column(part.name, dialect), _kept(part.letters, single=True)) for part in product]
    if len(factors) == 1:
        return f"{result} = {factors[0][0]}"
    (left, i), (right, j) = factors
    if len(i) == len(j) == 1:
        return rf"{result} = {left} \odot {right}" if i == j else rf"{result} = {left} \, {right}^T"
    return rf"{result} = {right}^T {left}" if i == j[:1] else None


def _column(name, dialect):
    """A column of numbers by its name; a slope that the dialect has no letter for is written out."""
    if said(name, dialect) or not name.startswith("dL_d"):
        return symbol(name, dialect)
    return rf"\frac{{\partial L}}{{\partial {symbol(name.removeprefix('dL_d'), dialect)}}}"


def _kept(letters, single):
    """The index letters that stay; of one position its true word is y, without the position."""
    if not single:
        return [*letters]
    return [letter.partition("_")[0] for letter in letters if EXTENTS.get(letter[0]) != "T"]


class _Speaker(NamedTuple):
    """Writes a formula again, part by part: what the dialect says otherwise is put in, all else stays as it stood."""

    text: str
    dialect: str
    single: bool

    def say(self, part: Part) -> str:
        """One part as the dialect writes it."""
        match part.kind:
            case "quantity":
                return self.quantity(part)
            case "slope":
                return self.slope(part)
            case "dressed":
                return self.dressed(part)
            case "equation" if self.single:
                return self.around(part, map(_of_the_mean, part.parts))
            case "total" if self.single:
                (summand,), kept = part.parts, _kept(part.letters, self.single)
                gap = self.text[part.start : summand.start].partition("}")[2]
                return (rf"\sum_{{{','.join(kept)}}}{gap}" if kept else "") + self.say(summand)
        return self.around(part, part.parts)

    def around(self, part, said_instead):
        """All of a part's text as it stands, but for its own parts."""
        written, at = "", part.start
        for one, instead in zip(part.parts, said_instead, strict=True):
            written += self.text[at : one.start] + self.say(instead)
            at = one.end
        return written + self.text[at : part.end]

    def quantity(self, part):
        """A symbol with its indices, as the dialect writes and lays it."""
        kept = _kept(part.letters, self.single)
        if part.name in GIVEN:
            stands = self.text[part.start : part.end]
            return f"{OWN}{{{stands}}}" if "mathrm" in stands else "y" if self.single and part.name == "y" else stands
        own = said(part.name, self.dialect)
        if own is None:
            return f"{OWN}{{{subscripted(look_up(part.name).symbol, ''.join(kept))}}}"
        if own.before:  # row c of the second third is row D + c of the whole
            kept = [f"{own.before}{{+}}{kept[0]}", *kept[1:]]
        return subscripted(own.latex, (r",\," if own.before else "").join(kept[::-1] if own.transposed else kept))

    def slope(self, part):
        """The dialect's own letter for it, as the notes have g; or a fraction, with the road of a share."""
        if own := SLOPES[self.dialect].get(part.name):
            return subscripted(own.latex, "".join(_kept(part.letters, self.single)))
        loss, quantity = symbol("L", self.dialect), self.quantity(part.parts[1])
        slope = rf"\frac{{\partial {loss}}}{{\partial {quantity}}}"
        road = part.name.partition("_via_")[2]
        return rf"\left. {slope} \right|_{{\mathrm{{via}}\,{symbol(road, self.dialect)}}}" if road else slope

    def dressed(self, part):
        """A factor with its shape under it, as the array lies there; of one position there is no T."""
        (inner,) = part.parts
        sizes = [size for size in part.name.split(r" \times ") if not (self.single and size == "T")]
        *_, factor = inner.all()  # a slope lies as the quantity that it is the slope in
        own = said(factor.name, self.dialect) if factor.kind == "quantity" and factor.name not in GIVEN else None
        shape = r" \times ".join(sizes[::-1] if own and own.transposed else sizes)
        return rf"\underset{{{shape}}}{{{self.say(inner)}}}" if shape else self.say(inner)


def _of_the_mean(side):
    """What a mean over the scored positions is the mean of: of one position it is that itself."""
    match side:
        case Part(kind="product", parts=[Part(kind="fraction", parts=[above, Part(name="M")]), of]):
            if above.kind == "condition" or above.name == "1":
                of = of.parts[0] if of.name == "scored" else of
                return of.parts[0] if of.kind == "bracket" else of
    return side
