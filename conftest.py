"""What every test run needs: one thread, skips that fail when asked, derivations left to their own runner."""

import importlib
from pathlib import Path

import pytest

from gradwalk.cli import no_grammar, one_thread

no_grammar()
one_thread()  # the notebooks' kernels inherit it, as they do from the command `gradwalk`

# Derivations run on a worked example, with names that only telling/derivations.py has: tests/test_derivations.py
# runs them.
collect_ignore_glob = ["gradwalk/step*.py", "gradwalk/telling/derivations.py"]


def pytest_addoption(parser):
    parser.addoption(
        "--fail-on-skip",
        action="store_true",
        help="fail the run if any test was skipped, as continuous integration does: nothing may go unchecked there",
    )


def pytest_configure(config):
    if getattr(config.option, "nbval", False):
        # Where HOME is read-only Matplotlib finds itself another folder, and says so: here, where no cell prints it.
        importlib.import_module("matplotlib.font_manager")  # kernels inherit the folder, and find its fonts there
    if getattr(config.option, "nbval_sanitize_with", "") is None:  # from whatever folder pytest was called
        config.option.nbval_sanitize_with = str(Path(__file__).parent / "tests/nbval.cfg")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--fail-on-skip") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    skipped = len(terminalreporter.stats.get("skipped", []))
    if config.getoption("--fail-on-skip") and skipped:
        terminalreporter.write_line(f"--fail-on-skip: {skipped} skipped, so this run fails", red=True)
