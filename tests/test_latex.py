"""The course's LaTeX: what is written is read as it was meant, with the ledger's letters and no others."""

import numpy as np
import pytest

from gradwalk import names
from gradwalk.dialect_table import DIALECTS
from gradwalk.names import ASIDES, EXTENTS, SHARES, SIZES, VALUES, WEIGHTS, Name, look_up
from gradwalk.telling import derivations, dialects, formula, latex, svg_text, worked_example
from gradwalk.telling.page import LACKING

OTHERS = [dialect for dialect in DIALECTS if dialect != "course"]
ALL = {**VALUES, **WEIGHTS, **ASIDES}


def test_what_is_written_is_read_again():
    """Every quantity, its slope, every share and every measured Jacobian, with its own indices."""
    measured = [name[1:].split("_d") for name in worked_example.example() if name[0] == "d" and name[:4] != "dL_d"]
    jacobians = [*measured, ("x_hat", "x1"), ("hf", "h"), ("omega", "u")]
    assert len(jacobians) > 30
    written = {name: entry.indices for name, entry in ALL.items()}
    written |= {f"dL_d{name}": entry.indices for name, entry in ALL.items() if name != "L"}
    written |= {f"dL_d{name}_via_{road}": look_up(name).indices for name, road in SHARES}
    written |= {f"d{above}_d{below}": look_up(above).indices + look_up(below).indices for above, below in jacobians}
    for name, letters in written.items():
        (equation,) = latex.read(latex.with_indices(name, letters)).parts
        assert [(part.name, "".join(part.letters)) for part in equation.parts] == [(name, letters)]


def test_every_index_letter_has_an_extent():
    assert {*"".join(entry.indices for entry in ALL.values())} <= set(EXTENTS)
    assert {size for size in EXTENTS.values() if size != "D/H"} <= set(SIZES)


@pytest.fixture
def rho(monkeypatch):
    """One more letter, of which the ledger alone is told."""
    monkeypatch.setitem(names.ASIDES, "rho", Name("root mean square of a row", "t", r"\rho", "3a_layernorm", None))
    return "rho"


def test_a_new_letter_is_evaluated(rho):
    example = {**worked_example.example(), rho: np.arange(5.0)}
    ((one, other),) = formula.sides(r"\rho_{t} = \sum_{s} [s = t] \rho_{s}", example)
    assert one.tolist() == other.tolist() == [0, 1, 2, 3, 4]


def test_a_new_letter_is_written_from_an_einsum(rho):
    def dL_drho():
        pass

    line = derivations.Equation("", "", 'same(dL_drho(dL_dv, dv_drho), einsum("tj,tjs->s", dL_dv, dv_drho))')
    wanted = r"\frac{\partial L}{\partial \rho_{s}} = \sum_{t,j} \frac{\partial L}{\partial v_{tj}} "
    assert derivations.einsum_latex(dL_drho, line) == wanted + r"\frac{\partial v_{tj}}{\partial \rho_{s}}"
    assert latex.with_indices("drho_dx1", "tsj") == r"\frac{\partial \rho_{t}}{\partial x1_{sj}}"


@pytest.mark.parametrize("dialect", OTHERS)
def test_a_new_letter_is_grey_where_a_dialect_lacks_it(rho, dialect):
    written = dialects.translate(r"= \frac{1}{\rho_{t}} m_{tj}", dialect, one_position=False)
    assert rf"= \frac{{1}}{{{dialects.OWN}{{\rho_{{t}}}}}} " in written
    assert dialects.quantities(r"= \frac{1}{\rho_{t}} m_{tj}") == ["rho", "m"]
    assert dialects.symbol(rho, dialect) == rf"{dialects.OWN}{{\rho}}"


def test_a_new_letter_stands_on_a_drawing(rho):
    assert svg_text.symbol(rho, "gpt2") == f'<tspan opacity="{LACKING}">rho</tspan>'
    assert svg_text.typeset(look_up(rho).symbol) == "ρ"
    assert svg_text.typeset(r"\partial L / \partial \rho").startswith("∂L/∂ρ")


UNREADABLE = [
    (r"L = \int z_{ti}", r"\int z_{ti}"),
    ("= (h_{tj}", ""),
    (r"= \frac{h_{tj}}", ""),
    ("= h_{tj} + ", ""),
    ("= h_{tj})", ")"),
    (r"= \zeta_{t} h_{tj}", r"\zeta_{t} h_{tj}"),  # a letter that the ledger does not have
    (r"= W_{P,cj} h_{tj}", "W_{P,cj} h_{tj}"),  # a label
    ("= h_{tx}", "h_{tx}"),  # an index
    (r"= \sum_{t,q} h_{tj}", r"\sum_{t,q} h_{tj}"),
    ("= [t < s]", "< s]"),
    ("= nothing_{t}", "nothing_{t}"),
    ("h_{tj} h_{tj} + ? = 1", "? = 1"),
    (r"= \left. \frac{\partial L}{\partial h_{tj}} \right|_{\mathrm{by}\,z}", r"\right|_{\mathrm{by}\,z}"),
    (r"= \frac{\partial L}{\partial nothing_{t}}", "nothing_{t}}"),
]


@pytest.mark.parametrize(("equation", "rest"), UNREADABLE)
def test_what_is_not_understood_is_said_with_its_place_in_every_use(equation, rest):
    def refused(use, *arguments):
        with pytest.raises(ValueError, match="formula: wanted ") as error:
            use(*arguments)
        assert str(error.value).endswith(f"at {rest!r} in {equation!r}")

    refused(latex.read, equation)
    refused(dialects.translate, equation, "gpt2")
    refused(dialects.quantities, equation)
    refused(dialects.columns, [equation], "notes")
    if not equation.startswith("="):
        refused(formula.sides, equation, worked_example.example())


WRONG = [
    ("L = [i = 2]", "the index i is neither free nor summed"),
    (r"L = \sum_{i} h_{ti}", "the index t is neither free nor summed"),
    ("h_{tj} = z_{tj} + p_{jt}", "an index of p is too large"),
    ("h_{tj} = z_{j}", "z has 2 indices, 1 are written"),
    (r"\frac{\partial z_{k}}{\partial b_{i}} = 1", "dz_db has 3 indices, 2 are written"),  # no heads to lay together
    (r"L = \gamma_{1,j}", "the index j is neither free nor summed"),
    ("L = hf_{tj}", "there is no hf among the numbers"),
]


@pytest.mark.parametrize(("equation", "told"), WRONG)
def test_a_formula_that_the_numbers_do_not_fit_is_said(equation, told):
    with pytest.raises(ValueError, match=f"formula: {told}"):
        formula.sides(equation, worked_example.example())


def test_a_drawing_refuses_what_it_cannot_set():
    with pytest.raises(ValueError, match=r"latex: .*\\frac"):
        svg_text.typeset(r"\frac{1}{2}")
