"""The walk on the page: tables of numbers, a derivation step by step, the map. Each has a twin in plain text."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from html import escape

import numpy as np

from gradwalk import arguments
from gradwalk.block_map import BlockMap
from gradwalk.derive import derivation, einsum_latex
from gradwalk.dialect import positions_mix, translate, without_grey
from gradwalk.ledger import Ledger
from gradwalk.model import Model
from gradwalk.names import DIALECTS, VALUES, look_up
from gradwalk.picture import Picture
from gradwalk.strands import Strands, largest_entry, sum_in
from gradwalk.switch import Sides, Switch
from gradwalk.told import aired, in_all_names, table_in_all_names
from gradwalk.verbatim import aligned, html_table, verbatim
from gradwalk.walk import Values

MINUS = "\N{MINUS SIGN}"


class Page:
    """Something to look at: HTML or Markdown in a notebook, plain text everywhere else. All say the same."""

    def __init__(self, markdown: str | None, plain: str, html: str | None = None):
        self.markdown, self.plain, self.html = markdown, plain, html

    def _repr_markdown_(self):
        return self.markdown

    def _repr_html_(self):
        return self.html

    def __repr__(self):
        return self.plain


def number(x, digits: int = 4) -> str:
    """A number for reading: 4 digits after the point, a real minus sign, and never a minus zero. Words pass through."""
    if isinstance(x, np.ndarray) and x.ndim == 0:
        x = x[()]
    if isinstance(x, (bool, np.bool_)):
        return "yes" if x else "no"
    digits = arguments.whole("digits", digits, least=0, most=20)
    if isinstance(x, (float, np.floating)):
        text = f"{x:.{digits}f}"
        text = text.removeprefix("-") if float(text) == 0 else text
        return text.replace("-", MINUS).replace("inf", "∞")
    try:
        return str(x).replace("-", MINUS) if isinstance(x, (int, np.integer)) else str(x)
    except Exception:  # an object that cannot say what it is, a whole number of 5,000 digits
        return arguments.shown(x)


def table(columns: Mapping[str, Sequence], digits: int = 4) -> Page:
    """Columns by their heads, one row an entry: `table({"word": words, "p": p})`.

    Heads and words are shown as they are, whatever is in them. ValueError if the lengths differ.
    """
    columns = {head: _column(head, column) for head, column in _mapping("columns", columns).items()}
    lengths = {head: len(column) for head, column in columns.items()}
    if len(set(lengths.values())) != 1:
        raise arguments.refused("columns", "one length for all", lengths)
    return _table([*map(str, columns)], [*columns.values()], digits)


def line(quantities: Mapping[str, object], digits: int = 4) -> Page:
    """A few numbers side by side, each under its name: `line({"by hand": 0.25, "the package": 0.25})`."""
    quantities = _mapping("quantities", quantities)
    return _table([str(name) for name in quantities], [[x] for x in quantities.values()], digits)


def bars(x: Sequence[float], full: float = 1.0, width: int = 20) -> list[str]:
    """Numbers as bars of blocks for a table, to the nearest block. The size without the sign; `full` fills a bar."""
    full, width = arguments.number("full", full, above=0), arguments.whole("width", width, least=1, most=1000)
    x = arguments.numbers("x", list(x) if isinstance(x, Iterable) else x, ndim=1)
    return ["█" * round(min(abs(value) / full, 1.0) * width) for value in x.tolist()]


def grid(array: np.ndarray, rows: Sequence, columns: Sequence, corner: str = "", digits: int = 4) -> Page:
    """A matrix with named rows and columns, such as words × components. Two of one name stay two."""
    rows, columns = arguments.several("rows", rows, "names"), arguments.several("columns", columns, "names")
    try:
        array = np.asarray(array)
    except ValueError:  # rows of several lengths
        raise arguments.refused("array", "a matrix", array) from None
    if array.shape != (len(rows), len(columns)):
        raise ValueError(f"array: came as {array.shape}, with {len(rows)} row names and {len(columns)} column names")
    return _table([str(corner), *map(str, columns)], [rows, *array.T], digits, named=True)


def _mapping(argument, given):
    if not isinstance(given, Mapping) or not given:
        raise arguments.refused(argument, "a dictionary of names, at least one", given)
    return given


def _column(head, given):
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable) or getattr(given, "ndim", 1) != 1:
        raise arguments.refused("columns", f"a list under {head!r}", given)
    return list(given)


def _table(heads, columns, digits, named=False):
    """`columns` may share a head; those that hold numbers alone stand on the right."""
    digits = arguments.whole("digits", digits, least=0, most=20)
    numeric = [all(isinstance(x, (float, int, np.number)) or _blank(x) for x in column) for column in columns]
    rows = [[number(x, digits) for x in row] for row in zip(*columns, strict=True)]
    html = html_table([*map(verbatim, heads)], [[*map(verbatim, row)] for row in rows], numeric, named)
    return Page(None, aligned([heads, *rows], numeric), html)


def _blank(x):
    return isinstance(x, str) and x == ""


def journey(model: Model, values: Values, t: int) -> Sides:
    """One word's way through the block, in one column: every value at position t by name, meaning and shape.

    Of a value with heads (Q, K, V) the components are laid side by side; of a table over positions (S, alpha) the
    row of position t is shown, first head first. Only the first four numbers are written out. The names are those of
    the dialect that `dialect()` has chosen.
    """
    arguments.instance("model", model, Model)
    arguments.instance("values", values, Values)
    t = arguments.whole("t", t, least=0, most=len(values.tokens) - 1)
    columns = {"value": [], "what it is": [], "shape": [], f"at position {t}": []}
    for name in VALUES:
        if name not in values:
            continue
        array = values[name]
        here = array if array.ndim == 0 else array[t] if array.ndim == 2 else array[:, t].reshape(-1)
        first = " ".join(number(x, 2) for x in np.atleast_1d(here)[:4])
        more = " …" if here.size > 4 else ""
        cells = (name, VALUES[name].word, "×".join(map(str, array.shape)) or "one number", first + more)
        for column, cell in zip(columns.values(), cells, strict=True):
            column.append(cell)
    html = table_in_all_names([*columns], [*zip(*columns.values(), strict=True)])
    return Sides(html, None, table(columns).plain)


def step(function: Callable, names: str = "course") -> Sides:
    """One gradient, as its own source tells it: the sentence, every equation with its reason, one entry, the code.

    Nothing is typed twice: the sentence and equations are the function's docstring, whose every line is run by the
    tests; under each factor of a sum stands its shape; the numbers are the worked example's; the code is the
    function's own. On a page the equations stand there in every dialect, of which `dialect()` chooses one; as text, and
    as Markdown, in that of `names`. ValueError for a dialect that there is none of.
    """
    if not inspect.isfunction(function):
        raise arguments.refused("function", "a gradient of the steps, such as dL_dW", function)
    arguments.one_of("names", names, DIALECTS, "dialect")
    told = derivation(function)
    single = not positions_mix([line.latex for line in told.lines])
    name = function.__name__
    taken = [a for a in inspect.signature(function).parameters if a != "activation"]
    shapes = ", ".join(f"`{a}` {_shape(a)}" for a in taken)
    result = f"`{name}`" + (f" {_shape(name)}" if name.startswith("dL_d") else "")
    prose = partial(escape, quote=False)
    markdown = [f"**{prose(told.sentence)}**", f"{shapes} → {result}"]
    plain = [told.sentence, f"{shapes} → {result}".replace("`", "")]
    equations = []
    for line in told.lines:
        dressed = einsum_latex(function, line, _with_shape) or line.latex
        equations.append(dressed)
        shaped, bare = (without_grey(translate(one, names, one_position=single)) for one in (dressed, line.latex))
        markdown += [prose(line.reason), f"$$\n{aired(shaped)}\n$$"]
        plain += [line.reason, f"    {bare}\n    checked: {line.code}"]
    worked = _worked_entry(function)
    code = _code(function)
    markdown += [worked, f"```python\n{code}\n```"]
    plain += [worked, code]
    html = in_all_names([f"**{told.sentence}**", markdown[1]], told.lines, equations, worked, code)
    return Sides(html, "\n\n".join(filter(None, markdown)), "\n".join(filter(None, plain)))


def dialect(name: str | None = None) -> Switch:
    """The switch of names: "course", "notes", "textbook", "gpt2" or "pytorch", for every output of the page.

    Without a name it is the control alone, at "course" until somebody turns it; with one the page turns at once.
    ValueError for a dialect that there is none of.
    """
    return Switch(name)


def ledger(search: str = "") -> Ledger:
    """Every value, weight and gradient, by its name in every dialect; only rows with all the words of `search`."""
    return Ledger(search)


def cell(function: Callable, index: tuple[int, ...], names: Mapping[str, object] | None = None) -> Page:
    """One number of a gradient as the web that made it: every strand's factors, and the products that were summed.

    `function` and `index`: `show.cell(dL_dh, (4, 2))`. `names`: your own values, weights and gradients by name, such
    as {**model.weights, **values, **grads}; by default those of the worked example.
    """
    strands = Strands(function, index, names)
    heads = [*strands.factors, "product" if strands.scale == 1 else "product / √(D/H)"]
    columns = [factor.tolist() for factor in (*strands.factors.values(), strands.products)]
    if strands.summed:
        spots = [", ".join(map(str, spot)) for spot in strands.spots]
        lasts = ["sum", *("" for _ in strands.factors), strands.entry]
        heads = [", ".join(strands.summed), *heads]
        columns = [[*column, last] for column, last in zip([spots, *columns], lasts, strict=True)]
    return _table(heads, columns, 4)


def _worked_entry(function, most=4):
    """The largest entry of the worked example, multiplied out; empty where the gradient is no sum of products."""
    if sum_in(function) is None:
        return ""
    strands = Strands(function, largest_entry(function))
    order = np.argsort(-np.abs(strands.products), kind="stable")
    shown = sorted(k for n, k in enumerate(order[:most]) if n == 0 or abs(strands.products[k]) >= 1e-4)
    terms = [" × ".join(_bracketed(f[k]) for f in strands.factors.values()) for k in shown]
    rest = f" + {len(order) - len(shown)} smaller" if len(order) > len(shown) else ""
    scale = "" if strands.scale == 1 else " over √(D/H)"
    spot = ", ".join(map(str, strands.index))
    total = f"{' + '.join(terms)}{rest}{scale}"
    equal = "" if len(order) == len(strands.factors) == 1 else f" = {number(strands.entry)}"
    return f"In numbers, on the worked example: {strands.name}[{spot}] = {total}{equal}"


def _bracketed(x):
    return f"({number(x)})" if x < 0 else number(x)


def _with_shape(name, latex):
    """A factor with its shape under it; a Jacobian, whose shape is its two parts' together, without."""
    shape = _shape(name).strip("()").replace(", ", r" \times ").replace("T_max", r"T_{\max}")
    return rf"\underset{{{shape}}}{{{latex}}}" if shape else latex


def _code(function):
    """A function's own lines below its docstring."""
    source = inspect.getsource(function)
    first = ast.parse(source).body[0].body[1].lineno
    return textwrap.dedent("\n".join(source.splitlines()[first - 1 :]))


def _shape(name):
    try:
        return f"({', '.join(look_up(name).shape)})" if name != "y" else "(T)"
    except KeyError:
        return ""


def picture(figure, alt: str) -> Picture:
    """A Matplotlib figure, fit for a light and for a dark page; `alt` says in words what there is to see."""
    return Picture(figure, alt)


def block_map(
    here: str,
    values: Values | None = None,
    grads: Mapping | None = None,
    t: int = 0,
    model: Model | None = None,
) -> BlockMap:
    """The map of the block, with "you are here" at a notebook's stop, such as "1a_which_way".

    With what forward and backward gave, each node tells its shape and its first numbers at position `t` when pointed
    at. A node leads to the notebook that derives the slope in it, where that notebook is there. It draws the lines of
    `model`, or the course's own.
    """
    return BlockMap(here, values, grads, t, model)
