"""Arrays as safetensors files store them: the header read first, within bounds, and the numbers left where they lie."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors import safe_open

from gradwalk import arguments, files
from gradwalk.reading import foreign

MOST_ARRAYS = 20_000  # GPT-2's largest has 580
LONGEST_NAME = 200
MOST_FILES = 100
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}  # numpy has no bfloat16: its 16 bits as they are
MAPPED_FROM = 2**26  # bytes: of a smaller file a copy is soon made, and it may do what it likes afterwards


class Stored(NamedTuple):
    """One array: the file that it lies in, its dtype as that names it, its shape, and the byte that it begins at."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    begins: int


class Header(NamedTuple):
    """What a file says of itself, or an index of several: each array by its name, and the metadata."""

    path: Path
    arrays: dict[str, Stored]
    metadata: dict[str, str]


def header(path: Path) -> Header:
    """What a safetensors file holds, before any of it is read.

    FileNotFoundError if there is no such file; ValueError, naming the file and what it is, if it is no safetensors
    file, is cut off, or holds more than a model would.
    """
    size, start = foreign.size(path), foreign.first_bytes(path, 1000)
    length = int.from_bytes(start[:8], "little")
    if size < 10 or length + 8 > size or start[8:9] != b"{":
        raise ValueError(f"{path}: {_no_safetensors(start, length, size)}")
    if length > foreign.MOST_JSON:
        raise ValueError(f"{path}: its header has {length:,} bytes; wanted at most {foreign.MOST_JSON:,}")
    told = foreign.dictionary(foreign.first_bytes(path, 8 + length)[8:], f"{path}: the header")
    names = [name for name in told if name != "__metadata__"]
    if len(names) > MOST_ARRAYS:
        raise ValueError(f"{path}: holds {len(names):,} arrays; wanted at most {MOST_ARRAYS:,}")
    if names and len(longest := max(names, key=len)) > LONGEST_NAME:
        raise ValueError(f"{path}: an array's name has {len(longest):,} letters ({arguments.shown(longest)})")
    try:  # shapes, offsets and dtypes: the package checks each, and that they fill the file without a gap
        foreign.guarded(f"{path}: no safetensors file that can be read", _checked, path)
    except ValueError:
        _complain_if_cut_off(path, told, names, 8 + length, size)
        raise
    arrays = {
        name: Stored(path, told[name]["dtype"], tuple(told[name]["shape"]), 8 + length + told[name]["data_offsets"][0])
        for name in names
    }
    return Header(path, arrays, told.get("__metadata__") or {})


def index(path: Path) -> Header:
    """What the files hold together that an index names, such as model.safetensors.index.json; its sizes do not count.

    FileNotFoundError, naming it, for a file that is missing. ValueError, naming the file, as for `header`; for a place
    outside of the index's own folder; and where index and files do not name the same arrays.
    """
    told = foreign.json_file(path).get("weight_map")
    if not isinstance(told, dict) or not told or not all(isinstance(name, str) for name in told.values()):
        raise ValueError(f"{path}: wanted weight_map, each array's file by its name, got {arguments.shown(told)}")
    whole, names = Header(path, {}, {}), dict.fromkeys(told.values())
    if len(told) > MOST_ARRAYS or len(names) > MOST_FILES:
        most = f"wanted at most {MOST_ARRAYS:,} in {MOST_FILES}"
        raise ValueError(f"{path}: names {len(told):,} arrays in {len(names):,} files; {most}")
    for name in names:  # looked at as it is written: the hub's cache has links in its folders, that lead elsewhere
        if not re.fullmatch(r"\w[\w.-]*\.safetensors", name):
            wanted = "the name of a .safetensors file in the same folder"
            raise ValueError(f"{path}: wanted {wanted}, got {arguments.shown(name)}")
    for name in names:
        if not foreign.is_file(path.parent / name):
            raise FileNotFoundError(f"{path.parent / name}: there is no such file; {path.name} names it")
        found = header(path.parent / name)
        wanted = [array for array, file in told.items() if file == name]
        if missing := [array for array in wanted if array not in found.arrays]:
            raise ValueError(f"{found.path}: missing {foreign.few(missing)}, which {path.name} says are in it")
        if strange := [array for array in found.arrays if told.get(array) != name]:
            raise ValueError(f"{found.path}: holds {foreign.few(strange)}, which {path.name} does not say are in it")
        whole.arrays.update(found.arrays)
        whole.metadata.update(found.metadata)
    return whole


def read(found: Header, names: Iterable[str]) -> dict[str, np.ndarray]:
    """These arrays, to be read and not written: float64 and float32 as they lie there, 16 bits raised to float32.

    Of a large file no copy is made: see `files.Mapped`. ValueError for any other dtype, and for no room.
    """
    arrays = {name: found.arrays[name] for name in names}
    for name, own in arrays.items():
        if own.dtype not in DTYPES:
            told = f"{own.dtype}, as quantised models are; wanted float32, float16, bfloat16 or float64"
            raise ValueError(f"{own.file}: {name} is stored as {told}")
    needed = sum(max(4, np.dtype(DTYPES[own.dtype]).itemsize) * prod(own.shape) for own in arrays.values())
    arguments.memory(str(found.path), needed, "reading its weights")
    held = {
        file: foreign.guarded(f"{file}: cannot be read", _held, file)
        for file in dict.fromkeys(own.file for own in arrays.values())
    }
    return {
        name: foreign.guarded(f"{own.file}: cannot be read", _array, held[own.file], own)
        for name, own in arrays.items()
    }


def _held(file):
    return files.Mapped(file) if file.stat().st_size >= MAPPED_FROM else file.read_bytes()


def _array(held, own):
    """One array of a file's bytes: a view of them where they lie so that numpy can reckon with them."""
    stored = np.frombuffer(held, DTYPES[own.dtype], prod(own.shape), own.begins).reshape(own.shape)
    if own.dtype == "BF16":  # the upper half of a float32
        raised = stored.astype(np.uint32)
        raised <<= 16
        return raised.view(np.float32)
    native = np.float64 if own.dtype == "F64" else np.float32
    return np.require(stored, native, "A")  # a copy where the machine's bytes run the other way, or between two words


def _checked(path):
    with safe_open(path, framework="np"):
        pass


def _no_safetensors(start, length, size):
    if not size:
        return "is empty: download it again"
    if strange := foreign.what_it_is(start):
        return f"is {strange}"
    if not any(byte < 32 and byte not in b"\t\n\f\r" for byte in start):
        return "is text, no safetensors file"
    if start[8:9] == b"{":
        return f"is cut off (its header would have {length:,} bytes, the file has {size:,}): download it again"
    return "is no safetensors file"


def _complain_if_cut_off(path, told, names, start, size):
    try:
        wanted = start + max(told[name]["data_offsets"][1] for name in names)
        cut_off = size < wanted < 2**63
    except (TypeError, ValueError, LookupError):  # the header is wrong in some other way
        return
    if cut_off:
        told = f"is cut off ({size:,} bytes where its header promises {wanted:,})"
        raise ValueError(f"{path}: {told}: download it again") from None
