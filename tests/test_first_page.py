"""What a newcomer sees when `gradwalk` has opened, in a real browser, before anything was run."""

import re
import shutil

import lab
from test_cli import ROOT, serving

pytestmark = lab.needs_browser()


def test_the_course_opens_on_a_page_from_which_the_first_stop_opens_whole(tmp_path):
    for name in ("gradwalk", "notebooks"):  # a clone of its own: JupyterLab keeps a copy of what it opens
        shutil.copytree(ROOT / name, tmp_path / name)
    with (
        serving(tmp_path, tmp_path / "home", package=tmp_path) as ((address, page, token), _),
        lab.browser() as browser,
    ):
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.goto(f"{address}{page}?token={token}")
        contents = tab.locator(".jp-MarkdownViewer")
        contents.get_by_role("heading", name="The walk").wait_for(timeout=60_000)
        assert tab.locator(".jp-FileEditor").count() == 0  # not as source
        how_to_run = contents.get_by_text("Run > Run All Cells")
        box = how_to_run.bounding_box()
        assert 0 < box["y"] < 800
        assert "Shift+Enter" in contents.inner_text()

        contents.get_by_role("link", name=re.compile("^0$")).first.click()
        stop = tab.locator(".jp-NotebookPanel")
        stop.locator("svg").first.wait_for(timeout=60_000)  # the map, which JupyterLab strips where it does not trust
        assert stop.locator("input[type=radio]:disabled").count() == 0  # the switch of names is alive
        word = stop.get_by_text("Run the notebook down to here, and you can type a sentence of your own")
        word.scroll_into_view_if_needed()
        word.wait_for()  # under the board's table
        assert stop.locator(".gw-board").count() == 0
        assert stop.get_by_text("Error displaying widget").count() == 0
