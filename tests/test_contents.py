"""A notebook that was only opened is not modified, and its file is left as it is; saved, it keeps its widgets."""

import asyncio
import json
import platform
import shutil
from pathlib import Path

import lab
import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager, LargeFileManager
from tornado.web import HTTPError

from gradwalk.course.contents import keep_the_widgets, name_the_language

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "0_forward.ipynb"
NAMED = "window.jupyterapp.shell.currentWidget.context.model.sharedModel.getMetadata('language_info')?.version"


@pytest.fixture(params=[AsyncLargeFileManager, LargeFileManager], ids=["asynchronous", "synchronous"])
def manager(request, tmp_path):
    """Either kind of contents manager."""
    manager = request.param(root_dir=str(tmp_path))
    for _ in range(2):  # once more changes nothing
        name_the_language(manager)
        keep_the_widgets(manager)
    return manager


def done(answer):
    return asyncio.run(answer) if asyncio.iscoroutine(answer) else answer


@pytest.fixture
def read(manager):
    """What it hands on."""
    return lambda name, **options: done(manager.get(name, **options))


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


VIEW, STATE = "application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"
WIDGETS = {
    "board": {"model_module": "anywidget", "state": {"code": "IPY_MODEL_code", "tapes": ["IPY_MODEL_tape"]}},
    "code": {"state": {"module": "export default {}"}},
    "tape": {"state": {"of": {"layout": "IPY_MODEL_layout"}}},
    "layout": {"state": {}},
    "page": {"state": {"value": 1}},
    "earlier": {"state": {"code": "IPY_MODEL_code"}},
}


def notebook(shows, widgets, source="from gradwalk import DialBoard"):
    """A notebook whose outputs show these widgets, and which has these."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A stop")])
    for number in shows:
        data = {"text/plain": "a board", VIEW: {"model_id": number}}
        cell = nbformat.v4.new_code_cell(source, outputs=[nbformat.v4.new_output("display_data", data)])
        made.cells += [cell, nbformat.v4.new_code_cell(source, outputs=[nbformat.v4.new_output("stream", text="1")])]
    if widgets is not None:
        made.metadata["widgets"] = {STATE: {"version_major": 2, "version_minor": 0, "state": widgets}}
    return made


def saved(manager, tmp_path, content, was=None):
    """The widgets in the file once `content` was saved over `was`."""
    if was is not None:
        nbformat.write(was, tmp_path / "mine.ipynb")
    done(manager.save({"type": "notebook", "content": content}, "mine.ipynb"))
    metadata = nbformat.read(tmp_path / "mine.ipynb", as_version=4).metadata
    return metadata["widgets"][STATE]["state"] if "widgets" in metadata else None


@pytest.mark.parametrize("widgets", [None, {}], ids=["none was ever saved", "none is live"])
def test_what_is_shown_stays_in_the_file_with_all_that_it_refers_to(manager, tmp_path, widgets):
    kept = saved(manager, tmp_path, notebook(["board", "page"], widgets), was=notebook(["board"], WIDGETS))
    assert kept == {name: WIDGETS[name] for name in ("board", "code", "tape", "layout", "page")}


def test_what_is_saved_counts_and_the_rest_stays(manager, tmp_path):
    now = {"page": {"state": {"value": 2}}, "code": {"state": {"module": "export default 1"}}}
    kept = saved(manager, tmp_path, notebook(["board", "page"], now), was=notebook([], WIDGETS))
    assert kept == now | {name: WIDGETS[name] for name in ("board", "tape", "layout")}


def test_what_an_output_shows_in_turn_stays(manager, tmp_path):
    said = {"state": {"outputs": [{"data": {VIEW: {"model_id": "board"}}}]}}
    was = notebook(["said"], WIDGETS | {"said": said})
    kept = saved(manager, tmp_path, notebook(["said"], {"said": said}), was=was)
    assert kept.keys() == {"said", "board", "code", "tape", "layout"}


def test_what_is_shown_no_more_goes(manager, tmp_path):
    was = notebook(["board"], WIDGETS)
    assert saved(manager, tmp_path, notebook([], {}), was=was) == {}
    assert saved(manager, tmp_path, notebook(["page"], {}), was=was) == {"page": WIDGETS["page"]}


def test_where_the_file_has_none_nothing_is_made_up(manager, tmp_path):
    assert saved(manager, tmp_path, notebook(["board"], None)) is None  # no file yet
    assert saved(manager, tmp_path, notebook(["board"], {}), was=notebook(["board"], None)) == {}
    (tmp_path / "mine.ipynb").write_text("no notebook", encoding="utf-8")
    assert saved(manager, tmp_path, notebook(["board"], None)) is None


def test_anothers_notebook_is_saved_as_it_is(manager, tmp_path):
    other = notebook(["board"], {}, source="import other")
    assert saved(manager, tmp_path, other, was=notebook(["board"], WIDGETS)) == {}


ODD = [
    lambda content: content.update(cells=None),
    lambda content: content["cells"].append("no cell"),
    lambda content: content["cells"][1].update(outputs=None),
    lambda content: content["cells"][1].update(outputs=["none"]),
    lambda content: content["cells"][1]["outputs"][0].update(data=None),
    lambda content: content["cells"][1]["outputs"][0]["data"].update({VIEW: "board"}),
    lambda content: content["cells"][1]["outputs"][0]["data"].update({VIEW: {"model_id": ["board"]}}),
    lambda content: content["metadata"].update(widgets=[]),
    lambda content: content["metadata"].update(widgets={STATE: {"state": ["board"]}}),
    lambda content: content.update(metadata=None),
]


@pytest.mark.parametrize("odd", ODD)
def test_what_is_odd_is_saved_or_refused_as_without_us(manager, tmp_path, odd):
    def answered(manager):
        nbformat.write(notebook(["board"], WIDGETS), tmp_path / "mine.ipynb")
        content = json.loads(nbformat.writes(notebook(["board"], {})))
        odd(content)
        try:
            done(manager.save({"type": "notebook", "content": content}, "mine.ipynb"))
        except HTTPError as refused:
            return refused.status_code
        return "saved"

    assert answered(manager) == answered(type(manager)(root_dir=str(tmp_path)))


def test_what_is_no_notebook_is_saved(manager, tmp_path):
    done(manager.save({"type": "file", "format": "text", "content": "# Mine\n"}, "notes.md"))
    assert (tmp_path / "notes.md").read_text(encoding="utf-8") == "# Mine\n"


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
    asked = page.get_by_role("heading", name="What is the MLP")
    in_view = "asked => { const { top } = asked.getBoundingClientRect(); return 0 < top && top < innerHeight }"

    def led_there():
        page.evaluate("as => window.jupyterapp.commands.execute('docmanager:open', as).then(() => true)", as_page)
        page.get_by_role("link", name="q11", exact=True).click()
        asked.wait_for()
        page.wait_for_timeout(1000)  # JupyterLab goes there once; while it draws the cells above, the place moves on
        return asked.evaluate(in_view)

    lab.until(led_there)
    assert page.evaluate("window.jupyterapp.shell.currentWidget.context.path") == "2a_mlp.ipynb"


@pytest.mark.slow
@needs_browser
def test_a_page_that_has_restored_nothing_takes_nothing_out_of_the_file(opened):
    folder, url, page = opened
    nbformat.write(notebook(["board"], WIDGETS), folder / "mine.ipynb")
    page.goto(f"{url}api/status?token=t")
    content = json.dumps({"type": "notebook", "content": notebook(["board"], {})})
    headers = {"Authorization": "token t", "Content-Type": "application/json"}
    answer = page.request.put(f"{url}api/contents/mine.ipynb", data=content, headers=headers)
    assert answer.ok
    widgets = nbformat.read(folder / "mine.ipynb", as_version=4).metadata.widgets[STATE]["state"]
    assert widgets == {name: WIDGETS[name] for name in ("board", "code", "tape", "layout")}
