"""The front door: light, complete, and the same whichever way one comes in."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import gradwalk

ROOT = Path(gradwalk.__file__).parents[1]


def python(code):
    """The standard output of `code` in a fresh Python that treats warnings as errors."""
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_import_loads_no_picture_and_no_widget_library():
    heavy = {"matplotlib", "ipywidgets", "anywidget", "jupyterlab", "IPython", "tqdm", "safetensors", "torch"}
    loaded = python("import sys, gradwalk; print(*sys.modules)")
    assert "gradwalk" in loaded
    assert heavy.isdisjoint(loaded)


def test_the_core_needs_numpy_alone():
    loaded = python("import sys; from gradwalk import Model, forward, backward, Dial; print(*sys.modules)")
    assert "numpy" in loaded
    assert {"matplotlib", "ipywidgets", "anywidget", "tqdm", "safetensors", "torch"}.isdisjoint(loaded)


def test_import_costs_at_most_a_third_more_than_numpy():
    spec = importlib.util.spec_from_file_location("import_time", ROOT / "bench" / "import_time.py")
    import_time = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(import_time)
    table = import_time.medians(rounds=5)
    assert table["import gradwalk"] <= 1.3 * table["import numpy"], table


@pytest.mark.parametrize("name", gradwalk.__all__)
def test_every_name_of_the_front_door_opens(name):
    assert name in dir(gradwalk)
    assert getattr(gradwalk, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'dL_dZ'"):
        gradwalk.dL_dZ  # noqa: B018


@pytest.mark.parametrize(
    "lines",
    [
        "import gradwalk; gradwalk.tune",
        "import gradwalk.tune",
        "import gradwalk; gradwalk.tune; import gradwalk.tune",
        "from gradwalk.tune import loss_on; import gradwalk",
        "import gradwalk; from gradwalk import loss_on",
    ],
)
def test_tune_is_the_function_whatever_was_imported_first(lines):
    asked = "import sys; print(callable(gradwalk.tune), gradwalk.tune is sys.modules['gradwalk.tune'].tune)"
    assert python(f"{lines}; {asked}") == ["True", "True"]
