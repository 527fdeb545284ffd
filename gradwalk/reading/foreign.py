"""Files that others wrote: read within bounds, and refused by saying what they are. Nothing in them is ever run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from gradwalk import arguments

MOST_JSON = 2**24  # bytes: GPT-2's tokenizer.json has about 2 million, its weights' header 15,000
MOST_CONFIG = 2**20
MOST_ENTRIES = 10**6  # of all lists and dictionaries in one file

Read = TypeVar("Read")


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
    if (came := size(path)) > most:
        raise ValueError(f"{path}: has {came:,} bytes; wanted at most {most:,}")
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


def size(path: Path) -> int:
    """How many bytes a file has. FileNotFoundError if it is not there."""
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
