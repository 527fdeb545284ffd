"""A notebook's cells run here, in a Python that publishes: its widgets tell all that a page needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from gradwalk.widgets import published

Shown = tuple[dict[str, str], list[tuple[dict, dict]]]  # what a cell printed, by stream; each thing's data, metadata


def run(folder: Path, sources: Sequence[str]) -> list[Shown]:
    """What each cell shows, one after the other, in this folder. ValueError, with its error in words, if one fails."""
    published.publish()
    os.chdir(folder)
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    return [_run(shell, source) for source in sources]


def _run(shell, source):
    with capture_output() as said:
        shell.display_trap.hook = sys.displayhook  # the capture's: it hears the value of the last line
        done = shell.run_cell(source)
    if error := done.error_before_exec or done.error_in_exec:
        raise ValueError(f"{type(error).__name__}: {error}")
    # An object that shows itself leaves nothing to show.
    things = [(one.data, one.metadata) for one in said.outputs if one.data]
    return {"stdout": said.stdout, "stderr": said.stderr}, things
