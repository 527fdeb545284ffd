"""Index letters as a learner chooses them: an n for words, an i for units. The axis where a letter stands tells which
of the ledger's it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

LETTER = r"[a-z]'*"
_INDEXED = re.compile(r"([^\W\d]\w*)\[((?:[^\[\]]|y\[[^\[\]]*\])*)\]")
_TOTAL = re.compile(rf"(?:sum|mean)(?:_({LETTER}(?:{LETTER})*)|_?\s+({LETTER}(?:[\s,]+{LETTER})*)\s*:)")


def meant(text: str, own: Mapping[str, int], sizes: Mapping[str, int], names: Mapping[str, object]) -> dict[str, str]:
    """By each letter that has another name in the ledger, that name; a letter that could be several has none.

    own: how far the answer's own indices run; they are never taken for others. sizes: how far each of the ledger's
    letters runs. names: what a formula may speak of.
    """
    along, summed = {}, dict.fromkeys(re.findall(LETTER, " ".join(map("".join, _TOTAL.findall(text)))))
    for name, inside in _INDEXED.findall(text):
        written = [one.strip() for one in inside.split(",")]
        for letter, size in zip(written, axes(name, len(written), names), strict=False):
            along.setdefault(letter, size)
    here = dict.fromkeys(re.findall(LETTER, " ".join([*along, *summed, *_alone(text)])))
    others = [letter for letter in here if letter not in own and letter not in names]
    usual = {letter: sizes.get(letter.rstrip("'")) for letter in others}
    runs = {letter: along.get(letter, usual[letter]) for letter in others}
    found = {}
    for letter, size in runs.items():
        if letter in summed:
            if size not in (None, usual[letter]):
                alike = [one for one in sizes if sizes[one] == size]
                taken = {*own, *here, *found.values()}
                primed = (one + "'" * primes for primes in range(len(taken) + 1) for one in alike)
                if new := next((one for one in primed if one not in taken), None):
                    found[letter] = new
            continue
        left = [one for one in own if one not in here and size in (None, own[one])]
        rivals = [one for one in others if one not in summed and runs[one] == size]
        if len(left) == len(rivals) == 1:
            found[letter] = left[0]
    return found


def axes(name: str, count: int, names: Mapping[str, object]) -> tuple[int, ...]:
    """How long each axis of a quantity is, said with that many indices: its heads may stand apart or side by side."""
    shape = np.shape(names.get(name, 0))
    if (len(shape), count) == (2, 3):
        return (names["H"], shape[0], shape[1] // names["H"])
    if (len(shape), count) == (3, 2):
        return (shape[1], shape[0] * shape[2])
    return shape


def _alone(text):
    """Letters that stand on a side of a condition, where no axis tells how far they run."""
    return [
        letter for pair in re.findall(rf"\[\s*({LETTER})\s*(?=[=!<>])|=\s*({LETTER})\s*\]", text) for letter in pair
    ]
