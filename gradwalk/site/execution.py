"""The course's notebooks run once more, each in a Python of its own.

A kernel each would cost as much as all that the stops do, mostly to import what they all do. So no kernels: the
processes are forked from one that has imported it, where a system can fork.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import nbformat
from nbformat.v4 import new_output

from gradwalk.site import cells

CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()
CONTEXT = multiprocessing.get_context("forkserver" if CAN_FORK else "spawn")
IMPORTED = ["gradwalk.site.cells", "gradwalk.show", "gradwalk.widgets.dial_board", "matplotlib.pyplot"]


def run_all(paths: Sequence[Path]) -> list[nbformat.NotebookNode]:
    """Each notebook as it is after a run, as many at once as there are processors. ValueError if one fails."""
    CONTEXT.set_forkserver_preload(IMPORTED)
    with ThreadPoolExecutor(os.cpu_count()) as turns:
        return [*turns.map(_run, paths)]


def _run(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    with ProcessPoolExecutor(1, CONTEXT) as alone:  # a process of its own: none hears what another has changed
        try:
            shown = alone.submit(cells.run, path.parent, [cell.source for cell in code]).result()
        except ValueError as error:
            raise ValueError(f"{path.name}: wanted a notebook that runs, got {error}") from error
        except BrokenProcessPool as error:
            raise ValueError(f"{path.name}: wanted a notebook that runs, and its Python died") from error
    for cell, (printed, things) in zip(code, shown, strict=True):
        # What a cell prints stands above what it shows, whose last comes from its last line.
        cell.outputs = [new_output("stream", name=name, text=text) for name, text in printed.items() if text]
        cell.outputs += [new_output("display_data", data, metadata=metadata) for data, metadata in things]
    return notebook
