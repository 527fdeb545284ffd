"""A derivation as a page: the words once, the equations in every dialect side by side."""

from __future__ import annotations

import ast
import inspect
import io
import keyword
import re
import textwrap
import tokenize
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape

from gradwalk import arguments
from gradwalk.dialect_table import DIALECTS, said
from gradwalk.model import Model
from gradwalk.names import ASIDES, EXTENTS, SIZES, VALUES, WEIGHTS, look_up
from gradwalk.telling import dialects
from gradwalk.telling.derivations import Equation, derivation, einsum_latex, result
from gradwalk.telling.dialects import positions_mix, translate, without_grey
from gradwalk.telling.in_numbers import in_numbers
from gradwalk.telling.page import Page, code_of, side_by_side
from gradwalk.telling.worked_example import form_of, numbers, one_scored, walked
from gradwalk.walk import Values

# What a gradient's function takes or makes that is no value, weight or gradient by its name in the ledger.
_KINDS = {
    **dict.fromkeys(("tokens", "places", "y"), "(T)"),
    **dict.fromkeys(SIZES, "(a size)"),
    "attends": "(T, T)",
    **{"gamma": "(D)", "relu_slope": "(T, F)", "gelu_slope": "(T, F)", "activation": "(a name)", "eps": "(a number)"},
}


def step(
    function: Callable, names: str = "course", *, model: Model | None = None, values: Values | None = None
) -> Page:
    """One gradient, as its own source tells it: the sentence, every equation with its reason, one entry, the code.

    Nothing is typed twice: the sentence and equations are the function's docstring, whose every line is run by the
    tests; the heading has the shapes, and in a sum each weight and value its own below it; the code is the function's
    own. The last equation is multiplied out in numbers: of `model` and `values`, what forward gave; without them of the
    package's own example. Where a dialect looks at one position, the last scored one alone is scored. On a page the
    equations stand there in every dialect, of which `dialect()` chooses one; as text, and as Markdown, in that of
    `names`. ValueError for a dialect that there is none of, and for values that are not the model's.
    """
    if not inspect.isfunction(function):
        raise arguments.refused("function", "a gradient of the steps, such as dL_dW", function)
    arguments.one_of("names", names, DIALECTS, "dialect")
    if model is not None or values is not None:
        arguments.instance("model", model, Model)
        arguments.instance("values", values, Values)
    told = derivation(function)
    single = not positions_mix([line.latex for line in told.lines])
    taken = ", ".join(map(with_its_kind, inspect.signature(function).parameters))
    heading = f"{taken} → {with_its_kind(result(function))}"
    prose = partial(escape, quote=False)
    markdown = [f"**{prose(told.sentence)}**", heading]
    plain = [told.sentence, heading.replace("`", "")]
    equations = []
    for line in told.lines:
        dressed = einsum_latex(function, line, _with_shape) or line.latex
        equations.append(dressed)
        shaped, bare = (without_grey(translate(one, names, one_position=single)) for one in (dressed, line.latex))
        markdown += [prose(line.reason), f"$$\n{aired(shaped)}\n$$"]
        plain += [line.reason, f"    {bare}\n    checked: {line.code}"]
    worked = _worked(function, model, values, single)
    code = own_lines(function)
    markdown += [worked[names], f"```python\n{code}\n```"]
    plain += [worked[names], code]
    html = _in_all_names([f"**{told.sentence}**", markdown[1]], told.lines, equations, worked, code)
    return Page("\n\n".join(filter(None, markdown)), "\n".join(filter(None, plain)), html)


def _in_all_names(
    opening: Sequence[str], lines: Sequence[Equation], dressed: Sequence[str], worked: Mapping[str, str], code: str
) -> str:
    """HTML of a derivation. `opening`, `worked` by dialect: Markdown; `dressed`: the equations as shown.

    Each equation stands there once a dialect; the notes' last one is said in columns too, and below the code each
    dialect says which names it put in for the course's.
    """
    ours = [line.latex for line in lines]
    written = {which: _translated(dressed, ours, which) for which in DIALECTS}
    parts = [_paragraph(text) for text in opening]
    for k, line in enumerate(lines):
        parts += [_paragraph(line.reason), side_by_side({which: _display(written[which][k]) for which in DIALECTS})]
    told = {which: _paragraph(text) for which, text in worked.items()}
    parts += [side_by_side(told) if len({*told.values()}) > 1 else told["course"]]
    parts += [f'<pre tabindex="0"><code>{_coloured(code)}</code></pre>']
    parts.append(side_by_side({which: _legend(ours, which) for which in DIALECTS if which != "course"}))
    return f'<div class="gw-step">{"".join(parts)}</div>'


def _translated(dressed, ours, which):
    single = not dialects.positions_mix(ours)
    said_there = [dialects.translate(latex, which, one_position=single) for latex in dressed]
    columns = dialects.columns(ours, which) if DIALECTS[which].one_position else None
    if columns:
        said_there[-1] += rf", \qquad \text{{in columns: }} {columns}"
    return said_there


def aired(latex: str) -> str:
    """The equation with a little air before every shape, so that the shapes of two neighbours do not run together."""
    return latex.replace(r"\underset{", r"\underset{\;")


def _display(latex):
    return f"$$\n{escape(aired(latex), quote=False)}\n$$"


def _legend(equations, which):
    """What each name of these equations is called in a dialect, for reading the words above it."""
    used = dict.fromkeys(found for latex in equations for found in dialects.quantities(latex))
    order = [*WEIGHTS, *VALUES, *ASIDES].index
    own = {quantity: said(quantity, which) for quantity in sorted(used, key=order)}
    other = [f"<code>{name}</code> is {code_of(one)}" for name, one in own.items() if one and one.name != name]
    silent = [f"<code>{name}</code>" for name, one in own.items() if not one]
    grey = f"; grey, since it has no name for them: {', '.join(silent)}" if silent else ""
    return f"<p><small>In {DIALECTS[which].whose} names: {', '.join(other) or 'all the same'}{grey}.</small></p>"


def _paragraph(markdown):
    """The little Markdown that a docstring uses: `code`, **strong**, *stress*."""
    if not markdown:
        return ""
    html = escape(markdown, quote=False)
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", html)
    html = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html)
    html = re.sub(r"(?<![*\w])\*([^*\s][^*]*)\*(?!\w)", r"<em>\1</em>", html)
    return f"<p>{html}</p>"


def _coloured(code):
    """Python in the editor's own colours; comments in the page's quiet one, since its own is too dim in the dark."""
    colours = {tokenize.NUMBER: "mirror-editor-number-color", tokenize.OP: "mirror-editor-operator-color"}
    colours[tokenize.COMMENT] = "content-font-color2"
    rows = code.splitlines(keepends=True)
    starts = [sum(map(len, rows[:k])) for k in range(len(rows) + 1)]
    html, done = [], 0
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        colour = "mirror-editor-keyword-color" if keyword.iskeyword(token.string) else colours.get(token.type)
        if colour:
            start, end = (starts[row - 1] + column for row, column in (token.start, token.end))
            style = f"color:var(--jp-{colour},inherit)"
            html += [escape(code[done:start], quote=False), f'<span style="{style}">{escape(code[start:end])}</span>']
            done = end
    return "".join([*html, escape(code[done:], quote=False)])


def _worked(function, model, values, single):
    """The last equation in numbers, by dialect; `single`: one that looks at one position may leave it out here."""
    whose = "In numbers: "
    if model is None:
        model, values = walked(**form_of(function))
        whose = "In numbers, in the small model on which the package runs its derivations (not this page's): "
    told = whose + in_numbers(function, numbers(function, model, values))
    if not single:
        return dict.fromkeys(DIALECTS, told)
    alone = whose + in_numbers(function, numbers(function, model, one_scored(model, values)))
    return {which: alone if dialect.one_position else told for which, dialect in DIALECTS.items()}


def _with_shape(name, letters, latex):
    """A value or weight with its shape under it, one size an index; a slope, which is a fraction, without."""
    if name.startswith("d"):
        return latex
    extent = EXTENTS | ({"s": r"T_{\max}"} if name.endswith("E_pos") else {})
    shape = r" \times ".join(extent[letter.lower()] for letter in letters)
    return rf"\underset{{{shape}}}{{{latex}}}"


def own_lines(function: Callable) -> str:
    """A function's own lines below its docstring."""
    source = inspect.getsource(function)
    first = ast.parse(source).body[0].body[1].lineno
    return textwrap.dedent("\n".join(source.splitlines()[first - 1 :]))


def with_its_kind(name):
    """What a function takes or makes, with its shape; what has none is a size or a name."""
    return f"`{name}` {_KINDS.get(name) or '({})'.format(', '.join(look_up(name).shape))}"
