"""`gradwalk verify` finds what is wrong, and says yes only when all holds."""

import functools

import pytest

from gradwalk import cli, step1_output, step3_layernorm, step5_attention, symmetries, verify
from gradwalk.telling import derivations, worked_example


@pytest.mark.slow
def test_all_holds_and_is_told_in_one_table(capsys):
    assert cli.main(["verify"]) == 0
    head, *rows, last = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["step", "line", "difference"]
    assert last == f"{len(rows)} lines, all hold"
    assert {row.split()[0] for row in rows} == {*derivations.STEPS, "measured", "symmetry"}
    equations = sum(len(derivations.derivation(function).lines) for function in derivations.gradients())
    assert sum(row.startswith("step") for row in rows) == equations


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        (step1_output, "dL_dW", lambda right: -right),  # a sign
        (step5_attention, "dL_dW_Q", lambda right: right.T),  # a transpose, which a square weight hides
        (step3_layernorm, "pullback", lambda right: 1.001 * right),  # a factor
    ],
)
def test_a_wrong_gradient_fails_in_its_own_rows(monkeypatch, module, name, wrong):
    right = getattr(module, name)

    @functools.wraps(right)
    def broken(*arguments):
        return wrong(right(*arguments))

    monkeypatch.setattr(module, name, broken)
    assert {check.line for check in verify.derivation_lines() if not check.holds} == {name}


def test_a_check_that_does_not_hold_is_marked_and_fails_the_command(monkeypatch, capsys):
    rows = [verify.Check("measured", "dL_dW", "told", gap, 1e-6) for gap in (1e-9, 1e-3)]
    monkeypatch.setattr(verify, "checks", lambda: iter(rows))
    assert cli.main(["verify"]) == 1
    _, held, broken, last = capsys.readouterr().out.splitlines()
    assert "✗" in broken
    assert "✗" not in held
    assert last == "2 lines, 1 of them do not hold"


@pytest.mark.slow
def test_a_wrong_gradient_differs_from_its_measured_slope(monkeypatch):
    right = step1_output.dL_dz
    monkeypatch.setattr(step1_output, "dL_dz", lambda p, y: 1.001 * right(p, y))
    failed = {check.line for check in verify.measured_slopes("", worked_example.example_model()) if not check.holds}
    assert {"dL_dW", "dL_dE", "dL_dh", "dL_dW_V"} <= failed


@pytest.mark.parametrize("symmetry", list(symmetries.all_of(worked_example.example_model())), ids=lambda s: s.__name__)
def test_a_symmetry_is_lost_when_a_gradient_is_wrong(symmetry):
    """Each symmetry can fail: noise on the gradients that it speaks of breaks it."""
    model = worked_example.example_model()
    names = worked_example.example()
    values = verify.forward(model, names["tokens"], names["y"])
    grads = verify.backward(model, values)
    assert derivations.difference(*symmetry(model, values, grads)) < 1e-10
    if symmetry is symmetries.first_position:
        return  # it makes its own gradients; the next test breaks those
    for name in grads:
        if name.startswith("dL_d"):
            grads[name] = grads[name] + 0.01
    assert derivations.difference(*symmetry(model, values, grads)) > 1e-4


def test_the_first_position_notices_a_forgotten_mask(monkeypatch):
    model, names = worked_example.example_model(), worked_example.example()
    values = verify.forward(model, names["tokens"], names["y"])
    scores = step5_attention.scores
    monkeypatch.setattr(step5_attention, "scores", lambda Q, K, attends: scores(Q, K, True))
    assert derivations.difference(*symmetries.first_position(model, values, None)) > 1e-4


def test_a_check_that_is_no_number_does_not_hold():
    assert not verify.Check("", "", "", float("nan"), 1.0).holds
    assert not verify.Check("", "", "", float("inf"), 1.0).holds
