"""The course's notebooks run once more, each in a Python that publishes: its widgets tell all that a page needs.

A kernel each would cost as much as all that the stops do, mostly to import what they all do. So no kernels: the
processes are forked from one that has imported it, where a system can fork.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import nbformat
from nbformat.v4 import new_output

CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()
CONTEXT = multiprocessing.get_context("forkserver" if CAN_FORK else "spawn")
IMPORTED = ["IPython.core.interactiveshell", "matplotlib.pyplot", "gradwalk.widgets.dial_board", "gradwalk.show"]


def run_all(paths: Sequence[Path]) -> list[nbformat.NotebookNode]:
    """Each notebook as it is after a run, as many at once as there are processors. ValueError if one fails."""
    CONTEXT.set_forkserver_preload([__name__, *IMPORTED])
    with ThreadPoolExecutor(os.cpu_count()) as turns:
        return [*turns.map(_run, paths)]


def _run(path):
    """One notebook, in a process of its own: none hears what another has changed."""
    with ProcessPoolExecutor(1, CONTEXT) as alone:
        try:
            return alone.submit(_run_here, path).result()
        except BrokenProcessPool as error:
            raise ValueError(f"{path.name}: wanted a notebook that runs, and its Python died") from error


def _run_here(path):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from traitlets.config import Config

    from gradwalk.widgets import published

    published.publish()
    os.chdir(path.parent)
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        with capture_output(stderr=False) as said:
            shell.display_trap.hook = sys.displayhook  # the capture's: it hears the value of the last line
            done = shell.run_cell(cell.source)
        if error := done.error_before_exec or done.error_in_exec:
            raise ValueError(f"{path.name}: wanted a notebook that runs, got {type(error).__name__}: {error}")
        # What a cell prints stands above what it shows, whose last comes from its last line.
        cell.outputs = [new_output("stream", text=said.stdout)] if said.stdout else []
        shown = [one for one in said.outputs if one.data]  # an object that shows itself leaves nothing to show
        cell.outputs += [new_output("display_data", one.data, metadata=one.metadata) for one in shown]
    return notebook
