"""What others call each of the course's names, and how an array lies there: the tables of `data/dialects.md`.

The file says how it is written; a row or a column more there is all that another name or another dialect needs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from gradwalk import arguments
from gradwalk.names import ASIDES, SHARES, VALUES, WEIGHTS, look_up, unknown


class Said(NamedTuple):
    """What a dialect calls a quantity: its name there, its LaTeX, and how the array lies there.

    `transposed`: (in, out), where the course has (out, in). `part` of `parts`: which of several equal parts of one
    array it is, counted from 1, cut along the course's first axis; `size` is that axis' letter.
    """

    name: str
    latex: str
    transposed: bool = False
    part: int = 1
    parts: int = 1
    size: str = ""

    @property
    def before(self) -> str:
        """How many rows of the array lie before this part: "", "D", "2D"."""
        return _times(self.part - 1, self.size)

    @property
    def slice(self) -> str:
        """The part of the array that is meant, as an index: "[:, D:2D]"; empty for the whole."""
        if self.parts == 1:
            return ""
        cut = f"{self.before or 0}:{_times(self.part, self.size)}"
        return f"[:, {cut}]" if self.transposed else f"[{cut}]"


def _times(number, size):
    return {0: "", 1: size}.get(number, f"{number}{size}")


class Dialect(NamedTuple):
    """One line of the first table. The slopes are a name and its LaTeX with NAME in them; None where it has none."""

    label: str
    whose: str
    typewriter: bool
    one_position: bool
    block: str
    weight_slope: Said | None
    other_slope: Said | None
    description: str


class Clash(NamedTuple):
    """One name said of several quantities, or seeming to be, inside a dialect; and what the course settled."""

    dialect: str
    name: str
    of: tuple[str, ...]
    settled: str


def said(name: str, dialect: str) -> Said | None:
    """What a dialect calls a value, a weight or a gradient; None where it has no name.

    A gradient is asked for by its course name, `dL_dW1` or `dL_dx1_via_h`; of those the notes have g, g_h, g_x1 and
    their shares, PyTorch has `linear1.weight.grad`, and GPT-2's gradients go by the checkpoint's own keys.
    ValueError for a dialect that there is none of, KeyError for a name that the ledger does not have.
    """
    arguments.one_of("dialect", dialect, DIALECTS, "dialect")
    entry = look_up(name)
    bare = name.split(".")[-1]
    if dialect == "course":
        return Said(bare, entry.symbol)
    if bare in SLOPES[dialect]:
        return SLOPES[dialect][bare]
    quantity, _, road = bare.removeprefix("dL_d").partition("_via_")
    own = SAID[dialect].get(quantity)
    if bare == quantity or own is None:
        return own
    rule = DIALECTS[dialect]
    slope = rule.weight_slope if quantity in WEIGHTS and not road else rule.other_slope
    if slope is None:
        return None
    name, comma, remark = own.name.partition(",")  # "wte.weight", or "W_E, embedding"
    name = slope.name.replace("NAME", name) + (comma + remark if rule.typewriter else "")
    return own._replace(name=name, latex=slope.latex.replace("NAME", own.latex))


def in_block(name: str, dialect: str, q: int | str) -> str:
    """An array's name in block q, such as h.3.mlp.c_fc.weight for h.0.mlp.c_fc.weight."""
    first = DIALECTS[dialect].block
    before, _, after = first.rpartition("0")
    return f"{before}{q}{after}{name.removeprefix(first)}" if first else f"{name} of block {q}"


# ---- the file

FILE = Path(__file__).parent / "data" / "dialects.md"
_CELL = re.compile(
    r"(?P<name>[^$\[\]]+?)(?: *\$(?P<latex>[^$]+)\$)?"
    r"(?: *\[(?:(?P<part>\d+)/(?P<parts>\d+)(?P<both>, *transposed)?|(?P<transposed>transposed))\])?"
)
_SLOPE = (r"([^$]*NAME[^$]*\$[^$]*NAME[^$]*\$)?", "a name and its $LaTeX$, each with NAME in it, or nothing")
_FEW = (".+", "a few words")
_DIALECT = {  # the columns of the first table, and what may stand in each
    "dialect": (r"[a-z]\w*", "a word of letters and digits"),
    "label": _FEW,
    "whose": _FEW,
    "letters": ("italic|typewriter", "italic or typewriter"),
    "positions": ("all|one", "all or one"),
    "block": ("(.*0.*)?", "a text with 0 for the block's number, or nothing"),
    "slope of a weight": _SLOPE,
    "any other slope": _SLOPE,
    "what it is": _FEW,
}
_CLASH = ["dialect", "name", "here", "what the course settled"]


def read(text: str) -> tuple[dict[str, Dialect], dict[str, dict[str, Said]], dict[str, dict[str, Said]], list[Clash]]:
    """The dialects; what each calls a quantity; its own names of slopes; the clashes.

    ValueError, with row and column, for what is no name of the course, stands twice, is not there or cannot be read.
    """
    tables = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
    if len(tables) != 4:
        raise ValueError(f"{FILE.name}: wanted four tables with no empty line in them, got {len(tables)}")
    first, names, slopes, last = map(_rows, tables)
    for (heads, _), wanted in ((first, [*_DIALECT]), (last, _CLASH)):
        if heads != wanted:
            raise ValueError(f"{FILE.name}: wanted the columns {', '.join(wanted)}, got {', '.join(heads)}")
    dialects = {row[0]: _dialect(row) for row in _once(first[1])}
    quantities = [*WEIGHTS, *VALUES, *ASIDES]
    called = _columns(*names, dialects, quantities)
    if lost := [name for name in [*WEIGHTS, *VALUES] if name not in [row[0] for row in names[1]]]:
        raise ValueError(f"{FILE.name}: there is no row for {', '.join(lost)}; its cells may be empty")
    if lost := [which for which in dialects if which not in names[0]]:
        raise ValueError(f"{FILE.name}: there is no column for {', '.join(lost)} in the table of names")
    for which, cells in called.items():
        _apart(which, cells)
    gradients = [f"dL_d{name}" for name in quantities] + [f"dL_d{name}_via_{road}" for name, road in SHARES]
    own_slopes = {which: {} for which in called} | _columns(*slopes, dialects, gradients)
    return dialects, called, own_slopes, [_clash(row, dialects, quantities) for row in last[1]]


def _rows(table):
    """The first line of a table, and the others but for that of dashes, a list of cells each."""
    lines = [line.strip().removeprefix("|").removesuffix("|").split("|") for line in table.splitlines()]
    heads, *rows = ([cell.strip() for cell in line] for line in lines)
    if not rows or {*"".join(rows[0])} - {*"-:"}:
        raise ValueError(f"{FILE.name}: wanted a line of dashes below {' | '.join(heads)}")
    for row in rows:
        if len(row) != len(heads):
            raise ValueError(f"{FILE.name}, row {row[0]}: wanted {len(heads)} cells, got {len(row)}")
    return heads, rows[1:]


def _once(rows):
    """The rows as they came; none may begin as one before it."""
    names = [row[0] for row in rows]
    if twice := [name for k, name in enumerate(names) if name in names[:k]]:
        raise ValueError(f"{FILE.name}: there are two rows {twice[0]}")
    return rows


def _refused(row, column, wanted, came):
    return ValueError(f"{FILE.name}, row {row}, column {column}: wanted {wanted}, got {arguments.shown(came)}")


def _dialect(row):
    for cell, (column, (pattern, wanted)) in zip(row, _DIALECT.items(), strict=True):
        if not re.fullmatch(pattern, cell):
            raise _refused(row[0], column, wanted, cell)
    _, label, whose, letters, positions, block, *slopes, description = row
    slopes = [Said(*cell.rstrip("$").replace(" $", "$").split("$")) if cell else None for cell in slopes]
    return Dialect(label, whose, letters == "typewriter", positions == "one", block, *slopes, description)


def _columns(heads, rows, dialects, known):
    """What each dialect that has a column says, by the course's names; an empty cell is no name."""
    first, *columns = heads
    if first != "course" or len(set(columns)) < len(columns):
        raise ValueError(f"{FILE.name}: wanted the columns course and a dialect each, got {', '.join(heads)}")
    for which in heads:
        if which not in dialects:
            raise ValueError(f"{FILE.name}, column {which}: {unknown('dialect', which, dialects)}")
    for name, *_ in _once(rows):
        if name not in known:
            raise ValueError(f"{FILE.name}, row {name}: {unknown('name', name, known)}")
    return {
        which: {row[0]: _said(row[k], row[0], which, dialects[which]) for row in rows if row[k]}
        for k, which in enumerate(columns, 1)
    }


def _said(cell, name, which, dialect):
    found = _CELL.fullmatch(cell)
    part, parts = (int(found["part"] or 1), int(found["parts"] or 1)) if found else (0, 0)
    shape = look_up(name).shape
    transposed = bool(found and (found["both"] or found["transposed"]))
    if not 1 <= part <= parts or (parts > 1 and not shape) or (transposed and len(shape) != 2):
        raise _refused(name, which, "a name, its $LaTeX$, and how it lies, such as [2/3, transposed]", cell)
    latex = found["latex"] or found["name"].split(",")[0]
    if dialect.typewriter and not found["latex"]:  # upright letters, as a checkpoint writes them
        latex = rf"\texttt{{{found['name'].removeprefix(dialect.block)}}}".replace("_", r"\_")
    return Said(found["name"], latex, transposed, part, parts, shape[0] if parts > 1 else "")


def _apart(which, own):
    """ValueError if two quantities are one part of an array, or the parts of one array are counted differently."""
    arrays = {}
    for one in own.values():
        if one.parts > 1:
            arrays.setdefault(one.name, []).append((one.part, one.parts))
    for array, came in arrays.items():
        if len({*came}) < len(came) or len({parts for _, parts in came}) > 1:
            told = ", ".join(f"[{part}/{parts}]" for part, parts in came)
            raise ValueError(f"{FILE.name}, column {which}: wanted different parts of {array}, got {told}")


def _clash(row, dialects, quantities):
    which, name, here, settled = row
    of = tuple(here.split(", "))
    if which not in dialects or not set(of) <= set(quantities):
        raise ValueError(f"{FILE.name}, row {name} of the clashes: wanted a dialect and names of the course, got {row}")
    return Clash(which, name, of, settled)


DIALECTS, SAID, SLOPES, CLASHES = read(FILE.read_text(encoding="utf-8"))
