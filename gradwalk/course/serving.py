"""The course in a JupyterLab of its own: where it serves, what it opens, and where Jupyter keeps its things."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import secrets
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from gradwalk.course import notebooks


def check(ip: str, port: int | None) -> None:
    """ValueError, before anything starts, if this machine has no such address or the port is taken."""
    try:
        with socket.create_server((ip, port or 0), family=socket.AF_INET6 if ":" in ip else socket.AF_INET):
            pass
    except OSError as error:
        reason = os.strerror(error.errno)
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise ValueError(f"port: wanted a free one, got {port} ({reason})") from error
        raise ValueError(f"ip: wanted an address of this machine, got {ip} ({reason})") from error


@contextmanager
def a_home() -> Iterator[None]:
    """Jupyter's own folders, or, where those cannot be written to, others for as long as this lasts."""
    from jupyter_core import paths

    try:
        for folder in (paths.jupyter_config_dir(), paths.jupyter_data_dir(), paths.jupyter_runtime_dir()):
            Path(folder).mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        with tempfile.TemporaryDirectory(prefix="gradwalk-", ignore_cleanup_errors=True) as home:
            print(f"{error.filename}: {error.strerror}. So Jupyter's own settings last until you stop it.", flush=True)
            for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR"):
                os.environ[name] = str(Path(home, name.lower()))
            yield
    else:
        yield


def serve(folder: Path, where: Path, ip: str, port: int | None, browser: bool) -> None:
    """JupyterLab on `folder` behind a fresh token, opened on the first page of the course in `where`, until Ctrl-C."""
    from jupyterlab.labapp import LabApp

    from gradwalk.course import extension

    token = secrets.token_hex(16)
    page = f"lab/tree/{first_page(where).relative_to(folder).as_posix()}"
    settings = {
        "ServerApp.root_dir": folder,
        "ServerApp.ip": ip,
        "ServerApp.open_browser": browser,
        # in a container the teacher is often root, and JupyterLab would refuse; Windows has no geteuid
        "ServerApp.allow_root": hasattr(os, "geteuid") and os.geteuid() == 0,
        "IdentityProvider.token": token,
        "Application.log_level": "ERROR",
        "LabApp.default_url": f"/{page}",
        # JupyterLab's defaults for the course; pyproject.toml puts the same file where a plain JupyterLab finds it
        "LabApp.app_settings_dir": notebooks.PACKAGE / "course" / "lab",
    }
    if port:  # this port or none
        settings |= {"ServerApp.port": port, "ServerApp.port_retries": 0}
    server = LabApp.initialize_server(argv=[f"--{name}={value}" for name, value in settings.items()])
    extension.extend(server)
    notebooks.trust(server.contents_manager.notary)
    signal.signal(signal.SIGINT, lambda *_: server.stop(from_signal=True))  # at once, kernels and all, no question
    said = f"The course is open at {reachable(server)}{page}?token={token} (Ctrl-C stops it)"
    if ipaddress.ip_address(ip).is_unspecified:
        said += "\nFrom another machine, put this one's name or address in its place."
    server.io_loop.add_callback(print, said, flush=True)  # the loop's first act is to listen: said when it is true
    server.start()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    server.io_loop.run_sync(all_done)


async def all_done() -> None:
    """End what the stopped server still waits for, as asyncio.run would.

    Its threads wait for those tasks, and Python for the threads: a course in which kernels ran would not go.
    """
    waiting = asyncio.all_tasks() - {asyncio.current_task()}
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def first_page(where: Path) -> Path:
    """The course's contents, from which every stop is one click away; where a learner has no such page, a stop."""
    contents = where / "README.md"
    return contents if contents.is_file() else min(where.glob("*.ipynb"))


def reachable(server) -> str:
    """The server's address for a browser on this machine: no browser can go to 0.0.0.0."""
    url = urlsplit(server.connection_url)
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(server.ip)
    return url._replace(netloc=f"{here}:{server.port}").geturl() if here else url.geturl()
