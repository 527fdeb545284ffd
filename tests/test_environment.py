"""`environment.yml` is read as it is meant: by Binder's own parser, and in agreement with pyproject.toml."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def binder(monkeypatch):
    """Repo2docker's reading of this folder."""
    conda = pytest.importorskip("repo2docker.buildpacks", reason="jupyter-repo2docker is not installed").CondaBuildPack
    monkeypatch.chdir(ROOT)
    pack = conda(base_image="none")
    pack.platform = "linux/amd64"
    return pack


def test_binder_takes_a_python_that_the_course_runs_on(binder):
    assert binder.detect()
    assert binder.python_version == "3.11"  # the one that continuous integration runs on; without a pin it is 3.10
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert wanted == ">=3.11"


def test_binder_has_an_environment_of_that_python(binder):
    assert any("py-3.11" in name for name in binder.get_build_script_files())  # ValueError if it had none


def test_binder_installs_this_very_folder(binder):
    assert {"pip": ["-e ."]} in binder.environment_yaml["dependencies"]
    assert not binder._should_preassemble_env  # the folder is there before pip asks for it
