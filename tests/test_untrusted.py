"""The first glance: stored outputs in real pages, before anything was run. Not trusted, trusted, converted."""

from importlib.util import find_spec

import lab
import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter, SlidesExporter
from nbformat.sign import NotebookNotary

from gradwalk import show
from gradwalk.dialect_table import DIALECTS
from gradwalk.step2_mlp import dL_dv
from gradwalk.telling import derivations, ledger_page

pytestmark = lab.needs_browser()

HOSTILE = [
    *("<img src=http://there.test/x onerror=window.ran=1>", "<script>window.ran=1</script>", "<b>", "&lt;b&gt;", "a|b"),
    *("**bold**", "_a_", "~~gone~~", "[a](http://there.test)", "http://there.test", "# head", "- item", "`code`"),
    *("$x$", "$$x$$", r"\(x\)", r"\begin{align}x\end{align}", "-->", "↵"),
]
CELLS = {
    "switch": "from gradwalk import DialBoard, LivePage, Model, OwnSentence, forward, show\nshow.dialect()",
    "map": "show.block_map('1a_which_way')",
    "step": "from gradwalk.step2_mlp import dL_dv\nshow.step(dL_dv)",
    "journey": "model = Model.random(seed=0)\n"
    "tokens, y = model.read('the dog slept by the fire')\n"
    "show.journey(model, forward(model, tokens, y), 4)",
    "ledger": "show.ledger()",
    "table": f"show.table({{'word': {HOSTILE!r}, '$p$ <i>': [0.5] * {len(HOSTILE)}}})",
    "board": "DialBoard(model, tokens, y, 'W', rows=['fire', 'dog'], columns=[2])",
    "own": "OwnSentence(model, 'the dog slept by the fire')",
    "page": "LivePage(lambda x: show.line({'$twice$': 2 * x}), x=(0.0, 4.0))",
    "picture": "from matplotlib.figure import Figure\nshow.picture(Figure(figsize=(2, 1)), 'nothing \"yet\"')",
    "rule": "from gradwalk import backward\nvalues = forward(model, tokens, y)\n"
    "show.row_and_column('W', model, values, backward(model, values), select=('dog', 2))",
    "prediction": "from gradwalk import predict\n"
    "predict('Which way?', {'rise': 'so', 'fall': 'so'}, show.step(dL_dv), answer='fall')",
    "again": "show.dialect()",
}
EQUATIONS = derivations.derivation(dL_dv).lines
SWITCH = "names: course · notes · textbook · GPT-2 · PyTorch. The course's own stand here. "
SWITCH += "Run the notebook down to here, and this line becomes the switch."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two notebooks that ran elsewhere, without their widgets, as they are handed on; one will be signed here."""
    root = tmp_path_factory.mktemp("glance")
    lab.write_notebook(root / "strange.ipynb", *CELLS.values())
    lab.write_notebook(root / "1e_intended_meaning.ipynb", "1")
    notebook = nbformat.read(root / "strange.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120).execute()
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.outputs:
            output.data.pop("application/vnd.jupyter.widget-view+json", None)
    nbformat.write(notebook, root / "strange.ipynb")
    notebook.cells.append(nbformat.v4.new_markdown_cell("signed here"))
    nbformat.write(notebook, root / "signed.ipynb")
    return root


@pytest.fixture(scope="module")
def jupyter(folder):
    with lab.lab(folder) as url:
        notary = NotebookNotary(data_dir=str(folder / ".jupyter-of-this-run/data"))
        notary.sign(nbformat.read(folder / "signed.ipynb", as_version=4))
        yield url


@pytest.fixture
def look(browser):
    """A function: open an address. A request elsewhere fails the test; an error does, unless `noisy` has its own."""
    contexts, troubles = [], []

    def open_page(address, own, allowed=(), noisy=False, **options):
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()

        def serve(route):
            asked = route.request.url
            if asked.startswith((own, "data:", "blob:")):
                return route.continue_()
            if not asked.startswith(allowed or "nowhere"):
                troubles.append(f"asked {asked}")
            return route.abort()

        page.route("**/*", serve)
        if not noisy:
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        page.goto(address)
        page.wait_for_selector(".jp-OutputArea-output")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles


def output(page, name):
    """The output of a cell, on the screen: what is far off JupyterLab does not draw."""
    k = [*CELLS].index(name)
    page.wait_for_function(
        """k => {
            const cell = document.querySelectorAll(".jp-CodeCell")[k];
            cell?.scrollIntoView({ block: "nearest" });
            return cell?.querySelector(".jp-OutputArea-output")?.checkVisibility({ contentVisibilityAuto: true });
        }""",
        arg=k,
    )
    return page.locator(".jp-CodeCell").nth(k).locator(".jp-OutputArea-output").first


def told(shown):
    return " ".join(shown.inner_text().split())


def stands_still(page):
    """What a page without scripts shows: every output is read as it is, and nothing is there to press."""
    assert told(output(page, "switch")) == told(output(page, "again")) == SWITCH
    drawing = output(page, "map")
    assert told(drawing) == ""
    still = drawing.locator("img")
    assert still.get_attribute("alt") == repr(show.block_map("1a_which_way"))
    assert still.evaluate("image => image.complete && image.naturalWidth") == 990
    assert drawing.locator("svg").count() == 0
    text = told(output(page, "step"))
    for line in show.step(dL_dv).plain.splitlines()[:3:2]:
        assert text.count(line.replace("`", "")) == 1
    assert "In the notes' names" not in text
    assert "c_fc" not in text
    rule = output(page, "rule")
    assert "Row dog, on the way out:" in told(rule)
    assert rule.locator("img").evaluate("image => image.complete && image.naturalWidth") > 250
    assert rule.locator("svg, [role=grid]").count() == 0
    rows = output(page, "journey").locator("tbody tr")
    assert [told(cell) for cell in rows.locator("td:first-child").all()][:3] == ["x0", "n", "Q"]
    names = output(page, "ledger")
    start = (
        f"{len(ledger_page.rows())} names. Run the notebook down to here, and you can search them here. name what it is"
    )
    assert told(names).startswith(start)
    assert names.locator("tbody tr").count() == len(ledger_page.rows())
    words_are_words(page)
    for name in ("board", "own", "page"):
        assert told(output(page, name)).count("Run the notebook down to here, and ") == 1
    assert "fire *" in told(output(page, "board"))
    assert "$twice$ 4.0000" in told(output(page, "page"))
    picture_has_words(page)
    prediction = output(page, "prediction")
    assert told(prediction) == "Which way? (A rise · B fall)"
    prediction.locator("summary").click()
    assert told(prediction).startswith("Which way? (A rise · B fall) B, fall Nudge v[t, j]: ")
    prediction.locator("summary").click()
    outputs = page.locator(".jp-OutputArea-output")
    assert outputs.locator("input, button, select, textarea, form, svg, :disabled").count() == 0


def words_are_words(page):
    table = output(page, "table")
    assert table.locator("thead th").all_inner_texts() == ["word", "$p$ <i>"]
    assert table.locator("td:first-child").all_inner_texts() == HOSTILE
    assert table.locator("a, img, b, script, mjx-container").count() == 0
    assert page.evaluate("window.ran") is None


def picture_has_words(page):
    picture = output(page, "picture").locator("img")
    assert picture.get_attribute("alt") == 'nothing "yet"'
    assert picture.evaluate("image => image.naturalWidth") > 100


SEEN = """which => [...document.querySelectorAll(which + " .gw-said")]
    .filter(side => getComputedStyle(side).visibility === "visible").map(side => side.classList[1])"""


def comes_alive(page):
    """What a page with scripts shows, no cell run: the map is drawn, the switches turn it and each other."""
    drawing = output(page, "map")
    drawing.locator("svg").wait_for()
    assert page.locator(".gw-plain").count() == 0
    assert drawing.locator("a, span[tabindex]").count() == 19
    assert {*page.evaluate(SEEN, ".gw-map")} == {"gw-course"}
    words_are_words(page)
    picture_has_words(page)
    prediction = output(page, "prediction")
    prediction.get_by_role("button", name="B fall").press("Enter")
    assert prediction.get_by_role("status").inner_text() == "You said B, fall. Right."
    assert prediction.locator("details[open] .gw-step").is_visible()
    again = output(page, "again").locator("input[value=course]")
    again.focus()
    again.press("ArrowRight")
    first = output(page, "switch")
    assert first.locator("input:checked").get_attribute("value") == "notes"
    assert {*page.evaluate(SEEN, ".gw-map")} == {"gw-notes"}
    first.locator("input[value=gpt2]").check(force=True)
    assert output(page, "again").locator("input:checked").get_attribute("value") == "gpt2"
    assert {*page.evaluate(SEEN, ".gw-map")} == {"gw-gpt2"}
    assert first.get_by_role("radiogroup", name="names").count() == 1
    output(page, "ledger").locator("input").fill("c_attn bias")
    assert output(page, "ledger").locator("tbody tr:visible").count() == 6


def test_a_notebook_in_jupyterlab_stands_still_until_it_is_trusted_and_then_is_alive_before_it_ran(look, jupyter):
    page = look(lab.address(jupyter, "strange.ipynb"), jupyter)
    page.wait_for_function(lab.IDLE, timeout=60_000)
    stands_still(page)
    assert output(page, "step").locator("mjx-container").count() == len(EQUATIONS)  # the course's alone
    lab.open_notebook(page, jupyter, "signed.ipynb", run=False)
    comes_alive(page)
    output(page, "step")
    page.wait_for_function(
        f"document.querySelectorAll('.gw-step mjx-container').length === {2 * len(EQUATIONS) * len(DIALECTS)}"
    )
    assert {*page.evaluate(SEEN, ".gw-step")} == {"gw-gpt2"}
    sizes = page.locator(".gw-step mjx-container").evaluate_all("all => all.map(one => getComputedStyle(one).fontSize)")
    assert len({*sizes}) == 1  # none was set while it had no width
    assert page.locator("mjx-merror").count() == 0
    output(page, "map").locator('a[aria-label^="h, intended meaning"]').click()
    page.locator(".lm-TabBar-tabLabel", has_text="1e_intended_meaning.ipynb").first.wait_for()
    assert len(page.context.pages) == 1  # in JupyterLab itself


@pytest.mark.skipif(not find_spec("notebook"), reason="notebook is not installed (pip install notebook)")
def test_a_notebook_in_notebook_7(look, jupyter):
    page = look(f"{jupyter}notebooks/strange.ipynb?token=t", jupyter, noisy=True)  # an empty notebook has errors, too
    page.wait_for_selector(".gw-step mjx-container")
    stands_still(page)
    page = look(f"{jupyter}notebooks/signed.ipynb?token=t", jupyter, noisy=True)
    comes_alive(page)


# What nbconvert's own pages ask for; where there is no network they do without.
CDN = ("https://cdnjs.cloudflare.com/", "https://unpkg.com/")


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter])
def test_a_page_that_nbconvert_made(look, folder, exporter):
    made = folder / f"{exporter.__name__}.html"
    made.write_text(exporter().from_filename(folder / "strange.ipynb")[0], encoding="utf-8")
    stands_still(look(made.as_uri(), folder.as_uri(), CDN, noisy=True, java_script_enabled=False))
    if exporter is HTMLExporter:
        comes_alive(look(made.as_uri(), folder.as_uri(), CDN, noisy=True))
