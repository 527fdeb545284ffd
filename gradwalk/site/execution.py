"""The course's notebooks run once more, by kernels that publish: their widgets tell all that a page needs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

PUBLISH = "from gradwalk.widgets import published; published.publish()"


def run_all(paths: Sequence[Path]) -> list[nbformat.NotebookNode]:
    """Each notebook as it is after a run, as many at once as there are processors. ValueError if one fails."""
    return asyncio.run(_run_all(paths))


async def _run_all(paths):
    turn = asyncio.Semaphore(os.cpu_count() or 1)

    async def one(path):
        async with turn:
            return await _run(path)

    return await asyncio.gather(*map(one, paths))


async def _run(path):
    notebook = nbformat.read(path, as_version=4)
    options = {"kernel_name": "python3", "timeout": None, "record_timing": False, "coalesce_streams": True}
    options |= {"extra_arguments": ["--log-level=ERROR", f"--IPKernelApp.exec_lines={PUBLISH}"]}
    options |= {"store_widget_state": False, "resources": {"metadata": {"path": str(path.parent)}}}
    try:
        return await NotebookClient(notebook, **options).async_execute()
    except CellExecutionError as error:
        raise ValueError(f"{path.name}: wanted a notebook that runs, got {error.ename}: {error.evalue}") from error
    except DeadKernelError as error:
        raise ValueError(f"{path.name}: wanted a notebook that runs, and its Python died") from error
