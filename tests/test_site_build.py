"""`gradwalk site OUT`: where it writes, what it never touches, and what becomes of a notebook on its way to a page."""

import json
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from folders import snapshot

from gradwalk.cli import main
from gradwalk.site import build, execution, formulas, lowering, script


@pytest.fixture
def small(monkeypatch):
    """A site of two files in place of the course; a list of what it says, to be changed."""
    said = ["first"]

    def make(part):
        site = part / "site"
        (site / "_static").mkdir(parents=True)
        (site / "index.html").write_text(said[0])
        (site / "_static/gradwalk.js").write_text("")
        (site / build.MANIFEST).write_text(json.dumps(build._digests(site)))
        return site

    monkeypatch.setattr(build, "_make", make)
    monkeypatch.setattr(build, "NEEDS", {})
    return said


def test_what_is_missing_is_said_before_any_work(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(build, "find_spec", lambda module: None if module == "furo" else "there")
    monkeypatch.setattr(build, "_make", lambda part: pytest.fail("it began"))
    assert main(["site", str(tmp_path / "out")]) == 2
    told = "gradwalk: site: wanted furo; python -m pip install 'gradwalk[site]' brings them\n"
    assert capsys.readouterr().err == told
    assert snapshot(tmp_path) == {}


def test_a_new_name_an_empty_folder_and_a_former_site_are_written(small, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["site", str(out)]) == 0
    assert capsys.readouterr().out.endswith(f"The course is in {out}: open index.html there, or serve the folder\n")
    small[0] = "second"
    build.build(out)
    assert (out / "index.html").read_text() == "second"
    (tmp_path / "empty").mkdir()
    build.build(tmp_path / "empty")
    assert {*snapshot(tmp_path / "empty")} == {"_static", "_static/gradwalk.js", "index.html", build.MANIFEST}
    assert {path.name for path in tmp_path.iterdir()} == {"out", "empty"}


def a_file(out):
    out.write_text("mine")
    return "wanted a folder"


def a_link(out):
    out.symlink_to(out.parent)
    return "wanted a folder"


def a_folder_of_ones_own(out):
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    return "thesis.txt in it is not as gradwalk wrote it"


def a_site_with_one_file_more(out):
    build.build(out)
    (out / "_static/mine.css").write_text("mine")
    return "_static/mine.css in it is not as gradwalk wrote it"


def a_site_with_a_page_that_was_edited(out):
    build.build(out)
    (out / "index.html").write_text("mine")
    return "index.html in it is not as gradwalk wrote it"


def a_site_whose_list_is_gone(out):
    build.build(out)
    (out / build.MANIFEST).write_text("[")
    return "in it is not as gradwalk wrote it"


@pytest.mark.parametrize(
    "there",
    [
        *(a_file, a_link, a_folder_of_ones_own, a_site_with_one_file_more),
        *(a_site_with_a_page_that_was_edited, a_site_whose_list_is_gone),
    ],
)
@pytest.mark.usefixtures("small")
def test_what_is_not_a_site_stays_and_nothing_begins(there, monkeypatch, tmp_path):
    out = tmp_path / "out"
    told, before = there(out), snapshot(tmp_path)
    monkeypatch.setattr(build, "_make", lambda part: pytest.fail("it began"))
    with pytest.raises(ValueError, match=f"^out: .*{re.escape(told)}"):
        build.build(out)
    assert snapshot(tmp_path) == before


def test_there_must_be_a_folder_for_it(tmp_path):
    with pytest.raises(ValueError, match=r"^out: wanted a name in a folder that exists"):
        build.free("out", tmp_path / "no" / "out")
    with pytest.raises(ValueError, match=r"^out: "):
        build.free("out", 7)


@pytest.mark.parametrize("wrong", [KeyboardInterrupt, ValueError, OSError])
def test_broken_off_it_leaves_everything_as_it_was(small, monkeypatch, tmp_path, wrong):
    build.build(tmp_path / "out")
    before, make = snapshot(tmp_path), build._make

    def broken(part):
        make(part)
        raise wrong

    monkeypatch.setattr(build, "_make", broken)
    with pytest.raises(wrong):
        build.build(tmp_path / "out")
    assert snapshot(tmp_path) == before


def test_a_site_that_cannot_be_moved_into_place_leaves_the_former_one(small, monkeypatch, tmp_path):
    build.build(tmp_path / "out")
    before, rename = snapshot(tmp_path), Path.rename
    small[0] = "second"

    def refused(path, target):
        if path.name == "site":
            raise PermissionError(13, "refused")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(PermissionError):
        build.build(tmp_path / "out")
    assert snapshot(tmp_path) == before


@pytest.mark.usefixtures("small")
def test_what_came_to_its_place_in_the_meantime_stays(monkeypatch, tmp_path):
    make = build._make

    def meanwhile(part):
        (tmp_path / "out").mkdir()
        (tmp_path / "out/mine.txt").write_text("mine")
        return make(part)

    monkeypatch.setattr(build, "_make", meanwhile)
    with pytest.raises(ValueError, match=r"mine\.txt in it is not as gradwalk wrote it"):
        build.build(tmp_path / "out")
    assert snapshot(tmp_path) == {"out": None, "out/mine.txt": b"mine"}


# ---- a notebook on its way to a page

HOW = "# A stop\n\n*In Jupyter, Shift+Enter runs a cell.*\n\nSee [1a](1a_which_way.ipynb#cell-id=q1)."


def notebook(*htmls):
    cells = [nbformat.v4.new_markdown_cell(HOW, id="title"), nbformat.v4.new_code_cell("1", id="code")]
    cells[1].outputs = [nbformat.v4.new_output("display_data", {"text/html": html}) for html in htmls]
    return nbformat.v4.new_notebook(cells=cells)


def test_links_lead_to_pages_and_the_page_says_how_to_go_on():
    page = lowering.lowered(notebook('<a href="3_layernorm.ipynb" title="3.ipynb"></a>'))
    assert "[1a](1a_which_way.html#cell-id=q1)" in page.text
    assert '<a href="3_layernorm.html" title="3.ipynb"></a>' in page.text
    assert "In Jupyter" not in page.text
    assert lowering.HERE in page.text
    assert '<span id="cell-id=code" data-slide=' in page.text
    with pytest.raises(ValueError, match=r"^markdown: wanted one line in stars that begins with 'In Jupyter', got 0"):
        lowering.lowered(nbformat.v4.new_notebook())


def test_what_widgets_share_stands_in_the_page_once_or_is_a_script_of_its_own():
    small, large = '{"words":["a"]}', json.dumps(["b" * lowering.MOST_INLINE])
    beside = [
        f'<script type="application/json" data-shared="{k}">{state}</script>' for k, state in enumerate((small, large))
    ]
    page = lowering.lowered(notebook(*beside, *beside))
    assert page.text.count(beside[0]) == 1
    assert 'data-shared="1"' not in page.text
    assert page.shared == {"1": large}


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_a_shared_state_is_found_by_the_page_and_the_script_of_the_site_is_one(tmp_path):
    (tmp_path / "shared.js").write_text(script.shared("a1", '{"words":["a"]}') + script.shared("b2", "{}"))
    code = "globalThis.window = {}; eval(require('fs').readFileSync('shared.js', 'utf-8')); "
    code += "console.log(JSON.stringify(window.gradwalkShared))"
    done = subprocess.run(["node", "-e", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"a1": {"words": ["a"]}, "b2": {}}
    (tmp_path / "gradwalk.js").write_text(script.script())
    subprocess.run(["node", "--check", tmp_path / "gradwalk.js"], check=True)
    assert not re.search(r"^(import|export)\b", script.script(), re.MULTILINE)


def test_a_fence_is_longer_than_any_in_it():
    assert lowering.raw("a ```` b") == "`````{raw} html\na ```` b\n`````"


@pytest.mark.skipif(not find_spec("latex2mathml"), reason="no latex2mathml (pip install -e '.[site]')")
def test_a_formula_is_mathml():
    made = formulas.with_mathml(
        r"<p>$$\left( \sum_{t} \right) \class{mjx-gw-own}{h}_{tj} &lt; \texttt{ln\_2} \mathrm{via}$$</p>"
    )
    assert made.startswith('<p><div class="gw-formula" tabindex="0"><math display="block">')
    assert "<munder><mo>∑</mo><mrow><mi>t</mi></mrow></munder>" in made
    assert '<mstyle class="gw-own"><mrow><mi>h</mi></mrow></mstyle>' in made
    assert "<mo>&lt;</mo>" in made
    assert '<mtext class="gw-mono">ln_2</mtext>' in made
    assert "<mtext>via</mtext>" in made
    assert "<mo>√</mo><mo>(</mo><mrow><mi>D</mi>" in formulas.mathml(r"\sqrt{D/H}")
    with pytest.raises(ValueError, match=r"latex: wanted what latex2mathml knows, got '\\\\nosuch'"):
        formulas.with_mathml(r"$$\nosuch{x}$$")


# ---- a notebook's run


def written(path, *cells):
    nbformat.write(nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)]), path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "told"),
    [("raise KeyError('h')", ", got KeyError: 'h'"), ("import os\nos._exit(1)", ", and its Python died")],
)
def test_a_notebook_that_fails_is_named(cell, told, tmp_path):
    with pytest.raises(ValueError, match=rf"^wrong\.ipynb: wanted a notebook that runs{told}$"):
        execution.run_all([written(tmp_path / "wrong.ipynb", "1 + 1", cell)])


@pytest.mark.slow
def test_all_that_a_cell_shows_is_there_and_no_notebook_hears_of_another(tmp_path):
    several = (
        "import warnings\nfrom pathlib import Path\nprint(Path.cwd().name)\nwarnings.warn('careful')\ndisplay(1)\n2"
    )
    cells = [several, "import gradwalk", "len(vars(gradwalk))"]
    one = written(tmp_path / "one.ipynb", *cells, "gradwalk.heard = gradwalk.twice = 1")
    runs = execution.run_all([one, written(tmp_path / "two.ipynb", *cells)] * 2)
    for run in runs:
        printed, warned, *shown = run.cells[0].outputs
        assert (printed.name, printed.text) == ("stdout", f"{tmp_path.name}\n")
        assert (warned.name, "UserWarning: careful" in warned.text) == ("stderr", True)
        assert [output.data["text/plain"] for output in shown] == ["1", "2"]
        assert run.cells[2].outputs == runs[0].cells[2].outputs
