"""The process that runs one answer, and ends: `python -m gradwalk.exercises.worker`, started by `process`.

It has copies of the numbers. The package's gradients are not to be had in it, its printing is caught, and files,
processes and the net are closed to it: a guard against accidents, and no prison. Memory is bounded where the system
can do so: on Linux; on Windows and macOS the time limit alone holds.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import sys
import traceback
from copy import deepcopy

import numpy as np

from gradwalk import step2_mlp
from gradwalk.exercises.shipping import Refusal, own_word, unpack
from gradwalk.telling import derivations

MEMORY = 2**31  # bytes
MOST_NUMBERS, MOST_PRINTED, MOST_SAID = 10**5, 2000, 300
_CLOSED = ("os.", "shutil.", "socket.", "subprocess.", "ctypes.", "signal.", "winreg.", "_winapi.", "ftplib.", "http.")
_OPEN_STILL = {"os.listdir", "os.scandir", "os.walk", "os.putenv", "os.unsetenv"}


def main() -> None:
    """Say that one is ready, take one request, answer it, end."""
    reply, ask = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    sys.stdin, sys.stdout = io.StringIO(), _Capped()
    sys.stderr = sys.stdout
    _no_gradients()
    reply.write(b"!")
    reply.flush()
    request = ask.read()
    if request:
        head, numbers = _answered(*pickle.loads(request))
        reply.write(json.dumps({"printed": sys.stdout.kept} | head).encode() + b"\n" + numbers)
        reply.flush()
    os._exit(0)  # whatever the answer has left behind


class _Capped(io.TextIOBase):
    """What is printed, as far as one would read it."""

    kept = ""

    def write(self, text):
        if len(self.kept) < MOST_PRINTED:
            self.kept += text[: MOST_PRINTED - len(self.kept)]
        return len(text)


def _no_gradients():
    """Put a refusal in the place of every gradient of the steps, wherever the answer may fetch it from."""
    for function in derivations.gradients():

        def refuse(*given, _name=function.__name__, **named):
            raise own_word(_name)

        setattr(sys.modules[function.__module__], function.__name__, refuse)
    for name, (activation, slope) in step2_mlp.ACTIVATIONS.items():
        step2_mlp.ACTIVATIONS[name] = activation, getattr(step2_mlp, slope.__name__)


def _limits():
    """Bounds on memory and time where the system has them, and a door on what leaves the process."""
    try:
        import resource
    except ImportError:  # Windows
        resource = None
    bounds = {"RLIMIT_AS": MEMORY, "RLIMIT_CPU": 5, "RLIMIT_CORE": 0} if resource else {}
    for bound, most in bounds.items():
        try:
            resource.setrlimit(getattr(resource, bound), (most, most))
        except (ValueError, OSError):  # macOS refuses some
            continue

    def door(event, given):
        writes = event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes or (event.startswith(_CLOSED) and event not in _OPEN_STILL):
            raise Refusal("outside", f"This reaches outside itself ({event}). An answer computes, and nothing else.")

    sys.addaudithook(door)


def _answered(packed, cases):
    """Run the answer on every case: the head of the reply, and all numbers that came out."""
    try:
        answer = unpack(packed)
        _limits()
        first = _called(answer, cases[0])
        printed = sys.stdout.kept
        if not _same(first, _called(answer, cases[0])):
            raise Refusal("chance", "Asked twice for the same numbers, this answers twice differently.")
        results = [first, *(_called(answer, given) for given in cases[1:])]
        names = [[*result] if isinstance(result, dict) else None for result in results]
        arrays = [r for result in results for r in (result.values() if isinstance(result, dict) else [result])]
        sizes = [array.size if array.size <= MOST_NUMBERS else 0 for array in arrays]
        sent = b"".join(r.astype(float).tobytes() for r, size in zip(arrays, sizes, strict=True) if size)
        single = any(r.dtype in (np.float32, np.float16) for r in arrays)
        shapes = [array.shape for array in arrays]
        return {"names": names, "shapes": shapes, "single": single, "printed": printed}, sent
    except Refusal as refusal:
        return {"kind": refusal.kind, "said": refusal.said}, b""
    except MemoryError:
        return {
            "kind": "memory",
            "said": f"This needs more memory than there is for an answer ({MEMORY >> 30} GB).",
        }, b""
    except BaseException as error:  # SystemExit too
        said = " ".join(traceback.format_exception_only(error)[-1].split())[:MOST_SAID]
        return {"kind": "raises", "said": f"It stops{_line(error, answer)}: {said}"}, b""


def _called(answer, given):
    """One call, on copies; what it makes as an array of real numbers, or as several by name.

    Refusal where it changes what it was given.
    """
    mine = deepcopy(given)
    with np.errstate(all="ignore"):
        made = answer(*mine)
        if made is None or made is ...:
            raise Refusal("blank", "It returns nothing yet.")
        if not all(_same(one, other) for one, other in zip(mine, given, strict=True)):
            raise Refusal("changes", "It changes the arrays that it was given. Others still need them: make a new one.")
        if not isinstance(made, dict):
            return _array(made, "It returns ")
        filled = {str(name): one for name, one in made.items() if one is not None and one is not ...}
        return {name: _array(one, f"For {name} it returns ") for name, one in filled.items()}


def _array(made, it_returns):
    try:
        array = np.asarray(made)
    except ValueError:
        raise Refusal("kind", f"{it_returns}rows of several lengths.") from None
    if array.dtype.kind not in "fiub":
        raise Refusal("kind", f"{it_returns}{_kind(made)}, no array of real numbers.")
    return array


def _kind(made):
    name = type(made).__name__
    return f"an array of {made.dtype}" if isinstance(made, np.ndarray) else f"a {name}"


def _same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return np.array_equal(one, other, equal_nan=True) if isinstance(one, np.ndarray) else one == other


def _line(error, answer):
    """In which of its own lines the answer stopped."""
    steps = [step for step in traceback.walk_tb(error.__traceback__) if step[0].f_code is answer.__code__]
    return f" in its line {steps[-1][1] - answer.__code__.co_firstlineno + 1}" if steps else ""


if __name__ == "__main__":
    main()
