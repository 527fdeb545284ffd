"""A notebook that was only opened is not modified, and its file is left as it is."""

import asyncio
import json
import platform
import shutil
from pathlib import Path

import lab
import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager, LargeFileManager

from gradwalk.course.contents import name_the_language

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "0_forward.ipynb"
NAMED = "window.jupyterapp.shell.currentWidget.context.model.sharedModel.getMetadata('language_info')?.version"


@pytest.fixture(params=[AsyncLargeFileManager, LargeFileManager], ids=["asynchronous", "synchronous"])
def read(request, tmp_path):
    """What either kind of contents manager hands on."""
    manager = request.param(root_dir=str(tmp_path))
    name_the_language(manager)
    name_the_language(manager)  # once more changes nothing

    def get(name, **options):
        found = manager.get(name, **options)
        return asyncio.run(found) if asyncio.iscoroutine(found) else found

    return get


def test_the_language_is_named_in_full_and_the_file_is_left_as_it_is(read, tmp_path):
    shutil.copy(NOTEBOOK, tmp_path)
    stored = nbformat.read(NOTEBOOK, as_version=4)
    assert stored.metadata.language_info == {"name": "python"}
    content = read(NOTEBOOK.name)["content"]
    assert content["metadata"]["language_info"]["version"] == platform.python_version()
    assert content["metadata"]["language_info"]["codemirror_mode"] == {"name": "ipython", "version": 3}
    assert content["metadata"] == stored.metadata | {"language_info": content["metadata"]["language_info"]}
    assert [cell["source"] for cell in content["cells"]] == [cell.source for cell in stored.cells]
    assert (tmp_path / NOTEBOOK.name).read_bytes() == NOTEBOOK.read_bytes()


IN_FULL = {
    "language_info": {"name": "python", "version": "3.0"},
    "kernelspec": {"name": "python3", "display_name": "P"},
}


@pytest.mark.parametrize(
    "metadata", [{}, IN_FULL, {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}]
)
def test_another_kernels_notebook_is_handed_on_as_it_is(read, tmp_path, metadata):
    nbformat.write(nbformat.v4.new_notebook(metadata=metadata), tmp_path / "other.ipynb")
    assert read("other.ipynb")["content"]["metadata"] == metadata


def test_what_is_no_notebook_or_not_read_is_handed_on(read, tmp_path):
    (tmp_path / "notes.md").write_text("# Mine\n", encoding="utf-8")
    shutil.copy(NOTEBOOK, tmp_path)
    assert read("notes.md", type="file", format="text")["content"] == "# Mine\n"
    assert read(NOTEBOOK.name, content=False)["content"] is None
    assert {entry["name"] for entry in read("")["content"]} == {"notes.md", NOTEBOOK.name}


def needs_browser(test):
    for mark in lab.needs_browser():
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The course in a plain JupyterLab that has the package's extension: (its folder, its address, a page)."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(NOTEBOOK.parent, folder, dirs_exist_ok=True)
    options = json.loads((ROOT / "gradwalk/course/lab/server.json").read_text(encoding="utf-8"))["ServerApp"]
    enabled = f"--ServerApp.jpserver_extensions={options['jpserver_extensions']}"
    with lab.lab(folder, enabled) as url, lab.browser() as browser:
        yield folder, url, browser.new_page(viewport={"width": 1280, "height": 800})


@pytest.mark.slow
@needs_browser
def test_a_notebook_that_was_only_opened_is_not_modified(opened):
    folder, url, page = opened
    page.goto(lab.address(url, NOTEBOOK.name))
    page.wait_for_function(lab.IDLE, timeout=60_000)
    page.wait_for_function(NAMED)
    page.wait_for_timeout(1000)  # it is to stay as it is, and nothing tells when the kernel has had its say
    assert page.evaluate("window.jupyterapp.shell.currentWidget.context.model.dirty") is False
    assert page.evaluate(NAMED) == platform.python_version()
    assert (folder / NOTEBOOK.name).read_bytes() == NOTEBOOK.read_bytes()


@pytest.mark.slow
@needs_browser
def test_the_index_of_questions_leads_to_the_very_cell(opened):
    _, url, page = opened
    page.goto(lab.address(url, NOTEBOOK.name))
    page.wait_for_function(lab.IDLE, timeout=60_000)
    as_page = {"path": "README.md", "factory": "Markdown Preview"}
    page.evaluate("as => window.jupyterapp.commands.execute('docmanager:open', as).then(() => true)", as_page)
    page.get_by_role("link", name="q11", exact=True).click()
    asked = page.get_by_role("heading", name="What is the MLP")
    asked.wait_for()
    in_view = "asked => { const { top } = asked.getBoundingClientRect(); return 0 < top && top < innerHeight }"
    page.wait_for_function(in_view, arg=asked.element_handle(), timeout=10_000)
    assert page.evaluate("window.jupyterapp.shell.currentWidget.context.path") == "2a_mlp.ipynb"
