"""The course comes to the learner whole, never over anything; what is its own is trusted, and nothing else is."""

import errno
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from folders import snapshot
from nbformat.sign import NotebookNotary

from gradwalk import cli
from gradwalk.course import notebooks

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
NOTEBOOKS = [path for path in sorted((ROOT / "notebooks").rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts]


def notebook(*sources, outputs=()):
    """A notebook of these cells, as JupyterLab saves it."""
    cells = [nbformat.v4.new_code_cell(source, outputs=list(outputs), id=f"c{i}") for i, source in enumerate(sources)]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """A package that came out of a wheel, with two notebooks and a picture; the learner stands in an empty folder."""
    came = tmp_path / "site" / "gradwalk" / "notebooks"
    (came / "images").mkdir(parents=True)
    (came / "0_forward.ipynb").write_text(notebook("1 + 1", "2 + 2"))
    (came / "1a_which_way.ipynb").write_text(notebook("3 + 3"))
    (came / "images" / "block.png").write_bytes(b"\x89PNG")
    monkeypatch.setattr(notebooks, "PACKAGE", came.parent)
    (tmp_path / "learner").mkdir()
    monkeypatch.chdir(tmp_path / "learner")
    return came


def placed(capsys, fresh=False):
    """Where the course is now, and the lines that were said of it."""
    _, where = notebooks.place(fresh)
    return where, capsys.readouterr().out.splitlines()


# ---- to the learner


def test_the_learners_work_is_never_overwritten(bundled, capsys):
    folder, said = placed(capsys)
    assert folder == Path.cwd() / "gradwalk-course"
    assert said == [f"{folder}: 3 files of the course added, 0 left as they were"]
    assert snapshot(folder) == snapshot(bundled)

    (folder / "0_forward.ipynb").write_text("my own work")
    (folder / "my_notes.txt").write_text("mine too")
    (bundled / "1c_how_far.ipynb").write_text(notebook("new in the second edition"))
    mine = snapshot(folder)
    again, said = placed(capsys)
    assert again == folder
    assert said[0] == f"{folder}: 1 files of the course added, 3 left as they were"
    assert snapshot(folder) == mine | {"1c_how_far.ipynb": (bundled / "1c_how_far.ipynb").read_bytes()}


def test_started_inside_the_copy_it_stays_there(bundled, monkeypatch, capsys):
    folder, _ = placed(capsys)
    monkeypatch.chdir(folder)
    assert placed(capsys)[0] == folder


def test_what_differs_is_named_and_what_was_only_run_is_not(bundled, capsys):
    folder, _ = placed(capsys)
    stream = nbformat.v4.new_output("stream", text="2")
    (folder / "1a_which_way.ipynb").write_text(notebook("3 + 3", outputs=[stream]))
    assert len(placed(capsys)[1]) == 1
    (folder / "0_forward.ipynb").write_text(notebook("1 + 1", "2 + 3"))
    assert placed(capsys)[1][1] == (
        f"1 of your files differs from what came with gradwalk {notebooks.__version__}: 0_forward.ipynb. "
        f"gradwalk --fresh puts the course as it came beside yours, into edition-{notebooks.__version__}"
    )
    (bundled / "1a_which_way.ipynb").write_text(notebook("3 + 3", "a cell of the next edition"))
    assert "2 of your files differ from what came" in placed(capsys)[1][1]
    assert "0_forward.ipynb, 1a_which_way.ipynb." in placed(capsys)[1][1]
    (folder / "images" / "block.png").write_bytes(b"mine")
    assert "0_forward.ipynb, 1a_which_way.ipynb, images/block.png." in placed(capsys)[1][1]


def test_fresh_ones_come_beside_the_old_never_over_anything(bundled, capsys):
    folder, _ = placed(capsys)
    (folder / "0_forward.ipynb").write_text(notebook("my own"))
    mine = snapshot(folder)
    first, said = placed(capsys, fresh=True)
    assert first == folder / f"edition-{notebooks.__version__}"
    assert said == [f"{first}: 3 files of the course added, 0 left as they were"]
    assert snapshot(first) == snapshot(bundled)
    assert placed(capsys, fresh=True)[0] == first  # as it came still
    assert {name: content for name, content in snapshot(folder).items() if not name.startswith("edition")} == mine

    (first / "1a_which_way.ipynb").write_text(notebook("worked in"))
    mine = snapshot(folder)
    second, _ = placed(capsys, fresh=True)
    assert second == folder / f"edition-{notebooks.__version__}-2"
    assert snapshot(second) == snapshot(bundled)
    assert mine.items() <= snapshot(folder).items()


def test_in_a_clone_it_is_git_that_has_them(monkeypatch, capsys):
    assert notebooks.place() == (ROOT / "notebooks", ROOT / "notebooks")
    assert cli.main(["--fresh", "--copy"]) == 2
    assert capsys.readouterr().err == (
        "gradwalk: --fresh: this is a clone, where git has the notebooks as they came: git checkout\n"
    )


@pytest.mark.parametrize("begun", [0, 1, 100])
def test_what_an_older_copy_broke_off_is_completed(bundled, capsys, begun):
    """The mere beginning of a file of the course holds nothing of the learner's."""
    folder, _ = placed(capsys)
    whole = (bundled / "0_forward.ipynb").read_bytes()
    (folder / "0_forward.ipynb").write_bytes(whole[:begun])
    _, said = placed(capsys)
    assert said == [f"{folder}: 1 files of the course added, 2 left as they were"]
    assert (folder / "0_forward.ipynb").read_bytes() == whole
    (folder / "0_forward.ipynb").write_bytes(whole[:begun] + b"mine")
    placed(capsys)
    assert (folder / "0_forward.ipynb").read_bytes() == whole[:begun] + b"mine"


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["fsync", "link"])
@pytest.mark.parametrize("after", range(3))
def test_a_copy_that_is_broken_off_has_whole_files_and_is_completed(bundled, monkeypatch, capsys, fault, step, after):
    whole, done, does = snapshot(bundled), [], getattr(os, step)

    def fails(*arguments):
        if len(done) == after:
            raise fault
        if step == "link" or not stat.S_ISDIR(os.fstat(arguments[0]).st_mode):  # of files, not of the folder
            done.append(arguments)
        return does(*arguments)

    monkeypatch.setattr(os, step, fails)
    if step == "link" and isinstance(fault, OSError):  # a disk that is full has no room for a second try, either
        monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(type(fault) if isinstance(fault, KeyboardInterrupt) else ValueError) as error:
        notebooks.place()
    if isinstance(fault, OSError):
        assert "No space left on device" in str(error.value)
        assert str(Path.cwd()) in str(error.value)
    monkeypatch.undo()
    monkeypatch.setattr(notebooks, "PACKAGE", bundled.parent)
    monkeypatch.chdir(bundled.parents[2] / "learner")
    assert snapshot(Path("gradwalk-course")).items() <= whole.items()
    placed(capsys)
    assert snapshot(Path("gradwalk-course")) == whole


def test_whatever_stands_in_the_place_of_a_notebook_stays(bundled, capsys):
    folder, _ = placed(capsys)
    (folder / "0_forward.ipynb").unlink()
    (folder / "0_forward.ipynb").mkdir()
    (folder / "1a_which_way.ipynb").unlink()
    (folder / "1a_which_way.ipynb").symlink_to("nowhere")
    mine = snapshot(folder)
    _, said = placed(capsys)
    assert "0_forward.ipynb, 1a_which_way.ipynb" in said[1]
    assert snapshot(folder) == mine


def test_a_file_in_the_place_of_the_folder_is_named_in_one_line(bundled, capsys):
    Path("gradwalk-course").write_text("a file of the learner's")
    assert cli.main(["--copy"]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"gradwalk: {Path.cwd() / 'gradwalk-course'}: ")
    assert said.endswith("wanted room for the course in this folder")
    assert Path("gradwalk-course").read_text() == "a file of the learner's"


# ---- trust


def test_the_committed_list_is_of_these_very_notebooks():
    """After storing notebooks: python -m gradwalk.course.notebooks."""
    assert list(notebooks.own()) == [path.relative_to(ROOT / "notebooks").as_posix() for path in NOTEBOOKS]
    assert json.loads((ROOT / "gradwalk" / notebooks.OWN).read_text()) == notebooks.digests(ROOT / "notebooks")


def test_the_list_is_made_anew(tmp_path, monkeypatch):
    (tmp_path / "gradwalk" / "data").mkdir(parents=True)
    monkeypatch.setattr(notebooks, "PACKAGE", tmp_path / "gradwalk")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    (tmp_path / "notebooks" / "side" / "room.ipynb").write_text(notebook("1"))
    notebooks.record()
    notebooks.record()
    assert list(notebooks.own())[-1] == "side/room.ipynb"
    assert len(notebooks.own()) == len(NOTEBOOKS) + 1


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone of its own: the package's list, and two notebooks."""
    package = tmp_path / "gradwalk"
    (package / "data").mkdir(parents=True)
    shutil.copy(ROOT / "gradwalk" / notebooks.OWN, package / "data")
    (tmp_path / "notebooks").mkdir()
    for path in NOTEBOOKS[:2]:
        shutil.copy(path, tmp_path / "notebooks")
    monkeypatch.setattr(notebooks, "PACKAGE", package)
    return tmp_path / "notebooks"


@pytest.fixture
def notary(tmp_path):
    (tmp_path / "jupyter").mkdir()
    made = NotebookNotary(data_dir=str(tmp_path / "jupyter"))
    yield made
    made.store.close()


def trusted(notary, path):
    """As a server asks when it opens a notebook."""
    return notary.check_signature(nbformat.read(path, as_version=4))


def test_exactly_the_courses_own_notebooks_are_signed(clone, notary):
    own, changed = clone / NOTEBOOKS[0].name, clone / NOTEBOOKS[1].name
    changed.write_bytes(changed.read_bytes().replace(b"]", b"] ", 1))  # a blank: the same cells, but not to the byte
    (clone / "mine.ipynb").write_text(notebook("print('mine')"))
    (clone / NOTEBOOKS[2].name).write_text(notebook("another one under a name of the course"))
    assert not trusted(notary, own)
    notebooks.trust(notary)
    assert {path.name for path in clone.iterdir() if trusted(notary, path)} == {own.name}
    shutil.copy(own, clone.parent / "copy.ipynb")
    assert trusted(notary, clone.parent / "copy.ipynb")  # a signature is of the content, wherever it lies


def test_signatures_stay_for_every_jupyter_of_this_learner(clone, notary, tmp_path):
    notebooks.trust(notary)
    another = NotebookNotary(data_dir=str(tmp_path / "jupyter"))
    assert trusted(another, clone / NOTEBOOKS[0].name)
    another.store.close()


@pytest.mark.parametrize("home", ["missing", "a file"])
def test_where_nothing_can_be_kept_it_is_trusted_while_it_runs(clone, tmp_path, home):
    if home == "a file":
        (tmp_path / "home").touch()
    notary = NotebookNotary(data_dir=str(tmp_path / "home"))
    notebooks.trust(notary)
    assert trusted(notary, clone / NOTEBOOKS[0].name)
    notary.store.close()


def test_locked_signatures_are_no_error(clone, notary, tmp_path):
    notary.store.db.execute("PRAGMA busy_timeout = 0")
    locker = sqlite3.connect(tmp_path / "jupyter" / "nbsignatures.db")
    locker.execute("BEGIN EXCLUSIVE")
    notebooks.trust(notary)
    assert trusted(notary, clone / NOTEBOOKS[0].name)
    locker.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in the file system")
def test_a_pipe_in_the_folder_is_left_and_told_and_nobody_waits_for_it(tmp_path):
    bundled, mine = tmp_path / "came", tmp_path / "mine"
    bundled.mkdir(), mine.mkdir()
    (bundled / "1.ipynb").write_text("{}")
    os.mkfifo(mine / "1.ipynb")
    code = "import sys; from pathlib import Path; from gradwalk.course import notebooks\n"
    code += "came, mine = map(Path, sys.argv[1:])\n"
    code += "print(notebooks.copy(came, mine), notebooks.differing(came, mine))"
    here = os.environ | {"PYTHONPATH": str(notebooks.PACKAGE.parent)}
    said = subprocess.run([sys.executable, "-c", code, bundled, mine], env=here, timeout=60, capture_output=True)
    assert said.stdout.decode().strip() == "(0, 1) ['1.ipynb']"


def test_a_file_that_has_the_editions_name_stays_and_the_next_name_is_taken(tmp_path):
    (tmp_path / f"edition-{notebooks.__version__}").write_text("mine")
    assert notebooks._edition(tmp_path) == tmp_path / f"edition-{notebooks.__version__}-2"
