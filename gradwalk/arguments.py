"""What a caller may hand in: one checker a kind. Each refusal says which argument, what came and what was wanted."""

from __future__ import annotations

import difflib
import heapq
import inspect
import reprlib
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from numbers import Integral, Real
from pathlib import Path

import numpy as np

LONGEST = 100  # letters of what came: enough to know it again


def refused(argument: str, wanted: str, given: object) -> ValueError:
    """The error to raise: `raise refused("by", "a finite number", by)`."""
    return ValueError(f"{argument}: wanted {wanted}, got {shown(given)}")


def shown(given: object) -> str:
    """What came, in a few words: an array by its shape and dtype, anything else by a short repr. It never raises."""
    try:
        if isinstance(given, np.ndarray):
            return f"an array of shape {given.shape} of {given.dtype}"
        if isinstance(given, Integral) and not isinstance(given, bool) and abs(int(given)) >= 10**40:
            return "a whole number of more than 40 digits"
        text = reprlib.repr(given) if isinstance(given, (str, bytes, list, tuple, dict, set)) else repr(given)
    except Exception:  # a repr that fails must not hide what is wrong
        text = f"a {type(given).__name__}"
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def place(path: str | Path) -> str:
    """A path for an error: on one line, and no longer than one reads."""
    text = " ".join(str(path).split())
    return text if len(text) <= 2 * LONGEST else f"…{text[-2 * LONGEST :]}"


def number(argument: str, given: object, *, above: float | None = None, least: float | None = None) -> float:
    """One finite real number, Python's or numpy's, as a float; no text, no bool, no array."""
    wanted = "a finite number"
    wanted += "" if above is None else f" above {above:g}"
    wanted += "" if least is None else f" of at least {least:g}"
    if not isinstance(given, Real) or isinstance(given, (bool, np.bool_)):
        raise refused(argument, wanted, given)
    try:
        found = float(given)
    except (OverflowError, ValueError):  # a whole number of 400 digits
        raise refused(argument, wanted, given) from None
    if not isfinite(found) or (above is not None and found <= above) or (least is not None and found < least):
        raise refused(argument, wanted, given)
    return found


def whole(argument: str, given: object, *, least: int | None = None, most: int | None = None) -> int:
    """One whole number, Python's or numpy's, as an int."""
    wanted = "a whole number"
    if least is not None and most is not None:
        wanted += f" from {least} to {most}"
    elif least is not None:
        wanted += f" of at least {least}"
    fits = isinstance(given, Integral) and not isinstance(given, (bool, np.bool_))
    if not fits or (least is not None and given < least) or (most is not None and given > most):
        raise refused(argument, wanted, given)
    return int(given)


def flag(argument: str, given: object) -> bool:
    """True or False, Python's or numpy's."""
    if not isinstance(given, (bool, np.bool_)):
        raise refused(argument, "True or False", given)
    return bool(given)


def words(argument: str, given: object, wanted: str = "text in one string") -> str:
    """Text."""
    if not isinstance(given, str):
        raise refused(argument, wanted, given)
    return given


def one_of(argument: str, given: object, known: Iterable[str], kind: str) -> str:
    """A name that is known; the refusal names the nearest."""
    from gradwalk.names import unknown

    known = list(known)
    if not isinstance(given, str):
        raise refused(argument, f"the name of {'an' if kind[0] in 'aeiou' else 'a'} {kind}", given)
    if given not in known:
        raise ValueError(f"{argument}: {unknown(kind, given, known)}")
    return given


def nearest(word: str, known: Iterable[str], n: int = 3, alike: float = 0.0) -> list[str]:
    """The n known words that are spelled most like this one, the closest first; `alike`: at least so, from 0 to 1."""
    matcher = difflib.SequenceMatcher(b=word)

    def distance(one):
        """Of words as alike, the one in other capitals comes first, then one of like length, of like beginning."""
        matcher.set_seq1(one)
        capitals = one.lower() != word.lower()
        return -matcher.ratio(), capitals, abs(len(one) - len(word)), one[:1] != word[:1], one

    return [one for unlike, *_, one in heapq.nsmallest(n, map(distance, known)) if -unlike >= alike]


def several(argument: str, given: object, of: str) -> list:
    """A list of at least one, from anything that can be gone through once: a list, an array, a range, an iterator."""
    wanted = f"a list of {of}, at least one"
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise refused(argument, wanted, given)
    if isinstance(given, np.ndarray) and given.ndim != 1:
        raise refused(argument, wanted, given)
    try:
        found = list(given)
    except Exception:  # it only looked like one
        raise refused(argument, wanted, given) from None
    if not found:
        raise refused(argument, wanted, given)
    return found


def instance(argument: str, given: object, of: type) -> object:
    """An object of this course's own, such as a Model."""
    if not isinstance(given, of):
        name = of.__name__
        wanted = f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
        raise ValueError(f"{argument}: wanted {wanted}, got {_kind(given)}")
    return given


def stand_in(argument: str, given: object, right: Callable) -> Callable:
    """A function that can be called as the right one is: its parameters have the same names.

    What the right one has a value for, such as a norm's eps, it may leave out.
    """
    parameters = inspect.signature(right).parameters.values()
    wanted = [parameter.name for parameter in parameters]
    needed = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    if not inspect.isfunction(given):
        raise refused(argument, f"a function of {wanted} in the place of {right.__name__}", given)
    came = list(inspect.signature(given).parameters)
    if came not in (wanted, needed):
        raise ValueError(f"{argument}: {given.__name__} takes {came}, wanted {wanted}")
    return given if came == wanted else lambda *all_of_them: given(*all_of_them[: len(needed)])


def row(argument: str, given: object) -> np.ndarray:
    """A row of whole numbers, at least one, as an array of its own: (T,) of int."""
    wanted = "a row of whole numbers, at least one"
    array = _array(argument, given, wanted)
    if array.ndim != 1 or array.size == 0 or not np.issubdtype(array.dtype, np.integer):
        raise refused(argument, wanted, given)
    if array.dtype.kind == "u" and array.max() > np.iinfo(np.int64).max:
        raise refused(argument, wanted, given)
    return array.astype(int)


def numbers(
    argument: str, given: object, shape: tuple[int, ...] | None = None, ndim: int | None = None, least: int = 0
) -> np.ndarray:
    """Finite real numbers, `least` of them, as an own array of float64 or float32: of this shape, or so many axes."""
    wanted = "finite numbers" + (f", at least {least}" if least else "")
    if shape is not None:
        wanted += f" of shape {shape}"
    elif ndim is not None:
        wanted = "a row of finite numbers" if ndim == 1 else f"{wanted} with {ndim} axes"
    array = _array(argument, given, wanted)
    if array.dtype.kind not in "fiu":  # no bool, complex, text or object
        raise refused(argument, wanted, given)
    fits = (shape is None or array.shape == shape) and (ndim is None or array.ndim == ndim)
    if not fits or array.size < least or not np.isfinite(array).all():
        raise refused(argument, wanted, given)
    return array.astype(array.dtype if array.dtype in (np.float64, np.float32) else np.float64)


def path(argument: str, given: object, wanted: str = "the path of a file") -> Path:
    """Where something lies; ~ is the home folder."""
    if not isinstance(given, (str, Path)) or not str(given).strip() or "\0" in str(given):
        raise refused(argument, wanted, given)
    try:
        return Path(given).expanduser()
    except RuntimeError:  # no home folder is known
        return Path(given)


def memory(argument: str, needed: float, what: str, most: float | None = None) -> None:
    """A word before memory is gone: ValueError if `needed` bytes are more than are free, or than `most`."""
    if needed < 2**28:  # a quarter of a gigabyte is there
        return
    free = free_memory() if most is None else min(free_memory(), most)
    if needed > free:
        came = f"{min(needed, 10**24) / 1e9:,.1f} GB"
        raise ValueError(f"{argument}: {what} would take {came}; wanted at most {free / 1e9:.1f} GB")


def free_memory() -> int:
    """How many bytes of this machine's memory are free."""
    import psutil

    return psutil.virtual_memory().available


def _array(argument, given, wanted):
    """numpy's reading of what came; what is ragged, masked or no array at all is refused."""
    if isinstance(given, np.ma.MaskedArray) and given.mask.any():  # numpy would read what the mask hides
        raise refused(argument, f"{wanted}, and none of them masked", given)
    try:
        return np.asarray(list(given) if hasattr(given, "__next__") else given)
    except Exception:
        raise refused(argument, wanted, given) from None


def _kind(given):
    return "None" if given is None else type(given).__name__
