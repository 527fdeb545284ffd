"""A derivation's page: what is taken and made, and the shape under each factor, held to the worked example."""

import inspect
import re
from itertools import accumulate

import numpy as np
import pytest

from gradwalk import show
from gradwalk.dialect_table import DIALECTS
from gradwalk.names import SIZES
from gradwalk.step6_embedding import dL_dE_pos
from gradwalk.telling import derivation_page, derivations, worked_example
from gradwalk.telling.dialects import positions_mix, translate

pytestmark = pytest.mark.slow

GRADIENTS = list(derivations.gradients())
SIZE = {"t": "T", "s": "T", "i": "N", "k": "N", "j": "D", "c": "D", "f": "F", "e": "H", "d": "D/H"}


def name_of(value):
    return getattr(value, "__name__", None)


@pytest.mark.parametrize("function", GRADIENTS, ids=name_of)
def test_a_heading_has_every_argument_and_the_result_with_its_own_shape(function):
    names = worked_example.names_for(function)
    extent = {size: names[size] for size in SIZES} | {"D/H": names["D"] // names["H"]}
    more = {"gamma": names["gamma2"], "places": np.arange(names["T"])}
    given = {name: {**names, **more}[name] for name in inspect.signature(function).parameters}
    heading = repr(show.step(function)).splitlines()[1]
    *taken, made = re.findall(r"(\w+) (\([^)]*\))(?:, | → |$)", heading)
    assert ", ".join(map(" ".join, taken)) + " → " + " ".join(made) == heading  # nothing else is in it
    assert [name for name, _ in taken] == list(given)
    for (name, kind), value in zip([*taken, made], [*given.values(), function(**given)], strict=True):
        if kind == "(a size)":
            assert value == extent[name]
        elif kind in ("(a name)", "(a number)"):
            assert isinstance(value, {"(a name)": str, "(a number)": float}[kind])
        else:
            assert tuple(extent[size] for size in kind.strip("()").split(", ")) == np.shape(value), name
    assert made[0] in names or made[0].endswith("_slope")  # a gradient by its own name


def labelled(equation):
    """Each shape with the factor that it stands under."""
    for part in equation.split(r"\underset{")[1:]:
        shape, rest = part.split("}{", 1)
        depths = list(accumulate({"{": 1, "}": -1}.get(sign, 0) for sign in rest))
        yield shape, rest[: depths.index(-1)]


def indices(factor):
    """The index letters of a factor in any dialect: no name's own label, no road, no offset into a larger array."""
    bare = re.sub(r" \\right.*|\^\{\(\\text.*", "", factor)
    *_, written = re.findall(r"_\{((?:[^{}]|\{\+\}|\\mathrm\{pos\})*)\}", bare)
    return re.findall(r"[a-z]'*", re.sub(r".*,|\d?D\{\+\}", "", written.replace(r",\,", " ")))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("function", GRADIENTS, ids=name_of)
def test_a_shape_has_one_size_an_index_and_each_is_its_letters(function, dialect):
    lines = derivations.derivation(function).lines
    single = not positions_mix([line.latex for line in lines])
    size = SIZE | ({"s": r"T_{\max}"} if function is dL_dE_pos else {})  # there s is a place, not a position
    sums = [derivations.einsum_latex(function, line, derivation_page._with_shape) for line in lines]
    for course in filter(None, sums):
        found = list(labelled(translate(course, dialect, one_position=single)))
        assert len(found) == course.count(r"\underset")
        for shape, factor in found:
            assert shape.split(r" \times ") == [size[letter[0]] for letter in indices(factor)], factor
