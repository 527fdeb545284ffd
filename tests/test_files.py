"""Nothing is lost: after every fault each file is what it was, byte for byte, and nothing is left over."""

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from folders import snapshot
from safetensors.numpy import save_file

from gradwalk import arguments, checkpoint, files
from gradwalk.model import Model

pytestmark = pytest.mark.slow

OLD, NEW = b"old " * 1000, b"new " * 2000


def begins_with_old(path):
    return path.read_bytes().startswith(b"old")


def replace(path):
    files.write(path, NEW, ours=begins_with_old)


@pytest.fixture(params=["new", "old"])
def target(request, tmp_path):
    """A free name, or one with a file of ours; a neighbour that nobody may touch."""
    (tmp_path / "neighbour.txt").write_text("mine")
    if request.param == "old":
        (tmp_path / "target").write_bytes(OLD)
    return tmp_path / "target"


def test_a_file_is_written_and_one_of_ours_replaced(target):
    files.write(target, NEW, ours=begins_with_old)
    assert snapshot(target.parent) == {"neighbour.txt": b"mine", "target": NEW}
    with pytest.raises(files.Taken, match=r"path: there is a .*target that is not gradwalk's to replace, and it stays"):
        files.write(target, OLD)
    assert target.read_bytes() == NEW


def test_text_is_utf_8_with_its_own_line_ends(tmp_path):
    files.write(tmp_path / "text", "é\n√\r\n")
    assert (tmp_path / "text").read_bytes() == "é\n√\r\n".encode()


# ---- where nothing is written

FOREIGN = {
    "notes.md": b"# my notes\n",
    "nb.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "my.txt": b"the dog sat here\n" * 20,
    "empty": b"",
    "cut.safetensors": None,
    "foreign.safetensors": None,
    "course.safetensors": None,
}


@pytest.fixture
def foreign(tmp_path):
    for name, content in FOREIGN.items():
        (tmp_path / name).write_bytes(content or b"")
    save_file({"E": np.zeros((2, 2))}, tmp_path / "foreign.safetensors", {"format": "pt"})
    checkpoint.save(Model.random(), tmp_path / "whole")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "whole").read_bytes()[:-100])
    (tmp_path / "course.safetensors").unlink()
    (tmp_path / "course.safetensors").symlink_to(Path(checkpoint.__file__).parent / "data" / "trained.safetensors")
    return tmp_path


@pytest.mark.parametrize("name", FOREIGN)
def test_a_model_is_never_saved_over_what_is_none_of_ours(foreign, name):
    before = snapshot(foreign), Model.trained().weights["W"].tobytes()
    with pytest.raises(ValueError, match=rf"path: there is a .*{name} that is not gradwalk's to replace, and it stays"):
        checkpoint.save(Model.random(), foreign / name)
    with pytest.raises(ValueError, match=rf"out: there is a .*{name} that is not gradwalk's to replace"):
        files.ready("out", foreign / name, checkpoint.saved_here)
    assert (snapshot(foreign), Model.trained().weights["W"].tobytes()) == before


def test_a_model_of_ours_is_replaced_and_a_link_to_it_stays_a_link(tmp_path):
    checkpoint.save(Model.random(seed=1), tmp_path / "model")
    (tmp_path / "link").symlink_to("model")
    checkpoint.save(Model.random(seed=2), tmp_path / "link")
    assert (tmp_path / "link").readlink() == Path("model")
    assert checkpoint.load(tmp_path / "model").weights["W"].tobytes() == Model.random(seed=2).weights["W"].tobytes()


NOWHERE = {
    "a folder": ("folder", "wanted a file in a folder that exists"),
    "the name of a folder": ("no_such/", "wanted a file in a folder that exists"),
    "no folder": ("no/such", "wanted a file in a folder that exists"),
    "a file in a file": ("file/x", "wanted a file in a folder that exists"),
    "a link to nothing": ("dangling", "a link that leads nowhere"),
    "a link to itself": ("loop", "a link that leads nowhere"),
    "too long a name": ("x" * 300, "wanted (the name of a file|a file that can be written)"),
    "a protected file": ("protected", "write-protected"),
    "a pipe": ("pipe", "which is none"),
    "nothing": ("", "wanted the path of a file"),
    "a number": (7, "wanted the path of a file"),
}
if Path("/dev/full").exists():
    NOWHERE |= {"a device": ("/dev/full", "which is none")}
if Path("/proc/self").exists():  # where root cannot write either
    NOWHERE |= {"a folder that cannot be written to": ("/proc/x", "wanted a file that can be written")}


@pytest.mark.parametrize("place", NOWHERE)
def test_what_cannot_be_written_is_said_before_any_work(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").touch()
    Path("dangling").symlink_to("nothing")
    Path("loop").symlink_to("loop")
    Path("protected").write_bytes(OLD)
    Path("protected").chmod(0o444)
    if hasattr(os, "mkfifo"):
        os.mkfifo("pipe")
    else:
        Path("pipe").mkdir()
        NOWHERE["a pipe"] = NOWHERE["a folder"]
    names = sorted(path.name for path in tmp_path.iterdir())
    given, told = NOWHERE[place]
    for act in (
        lambda: files.ready("out", given, begins_with_old),
        lambda: files.claimed("out", given, begins_with_old).__enter__(),
    ):
        with pytest.raises(ValueError, match=f"^out: .*{told}") as error:
            act()
        assert "\n" not in str(error.value)
    with pytest.raises((ValueError, OSError)) as error:
        files.write(given, NEW, begins_with_old)
    assert arguments.place(given) in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert Path("protected").read_bytes() == OLD
    assert not Path("nothing").exists()


def test_where_it_can_be_written_looking_changes_nothing(target):
    before = snapshot(target.parent)
    assert files.ready("out", target, begins_with_old, size=10_000) == target
    assert snapshot(target.parent) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_the_mode_is_that_of_any_new_file_and_an_old_ones_is_kept(tmp_path):
    before = os.umask(0o027)
    try:
        files.write(tmp_path / "new", NEW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o604)
    files.write(tmp_path / "new", OLD, ours=lambda path: True)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604


# ---- faults


def raises(error):
    def fails(*_, **__):
        raise error

    return fails


FAULTS = [OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EIO, "Input/output error"), KeyboardInterrupt]


@pytest.mark.parametrize("fault", FAULTS, ids=["full", "broken", "interrupted"])
@pytest.mark.parametrize("step", ["open", "fsync", "into place"])
def test_a_fault_at_a_step_changes_nothing_and_names_the_file(target, monkeypatch, step, fault):
    before = snapshot(target.parent)
    if step == "open":
        opened = Path.open
        monkeypatch.setattr(Path, "open", lambda *at, **how: raises(fault)() if "xb" in at else opened(*at, **how))
    elif step == "fsync":
        monkeypatch.setattr(os, "fsync", raises(fault))
    else:
        monkeypatch.setattr(os, "replace", raises(fault))
        monkeypatch.setattr(os, "rename", raises(fault))
        monkeypatch.setattr(os, "link", raises(fault))
    with pytest.raises(OSError if isinstance(fault, OSError) else KeyboardInterrupt) as error:
        replace(target)
    monkeypatch.undo()
    if isinstance(fault, OSError):
        assert (error.value.errno, error.value.filename) == (fault.errno, str(target))
    assert snapshot(target.parent) == before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file that was just being opened
def test_an_interrupt_at_any_line_leaves_all_or_nothing(target):
    """Every line of files.py that a write goes through, in turn; but for the one call that clears up."""
    before = snapshot(target.parent)
    source = Path(files.__file__).read_text(encoding="utf-8").splitlines()
    done, whole = set(), False
    while not whole:
        fresh = None

        def trace(frame, event, _):
            nonlocal fresh
            if frame.f_code.co_filename != files.__file__:
                return None
            line = frame.f_lineno
            if event == "line" and fresh is None and line not in done and "part.unlink" not in source[line - 1]:
                done.add(line)
                fresh = line
                raise KeyboardInterrupt
            return trace

        sys.settrace(trace)
        try:
            replace(target)
            whole = True
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        now = snapshot(target.parent)
        assert now in (before, before | {"target": NEW}), source[fresh - 1]
        if target.exists() and now != before:  # back to where it was
            target.unlink()
            if "target" in before:
                target.write_bytes(OLD)
    assert len(done) > 20


def test_a_file_system_without_links_takes_the_name_first(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", raises(OSError(errno.EPERM, "Operation not permitted")))
    files.write(tmp_path / "target", NEW)
    assert snapshot(tmp_path) == {"target": NEW}
    monkeypatch.setattr(os, "replace", raises(OSError(errno.EIO, "Input/output error")))
    with pytest.raises(OSError, match="Input/output error"):
        files.write(tmp_path / "other", NEW)
    assert snapshot(tmp_path) == {"target": NEW}


@pytest.mark.parametrize("ours", [None, begins_with_old])
@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_comes_in_the_last_moment_stays(target, monkeypatch, ours, links):
    """After the look, and after all that was written."""
    if ours is None:
        target.unlink(missing_ok=True)
    synced = os.fsync

    def comes(number):
        synced(number)
        target.write_text("mine")

    monkeypatch.setattr(os, "fsync", comes)
    if not links:
        monkeypatch.setattr(os, "link", raises(OSError(errno.EPERM, "Operation not permitted")))
    with pytest.raises(files.Taken, match="is not gradwalk's to replace, and it stays"):
        files.write(target, NEW, ours)
    assert snapshot(target.parent) == {"neighbour.txt": b"mine", "target": b"mine"}


def python(code, *arguments, **options):
    here = os.environ | {"PYTHONPATH": str(Path(files.__file__).parents[1])}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], text=True, env=here, **options)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on a file's size to stand for a full disk")
def test_a_disk_that_is_full_halfway(target):
    """The limit is real, and the file grows past it while it is written."""
    before = snapshot(target.parent)
    code = (
        "import resource, sys; from gradwalk import files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "ours = lambda path: True\n"
        "for act in (lambda: files.ready('out', sys.argv[1], ours, 8000),\n"
        "            lambda: files.write(sys.argv[1], bytes(8000), ours)):\n"
        "    try: act()\n"
        "    except (ValueError, OSError) as error: print(type(error).__name__, error)\n"
    )
    said, _ = python(code, target, stdout=subprocess.PIPE).communicate()
    first, second = said.splitlines()
    assert first.startswith(f"ValueError out: wanted a file that can be written, got {target} (")
    assert second.startswith("OSError")
    assert str(target) in second
    assert snapshot(target.parent) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows interrupts a whole console at once")
def test_ctrl_c_at_any_moment(tmp_path):
    code = (
        "import signal, sys; from gradwalk import files\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a run in the background has it ignored
        "print(flush=True)\n"
        "while True: files.write(sys.argv[1], sys.argv[2].encode() * 200_000, ours=lambda path: True)"
    )
    (tmp_path / "target").write_bytes(b"0" * 200_000)
    for letter in "123456":
        writer = python(code, tmp_path / "target", letter, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        writer.stdout.readline()
        time.sleep(0.1 + int(letter) / 1000)
        writer.send_signal(signal.SIGINT)
        writer.communicate(timeout=60)
        now = snapshot(tmp_path)
        assert list(now) == ["target"]
        assert len(set(now["target"])) == 1
        assert len(now["target"]) == 200_000


# ---- two at once

WRITER = """
import sys; from gradwalk import files
sys.stdin.readline()
try:
    files.write(sys.argv[1], sys.argv[2].encode() * 300_000)
    print("written")
except files.Taken:
    print("taken")
"""


def test_of_several_that_want_a_free_name_one_gets_it(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    writers = {letter: python(WRITER, tmp_path / "target", letter, **pipes) for letter in "abcd"}
    for writer in writers.values():
        writer.stdin.write("\n")
        writer.stdin.flush()
    said = {letter: writer.communicate()[0].strip() for letter, writer in writers.items()}
    assert sorted(said.values()) == ["taken", "taken", "taken", "written"]
    (first,) = (letter for letter, told in said.items() if told == "written")
    assert snapshot(tmp_path) == {"target": first.encode() * 300_000}


HOLDER = """
import sys; from gradwalk import files
with files.claimed("out", sys.argv[1], lambda path: True):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextlib.contextmanager
def held(path):
    holder = python(HOLDER, path, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == "held\n"
    yield holder
    holder.kill()
    holder.communicate()


def test_a_name_that_another_run_claims_is_taken_until_it_goes(target):
    before = snapshot(target.parent)
    with held(target) as holder:
        with pytest.raises(files.Taken, match="out: another run is writing"):
            files.claimed("out", target, lambda path: True).__enter__()
        with files.claimed("out", target.with_name("other")) as other:
            assert other == target.with_name("other")
        holder.communicate("\n")
    assert snapshot(target.parent) == before
    with files.claimed("out", target, lambda path: True):
        pass
    assert snapshot(target.parent) == before


def test_after_a_kill_the_name_is_free_and_nothing_stays(target):
    before = snapshot(target.parent)
    with held(target) as holder:
        holder.kill()
        holder.wait()
        with files.claimed("out", target, lambda path: True):
            pass
    assert snapshot(target.parent) == before


def test_a_claim_is_let_go_when_the_work_fails(target):
    before = snapshot(target.parent)
    for error in (KeyboardInterrupt, SystemExit, ValueError):
        with pytest.raises(error), files.claimed("out", target, lambda path: True):
            raise error
    assert snapshot(target.parent) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_refusal_is_one_line_whatever_the_name(tmp_path):
    name = tmp_path / "my\nnotes.txt"
    name.write_text("mine")
    for act in (lambda: files.ready("out", name), lambda: files.write(name, NEW), lambda: files.write(name / "x", NEW)):
        with pytest.raises(ValueError, match=r"^(out|path): .*my notes\.txt") as error:
            act()
        assert "\n" not in str(error.value)
    assert name.read_text() == "mine"
