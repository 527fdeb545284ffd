"""The command `gradwalk`: open the course in JupyterLab, tune a model, verify every gradient.

Each part of the command is imported when it is asked for, so that `gradwalk --version` answers at once.
"""

import argparse
import os
import secrets
import signal
import sys
from pathlib import Path

from gradwalk import __version__

PACKAGE = Path(__file__).resolve().parent
COPY = "gradwalk-course"  # the learner's own folder, where the course comes out of a wheel


def main(argv=None):
    """Run the command line `argv` (default: the program's own).

    The exit status: 0, 1 if something that `verify` checks does not hold, 2 for an error, 130 for Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog="gradwalk",
        description="A walk backward through one transformer block. Without a command: open the course in JupyterLab.",
    )
    parser.add_argument("--version", action="version", version=f"gradwalk {__version__}")
    parser.add_argument("--no-browser", action="store_true", help="print the address and open no browser")
    parser.add_argument("--port", type=port, help="serve at this port (default: the first free one from 8888)")
    parser.set_defaults(run=open_course)
    commands = parser.add_subparsers(title="commands", metavar="")
    tune = commands.add_parser("tune", help="train a model by the course's own gradients")
    tune.add_argument("--text", type=Path, metavar="FILE", help="your own text (default: the course's)")
    tune.add_argument("--out", type=Path, metavar="FILE", help="where to save it (default: trained.safetensors, here)")
    tune.add_argument("--seed", type=int, default=0, help="which random numbers to start from (default: 0)")
    tune.set_defaults(run=tune_model)
    verify = commands.add_parser("verify", help="check every line and every slope of the course on this machine")
    verify.set_defaults(run=verify_walk)

    options = parser.parse_args(argv)
    one_thread()
    try:
        return options.run(options) or 0
    except (ValueError, OSError) as error:
        print(f"gradwalk: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130  # as shells have it for Ctrl-C


def one_thread() -> None:
    """Let numpy do its matrix products on one thread, here and in every kernel, unless the environment says otherwise.

    Matrices this small are slower on two, and one gives equal bits. numpy reads it when it is imported.
    """
    for blas in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{blas}_NUM_THREADS", "1")


def port(text):
    """A port number from the command line: 1 to 65535, or a ValueError, which argparse reports."""
    number = int(text)
    if not 1 <= number <= 65535:
        raise ValueError(text)
    return number


def open_course(options):
    """Serve the course on this machine alone, behind a fresh token, until Ctrl-C."""
    from jupyterlab.labapp import LabApp

    folder = course_folder()
    first = min(notebook.name for notebook in folder.glob("*.ipynb"))
    token = secrets.token_hex(16)
    page = f"lab/tree/{first}"
    settings = {
        "ServerApp.root_dir": folder,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.open_browser": not options.no_browser,
        # in a container the teacher is often root, and JupyterLab would refuse; Windows has no geteuid
        "ServerApp.allow_root": hasattr(os, "geteuid") and os.geteuid() == 0,
        "IdentityProvider.token": token,
        "Application.log_level": "ERROR",
        "LabApp.default_url": f"/{page}",
        # JupyterLab's defaults for the course: no news from elsewhere, light or dark as the system is
        "LabApp.app_settings_dir": PACKAGE / "lab",
    }
    if options.port:  # this port or none
        settings |= {"ServerApp.port": options.port, "ServerApp.port_retries": 0}
    server = LabApp.initialize_server(argv=[f"--{name}={value}" for name, value in settings.items()])
    signal.signal(signal.SIGINT, lambda *_: server.stop(from_signal=True))  # at once, kernels and all, no question
    said = f"The course is open at {server.connection_url}{page}?token={token} (Ctrl-C stops it)"
    server.io_loop.add_callback(print, said, flush=True)  # the loop's first act is to listen: said when it is true
    server.start()


def course_folder():
    """Where the learner works: the clone's own notebooks, or a copy of the bundled ones in the current folder."""
    bundled = PACKAGE / "notebooks"
    if not bundled.is_dir():  # an editable install: the notebooks lie beside the package
        return PACKAGE.parent / "notebooks"
    here = Path.cwd()
    folder = here if here.name == COPY else here / COPY
    added, kept = place_course(bundled, folder)
    print(f"{folder}: {added} files of the course added, {kept} left as they were", flush=True)
    return folder


def place_course(bundled, folder):
    """Copy what `folder` does not have yet; an existing file is never touched. Return how many (added, kept)."""
    added = kept = 0
    for source in sorted(path for path in bundled.rglob("*") if path.is_file()):
        target = folder / source.relative_to(bundled)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with target.open("xb") as new:  # "x" fails where a file is: no moment in which it could be overwritten
                new.write(source.read_bytes())
            added += 1
        except FileExistsError:
            kept += 1
    return added, kept


def tune_model(options):
    """Train a model on the course's text or the learner's, say what it gained, and save it."""
    from gradwalk.tune import main as train

    train(text=options.text, out=options.out, seed=options.seed)


def verify_walk(options):
    """Check every derivation, slope and symmetry here and print the table; 1 if something does not hold."""
    from gradwalk.verify import table

    return 0 if table() else 1
