"""The course as pages: each stop's page against its notebook, from a server and from bare files, in a real browser."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import lab
import nbformat
import pytest
from pages import unfolded

from gradwalk.course import notebooks
from gradwalk.site import build

ROOT = Path(__file__).parents[1]
STOPS = {path.stem: nbformat.read(path, as_version=4) for path in notebooks.stops(ROOT / "notebooks")}
MISSING = [package for module, package in build.NEEDS.items() if not find_spec(module)]
pytestmark = [
    *lab.needs_browser(),
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (pip install -e '.[site]')"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The whole course, written once by the command itself."""
    out = tmp_path_factory.mktemp("site") / "pages"
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-m", "gradwalk", "site", out], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"The course is in {out}: open index.html there, or serve the folder"
    assert [path.name for path in out.parent.iterdir()] == ["pages"]  # nothing else is left lying about
    return out


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *said):
        """Nothing: a test's output is for what failed."""


@pytest.fixture(scope="module")
def served(site):
    """The address of a server of that folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def visiting(browser):
    """A function: open an address, in a context of its own. An error, or a request to anybody else, fails the test."""
    contexts, troubles = [], []

    def open_page(address, **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page, own = context.new_page(), address.rsplit("/", 1)[0]
        page.on("request", lambda asked: asked.url.startswith((own, "data:")) or troubles.append(f"asked {asked.url}"))
        page.on("requestfailed", lambda asked: troubles.append(f"not there: {asked.url}"))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles


@pytest.fixture
def visit(browser):
    with visiting(browser) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def page(site, browser, stop):
    """A stop's page in bare files, opened once for all that is asked of it."""
    with visiting(browser) as open_page:
        opened = open_page((site / f"{stop}.html").as_uri())
        opened.wait_for_function("window.gradwalkLive")
        yield opened


def outputs(stop):
    return [output for cell in STOPS[stop].cells for output in cell.get("outputs", [])]


def first_lines(stop, begins):
    """What widgets say of themselves: the first lines of outputs that have HTML too."""
    told = [output.data["text/plain"] for output in outputs(stop) if "text/html" in output.get("data", {})]
    return [text.splitlines()[0] for text in told if re.match(begins, text)]


def boards(stop):
    return first_lines(stop, r"DialBoard\(")


def exercises(stop):
    return first_lines(stop, r"What is \w+(\[[\d, ]+\])?\?\n")


def live_pages(stop):
    told = [output.get("data", {}).get("text/plain", "") for output in outputs(stop)]
    return [text.splitlines()[1:-1] for text in told if text.endswith((" slider moves it.", " buttons moves it."))]


# ---- the pages against the notebooks

LOOK = """stored => {
    const tables = root => [...root.querySelectorAll("table")].map(
        table => [...table.rows].map(row => [...row.cells].map(cell => cell.textContent)));
    // a rule's picture comes into the page as a drawing, with the same words
    const pictures = root => [...root.querySelectorAll("img, .gw-rule svg[role=img]")].map(
        picture => picture.alt ?? picture.getAttribute("aria-label"));
    const all = wanted => [...document.querySelectorAll(wanted)];
    const told = nodes => nodes.map(node => node.textContent);
    const page = document.createElement("div");
    page.append(...all(".gw-output").map(node => node.cloneNode(true)));
    const notebook = new DOMParser().parseFromString(stored, "text/html");
    return {
        tables: [tables(page), tables(notebook)], pictures: [pictures(page), pictures(notebook)],
        formulas: all("math").length, unread: page.textContent.includes("$$"),
        drawings: [all(".gw-map svg").length, notebook.querySelectorAll(".gw-map svg").length],
        code: told(all("article .highlight-python pre")), texts: told(all(".gw-output > pre")),
        headings: told(all("article :is(h1, h2, h3)")),
        live: all(".gw-on").length, boards: all(".gw-board").length,
    };
}"""


# On paper: what sticks out at its right, what scrolls there, and what waits for a hand.
PAPER = """() => [...document.querySelectorAll("body *")].filter(node =>
    node.checkVisibility({ visibilityProperty: true }) && !node.ownerSVGElement).flatMap(node => {
        const told = `${node.tagName} ${node.textContent.trim().slice(0, 60)}`;
        const { right } = node.getBoundingClientRect(), over = node.clientWidth && node.scrollWidth - node.clientWidth;
        return [
            ...right > innerWidth + 1 ? [`cut off at ${right}: ${told}`] : [],
            ...over > 1 && getComputedStyle(node).overflowX !== "visible" ? [`scrolls: ${told}`] : [],
            ...node.matches("button, input, select, .skip-to-content, .gw-predict summary") ? [`control: ${told}`] : [],
        ];
    })"""
A4 = {"width": 718, "height": 1047}  # what its margins leave, in pixels of the page
# What the theme colours in code is its own; a formula has the ink of its page.
AXE_RUN = """() => axe.run({ exclude: [".highlight", "math"] }, { preload: false, resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })"""
WAYS = [(theme, width) for theme in ("light", "dark") for width in (1280, 320)]


def hindering(page, way):
    """What axe says of a page in one of four ways, in words."""
    theme, width = WAYS[way % len(WAYS)]
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    page.add_script_tag(path=lab.AXE)
    found = page.evaluate(AXE_RUN)["violations"]
    return "\n".join(f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"])


def answers_the_hand(page, stop):
    for k, told in enumerate(boards(stop)):
        board = page.locator(".gw-board").nth(k)
        board.locator(".gw-loss[data-loss]").wait_for(state="attached")
        assert told.endswith(f"loss {loss(board):.4f})"), told
        board.scroll_into_view_if_needed()
        if "(b_K:" in told:  # all shares stay as they are, and so does the loss: its dials move, and that is all
            knob = board.locator(".gw-knob").first
            before = knob.get_attribute("aria-valuenow")
            knob.press("PageUp")
            moves(knob, before)
            continue
        by_mouse(page, board, by_key(board))
    for k, told in enumerate(live_pages(stop)):
        place = page.locator(".gw-moving:not(:has(.gw-board, .gw-exercise))").nth(k)
        said = place.locator("pre")
        assert said.text_content() == "\n".join(told)
        answers = json.loads(place.locator("xpath=../script").first.text_content())["answers"]
        control = place.locator("input").first
        if control.get_attribute("type") == "range":
            control.press("End")
        else:
            place.locator("input:checked").press("ArrowUp")  # from the first to the last
        assert said.text_content() == answers[-1]


WIDTHS_OF_LINES = """node => {
    const range = document.createRange();
    range.selectNode(node.firstChild);
    return [...range.getClientRects()].map(one => one.width);
}"""


@pytest.mark.parametrize("stop", STOPS, scope="module")
class TestAStop:
    def test_shows_what_its_notebook_shows(self, page, stop):
        shown = [output for output in outputs(stop) if "data" in output]
        html = [unfolded(output.data["text/html"]) for output in shown if "text/html" in output.data]
        found = page.evaluate(LOOK, "".join(html))
        for kind in ("tables", "pictures", "drawings"):
            assert found[kind][0] == found[kind][1], kind
        assert found["formulas"] == sum(one.count("$$") for one in html) / 2
        assert not found["unread"]
        live = [*boards(stop), *live_pages(stop), *exercises(stop)]
        assert (found["boards"], found["live"]) == (len(boards(stop)), len(live))
        cells = STOPS[stop].cells
        code = [cell.source for cell in cells if cell.cell_type == "code"]
        prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        beside = [fence for one in shown for fence in re.findall(r"```python\n(.*?)\n```", _markdown(one), re.DOTALL)]
        assert sorted(text.strip() for text in found["code"]) == sorted(text.strip() for text in [*code, *beside])
        plain = [one.text for one in outputs(stop) if one.output_type == "stream"]
        plain += [one.data["text/plain"] for one in shown if not {"text/html", "text/markdown"} & {*one.data}]
        assert sorted(text.strip() for text in found["texts"]) == sorted(text.strip() for text in plain)
        bare = [re.sub(r"[`*\\]", "", told) for told in re.findall(r"^#+ (.+)$", prose, re.MULTILINE)]
        assert [re.sub(r"[`*]", "", told) for told in found["headings"]] == bare

    def test_answers_the_hand(self, page, stop):
        answers_the_hand(page, stop)

    @pytest.mark.skipif(not lab.AXE.exists(), reason="no axe-core (npm --prefix gradwalk/widgets ci)")
    def test_hinders_nobody(self, page, stop):
        """Axe looks at every third page in one of four ways: what one has wrong others have too."""
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.querySelector('article').getBoundingClientRect().right") <= width
        k = [*STOPS].index(stop)
        assert k % 3 != 1 or not hindering(page, k)

    def test_is_whole_on_paper(self, page):
        page.emulate_media(media="print", color_scheme="dark")
        page.set_viewport_size(A4)
        assert page.evaluate(PAPER) == []
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_stop_answers_the_hand_from_a_server(served, visit):
    page = visit(f"{served}/1a_which_way.html")
    page.wait_for_function("window.gradwalkLive")
    answers_the_hand(page, "1a_which_way")


def _markdown(output):
    return "" if "text/html" in output.data else output.data.get("text/markdown", "")


def loss(board):
    return float(board.locator(".gw-loss").get_attribute("data-loss"))


# Waits for the drawn number: some dials do nothing, so it gives up after twenty pictures.
CHANGES = """async ([node, before]) => {
    for (let k = 0; k < 20; k++) {
        await new Promise(requestAnimationFrame);
        if (Number(node.dataset.loss) !== before) return true;
    }
    return false;
}"""


def changes(board, before):
    return board.page.evaluate(CHANGES, [board.locator(".gw-loss").element_handle(), before])


def by_key(board):
    """Turn one dial after another by a key until the loss responds; that dial."""
    for knob in board.locator(".gw-knob").all():
        before = loss(board)
        knob.press("PageUp")
        if changes(board, before):
            return knob
    raise AssertionError("no dial moves the loss")


def moves(knob, before):
    from playwright.sync_api import expect

    expect(knob).not_to_have_attribute("aria-valuenow", before)  # it is drawn in the next picture


def by_mouse(page, board, knob):
    knob.scroll_into_view_if_needed()
    box, before = knob.bounding_box(), loss(board)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 25)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] - 15, steps=3)
    assert changes(board, before)
    page.mouse.up()


# ---- the site as a whole


def test_every_link_leads_somewhere(site):
    pages = {path.name: path.read_text(encoding="utf-8") for path in site.glob("*.html")}
    assert {*pages} == {f"{name}.html" for name in [*STOPS, "index", "search"]}
    ids = {name: {*re.findall(r'\bid="([^"]+)"', text)} for name, text in pages.items()}
    followed = set()
    for name, text in pages.items():
        for href in re.findall(r'<a\b[^>]*?\bhref="([^"]*)"', text):
            link = urlsplit(href)
            if link.scheme:
                assert link.netloc == "github.com", href  # furo's own name at the foot of the page
                continue
            there = link.path or name
            assert there in pages, f"{name}: {href}"
            assert not link.fragment or unquote(link.fragment) in ids[there], f"{name}: {href}"
            followed.add((there, unquote(link.fragment)))
    contents = (ROOT / "notebooks/README.md").read_text(encoding="utf-8")
    asked = re.findall(r"\]\((?:side/)?(\w+)\.ipynb#(cell-id=[\w-]+)\)", contents)
    assert {(f"{stop}.html", cell) for stop, cell in asked} <= followed


def test_a_stop_is_light(site):
    """Everything that a page loads, compressed, beside the models, which several pages share."""
    for stop in STOPS:
        text = (site / f"{stop}.html").read_text(encoding="utf-8")
        loaded = {urlsplit(one).path for one in re.findall(r'<(?:script|link)[^>]+?(?:src|href)="([^"]+)"', text)}
        files = [(site / name).read_bytes() for name in loaded if name.startswith("_static")]
        models = [file for file in files if file.startswith(b"(window.gradwalkShared") and b'"weights":' in file]
        own = [text.encode(), *(file for file in files if file not in models)]
        size = sum(len(gzip.compress(file)) for file in own)
        assert size <= 200_000, f"{stop}: {size}"


def test_nothing_in_the_site_is_of_one_run_alone(site):
    for path in site.rglob("*.*"):
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not re.search(r'IPY_MODEL_[0-9a-f]{32}|"[0-9a-f]{32}"', text), path.name
    assert " and Furo  -->" in (site / "index.html").read_text(encoding="utf-8")  # no versions


def test_the_first_page_has_the_walk_in_order_and_leads_on(site, visit):
    page = visit((site / "index.html").as_uri())
    page.wait_for_function("window.gradwalkLive")
    rows = page.locator("article table").evaluate_all(
        "tables => tables.slice(0, 2).flatMap(t => [...t.querySelectorAll('tbody a')].map(a => a.getAttribute('href')))"
    )
    assert rows == [f"{stop}.html" for stop in STOPS]
    beside = page.locator(".sidebar-tree a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert beside == rows
    assert page.locator(".gw-record").get_by_text("Nothing was called yet.").is_visible()
    pages = ["index.html", *rows]
    for before, name, after in zip([None, *pages], pages, [*rows, None], strict=False):
        text = (site / name).read_text(encoding="utf-8")
        told = [re.search(rf'class="{way}-page" href="([^"]+)"', text) for way in ("prev", "next")]
        assert [found and found[1] for found in told] == [before, after], name
        assert '<a class="reference external" href="index.html#with-python-behind-it">' in text, name


def test_two_long_titles_in_a_pages_foot_stand_apart(site, visit):
    page = visit((site / "5_mask_forgotten.html").as_uri())
    before, after = (page.locator(f".{way}-page").bounding_box() for way in ("prev", "next"))
    assert before["x"] + before["width"] + 8 < after["x"]


def test_a_row_of_a_narrow_table_has_its_name_in_one_line(site, visit):
    page = visit((site / "5_where_it_looks.html").as_uri(), viewport={"width": 390, "height": 800})
    rows = page.locator("th[scope=row], td[style]:first-child").filter(visible=True)
    assert rows.all_inner_texts()[:2] == ["head 0", "head 1"]
    assert max(row.bounding_box()["height"] for row in rows.all()) < 40


def test_a_question_leads_to_its_cell(site, visit):
    page = visit((site / "index.html").as_uri())
    page.get_by_role("link", name="q30", exact=True).click()
    page.wait_for_function("window.gradwalkLive")
    assert page.url.endswith("1_rulers.html#cell-id=q30")
    top = page.get_by_role("heading", name="Question 30").bounding_box()["y"]
    assert 0 <= top < 200


def test_a_search_finds_its_stop_in_bare_files(site, visit):
    page = visit((site / "search.html").as_uri() + "?q=museum")
    found = page.locator("#search-results li a")
    found.first.wait_for()
    assert "7b_it_trains_is_no_evidence.html" in " ".join(one.get_attribute("href") for one in found.all())


def test_no_heading_ends_in_one_word_alone(site, visit):
    page = visit((site / "1c_how_far.html").as_uri())
    first, last = page.locator("h2", has_text="start at 0?").evaluate(WIDTHS_OF_LINES)
    assert last > first / 2


def test_the_switch_turns_every_formula_and_a_board(site, visit):
    page = visit((site / "2a_mlp.html").as_uri())
    page.wait_for_function("window.gradwalkLive")
    step = page.locator(".gw-step:visible").first  # another stands behind a prediction
    assert step.locator(".gw-said.gw-course math").first.is_visible()
    assert not step.locator(".gw-said.gw-gpt2 math").first.is_visible()
    assert not step.locator(".gw-said.gw-gpt2 math").first.evaluate("node => node.checkVisibility()")  # nor laid out
    page.get_by_role("radio", name="GPT-2").first.check()
    assert not step.locator(".gw-said.gw-course math").first.is_visible()
    assert step.locator(".gw-said.gw-gpt2 math").first.is_visible()
    own, ink = step.locator(".gw-gpt2 .gw-own").first, step.locator(".gw-gpt2 math").first
    colours = [one.evaluate("node => getComputedStyle(node).color") for one in (own, ink)]
    assert colours[0] != colours[1]  # what GPT-2 has no name for is grey


CONTROLS = "all => all.filter(one => one.name !== 'gw-names').map(one => [one.value, one.checked])"


@pytest.mark.parametrize("stop", ["2b_gelu", "5c_scores", "0_other_names", "7_batches"])
def test_the_browsers_way_back_sets_no_control_that_the_page_has_not_heard_of(site, visit, stop):
    address = (site / f"{stop}.html").as_uri()
    page = visit(address)
    page.wait_for_function("window.gradwalkLive")
    controls = page.locator("input, select")
    fresh = controls.evaluate_all(CONTROLS)
    for control in page.locator("input[type=range]:visible").all():
        control.fill(control.get_attribute("max"))
    for control in page.locator(".gw-choices:visible").all():
        control.locator("input").last.check()
    for control in page.locator("select[aria-label='steps a second']:visible").all():
        control.select_option("60")
    for control in page.locator("input[type=checkbox]:visible, .gw-switch:visible input[value=pytorch]").all():
        control.check()
    for control in page.locator("input[type=search]:visible, input[type=text]:visible").all():
        control.fill("norm")
    assert controls.evaluate_all(CONTROLS) != fresh
    page.goto((site / "index.html").as_uri())
    page.evaluate("localStorage.setItem('gradwalk.names', 'gpt2')")  # chosen there
    page.go_back()
    page.wait_for_function("window.gradwalkLive")
    assert controls.evaluate_all(CONTROLS) == fresh
    switches = page.locator("input[name=gw-names]:checked").evaluate_all("all => all.map(one => one.value)")
    assert set(switches) <= {page.evaluate("document.body.dataset.gradwalkNames")}


def test_the_map_leads_to_another_stop(site, visit):
    page = visit((site / "1a_which_way.html").as_uri())
    page.wait_for_function("window.gradwalkLive")
    place = page.locator(".gw-map a").first
    assert "go to 6a_embedding" in place.get_attribute("aria-label")
    place.click()
    assert page.url.endswith("/6a_embedding.html")


def test_on_paper_a_board_is_its_table_and_nothing_is_folded(site, visit):
    page = visit((site / "1a_which_way.html").as_uri())
    page.wait_for_function("window.gradwalkLive")
    board, still = page.locator(".gw-board").first, page.locator(".gw-on > .gw-still").first
    page.evaluate(
        "document.querySelector('article').insertAdjacentHTML('beforeend', '<details><p id=in>told</p></details>')"
    )
    shown = page.locator("#in")
    assert board.is_visible()
    assert not still.is_visible()
    assert not shown.evaluate("node => node.checkVisibility({ contentVisibilityAuto: true })")
    page.emulate_media(media="print")
    assert not board.is_visible()
    assert still.is_visible()
    assert shown.evaluate("node => node.checkVisibility({ contentVisibilityAuto: true })")
    assert not page.locator(".gw-switch").first.is_visible()


def in_sight(cell):
    """Whether a cell's code stands open."""
    return cell.cell_type == "code" and not cell.metadata.get("jupyter", {}).get("source_hidden")


def test_a_page_is_slides_too(site, visit):
    """Each cell comes once, on the slide where its notebook puts it; boards move there, and keep their keys."""
    stop = "5e_three_streams"
    page = visit((site / f"{stop}.html").as_uri(), viewport={"width": 1024, "height": 768})
    page.wait_for_function("window.gradwalkLive")
    page.get_by_role("button", name="as slides").click()
    count, turned, cells = page.locator(".gw-present span"), 0, STOPS[stop].cells
    begins = [k for k, cell in enumerate(cells) if cell.metadata["slideshow"]["slide_type"] != "fragment"]
    for k, cell in enumerate(cells):
        first = max(begin for begin in begins if begin <= k)
        assert count.inner_text() == f"{begins.index(first) + 1} / {len(begins)}"
        shown = page.locator("article .highlight-python:visible").all_inner_texts()
        code = [one.source for one in cells[first : k + 1] if in_sight(one)]
        assert [text.strip() for text in shown] == [text.strip() for text in code]
        assert page.evaluate("document.documentElement.scrollWidth") <= 1024
        board = page.locator(".gw-board:visible").first
        if "DialBoard(" in cell.source and board.count():
            knob = board.locator(".gw-knob").first
            before = knob.get_attribute("aria-valuenow")
            knob.press("ArrowRight")
            moves(knob, before)
            turned += 1
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("ArrowRight")
    assert turned == len(boards(stop))
    page.keyboard.press("ArrowLeft")
    assert count.inner_text() == f"{sum(begin <= len(cells) - 2 for begin in begins)} / {len(begins)}"
    page.keyboard.press("Escape")
    assert page.locator("article .highlight-python:visible").count() == sum(map(in_sight, cells))


def test_a_page_that_was_opened_inside_an_archive_says_so(site, browser, tmp_path):
    shutil.copy(site / "1a_which_way.html", tmp_path)
    context = browser.new_context()
    page = context.new_page()
    page.goto((tmp_path / "1a_which_way.html").as_uri())
    assert page.locator("#gw-missing").is_visible()
    assert "extract the whole archive" in page.locator("#gw-missing").inner_text()
    assert page.locator(".gw-still table").first.is_visible()
    page.goto((site / "1a_which_way.html").as_uri())
    assert not page.locator("#gw-missing").is_visible()
    context.close()


def test_where_storage_is_refused_all_goes_on(served, visit, site):
    frame = '<iframe sandbox="allow-scripts" src="1a_which_way.html" width=1200 height=800>'
    (site / "frame.html").write_text(f'<link rel="icon" href="data:,">{frame}')
    page = visit(f"{served}/frame.html")
    (site / "frame.html").unlink()
    frame = page.frames[1]
    frame.wait_for_function("window.gradwalkLive")
    assert frame.locator(".gw-board").count() == len(boards("1a_which_way"))
    themes = []
    for _ in range(3):
        frame.locator(".theme-toggle-content button").click()
        themes.append(frame.evaluate("document.body.dataset.theme"))
    assert {*themes} == {"auto", "light", "dark"}


@pytest.mark.skipif(not lab.AXE.exists(), reason="no axe-core (npm --prefix gradwalk/widgets ci)")
def test_the_pages_that_lead_to_the_stops_hinder_nobody(site, visit):
    for way, name in enumerate(("index", "search")):
        page = visit((site / f"{name}.html").as_uri())
        page.wait_for_function("window.gradwalkLive")
        assert not hindering(page, way)
