"""One word's way through the block: every value at its position, by its name in every dialect."""

from __future__ import annotations

from collections.abc import Sequence

from gradwalk import arguments
from gradwalk.dialect_table import DIALECTS, said
from gradwalk.model import Model
from gradwalk.names import VALUES, shape_in_words
from gradwalk.telling.page import LACKING, Page, code_of, side_by_side
from gradwalk.telling.tables import first_numbers, html_table, table
from gradwalk.telling.verbatim import verbatim
from gradwalk.walk import Values


def journey(model: Model, values: Values, t: int) -> Page:
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
        cells = (name, VALUES[name].word, shape_in_words(array.shape), first_numbers(array, t))
        for column, cell in zip(columns.values(), cells, strict=True):
            column.append(cell)
    html = _in_all_names([*columns], [*zip(*columns.values(), strict=True)])
    return Page(None, table(columns).plain, html)


def _in_all_names(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """HTML of a table whose first column is values by their course name, said in every dialect."""
    body = []
    for name, *rest in rows:
        own = {which: said(name, which) for which in DIALECTS}
        grey = f'<span style="opacity:{LACKING}"><code>{name}</code></span>'
        first = side_by_side({which: code_of(one) if one else grey for which, one in own.items()})
        body.append([first, *map(verbatim, rest)])
    return html_table([*map(verbatim, heads)], body, [False] * len(heads))
