"""The last equation in numbers: worked out as it stands, it is the gradient's entry."""

import re

import numpy as np
import pytest

from gradwalk import show
from gradwalk.model import Model
from gradwalk.names import ASIDES
from gradwalk.step1_output import dL_dW
from gradwalk.step2_mlp import dL_dr
from gradwalk.step3_layernorm import dL_dgamma, pullback
from gradwalk.step5_attention import dL_dS
from gradwalk.telling import derivations, worked_example
from gradwalk.telling.in_numbers import in_numbers
from gradwalk.walk import backward, forward

GRADIENTS = list(derivations.gradients())


def reckoned(told):
    """What a reader gets who works out the numbers that stand there."""
    for sign, code in {"−": "-", "×": "*", "√": "sqrt", "π": "pi", "²": "**2", "[": "(", "]": ")"}.items():
        told = told.replace(sign, code)
    return eval(told, {"sqrt": np.sqrt, "pi": np.pi, "tanh": np.tanh})


def told_on_the_example(function, most=4):
    model, values = worked_example.walked(**worked_example.form_of(function))
    return in_numbers(function, worked_example.numbers(function, model, values), most)


@pytest.mark.parametrize("function", GRADIENTS, ids=lambda function: function.__name__)
def test_the_numbers_worked_out_are_the_gradients_largest_entry(function):
    name, index, rest = re.match(r"(\w+)\[([\d, ]+)\] = (.*)", told_on_the_example(function, most=None)).groups()
    told, _, entry = rest.rpartition(" = ")
    assert name == derivations.result(function)
    assert reckoned(told or entry) == pytest.approx(reckoned(entry), abs=2e-3)
    gradient = worked_example.names_for(function).get(name)
    if gradient is not None:
        assert reckoned(entry) == pytest.approx(gradient[tuple(map(int, index.split(", ")))], abs=6e-5)
        assert reckoned(entry) == pytest.approx(np.abs(gradient).max(), abs=6e-5) or reckoned(entry) < 0


def test_what_is_zero_stands_nowhere_and_what_is_small_is_counted():
    assert "smaller" not in told_on_the_example(dL_dS)  # the masked shares are 0
    assert re.search(r"\+ 2 smaller = ", told_on_the_example(dL_dr))
    assert "smaller" not in told_on_the_example(dL_dr, most=None)


def test_a_lone_number_below_zero_has_no_brackets():
    model = Model.random(seed=2)
    tokens, y = model.read("the dog slept by the fire")
    page = repr(show.step(dL_dgamma, model=model, values=forward(model, tokens, y)))
    assert re.search(r"In numbers: dL_dgamma2\[\d\] = \S+ × \S+ = \S+\n", page)
    assert not re.search(r"= \(−[\d.]+\)$|[+−] \(−[\d.]+\)(?! ×)", "\n".join(map(told_on_the_example, GRADIENTS)), re.M)


def test_a_page_has_its_own_numbers_and_the_notes_one_product():
    model = Model.random(seed=290)
    tokens, y = model.read("the dog slept by the fire", scored="all")
    values = forward(model, tokens, y)
    grads = backward(model, values)
    own = {names: repr(show.step(dL_dW, names, model=model, values=values)) for names in ("course", "notes")}
    assert show.number(np.abs(grads.dL_dW).max()) in own["course"].replace("−", "")
    assert [page.split("In numbers: ")[1].splitlines()[0].count("×") for page in own.values()] == [4, 1]
    assert "not this page's" in repr(show.step(dL_dW))
    assert "not this page's" not in own["course"]
    html = show.step(dL_dW, model=model, values=values).html
    assert html.count("<p>In numbers") == 5  # a paragraph a dialect
    last = forward(model, *model.read("the dog slept by the fire"))
    assert show.step(dL_dW, model=model, values=last).html.count("<p>In numbers") == 1  # the same in all


def test_values_of_another_model_are_refused():
    model, other = Model.random(seed=1), Model.random(seed=2)
    values = forward(model, *model.read("the dog slept by the fire"))
    with pytest.raises(ValueError, match="values"):
        show.step(dL_dW, model=other, values=values)
    with pytest.raises(ValueError, match="values: wanted"):
        show.step(dL_dW, model=model)
    with pytest.raises(ValueError, match="model: wanted"):
        show.step(dL_dW, values=values)
    deep = Model.random(seed=1, blocks=2)
    values = forward(deep, *deep.read("the dog slept by the fire"))
    assert "In numbers: dL_dW[" in repr(show.step(dL_dW, model=deep, values=values))
    with pytest.raises(ValueError, match="there is no dL_dm among the numbers"):
        show.step(dL_dr, model=deep, values=values)


def test_the_norms_asides_are_the_pages_own():
    model = Model.random(seed=290)
    values = forward(model, *model.read("the dog slept by the fire"))
    numbers = worked_example.numbers(pullback, model, values)
    assert {"x_hat", "sigma", "mu"} <= {*numbers} & {*ASIDES}
    assert f"1 / {show.number(numbers['sigma'][4].item())} × (" in in_numbers(pullback, numbers)
