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

from gradwalk import arguments, block, step5_attention, step6_embedding
from gradwalk.dialect_table import DIALECTS, SAID, SLOPES, in_block, said
from gradwalk.names import look_up

OWN = r"\class{mjx-gw-own}"  # a class that starts with mjx is the only one that JupyterLab's MathJax lets through

_SYMBOL = (
    r"(?!T_\{\\max)(?:\\(?:alpha|beta|gamma|omega|sigma)(?![a-zA-Z])|\\hat\{x\}|(?<![\\a-zA-Z])[a-zA-Z]\d?)_\{[^{}]*\}"
)
_SLOPE = rf"\\frac\{{\\partial L\}}\{{\\partial (?P<slope>{_SYMBOL})\}}"
_SHARE = (
    rf"\\left\. \\frac\{{\\partial L\}}\{{\\partial (?P<share>{_SYMBOL})\}} "
    r"\\right\|_\{\\mathrm\{via\}\\,(?P<road>\w+)\}"
)
_TOKEN = re.compile(
    rf"{_SHARE}|{_SLOPE}"
    r"|\\sum_\{(?P<summed>[^{}]*)\}(?P<gap> ?)"
    rf"|(?P<symbol>{_SYMBOL})"
    r"|\\mathrm\{(?P<input>tokens|places)\}_\{(?P<place>[^{}]*)\}"
    r"|(?P<loss>\bL(?= =))"
    r"|(?P<target>\by_t\b)"
)
_NAMES = {r"\alpha": "alpha", r"\beta": "beta2", r"\gamma": "gamma2", r"\sigma": "sigma", r"\omega": "omega"}
_NAMES[r"\hat{x}"] = "x_hat"
_MIXING = (step5_attention.__name__, step6_embedding.__name__)  # one word may stand at several positions
_POSITIONS = {"t", "t'", "s", "s'"}
_DRESSED = re.compile(
    r"\\underset\{(?P<shape>(?:[^{}]|\{\\max\})*)\}"
    rf"\{{(?P<inner>{re.sub(r'[?]P<[a-z]+>', '?:', f'{_SHARE}|{_SLOPE}')}|{_SYMBOL})\}}"
)
_MEAN = re.compile(
    r"\\frac\{(?:1|\[y_t \\ge 0\])\}\{M\} (?:\\sum_\{t\\,\\mathrm\{scored\}\} )?\\left\( (.*) \\right\)$"
)


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
    if single:
        latex = _MEAN.sub(r"\1", latex)  # one position: a mean over it is itself
    latex = _DRESSED.sub(lambda found: _lay(found, dialect, single), latex)
    said = _TOKEN.sub(lambda found: _say(found, dialect, single), latex)
    said = re.sub(r"(?<=[\w}]) (?=(?:\\class\{mjx-gw-own\}\{)?\\texttt)", r" \\, ", said)  # words need air between them
    return re.sub(r"(\\texttt\{[^{}]*\}(?:_\{[^{}]*\})?) (?=\\(?!,|,))", r"\1 \\, ", said)


def translate_all(equations: Sequence[str], dialect: str) -> list[str]:
    """The equations of one derivation, which keep the position or leave it out together."""
    single = not positions_mix(equations)
    return [translate(latex, dialect, one_position=single) for latex in equations]


def without_grey(latex: str) -> str:
    """The equation for a place without style: what a dialect lacks stands in the course's letters, not greyed."""
    while (start := latex.find(OWN + "{")) >= 0:
        inside = start + len(OWN) + 1
        end, depth = inside, 1
        while depth:
            depth += {"{": 1, "}": -1}.get(latex[end], 0)
            end += 1
        latex = latex[:start] + latex[inside : end - 1] + latex[end:]
    return latex


def symbol(name: str, dialect: str) -> str:
    """A quantity's LaTeX in a dialect, with no index; greyed if the dialect lacks it."""
    entry = said(name, dialect)
    return entry.latex if entry else f"{OWN}{{{look_up(name).symbol}}}"


def quantities(latex: str) -> list[str]:
    """The names, in the ledger, of what an equation speaks of."""
    return [*dict.fromkeys(_parse(found)[0] for found in re.findall(_SYMBOL, latex))]


def dial(name: str, spots: Sequence[str], rows: int, dialect: str) -> str | None:
    """One entry of a weight by the dialect's name, at the place where it lies there; None where it has no name.

    `spots`: the course's index, a number or a word an axis; `rows`, how many rows the weight has, moves it into its
    part of a larger array: ("W_K", ["1", "2"], 32) is h.0.attn.c_attn.weight[2, 33] in GPT-2's checkpoint.
    """
    *block, bare = name.split(".")
    own = said(bare, dialect)
    if own is None:
        return None
    there = [str(int(spots[0]) + (own.part - 1) * rows) if own.before else spots[0], *spots[1:]]
    array = own.name.split(",")[0]
    if block:
        array = in_block(array, dialect, block[1])
    return f"{array}[{', '.join(there[::-1] if own.transposed else there)}]"


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
    product = re.fullmatch(
        rf"= (?:\\sum_\{{[^{{}}]*\}} )?(?:(?:{_SLOPE.replace('?P<slope>', '')}|{_SYMBOL}) ?){{1,2}}", equations[-1]
    )
    if positions_mix(equations) or not product:
        return None
    factors = []
    for part in re.finditer(rf"{_SLOPE}|(?P<symbol>{_SYMBOL})", equations[-1]):
        name, letters = _parse(part["slope"] or part["symbol"])
        factors.append((_column(f"dL_d{name}" if part["slope"] else name, dialect), _kept(letters, single=True)))
    begins = _TOKEN.match(equations[0])
    road = f"_via_{begins['road']}" if begins["road"] else ""
    result = _column(f"dL_d{_parse(begins['slope'] or begins['share'])[0]}{road}", dialect)
    if len(factors) == 1:
        return f"{result} = {factors[0][0]}"
    (left, i), (right, j) = factors
    if len(i) == len(j) == 1:
        return rf"{result} = {left} \odot {right}" if i == j else rf"{result} = {left} \, {right}^T"
    return rf"{result} = {right}^T {left}" if i == j[:1] else None


def _column(name, dialect):
    """A column of numbers by its name; a slope that the dialect has no letter for is written out."""
    if said(name, dialect):
        return symbol(name, dialect)
    bare = name.removeprefix("dL_d")
    stems = {quantity: stem for stem, quantity in _NAMES.items()}
    written = symbol(bare, dialect) if said(bare, dialect) else f"{OWN}{{{stems.get(bare, look_up(bare).symbol)}}}"
    return written if bare == name else rf"\frac{{\partial L}}{{\partial {written}}}"


def _parse(written):
    r"""A symbol as the course writes it to its name in the ledger and its letters: `W_{Q,cj}` to W_Q, [c, j]."""
    stem, _, indices = written[:-1].rpartition("_{")
    label, comma, letters = indices.partition(",")
    name = _NAMES.get(stem, f"{stem}_{label}" if comma else stem)
    return name, re.findall(r"y_t|[a-z]'*", letters if comma else indices)


def _lay(found, dialect, single):
    """A factor with its shape under it, as the array lies there; of one position there is no T."""
    sizes = [one for one in found["shape"].split(r" \times ") if not (single and one == "T")]
    own = SAID[dialect].get(_parse(re.search(_SYMBOL, found["inner"])[0])[0])
    shape = r" \times ".join(sizes[::-1] if own and own.transposed else sizes)
    return rf"\underset{{{shape}}}{{{found['inner']}}}" if shape else found["inner"]


def _say(found, dialect, single):
    if found["summed"] is not None:
        kept = [one for one in found["summed"].split(",") if not (single and one in _POSITIONS)]
        return rf"\sum_{{{','.join(kept)}}}{found['gap']}" if kept else ""
    if found["target"]:
        return "y" if single else "y_t"
    if found["input"]:
        return f"{OWN}{{{found[0]}}}"
    if found["loss"]:
        return _loss(dialect)
    if found["symbol"]:
        return _indexed(found["symbol"], dialect, single)
    name, letters = _parse(found["slope"] or found["share"])
    road = found["road"]
    if own := SLOPES[dialect].get(f"dL_d{name}_via_{road}" if road else f"dL_d{name}"):
        return _with_index(own.latex, "".join(_kept(letters, single)))
    slope = (
        rf"\frac{{\partial {_loss(dialect)}}}{{\partial {_indexed(found['slope'] or found['share'], dialect, single)}}}"
    )
    return rf"\left. {slope} \right|_{{\mathrm{{via}}\,{symbol(road, dialect)}}}" if road else slope


def _loss(dialect):
    return SAID[dialect]["L"].latex if "L" in SAID[dialect] else f"{OWN}{{L}}"


def _kept(letters, single):
    return ["y" if single and one == "y_t" else one for one in letters if not (single and one in _POSITIONS)]


def _indexed(written, dialect, single):
    """A symbol with its indices, as the dialect writes and lays it."""
    name, letters = _parse(written)
    kept = _kept(letters, single)
    own = SAID[dialect].get(name)
    if own is None:
        stem, _, indices = written[:-1].rpartition("_{")
        label, comma, _ = indices.partition(",")
        return f"{OWN}{{{_subscript(stem, [*([label] if comma else []), ''.join(kept)])}}}"
    if own.before:  # row c of the second third is row D + c of the whole
        kept = [f"{own.before}{{+}}{kept[0]}", *kept[1:]]
    if own.transposed:
        kept = kept[::-1]
    index = r",\,".join(kept) if own.before else "".join(kept)
    return _with_index(own.latex, index)


def _with_index(latex, index):
    """A name with its index, behind what stands below it already: x_{1,tj} for x_1."""
    if latex.startswith(r"\texttt"):
        return _subscript(latex, [index])
    stem, label, above = re.fullmatch(r"(.*?)(?:_(\{(?:[^{}]|\{[^{}]*\})*\}|\w+)(.*))?", latex).groups("")
    return _subscript(stem, [label.removeprefix("{").removesuffix("}"), index]) + above


def _subscript(stem, parts):
    return f"{stem}_{{{','.join(filter(None, parts))}}}" if any(parts) else stem
