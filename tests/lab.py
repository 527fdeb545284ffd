"""A JupyterLab and a chromium of one's own, for the browser tests and the drag benchmark."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import nbformat
import pytest

FLAGS = [
    *["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
    *["--disable-component-update", "--disable-sync"],
    "--renderer-process-limit=1",  # a test has one page at a time: its process is the next one's too
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # whatever a page asks for elsewhere, it is not found
]
START = "from gradwalk.cli import no_grammar; no_grammar(); from jupyterlab.labapp import main; main()"
WIDGETS = Path(__file__).parents[1] / "gradwalk/widgets"
AXE = Path(os.environ.get("NODE_PATH", WIDGETS / "node_modules")) / "axe-core/axe.min.js"
RUN_ALL = "window.jupyterapp.commands.execute('notebook:run-all-cells')"
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
IDLE = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


@cache
def missing() -> str:
    """What a browser test needs and does not find, in words; empty if it is all there."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed (pip install playwright)"
    try:
        found = chromium(windows=False)
    except Exception as error:  # its own driver may lack a library of the system
        return f"playwright does not start: {error}"
    if not found:
        return "no chromium: set CHROMIUM to one, or install chromium or Chrome, or run `playwright install chromium`"
    return ""


def needs_browser() -> list[pytest.MarkDecorator]:
    """The marks of a test that opens one: `-m browser` chooses it, and without one it is skipped, in words."""
    return [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=missing() or "all is there")]


def chromium(windows: bool = True) -> str | None:
    """The browser to use: $CHROMIUM, then one on the PATH, then playwright's own; None if there is none.

    Without windows Debian's chromium-headless-shell comes first: the same engine, a third less processor time a page.
    """
    if os.environ.get("CHROMIUM"):
        return os.environ["CHROMIUM"]
    shell = () if windows else ("chromium-headless-shell",)
    for name in (*shell, "chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@contextmanager
def browser():
    """A headless browser that reaches this machine alone."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(windows=False), args=FLAGS)
        yield launched
        launched.close()


@contextmanager
def lab(root: Path, *options: str):
    """A JupyterLab serving `root` on loopback, with settings of its own and these options. Yields its address."""
    own = root / ".jupyter-of-this-run"
    env = os.environ | {
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
        "IPYTHONDIR": str(own / "ipython"),
        "MPLCONFIGDIR": str(own / "matplotlib"),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]),
    }
    (own / "settings/@jupyterlab/apputils-extension").mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}  # no question in the way of the mouse
    (own / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings").write_text(json.dumps(quiet))
    command = [
        *[sys.executable, "-c", START, "--allow-root", "--no-browser", "--ServerApp.ip=127.0.0.1"],
        *["--ServerApp.port=0", "--IdentityProvider.token=t", f"--ServerApp.root_dir={root}"],
        *["--LabApp.expose_app_in_browser=True", *options],
    ]
    with (own / "log").open("w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        told = own / "runtime" / f"jpserver-{server.pid}.json"
        deadline = time.monotonic() + 60
        while not told.exists() or not told.read_text().strip().endswith("}"):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"JupyterLab did not start:\n{(own / 'log').read_text()[-2000:]}")
            time.sleep(0.05)  # a file of another process: there is nothing to wait on but the clock
        found = json.loads(told.read_text())
        until(lambda: _listens(found["port"]))  # a server is told of a little before that
        yield found["url"]
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:  # it waits for a kernel that was still starting
            server.kill()
            server.wait()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def write_notebook(path: Path, *cells: str) -> None:
    """A notebook of these code cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


def address(url: str, name: str, token: str = "t") -> str:
    """Where the notebook opens in a workspace that nobody has used before."""
    return f"{url}lab/workspaces/{uuid.uuid4().hex}/tree/{name}?token={token}&reset"


# A page of JupyterLab costs five times as much as a notebook in it. Nothing is asked about what was not saved.
ANOTHER = """async name => {
    const { commands, shell } = window.jupyterapp;
    for (const panel of [...shell.widgets("main")]) {
        await panel.sessionContext?.shutdown();
        panel.dispose();
    }
    await commands.execute("docmanager:open", { path: name });
}"""


def open_notebook(page, url: str, name: str, run: bool = True, token: str = "t") -> None:
    """Open the notebook as the only one, wait for its kernel, and run it all, unless `run` is false.

    In the JupyterLab that the page shows already, or in a fresh workspace.
    """
    if page.url.startswith(url):
        page.evaluate(ANOTHER, name)
    else:
        page.goto(address(url, name, token))
    page.wait_for_function(IDLE, timeout=60_000)
    if run:
        page.evaluate(RUN_ALL)


def ask_kernel(page, code: str) -> str:
    """Run code in the open notebook's kernel; what it printed."""
    return page.evaluate(
        """async code => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            let printed = "";
            const future = kernel.requestExecute({ code, store_history: false });
            future.onIOPub = message => { printed += message.content.text ?? message.content.evalue ?? ""; };
            await future.done;
            return printed.trim();
        }""",
        code,
    )


def until(holds, seconds: float = 20, instead=lambda: "") -> None:
    """Ask again and again until it holds; each question takes its time. AssertionError, and what is instead, if not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not so after {seconds} s: {instead()}"


def in_step(page, board: str = "board", knobs: str = ".gw-knob") -> None:
    """Wait until the kernel's board and its knobs in the page stand at the same setting, whoever turned it."""

    def told():
        page.evaluate(PAINTED)
        shown = page.eval_on_selector_all(knobs, "all => all.map(node => Number(node.getAttribute('aria-valuenow')))")
        return shown == json.loads(ask_kernel(page, f"print({board}.settings)"))

    until(told)
