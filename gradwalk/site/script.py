"""The one script and the one style sheet of the site: a classic script, since a page from a file loads no modules."""

from __future__ import annotations

from pathlib import Path

from gradwalk.dialect_table import DIALECTS
from gradwalk.widgets import live_page
from gradwalk.widgets.javascript import joined
from gradwalk.widgets.shared import PageCode

_PAGE = Path(live_page.__file__).parent / "page"
_STYLE = Path(__file__).parent / "theme/site.css"


def script() -> str:
    """The widgets' modules, and page/live.js, which shows each with its state where a page has one."""
    modules = {
        "board": PageCode.once().module,
        "range": live_page.Range._esm,
        "live": joined(_PAGE / "live.js"),
    }
    scopes = [f"const {name} = (() => {{\n{_returning(module)}}})();" for name, module in modules.items()]
    return "\n".join(["(() => {", *scopes, "window.gradwalkLive = true;", "live.start({ board, range });", "})();\n"])


def shared(name: str, state: str) -> str:
    """The script that brings what several widgets share: page/stand_in.js finds it by its name."""
    return f'(window.gradwalkShared ??= {{}})["{name}"] = {state};\n'


def style() -> str:
    """What the widgets look like, in the theme's colours, and what the site adds: formulas, print, small screens.

    Formulas in names that are not seen are not laid out, which is a quarter of the work on a page with many of them.
    """
    chosen = {"body:not([data-gradwalk-names])": "course"}
    chosen |= {f'body[data-gradwalk-names="{name}"]': name for name in DIALECTS}
    unseen = ", ".join(f"{body} div.gw-said:not(.gw-{name})" for body, name in chosen.items())
    return "\n".join(
        [PageCode.once().style, _STYLE.read_text(encoding="utf-8"), f"{unseen} {{ content-visibility: hidden; }}\n"]
    )


def _returning(module):
    """A module as the inside of a function, which returns what the module exports in its last line."""
    inside, exported, names = str(module).partition("export default ")
    assert exported, "wanted a module that ends in `export default { ... };`"
    return f"{inside}return {names}"
