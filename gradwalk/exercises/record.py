"""The learner's record: one readable file of their own, to which lines are only ever added. It is never marked.

A line is one thing that was done, as JSON: when, at which stop, of which kind. `call` is a prediction, `check` an
answer of one's own, `open` that a page or the course is to be open. A header says in which version the lines behind it
are written: so files may be laid end to end, and an older line is read as what it would be today. Half a line, which a
broken write leaves behind, is passed over.

It is written where a Jupyter server says so, that of the course or one with its extension: nothing leaves the machine,
and no test, no script and no page that is made elsewhere writes a line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from gradwalk import arguments

FILE = "gradwalk-record.jsonl"  # in the server's root folder
PLACE = "GRADWALK_RECORD"  # where that is: the server tells its kernels
NOTEBOOK = "JPY_SESSION_NAME"  # the notebook that a kernel is started for: a server's terminals have none
VERSION = 1
UPGRADES: dict[int, Callable[[dict], dict]] = {}  # a line of that version -> the same in the next one
LONGEST = 4000  # letters of a line


def where() -> Path | None:
    """The file of this kernel's record; None where none is kept."""
    return Path(os.environ[PLACE]) if os.environ.get(PLACE) and os.environ.get(NOTEBOOK) else None


def note(kind: str, **told: object) -> None:
    """Add a line, where a record is kept. What was done goes on where it cannot be written."""
    if path := where():
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")  # as the page writes it
        line = {"at": at, "stop": Path(os.environ[NOTEBOOK]).stem, "kind": kind, **told}
        with suppress(OSError):
            append(path, json.dumps(line, ensure_ascii=False))


def append(path: Path, text: str) -> None:
    """Add lines to a record, each once. `text`: lines, in this version unless a header among them says otherwise.

    ValueError, and nothing is written, for what is no line of a record.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    for line in lines:
        if len(line) > LONGEST or not (_is_line(told := _object(line)) or _version(told)):
            raise arguments.refused("text", f"lines of a record, of at most {LONGEST} letters", line)
    before = path.read_bytes() if path.exists() else b""
    there = before.decode(errors="replace").split("\n")
    version = next((found for line in reversed(there) if (found := _version(_object(line)))), None)
    known, fresh, wanted = {*there}, [], VERSION
    for line in lines:
        if found := _version(_object(line)):
            wanted = found
        elif line not in known:
            fresh += [header(wanted)] * (wanted != version) + [line]
            known.add(line)
            version = wanted
    if fresh:
        ended = not before or before.endswith(b"\n")
        with path.open("ab") as file:  # at the end, whoever else writes
            file.write("".join([*([] if ended else ["\n"]), *(f"{line}\n" for line in fresh)]).encode())


def read(path: Path) -> list[dict]:
    """What a record says, line by line in the order of their time, each once and in today's version.

    ValueError if a newer gradwalk wrote in it.
    """
    found = {}
    for version, line in _lines(path.read_bytes().decode(errors="replace")):
        if version > VERSION:
            told = f"got one of version {version}, which a newer gradwalk wrote"
            raise ValueError(f"record: wanted {arguments.place(path)} of version {VERSION} at most, {told}")
        for step in range(version, VERSION):
            line = UPGRADES[step](line)
        found[json.dumps(line, sort_keys=True)] = line
    return sorted(found.values(), key=lambda line: line["at"])


def header(version: int = VERSION) -> str:
    """The line that says how those behind it are written."""
    return json.dumps({"gradwalk": "record", "version": version})


def _lines(text) -> Iterator[tuple[int, dict]]:
    """Each whole line with its version."""
    version = 1
    for told in map(_object, text.split("\n")):
        version = _version(told) or version
        if _is_line(told):
            yield version, told


def _object(line):
    """A line's object; empty if it is none."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _version(told):
    version = told.get("version") if told.get("gradwalk") == "record" else None
    return version if type(version) is int and version > 0 else None


def _is_line(told):
    return isinstance(told.get("at"), str) and isinstance(told.get("kind"), str)
