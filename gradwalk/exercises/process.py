"""A learner's function run in a process of its own: it cannot hang the notebook, end it, or write to its arrays.

One process is always warm, and each runs one answer. The time limit holds everywhere; `worker` says what else does.
"""

from __future__ import annotations

import atexit
import json
import math
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

import gradwalk
from gradwalk.exercises.shipping import Refusal, pack

SECONDS = 1.5  # for all cases together
MOST_BYTES = 10**7  # of a reply
GONE = "It ended the process that it ran in, or wrote into its reply."
_spare: subprocess.Popen | None = None


class Run(NamedTuple):
    """What came of it: an array a case, its shape alone where it is huge; what was printed; the page's numbers read.

    Of an answer that makes several arrays by name they come so. single: some of it is float32, or less.
    """

    results: list[np.ndarray | tuple[int, ...] | dict[str, np.ndarray | tuple[int, ...]]]
    printed: str = ""
    reads: Sequence[str] = ()
    single: bool = False


def run(answer: Callable, cases: Sequence[tuple]) -> Run:
    """Call the answer with each case's arguments. Refusal, with a word for it, where no numbers come back."""
    packed, reads = pack(answer)
    head, numbers = _reply(pickle.dumps((packed, list(cases))))
    try:
        if "kind" in head:
            raise Refusal(str(head["kind"]), str(head["said"]) + _printed(head["printed"]))
        arrays = []
        for shape in map(tuple, head["shapes"]):
            size = math.prod(shape) if 8 * math.prod(shape) <= len(numbers) else 0
            arrays.append(np.frombuffer(numbers[: 8 * size]).reshape(shape) if size else shape)
            numbers = numbers[8 * size :]
        came = iter(arrays)
        results = [next(came) if names is None else {name: next(came) for name in names} for names in head["names"]]
        return Run(results, str(head["printed"]), reads, bool(head["single"]))
    except (KeyError, TypeError, ValueError, StopIteration):  # not what `worker` says
        raise Refusal("process", GONE) from None


def warm() -> None:
    """Have a process ready; the first question then waits no longer than the others."""
    global _spare
    if _spare is None:
        _spare = _started()


def _started():
    """A process that is on its way up. It says "!" when it is there."""
    root = str(Path(gradwalk.__file__).parent.parent)
    alone = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "gradwalk.exercises.worker"],
        env=os.environ | alone | {"PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # an interrupted cell is not to take it along
    )


def _reply(request):
    """Ask the spare process, with a time limit; then have the next one come up."""
    global _spare
    warm()
    process, _spare = _spare, None
    came = []
    talk = threading.Thread(target=_talk, args=(process, request, came), daemon=True)
    try:
        if process.stdout.read(1) != b"!":
            raise Refusal("process", "No process could be started to run an answer in.")
        talk.start()
        talk.join(SECONDS)
        late = talk.is_alive()
    finally:  # an interrupted cell too
        process.kill()
        if talk.ident:
            talk.join()
        _end(process)
        warm()
    if late:
        raise Refusal("endless", f"It was still running after {SECONDS:g} seconds, and was stopped.")
    head, _, numbers = b"".join(came).partition(b"\n")
    try:
        return json.loads(head), numbers
    except ValueError:
        raise Refusal("process", GONE) from None


def _talk(process, request, came):
    try:
        process.stdin.write(request)
        process.stdin.close()
        came.append(process.stdout.read(MOST_BYTES))
    except (OSError, ValueError):  # it is gone, or was stopped
        return


def _end(process):
    process.kill()
    process.wait()
    process.stdout.close()
    with suppress(OSError):  # what was not sent yet has nowhere to go
        process.stdin.close()


@atexit.register
def _end_spare():
    if _spare is not None:
        _end(_spare)


def _printed(text):
    return f" It printed: {text[:200]!r}" if text else ""
