"""`gradwalk site OUT`: the whole course as a folder of pages, whole or not at all."""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from gradwalk import arguments
from gradwalk.course import notebooks

NEEDS = {"furo": "furo", "latex2mathml": "latex2mathml", "myst_parser": "myst-parser", "sphinx": "sphinx"}
MANIFEST = "gradwalk-site.json"  # in a site: each of its files, with its SHA-256


def build(out: str | Path) -> Path:
    """Run every stop of the course as it came along, and write its pages to the folder `out`; where that is.

    `out` is a new name, an empty folder, or a site of gradwalk's, to the byte, which is replaced. ValueError for
    anything else, before any work, and where the packages of the extra `site` are missing.
    """
    missing = [package for module, package in NEEDS.items() if not find_spec(module)]
    if missing:
        raise ValueError(f"site: wanted {', '.join(missing)}; python -m pip install 'gradwalk[site]' brings them")
    target = free("out", out)
    part = target.with_name(f".gradwalk-{secrets.token_hex(8)}.part")
    try:
        part.mkdir()
        made = _make(part)
        _into_place(made, free("out", out), part)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(out)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def free(argument: str, out: str | Path) -> Path:
    """Where a site may be written. Changes nothing. ValueError, naming `argument`, if something is there that stays."""
    path = arguments.path(argument, out).absolute()
    told = arguments.place(out)
    if not path.parent.is_dir():
        raise ValueError(f"{argument}: wanted a name in a folder that exists, got {told}")
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise ValueError(f"{argument}: wanted a folder, got {told}, which is none")
    if path.is_dir() and (other := _not_ours(path)):
        raise ValueError(f"{argument}: wanted a new folder, an empty one or a site of gradwalk's, got {told}: {other}")
    return path


def _not_ours(folder):
    """What in a folder keeps it from being replaced, in words; empty if nothing does."""
    there = _digests(folder)
    try:
        ours = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        ours = {}
    other = sorted(name for name, digest in there.items() if name != MANIFEST and ours.get(name) != digest)
    return f"{other[0]} in it is not as gradwalk wrote it" if other else ""


def _digests(folder):
    files = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    return {path.relative_to(folder).as_posix(): _digest(path) for path in sorted(files)}


def _digest(path):
    return sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else None


def _make(part):
    """The site in a folder within `part`."""
    from gradwalk.site import execution, lowering, publishing, script

    came, sources, static, site = notebooks.came_along(), part / "sources", part / "static", part / "site"
    sources.mkdir()
    static.mkdir()
    paths = notebooks.stops(came)
    scripts = {}
    for path, notebook in zip(paths, execution.run_all(paths), strict=True):
        page = lowering.lowered(notebook)
        (sources / f"{path.stem}.md").write_text(page.text, encoding="utf-8")
        scripts[path.stem] = [f"shared-{name}.js" for name in page.shared]
        for name, state in page.shared.items():
            (static / f"shared-{name}.js").write_text(script.shared(name, state), encoding="utf-8")
    contents = lowering.first_page((came / "README.md").read_text(encoding="utf-8"), [path.stem for path in paths])
    (sources / "index.md").write_text(contents, encoding="utf-8")
    (static / "gradwalk.js").write_text(script.script(), encoding="utf-8")
    (static / "gradwalk.css").write_text(script.style(), encoding="utf-8")
    publishing.publish(sources, static, scripts, site)
    (site / ".nojekyll").touch()  # where GitHub serves the folder, files whose names begin with _ are served too
    (site / MANIFEST).write_text(json.dumps(_digests(site), indent=1) + "\n", encoding="utf-8")
    return site


def _into_place(site, target, part):
    """The finished site gets its name; what was there, one of ours, comes back if that goes wrong."""
    before = part / "before"
    if target.exists():
        target.rename(before)
    try:
        site.rename(target)
    except OSError:
        with suppress(OSError):
            before.rename(target)
        raise
