"""The front door: light, complete, and the same whichever way one comes in."""

import subprocess
import sys

import pytest

import gradwalk


def python(code):
    """The standard output of `code` in a fresh Python that treats warnings as errors."""
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def loaded(code):
    """The modules that a fresh Python has after `code`."""
    return {*python(f"{code}; import sys; print(*sys.modules)")}


def test_import_loads_the_front_door_alone():
    more = loaded("import gradwalk") - loaded("pass")
    assert {name for name in more if name.partition(".")[0] != "importlib"} == {"gradwalk"}  # which it may find loaded


def test_the_core_needs_numpy_alone():
    core = loaded("from gradwalk import Model, forward, backward, Dial")
    more = {name.partition(".")[0] for name in core - loaded("import numpy")}
    assert more - sys.stdlib_module_names == {"gradwalk"}
    assert core.isdisjoint({"gradwalk.show", "gradwalk.text", "gradwalk.tuning", "gradwalk.widgets"})


@pytest.mark.parametrize("name", gradwalk.__all__)
def test_every_name_of_the_front_door_opens(name):
    assert name in dir(gradwalk)
    assert getattr(gradwalk, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'dL_dZ'"):
        gradwalk.dL_dZ  # noqa: B018


@pytest.mark.slow
def test_tune_is_the_function_whatever_was_imported_first():
    for lines in ("import gradwalk.tuning", "import gradwalk; gradwalk.tune; import gradwalk.tuning"):
        assert python(f"{lines}; print(gradwalk.tune is gradwalk.tuning.tune, callable(gradwalk.tune))") == [
            "True",
            "True",
        ]


@pytest.mark.slow
def test_jupyters_checks_of_json_come_without_a_grammar_of_web_addresses():
    assert "lark" in loaded("import jsonschema")  # or there is nothing to leave out any more
    assert "lark" not in loaded("from gradwalk.cli import no_grammar; no_grammar(); import jsonschema")
