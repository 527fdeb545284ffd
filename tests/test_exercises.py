"""check(task, answer): what it says of an answer, in which order; and that nothing passes that is no answer."""

import re
from types import FunctionType

import numpy as np
import pytest

from gradwalk import Model, check, step1_output, step4_residual, walk
from gradwalk.exercises import cases, mistakes, page_check, report
from gradwalk.exercises.judging import judge
from gradwalk.exercises.tasks import RULES, all_tasks, named
from gradwalk.names import EXTENTS
from gradwalk.step1_output import dL_dW as renamed
from gradwalk.step5_attention import merge_heads
from gradwalk.telling import derivations
from gradwalk.telling.worked_example import example_model

TASKS = pytest.mark.parametrize("name", all_tasks())


def test_every_gradient_of_the_walk_is_a_task():
    for form in ({}, {"tied": True}, {"final_norm": True}):
        model = example_model(**form)
        values = walk.forward(model, *model.read("the dog slept by the fire", scored="all"))
        made = {name.split(".")[-1]: function for name, function in walk.made_by(model, values).items()}
        other = {name for name in made if named(name).right is not made[name]}
        assert other == ({"dL_dh"} if "final_norm" in form else set())  # there one name more for the norm's pullback
    used = {task.right for task in all_tasks().values()}
    assert set(derivations.gradients()) <= used


@TASKS
def test_a_task_says_what_its_function_takes_and_makes(name):
    task, case = named(name), cases.draw(0)
    assert [name for name, task in all_tasks().items() if task.zero] == ["dL_db_K"]
    assert len(task.takes) == len(task.parameters) >= task.needed
    sizes = {**case, "D/H": case["D"] // case["H"]}
    assert task.right(*task.of(case)).shape == tuple(sizes[EXTENTS[letter]] for letter in task.letters)
    assert sum(task.right in functions for functions in RULES.values()) == 1


@TASKS
def test_on_every_case_all_mistakes_differ(name):
    task = named(name)
    for seed in range(2):
        found = cases.cases(task, seed)
        assert len(found) == cases.COUNT
        assert all(cases.told_apart(task, case) for case in found)


def test_where_nearly_all_of_a_row_cancels_no_answer_is_tried():
    task = named("dL_dS")
    for seed in range(20):
        assert all(cases.steady(task, case) for case in cases.cases(task, seed) + cases.plain(task, seed))


def test_shares_sum_to_one_and_float32_has_them_too():
    for seed in range(20):
        case = cases.draw(seed)
        for rows in (case["alpha"], case["p"]):
            assert (rows.sum(axis=-1) == 1).all()
            assert (rows == rows.astype(np.float32)).all()


def test_a_case_has_what_hides_nothing():
    for seed in range(20):
        case = cases.draw(seed)
        sizes = [case[size] for size in ("T", "D", "F", "H", "N", "M", "T_max")] + [case["D"] // case["H"]]
        assert len(set(sizes)) == len(sizes)
        assert (case["y"] >= 0).sum() == case["M"] < case["T"]
        assert len(set(case["tokens"])) < case["T"]
        assert (case["places"] == 0).sum() == 3
        assert (case["u"] == 0).any()
        assert min(case["x1"].std(axis=1)) < 0.01 < 0.5 < max(np.abs(case["x1"].mean(axis=1)))
        assert all(len(set(case[name])) == case["D"] for name in ("gamma1", "gamma2", "beta1", "b_Q", "b2"))


def test_the_same_seed_draws_the_same_numbers():
    one = cases.draw(5)
    cases.draw.cache_clear()
    other = cases.draw(5)
    assert all(np.array_equal(one[name], other[name]) for name in one if name != "blocks")
    assert not np.array_equal(one["h"], cases.draw(6)["h"])


def test_the_bank_is_large_and_every_entry_says_all_that_it_must():
    entries = mistakes.bank()
    assert len(entries) >= 40
    assert len({entry.name for entry in entries}) == len(entries)
    for entry in entries:
        assert entry.happened.endswith(".")
        assert entry.look
        assert entry.question.endswith("?")
        assert any(task.right in entry.where or task.rule in entry.where for task in all_tasks().values())


# Other ways to write a mistake, equal on the arguments of its task: (task, the entry they share, the formula).
EQUAL = [
    ("dL_du", "open at the kink", lambda dL_dr, u, activation: dL_dr * ~(u < 0)),
    ("dL_dW", "averaged over positions", lambda dL_dz, h: np.mean(dL_dz[:, :, None] * h[:, None, :], axis=0)),
    ("dL_dS", "average not taken away", lambda d, alpha: np.where(alpha > 0, alpha * d, 0)),  # the mask, said again
    ("dL_dW_Q", "averaged over positions", lambda dL_dQ, n: merge_heads(dL_dQ).T @ n / len(n)),
    ("dL_db_K", "bias averaged over positions", lambda dL_dK: dL_dK.mean(axis=1).reshape(-1)),
    ("dL_dS", "softmax elementwise", lambda d, alpha: d * (alpha - alpha**2)),
    ("dL_dz", "one not taken away", lambda p, y: p[:] * (y >= 0)[:, None] / np.count_nonzero(y >= 0)),
    ("dL_dx1", "roads averaged", lambda one, other: 0.5 * one + 0.5 * other),
    ("dL_dE", "first road only", lambda via_x0, via_z: via_x0 + 0 * via_z),  # tied weights once
    ("dL_dx1_via_v", "gamma missing", lambda d, x, gamma, eps: mistakes_formula("gamma_missing")(d, x, 1, eps)),
]


def mistakes_formula(name):
    return next(entry.formula for entry in mistakes.bank() if entry.formula.__name__ == name)


def named_by(task, formula, seed=0):
    task = named(task)
    drawn = cases.cases(task, seed) + cases.plain(task, seed)
    return judge(task, drawn, [np.asarray(formula(*task.of(case))) for case in drawn])


@pytest.mark.parametrize(("task", "entry", "formula"), EQUAL, ids=[f"{task}: {entry}" for task, entry, _ in EQUAL])
def test_formulas_that_are_equal_on_their_arguments_share_an_entry(task, entry, formula):
    assert named_by(task, formula).mistake == entry


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (lambda case: -1, "with the other sign"),
        (lambda case: 1 / case["M"], "times 1/M"),
        (lambda case: 1 / case["T"], "times 1/T"),
        (lambda case: 0.5, "times 1/2"),
        (lambda case: -((case["D"] / case["H"]) ** 0.5), "with the other sign, times √(D/H)"),
        (lambda case: 1.7, "times 1.7"),
        (lambda case: 1 + case["N"], "times a factor"),
    ],
)
def test_an_answer_is_tried_with_a_sign_and_with_factors(factor, said):
    task = named("dL_dQ")
    drawn = cases.cases(task, 0) + cases.plain(task, 0)
    verdict = judge(task, drawn, [factor(case) * task.right(*task.of(case)) for case in drawn])
    assert (verdict.passed, verdict.mistake) == (False, said)
    entry = next(entry for entry in mistakes.bank() if entry.name == "query as if a key")
    if said not in ("times 1.7", "times a factor"):
        turned = judge(task, drawn, [factor(case) * entry.made(task, case) for case in drawn])
        assert turned.mistake in (f"query as if a key, {said}",)


def test_an_answer_is_tried_transposed_and_with_an_axis_kept():
    assert named_by("dL_dO", lambda dL_da, W_O: (dL_da @ W_O).T).mistake == "transposed"
    assert named_by("dL_db", lambda dL_dz: dL_dz.sum(axis=0)[None]).mistake == "an axis of length 1 kept"
    assert named_by("dL_db", lambda dL_dz: dL_dz.mean(axis=0)[:, None]).mistake == (
        "bias averaged over positions, an axis of length 1 kept"
    )


def test_two_mistakes_at_once_are_told_where_nothing_is_planted():
    def elementwise_without_eps(dL_dv, x1, gamma, eps):
        return gamma * dL_dv / x1.std(axis=1, keepdims=True)

    verdict = named_by("dL_dx1_via_v", elementwise_without_eps)
    assert (verdict.passed, verdict.plain, verdict.mistake) == (False, True, "norm as an elementwise factor")


def test_what_is_said_comes_in_order():
    said = check("dL_dW", "sum t: dL_dz[t,i]").said.split("\n\n")
    assert said[0].startswith("Right: the shape (N, D), ")
    assert said[0].endswith("j of the answer's own is nowhere in the formula.")
    assert said[1].startswith("gear forgotten: ")
    assert said[1].endswith("Look at the second factor.")
    assert [line[:3] for line in said[2].splitlines()] == ["1. ", "2. ", "3. "]
    assert said[-1].startswith("Not tested: ")
    part = check("dL_dS", "alpha[e,t,s] * dL_dalpha[e,t,s] * (1 - alpha[e,t,s])").said.split("\n\n")
    assert part[3].startswith("Right · and wrong ×, head 0: t down, s across\n")


def test_the_formula_stands_there_once_it_is_passed_and_not_before():
    right, wrong = check("dL_dW", "sum t: dL_dz[t,i] h[t,j]"), check("dL_dW", "-sum t: dL_dz[t,i] h[t,j]")
    assert right.passed
    assert "return dL_dz.T @ h" in right.said
    assert "return" not in wrong.said
    assert "Not tested" in right.said


def test_where_no_mistake_fits_both_numbers_stand_there():
    said = check("dL_dW", "sum t: dL_dz[t,i] * exp(h[t,j])").said
    assert "none of the mistakes" in said
    assert "The first entry that differs is dL_dW[0, 0]: " in said
    assert ", wanted " in said


def test_of_what_is_all_right_but_for_one_row_that_row_is_named():
    def right_but_for_a_row(dL_dv, x1, gamma, eps):
        made = derivations_right(dL_dv, x1, gamma, eps)
        return np.where(np.arange(len(made))[:, None] == 2, 2 * made, made)

    derivations_right = named("dL_dx1_via_v").right
    task = named("dL_dx1_via_v")
    drawn = cases.cases(task, 0) + cases.plain(task, 0)
    results = [right_but_for_a_row(*task.of(case)) for case in drawn]
    said = "\n".join(report.wrong(task, drawn, results, judge(task, drawn, results)))
    assert "Only of t = 2 something differs." in said


def test_a_result_shows_itself_as_text_and_as_html():
    result = check("dL_dW", "sum t: dL_dz[t,i] <script>")
    assert result.said == repr(result) == result._repr_mimebundle_()["text/plain"]
    assert "<script>" not in result._repr_mimebundle_()["text/html"]
    assert (result.task, result.seed, result.passed, result.mistake) == ("dL_dW", 0, False, None)
    assert check("dL_dW", "h[t,j]", seed=7).seed == 7


def test_the_task_alone_raises_and_names_the_nearest():
    with pytest.raises(ValueError, match=r"^task: there is no task 'dL_dw'; the nearest: dL_dW"):
        check("dL_dw", "h")
    with pytest.raises(ValueError, match=r"^task: wanted the name of a task"):
        check(None, "h")


# ---- numbers


def entry():
    case = cases.cases(named("dL_dW"), 0)[0]
    return (1, 2), step1_output.dL_dW(case["dL_dz"], case["h"])[1, 2]


@pytest.mark.parametrize("written", [lambda x: x, lambda x: np.float32(x), lambda x: f"{x:.4f}".replace(".", ",")])
def test_a_number_passes_as_one_writes_it_by_hand(written):
    at, right = entry()
    assert check("dL_dW", written(right), at=at).passed
    assert check("dL_dW", written(-right), at=at).mistake == "with the other sign"


def test_a_number_is_taken_of_the_page_s_own_arrays():
    given = {"dL_dz": np.array([[1.0, -2.0]]), "h": np.array([[0.5, 3.0]])}
    assert check("dL_dW", -6, at=(1, 1), given=given).passed
    result = check("dL_dW", 6, at=(1, 1), given=given)
    assert not result.passed
    assert result.mistake == "sign of the message lost"


@pytest.mark.parametrize(
    "given",
    [{}, {"h": np.ones((2, 2))}, 3, {"dL_dz": np.ones((2, 2)), "h": np.ones((3, 2))}, {"dL_dz": "x", "h": "y"}],
)
def test_arrays_that_do_not_fit_are_refused_by_name(given):
    with pytest.raises(ValueError, match=r"^given: wanted"):
        check("dL_dW", 1.0, at=(0, 0), given=given)


def test_of_a_gate_the_number_is_that_of_the_page_s_own_mute():
    given = {"dL_dr": np.ones((1, 1)), "u": np.ones((1, 1))}
    assert check("dL_du", 1.083, at=(0, 0), given=given | {"activation": "gelu"}).passed
    assert check("dL_du", 1, at=(0, 0), given=given | {"activation": "relu"}).passed
    with pytest.raises(ValueError, match=r"given: there is no activation 'gelo'"):
        check("dL_du", 1, at=(0, 0), given=given | {"activation": "gelo"})


def test_where_something_is_masked_no_number_is_right_and_no_mistake_is_infinitely_near():
    model = Model.random(seed=290)
    given = {"S": walk.forward(model, *model.read("the dog slept by the fire")).S}
    assert check("alpha", 0.616, at=(0, 1, 0), given=given).passed
    S = given["S"][0, 1, 1]
    case = cases.draw(0)
    masked, kept = (tuple(np.argwhere(case["attends"] == k)[1]) for k in (False, True))
    for number in (0.5, -0.5, 1e9):
        result = check("S", number, at=(0, *map(int, masked)))
        assert not result.passed
        assert "nothing is worked out there" in result.said
        assert check("S", number + S, at=(0, *map(int, kept))).mistake is None
    with pytest.raises(ValueError, match=r"^at: wanted an entry that is a number, got \(0, 0, 1\), where S is -inf"):
        page_check.number(named("S"), (0, 0, 1), case | {"attends": np.tri(len(case["attends"]), dtype=bool)})


@pytest.mark.parametrize("at", [None, (99, 0), (0,), "x", (0, 0, 0)])
def test_a_number_without_its_place_is_told_so(at):
    result = check("dL_dW", 0.5, at=at)
    assert not result.passed
    assert result.mistake is None
    assert result.said


# ---- never a vacuous pass


page = np.ones((3, 4))


def reads_the_page(dL_dz, h):
    return page


def calls_the_package(dL_dz, h):
    return step1_output.dL_dW(dL_dz, h)


def calls_it_renamed(dL_dz, h):
    return renamed(dL_dz, h)


def imports_it(dL_dz, h):
    from gradwalk.step1_output import dL_dW as mine

    return mine(dL_dz, h)


def fetches_it(dL_dz, h):
    import importlib

    return getattr(importlib.import_module("gradwalk.step1_output"), "dL_" + "dW")(dL_dz, h)


def changes_its_inputs(dL_dz, h):
    dL_dz *= 2
    return dL_dz.T @ h / 2


def still_to_do(dL_dz, h): ...


def by_chance(dL_dz, h):
    return dL_dz.T @ h * np.random.default_rng().random()


copied = FunctionType(step1_output.dL_dW.__code__, {"np": np}, "mine")


VACUOUS = {
    "nothing here yet": [None, ..., "", "  ", "...", "?"],
    "returns nothing yet": [still_to_do, lambda dL_dz, h: None, lambda dL_dz, h: ...],
    "is zero everywhere": [lambda dL_dz, h: np.zeros((dL_dz.shape[1], h.shape[1])), "0 * sum t: dL_dz[t,i] h[t,j]"],
    "is nan on one case": [lambda dL_dz, h: dL_dz.T @ h * np.nan],
    "package's own dL_dW": [
        step1_output.dL_dW,
        renamed,
        calls_the_package,
        calls_it_renamed,
        imports_it,
        fetches_it,
        copied,
    ],
    "reads page, an array of the page": [reads_the_page, lambda dL_dz, h: page + 0 * dL_dz.T @ h],
    "changes the arrays that it was given": [changes_its_inputs],
    "answers twice differently": [by_chance],
    "in this order": [lambda h, dL_dz: dL_dz.T @ h],
    "wanted is (dL_dz, h)": [lambda dL_dz: dL_dz],
    "Wanted a function of (dL_dz, h)": [page, [[1.0]], {"a": 1}, b"h", object()],
    "Wanted a function written with def": [np.dot, dict],
    "It returns": [lambda dL_dz, h: "h", lambda dL_dz, h: [[1], [2, 3]], lambda dL_dz, h: dL_dz.T @ h + 1j],
}


@pytest.mark.parametrize(("word", "answer"), [(word, one) for word, several in VACUOUS.items() for one in several])
def test_nothing_passes_that_is_no_answer_and_each_kind_has_its_word(word, answer):
    result = check("dL_dW", answer)
    assert not result.passed
    assert word in result.said


def test_an_array_of_the_page_is_refused_in_a_closure_and_as_a_default_too():
    hidden = np.ones(3)
    assert "reads hidden, an array" in check("dL_dm", lambda dL_dh: dL_dh + hidden[0]).said
    assert "reads h, an array" in check("dL_dm", lambda dL_dh, h=hidden: dL_dh).said


def test_a_number_of_the_page_is_spoken_of_where_the_answer_is_wrong():
    M = 4
    said = check("dL_dz", lambda p, y: (p - (np.arange(p.shape[1]) == y[:, None])) * (y >= 0)[:, None] / M).said
    assert "It reads M of the page" in said


def test_the_shape_by_broadcasting_only_is_no_pass():
    kept = check("dL_db", lambda dL_dz: dL_dz.sum(axis=0, keepdims=True))
    assert (kept.passed, kept.mistake) == (False, "an axis of length 1 kept")
    assert "broadcasting" in kept.said


def test_one_number_for_a_whole_row_is_no_pass():
    assert check("dL_db", lambda dL_dz: dL_dz.sum()).mistake == "summed over everything"
    assert not check("dL_db", lambda dL_dz: 0.5).passed


@pytest.mark.parametrize(
    "answer",
    [
        *("1e300", "1/0", "0/0", "9^999 - 9^999", "exp(exp(9)) sum t: dL_dz[t,i] h[t,j]"),
        *(10**400, float("nan"), -1e308, True, set(), 1j),
        *(lambda dL_dz, h: dL_dz.T @ h * 1e300, lambda dL_dz, h: dL_dz.T @ h + np.inf, lambda dL_dz, h: []),
    ],
)
@pytest.mark.parametrize("at", [None, (0, 0)])
def test_whatever_comes_is_answered_in_words(answer, at):
    result = check("dL_dW", answer, at=at)
    assert not result.passed
    assert result.said


def test_of_an_answer_that_stops_the_line_and_the_shapes_are_told():
    said = check("dL_dh", lambda dL_dz, W: dL_dz @ W.T).said
    assert "It stops in its line 1: ValueError: matmul" in said
    assert "It was given dL_dz " in said
    assert "wanted is (T, D)." in said


def test_zero_passes_where_the_slope_is_zero_and_nowhere_else():
    assert check("dL_db_K", lambda dL_dK: np.zeros(dL_dK.shape[0] * dL_dK.shape[2])).passed
    assert check("dL_db_K", "0").passed
    assert not check("dL_db_Q", "0").passed
    assert not check("dL_db_K", "1").passed
    assert not check("dL_db_K", lambda dL_dK: np.zeros(3)).passed


def test_the_answer_that_is_its_argument_passes_and_its_starter_does_not():
    assert check("dL_dm", lambda dL_dh: dL_dh).passed
    assert not check("dL_dm", ...).passed
    assert "own dL_dm" in check("dL_dm", step4_residual.dL_dm).said


def test_each_reason_is_one_sentence_or_more_and_ends_once():
    told = [report.reason(task) for task in all_tasks().values()]
    assert all(re.search(r"(?<!\.)\.$", reason) for reason in told if reason)
    assert sum(map(bool, told)) > 40
