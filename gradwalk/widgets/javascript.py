"""One ES module out of several. A notebook loads a widget's script as one text, and a page without a server has no
folder to import from; the modules themselves need neither, and nothing is built."""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{\s*([\w$]+(?:,\s*[\w$]+)*),?\s*\} from "(\.\.?/[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) ([\w$]+))", re.MULTILINE)
_REMARK = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)
_LEFT = re.compile(r"^(?:import|export)\b.*|\bimport *[(.].*", re.MULTILINE)
_WANTED = 'wanted `import { name } from "./file.js";`, or `export` before a function, a class or a constant'


def joined(entry: Path) -> str:
    """The module at `entry` as one text: whatever it imports stands before it, each module in a scope of its own.

    So two modules may each have a name of their own that is the same. Lines that hold only a remark stay behind: every
    widget of a notebook carries the text. ValueError for what cannot be joined, with the file and the line: anything
    but `import { name } from "./file.js";` and `export` before a function, a class or a constant, for one; a file or a
    name that is not there; modules that import one another. What `entry` itself exports is exported still.
    """
    entry, exported, scopes = entry.resolve(), {}, []

    def bring(path, above):
        if path in above:
            ring = " imports ".join(module.name for module in [*above[above.index(path) :], path])
            raise ValueError(f"{path.name}: wanted no circle, got {ring}")
        if path in exported:
            return
        try:
            source = _REMARK.sub("", path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ValueError(f"{above[-1].name}: imports {path.name}, which is not there") from None

        def bound(found):
            names = re.split(r",\s*", found[1])
            other = (path.parent / found[2]).resolve()
            bring(other, [*above, path])
            for name in names:
                if name not in exported[other]:
                    raise ValueError(f"{path.name}: imports {name!r}, which {other.name} does not export")
            return f"const {{ {', '.join(names)} }} = {_scope(exported, other)};"

        source = _IMPORT.sub(bound, source)
        names = _EXPORT.findall(source)
        bare = _EXPORT.sub("", source)
        rest = bare if path != entry else re.sub(r"^export default ", "", bare, flags=re.MULTILINE)
        if left := _LEFT.search(rest):
            raise ValueError(f"{path.name}: {_WANTED}, got `{left[0]}`")
        exported[path] = names
        inside = f"const {_scope(exported, path)} = (() => {{\n{bare.strip()}\nreturn {{ {', '.join(names)} }};\n}})();"
        scopes.append(source.strip() if path == entry else inside)

    bring(entry, [])
    return "\n".join(scopes) + "\n"


def _scope(exported, path):
    """The name of a module's scope: no module has a name that begins with a dollar and a digit."""
    return f"${list(exported).index(path)}_{re.sub(r'[^a-z0-9]', '_', path.stem, flags=re.IGNORECASE)}"
