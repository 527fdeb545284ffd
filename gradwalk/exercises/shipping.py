"""A learner's function, packed for another process: its code, its helpers, and the plain numbers that it reads.

Functions of a notebook have no address to import them from, so the code itself travels. An array of the page does not:
an answer is to be made of its arguments.
"""

from __future__ import annotations

import builtins
import dis
import inspect
import marshal
import pickle
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from numbers import Number
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType

import numpy as np

import gradwalk
from gradwalk.telling import derivations

_PACKAGE = str(Path(gradwalk.__file__).parent)
_LIBRARY = {"numpy", "gradwalk"} | set(sys.stdlib_module_names)


class Refusal(Exception):
    """Why a function is not run, or what it did: the kind in a word, and what is said of it."""

    def __init__(self, kind: str, said: str):
        super().__init__(said)
        self.kind, self.said = kind, said


def pack(answer: Callable) -> tuple[bytes, list[str]]:
    """The function as bytes for `unpack`, and the numbers that it reads of the page. Refusal, of what cannot travel."""
    packed, numbers = {}, []
    _pack(answer, packed, numbers)
    return pickle.dumps(list(packed.values())), numbers


def unpack(packed: bytes) -> FunctionType:
    """The function again, in the process that runs it."""
    records = pickle.loads(packed)
    made = []
    for code, name, *_, cells, _ in records:
        empty = tuple(CellType() for _ in cells)
        made.append(FunctionType(marshal.loads(code), {"__builtins__": builtins}, name, None, empty))
    for function, (_, _, defaults, named, cells, read) in zip(made, records, strict=True):
        function.__defaults__ = tuple(_unpacked(value, made) for value in defaults)
        function.__kwdefaults__ = {name: _unpacked(value, made) for name, value in named.items()}
        for cell, value in zip(function.__closure__ or (), cells, strict=True):
            cell.cell_contents = _unpacked(value, made)
        function.__globals__.update({name: _unpacked(value, made) for name, value in read.items()})
    return made[0]


def own_word(name: str) -> Refusal:
    """The word for an answer that is, or calls, what the package has for it."""
    return Refusal("own", f"This uses the package's own {name}. The line is to be yours.")


def _pack(function, packed, numbers):
    """Pack a function and whatever it reads, once each; its place in the list."""
    if id(function) in packed:
        return list(packed).index(id(function))
    code = function.__code__
    if code.co_filename.startswith(_PACKAGE):
        raise own_word(code.co_name)
    place, packed[id(function)] = len(packed), None
    free = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    cells = [_packed(name, _contents(cell, name), packed, numbers) for name, cell in free.items()]
    scope = function.__globals__
    read = {name: _packed(name, scope[name], packed, numbers) for name in sorted(set(_reads(code))) if name in scope}
    usual, alone = function.__defaults__ or (), function.__kwdefaults__ or {}
    last = code.co_varnames[code.co_argcount - len(usual) : code.co_argcount]
    defaults = [_packed(name, value, packed, []) for name, value in zip(last, usual, strict=True)]
    named = {name: _packed(name, value, packed, []) for name, value in alone.items()}
    packed[id(function)] = marshal.dumps(code), function.__name__, defaults, named, cells, read
    return place


def _contents(cell, name):
    try:
        return cell.cell_contents
    except ValueError:
        raise Refusal("page", f"{name} has no value yet.") from None


def _reads(code: CodeType) -> Iterator[str]:
    """The names that the code, and all code in it, looks up in its module."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield step.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _reads(inner)


def _plain(value):
    if isinstance(value, (tuple, list)):
        return all(map(_plain, value)) and len(value) < 10
    return value is None or isinstance(value, (Number, str, bytes, np.generic)) or value is ...


def _packed(name, value, packed, numbers):
    if inspect.isfunction(value) and (value.__module__ or "").partition(".")[0] not in _LIBRARY:
        return "function", _pack(value, packed, numbers)
    if value in _gradients() if inspect.isfunction(value) else False:
        raise own_word(value.__name__)
    if _plain(value):
        if isinstance(value, Number):
            numbers.append(name)
        return "plain", value
    if isinstance(value, ModuleType):
        return "module", value.__name__
    where, called = getattr(value, "__module__", None) or "numpy", getattr(value, "__qualname__", name)
    if getattr(sys.modules.get(where), called, None) is value and where != "__main__":
        return "import", (where, called)
    if isinstance(value, np.ufunc) and getattr(np, value.__name__, None) is value:
        return "import", ("numpy", value.__name__)
    kind = type(value).__name__
    what = "an array" if isinstance(value, np.ndarray) else f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"
    raise Refusal("page", f"This reads {name}, {what} of the page. Make the answer of its arguments alone.")


def _gradients():
    return set(derivations.gradients())


def _unpacked(value, made):
    kind, what = value
    if kind == "function":
        return made[what]
    if kind == "module":
        return import_module(what)
    return getattr(import_module(what[0]), what[1]) if kind == "import" else what
