"""The museum: each exhibit is wrong, still trains, is right up to where it says, and leaves the package alone."""

import inspect
import sys
from functools import lru_cache

import numpy as np
import pytest
from shapes import case, flat

from gradwalk import Model, backward, forward, measure, museum, text, tune
from gradwalk.museum import EXHIBITS, Exhibit
from gradwalk.step1_output import dL_db, dL_dh
from gradwalk.step2_mlp import gelu_slope, relu_slope
from gradwalk.step3_layernorm import pullback
from gradwalk.step6_embedding import dL_dE
from gradwalk.telling.derivations import STEPS
from gradwalk.weights import of_weight

pytestmark = pytest.mark.slow

RIGHT, FAR = 1e-6, 1e-2  # relative errors: the right walk's, against central differences, and the least of an exhibit
FORMS = (44, 49, 47)  # ReLU, tied, a final norm; GELU, untied; two blocks. Several sentences and heads in each


@lru_cache
def example():
    """A model with all sizes unequal, a sentence with a word that stands twice, and every slope as measured."""
    model = Model.random(seed=3, D=6, F=8, H=2, T_max=7)
    tokens, y = model.read("the dog slept by the fire", scored="all")
    return model, forward(model, tokens, y), {name: measure.slopes(model, tokens, y, name) for name in model.weights}


def errors(walk_back):
    """The relative error of each weight's gradient, against what is measured."""
    model, values, measured = example()
    grads, largest = walk_back(model, values), max(np.abs(slopes).max() for slopes in measured.values())
    return {name: measure.relative_error(of_weight(grads, name), measured[name], largest) for name in measured}


def in_order(grads):
    """The gradients of a model of one block, untied, in the order of the walk back."""
    block = list(grads.blocks[0])
    last = ["dL_dE_via_x0", "dL_dE_pos", "dL_dE"]
    return [name for name in grads if name not in {"blocks", *block, *last}] + block + last


def test_the_right_walk_is_right():
    assert max(errors(backward).values()) < RIGHT


@pytest.mark.parametrize("number", EXHIBITS)
def test_each_is_wrong_by_far(number):
    found = errors(museum.walk_back(number))
    assert max(found.values()) > FAR
    assert all(error < RIGHT or error > FAR / 10 for error in found.values()), found  # right or wrong, nothing between


@pytest.mark.parametrize("number", EXHIBITS)
def test_each_is_right_up_to_the_gradient_that_it_stands_in_for(number):
    model, values, _ = example()
    right, wrong = backward(model, values), museum.walk_back(number)(model, values)
    order = in_order(right)
    assert set(order) == set(right) - {"blocks"} == set(wrong) - {"blocks"}
    first = order.index(EXHIBITS[number].result)
    assert all(np.array_equal(right[name], wrong[name]) for name in order[:first])
    assert not np.allclose(right[order[first]], wrong[order[first]])


@pytest.mark.parametrize("number", EXHIBITS)
def test_each_fits_where_it_hangs_and_says_what_it_is(number):
    wrong, right = EXHIBITS[number]
    assert inspect.signature(wrong) == inspect.signature(right)
    label = museum.label(number)
    for said in (repr(label), label.markdown):
        assert right.__name__ in said
        assert " ".join(wrong.__doc__.split()) in " ".join(said.split())
        for function in (wrong, right):  # the lines that run, and nothing of the docstring
            assert inspect.getsource(function).splitlines()[-1].strip() in said
        assert '"""' not in said


@lru_cache
def lesson():
    """A small part of the course's text, and a random model for its words."""
    sentences = text.load().sentences[::8]
    words = sorted({word for sentence in sentences for word in sentence})
    return sentences, Model.random(seed=0, words=words, D=16, F=32, H=2, T_max=24, scale=0.3)


@lru_cache
def held_back(walk_back):
    """The held-back loss after tuning with this walk back."""
    sentences, start = lesson()
    return tune(start.copy(), sentences, epochs=4, eta=1.0, progress=False, walk=(forward, walk_back)).after.report


def to_W_and_b_alone(dL_dz, W):
    return np.zeros((len(dL_dz), W.shape[1]))  # (T, D)


@pytest.mark.parametrize("number", EXHIBITS)
def test_each_trains(number):
    """W and b alone would bring the loss down too. Each gains, beyond that, most of what the right walk gains."""
    right, shallow = held_back(backward), held_back(museum.walk_back(Exhibit(to_W_and_b_alone, dL_dh)))
    gained = shallow - held_back(museum.walk_back(number))
    assert gained > 0.8 * (shallow - right) > 0.2


@pytest.mark.parametrize("number", FORMS)
def test_with_nothing_exchanged_it_is_backward_to_the_last_bit(number):
    model, tokens, y = case(number)
    values = forward(model, tokens, y)
    right, same = flat(backward(model, values)), flat(museum.walk_back(Exhibit(dL_dh, dL_dh))(model, values))
    assert right.keys() == same.keys()
    assert all(np.array_equal(right[name], same[name]) for name in right)


@pytest.mark.parametrize("number", FORMS)
def test_it_is_exchanged_wherever_it_is_used(number):
    """The layer norm's pullback is one function with two or three uses in a block: all of them, in every block."""
    model, tokens, y = case(number)
    values, calls = forward(model, tokens, y), []

    def counted(dL_dv, x1, gamma, eps):
        calls.append(1)
        return pullback(dL_dv, x1, gamma)

    museum.walk_back(Exhibit(counted, pullback))(model, values)
    assert len(calls) == 2 * len(model.blocks) + ("gammaf" in model.weights)


def modules():
    return {name: dict(vars(sys.modules[f"gradwalk.{name}"])) for name in ("walk", *STEPS)}


def test_the_package_is_left_alone_while_it_runs_and_after():
    model, values, _ = example()
    before, right, seen = modules(), backward(model, values), []

    def wrong(dL_dz):
        seen.append(modules() == before and np.array_equal(backward(model, values).dL_db, right.dL_db))
        return 2 * dL_dz.sum(axis=0)

    grads = museum.walk_back(Exhibit(wrong, dL_db))(model, values)
    assert np.array_equal(grads.dL_db, 2 * right.dL_db)
    assert seen == [True]
    assert modules() == before


def test_the_package_is_left_alone_after_an_error():
    model, values, _ = example()
    before, right = modules(), backward(model, values)

    def fails(dL_dz):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        museum.walk_back(Exhibit(fails, dL_db))(model, values)
    assert modules() == before
    assert np.array_equal(backward(model, values).dL_db, right.dL_db)


def test_the_walk_back_refuses_what_backward_refuses():
    model, values, _ = example()
    turned = model.copy()
    with pytest.raises(ValueError, match="another model"):
        museum.walk_back(1)(turned, values)


@pytest.mark.parametrize("use", [museum.walk_back, museum.label])
@pytest.mark.parametrize("number", [0, 10, -1, "1"])
def test_a_number_that_there_is_none_of_is_refused(use, number):
    with pytest.raises(ValueError, match="wanted a number from 1 to 9, or an Exhibit"):
        use(number)


def test_an_exhibit_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"takes \['dL_dz'\], wanted \['dL_dz', 'W'\]"):
        museum.walk_back(Exhibit(lambda dL_dz: dL_dz, dL_dh))


def test_a_function_that_no_step_has_is_refused():
    with pytest.raises(ValueError, match="rescaled is none"):
        museum.walk_back(Exhibit(rescaled, rescaled))


def rescaled(dL_dz):
    return dL_dz


@pytest.mark.parametrize("slope", [relu_slope, gelu_slope])
def test_a_slope_of_the_mute_is_a_factor_and_no_gradient_to_stand_in_for(slope):
    with pytest.raises(ValueError, match=f"{slope.__name__} is none"):
        museum.walk_back(Exhibit(lambda u: np.ones_like(u), slope))


def test_your_own_has_a_label_too():
    def doubled(dL_dz):
        return 2 * dL_dz.sum(axis=0)

    label = repr(museum.label(Exhibit(doubled, dL_db)))
    assert label.startswith("doubled, in the place of dL_db, step1_output")
    assert "return 2 * dL_dz.sum(axis=0)" in label


def test_a_lambda_can_hang_but_shows_no_lines():
    assert "(the lines are not at hand)" in repr(museum.label(Exhibit(lambda dL_dz: 2 * dL_dz.sum(axis=0), dL_db)))


@pytest.mark.parametrize("strange", [0, 10, True, 1.0, "1", None, museum.Exhibit(None, len), museum.Exhibit(3, 4)])
def test_what_is_no_exhibit_is_refused_by_name(strange):
    for act in (museum.walk_back, museum.label):
        with pytest.raises(ValueError, match=r"^exhibit: wanted "):
            act(strange)
    assert repr(museum.label(np.int64(1))) == repr(museum.label(1))


def test_a_label_shows_words_as_they_are():
    def wrong(dL_dz):
        r"<img src=http://evil/x> $x$ \(y\) **b** `c` _u_"
        return dL_dz.sum(axis=0)

    told = museum.label(museum.Exhibit(wrong, museum.EXHIBITS[1].right)).markdown.split("```")[0]
    assert "<img" not in told
    assert not set("$`*\\") & set(told.replace("**wrong**", ""))
    assert "&lt;img src=http://evil/x&gt; <span>&#36;</span>x<span>&#36;</span>" in told


def test_a_model_that_has_no_use_for_the_right_one_is_refused():
    """The gradient of tied weights, where they are not tied: nothing would be wrong."""
    model, values, _ = example()
    with pytest.raises(ValueError, match="model: wanted one whose walk back has dL_dE in it, got Model"):
        museum.walk_back(Exhibit(lambda dL_dE_via_x0, dL_dE_via_z: dL_dE_via_x0, dL_dE))(model, values)
