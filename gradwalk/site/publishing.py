"""Pages of Markdown as a site, by Sphinx with the theme furo: what is known of these two stands here alone."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

THEME = Path(__file__).parent / "theme"
CONFIG = {
    "project": "gradwalk",
    "html_title": "gradwalk",
    "language": "en",
    "extensions": ["myst_parser"],
    "smartquotes": False,
    "suppress_warnings": ["myst.header"],  # a stop may leave a level out
    "myst_all_links_external": True,  # gradwalk.site.lowering has seen to where they lead
    "html_theme": "furo",
    "html_theme_options": {"top_of_page_buttons": []},
    "templates_path": [str(THEME)],
    "html_css_files": ["gradwalk.css"],
    "html_js_files": [("gradwalk.js", {"defer": "defer"})],
    "html_copy_source": False,
    "html_use_index": False,
    "html_permalinks": False,
    "html_show_copyright": False,
    "html_show_sphinx": False,
    "html_show_search_summary": False,  # it would ask for each page found, which a page from a file may not
}
_SCROLLS = re.compile(r'<(pre|div class="table-wrapper)(?=[ >])')  # what may be wider than its page


def publish(sources: Path, static: Path, scripts: Mapping[str, Sequence[str]], out: Path) -> None:
    """Publish a folder of Markdown, of which index.md is the first page, with the files in `static` beside it.

    `scripts`: for a page, by its name, those of the static scripts that it needs before gradwalk.js. ValueError, with
    all that Sphinx has to say, where it would only warn.
    """
    from sphinx.application import Sphinx

    said = io.StringIO()
    config = CONFIG | {"html_static_path": [str(static)]}
    notes = out.with_name(f"{out.name}-notes")
    app = Sphinx(sources, None, out, notes, "html", config, status=None, warning=said, freshenv=True)

    def complete(app, page, template, context, doctree):
        context |= {"sphinx_version": "", "furo_version": ""}
        if "body" in context:
            context["body"] = _SCROLLS.sub(r'<\1 tabindex="0"', context["body"])
        for script in scripts.get(page, ()):
            app.add_js_file(script, priority=500, defer="defer")

    app.connect("html-page-context", complete, priority=900)
    app.build()
    shutil.rmtree(notes)
    if said.getvalue():
        raise ValueError(f"pages: wanted what Sphinx publishes without a word, got {said.getvalue().strip()}")
    for name in (".buildinfo", "objects.inv"):
        (out / name).unlink(missing_ok=True)
