"""The command `gradwalk`: open the course, tune a model, let it write, plan for a GPT-2, write the pages, print sheets,
mark, verify.

Each part of the command is imported when it is asked for, so that `gradwalk --version` answers at once.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import sys
from pathlib import Path

from gradwalk import __version__
from gradwalk.course import terminal

INTERRUPTED, PIPE_CLOSED = 130, 141  # as shells have it for Ctrl-C, and where nobody reads on


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line. An `epilog` that costs an import is made for the help alone."""

    def format_help(self):
        """The help, with what stands below it."""
        if callable(self.epilog):
            self.epilog = self.epilog()
        return super().format_help()

    def error(self, message):
        """Print it, and leave with status 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv=None):
    """Run the command line `argv` (default: the program's own).

    The exit status: 0, 1 if something that `verify` checks does not hold, 2 for an error, and what shells have for
    Ctrl-C, for a pipe that nobody reads, and for being told to go.
    """
    terminal.any_encoding()
    options = parser().parse_args(argv)
    one_thread()
    no_grammar()
    try:
        with terminal.told_to_go():
            status = options.run(options) or 0
        print(end="", flush=True)  # what cannot be printed is found out here, not when Python goes
        return status
    except BrokenPipeError:  # `gradwalk verify | head`
        terminal.print_no_more()
        return PIPE_CLOSED
    except (ValueError, OSError) as error:
        print(f"gradwalk: {one_line(error)}", file=sys.stderr)
        terminal.print_no_more()
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED


def one_thread() -> None:
    """Let numpy do its matrix products on one thread, here and in every kernel, unless the environment says otherwise.

    Matrices this small are slower on two, and one gives equal bits. numpy reads it when it is imported.
    """
    for blas in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{blas}_NUM_THREADS", "1")


def no_grammar() -> None:
    """Let Jupyter's checks of JSON do without a grammar of web addresses, half of what its server takes to start.

    jsonschema makes it where it can. It knows addresses beyond ASCII, which none of Jupyter's schemas asks for.
    """
    sys.modules.setdefault("rfc3987_syntax", None)


def one_line(error):
    """An error's words; where it is the system's, the file and what is wrong with it."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).splitlines())


# ---- what can be said on the command line


def parser():
    """Every option and every command."""
    whole = Parser(
        prog="gradwalk",
        description="A walk backward through one transformer block. Without a command: open the course in JupyterLab.",
    )
    add = whole.add_argument
    add("--version", action="version", version=f"gradwalk {__version__}")
    add("--no-browser", action="store_true", help="print the address and open no browser")
    add("--port", type=number(1, 65535), help="serve at this port (default: the first free one from 8888)")
    add("--ip", type=address, default="127.0.0.1", help="serve at this address (default: this computer alone)")
    add("--copy", action="store_true", help="bring the notebooks to this folder, and open nothing")
    add("--fresh", action="store_true", help="bring the notebooks as they came, beside your own")
    whole.set_defaults(run=open_course)
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")

    add = command(commands, "tune", tune_model, "train a model by the course's own gradients")
    add("--text", metavar="FILE", help="your own text (default: the course's)")
    add("--out", metavar="FILE", help="where to save it (default: trained.safetensors, here)")
    add("--seed", type=number(0), default=0, help="which random numbers to start from (default: 0)")

    add = command(commands, "write", write_on, "let a model go on writing")
    add("sentence", nargs="+", metavar="WORD", help="how it begins: one word or more")
    add("--model", metavar="FILE", help="a tuned model, or the folder of a GPT-2 (default: the course's own)")
    add("--words", type=number(1), default=8, help="how many words to add (default: 8)")
    add("--temperature", type=float, default=0.0, help="0: the likeliest word each time (default); 1: drawn by p")
    add("--seed", type=number(0), default=0, help="which random numbers to draw by (default: 0)")

    add = command(commands, "gpt2", plan_gpt2, "say what a GPT-2 takes here: dials, memory, time")
    add("folder", metavar="FOLDER", help="where its config.json is; its weights need not be there yet")
    add("--positions", type=number(1), help="of how many positions the walk is (default: 64)")

    add = command(commands, "site", write_site, "write the course as pages that need no Python")
    add("out", metavar="OUT", help="the folder to write: a new one, or a site that was written before")

    add = command(commands, "exam", print_exam, "print an exam, or a short test before or after the course")
    add("--seed", type=number(0), default=0, help="by which number it is drawn (default: 0)")
    add("--test", choices=("before", "after"), help="a test of ten minutes in place of the exam")
    add("--key", action="store_true", help="what is right, in place of the questions")

    add = command(commands, "mark", mark_folder, "run handed-in answers again, and say what is right in them")
    add("folder", metavar="FOLDER", help="where the notebooks are: one a student, or a folder for each")
    add("--seed", type=number(0), default=0, help="the exam's number; all cases are drawn by it too (default: 0)")
    add("--out", metavar="FILE", help="write the marks to this file, too, as CSV")
    add("--key", action="store_true", help="print the solutions of what these notebooks ask, and mark nothing")

    add = command(commands, "worksheet", write_worksheet, "write a stop as a sheet to print, with its key", worksheets)
    add("stop", metavar="STOP", help="a stop with a gradient, such as 1b; or formulas, for all of the walk")
    add("--out", metavar="FILE", help="where to write it (default: worksheet-STOP.html, here)")
    add("--dialect", metavar="NAME", default="course", help="whose names: course, notes, gpt2 ... (default: course)")

    command(commands, "verify", verify_walk, "check every line and every slope of the course on this machine")
    return whole


def command(commands, name, run, told, epilog=None):
    """A command of its own; what is returned adds to what can be said with it."""
    own = commands.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.", epilog=epilog)
    own.set_defaults(run=run)
    return own.add_argument


def number(least, most=None):
    """A reader of whole numbers within these bounds."""
    wanted = f"wanted a whole number of at least {least}" if most is None else f"wanted {least} to {most}"

    def read(text):
        try:
            given = int(text)
        except ValueError:
            given = None
        if given is None or given < least or (most is not None and given > most):
            raise argparse.ArgumentTypeError(f"{wanted}, got {text!r}")
        return given

    return read


def address(text):
    """An IP address; "localhost" stands for one."""
    try:
        return str(ipaddress.ip_address("127.0.0.1" if text == "localhost" else text))
    except ValueError:
        wanted = "wanted an IP address of this machine, or 0.0.0.0 for all that it has"
        raise argparse.ArgumentTypeError(f"{wanted}, got {text!r}") from None


# ---- the commands


def open_course(options):
    """Bring the course to the learner and serve it behind a fresh token, until Ctrl-C; with --copy only bring it."""
    from gradwalk.course import notebooks, serving

    if options.copy:
        _, where = notebooks.place(options.fresh)
        notebooks.trust()
        print(f"The course is in {where}")
        return
    serving.check(options.ip, options.port)
    folder, where = notebooks.place(options.fresh)
    with serving.a_home():
        serving.serve(folder, where, options.ip, options.port, browser=not options.no_browser)


def tune_model(options):
    """Train a model on the course's text or the learner's, say what it gained, and save it."""
    from gradwalk.course import training

    training.train(text=options.text, out=options.out, seed=options.seed)


def write_on(options):
    """Let the course's model, or the learner's, go on from the words that are given."""
    from gradwalk import Model, checkpoint

    model = Model.trained() if options.model is None else None
    try:
        path = Path(options.model or "").expanduser()
        is_folder = path.is_dir() or not (path.suffix or path.exists())  # nothing is there: a name on the hub, perhaps
        read = checkpoint.gpt2 if is_folder else checkpoint.load
        model = model or read(options.model)
    except (ValueError, OSError) as error:
        raise ValueError(f"model: {one_line(error)}") from error
    print(model.write(" ".join(options.sentence), options.words, options.temperature, options.seed))


def plan_gpt2(options):
    """Count what a GPT-2 and a walk through it would take, and print it."""
    from gradwalk import checkpoint

    print(checkpoint.plan(options.folder, options.positions))


def write_site(options):
    """Run every stop, and write its page into a folder, which a browser opens from there or from any server."""
    from gradwalk.site.build import build

    print("Running every stop of the course: a minute or two", flush=True)
    print(f"The course is in {build(options.out)}: open index.html there, or serve the folder")


def print_exam(options):
    """Print the exam of a number, or a short test, or what is right in it."""
    from gradwalk.exercises.exam import Exam, ShortTest

    sheet = ShortTest(options.test, options.seed) if options.test else Exam(options.seed)
    print(sheet.key() if options.key else sheet.page())


def mark_folder(options):
    """Mark every notebook below a folder: a table for each student, and how often each mistake was made."""
    from gradwalk import files
    from gradwalk.exercises import marking

    if options.key:
        print(marking.key(options.folder, options.seed))
        return
    out = options.out and files.ready("out", Path(options.out).expanduser(), marking.is_marks)
    marks = []
    for own in marking.mark(options.folder, options.seed):
        print(marking.of_student(own), end="\n\n", flush=True)
        marks += own
    print(marking.by_mistake(marks))
    if out:
        files.write(out, marking.as_csv(marks), marking.is_marks, argument="out")


def worksheets():
    """The stops that have a sheet, and the dialects, for the help."""
    from gradwalk.dialect_table import DIALECTS
    from gradwalk.exercises import tasks, worksheet

    return f"Stops: {', '.join(tasks.by_stop())}, {worksheet.FORMULAS}. Names: {', '.join(DIALECTS)}."


def write_worksheet(options):
    """Write the sheet of a stop, and its key behind it, as a page that any browser prints."""
    from gradwalk.exercises import worksheet

    path = worksheet.write(options.stop, options.out, options.dialect)
    print(f"The sheet is in {path}: print it from a browser, A4 or Letter. The key begins on a page of its own")


def verify_walk(options):
    """Check every derivation, slope and symmetry here and print the table; 1 if something does not hold."""
    from gradwalk.verify import table

    return 0 if table() else 1
