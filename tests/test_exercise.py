# ruff: noqa: E501 (a refusal is one row, a page one line)
"""The exercise in a page: what it is sent, what it says without a script, and by hand in a page from a file."""

import gzip
import re

import lab
import numpy as np
import pytest

from gradwalk import Exercise, Model, backward, forward
from gradwalk.exercises import cases, mistakes, page_check
from gradwalk.exercises.check import check
from gradwalk.exercises.tasks import all_tasks, named
from gradwalk.site import script
from gradwalk.widgets import published

HALF = "sum t: dL_dz[t,i]"  # the bias's slope, where the weight's is asked for
WHOLE = "sum t: dL_dz[t,i] * h[t,j]"


@pytest.fixture
def arrays():
    model = Model.random(seed=0)
    values = forward(model, *model.read("the dog slept by the fire"))
    grads = backward(model, values)
    return grads, {"dL_dz": grads.dL_dz, "h": values.h}


@pytest.mark.parametrize("name", all_tasks())
def test_an_exercise_costs_a_page_less_than_12_kB_and_shows_a_right_formula(name, monkeypatch):
    monkeypatch.setattr(published, "_publishing", True)
    exercise = Exercise(name)
    sent = exercise._repr_mimebundle_()[0]["text/html"]
    assert len(gzip.compress(sent.encode())) < 12_000
    derived = page_check.derivation(named(name))
    if derived:
        assert check(name, exercise.exercise.told["formula"]).passed
    assert (exercise.exercise.told["rights"] is None) == bool(derived)  # the page makes them itself


def test_what_exercises_share_is_sent_once(monkeypatch):
    monkeypatch.setattr(published, "_publishing", True)
    one, other, another = Exercise("dL_dW"), Exercise("dL_dW", told="worked"), Exercise("dL_dW", seed=1)
    assert one.exercise is other.exercise
    assert one.exercise is not another.exercise
    names = [re.findall(r'data-shared="(\w+)"', each._repr_mimebundle_()[0]["text/html"]) for each in (one, other)]
    assert names[0] == names[1]
    assert len(names[0]) == 1


def test_the_sums_tell_an_array_from_every_other():
    right = np.array([[1.0, -4.0, 2.0], [10.0, 20.0, 5.0]])
    other, infinite, none = right.copy(), right.copy(), right.copy()
    other[0, 1], infinite[1, 0], none[1, 0] = -4.001, -np.inf, np.nan
    told = [page_check.sums(one, right) for one in (right, other, right[:, ::-1], right[::-1])]
    assert min(abs(np.subtract(one, two)).max() for k, one in enumerate(told) for two in told[:k]) > 1e-4
    assert np.allclose(page_check.sums(-3 * right, right), np.multiply(-3, told[0]), rtol=1e-7)
    assert page_check.sums(infinite, right)[:2] == page_check.sums(none, right)[:2]
    assert page_check.sums(infinite, right)[2:] == [-page_check.sums(none, right)[3], 0]


@pytest.mark.parametrize("name", all_tasks())
def test_what_the_pages_judge_leaves_out_cannot_be(name):
    """An answer in index form has no axis of length 1; and the cases that are left out for mistakes lack none."""
    task = named(name)
    for case in cases.cases(task, 0) + cases.plain(task, 0):
        assert task.right(*task.of(case)).shape == tuple(
            case["D"] // case["H"] if size == "D/H" else case[size] for size in task.shape
        )
        assert all(1 not in made.shape for _, made in mistakes.made(task, case))
        for array in task.of(case):
            assert np.ndim(array) == 0 or np.array_equal(np.float32(array), array, equal_nan=True)


def test_without_a_script_it_is_the_question_and_how_to_answer_it(arrays):
    given = arrays[1]
    whole, entry = Exercise("dL_dW"), Exercise("dL_dW", at=(2, 1), given=given)
    shown = whole._repr_mimebundle_()[0]
    assert shown["text/plain"].splitlines() == [
        "What is dL_dW?",
        "z = h @ W.T + b  # (T, N)",
        "given: dL_dz (T, N), h (T, D)",
        "Answer in a cell with check('dL_dW', ...): an index formula or a function.",
    ]
    assert "check(&#x27;dL_dW&#x27;, ...)" in shown["text/html"]
    assert "check('dL_dW', ..., at=(2, 1), given=...): one number." in entry._repr_mimebundle_()[0]["text/plain"]
    assert (repr(whole), repr(entry)) == ("Exercise('dL_dW')", "Exercise('dL_dW', at=(2, 1))")
    assert Exercise("dL_dW").state_json() == whole.state_json()  # nothing of it is drawn anew


def test_python_says_of_an_answer_what_check_says(arrays):
    grads, given = arrays
    whole, entry = Exercise("dL_dW", seed=2), Exercise("dL_dW", at=(2, 1), given=given)
    assert whole.checked.said == check("dL_dW", "").said
    whole.ask(HALF)
    assert (whole.checked.mistake, whole.checked.seed) == (check("dL_dW", HALF, seed=2).mistake, 2)
    whole.ask(WHOLE)
    assert whole.checked.passed
    assert not whole.fresh().asked
    entry.ask(f"{grads.dL_dW[2, 1]:.4f}")
    assert entry.checked.passed
    assert entry.exercise.told["right"] == grads.dL_dW[2, 1]


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"task": "dL_dw"}, "task: there is no task 'dL_dw'; the nearest: dL_dW"),
        ({"task": "dL_dW", "told": "all"}, "told: wanted one of shapes, last line, worked, got 'all'"),
        ({"task": "dL_dW", "at": (0, 0)}, "at: wanted an entry, and given= the arrays"),
        ({"task": "dL_dW", "given": {}}, "at: wanted an entry, and given= the arrays"),
        ({"task": "dL_db", "at": (99,), "given": {"dL_dz": np.ones((2, 3))}}, "at: wanted a tuple within the shape (3,)"),
        ({"task": "dL_db", "at": (0,), "given": {}}, "given: wanted dL_dz; dL_dz is missing"),
        ({"task": "dL_dW", "seed": -1}, "seed: wanted a whole number of at least 0, got -1"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(options, wrong):
    with pytest.raises(ValueError, match=re.escape(wrong)):
        Exercise(**options)


def test_the_function_to_write_takes_what_is_given_by_its_names():
    assert "write def alpha(S), and" in Exercise("alpha").how
    assert "write def dL_dx0_via_n(dL_dn, x0, gamma1, eps), and" in Exercise("dL_dx0_via_n").how


def test_how_much_is_told_is_a_choice():
    assert Exercise("dL_dW").told == "shapes"
    assert page_check.lines(named("dL_dx1")) == [
        "v = gamma2 * normed(x1, eps) + beta2  # (T, D)",
        "h = x1 + m  # (T, D)",
    ]
    assert page_check.lines(named("dL_dx1_via_h")) == ["h = x1 + m  # (T, D)"]
    assert page_check.lines(named("relu_slope")) == ["r = np.maximum(u, 0)  # (T, F)"]
    assert page_check.lines(named("S")) == []  # the line is the answer
    assert page_check.right(named("dL_dE_pos")) == "sum t: [places[t] = l] * dL_dx0[t,j]"


# ---- by hand


@pytest.fixture
def page(tmp_path, monkeypatch, arrays):
    """The address of a page from a file, as the site makes them: a formula and a number to find."""
    monkeypatch.setattr(published, "_publishing", True)
    shown = [Exercise("dL_dW", told="last line"), Exercise("dL_dW", at=(2, 1), given=arrays[1])]
    body = "".join(one._repr_mimebundle_()[0]["text/html"] for one in shown)
    head = f"<meta charset=utf-8><title>exercises</title><style>:root {{color-scheme: light dark}} {script.style()}</style>"
    path = tmp_path / "page.html"
    path.write_text(
        f"<!doctype html><html lang=en>{head}<body><main><h1>Exercises</h1>{body}</main><script>{script.script()}</script>",
        encoding="utf-8",
    )
    return path.as_uri()


WCAG = """() => axe.run({ preload: false, resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })"""


@pytest.mark.browser
@pytest.mark.skipif(bool(lab.missing()), reason=lab.missing() or "all is there")
def test_it_is_answered_by_keys_alone_in_a_page_from_a_file(browser, page, arrays):
    troubles = []
    for width, scheme in ((1280, "light"), (320, "dark")):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        sheet = context.new_page()
        sheet.on("pageerror", lambda error: troubles.append(str(error)))
        sheet.goto(page)
        whole, entry = (sheet.locator(".gw-exercise").nth(k) for k in range(2))
        field, verdict = whole.get_by_role("textbox"), whole.get_by_role("status").first
        assert whole.get_by_text("sum t, k: dL_dz[t,k]").first.is_visible()  # the derivation, but not its last line
        assert not whole.get_by_text("= sum t: dL_dz[t,i] * h[t,j]").is_visible()
        field.focus()
        sheet.keyboard.press("Enter")
        assert verdict.text_content() == check("dL_dW", "").said
        sheet.keyboard.type(HALF)
        sheet.keyboard.press("Enter")
        paragraphs = check("dL_dW", HALF).said.split("\n\n")
        hints = next(one for one in paragraphs if one.startswith("1. ")).splitlines()
        told = [one for one in paragraphs if not one.startswith(("1. ", "Right ·"))]
        assert verdict.locator("p").all_text_contents() == told
        for count in range(1, len(hints) + 1):
            assert whole.locator(".gw-hints li").count() == count - 1
            button = whole.get_by_role("button", name="hint")
            button.focus()
            sheet.keyboard.press("Enter")
            assert [
                f"{k}. {one}" for k, one in enumerate(whole.locator(".gw-hints li").all_text_contents(), 1)
            ] == hints[:count]
        assert button.is_disabled()
        opening = whole.get_by_role("button", name="show me")
        opening.focus()
        sheet.keyboard.press("Enter")
        assert opening.get_attribute("aria-expanded") == "true"
        assert whole.get_by_text("= sum t: dL_dz[t,i] * h[t,j]").is_visible()
        number = entry.get_by_role("textbox")
        turned = f"{-arrays[0].dL_dW[2, 1]:.4f}".replace(".", ",")
        number.fill(turned)
        number.press("Enter")
        first = check("dL_dW", turned, at=(2, 1), given=arrays[1]).said.split("\n\n")[0]
        assert entry.get_by_role("status").first.locator("p").first.text_content() == first
        if lab.AXE.exists():
            sheet.add_script_tag(path=lab.AXE)
            found = sheet.evaluate(WCAG)["violations"]
            assert not found, [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]
        assert sheet.evaluate("document.documentElement.scrollWidth") == width
        field.fill("sum t: h[t,j] dL_dz[t,i]")
        field.press("Enter")
        assert whole.locator(".gw-both dd").all_text_contents() == [
            "sum t: h[t,j] dL_dz[t,i]",
            WHOLE + "return dL_dz.T @ h  # (N, D)",
        ]
        context.close()
    assert not troubles
