"""Run the course's notebooks and store what they print: `python tests/store_notebooks.py`, or some: `… NOTEBOOK …`.

What is stored reads and compares on any machine: tables in place of widgets, which live only as long as their kernel;
no times, no state, no version of Python. A notebook that says what it said is left as it is, to the byte.
"""

from __future__ import annotations

import asyncio
import re
import sys
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import nbformat
import numpy as np
from matplotlib.image import imread
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from gradwalk import files
from gradwalk.cli import one_thread
from gradwalk.course import notebooks

FOLDER = Path(__file__).parents[1] / "notebooks"
AT_ONCE = 2
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},  # gradwalk.course.contents fills in the rest for whoever opens it
}
VIEW = "application/vnd.jupyter.widget-view+json"
PNG = re.compile(r"iVBORw0KGgo[A-Za-z0-9+/=\n]+")  # how every PNG begins in base64
SAME = 0.2  # of a colour's range: by less two machines may differ in drawing one picture


def main(named: list[str]) -> int:
    """Run and store these notebooks, or all; 1 if one of them fails, which is then left as it was."""
    one_thread()
    paths = [Path(name) for name in named] or notebooks.stops(FOLDER)
    failed = asyncio.run(_store_all(paths))
    notebooks.record()
    return 1 if any(failed) else 0


async def _store_all(paths):
    """Store each, a few at a time; for each: did it fail?"""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(path):
        async with turn:
            try:
                print(f"{path}: {'stored' if await store(path) else 'as it was'}", flush=True)
            except (CellExecutionError, DeadKernelError) as error:
                print(f"{path}: {error}", file=sys.stderr, flush=True)
                return True
            return False

    return await asyncio.gather(*map(one, paths))


async def store(path: Path) -> bool:
    """Run one notebook, and write it if anything but noise is new. Returns: was it written?"""
    stored = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(stored, as_version=4)
    options = {"kernel_name": "python3", "timeout": None, "record_timing": False, "coalesce_streams": True}
    options |= {"extra_arguments": ["--log-level=ERROR"]}  # the kernel's own remarks
    options |= {"store_widget_state": False, "resources": {"metadata": {"path": str(path.parent)}}}
    await NotebookClient(notebook, **options).async_execute()
    tidy(notebook, before=nbformat.reads(stored, as_version=4))
    text = nbformat.writes(notebook) + "\n"
    if text != stored:
        files.write(path, text, ours=lambda there: there == path.resolve())
    return text != stored


def tidy(notebook: nbformat.NotebookNode, before: nbformat.NotebookNode) -> None:
    """Take away what differs from run to run. `before` is the notebook as it was stored, cell for cell."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell, was in zip(notebook.cells, before.cells, strict=True):
        cell.metadata.pop("execution", None)
        drawn = [png for _, _, text in _texts(was) for png in PNG.findall(text)]
        for data, kind, text in _texts(cell):
            data[kind] = PNG.sub(lambda new, drawn=drawn: _as_before(new[0], drawn), text)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(VIEW, None)


def _texts(cell):
    """What a cell shows, as (where it stands, under which name, the text)."""
    shown = [output["data"] for output in cell.get("outputs", []) if "data" in output]
    return [(data, kind, text) for data in shown for kind, text in data.items() if isinstance(text, str)]


def _as_before(png, drawn):
    """The picture as one of those that were `drawn` before, where nobody could tell them apart."""
    return next((was for was in drawn if _alike(_pixels(png), _pixels(was))), png)


def _pixels(png):
    return imread(BytesIO(b64decode(png)))  # (height, width, 4), each from 0 to 1


def _alike(one, other):
    return one.shape == other.shape and bool(np.abs(one - other).max() <= SAME)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
