"""What a notebook hands in is found without running it."""

import json

import numpy as np
import pytest

from gradwalk import Exercise
from gradwalk.exercises import handed_in
from gradwalk.exercises.handed_in import Unreadable, Unseen


def given(*sources, states=None):
    return {answer.name: answer.given for answer in handed_in.answers(list(sources), states or {})}


def written(tmp_path, *sources, metadata=None):
    path = tmp_path / "a.ipynb"
    cells = [{"cell_type": "code", "source": source.splitlines(keepends=True)} for source in sources]
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown"}, *cells], "metadata": metadata or {}}))
    return path


def test_an_answer_is_a_number_text_three_things_a_lambda_or_a_function():
    found = given(
        "def g(dL_dz, h):\n    return dL_dz.T @ h",
        "exam.hand_in(A1=-2.5, A2='1/3', B1=('dL_dh', 'a', 2), C1=lambda G: 2 * G, A3=None)\nshown = check('dL_dW', g)",
    )
    assert (found["A1"], found["A2"], found["B1"], found["A3"]) == (-2.5, "1/3", ("dL_dh", "a", 2), None)
    assert found["C1"](3) == 6
    assert np.array_equal(found["dL_dW"](np.eye(2), np.eye(2)), np.eye(2))


def test_a_fraction_is_a_number():
    found = given("hand_in(A1=-3/8, A2=1 + 1/4, A3=2*-(1/2), A4=1/0, A5=10**9, A6=f()/2, B1=1e300*1e300)")
    assert {name: found[name] for name in ("A1", "A2", "A3")} == {"A1": -0.375, "A2": 1.25, "A3": -1.0}
    assert all(isinstance(found[name], Unseen) for name in ("A4", "A5", "A6"))


def test_of_each_name_the_last_counts_with_the_helpers_that_stand_above_it():
    helped = "def helped(G):\n    return helper(G)"
    found = {}
    for answer in handed_in.answers(
        [
            "def helper(G):\n    return 1",
            helped,
            "hand_in(C1=helped, C2=0)",
            "def helper(G):\n    return 2",
            "hand_in(C2=helped)",
            "def helper(G):\n    return 3",
        ],
        {},
    ):
        found[answer.name] = answer.given(0)
    assert found == {"C1": 1, "C2": 2}


def test_constants_and_harmless_imports_come_along():
    found = given(
        "import numpy as np, math\nfrom numpy import sqrt\nK = k = 2",
        "hand_in(C1=lambda G: sqrt(4) * K * np.pi / math.pi)",
    )
    assert found["C1"](0) == 4.0


def test_nothing_else_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text("open('hacked', 'w')")
    touch = "open('hacked', 'w')"
    found = given(
        f"{touch}\nx = {touch}\nimport evil\nfrom evil import y\nimport antigravity, numpy.f2py.__main__",
        f"@print({touch})\ndef a(G: {touch}) -> {touch}:\n    return 1",
        f"def b(G=({touch})):\n    return 1",
        f"class C:\n    {touch}",
        f"hand_in(C1=a, C2=b, C3={touch}, C4=lambda G=({touch}): 1, C5=C)\ncheck({touch}, 1)\ncheck('dL_db', {touch})",
        f"def never():\n    hand_in(D1=1)\n    {touch}",
    )
    assert not (tmp_path / "hacked").exists()
    assert found.pop("C1")(0) == 1
    assert set(found) == {"C2", "C3", "C4", "C5", "dL_db"}
    assert all(isinstance(one, Unseen) for one in found.values())


@pytest.mark.parametrize(
    "source",
    [
        "this is no Python",
        "(" * 5000,
        "-" * 10**5 + "1",
        "[" * 150 + "]" * 150,
        "x" * 10**6,
        "\x00",
        "hand_in(A2=" + "-" * 2000 + "1)",
    ],
    ids=["no Python", "brackets", "signs", "nested", "long", "null", "deep answer"],
)
def test_a_cell_that_cannot_be_read_does_not_hide_the_others(source):
    assert given(source, "hand_in(A1=1)")["A1"] == 1


def test_lines_of_ipython_are_passed_over():
    assert given("%matplotlib inline\n!ls\nhand_in(A1=1)\nlen?", "%%time\nhand_in(A2=2)") == {"A1": 1, "A2": 2}
    assert handed_in.unread(["%time\n1", "no no", "1"]) == 1


def test_what_python_warns_of_is_read_all_the_same():
    found = given("def f(G):\n    return '\\d' if G is 1 else 2", "hand_in(C1=f)")
    assert found["C1"](3) == 2


def test_a_number_of_the_page_stays_there():
    assert given("check('dL_dW', 0.5, at=(0, 1), given=grads)", "check('dL_dW', 0.5, (0, 1))") == {}


def test_what_was_typed_into_the_page_counts_where_no_cell_has_an_answer():
    def state(task, asked=True):
        return {"state": {"exercise": task, "answer": "sum t: h[t,j]", "asked": asked}}

    typed = {
        "1": state("IPY_MODEL_W"),
        "2": state("IPY_MODEL_b"),
        "3": state("IPY_MODEL_h", asked=False),
        "4": state("IPY_MODEL_number"),
        "5": state("IPY_MODEL_none"),
        "6": state("IPY_MODEL_W7"),
        "7": state({"name": "dL_dz"}),
        "8": {"state": 3},
        "9": 8,
        **{name[4:]: {"state": {"told": {"name": name}}} for name in ("dL_dW", "dL_db", "dL_dh")},
        "number": {"state": {"told": {"name": "dL_dz", "at": [0, 1]}}},
        "none": {"state": {"told": {"name": ["x"]}}},
        "W7": {"state": {"told": 7}},
    }
    assert given("check('dL_db', None)", states=typed) == {"dL_db": None, "dL_dW": "sum t: h[t,j]"}


def test_an_exercise_of_the_page_keeps_its_answer_where_it_is_looked_for():
    asked, open_ = Exercise("dL_dW"), Exercise("dL_db")
    asked.ask("sum t: h[t,j]")
    kept = {one.model_id: {"state": one.get_state()} for one in (asked, asked.exercise, open_, open_.exercise)}
    assert given(states=kept) == {"dL_dW": "sum t: h[t,j]"}


def test_by_which_numbers_exams_were_drawn_and_what_is_asked():
    sources = [
        "exam = Exam(7)",
        "Exam(seed=8)\nExam(n)\nExam(True)",
        "Exercise('dL_dS')\nexam.hand_in(A1=None)",
        "check('dL_dW', x)",
    ]
    assert handed_in.seeds(sources) == {7, 8}
    assert handed_in.names(sources) == ["dL_dS", "A1", "dL_dW"]


def test_a_notebook_is_read_and_what_is_none_is_told(tmp_path):
    metadata = {"widgets": {handed_in.STATE: {"state": {"1": {}}}}}
    assert handed_in.cells(written(tmp_path, "1\n2", metadata=metadata)) == (["1\n2"], {"1": {}})
    for k, content in enumerate(
        ["", "{}", "[]", "[" * 10**5, '{"cells": [3]}', '{"cells": [], "metadata": []}', "\udcff"]
    ):
        path = tmp_path / f"{k}.ipynb"
        path.write_bytes(content.encode(errors="surrogateescape"))
        with pytest.raises(Unreadable, match="it is no notebook"):
            handed_in.cells(path)
    with pytest.raises(Unreadable, match="it is no file"):
        handed_in.cells(tmp_path)


def test_a_notebook_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(handed_in, "LARGEST", 10)
    with pytest.raises(Unreadable, match="larger than"):
        handed_in.cells(written(tmp_path, "1"))
