"""The command line: it serves the course behind a token, keeps the learner's work, and says errors in one line."""

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import nbformat
import pytest
from jupyter_core.paths import jupyter_path
from jupyterlab.commands import get_app_dir
from jupyterlab_server.settings_utils import get_settings

import gradwalk
from gradwalk import cli, verify
from gradwalk.course import terminal

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
COURSE = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+/)(lab/tree/\S+)\?token=(\w+)")
GRADWALK = [sys.executable, "-m", "gradwalk"]
HERE = os.environ | {"PYTHONPATH": str(ROOT)}
SETTINGS = json.loads((ROOT / "gradwalk/course/lab/overrides.json").read_text())
JUPYTER = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")


@contextlib.contextmanager
def serving(folder, home, *options, package=ROOT, environment=None):
    """Run `gradwalk --no-browser` in `folder`; yield ADDRESS's groups and the lines printed so far."""
    own = {name: str(home / name) for name in JUPYTER} if environment is None else environment
    env = os.environ | own | {"PYTHONPATH": str(package), "IPYTHONDIR": str(home / "ipython")}
    group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if os.name == "nt" else {}
    command = [*GRADWALK, "--no-browser", *options]
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
        deadline.cancel()
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


def trusted(address, token, name):
    """Whether the server trusts what a notebook shows: what is not trusted is blank until it is run."""
    cells = ask(address, token, f"api/contents/{name}?type=notebook")["content"]["cells"]
    (answer,) = {cell["metadata"]["trusted"] for cell in cells if cell["cell_type"] == "code"}
    return answer


def default(address, token, setting, key):
    return ask(address, token, f"lab/api/settings/{setting}")["schema"]["properties"][key]["default"]


def test_the_clone_serves_its_own_notebooks_behind_a_token(tmp_path):
    before = {path: path.stat().st_mtime_ns for path in (ROOT / "notebooks").iterdir()}
    with serving(tmp_path, tmp_path / "home") as ((address, page, token), said):
        assert contents(address, token) >= COURSE
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            contents(address, "0" * len(token))
        refused.value.close()  # it holds the answer open
        with urllib.request.urlopen(f"{address}{page}?token={token}", timeout=30) as lab:
            assert "<title>JupyterLab</title>" in lab.read().decode()
        for name in COURSE:
            assert trusted(address, token, name)
        for setting, values in SETTINGS.items():
            for key, value in values.items():
                assert default(address, token, setting, key) == value
    assert page == "lab/tree/README.md"
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
    checks = {Path("widgets") / name for name in ("package.json", "package-lock.json", "tsconfig.json")}
    # for who works on the scripts; nothing of it runs
    checks |= {Path(f"widgets/{part}/types.d.ts") for part in ("board", "exercise")}
    assert wanted - checks <= has
    assert not checks & has
    assert {path.suffix for path in has} >= {".py", ".js", ".css", ".txt", ".safetensors", ".ipynb"}
    assert not [path for path in has if "checkpoint" in str(path.parent)]


def test_a_plain_jupyterlab_finds_the_same_settings(wheel):
    """Installed, they lie where every JupyterLab of that environment reads its defaults (.ci/run looks there)."""
    (ours,) = wheel.glob("gradwalk-*.data/data/share/jupyter/lab/settings")
    schemas, extensions = Path(get_app_dir()) / "schemas", jupyter_path("labextensions")
    for setting, values in SETTINGS.items():
        found, _ = get_settings(str(ours), str(schemas), str(wheel / "none"), setting, labextensions_path=extensions)
        told = found["schema"]["properties"]
        assert {key: told[key]["default"] for key in values} == values
        assert all("type" in told[key] for key in values), f"{setting}: no such setting in this JupyterLab"


def test_from_a_wheel_the_course_arrives_in_the_learners_folder(wheel, tmp_path):
    copy = tmp_path / "gradwalk-course"
    copy.mkdir()
    mine = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    mine.cells[0].outputs = [nbformat.v4.new_output("display_data", {"text/html": "<script>0</script>"})]
    nbformat.write(mine, copy / "mine.ipynb")
    nbformat.write(mine, copy / min(COURSE))
    with serving(tmp_path, tmp_path / "home", package=wheel) as ((address, page, token), said):
        assert contents(address, token) >= COURSE
        assert {name for name in [*COURSE, "mine.ipynb"] if trusted(address, token, name)} == COURSE - {min(COURSE)}
    assert page == "lab/tree/README.md"
    assert {path.name for path in copy.glob("*.ipynb")} == COURSE | {"mine.ipynb"}
    assert len(said) == 3
    assert str(copy) in said[0]
    assert f": {min(COURSE)}." in said[1]


def test_the_fresh_copy_is_opened_and_trusted(wheel, tmp_path):
    edition = f"edition-{gradwalk.__version__}"
    with serving(tmp_path, tmp_path / "home", "--fresh", package=wheel) as ((address, page, token), _):
        assert page == f"lab/tree/{edition}/README.md"
        assert trusted(address, token, f"{edition}/{min(COURSE)}")


def test_a_home_that_cannot_be_written_to_is_no_error(tmp_path):
    (tmp_path / "file").touch()
    home = {"HOME": str(tmp_path / "file" / "home")}  # nobody can write there, not even root
    env = {name: str(tmp_path / "file" / name) for name in JUPYTER} | home
    with serving(tmp_path, tmp_path / "own", environment=env) as ((address, _, token), said):
        assert trusted(address, token, min(COURSE))
    assert "So Jupyter's own settings last until you stop it." in said[0]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_container_serves_on_every_address_behind_the_token(tmp_path):
    """The printed address is one that a browser can go to."""
    with serving(tmp_path, tmp_path / "home", "--ip=0.0.0.0") as ((address, _, token), said):
        assert address.startswith("http://127.0.0.1:")
        elsewhere = address.replace("127.0.0.1", "127.0.0.2" if sys.platform == "linux" else "127.0.0.1")
        assert contents(elsewhere, token) >= COURSE
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            contents(elsewhere, "0" * len(token))
        refused.value.close()
    assert len(said) == 1


def test_copy_brings_the_course_and_opens_nothing(wheel, tmp_path):
    own = {name: str(tmp_path / "home" / name) for name in JUPYTER}
    env = os.environ | own | {"PYTHONPATH": str(wheel)}
    (tmp_path / "home/JUPYTER_DATA_DIR").mkdir(parents=True)
    done = subprocess.run([*GRADWALK, "--copy"], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"The course is in {tmp_path / 'gradwalk-course'}"
    notary = nbformat.sign.NotebookNotary(data_dir=str(tmp_path / "home/JUPYTER_DATA_DIR"))
    for name in COURSE:
        assert notary.check_signature(nbformat.read(tmp_path / "gradwalk-course" / name, as_version=4))
    notary.store.close()


def test_copy_needs_no_home(wheel, tmp_path):
    (tmp_path / "file").touch()
    env = {name: value for name, value in os.environ.items() if name not in JUPYTER}
    env |= {"PYTHONPATH": str(wheel), "HOME": str(tmp_path / "file" / "home")}
    done = subprocess.run([*GRADWALK, "--copy"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "gradwalk-course").glob("*.ipynb")} == COURSE


def one_line(capsys, *argv):
    """The single line of an error that exits with status 2."""
    try:
        status = cli.main(argv)
    except SystemExit as stop:  # argparse
        status = stop.code
    assert status == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eighty", ""])
def test_a_port_that_is_none_is_named(port, capsys):
    assert one_line(capsys, "--no-browser", f"--port={port}").startswith(
        f"gradwalk: argument --port: wanted 1 to 65535, got {port!r}"
    )


def test_a_port_that_is_taken_is_named(capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = one_line(capsys, "--no-browser", f"--port={port}")
    assert said.startswith(f"gradwalk: port: wanted a free one, got {port} (")


@pytest.mark.parametrize("ip", ["nonsense", "", "256.1.1.1", "0.0.0.0:80", "*", "1.2.3"])
def test_an_address_that_is_none_is_named(ip, capsys):
    assert one_line(capsys, "--no-browser", f"--ip={ip}").startswith(
        f"gradwalk: argument --ip: wanted an IP address of this machine, or 0.0.0.0 for all that it has, got {ip!r}"
    )


def test_an_address_of_another_machine_is_named(capsys):
    assert one_line(capsys, "--no-browser", "--ip=192.0.2.1").startswith(
        "gradwalk: ip: wanted an address of this machine, got 192.0.2.1 ("
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("tune --seed -1", "gradwalk tune: argument --seed: wanted a whole number of at least 0, got '-1'"),
        ("tune --seed x", "gradwalk tune: argument --seed: wanted a whole number of at least 0, got 'x'"),
        ("tune --seed", "gradwalk tune: argument --seed: expected one argument"),
        ("tuen", "gradwalk: argument COMMAND: invalid choice: 'tuen'"),
        ("verify more", "gradwalk: unrecognized arguments: more"),
        ("tune --text -", "gradwalk: text: there is no file -; wanted a UTF-8 text file"),
        ("tune --text .", "gradwalk: text: . is no file; wanted a UTF-8 text file"),
        ("tune --text latin.txt", "gradwalk: text: latin.txt is not UTF-8"),
        ("tune --out .", "gradwalk: out: wanted a file in a folder that exists, got ."),
        ("write", "gradwalk write: the following arguments are required: WORD"),
        ("write the --words 0", "gradwalk write: argument --words: wanted a whole number of at least 1, got '0'"),
        ("write the --temperature x", "gradwalk write: argument --temperature: invalid float value: 'x'"),
        ("write the --temperature=-1", "gradwalk: temperature: wanted a finite number of at least 0, got -1.0"),
        ("write the --temperature nan", "gradwalk: temperature: wanted a finite number of at least 0, got nan"),
        ("write the zebra", "gradwalk: sentence: the model does not know 'zebra' (the nearest: "),
        ("write the --model none.safetensors", "gradwalk: model: none.safetensors: there is no such file"),
        (
            "write the --model gpt2",
            "gradwalk: model: folder: there is no folder gpt2; a model of that name on the hub is",
        ),
        ("write the --model latin.txt", "gradwalk: model: latin.txt: "),
        ("write the --model .", "gradwalk: model: config.json: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line_that_names_it(tmp_path, monkeypatch, capsys, line, told):
    monkeypatch.chdir(tmp_path)
    Path("latin.txt").write_bytes(b"le caf\xe9 est ferm\xe9")
    assert one_line(capsys, *line.split()).startswith(told)
    assert [path.name for path in tmp_path.iterdir()] == ["latin.txt"]


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


def test_write_goes_on_as_the_model_does(tmp_path, capsys):
    model = gradwalk.Model.trained()
    assert cli.main(["write", "the", "dog"]) == 0
    assert capsys.readouterr().out == model.write("the dog") + "\n"
    gradwalk.checkpoint.save(gradwalk.Model.random(words=["the", "dog", "sat"]), tmp_path / "own")
    options = ["--words", "5", "--temperature", "1.5", "--seed", "3"]
    assert cli.main(["write", "--model", str(tmp_path / "own"), "the dog", *options]) == 0
    own = gradwalk.checkpoint.load(tmp_path / "own")
    assert capsys.readouterr().out == own.write("the dog", words=5, temperature=1.5, seed=3) + "\n"


# ---- what is printed arrives


def arrived(said, encoding):
    """What `gradwalk verify` printed is whole, and readable."""
    lines = said.decode(encoding).splitlines()
    assert lines[-1] == f"{len(lines) - 2} lines, all hold"
    assert any("sqrt(" in line for line in lines)
    assert not [line for line in lines if "?" in line.replace("who looked at me?", "")]


def test_every_line_arrives():
    done = subprocess.run([*GRADWALK, "verify"], env=HERE | {"PYTHONIOENCODING": "ascii"}, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    arrived(done.stdout, "ascii")


@pytest.fixture(scope="module")
def checked():
    return list(verify.checks())


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "ascii:surrogateescape", "latin-1"])
def test_every_line_arrives_in_any_encoding(encoding, checked, monkeypatch):
    encoding, *errors = encoding.split(":")
    out = io.TextIOWrapper(io.BytesIO(), encoding, *errors)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(verify, "checks", lambda: checked)  # walked once for all encodings
    assert cli.main(["verify"]) == 0
    arrived(out.buffer.getvalue(), encoding)


def test_a_name_that_no_encoding_has_is_printed_too(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    terminal.any_encoding()
    print("saved to caf\udce9 √")
    out.flush()
    assert out.buffer.getvalue() == b"saved to caf\\udce9 \xe2\x88\x9a\n"


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGPIPE on Windows")
@pytest.mark.parametrize("command", ["verify", "--help"])
def test_where_nobody_reads_on_it_ends_quietly(command):
    here = HERE | {"PYTHONUNBUFFERED": ""}
    walk = subprocess.Popen([*GRADWALK, command], env=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    walk.stdout.readline()
    walk.stdout.close()
    assert (walk.stderr.read(), walk.wait()) == (b"", 141 if command == "verify" else 0)
    walk.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_where_nothing_can_be_printed_it_is_one_line():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*GRADWALK, "verify"], env=HERE, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, "gradwalk: No space left on device\n")
