"""The command line: it serves the course behind a token, keeps the learner's work, and says errors in one line."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

import gradwalk
from gradwalk import cli

ROOT = Path(__file__).parents[1]
COURSE = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+/)(lab/tree/\S+)\?token=(\w+)")


@contextlib.contextmanager
def serving(folder, home, package=ROOT):
    """Run `gradwalk --no-browser` in `folder`; yield ADDRESS's groups and the lines printed so far."""
    own = {name: str(home / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    env = os.environ | own | {"PYTHONPATH": str(package), "IPYTHONDIR": str(home / "ipython")}
    group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if os.name == "nt" else {}
    command = [sys.executable, "-m", "gradwalk", "--no-browser"]
    server = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True, **group)
    deadline = threading.Timer(90, server.kill)
    deadline.start()
    try:
        said = []
        for line in server.stdout:
            said.append(line)
            if found := ADDRESS.search(line):
                break
        else:
            pytest.fail(f"no address printed: {said}")
        yield found.groups(), said
        server.send_signal(signal.CTRL_BREAK_EVENT if os.name == "nt" else signal.SIGINT)
        assert os.name == "nt" or server.wait(timeout=30) == 0
    finally:
        deadline.cancel()
        server.kill()
        server.wait()
        server.stdout.close()


def ask(address, token, what):
    """The server's JSON answer to whoever has this token."""
    request = urllib.request.Request(address + what, headers={"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def contents(address, token):
    """The names of the files that the server lists."""
    return {entry["name"] for entry in ask(address, token, "api/contents")["content"]}


def test_the_clone_serves_its_own_notebooks_behind_a_token(tmp_path):
    before = {path: path.stat().st_mtime_ns for path in (ROOT / "notebooks").iterdir()}
    with serving(tmp_path, tmp_path / "home") as ((address, page, token), said):
        assert contents(address, token) >= COURSE
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            contents(address, "0" * len(token))
        refused.value.close()  # it holds the answer open
        with urllib.request.urlopen(f"{address}{page}?token={token}", timeout=30) as lab:
            assert "<title>JupyterLab</title>" in lab.read().decode()
        news = ask(address, token, "lab/api/settings/@jupyterlab/apputils-extension:notification")
        assert news["schema"]["properties"]["fetchNews"]["default"] == "false"
    assert page == f"lab/tree/{min(COURSE)}"
    assert len(said) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert {path: path.stat().st_mtime_ns for path in (ROOT / "notebooks").iterdir()} == before


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The package as a wheel carries it, unpacked."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = out.glob("gradwalk-*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(out / "unpacked")
    return out / "unpacked"


def test_the_wheel_carries_all_that_the_package_has(wheel):
    has = {path.relative_to(wheel / "gradwalk") for path in (wheel / "gradwalk").rglob("*") if path.is_file()}
    tracked = subprocess.run(["git", "ls-files", "gradwalk"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    wanted = {Path(name).relative_to("gradwalk") for name in tracked} | {Path("notebooks") / name for name in COURSE}
    assert wanted <= has
    assert {path.suffix for path in has} >= {".py", ".js", ".css", ".txt", ".safetensors", ".ipynb"}
    assert not [path for path in has if "checkpoint" in str(path.parent)]


def test_from_a_wheel_the_course_arrives_in_the_learners_folder(wheel, tmp_path):
    with serving(tmp_path, tmp_path / "home", package=wheel) as ((address, _, token), said):
        assert contents(address, token) >= COURSE
    copy = tmp_path / "gradwalk-course"
    assert {path.name for path in copy.glob("*.ipynb")} == COURSE
    assert len(said) == 2
    assert str(copy) in said[0]


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """A package that came out of a wheel, with two notebooks and a picture; the learner stands in an empty folder."""
    course = tmp_path / "site" / "gradwalk" / "notebooks"
    (course / "images").mkdir(parents=True)
    for name in ("0_forward.ipynb", "1a_which_way.ipynb", "images/block.png"):
        (course / name).write_text(f"{name}, first edition")
    monkeypatch.setattr(cli, "PACKAGE", course.parent)
    (tmp_path / "learner").mkdir()
    monkeypatch.chdir(tmp_path / "learner")
    return course


def test_the_learners_work_is_never_overwritten(bundled, capsys):
    folder = cli.course_folder()
    assert capsys.readouterr().out == f"{folder}: 3 files of the course added, 0 left as they were\n"
    assert (folder / "images" / "block.png").read_text() == "images/block.png, first edition"

    (folder / "0_forward.ipynb").write_text("my own work")
    (folder / "my_notes.txt").write_text("mine too")
    (bundled / "0_forward.ipynb").write_text("second edition")
    (bundled / "1b_how_far.ipynb").write_text("new in the second edition")
    assert cli.course_folder() == folder
    assert capsys.readouterr().out == f"{folder}: 1 files of the course added, 3 left as they were\n"
    assert (folder / "0_forward.ipynb").read_text() == "my own work"
    assert (folder / "my_notes.txt").read_text() == "mine too"
    assert (folder / "1b_how_far.ipynb").read_text() == "new in the second edition"


def test_started_inside_the_copy_it_stays_there(bundled, monkeypatch):
    folder = cli.course_folder()
    monkeypatch.chdir(folder)
    assert cli.course_folder() == folder


def one_line(capsys, *argv):
    """The single line of an error that exits with status 2."""
    try:
        status = cli.main(argv)
    except SystemExit as stop:  # argparse
        status = stop.code
    assert status == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_a_file_in_the_place_of_the_folder_is_named_in_one_line(bundled, capsys):
    Path("gradwalk-course").write_text("a file of the learner's")
    assert "gradwalk-course" in one_line(capsys)
    assert Path("gradwalk-course").read_text() == "a file of the learner's"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eighty"])
def test_a_port_that_is_none_is_named(port, capsys):
    assert port in one_line(capsys, "--no-browser", f"--port={port}")


def test_a_text_that_cannot_be_read_is_named_before_any_training(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert "no_such.txt" in one_line(capsys, "tune", "--text", "no_such.txt")
    Path("short.txt").write_text("one sentence only.")
    assert "short.txt" in one_line(capsys, "tune", "--text", "short.txt")
    assert {path.name for path in tmp_path.iterdir()} == {"short.txt"}


def test_tune_saves_a_model_of_the_learners_own_words(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    numbers = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"]
    Path("mine.txt").write_text(
        "\n".join(f"{one} geese swim past {other} boats" for one in numbers for other in numbers[:3])
    )
    assert cli.main(["tune", "--text", "mine.txt", "--out", "mine.safetensors"]) == 0
    assert "saved to mine.safetensors" in capsys.readouterr().out
    model = gradwalk.checkpoint.load("mine.safetensors")
    assert set(model.words) == {*numbers, "geese", "swim", "past", "boats"}


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"gradwalk {gradwalk.__version__}\n"
