"""Files that others wrote: read within bounds, and refused by saying what they are. Nothing in them is ever run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import prod
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from safetensors import safe_open

from gradwalk import arguments

MOST_JSON = 2**24  # bytes: GPT-2's tokenizer.json has about 2 million, its weights' header 15,000
MOST_CONFIG = 2**20
MOST_ENTRIES = 10**6  # of all lists and dictionaries in one file
MOST_ARRAYS = 20_000  # GPT-2's largest has 580
LONGEST_NAME = 200
SIZES = {"F64": 8, "F32": 4, "F16": 2}

Read = TypeVar("Read")


class Header(NamedTuple):
    """What a safetensors file says of itself: every array's dtype and shape by its name, and the metadata."""

    dtypes: dict[str, str]
    shapes: dict[str, tuple[int, ...]]
    metadata: dict[str, str]


def brief(told: object, most: int = 200) -> str:
    """What a foreign file or package said, on one line."""
    text = " ".join(str(told).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def few(names: Sequence[str], most: int = 3) -> str:
    """A list of names, the first three written out."""
    told = ", ".join(brief(name, 80) for name in names[:most])
    return told if len(names) <= most else f"{told} and {len(names) - most:,} more"


def guarded(what: str, call: Callable[..., Read], *given: object) -> Read:
    """What a package written in another language makes of a file; whatever it raises becomes a ValueError.

    Its panics are no Exception, and would end a program that catches those.
    """
    try:
        return call(*given)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise ValueError(f"{what} ({brief(error)})") from None


# ---- files


def there(path: Path) -> str | None:
    """Whether a path is a "file", a "folder", or nothing that can be read as one."""
    try:
        return "folder" if path.is_dir() else "file" if path.is_file() else None
    except (OSError, ValueError) as error:  # a name too long, a folder that is shut
        raise ValueError(f"{brief(path)}: cannot be read ({brief(getattr(error, 'strerror', error))})") from None


def is_file(path: Path) -> bool:
    """Whether a file lies there; ValueError where that cannot be known."""
    return there(path) == "file"


def first_bytes(path: Path, most: int) -> bytes:
    """The first bytes of a file; ValueError, naming it, if it is shut."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None


def content(path: Path, most: int = MOST_JSON) -> bytes:
    """The bytes of a small file. FileNotFoundError if it is not there, ValueError if it is too large."""
    size = _size(path)
    if size > most:
        raise ValueError(f"{path}: has {size:,} bytes; wanted at most {most:,}")
    found = first_bytes(path, most)
    if strange := what_it_is(found):
        raise ValueError(f"{path}: is {strange}")
    return found


def json_file(path: Path, most: int = MOST_JSON) -> dict:
    """The dictionary that a JSON file holds, in UTF-8, UTF-16 or UTF-32, with a byte-order mark or without."""
    return dictionary(content(path, most), str(path))


def dictionary(raw: bytes | str, where: str) -> dict:
    """The dictionary that a piece of JSON holds; ValueError for anything else, for a key that comes twice, NaN, and
    what is nested or numbered beyond reason."""
    if sum(map(raw.count, (b"{", b"[", b",") if isinstance(raw, bytes) else "{[,")) > MOST_ENTRIES:
        raise ValueError(f"{where}: holds more than {MOST_ENTRIES:,} entries")
    try:
        told = json.loads(raw, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise ValueError(f"{where}: not JSON that can be read (nested too deeply)") from None
    except ValueError as error:  # not JSON, not UTF-8, or a number of 5,000 digits
        raise ValueError(f"{where}: not JSON ({brief(error).partition(';')[0]})") from None
    if not isinstance(told, dict):
        raise ValueError(f"{where}: wanted a JSON dictionary, got {type(told).__name__}")
    return told


def _once(pairs):
    told = dict(pairs)
    if len(told) != len(pairs):
        (key, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"{arguments.shown(key)} comes twice")
    return told


def _no_number(name):
    raise ValueError(f"{name} is no number of JSON")


def _size(path):
    if not is_file(path):
        raise FileNotFoundError(f"{brief(path)}: there is no such file")
    return path.stat().st_size


_BEGINS = {
    b"version https://git-lfs": "a Git LFS pointer, not the file itself: run `git lfs pull` in its folder, "
    "or download the file again",
    b"# xet version": "a pointer of the hub's storage, not the file itself: download the file again",
    b"GGUF": "a GGUF file; wanted safetensors",
    b"\x89HDF": "an HDF5 file (Keras, TensorFlow); wanted safetensors",
    b"PK\x03\x04": "a zip archive, as PyTorch's own files are; wanted safetensors. It may hold a pickle, which can run "
    "a program when it is read, so it is not opened",
    b"\x1f\x8b": "compressed with gzip: unpack it first",
    b"BZh": "compressed with bzip2: unpack it first",
    b"\xfd7zXZ": "compressed with xz: unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed with zstandard: unpack it first",
}
_PICKLE = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))


def what_it_is(start: bytes) -> str | None:
    """What a file is by its first bytes, with what to do about it; None for text and for what is not known."""
    for begins, told in _BEGINS.items():
        if start.startswith(begins):
            return told
    if start.startswith(_PICKLE):
        return "a pickle, which can run a program when it is read, so it is not opened; wanted safetensors"
    text = start[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page, not the file that it speaks of: download the file itself"
    return None


# ---- safetensors


def header(path: Path) -> Header:
    """What a safetensors file holds, before any of it is read.

    FileNotFoundError if there is no such file; ValueError, naming the file and what it is, if it is no safetensors
    file, is cut off, or holds more than a model would.
    """
    size, start = _size(path), first_bytes(path, 1000)
    length = int.from_bytes(start[:8], "little")
    if size < 10 or length + 8 > size or start[8:9] != b"{":
        raise ValueError(f"{path}: {_no_safetensors(start, length, size)}")
    if length > MOST_JSON:
        raise ValueError(f"{path}: its header has {length:,} bytes; wanted at most {MOST_JSON:,}")
    told = dictionary(first_bytes(path, 8 + length)[8:], f"{path}: the header")
    names = [name for name in told if name != "__metadata__"]
    if len(names) > MOST_ARRAYS:
        raise ValueError(f"{path}: holds {len(names):,} arrays; wanted at most {MOST_ARRAYS:,}")
    if names and len(longest := max(names, key=len)) > LONGEST_NAME:
        raise ValueError(f"{path}: an array's name has {len(longest):,} letters ({arguments.shown(longest)})")
    try:  # shapes, offsets and dtypes: the package checks each, and that they fill the file without a gap
        guarded(f"{path}: no safetensors file that can be read", _checked, path)
    except ValueError:
        _complain_if_cut_off(path, told, names, 8 + length, size)
        raise
    return Header(
        {name: told[name]["dtype"] for name in names},
        {name: tuple(told[name]["shape"]) for name in names},
        told.get("__metadata__") or {},
    )


def arrays(path: Path, found: Header, names: Iterable[str]) -> dict[str, np.ndarray]:
    """These arrays of the file, in float64, float32 or float16; ValueError for any other dtype, and for no room."""
    names = list(names)
    for name in names:
        if found.dtypes[name] not in SIZES:
            raise ValueError(f"{path}: {name} is stored as {_dtype(found.dtypes[name])}")
    needed = sum(SIZES[found.dtypes[name]] * prod(found.shapes[name]) for name in names)
    arguments.memory(str(path), 2 * needed, "reading its weights")  # a model keeps a copy of its own
    return guarded(f"{path}: cannot be read", _read, path, names)


def _checked(path):
    with safe_open(path, framework="np"):
        pass


def _read(path, names):
    with safe_open(path, framework="np") as file:
        return {name: file.get_tensor(name) for name in names}


def _dtype(stored):
    if stored == "BF16":
        return (
            "bfloat16, which is not read yet; save the model once as float32 "
            "(with transformers: `model.float().save_pretrained(folder)`)"
        )
    return f"{stored}, as quantised models are; wanted float32, float16 or float64"


def _no_safetensors(start, length, size):
    if not size:
        return "is empty: download it again"
    if strange := what_it_is(start):
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
