"""Every hand and eye: the course's outputs in a real JupyterLab, as axe-core judges them by WCAG 2.2 AA."""

import lab
import pytest

pytestmark = [
    *lab.needs_browser(),
    pytest.mark.slow,
    pytest.mark.skipif(not lab.AXE.exists(), reason="no axe-core (npm --prefix gradwalk/widgets ci)"),
]

START = """\
from matplotlib.figure import Figure
from gradwalk import (
    DialBoard, Exercise, LivePage, Model, OwnSentence, backward, forward, museum, predict, show,
)
from gradwalk.step2_mlp import dL_dv
model = Model.random(seed=0)
sentence = "the dog slept by the fire"
tokens, y = model.read(sentence)
values = forward(model, tokens, y)
grads = backward(model, values)
trained = Model.trained()
asked = Exercise("dL_dS")
asked.ask("alpha[e,t,s] dL_dalpha[e,t,s]")
"""
OUTPUTS = {
    "output board": "DialBoard(model, tokens, y, 'W', rows=['fire', 'dog'])",
    "deep board": "DialBoard(model, tokens, y, 'W1', rows=[0, 1], predict=False)",
    "watching board": "DialBoard(model, tokens, y, 'W_Q', rows=[0, 1], watch='alpha')",
    "watching numbers": "DialBoard(model, tokens, y, 'W1', rows=[0], columns=[0], predict=False, watch='u')",
    "watching bars": "DialBoard(trained, *trained.read(sentence), 'W1', rows=[0], columns=[0], watch='r')",
    "slider": "LivePage(lambda x: show.line({'twice': 2 * x}), x=(0.0, 4.0))",
    "choices": "LivePage(len, word=['fire', 'window'])",
    "own sentence": "OwnSentence(model, sentence)",
    "exercise": "Exercise('dL_dW', told='worked')",
    "exercise that was answered": "asked",
    "step": "show.step(dL_dv)",
    "long step": "from gradwalk.step3_layernorm import pullback\nshow.step(pullback)",
    "table": "show.table({'word': model.words, 'p': values.p[-1]})",
    "grid": "show.grid(values.h, sentence.split()[:-1], range(4), 'word')",
    "ledger": "show.ledger()",
    "switch": "show.dialect()",
    "map": "show.block_map('1a_which_way', values, grads, 0, model)",
    "message and gear": "show.message_and_gear('W_V', model, values, grads)",
    "row and column": "show.row_and_column('alpha', model, values, grads)",
    "push and pull": "show.push_and_pull('scores', model, values, grads)",
    "journey": "show.journey(model, values, 0)",
    "picture": "show.picture(Figure(figsize=(6, 4)), 'an empty page')",
    "label": "museum.label(1)",
    "long label": "museum.label(4)",
    "prediction": "predict('Which way?', {'rise': 'so', 'fall': 'so'}, show.line({'p': 0.5}), answer='fall')",
}
RUN = """() => axe.run(
    { include: [".jp-Cell .jp-OutputArea-output"], exclude: [".jp-RenderedMarkdown pre"] },
    { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })"""

TALL = 24_000  # room for all outputs: JupyterLab draws what is in sight
BOXES = "all => all.map(node => node.getBoundingClientRect()).map(({ width, height }) => [width, height])"


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    root = tmp_path_factory.mktemp("access")
    lab.write_notebook(root / "all.ipynb", START, *OUTPUTS.values())
    for stop in ("1a_which_way", "2a_mlp", "5b_blend"):
        lab.write_notebook(root / f"{stop}.ipynb", "1")
    with lab.lab(root) as url:
        themes = root / ".jupyter-of-this-run/settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings"
        themes.write_text('{"adaptive-theme": true}')  # light or dark as the system has it, as in the course
        yield url


@pytest.fixture(scope="module")
def page(browser, jupyter):
    """All outputs, run; a test says how wide the page is, and what the system's colours are."""
    page = browser.new_page(viewport={"width": 1280, "height": TALL}, color_scheme="light")
    lab.open_notebook(page, jupyter, "all.ipynb")
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.wait_for_function(f"document.querySelectorAll('.jp-Cell .jp-OutputArea-output').length === {len(OUTPUTS)}")
    for drawn in (".gw-step mjx-container", ".gw-range", ".gw-picture", ".gw-switch", ".gw-ledger input"):
        page.wait_for_selector(drawn)
    page.add_script_tag(path=lab.AXE)
    # JupyterLab's body is of no height and hides what overflows it: axe would take every word for clipped away.
    page.add_style_tag(content="body { height: 100vh !important }")
    yield page
    page.close()


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize(("theme", "names"), [("light", "gpt2"), ("dark", "course")])  # GPT-2's has grey in it
def test_no_output_hinders_anybody(page, theme, names, width):
    """Markdown's code is coloured by JupyterLab: what it does there is not the course's."""
    page.set_viewport_size({"width": width, "height": TALL})
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(theme == 'light').lower()}'")
    page.evaluate("gradwalkNames", names)
    page.evaluate(lab.PAINTED)
    # What axe lets pass: JupyterLab calls every picture without words "Image", and small links may stand far apart.
    words = page.eval_on_selector_all(".jp-OutputArea-output img", "all => all.map(node => node.alt)")
    assert words == ["an empty page"]
    sizes = page.eval_on_selector_all(".gw-map a, .gw-map span", BOXES)
    assert len(sizes) == 19
    assert min(map(min, sizes)) >= 24
    found = page.evaluate(RUN)
    looked = {rule["id"]: len(rule["nodes"]) for rule in found["passes"]}
    assert looked["color-contrast"] > 300, looked  # words were seen
    told = [f"{rule['id']}: {node['html'][:200]}" for rule in found["violations"] for node in rule["nodes"]]
    assert not told, "\n".join(told)


def test_with_forced_colours_the_field_that_is_typed_in_and_the_chosen_button_are_seen(page):
    page.emulate_media(forced_colors="active")
    field = page.get_by_role("textbox", name="your sentence")
    field.focus()
    assert field.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    ground = "node => getComputedStyle(node).backgroundColor"
    buttons = page.locator(".gw-live-page .jupyter-button")
    chosen, other = (buttons.nth(k).evaluate(ground) for k in range(2))
    assert chosen != other
    page.emulate_media(forced_colors="none")
