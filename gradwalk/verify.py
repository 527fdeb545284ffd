"""Check the whole walk on this machine: every line of every derivation, every measured slope, every symmetry."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from gradwalk import block, measure, symmetries
from gradwalk.model import Model
from gradwalk.names import VALUES, Named
from gradwalk.telling import derivations, worked_example
from gradwalk.walk import backward, forward
from gradwalk.weights import of_weight

EXACT = derivations.CLOSE  # two ways to compute the same number
MEASURED = 1e-6  # a slope against a difference with a step of 1e-5
SYMMETRIC = 1e-10  # an exact statement, but for rounding


GPT2_LIKE = {"activation": "gelu", "tied": True, "final_norm": True}
MODELS = {  # the worked example, one that has all that GPT-2 does differently, and one with each other norm
    "ReLU": worked_example.example_model,
    "GELU, tied, LNf": lambda: Model.random(seed=4, D=6, F=8, H=2, T_max=7, **GPT2_LIKE),
    **{f"{norm} norm": partial(worked_example.example_model, norm=norm) for norm in block.NORMS if norm != "layer"},
}


class Check(NamedTuple):
    """One row of the table: where it belongs, what was compared, why it must hold, and how far apart the sides are."""

    step: str
    line: str
    reason: str
    difference: float
    limit: float

    @property
    def holds(self) -> bool:
        """Whether the two sides are as close as they must be; a NaN never is."""
        return self.difference <= self.limit


def checks() -> Iterator[Check]:
    """Every check, one by one, in the order of the walk back."""
    yield from derivation_lines()
    for told, model in MODELS.items():
        yield from measured_slopes(told, model())
    for told, model in MODELS.items():
        yield from exact_statements(told, model())


def derivation_lines() -> Iterator[Check]:
    """Each displayed equation of each gradient, run on the worked example."""
    for function in derivations.gradients():
        told = derivations.derivation(function)
        step = function.__module__.removeprefix("gradwalk.")
        for line, gap in zip(told.lines, derivations.run(function, derivations.difference), strict=True):
            yield Check(step, function.__name__, line.reason or told.sentence, gap, EXACT)


def measured_slopes(told: str, model: Model) -> Iterator[Check]:
    """Every weight's and every value's gradient against nudges of the whole model, entry by entry."""
    tokens, y = _sentence(model)
    values = forward(model, tokens, y)
    grads = backward(model, values)
    largest = max(np.abs(of_weight(grads, name)).max() for name in model.weights)
    for name in [*model.weights, *(name for name in VALUES if name in values and name not in ("p", "L"))]:
        count = model.weights[name].size if name in model.weights else values[name].size
        gap = measure.relative_error(grads[f"dL_d{name}"], measure.slopes(model, tokens, y, name), largest)
        yield Check("measured", f"dL_d{name}", f"{told}: every entry nudged, {count} of them", gap, MEASURED)


def exact_statements(told: str, model: Model) -> Iterator[Check]:
    """The symmetries: what cannot matter has no gradient."""
    tokens, y = _sentence(model)
    values = forward(model, tokens, y)
    grads = backward(model, values)
    for symmetry in symmetries.all_of(model):
        one, other = symmetry(model, values, grads)
        reason = f"{told}: {symmetry.__doc__.split(chr(10))[0]}"
        yield Check("symmetry", symmetry.__name__, reason, derivations.difference(one, other), SYMMETRIC)


def _sentence(model):
    names = Named(worked_example.example())
    return names.tokens, names.y


def table(width: int = 150) -> bool:
    """Run all checks, print them as one table, and return whether all hold."""
    count = failed = 0
    print(f"{'step':<16} {'line':<22} {'difference':>10}  {'limit':>5}   reason")
    for check in checks():
        count += 1
        failed += not check.holds
        reason = check.reason if len(check.reason) <= width - 62 else check.reason[: width - 63] + "…"
        mark = "  " if check.holds else "✗ "
        row = f"{check.step:<16} {check.line:<22} {check.difference:10.1e}  {check.limit:5.0e} {mark}{reason}"
        print(row, flush=True)  # each at once: where nobody reads on, it ends
    print(f"{count} lines, {failed} of them do not hold" if failed else f"{count} lines, all hold")
    return not failed
