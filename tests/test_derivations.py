"""Every displayed equation is executed, and says in LaTeX what its line of code says in indices."""

import inspect

import numpy as np
import pytest

from gradwalk import measure, step1_output, step2_mlp, step3_layernorm, step4_residual, step5_attention, step6_embedding
from gradwalk.names import SIZES, VALUES, WEIGHTS, Named
from gradwalk.telling import derivations, formula, worked_example
from gradwalk.walk import forward
from gradwalk.weights import SETTINGS

GRADIENTS = list(derivations.gradients())
EINSUMS = [
    (f, line) for f in GRADIENTS for line in derivations.derivation(f).lines if derivations.einsum_latex(f, line)
]


def name_of(value):
    return getattr(value, "__name__", None)


def test_the_output_layer_is_derived_from_the_chain_rule_on():
    told = {f.__name__: derivations.derivation(f).lines for f in GRADIENTS if f.__module__.endswith("step1_output")}
    assert list(told) == ["dL_dz", "dL_dW", "dL_db", "dL_dh"]
    assert all(len(lines) >= 2 and all(line.reason for line in lines) for lines in told.values())


@pytest.mark.parametrize("function", GRADIENTS, ids=name_of)
def test_every_line_of_the_derivation_holds(function):
    differences = derivations.run(function)
    assert len(differences) == len(derivations.derivation(function).lines) >= 1


@pytest.mark.parametrize(("function", "line"), EINSUMS, ids=name_of)
def test_the_equation_is_what_the_indices_say(function, line):
    assert " ".join(line.latex.split()) == derivations.einsum_latex(function, line)


@pytest.mark.parametrize("function", GRADIENTS, ids=name_of)
def test_the_fast_line_equals_the_measured_slope(function):
    """The gradient functions on the worked example, against nudges of the whole model."""
    form = worked_example.form_of(function)
    names = worked_example.example(**form)
    result = derivations.result(function)
    arguments = {"gamma": names["gamma2"]}
    given = [arguments.get(a, names.get(a)) for a in inspect.signature(function).parameters]
    derived = function(*given)
    if result in names:
        derivations.same(derived, names[result])
    if "_via_" in result or result.endswith("_slope"):
        return  # shares are measured in test_walk, with the other road held; an activation's slope in its derivation
    measured = measure.slopes(
        worked_example.example_model(**form), names["tokens"], names["y"], result.removeprefix("dL_d")
    )
    derivations.same(derived, measured, 1e-6, least=1e-3 * np.abs(names["dL_dh"]).max())


def drift(function, old, new):
    """The same function with one change in its docstring."""
    doc = inspect.getdoc(function)
    assert doc.count(old) >= 1

    def changed(*arguments):
        return function(*arguments)

    changed.__name__, changed.__doc__ = function.__name__, doc.replace(old, new, 1)
    return changed


def checked(function):
    """All that is asked of a derivation."""
    derivations.run(function)
    for line in derivations.derivation(function).lines:
        generated = derivations.einsum_latex(function, line)
        assert generated is None or generated == " ".join(line.latex.split())


@pytest.mark.parametrize(
    ("function", "old", "new"),
    [
        (step1_output.dL_dz, "p[t, i] - (i == y[t])", "p[t, i] + (i == y[t])"),  # a sign
        (step1_output.dL_dz, "(y[t] >= 0) / M * ", "(y[t] >= 0) * "),  # a factor
        (step1_output.dL_dW, '"ti,tj->ij"', '"tj,ti->ij"'),  # an index, in the code
        (step1_output.dL_dW, r"z_{ti}} h_{tj}", r"z_{ti}} h_{ti}"),  # an index, in the formula
        (step1_output.dL_dW, r"\sum_{t} ", ""),  # a summed letter
        (step1_output.dL_dW, "= \\sum_{t} ", "= -\\sum_{t} "),  # a sign, in the formula
        (step1_output.dL_dh, "dL_dz, W))", "dL_dz, E))"),  # a symbol, in the code
        (step1_output.dL_dh, "W_{kj}", "E_{kj}"),  # a symbol, in the formula
        (step1_output.dL_db, '>>> same(dL_db(dL_dz), einsum("ti->i", dL_dz))', ""),  # a line without its check
        (step1_output.dL_db, r"$$= \sum_{t} \frac{\partial L}{\partial z_{ti}}$$" + "\n", ""),  # a check without line
        # where the code is no einsum, the equation itself is evaluated
        (step1_output.dL_dz, r"p_{ti} - [i = y_t]", r"p_{ti} + [i = y_t]"),  # a sign, in the formula
        (step1_output.dL_dz, r"\sum_{t\,\mathrm{scored}}", r"\sum_{t}"),  # which positions are summed
        (step1_output.dL_dz, r"\frac{[y_t \ge 0]}{M}", r"\frac{1}{M}"),  # a factor
        (step2_mlp.gelu_slope, r"(1 - \omega_{tf}^2)", r"(1 - \omega_{tf})"),  # a power
        (step2_mlp.gelu_slope, r"\frac{1}{2} u_{tf} \frac{\partial", r"u_{tf} \frac{\partial"),  # a half
        (step2_mlp.gelu_slope, "(1 - omega**2)", "(1 - omega)"),  # a power, in the code
        (step2_mlp.gelu_slope, "0.044715 \\, u_{tf}^2", "0.0447 \\, u_{tf}^2"),  # a digit
        (step2_mlp.relu_slope, "> 0]", "= 0]"),
        (
            step3_layernorm.pullback,
            r"- \frac{1}{D} \sum_{c} \gamma_{c}",
            r"+ \frac{1}{D} \sum_{c} \gamma_{c}",
        ),  # a sign
        (
            step3_layernorm.pullback,
            r"\gamma_{c} \frac{\partial L}{\partial v_{tc}} \hat{x}_{tc}",
            r"\frac{\partial L}{\partial v_{tc}} \hat{x}_{tc}",
        ),
        (step3_layernorm.pullback, r"\frac{\gamma_{c}}{\sigma_{t}}", r"\frac{\gamma_{j}}{\sigma_{t}}"),  # the transpose
        (step3_layernorm.pullback, "- x_hat * einsum", "+ x_hat * einsum"),  # a sign, in the code
        (
            step4_residual.dL_dx1,
            r" + \left. \frac{\partial L}{\partial x1_{tj}} \right|_{\mathrm{via}\,v}",
            "",
        ),  # a road
        (step5_attention.dL_dS, "[s' = s]", "[s' = t]"),  # an index
        (step5_attention.dL_dS, r"- \sum_{s'}", r"- 2 \sum_{s'}"),  # a factor
        (step5_attention.dL_dQ, " / sqrt(D / H))", ")"),  # a factor, in the code
        (step5_attention.dL_dn, r"\right|_{\mathrm{via}\,K}", r"\right|_{\mathrm{via}\,V}"),  # a road
        (step6_embedding.dL_dE_via_x0, r"[\mathrm{tokens}_{t} = i]", r"[\mathrm{places}_{t} = i]"),  # a symbol
    ],
)
def test_a_planted_drift_is_found(function, old, new):
    checked(function)
    drifted = drift(function, old, new)
    with pytest.raises((AssertionError, ValueError), match=r"is not|wanted a line|formula|shapes"):
        checked(drifted)


@pytest.mark.parametrize(
    ("equation", "sides"),
    [
        (r"L = 2 \cdot 3 - 1", 5.0),
        (r"L = \frac{1}{2} (1 + \sqrt{9})", 2.0),
        (r"L = \sum_{t,i} [t = i] \, 2", 10.0),  # T = 5 of them
        (r"L = \log \sum_{d} \exp(0)", np.log(3)),  # D / H = 3
        (r"L = - \sum_{t} 1 + 1", -4.0),  # a sum ends where the next term begins
        (r"L = [2 > 1] [1 \ge 2]", 0.0),
        (r"L = \log 2 \cdot 3 + 1", np.log(6) + 1),  # of the product that follows
        (r"L = 2 \cdot 6 / 3 \cdot 2", 8.0),
    ],
)
def test_a_formula_says_what_a_reader_reads(equation, sides):
    ((_, right),) = formula.sides(equation, worked_example.example())
    assert right == pytest.approx(sides)


@pytest.mark.parametrize("equation", [r"L = \int z", "L = (1", r"L = \frac{1}", "L = W_{i}", "L = nothing_{t}"])
def test_a_formula_that_cannot_be_read_is_said(equation):
    with pytest.raises(ValueError, match="formula"):
        formula.sides(equation, worked_example.example())


@pytest.mark.parametrize("function", GRADIENTS, ids=name_of)
def test_a_gradient_takes_what_the_ledger_names(function):
    """No argument is called otherwise than the ledger calls it, and no index letter is a number as well."""
    known = {*VALUES, *WEIGHTS, *SIZES, "tokens", "places", "y", "gamma", *SETTINGS}
    arguments = {name.removeprefix("dL_d").split("_via_")[0] for name in inspect.signature(function).parameters}
    assert arguments <= known
    assert "e^" not in inspect.getdoc(function)  # e is a head


def test_a_wrong_function_is_found():
    def dL_dW(dL_dz, h):
        return -dL_dz.T @ h

    dL_dW.__doc__ = step1_output.dL_dW.__doc__
    with pytest.raises(AssertionError, match="is not"):
        derivations.run(dL_dW)


def test_same_names_the_spot_and_both_numbers():
    with pytest.raises(AssertionError, match=r"at \(1,\): 2 is not 3"):
        derivations.same([1, 2], [1, 3])
    with pytest.raises(AssertionError, match="shapes"):
        derivations.same([1, 2], [[1, 2]])
    with pytest.raises(AssertionError):
        derivations.same([np.nan], [1.0])


def test_the_example_tells_shapes_apart():
    names = Named(worked_example.example())
    assert len({names.T, names.D, names.F, names.H, names.N, names.D // names.H, names.T_max}) == 7
    assert len(set(names.tokens)) < names.T
    assert forward(worked_example.example_model(), names.tokens, names.y).L == names.L
