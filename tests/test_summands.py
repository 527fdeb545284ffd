"""The web, strand by strand: the products on the page are those that make the gradient."""

import numpy as np
import pytest

from gradwalk import show
from gradwalk.model import Model
from gradwalk.step1_output import dL_dh, dL_dW, dL_dz
from gradwalk.step5_attention import dL_dQ
from gradwalk.telling import derivations, worked_example
from gradwalk.telling.summands import Summands
from gradwalk.walk import backward, forward

SUMS = [
    f
    for f in derivations.gradients()
    if any(derivations.einsum_latex(f, line) for line in derivations.derivation(f).lines)
]


@pytest.mark.parametrize("function", SUMS, ids=lambda f: f.__name__)
def test_the_strands_sum_to_every_entry(function):
    names = worked_example.names_for(function)
    gradient = names[derivations.result(function)]
    for index in [np.unravel_index(np.abs(gradient).argmax(), gradient.shape), (0,) * gradient.ndim]:
        summands = Summands(function, index)
        assert summands.entry == pytest.approx(
            gradient[index], rel=1e-9, abs=1e-12
        )  # the pullback multiplies a measured Jacobian
        assert len(summands.spots) == len(summands.products)


def test_a_strand_is_the_product_of_its_factors():
    summands = Summands(dL_dh, (4, 2))
    names = worked_example.example()
    assert summands.summed == ["k"]
    assert summands.factors["dL_dz"] == pytest.approx(names["dL_dz"][4])
    assert summands.products == pytest.approx(names["dL_dz"][4] * names["W"][:, 2])
    assert Summands(dL_dQ, (1, 3, 2)).scale == pytest.approx(1 / np.sqrt(3))


def test_the_learners_own_numbers():
    model = Model.random(seed=5)
    tokens, y = model.read("the cat sat by the door")
    values = forward(model, tokens, y)
    grads = backward(model, values)
    own = {**model.weights, **values, **grads}
    assert Summands(dL_dW, (3, 1), own).entry == pytest.approx(grads.dL_dW[3, 1])
    last = repr(show.cell(dL_dW, (3, 1), own)).splitlines()[-1]
    assert last.split() == ["sum", show.number(grads.dL_dW[3, 1])]


def test_what_cannot_be_shown_is_said():
    with pytest.raises(ValueError, match="index"):
        Summands(dL_dW, (99, 0))
    with pytest.raises(ValueError, match="no line of dL_dz is a sum of products"):
        Summands(dL_dz, (0, 0))
