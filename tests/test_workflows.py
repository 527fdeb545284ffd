"""The workflows for other machines, by their form: they are not run here."""

import os
import re
import shlex
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
KNOWN = {".ci/run", "gradwalk", "python", "pytest", "test"}  # all that a workflow calls


def read(path):
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # `on` is a word, not true


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


def test_there_is_one_that_tests_and_one_that_publishes():
    assert [path.name for path in FILES] == ["publish.yml", "tests.yml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_well_formed(path):
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["on"]
    for job in workflow["jobs"].values():
        assert {"uses", "runs-on"} & {*job}
        assert {*([job["needs"]] if "needs" in job else [])} <= {*workflow["jobs"]}
        if "uses" in job:  # another workflow, and one that may be called
            assert "workflow_call" in read(ROOT / job["uses"])["on"]
    for step in steps(workflow):
        assert ("uses" in step) != ("run" in step), step


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_action_is_pinned_to_one_commit(path):
    used = re.findall(r"uses: (?!\./)(.*)", path.read_text(encoding="utf-8"))
    assert used
    for action in used:  # a tag may move, a commit not; its version stands beside it for the reader
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_command_is_known(path):
    for step in steps(read(path)):
        for command in step.get("run", "").split("&&"):
            words = shlex.split(command, comments=True)
            assert not words or words[0] in KNOWN, command
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_three_systems_run_the_tests_by_the_readmes_own_command():
    jobs = read(ROOT / ".github/workflows/tests.yml")["jobs"]
    systems = [jobs["everything"]["runs-on"], *jobs["elsewhere"]["strategy"]["matrix"]["os"]]
    assert [system.split("-")[0] for system in systems] == ["ubuntu", "macos", "windows"]
    told = re.search(r"<!-- ci: test -->\n```sh\n(.*)\n```", (ROOT / "README.md").read_text(encoding="utf-8"))[1]
    marks = re.findall(r'"(\w+): ', re.search(r"markers = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.S)[1])
    wanted = re.fullmatch(re.escape(told) + r' -m "not (\w+) and not (\w+)"', jobs["elsewhere"]["steps"][-1]["run"])
    assert {*wanted.groups()} <= {*marks}


def test_the_wheel_that_is_published_is_the_one_that_was_built_after_the_tests():
    jobs = read(ROOT / ".github/workflows/publish.yml")["jobs"]
    assert (jobs["wheel"]["needs"], jobs["pypi"]["needs"]) == ("tests", "wheel")
    (build,) = [step["run"] for step in jobs["wheel"]["steps"] if "pip wheel" in step.get("run", "")]
    assert build.removeprefix("python -m pip wheel ") in (ROOT / ".ci/run").read_text().replace('"$work/dist"', "dist")


def test_the_pages_that_are_published_are_those_that_the_readme_writes():
    pages = read(ROOT / ".github/workflows/publish.yml")["jobs"]["pages"]
    assert pages["needs"] == "tests"
    (write,) = [step["run"] for step in pages["steps"] if "run" in step]
    assert f"\n{write}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    (upload,) = [step["with"] for step in pages["steps"] if "upload-pages" in step.get("uses", "")]
    assert write.split()[-1] == upload["path"]
