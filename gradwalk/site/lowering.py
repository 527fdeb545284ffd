"""A notebook as one page of Markdown, with all that it showed as plain HTML: any publisher can take it from there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import nbformat

from gradwalk.site.formulas import with_mathml
from gradwalk.telling.page import ONCE_RUN
from gradwalk.telling.record_page import RecordPage

MOST_INLINE = 20_000  # letters: what widgets share and is larger is a script of its own, which several pages load
HERE = (
    "*Dials, sliders, sentences and names move on this page; its code is shown as it ran. To run or change it, it "
    "needs [Python behind it](index.html#with-python-behind-it).*"
)
RECORD = """\
## Your record

What you call is kept in your browser, and goes to nobody."""
WITH_PYTHON = """\
## With Python behind it

These pages need nothing but a browser: dials, sliders, choices and names move by themselves, and ask nobody; a sentence
of your own is read here. What they show of Python is what it printed. To change a line and run it, or to bring a text
of your own, open the course in JupyterLab. Get its folder, and there, in a fresh virtual environment of Python 3.11 or
newer:

```sh
python -m pip install -e . && gradwalk
```

What you turn on a page is forgotten when you leave it. A notebook keeps what you did."""
_HOW_TO_RUN = re.compile(r"^\*In Jupyter, [^*]*\*$", re.MULTILINE)
_SHARED = re.compile(r'<script type="application/json" data-shared="(\w+)">(.*?)</script>', re.DOTALL)
# A side room's page lies beside the others.
_IN_HTML = re.compile(r'(?<=href=")(?:side/|\.\./)?(\w+)\.ipynb')
_IN_MARKDOWN = re.compile(r"(?<=\]\()(?:side/|\.\./)?(\w+)\.ipynb")


class Page(NamedTuple):
    """A page's Markdown, and of what its widgets share the state that is too large to stand in it, by its name."""

    text: str
    shared: dict[str, str]


def lowered(notebook: nbformat.NotebookNode) -> Page:
    """The page of a notebook that was run by a Python that publishes. ValueError if it does not say how to run it."""
    seen, large, parts = set(), {}, []

    def once(found):
        name, state = found.groups()
        if len(state) > MOST_INLINE:
            large[name] = state
        first = name not in seen and name not in large
        seen.add(name)
        return found[0] if first else ""

    for cell in notebook.cells:
        slide = cell.metadata.get("slideshow", {}).get("slide_type", "fragment")
        parts.append(raw(f'<span id="cell-id={cell.id}" data-slide="{slide}"></span>'))
        if cell.cell_type == "markdown":
            parts.append(linked(cell.source))
            continue
        code = [fenced("{code-block} python", cell.source)]
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            code = [raw('<details class="gw-code"><summary>Code</summary>'), *code, raw("</details>")]
        parts += code
        for output in cell.outputs:
            markdown = output.get("data", {}).get("text/markdown")
            if markdown and "text/html" not in output.data:
                parts += [raw('<div class="gw-output">'), linked(markdown), raw("</div>")]
            else:
                parts.append(raw(f'<div class="gw-output">{_SHARED.sub(once, _html(output))}</div>'))
    return Page(for_pages("\n\n".join(parts)), large)


def first_page(contents: str, stops: Sequence[str]) -> str:
    """The course's page of contents as the site's first page: it leads to each stop, and says how to get Python."""
    tree = fenced("{toctree}\n:hidden:\n", "\n".join(stops))
    return "\n\n".join([linked(for_pages(contents)), RECORD, raw(here(RecordPage().html)), WITH_PYTHON, tree, ""])


def for_pages(markdown: str) -> str:
    """Markdown that says how to go on here, where it said how to do so in Jupyter. ValueError if it did not."""
    text, count = _HOW_TO_RUN.subn(HERE, markdown)
    if count != 1:
        raise ValueError(f"markdown: wanted one line in stars that begins with 'In Jupyter', got {count}")
    return text


def here(html: str) -> str:
    """HTML that says when it moves, as it is here: a page runs no notebook."""
    return html.replace(ONCE_RUN, "Where the page's scripts run,")


def linked(markdown: str) -> str:
    """Markdown whose links to notebooks lead to their pages."""
    return _IN_MARKDOWN.sub(r"\1.html", markdown)


def raw(html: str) -> str:
    """HTML that stays as it is in a page of Markdown."""
    return fenced("{raw} html", html)


def fenced(what: str, text: str) -> str:
    """A block of Markdown with this text in it, whatever fences the text has."""
    fence = "`" * max(3, 1 + max((len(found) for found in re.findall("`+", text)), default=0))
    return f"{fence}{what}\n{text}\n{fence}"


def _html(output):
    """One output as HTML: what a page would choose of it."""
    if output.output_type == "stream":
        return f"<pre>{escape(output.text)}</pre>"
    if output.output_type == "error":
        return f"<pre>{escape(f'{output.ename}: {output.evalue}')}</pre>"
    data = output.data
    if "text/html" not in data:
        return f"<pre>{escape(data['text/plain'])}</pre>"
    html = _IN_HTML.sub(r"\1.html", data["text/html"])
    return here(with_mathml(html))
