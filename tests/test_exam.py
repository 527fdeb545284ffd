"""The exam: each number draws a valid one; right answers pass every part, and nothing else does."""

import ast
import inspect
import os

import numpy as np
import pytest
from exam_answers import line_of, right_answers, solution

from gradwalk import step1_output, step5_attention, walk
from gradwalk.exercises import mistakes, narrow, process, source, tasks
from gradwalk.exercises.cases import draw, gaps
from gradwalk.exercises.exam import by_hand, other_letters, slopes, unseen, wrong_walks
from gradwalk.exercises.exam.question import told
from gradwalk.exercises.exam.sheet import NEEDED, Exam, ShortTest
from gradwalk.exercises.exam.whole_walk import check_walk
from gradwalk.exercises.shipping import Refusal
from gradwalk.walk import Gradients

SEEDS = max(60, int(os.environ.get("GRADWALK_CASES", 0)))
LINES = [*(line for lines in other_letters.LINES.values() for line in lines), *unseen.FAMILIES]
ASKED = pytest.mark.parametrize(
    ("line", "name"),
    [(line, name) for line in LINES for name in line.back],
    ids=[f"{line.forward.__name__}: {name}" for line in LINES for name in line.back],
)


@pytest.fixture
def in_this_process(monkeypatch):
    """Answers that are known to be harmless run here: two hundred exams in as many processes would take minutes."""
    monkeypatch.setattr(
        process, "run", lambda answer, cases: process.Run([np.asarray(answer(*given)) for given in cases])
    )


@pytest.mark.slow
def test_each_number_draws_a_valid_exam_that_right_answers_pass_and_nothing_else(in_this_process):
    drawn, lines = set(), set()
    for seed in range(SEEDS):
        exam = Exam(seed)
        assert [*exam.questions] == [
            f"{part}{k + 1}" for part, n in zip("ABCD", (6, 4, 5, 2), strict=True) for k in range(n)
        ]
        right = right_answers(exam)
        said = exam.told(right)
        assert not [(seed, key, one.said) for key, one in said.items() if not one.right]
        assert exam.passed(said) == dict.fromkeys(NEEDED, True)
        assert exam.passed(exam.told({})) == dict.fromkeys(NEEDED, False)
        others = exam.told({key: _wrong(answer) for key, answer in right.items() if key[0] in "AB" or seed % 10 == 0})
        assert not [(seed, key) for key, one in others.items() if one.right]
        drawn.add("".join(question.asks for question in exam.questions.values()))
        lines |= {line_of(question)[0].forward for key, question in exam.questions.items() if key[0] in "CD"}
    assert len(drawn) == SEEDS
    assert lines == {line.forward for line in LINES}


def _wrong(answer):
    """One that is wrong in a single thing: a sign, a case, a factor."""
    if isinstance(answer, tuple):
        return (*answer[:2], answer[2] % 3 + 1)
    return -answer if isinstance(answer, float) else lambda *given: 1.01 * answer(*given)


def test_the_same_number_draws_the_same_exam():
    one, other = Exam(5), Exam(5)
    assert [question[:3] for question in one.questions.values()] == [
        question[:3] for question in other.questions.values()
    ]


@pytest.mark.parametrize("seed", [-1, 1.5, "1", None, True])
def test_a_number_that_is_none_is_refused(seed):
    with pytest.raises(ValueError, match="seed: wanted a whole number"):
        Exam(seed)


def test_it_is_passed_part_by_part():
    exam = Exam(3)
    right = {key: value for key, value in right_answers(exam).items() if key[0] in "AB"}
    right |= {"A1": None, "A2": 1000, "B4": ("dL_dW", "a", 9)}
    exam.hand_in(**right)
    lines = exam.result().plain.splitlines()
    assert [line.split() for line in lines[1:5]] == [
        ["A", "4", "of", "6", "4", "yes"],
        ["B", "3", "of", "4", "3", "yes"],
        ["C", "0", "of", "5", "4", "no"],
        ["D", "0", "of", "2", "2", "no"],
    ]
    assert [line.partition(":")[0] for line in lines[6:] if line] == ["Not passed yet", "Not yet answered", "A2", "B4"]
    assert lines[6].endswith("C, D. In 2 weeks do C, D of Exam(4).")
    assert lines[8] == "Not yet answered: A1, C1, C2, C3, C4, C5, D1, D2."


def test_what_is_handed_in_is_said_and_an_unknown_question_refused():
    exam = Exam(0)
    said = exam.hand_in(A1=2, A2=None, C1=..., C2=len).plain.splitlines()[1:]
    assert [line.split(maxsplit=1) for line in said] == [
        ["A1", "handed in"],
        ["A2", "not yet answered"],
        ["C1", "not yet answered"],
        ["C2", "handed in; it is run for the result"],
    ]
    with pytest.raises(ValueError, match="answer: there is no question 'E1'"):
        exam.hand_in(E1=1)
    with pytest.raises(ValueError, match="letter: there is no part 'E'"):
        exam.part("E")


# A: by hand


@pytest.mark.parametrize("name", [name for names in by_hand.TASKS.values() for name in names])
def test_a_number_by_hand_is_the_packages_and_a_known_mistake_is_named(name):
    question = by_hand.question("A1", name, np.random.default_rng(1))
    spot, value = question.right.split(" = ")
    assert spot.startswith(f"{name}[")
    right = float(value.replace("−", "-"))
    assert abs(right) > by_hand.APART
    assert told(question, right).right
    assert told(question, f"{right:.2f}".replace(".", ",")).right  # as one writes it by hand
    assert not told(question, -right).right
    assert told(question, "x").mistake == "kind"
    tempting = inspect.getclosurevars(question.judge).nonlocals["tempting"]
    value = tempting[0][1]
    assert told(question, value).mistake in [one.name for one, same in tempting if abs(same - value) < 0.02]


def test_only_rules_of_the_course_are_asked_by_hand():
    assert set(by_hand.TASKS) == set(tasks.RULES) - {"copy"}
    assert all(tasks.named(name).rule == rule for rule, names in by_hand.TASKS.items() for name in names)


# B: wrong walks


def test_a_wrong_line_stands_in_its_place_and_all_others_are_the_walk_s_own():
    told_, questions = wrong_walks.questions(np.random.default_rng(4))
    for question in questions:
        wrong = inspect.getclosurevars(question.judge).nonlocals["wrong"]
        lines = [line.removeprefix("    ") for line in question.asks.splitlines()]
        entries = [wrong.entry if task is wrong.task else None for task in wrong.piece]
        code = "\n".join(map(source.as_lines, wrong.piece, entries))
        assert code in "\n".join(lines)
        assert source.as_lines(wrong.task, wrong.entry) != source.as_lines(wrong.task)
        assert f" {wrong.entry.name}" in f" {told_}"


@pytest.mark.parametrize("name", [task.name for task in tasks.walked()])
def test_a_line_of_the_walk_gives_what_its_function_gives(name):
    task = next(task for task in tasks.walked() if task.name == name)
    case = draw(3)
    scope = {**vars(inspect.getmodule(task.right)), **{one: case[one] for one in task.takes}, "np": np}
    exec(source.as_lines(task), scope)
    assert np.array_equal(scope[name], task.right(*task.of(case)))
    for entry, made in mistakes.made(task, case):
        if entry in wrong_walks._known(task):
            here = {**vars(step5_attention), **vars(inspect.getmodule(entry.formula)), **scope}
            exec(source.as_lines(task, entry), here)
            assert np.array_equal(here[name], made)


def test_the_case_that_exposes_does_and_the_others_hide():
    for seed in range(40):
        _, questions = wrong_walks.questions(np.random.default_rng(seed))
        for question in questions:
            wrong = inspect.getclosurevars(question.judge).nonlocals["wrong"]
            for k, said in enumerate(wrong.cases, 1):
                # on other numbers than those it was drawn with; by chance those of one row may have but one sign
                drawn = [narrow.narrowed(draw(100 + other), wrong.task, said.split("; ")) for other in range(5)]
                assert any(wrong_walks.shows(wrong.task, wrong.entry, case) for case in drawn) == (k == wrong.exposes)


def test_ways_that_contradict_each_other_or_say_nothing_make_no_case():
    task, case = tasks.named("dL_dx1_via_v"), draw(0)
    assert narrow.narrowed(case, task, ["gamma is 1 everywhere", "gamma is 2 everywhere"]) is None
    assert narrow.narrowed(case, task, ["gamma is 1 everywhere", "every u is above 0"]) is None
    assert narrow.narrowed(case, task, ["no message is below 0", "every message is 1"]) is None
    level = "each row of values has mean 0 and spread 1"
    assert narrow.narrowed(case, task, ["every value is 1", level]) is None
    rows = narrow.narrowed(case, task, ["gamma is 1 everywhere", level])["x1"]
    assert np.allclose((rows.mean(axis=1), rows.std(axis=1)), [[0], [1]])
    assert (narrow.narrowed(case, task, ["no message is below 0", "gamma is 1 everywhere"])["gamma2"] == 1).all()


STRANGE = [None, 3, "dL_dh", (1, 2), (None, "a", 1), ("dL_dh", "a", 0x10**9999), (np.ones(2), {}, len), [[], [], []]]


@pytest.mark.parametrize("answer", STRANGE, ids=[str(k) for k in range(len(STRANGE))])
def test_whatever_is_handed_in_is_answered_in_words(answer):
    said = Exam(2).told({"A1": answer, "B1": answer, "C1": answer})
    assert not any(one.right for one in said.values())


def test_a_walk_is_answered_as_one_writes_it():
    (question, *_) = wrong_walks.questions(np.random.default_rng(0))[1]
    place, rest, case = question.right.split(", ")
    assert told(question, [f" {place}", rest[0].upper(), case[-1]]).right


# C and D: lines, and measured slopes


@ASKED
def test_the_key_is_the_measured_slope_on_other_numbers_too(line, name):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        given = line.draw(rng)
        message = np.array(rng.standard_normal(np.shape(line.forward(*given))))
        measured = line.measured(given, name, message)
        made = np.asarray(solution(line, name)(message, *given))
        assert made.shape == measured.shape
        assert gaps(made, measured, measured).max() < 1e-7


def test_lines_of_five_rules_and_twelve_families_are_there():
    assert set(other_letters.LINES) == set(tasks.RULES) - {"copy"} | {"join"}
    assert all(len(line.back) == 1 for lines in other_letters.LINES.values() for line in lines)
    assert len(unseen.FAMILIES) == 12
    assert all(len(line.back) == 2 for line in unseen.FAMILIES)


@ASKED
def test_a_line_is_shown_without_its_name_and_shown_as_it_is(line, name):
    scope = {"np": np}
    exec(line.code("line"), scope)
    given = line.draw(np.random.default_rng(0))
    assert np.array_equal(scope["line"](*given), line.forward(*given))
    assert line.forward.__name__ not in line.code("line")
    assert ast.get_docstring(ast.parse(line.code("line")).body[0]) is None


def _refused(answer, line=other_letters.weight_on_columns, name="A"):
    with pytest.raises(Refusal) as refused:
        slopes.judge(line, name, answer, seed=0)
    return refused.value.kind


def _writes(G, A, X):
    G[:] = 0
    return A


ARRAY = np.ones((3, 4))
VACUOUS = [
    ("blank", None),
    ("blank", ...),
    ("blank", lambda G, A, X: ...),
    ("kind", 3),
    ("kind", "G @ X.T"),
    ("zeros", lambda G, A, X: 0 * A),
    ("not the measured slope", lambda G, A, X: A * np.nan),
    ("not the measured slope", lambda G, A, X: G @ X.T * (1 + 1e-4)),
    ("another shape", lambda G, A, X: (G @ X.T).mean()),
    ("another shape", lambda G, A, X: X @ G.T),
    ("another shape", lambda G, A, X: (G @ X.T)[None]),
    ("order", lambda G, A: A),
    ("page", lambda G, A, X: ARRAY),
    ("changes", _writes),
    ("own", step1_output.dL_dW),
    ("own", lambda G, A, X: step1_output.dL_dW(G.T, X.T)),
    ("kind", lambda G, A, X: {"A": A}),
    ("raises", lambda G, A, X: G @ X),
    ("endless", lambda G, A, X: [0 for _ in iter(int, 1)]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "answer"), VACUOUS, ids=[f"{k}-{kind}" for k, (kind, _) in enumerate(VACUOUS)])
def test_nothing_passes_that_is_no_gradient(kind, answer):
    assert _refused(answer) == kind


@pytest.mark.slow
def test_right_answers_pass_in_a_process_of_their_own_and_in_float32():
    slopes.judge(other_letters.weight_on_columns, "A", lambda G, A, X: G @ X.T, seed=0)
    slopes.judge(other_letters.weight_on_columns, "A", lambda G, A, X: (G @ X.T).astype("float32"), seed=0)
    slopes.judge(unseen.residual_with_a_scale, "k", lambda G, x, k: (G * np.tanh(x)).sum(), seed=1)


# The short tests


def test_the_two_short_tests_ask_the_same_with_other_numbers():
    for seed in range(20):
        before, after = ShortTest("before", seed), ShortTest("after", seed)
        wanted = [[q.right.partition("[")[0] for q in one.questions.values()] for one in (before, after)]
        assert wanted[0] == wanted[1]
        pairs = zip(before.questions.values(), after.questions.values(), strict=True)
        for one, other in pairs:
            assert one.asks.replace("before", "after") != other.asks
            assert len(one.asks.splitlines()) == len(other.asks.splitlines())  # as many numbers are given
        assert before.page().plain.count("Wanted:") == 5
    right = float(before.questions["before1"].right.split(" = ")[1].replace("−", "-"))
    before.hand_in(before1=right, before2=1000)
    said = before.result().plain.split("\n\n")
    assert said[:2] == ["1 of 5 right.", "Not yet answered: before3, before4, before5."]
    assert said[2].startswith("before2: dL_dW[")
    with pytest.raises(ValueError, match="when: there is no test 'during'"):
        ShortTest("during")


# At home: the whole walk


def output_back(w, v, g):
    scored = v.y >= 0
    g.dL_dz = (v.p - (np.arange(v.p.shape[1]) == v.y[:, None])) * scored[:, None] / scored.sum()
    g.dL_dW = g.dL_dz.T @ v.h
    g.dL_db = g.dL_dz.sum(axis=0)
    g.dL_dh = g.dL_dz @ w.W


def mlp_back(w, v, g):
    g.dL_dm = g.dL_dh
    g.dL_dx1_via_h = g.dL_dh
    g.dL_dW2 = g.dL_dm.T @ v.r
    g.dL_db2 = g.dL_dm.sum(axis=0)
    g.dL_dr = g.dL_dm @ w.W2
    g.dL_du = g.dL_dr * (v.u > 0)
    g.dL_dW1 = g.dL_du.T @ v.v
    g.dL_db1 = g.dL_du.sum(axis=0)
    g.dL_dv = g.dL_du @ w.W1


def normed_back(message, x, gamma):
    sigma = np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    x_hat = (x - x.mean(axis=1, keepdims=True)) / sigma
    m = message * gamma
    back = (m - m.mean(axis=1, keepdims=True) - x_hat * (m * x_hat).mean(axis=1, keepdims=True)) / sigma
    return (message * x_hat).sum(axis=0), message.sum(axis=0), back


def norm_back(w, v, g):
    g.dL_dgamma2, g.dL_dbeta2, g.dL_dx1_via_v = normed_back(g.dL_dv, v.x1, w.gamma2)
    g.dL_dx1 = g.dL_dx1_via_h + g.dL_dx1_via_v
    g.dL_da = g.dL_dx1
    g.dL_dx0_via_x1 = g.dL_dx1


def blend_back(w, v, g):
    H, T, d = v.V.shape
    g.dL_dW_O = g.dL_da.T @ v.O
    g.dL_db_O = g.dL_da.sum(axis=0)
    g.dL_dO = g.dL_da @ w.W_O
    heads = g.dL_dO.reshape(T, H, d).transpose(1, 0, 2)
    g.dL_dV = v.alpha.transpose(0, 2, 1) @ heads
    g.dL_dalpha = heads @ v.V.transpose(0, 2, 1)
    g.dL_dS = v.alpha * (g.dL_dalpha - (v.alpha * g.dL_dalpha).sum(axis=2, keepdims=True))
    g.dL_dQ = g.dL_dS @ v.K / np.sqrt(d)
    g.dL_dK = g.dL_dS.transpose(0, 2, 1) @ v.Q / np.sqrt(d)


def side_by_side(x):
    return x.transpose(1, 0, 2).reshape(x.shape[1], -1)


def streams_back(w, v, g):
    for letter in "QKV":
        message = side_by_side(g[f"dL_d{letter}"])
        g[f"dL_dW_{letter}"] = message.T @ v.n
        g[f"dL_db_{letter}"] = message.sum(axis=0)
        g[f"dL_dn_via_{letter}"] = message @ w[f"W_{letter}"]
    g.dL_dn = g.dL_dn_via_Q + g.dL_dn_via_K + g.dL_dn_via_V


def words_back(w, v, g):
    g.dL_dgamma1, g.dL_dbeta1, g.dL_dx0_via_n = normed_back(g.dL_dn, v.x0, w.gamma1)
    g.dL_dx0 = g.dL_dx0_via_x1 + g.dL_dx0_via_n
    g.dL_dE_via_x0 = (np.arange(len(w.E))[:, None] == v.tokens) @ g.dL_dx0
    g.dL_dE_pos = (np.arange(len(w.E_pos))[:, None] == v.places) @ g.dL_dx0


def walk_back(w, v):
    g = Gradients()
    for step in (output_back, mlp_back, norm_back, blend_back, streams_back, words_back):
        step(w, v, g)
    return g


@pytest.mark.slow
def test_a_whole_walk_of_one_s_own_passes_and_its_first_wrong_message_is_named():
    def plain(w, v):
        return dict(walk_back(w, v))

    def with_a_mistake(w, v):
        g = walk_back(w, v)
        g.dL_dx1 = (g.dL_dx1_via_h + g.dL_dx1_via_v) / 2
        g.dL_dx0 = g.dL_dx0 * 2
        return g

    def without_one(w, v):
        return {name: one for name, one in walk_back(w, v).items() if name != "dL_dW2"}

    for answer in (walk_back, plain):
        assert check_walk(answer).said.startswith("Right: all 43 messages")
    checked = check_walk(with_a_mistake)
    assert (checked.passed, checked.mistake) == (False, "roads averaged")
    assert checked.said.startswith("16 messages are right. The first that is wrong is dL_dx1.")
    assert check_walk(without_one).said == "6 messages are right.\n\ndL_dW2 is not there yet."


@pytest.mark.slow
def test_an_untouched_walk_passes_nothing_and_the_packages_own_is_none():
    def untouched(w, v):
        g = Gradients()
        g.dL_dz = ...
        return g

    def calls(w, v):
        return {"dL_dz": step1_output.dL_dz(v.p, v.y)}

    def writes(w, v):
        v.p[:] = 0
        return {}

    said = {
        answer: check_walk(answer) for answer in (None, 3, untouched, calls, writes, walk.backward, lambda w, v: w.W)
    }
    assert not any(one.passed for one in said.values())
    assert said[untouched].said == "dL_dz is not there yet."
    assert "package's own dL_dz" in said[calls].said
    assert "package's own backward" in said[walk.backward].said
    assert "changes the arrays" in said[writes].said
    with pytest.raises(ValueError, match="seed"):
        check_walk(None, seed=-1)
