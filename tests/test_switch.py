"""The switch of names, which stands below the map, in a real JupyterLab."""

import lab
import pytest

from gradwalk.dialect_table import DIALECTS
from gradwalk.telling import derivations

pytestmark = lab.needs_browser()

NAMES = [
    "from gradwalk import show\nfrom gradwalk.step2_mlp import dL_dv\nshow.block_map('0_forward')",
    "show.step(dL_dv)",
    "show.ledger()",
]
ALL_STEPS = """\
from gradwalk.telling import derivations
for function in derivations.gradients():
    display(show.step(function))"""
SEEN = """() => [...document.querySelectorAll(".gw-step .gw-said:has(mjx-container)")]
    .filter(side => getComputedStyle(side).visibility === "visible" && side.getBoundingClientRect().height > 20)
    .map(side => side.classList[1])"""


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    root = tmp_path_factory.mktemp("lab")
    lab.write_notebook(root / "names.ipynb", *NAMES)
    lab.write_notebook(root / "1b_whose_error.ipynb", "1")
    lab.write_notebook(root / "all.ipynb", NAMES[0], ALL_STEPS)
    with lab.lab(root) as url:
        yield url


@pytest.fixture(scope="module")
def page(browser):
    """One JupyterLab for all."""
    page = browser.new_page(viewport={"width": 1400, "height": 1200})
    yield page
    page.close()


@pytest.fixture
def open_names(page, jupyter):
    """The page, in which the notebook was opened and run anew, in the course's names."""
    lab.open_notebook(page, jupyter, "names.ipynb")
    page.wait_for_function("document.querySelectorAll('.gw-step mjx-container').length >= 10")
    page.wait_for_selector(".gw-ledger")
    page.evaluate("gradwalkNames('course')")
    return page


def dirty(page):
    return page.evaluate("window.jupyterapp.shell.currentWidget.context.model.dirty")


def test_the_switch_turns_every_formula_by_keyboard_and_changes_nothing_that_is_saved(open_names):
    page = open_names
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    saved = page.evaluate("JSON.stringify(window.jupyterapp.shell.currentWidget.context.model.toJSON())")
    assert page.locator("mjx-merror").count() == 0
    assert page.evaluate(SEEN) == ["gw-course", "gw-course"]
    page.locator(".gw-switch input[value=course]").focus()
    sizes = set()
    for name in ("notes", "textbook", "gpt2", "pytorch", "course"):  # the last wraps around
        page.keyboard.press("ArrowRight")
        assert page.evaluate(SEEN) == [f"gw-{name}"] * 2
        assert page.evaluate("document.body.dataset.gradwalkNames") == name
        shown = page.locator(f".gw-step .gw-{name} mjx-container").first
        sizes.add(shown.evaluate("node => getComputedStyle(node).fontSize"))
    assert len(sizes) == 1  # what was hidden when MathJax set it is as large as what was not
    for key in ("b", "a", "x", "j"):  # the notebook's own keys
        page.keyboard.press(key)
    assert not dirty(page)
    assert page.evaluate("JSON.stringify(window.jupyterapp.shell.currentWidget.context.model.toJSON())") == saved


def test_the_choice_outlives_a_run_and_greys_what_a_dialect_lacks(open_names):
    page = open_names
    page.locator(".gw-switch input[value=gpt2]").check(force=True)
    grey, plain = page.evaluate("""() => [".gw-gpt2 .mjx-gw-own", ".gw-gpt2 mjx-container"]
        .map(which => getComputedStyle(document.querySelector(".gw-step " + which)).color)""")
    assert grey != plain
    page.evaluate(lab.RUN_ALL)
    page.wait_for_function("document.querySelectorAll('.gw-step mjx-container').length >= 10")
    assert page.evaluate(SEEN) == ["gw-gpt2", "gw-gpt2"]
    assert page.locator(".gw-switch input[value=gpt2]").is_checked()


def test_what_a_hand_chose_is_there_on_the_next_page(open_names, jupyter):
    page = open_names

    def names_on_the_next_page():
        page.goto("about:blank")
        lab.open_notebook(page, jupyter, "names.ipynb")
        page.wait_for_function("document.querySelectorAll('.gw-step mjx-container').length >= 10")
        assert page.locator(f".gw-switch input[value={page.evaluate(SEEN)[0][3:]}]").is_checked()
        return page.evaluate(SEEN)

    page.locator(".gw-switch input[value=textbook]").check(force=True)
    page.evaluate("gradwalkNames('pytorch')")  # no hand: not kept
    assert names_on_the_next_page() == ["gw-textbook"] * 2
    page.evaluate("localStorage.setItem('gradwalk.names', 'latin')")
    assert names_on_the_next_page() == ["gw-course"] * 2
    page.evaluate("localStorage.removeItem('gradwalk.names')")


def test_where_storage_is_refused_the_switch_turns_all_the_same(open_names):
    page = open_names
    page.evaluate("""() => Object.defineProperty(window, "localStorage", {
        configurable: true, get() { throw new DOMException("refused", "SecurityError") } })""")
    page.locator(".gw-switch input[value=notes]").check(force=True)
    assert page.evaluate(SEEN) == ["gw-notes", "gw-notes"]
    page.evaluate("delete document.body.dataset.gradwalkNames")
    page.evaluate("document.querySelector('#gw-names').remove()")
    page.evaluate(lab.RUN_ALL)
    page.wait_for_function("document.body.dataset.gradwalkNames === 'course'")


def test_the_ledger_is_searched_in_the_page(open_names):
    page = open_names
    page.locator(".gw-ledger input").fill("c_attn bias")
    seen = page.locator(".gw-ledger tbody tr:visible th").all_inner_texts()
    assert seen == ["b_Q", "b_K", "b_V", "dL_db_Q", "dL_db_K", "dL_db_V"]
    assert page.locator(".gw-ledger output").inner_text().startswith("6 of ")
    page.locator(".gw-ledger input").press("b")  # a letter in the field, not a new cell
    assert page.locator(".jp-Notebook .jp-Cell").count() == len(NAMES)


def test_a_node_of_the_map_leads_to_its_notebook(open_names):
    page = open_names
    page.locator('.gw-map a[aria-label^="z, logits"]').click()
    page.locator(".lm-TabBar-tabLabel", has_text="1b_whose_error.ipynb").first.wait_for()
    assert len(page.context.pages) == 1  # in JupyterLab itself


def test_every_derivation_is_typeset_in_every_dialect_and_fits_the_page(page, jupyter):
    equations = sum(len(derivations.derivation(function).lines) for function in derivations.gradients())
    lab.open_notebook(page, jupyter, "all.ipynb")
    wanted = equations * len(DIALECTS)
    page.wait_for_function(f"document.querySelectorAll('.gw-step mjx-container').length >= {wanted}", timeout=90_000)
    assert page.locator(".gw-step mjx-container").count() == wanted
    assert page.locator("mjx-merror").count() == 0
    for name in DIALECTS:
        bad = page.evaluate(
            """name => {
                gradwalkNames(name);
                const size = node => node.getBoundingClientRect();
                return [...document.querySelectorAll(`.gw-step .gw-${name} mjx-container`)].filter(equation =>
                    size(equation).height < 15 || size(equation.querySelector("mjx-math")).width > size(equation).width
                ).map(equation => equation.textContent);
            }""",
            name,
        )
        assert bad == [], name
