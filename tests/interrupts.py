"""Ctrl-C at every line: run a piece of code again and again, interrupted one line later each time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "gradwalk"


def at_every_line(make: Callable, act: Callable, within: str = "", most: int = 2000) -> Iterator[object]:
    """`act(thing)` on a fresh `thing = make()`, interrupted at its first line in the package, its second, and so on.

    `within`: only at the lines of this file of the package, such as "widgets/dial_board.py".

    Yields each thing as the interrupt left it, and ends when the act came through. AssertionError where an interrupt
    was swallowed, or where it did not end.
    """
    begins = str(PACKAGE / within)
    for line in range(1, most):
        thing, seen = make(), 0

        def watch(frame, event, _, line=line):
            nonlocal seen
            if not frame.f_code.co_filename.startswith(begins):
                return None
            if event == "line":
                seen += 1
                if seen == line:
                    raise KeyboardInterrupt
            return watch

        sys.settrace(watch)
        try:
            act(thing)
        except KeyboardInterrupt:
            interrupted = True
        else:
            interrupted = False
        finally:
            sys.settrace(None)
        assert interrupted or seen < line, f"the interrupt at line {line} was swallowed"
        if not interrupted:
            return
        yield thing
    raise AssertionError(f"no end after {most} lines")
