"""The course's notebooks: where they lie, what of them a learner has, and which of them may be trusted.

`python -m gradwalk.course.notebooks` writes down anew which notebooks are the course's own, after they were stored.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from hashlib import sha256
from itertools import count
from pathlib import Path

from gradwalk import __version__, files

PACKAGE = Path(__file__).resolve().parents[1]
FOLDER = "gradwalk-course"  # the learner's own, where the course comes out of a wheel
OWN = "data/notebooks.json"  # in the package: each notebook's SHA-256, by which it is known as the course's own


def came_along() -> Path:
    """The folder of the notebooks as they came: a wheel brings them in the package, a clone has them beside it."""
    bundled = PACKAGE / "notebooks"
    return bundled if bundled.is_dir() else PACKAGE.parent / "notebooks"


def stops(folder: Path) -> list[Path]:
    """The notebooks in a course's folder: the walk in its order, then the side rooms."""
    return sorted(folder.glob("*.ipynb")) + sorted(folder.glob("side/*.ipynb"))


def is_clone() -> bool:
    """Whether the notebooks that came along are the ones that the learner works in."""
    return came_along().parent != PACKAGE


# ---- to the learner


def place(fresh: bool = False) -> tuple[Path, Path]:
    """Bring the course to the learner, and say so. The folder to serve, and the one in it where the course is.

    From a clone both are the clone's own. From a wheel the course is copied to gradwalk-course in the current folder;
    what is there stays. `fresh` brings another copy beside it, as it came, into a folder that has the edition's name.
    """
    if is_clone():
        if fresh:
            raise ValueError("--fresh: this is a clone, where git has the notebooks as they came: git checkout")
        return came_along(), came_along()
    here = Path.cwd()
    folder = course = here if here.name == FOLDER else here / FOLDER
    if fresh:
        course = _edition(folder)
    try:
        added, kept = copy(came_along(), course)
    except OSError as error:
        told = f"{error.filename or course}: {error.strerror or error}"
        raise ValueError(f"{told}; wanted room for the course in this folder") from error
    print(f"{course}: {added} files of the course added, {kept} left as they were", flush=True)
    if other := differing(came_along(), course):
        is_other = "1 of your files differs" if len(other) == 1 else f"{len(other)} of your files differ"
        print(f"{is_other} from what came with gradwalk {__version__}: {', '.join(other)}.", end=" ")
        beside = _edition(folder).relative_to(folder)
        print(f"gradwalk --fresh puts the course as it came beside yours, into {beside}", flush=True)
    return folder, course


def copy(bundled: Path, folder: Path) -> tuple[int, int]:
    """Copy what `folder` does not have yet, each file all or not at all. Return how many (added, kept).

    What is there is the learner's, and stays. Only the mere beginning of a file of the course, which a copy that was
    broken off leaves behind, is completed: nothing in it is the learner's.
    """
    added = kept = 0
    for source in _all_files(bundled):
        target, content = folder / source.relative_to(bundled), source.read_bytes()
        target.parent.mkdir(parents=True, exist_ok=True)

        def begun(path, content=content):
            there = _content(path)
            return there is not None and len(there) < len(content) and content.startswith(there)

        if os.path.lexists(target) and not begun(target):
            kept += 1
            continue
        try:
            files.write(target, content, ours=begun)
            added += 1
        except files.Taken:  # it came in this very moment
            kept += 1
    return added, kept


def differing(bundled: Path, folder: Path) -> list[str]:
    """The names of the files in `folder` that are not as they came. A notebook that was only run is not among them."""
    names = [source.relative_to(bundled) for source in _all_files(bundled)]
    there = [name for name in names if os.path.lexists(folder / name)]
    return [name.as_posix() for name in there if not _same(_content(bundled / name), _content(folder / name))]


def _content(path):
    """A file's bytes; None if there are none to be had, as from a folder or a pipe, where one would wait for ever."""
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None


def _same(one, other):
    """Whether two contents say the same: equal bytes, or notebooks whose cells' sources are equal."""
    return one == other or (_sources(one) is not None and _sources(one) == _sources(other))


def _sources(content):
    """What stands in a notebook's cells, without outputs; None if it is no notebook."""
    try:
        return [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(content)["cells"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _edition(folder):
    """The first folder for a copy as it came where nothing else is: a new one, or one that has it."""
    for number in count(1):
        name = f"edition-{__version__}" + (f"-{number}" if number > 1 else "")
        edition = folder / name
        free = not os.path.lexists(edition) or edition.is_dir()
        if free and not differing(came_along(), edition):
            return edition


def _all_files(bundled):
    return sorted(path for path in bundled.rglob("*") if path.is_file() and ".ipynb_checkpoints" not in path.parts)


# ---- trust: what was never run here is shown with its outputs only if it is signed


def trust(notary=None) -> None:
    """Sign the course's own notebooks with Jupyter's notary, or a server's, so that nothing is blank at first sight.

    A signature is of the content: it holds for each copy that is equal to it. Whatever is not the course's own, to
    the byte, is never signed. Where the home folder cannot be written to, or the signatures are locked, a server's
    notary keeps them in memory, for as long as it runs.
    """
    from nbformat.sign import MemorySignatureStore, NotebookNotary

    try:
        _sign(notary or NotebookNotary())
    except (OSError, sqlite3.Error):
        if notary:
            notary.store, notary.secret = MemorySignatureStore(), secrets.token_bytes(1024)
            _sign(notary)


def _sign(notary):
    from nbformat import reader

    for name, digest in own().items():
        content = _content(came_along() / name)
        if content and sha256(content).hexdigest() == digest:
            notary.sign(reader.reads(content.decode()))


def own() -> dict[str, str]:
    """Each notebook of the course by name, with the SHA-256 of its bytes."""
    return json.loads((PACKAGE / OWN).read_text(encoding="utf-8"))


def digests(folder: Path) -> dict[str, str]:
    """What `own` is for the notebooks that lie in a folder."""
    found = [path for path in _all_files(folder) if path.suffix == ".ipynb"]
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in found}


def record() -> None:
    """Write down that the notebooks which lie in the clone now are the course's own."""
    told = json.dumps(digests(came_along()), indent=1) + "\n"
    files.write(PACKAGE / OWN, told, ours=lambda path: path == (PACKAGE / OWN).resolve())


if __name__ == "__main__":
    record()
