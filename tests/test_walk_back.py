"""The walk back's page: every gradient made at one line of it, and another function in any one's place, there alone."""

import ast
import copy
import inspect
import pickle
from functools import wraps

import numpy as np
import pytest
from shapes import CASES, COUNT, case, flat

from gradwalk import Model, walk
from gradwalk.block import NORMS
from gradwalk.step2_mlp import gelu_slope, relu_slope
from gradwalk.telling import derivations

FACTORS = {relu_slope, gelu_slope}  # derived, but no gradients of their own


def bare(place):
    return place.split(".")[-1]


def at(grads, place):
    """The gradient of that full name: "dL_dz", "blocks.1.dL_dW1"."""
    *block, name = place.removeprefix("blocks.").split(".")
    return (grads.blocks[int(block[0])] if block else grads)[name]


def marked(right, marks):
    """The right function, doubled; what it made is noted in `marks`."""

    @wraps(right)
    def mark(*given):
        marks.append(2 * right(*given) + 1)
        return marks[-1]

    return mark


# ---- another function in the place of one


@CASES
def test_a_function_stands_in_where_it_is_named_and_nowhere_else(number):
    model, tokens, y = case(number)
    values = walk.forward(model, tokens, y)
    functions, right = walk.made_by(model, values), walk.backward(model, values)
    order = list(functions)
    for k, place in enumerate(order):
        marks = []
        grads = walk.backward(model, values, {place: marked(functions[place], marks)})
        assert [at(grads, place) is mark for mark in marks] == [True], place
        assert all(np.array_equal(at(grads, other), at(right, other)) for other in order[:k]), place
        assert flat(grads).keys() == flat(right).keys()


@pytest.mark.parametrize("number", [0, *(number for number in range(COUNT) if number >> 1 & 1)])  # of two blocks
def test_a_bare_name_means_every_block(number):
    model, tokens, y = case(number)
    values = walk.forward(model, tokens, y)
    functions = walk.made_by(model, values)
    for name in dict.fromkeys(map(bare, functions)):
        places, marks = [place for place in functions if bare(place) == name], []
        grads = walk.backward(model, values, {name: marked(functions[places[0]], marks)})
        assert len(places) == (len(model.blocks) if places[0] != name else 1)
        assert len(marks) == len(places), name
        assert all(at(grads, place) is mark for place, mark in zip(places, marks, strict=True)), name


def test_a_name_of_one_block_goes_before_a_bare_one():
    model, tokens, y = case(47)
    values, all_of, one = walk.forward(model, tokens, y), [], []
    right = walk.made_by(model, values)["blocks.1.dL_dW1"]
    instead = {"blocks.1.dL_dW1": marked(right, one), "dL_dW1": marked(right, all_of)}
    for given in (instead, dict(reversed(instead.items()))):
        one.clear(), all_of.clear()
        grads = walk.backward(model, values, given)
        assert [grads.blocks[1].dL_dW1 is mark for mark in one] == [True]
        assert [grads.blocks[0].dL_dW1 is mark for mark in all_of] == [True]


@pytest.mark.parametrize("number", [0, 17, 35, 47])
def test_the_right_functions_in_their_own_place_change_nothing(number):
    model, tokens, y = case(number)
    values = walk.forward(model, tokens, y)
    right = flat(walk.backward(model, values))
    for instead in ({}, walk.made_by(model, values)):
        same = flat(walk.backward(model, values, instead))
        assert right.keys() == same.keys()
        assert all(np.array_equal(right[name], same[name]) for name in right)


@pytest.mark.parametrize(
    ("instead", "told"),
    [
        ([1], "instead: wanted a Mapping, got list"),
        ("dL_db", "instead: wanted a Mapping, got str"),
        ({"dL_dB": len}, "instead: there is no gradient 'dL_dB'; the nearest: dL_d"),
        ({"dL_dbeta": len}, "instead: there is no gradient 'dL_dbeta'; the nearest: .*dL_dbeta[12]"),
        ({"pullback": len}, "instead: there is no gradient 'pullback'"),
        (
            {"blocks.2.dL_dW1": len},
            r"instead: there is no gradient 'blocks.2.dL_dW1'; the nearest: .*blocks\.1\.dL_dW1",
        ),
        ({"blocks.0.dL_dh": len}, "instead: there is no gradient 'blocks.0.dL_dh'"),  # the next block's dL_dx0
        ({"dL_dE": len}, "instead: there is no gradient 'dL_dE'"),  # untied: its one share
        ({3: len}, "instead: there is no gradient 3"),
        ({"dL_db": 3}, r"instead: wanted a function of \['dL_dz'\] in the place of dL_db, got 3"),
        ({"dL_db": len}, r"instead: wanted a function of \['dL_dz'\] in the place of dL_db, got <built-in"),
        ({"dL_db": lambda dL_dz, h: 0}, r"instead: <lambda> takes \['dL_dz', 'h'\], wanted \['dL_dz'\]"),
        ({"dL_dx0_via_n": lambda dL_dn: 0}, r"wanted \['dL_dv', 'x1', 'gamma', 'eps'\]"),
        (
            {"dL_db": lambda dL_dz: dL_dz},
            r"instead: wanted dL_db as an array of shape \(11,\), got an array of shape \(3, 11\)",
        ),
        ({"dL_db1": lambda dL_du: None}, r"instead: wanted blocks.1.dL_db1 as an array of shape \(8,\), got None"),
        ({"dL_db": lambda dL_dz: np.full(11, "x")}, r"instead: wanted dL_db as an array of shape \(11,\), got"),
    ],
)
def test_what_cannot_stand_in_is_refused(instead, told):
    model = Model.random(seed=0, blocks=2)
    values = walk.forward(model, [8, 2, 7], [-1, -1, 4])
    with pytest.raises(ValueError, match=told):
        walk.backward(model, values, instead)


# ---- the page


def page():
    """Each line of walk.py that makes a gradient: the names that it may have, and the step's function."""
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(walk))) if isinstance(node, ast.Call)]
    lines = []
    for call in calls:
        if ast.unparse(call.func) == "make":
            names, function = call.args[:2]
            found = {node.value for node in ast.walk(names) if isinstance(node, ast.Constant)} - {"W"}
            lines.append((found, ast.unparse(function)))
    return lines


def step_of(function):
    """How the page calls a function's step: a norm's, which is a setting of the model, is `norm` there."""
    norms = [norm.back.__name__ for norm in NORMS.values()]
    return "norm" if function.__module__ in norms else function.__module__.removeprefix("gradwalk.")


def made():
    """Every gradient of every form of the model, and the functions that make it."""
    makers = {}
    for number in range(COUNT):
        model, tokens, y = case(number)
        for place, function in walk.made_by(model, walk.forward(model, tokens, y)).items():
            makers.setdefault(bare(place), set()).add(f"{step_of(function)}.{function.__name__}")
    return makers


def test_every_gradient_is_made_at_one_line():
    makers = made()
    assert {name for names, _ in page() for name in names} == makers.keys()
    for name, functions in makers.items():
        lines = [function for names, function in page() if name in names]
        assert len(lines) == len(functions), name
        assert set(lines) == functions, name
    assert [name for name, functions in makers.items() if len(functions) > 1] == ["dL_dh"]  # a final norm's, or none


def test_every_derived_gradient_is_on_the_page_and_called_nowhere_else():
    on_page = [function for _, function in page()]
    assert {name.split(".")[1] for name in on_page} == {f.__name__ for f in derivations.gradients() if f not in FACTORS}
    source = inspect.getsource(walk)
    for name in set(on_page):
        assert source.count(f"{name},") == on_page.count(name), name
        assert f"{name}(" not in source


@CASES
def test_what_is_made_and_what_is_passed_on_is_all_there_is(number):
    model, tokens, y = case(number)
    values = walk.forward(model, tokens, y)
    grads = walk.backward(model, values)
    passed_on = {f"blocks.{q}.dL_dh" for q in range(len(model.blocks))} | {"dL_dx0", "dL_dh"}
    if "W" in model.weights:
        assert grads.dL_dE is grads.dL_dE_via_x0
        passed_on.add("dL_dE")
    assert flat(grads).keys() - passed_on == walk.made_by(model, values).keys() - passed_on


def test_the_steps_keep_no_walk_back_of_their_own():
    for function in derivations.gradients():
        assert not hasattr(inspect.getmodule(function), "backward")


# ---- values and gradients are arrays, and nothing else


@pytest.mark.parametrize("number", [0, 35, 63])
def test_values_and_gradients_hold_arrays_alone(number):
    model, tokens, y = case(number)
    values = walk.forward(model, tokens, y)
    for store in (values, walk.backward(model, values)):
        assert "came_from" not in {**store}
        assert "came_from" not in repr(store)
        for part in (store, *store.blocks):
            assert all(isinstance(array, (np.ndarray, np.generic)) for name, array in part.items() if name != "blocks")
            assert not hasattr(part, "__dict__")


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda values: pickle.loads(pickle.dumps(values))])
def test_a_copy_has_the_arrays_and_no_way_back(again):
    model, tokens, y = case(47)
    values = walk.forward(model, tokens, y)
    for store in (values, walk.backward(model, values)):
        other = again(store)
        assert type(other) is type(store)
        assert list(other) == list(store)
        assert repr(other) == repr(store)
        assert all(np.array_equal(flat(other)[name], array) for name, array in flat(store).items())
    with pytest.raises(ValueError, match="values: wanted what forward gave"):
        walk.backward(model, again(values))
    walk.backward(model, values)


def test_what_the_right_function_has_a_value_for_may_be_left_out():
    model, tokens, y = case(1)
    values, seen = walk.forward(model, tokens, y), []

    def plain(dL_dv, x1, gamma):
        seen.append(gamma)
        return np.zeros_like(x1)

    grads = walk.backward(model, values, instead={"dL_dx1_via_v": plain})
    assert len(seen) == 1
    assert not grads.dL_dx1_via_v.any()
