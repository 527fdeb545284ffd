"""A class on one JupyterHub: who waits for what, is anything lost, and what does each learner's Python take?

One learner has a real browser; the others are websockets to kernels of their own, through the same proxy. Each has the
course open, ran a stop up to its first board, and turns its dials, four times a second, for as long as the browser
drags. Half of the boards are of the output layer, the others stand on a deeper weight. The hub, its proxy and its
servers live in a temporary folder, and go at the end. Run it from the top of the repository, on a quiet machine:

    python -m bench.hub                 # 29 clients and the browser
    python -m bench.hub --clients 3     # a small one first
    python -m bench.hub --check         # and fails if something failed, was lost, or the browser is too slow

The browser's drag is measured as in `bench.drag`: alone on the hub, with the class turning, with the class at rest. In
a class it runs on the learner's own machine; here it shares the hub's cores, and whoever is not the browser gives way.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil
from tornado.httpclient import AsyncHTTPClient

from bench.drag import HANDLE, measure
from bench.learner import PATIENCE, Learner
from gradwalk.course.notebooks import PACKAGE, came_along
from tests import lab

MOST_RATIO = 1.5  # of the browser's p95 with the class to its p95 alone
GIVES_WAY = 19  # how nice the hub, its servers and the clients are to the browser
AT_ONCE = 4  # servers that start side by side
STOPS = ("1a_which_way.ipynb", "2a_mlp.ipynb")  # their first boards: W, in closed form, and W2
# The servers' ports: of those that no system gives away by itself. Else another process may take one before the server
# does, and the hub takes that one's "not found" for a server that is up.
PORTS = 21_000
TOKEN = uuid.uuid4().hex

# No passwords and no accounts of the system: whoever logs in gets a process in a folder of that name.
CONFIG = """\
import shutil
def prepare(spawner):
    shutil.copytree({course!r}, spawner.home_dir)
    spawner.port = {ports} + spawner.user.id
c.JupyterHub.bind_url = "http://127.0.0.1:{port}/"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.services = [dict(name="class", api_token={token!r})]
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles = [dict(name="class", services=["class"], scopes=scopes)]
c.JupyterHub.concurrent_spawn_limit = {at_once}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{root}/{{username}}"
c.Spawner.pre_spawn_hook = prepare
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--LabApp.expose_app_in_browser=True", "--LabApp.app_settings_dir={settings}"]
c.Spawner.environment = dict(PYTHONPATH={path!r}, OPENBLAS_NUM_THREADS="1")
c.Spawner.start_timeout = c.Spawner.http_timeout = {patience}
"""


def give_way(process: psutil.Process) -> None:
    """The browser goes first. Linux weighs sessions, and only then what is in them: each server and kernel is one.

    The session that the benchmark was started in is left alone: it may be somebody's terminal.
    """
    process.nice(GIVES_WAY)
    group = Path(f"/proc/{process.pid}/autogroup")
    if group.exists() and os.getsid(process.pid) != os.getsid(0):
        group.write_text(str(GIVES_WAY))


@contextmanager
def hub(root: Path):
    """A JupyterHub in this folder, on loopback, with its processes. Yields its address and its process."""
    subprocess.run(["npm", "--prefix", root, "--loglevel=error", "install", "configurable-http-proxy"], check=True)
    with ExitStack() as bound:
        at = [bound.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(3)]
    text = CONFIG.format(
        port=at[0], hub_port=at[1], proxy_port=at[2], root=root, token=TOKEN, at_once=AT_ONCE, ports=PORTS,
        proxy=str(root / "node_modules/.bin/configurable-http-proxy"), course=str(came_along()), python=sys.executable,
        settings=PACKAGE / "course/lab", path=str(PACKAGE.parent), patience=PATIENCE,
    )  # fmt: skip
    (root / "config.py").write_text(text)
    command = ["nice", "-n", str(GIVES_WAY), sys.executable, "-m", "jupyterhub", "--config", root / "config.py"]
    with (root / "log").open("w") as log:
        started = psutil.Popen(command, cwd=root, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 60
        while "JupyterHub is now running" not in (root / "log").read_text():
            if started.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"JupyterHub did not start:\n{(root / 'log').read_text()[-2000:]}")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{at[0]}/", started
    finally:
        family = started.children(recursive=True)
        started.terminate()  # it stops its servers and its proxy
        _, left = psutil.wait_procs([started, *family], timeout=60)
        for process in left:
            process.kill()


async def drag(visit, url: str, moves: int) -> dict:
    """The browser's learner opens the stop anew, runs it, and drags a dial of its board."""
    page = await visit.new_page()
    await page.goto(lab.address(f"{url}user/browser/", STOPS[0], token=""))
    await page.wait_for_function(lab.IDLE, timeout=1000 * PATIENCE)
    await page.evaluate(lab.RUN_ALL)
    knob, before, now = page.locator(HANDLE["board"]), None, {}
    while now != before:  # formulas and pictures are still to come, and move it
        await knob.scroll_into_view_if_needed()
        await page.wait_for_timeout(1000)
        before, now = now, await knob.bounding_box()
    row = await measure(page, "board", moves, seconds=4)
    await page.close()
    return row


def print_row(said: str, row: dict) -> None:
    """A drag, and how many processes of the whole machine wanted to run meanwhile."""
    load = os.getloadavg()[0]
    print(f"{said:<24}{row['median']:>11.1f}{row['p95']:>9.1f}{row['pictures']:>12.1f}{load:>9.1f}", flush=True)


def servers(started: psutil.Process) -> dict[str, list[psutil.Process]]:
    """Each learner's processes, by the learner's name: the server first, then the kernel."""
    children = ((child.environ().get("JUPYTERHUB_USER"), child) for child in started.children())
    return {user: [child, *child.children(recursive=True)] for user, child in children if user}


def megabytes(processes: list[psutil.Process]) -> float:
    """What these processes take; memory that several share is divided among them (PSS)."""
    return sum(process.memory_full_info().pss for process in processes) / 1e6


def busy(processes: list[psutil.Process]) -> float:
    """The seconds of a core that these processes have used."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


async def arrive(visit, url: str) -> float:
    """The browser's learner logs in. The seconds until JupyterLab stands there."""
    page, begun = await visit.new_page(), time.monotonic()
    await page.goto(f"{url}hub/login?next=/hub/spawn")
    await page.fill("[name=username]", "browser")
    await page.click("[type=submit]")
    await page.wait_for_function("window.jupyterapp", timeout=1000 * PATIENCE)
    await page.close()
    return time.monotonic() - begun


async def gather(learners: list[Learner], log: Path) -> tuple[list[Learner], list[float], list[float]]:
    """All log in, a few at a time: who has a board, and the seconds for the servers, for kernel and cells."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def come(learner: Learner) -> tuple[Learner, float, float]:
        async with gate:
            took, begun = await learner.start(), time.monotonic()
            await learner.open()
            return learner, took, time.monotonic() - begun

    came = await asyncio.gather(*map(come, learners), return_exceptions=True)
    for learner, error in zip(learners, came, strict=True):
        if isinstance(error, BaseException):
            print(f"{learner.name} failed: {error!r}; the hub's log:", flush=True)
            print(*[line for line in log.read_text().splitlines() if learner.name in line][-8:], sep="\n", flush=True)
    return tuple(zip(*(at for at in came if not isinstance(at, BaseException)), strict=True))


async def lesson(url: str, started: psutil.Process, clients: int, moves: int) -> list[str]:
    """The whole of it, printed as it goes. What did not hold, in words."""
    AsyncHTTPClient.configure(None, max_clients=4 * clients + 4)
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=lab.chromium(), args=lab.FLAGS)
        give_way(psutil.Process())
        visit = await browser.new_context(viewport={"width": 1400, "height": 1100})
        print(f"the browser has JupyterLab after {await arrive(visit, url):.1f} s", flush=True)
        print(f"{'the browser drags':<24}{'median ms':>11}{'p95 ms':>9}{'pictures/s':>12}{'load':>9}", flush=True)
        alone = await drag(visit, url, moves)
        print_row("alone on the hub", alone)

        learners = [Learner(url, TOKEN, f"learner{k:02}", STOPS[k % len(STOPS)]) for k in range(clients)]
        present, starts, opened = await gather(learners, Path(started.cwd(), "log"))
        for process in started.children(recursive=True):
            give_way(process)
        theirs = [process for user, own in servers(started).items() if user != "browser" for process in own]
        over, before = asyncio.Event(), busy(theirs)
        turning = [asyncio.ensure_future(learner.turn(over)) for learner in present]
        full = await drag(visit, url, moves)
        print_row(f"with {len(present)} others turning", full)
        over.set()
        await asyncio.gather(*turning)
        cost = busy(theirs) - before
        print_row("the others at rest", await drag(visit, url, moves))
        await browser.close()

    failed = clients - len(present)
    print(f"failed starts: {failed} of {clients}; {AT_ONCE} at a time, seconds for a server", end=" ")
    print(f"{spread(starts)}, for kernel and cells {spread(opened)}")
    waits = sorted(w for learner in present for w in learner.waits)
    sent, answered = sum(learner.sent for learner in present), len(waits)
    waits = waits or [math.nan]
    print(f"turns sent: {sent}, answered: {answered}, lost: {sent - answered};", end=" ")
    print(f"answered after {1e3 * statistics.median(waits):.0f} ms,", end=" ")
    print(f"p95 {1e3 * waits[round(0.95 * (len(waits) - 1))]:.0f} ms; {1e3 * cost / sent:.1f} ms of a core each")
    users = servers(started).values()
    all_of_them = megabytes([process for own in users for process in own])
    rest = [started, *(child for child in started.children() if "JUPYTERHUB_USER" not in child.environ())]
    print(f"MB a learner: {spread([megabytes(own) for own in users])},", end=" ")
    print(f"of it the kernel {spread([megabytes(own[1:]) for own in users])};", end=" ")
    print(f"all {len(users)} together {all_of_them:.0f}, hub and proxy {megabytes(rest):.0f}")
    ratio = full["p95"] / alone["p95"]
    print(f"the browser's p95 is {ratio:.2f} times what it is alone (wanted: at most {MOST_RATIO})")
    holds = {"a start failed": not failed, "a message was lost": sent == answered, "too slow": ratio <= MOST_RATIO}
    return [said for said, held in holds.items() if not held]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=29, help="learners without a browser (29)")
    parser.add_argument("--moves", type=int, default=120, help="single moves of each drag (120)")
    parser.add_argument("--check", action="store_true", help="fail if something failed, was lost, or was too slow")
    options = parser.parse_args()
    hubs = "" if find_spec("jupyterhub") else "JupyterHub is not installed (pip install jupyterhub)"
    npm = "" if shutil.which("npm") else "npm is not installed; it fetches JupyterHub's proxy, configurable-http-proxy"
    if lacking := lab.missing() or hubs or npm:
        print(f"bench.hub: {lacking}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="hub-", ignore_cleanup_errors=True) as folder, hub(Path(folder)) as at:
        wrong = asyncio.run(lesson(*at, options.clients, options.moves))
    if options.check and wrong:
        print(f"bench.hub: {', '.join(wrong)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
