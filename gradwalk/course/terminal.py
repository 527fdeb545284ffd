"""The terminal that the command runs in: letters that it lacks, a pipe that nobody reads, a signal to go."""

from __future__ import annotations

import codecs
import os
import re
import signal
import sys
import unicodedata
from contextlib import contextmanager

SPELLED = {"√": "sqrt", "−": "-", "–": "-", "—": "-", "…": "...", "×": "x", "·": "*", "✗": "x", "→": "->", "’": "'"}
SPELLED |= {"Σ": "sum", "∂": "d", "≤": "<=", "≥": ">=", "≠": "!=", "²": "^2", "ᵀ": "^T", "“": '"', "”": '"', "ℒ": "L"}
LEAVE = {"SIGTERM": 143, "SIGHUP": 129}  # the statuses that shells have for these two


def any_encoding() -> None:
    """From now on what is printed arrives in any encoding: what it lacks is spelled in ASCII."""

    def spell(error):
        return "".join(map(spelled, error.object[error.start : error.end])), error.end

    codecs.register_error("gradwalk.spelled", spell)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="gradwalk.spelled")


def spelled(letter: str) -> str:
    r"""One letter in ASCII: a sign by what it looks like, a Greek letter by its name, others as Python writes them.

    >>> "".join(map(spelled, "√α−é"))
    'sqrtalpha-\\xe9'
    """
    if letter in SPELLED:
        return SPELLED[letter]
    greek = re.match(r"GREEK (?:SMALL|CAPITAL) LETTER (\w+)", unicodedata.name(letter, ""))
    return greek[1].lower() if greek else letter.encode("ascii", "backslashreplace").decode()


def print_no_more() -> None:
    """If nothing more can be printed, stop trying: Python would complain of it when it goes."""
    try:
        print(end="", flush=True)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@contextmanager
def told_to_go():
    """To be told to go, or to lose the terminal, is no reason to leave anything lying about: it is put away first."""

    def leave(number, _):
        raise SystemExit(LEAVE[signal.Signals(number).name])

    signals = [getattr(signal, name) for name in LEAVE if hasattr(signal, name)]
    ours = [one for one in signals if signal.getsignal(one) is signal.SIG_DFL]  # under nohup it is ignored, and stays
    try:
        for one in ours:
            signal.signal(one, leave)
    except ValueError:  # not the main thread: then it is not for us to say
        ours = []
    try:
        yield
    finally:
        for one in ours:
            signal.signal(one, signal.SIG_DFL)
