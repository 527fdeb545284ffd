"""A stop on paper: what is asked for follows from what is printed, and the key has it."""

import re
from html import unescape
from importlib.util import find_spec

import lab
import numpy as np
import pytest

from gradwalk import Model, backward, cli, forward
from gradwalk.dialect_table import DIALECTS
from gradwalk.exercises import tasks, worksheet
from gradwalk.names import look_up
from gradwalk.telling import derivations

pytestmark = pytest.mark.skipif(not find_spec("latex2mathml"), reason="no latex2mathml (pip install -e '.[site]')")
STOPS = tasks.by_stop()
MODEL = Model.random(seed=290)


def test_every_stop_that_derives_a_gradient_has_a_sheet():
    gradients = [name for name in tasks.all_tasks() if name.startswith("dL_d")]
    assert {*STOPS} == {"1a_which_way", *(look_up(name).derived for name in gradients)}
    assert sorted(task.name for stop, of in STOPS.items() if stop != "1a_which_way" for task in of) == sorted(gradients)


def tables(html):
    """Of a part of a page, name by name, the cells of its tables: a row each, without what names it."""
    found = {}
    for name, rest in re.findall(r"<h3><code>(\w+)</code>(.*?)(?=<h3>|$)", html, re.DOTALL):
        bodies = re.findall(r"<tbody>(.*?)</tbody>", rest)
        rows = [[cells(row) for row in re.findall(r"<tr>(.*?)</tr>", body)] for body in bodies]
        found[name] = np.array(rows, dtype=object)
    return found


def cells(row):
    return re.findall(r'<td align="right">(.*?)</td>', row)


def array(name, cells):
    """Printed cells as numbers: of the shape that the name has."""
    if name in ("tokens", "y"):
        return np.array([-1 if word == "not scored" else MODEL.words.index(unescape(word)) for word in cells.ravel()])
    read = np.array([float(re.sub(r"</?strong>", "", cell).replace("−", "-")) for cell in cells.ravel()])
    letters = "t" if name == "places" else look_up(name).indices
    return read.astype(int) if name == "places" else read.reshape(cells.shape[3 - len(letters) :])


@pytest.mark.parametrize("stop", STOPS)
def test_the_key_follows_from_the_numbers_as_they_are_printed(stop):
    page = worksheet.sheet(stop)
    given, rest = page.split("<h2>Fill in</h2>")
    asked, key = map(tables, rest.split('<section class="key">'))
    sizes = {"T": 5, "D": 4, "F": 8, "N": 11, "H": 2, "M": 1, "T_max": 256, "eps": 1e-5, "activation": "relu"}
    numbers = sizes | {name: array(name, cells) for name, cells in tables(given).items()}
    assert not {task.name for task in STOPS[stop]} & numbers.keys()
    for task in STOPS[stop]:
        printed = array(task.name, key[task.name])
        numbers[task.name] = np.zeros((256, 4)) if task.name == "dL_dE_pos" else printed
        numbers[task.name][: len(printed)] = printed
        right = task.right(*task.of(numbers))[: len(printed)]
        assert np.abs(right - printed).max() <= (0.005 if np.abs(printed).max() >= 0.2 else 0.0005) + 1e-9, task.name
        blank = asked[task.name] == worksheet.BLANK
        assert blank.any()
        assert (blank == np.vectorize(lambda cell: "<strong>" in cell)(key[task.name])).all()
        assert (asked[task.name][~blank] == key[task.name][~blank]).all()
        at = np.unravel_index(np.argmax(np.abs(printed)), printed.shape)
        assert blank.reshape(printed.shape)[at]


def test_its_numbers_are_those_of_the_stops_own_scene():
    given = tables(worksheet.sheet("1e_intended_meaning").partition("<h2>Fill in</h2>")[0])
    values = forward(MODEL, *MODEL.read("the dog slept by the fire", scored="last"))
    assert (array("dL_dz", given["dL_dz"]) == np.round(backward(MODEL, values).dL_dz, 2)).all()
    assert (array("W", given["W"]) == np.round(MODEL.weights["W"], 2)).all()


def test_it_is_a_page_for_paper():
    page = worksheet.sheet("1b_whose_error")
    assert page.startswith(worksheet.OURS.decode())
    assert "<script" not in page
    assert "<h1>1b. Find whose error it is, and derive the slope of every dial</h1>" in page
    assert page.count("<math") == 2
    assert "<h1>4a. Follow two roads from x1, and hear what they report</h1>" in worksheet.sheet("4a_two_paths")
    assert ".key { break-before: page" in page
    assert "exactly 0" not in page
    assert worksheet.sheet("5d_query_key").partition('class="key"')[2].count("exactly 0") == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_sheet_has_every_formula_in_the_names_of_a_dialect(dialect):
    page = worksheet.formulas(dialect)
    names = [derivations.result(function) for function in derivations.gradients()]
    assert re.findall(r"<h3><code>(\w+)</code>", page) == names
    assert page.count("<math") == len(names)
    assert ("mlp.c_fc.weight" in page) is (dialect == "gpt2")
    assert ("Grey" in page) is (dialect != "course")


def test_a_dialects_names_stand_beside_the_courses():
    page = worksheet.sheet("2a_mlp", "gpt2")
    assert "<code>W1</code><br><code>h.0.mlp.c_fc.weight</code> (transposed)" in page


def test_the_command_writes_it_and_replaces_its_own_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for line, file in (("1b", "worksheet-1b.html"), ("formulas --dialect gpt2 --out all.html", "all.html")):
        for _ in range(2):
            assert cli.main(["worksheet", *line.split()]) == 0
            assert f"The sheet is in {file}:" in capsys.readouterr().out
    assert (tmp_path / "worksheet-1b.html").read_text(encoding="utf-8") == worksheet.sheet("1b_whose_error")
    (tmp_path / "mine.html").write_text("mine")
    wrong = {
        "1c": "stop: there is no stop",
        "1b --dialect gtp2": "dialect: there is no dialect 'gtp2'; the nearest: gpt2",
    }
    for line, told in (wrong | {"1b --out mine.html": "out: there is a mine.html that is not"}).items():
        assert cli.main(["worksheet", *line.split()]) == 2
        assert capsys.readouterr().err.startswith(f"gradwalk: {told}")
    assert (tmp_path / "mine.html").read_text() == "mine"


def test_the_help_lists_the_stops(capsys):
    with pytest.raises(SystemExit):
        cli.main(["worksheet", "--help"])
    told = capsys.readouterr().out
    assert all(stop in told for stop in STOPS)
    assert all(name in told for name in DIALECTS)


WITHIN = "[...document.querySelectorAll('math, table')].every((one) => one.getBoundingClientRect().right <= 681)"


@pytest.mark.browser
@pytest.mark.skipif(bool(lab.missing()), reason=lab.missing() or "all is there")
def test_nothing_is_wider_than_the_paper(browser, tmp_path):
    page = browser.new_page(viewport={"width": 680, "height": 900})  # 180 mm: what A4 has between its margins
    page.emulate_media(media="print")
    for sheet in [*map(worksheet.formulas, DIALECTS), worksheet.sheet("1b_whose_error"), worksheet.sheet("5c_scores")]:
        page.set_content(sheet)
        assert page.evaluate("document.documentElement.scrollWidth") == 680, page.title()
        assert page.evaluate(WITHIN), page.title()
    page.close()
