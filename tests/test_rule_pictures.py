"""The three pictures that return at every rule: their numbers, their words, and a cell chosen by hand."""

import inspect
import re
from functools import cache
from itertools import product
from urllib.parse import unquote
from xml.etree import ElementTree

import lab
import numpy as np
import pytest
import shapes
from pages import stood_in

from gradwalk import show
from gradwalk.dialect_table import DIALECTS
from gradwalk.model import Model
from gradwalk.telling.rule_picture import CELL, NAMES, ROW, SIDE
from gradwalk.telling.tables import number
from gradwalk.telling.ways import flat, lines_of
from gradwalk.walk import backward, forward, made_by

MODEL = Model.random(seed=290)
SOME = range(0, shapes.COUNT, 5)


@cache
def walked(model=MODEL, sentence="the dog slept by the fire", scored="last"):
    """A model, its values and its gradients."""
    values = forward(model, *model.read(sentence, scored=scored))
    return model, values, backward(model, values)


@cache
def drawn(n):
    """The same of a random case."""
    model, tokens, y = shapes.case(n)
    values = forward(model, tokens, y)
    return model, values, backward(model, values)


def blocks(model):
    """The prefix of each block's names, with its number."""
    return [("", 0)] if len(model.blocks) == 1 else [(f"blocks.{q}.", q) for q in range(len(model.blocks))]


@cache
def picture(name):
    """One of each kind, by name."""
    trained = walked(Model.trained(), scored="all") if "299" in name else None
    make, what, given = KINDS[name]
    return make(what, *(trained or walked()), **given)


KINDS = {
    "W": (show.message_and_gear, "W", {"rows": ["fire", "tree"]}),
    "b": (show.message_and_gear, "b", {}),
    "W_V": (show.message_and_gear, "W_V", {}),
    "W of 299 words": (show.message_and_gear, "W", {}),
    "rows of W": (show.row_and_column, "W", {}),
    "rows of alpha": (show.row_and_column, "alpha", {"head": 1, "component": 1}),
    "rows of J": (show.row_and_column, "J", {}),
    "rows of W of 299 words": (show.row_and_column, "W", {}),
    "words": (show.push_and_pull, "words", {}),
    "scores": (show.push_and_pull, "scores", {"head": 1}),
    "299 words": (show.push_and_pull, "words", {}),
}
PICTURES = pytest.mark.parametrize("name", KINDS)


def alts(page):
    """What each picture in it says for who cannot see it."""
    return re.findall(r'<img class="gw-plain" alt="([^"]*)"', page.html)


def drawings(page):
    """Its pictures, read."""
    return [ElementTree.fromstring(unquote(found)) for found in re.findall(r'src="data:[^,]*,([^"]*)"', page.html)]


def texts(drawing, dialect="course"):
    """The words and numbers on it, in one dialect."""
    all_of_them = [node for node in drawing.iter() if node.tag.endswith("}text")]
    own = [node for node in all_of_them if f"gw-{dialect}" in (classes := node.get("class", "").split()) or not classes]
    return ["".join(node.itertext()) for node in own]


def numbers_in(told):
    """The numbers of a text, as the course writes them."""
    return [float(found.replace("−", "-")) for found in re.findall(r"−?\d+\.\d{4}", told)]


# ---- the numbers


@pytest.mark.parametrize("n", SOME)
def test_the_sheets_are_message_times_gear_and_add_up_to_the_gradient(n):
    model, values, grads = drawn(n)
    for weight, (line, q) in lines_of(model).items():
        store = grads if q is None else grads.blocks[q]
        bare = weight.split(".")[-1]
        gradient = store.get(f"dL_d{bare}_via_{line.value}", store[f"dL_d{bare}"])
        matrix = gradient.ndim == 2
        gradient = gradient if matrix else gradient[:, None]
        rows = [*range(len(gradient))][-3:]
        for t in (None, 0, [*range(len(values.y))][:2]):
            page = show.message_and_gear(weight, model, values, grads, t=t, rows=rows)
            assert page.sum == pytest.approx(gradient[np.ix_(rows, page.columns)], rel=1e-9, abs=1e-12)
            assert sum(sheet.products for sheet in page.sheets) == pytest.approx(page.sum, rel=1e-9, abs=1e-10)
            for s, sheet in zip(page.positions, page.sheets, strict=False):
                message = flat(store[f"dL_d{line.value}"])[s, rows]
                made = values if q is None else values.blocks[q]
                gear = made[line.takes[0]][s, page.columns] if matrix else np.ones(1)
                assert (sheet.message == message).all()
                assert (sheet.gear == gear).all()
                assert (sheet.products == np.outer(message, gear)).all()


def test_every_weight_of_the_block_with_a_message_and_a_gear_has_its_picture():
    biases = {"b", "b1", "b2", "b_O", "b_V", "b_Q", "b_K"}
    assert set(lines_of(MODEL)) == biases | {"W", "W1", "W2", "W_O", "W_V", "W_Q", "W_K"}
    tied = Model.random(tied=True, blocks=2)
    assert {"E", "b", "blocks.0.W_Q", "blocks.1.b2"} <= set(lines_of(tied))
    assert "W" not in lines_of(tied)


def test_the_true_words_row_alone_has_the_gears_signs_reversed():
    page = show.message_and_gear("W", *walked())
    (sheet,) = page.sheets
    signs = np.sign(sheet.products) * np.sign(sheet.gear)
    assert page.row_names[sheet.true] == "fire"
    assert (signs[sheet.true] == -1).all()
    assert (np.delete(signs, sheet.true, axis=0) == 1).all()
    assert "fire *" in texts(drawings(page)[0])


@pytest.mark.parametrize("n", SOME)
def test_rows_make_the_values_and_columns_the_messages(n):
    model, values, grads = drawn(n)
    t = int(np.flatnonzero(values.y >= 0)[-1])
    matrices = [name for name in lines_of(model) if model.weights[name].ndim == 2]
    for what in [*matrices, *(prefix + name for prefix, _ in blocks(model) for name in ("alpha", "J"))]:
        page = show.row_and_column(what, model, values, grads)
        matrix, into, bias, out, message, back = page.way[:6]
        assert matrix @ into + bias == pytest.approx(out, rel=1e-9, abs=1e-9)
        assert message @ matrix == pytest.approx(back, rel=1e-7, abs=1e-9)
        for said, i in zip(page.row_said, page.rows, strict=True):
            *_, last = numbers_in(said)
            assert last == pytest.approx(out[i], abs=6e-5)
        for said, j in zip(page.column_said, page.columns, strict=True):
            *_, last = numbers_in(said)
            assert last == pytest.approx(back[j], abs=6e-5)
    if len(model.blocks) == 1:
        assert (show.row_and_column("W_O", model, values, grads).way.out == values.a[t]).all()
        assert (show.row_and_column("J", model, values, grads).way.back == grads.dL_dx1_via_v[t]).all()


def test_a_row_and_a_column_are_told_as_sums_with_all_that_is_not_shown():
    page = show.row_and_column("W", *walked(), rows=["fire", "tree"], columns=[0, 3], select=("tree", 3))
    h, W = walked()[1].h[4], MODEL.weights["W"]
    tree = MODEL.words.index("tree")
    assert page.select == (1, 1)
    parts = [h[0] * W[tree, 0], h[3] * W[tree, 3], h[1:3] @ W[tree, 1:3], h @ W[tree]]
    assert page.row_said[1].startswith("Row tree, on the way out: ")
    assert [abs(x) for x in numbers_in(page.row_said[1])[:4]] == pytest.approx(np.abs(parts), abs=6e-5)
    assert "(the other 2 components)" in page.row_said[1]
    assert "(the other 9 words)" in page.column_said[0]
    assert repr(page).count(page.row_said[1]) == 1
    assert page.row_said[0] not in repr(page)


@pytest.mark.parametrize("n", SOME)
def test_the_slopes_are_the_gradients_and_sum_to_zero(n):
    model, values, grads = drawn(n)
    scored = np.flatnonzero(values.y >= 0)
    for t in scored:
        page = show.push_and_pull("words", model, values, grads, t=t)
        right = len(scored) * grads.dL_dz[t, page.rows]
        assert page.slope[: len(right)] == pytest.approx(right, rel=1e-9, abs=1e-12)
        assert page.slope == pytest.approx(page.share + page.own)
        assert page.slope.sum() == pytest.approx(0, abs=1e-12)
        assert page.share.sum() == pytest.approx(1)
    for (prefix, q), t in product(blocks(model), range(len(values.y))):
        page = show.push_and_pull(f"{prefix}scores", model, values, grads, t=t, head=model.H - 1)
        assert page.slope == pytest.approx(page.share * (page.own - page.average), rel=1e-7, abs=1e-12)
        assert page.slope.sum() == pytest.approx(0, abs=1e-12)
        assert page.share.sum() == pytest.approx(1)
        seen = np.flatnonzero(np.isfinite(values.blocks[q].S[-1, t]))
        of_row = grads.blocks[q].dL_dS[-1, t, seen[page.rows]]
        assert page.slope[: len(of_row)] == pytest.approx(of_row, rel=1e-9, abs=1e-12)


def test_of_many_the_true_word_and_the_likeliest_are_shown_and_the_others_together():
    model, values, grads = walked(Model.trained(), scored="all")
    page = show.push_and_pull("words", model, values, grads, t=1)
    likely = np.argsort(-values.p[1], kind="stable")
    assert page.rows == [values.y[1], *[i for i in likely if i != values.y[1]][:5]]
    assert page.names[-1] == "293 others"
    assert repr(page).endswith("6 of 299 words shown.")
    sheets = show.message_and_gear("W", model, values, grads)
    assert len(sheets.sheets) == 4  # three positions, and the others together
    assert len(sheets.rows) == len(sheets.columns) == 6
    assert repr(sheets).endswith("6 of 299 words and 6 of 32 components shown.")


def test_a_name_is_not_cut_however_many_others_there_are():
    words = ["the", "dog", *(f"w{i}" for i in range(10_010))]
    model = Model.random(words=words, T_max=4)
    tokens, y = model.read("the dog w1 w2")
    values = forward(model, tokens, y)
    page = show.push_and_pull("words", model, values, backward(model, values))
    assert page.names[-1] == "all others"
    assert "…" not in unquote(page.html)


# ---- what a page says of them


@PICTURES
def test_every_number_on_a_picture_stands_in_its_words_and_in_its_text(name):
    page = picture(name)
    for alt, drawing in zip(alts(page), drawings(page), strict=True):
        shown = {told for told in texts(drawing) if re.fullmatch(r"−?\d+\.\d{4}", told)}
        assert len(shown) > 4 or "together" in alt
        assert shown <= {*re.findall(r"−?\d+\.\d{4}", alt)}
        assert shown <= {*re.findall(r"−?\d+\.\d{4}", repr(page))}
    assert "−0.0000" not in page.html
    assert "-0.0000" not in page.html
    assert "nan" not in unquote(page.html)


@PICTURES
def test_a_picture_costs_a_page_little(name):
    assert len(picture(name).html) < (22_000 if "299" in name or name == "W_V" else 15_000)


def boxes(drawing):
    """Its boxes above zero and below it, as x, y, width, height."""
    found = {True: [], False: []}
    for path in (node for node in drawing.iter() if node.tag.endswith("}path")):
        for place in re.findall(r"M(\S+) (\S+)h(\S+)v(\S+)h-", path.get("d")):
            if "gw-up" in path.get("fill", "") or "gw-down" in path.get("stroke", ""):
                found["gw-up" in path.get("fill", "")].append([float(x) for x in place])
    return found


def test_filled_is_above_zero_and_hollow_below_and_the_area_is_the_size():
    page = show.message_and_gear("W", *walked())
    (drawing,), (sheet,) = drawings(page), page.sheets
    found = boxes(drawing)
    squares = {up: [box for box in found[up] if box[0] > NAMES and box[1] > 98] for up in found}
    for up, cells in squares.items():
        sides = sorted(box[2] + (0 if up else 1.5) for box in cells)
        right = np.sort(np.sqrt(np.abs(sheet.products[(sheet.products > 0) == up])))
        assert sides == pytest.approx(SIDE * right / np.sqrt(np.abs(sheet.products).max()), abs=0.06)


def test_the_messages_label_stands_on_no_line_of_the_gears_numbers():
    page = show.message_and_gear("W", *walked())
    (drawing,), (sheet,) = drawings(page), page.sheets
    gears = {number(gear) for gear in sheet.gear.tolist()}
    lines = {"".join(node.itertext()): float(node.get("y")) for node in drawing.iter() if node.tag.endswith("}text")}
    assert all(lines["message"] > lines[gear] + 12 for gear in gears)
    assert all(lines["message"] < lines[name] - 12 for name in page._names(sheet))


def test_a_rows_name_stays_clear_of_its_columns_edge():
    page = show.message_and_gear("W2", *walked())
    (drawing,) = drawings(page)
    names = [node for node in drawing.iter() if "".join(node.itertext()) in page.row_names]
    assert len(names) == len(page.row_names)
    assert all(float(node.get("x")) + float(node.get("textLength")) / 2 < NAMES - 2 for node in names)


@PICTURES
def test_names_are_those_of_each_dialect(name):
    page = picture(name)
    for drawing in drawings(page):
        for which in DIALECTS:
            assert len(texts(drawing, which)) == len(texts(drawing))
    told = " ".join(told for drawing in drawings(page) for told in texts(drawing, "notes"))
    own = " ".join(told for drawing in drawings(page) for told in texts(drawing))
    assert "dL_d" in own
    assert "dL_d" not in told or name in ("W_V", "scores", "rows of alpha")  # the notes have no names for these
    hidden = [node for drawing in drawings(page) for node in drawing.iter() if node.get("visibility") == "hidden"]
    assert hidden
    assert not any("gw-course" in node.get("class").split() for node in hidden)


def test_words_are_shown_as_they_are():
    model = Model.random(words=["<b>", "$x$", 'a "b"', "`c`", "{h}", "%3C", "a&amp;b", "-->"])
    values = forward(model, [0, 1, 2], [-1, -1, 3])
    given = model, values, backward(model, values)
    for page in (
        show.message_and_gear("W", *given),
        show.row_and_column("W", *given),
        show.row_and_column("alpha", *given),
        show.push_and_pull("words", *given),
    ):
        assert all(drawing.tag.endswith("}svg") for drawing in drawings(page))
        assert "<b>" not in page.html
        assert 'a␣"b"' in " ".join(texts(drawings(page)[0])) + repr(page)
    told = " ".join(texts(drawings(show.push_and_pull("words", *given))[0]))
    assert all(model.label(i) in told for i in range(model.N))


# ---- what is refused

WRONG = [
    (show.message_and_gear, "gamma2", {}, "weight: there is no weight with a message and a gear 'gamma2'"),
    (show.message_and_gear, 3, {}, "weight: wanted the name of a weight"),
    (show.message_and_gear, "b", {"columns": [0]}, "columns: wanted none, for b is a vector"),
    (show.message_and_gear, "W", {"rows": ["firre"]}, "rows: the model does not know 'firre'"),
    (show.message_and_gear, "W", {"rows": range(9)}, "rows: wanted at most 8, got 9"),
    (show.message_and_gear, "W", {"rows": [1, 1]}, "rows: one comes twice"),
    (show.message_and_gear, "W", {"columns": [4]}, "columns: wanted a whole number from 0 to 3 for W, got 4"),
    (show.message_and_gear, "W", {"t": 5}, "t: wanted a whole number from 0 to 4, got 5"),
    (show.message_and_gear, "W", {"t": [1, 1]}, "t: wanted at most 5 positions, each once"),
    (show.message_and_gear, "W", {"t": "last"}, "t: wanted a whole number from 0 to 4"),
    (show.row_and_column, "b", {}, "what: there is no matrix of the walk 'b'"),
    (show.row_and_column, "J", {"t": -1}, "t: wanted a whole number from 0 to 4, got -1"),
    (show.row_and_column, "J", {"nudge": [1.0]}, "nudge: wanted finite numbers of shape (4,)"),
    (show.row_and_column, "W", {"nudge": [1.0] * 4}, "nudge: wanted none, for it belongs to J"),
    (show.row_and_column, "W", {"head": 0}, "head: wanted none, for it belongs to alpha"),
    (show.row_and_column, "alpha", {"head": 2}, "head: wanted a whole number from 0 to 1, got 2"),
    (show.row_and_column, "alpha", {"component": 2}, "component: wanted a whole number from 0 to 1"),
    (show.row_and_column, "alpha", {"rows": [5]}, "rows: wanted a whole number from 0 to 4, got 5"),
    (show.row_and_column, "W", {"select": 3}, "select: wanted a row and a column, in a pair, got 3"),
    (show.row_and_column, "W", {"select": ("cat", 0), "rows": ["fire"]}, "select: wanted one of the rows"),
    (show.push_and_pull, "letters", {}, "which: there is no kind of share 'letters'"),
    (show.push_and_pull, "words", {"head": 0}, "head: wanted none, for words have no heads"),
    (show.push_and_pull, "words", {"t": 0}, "t: wanted a position that is scored, got 0"),
    (show.push_and_pull, "scores", {"t": 1, "rows": [2]}, "rows: wanted positions that position 1 looks at"),
    (show.push_and_pull, "scores", {"head": -1}, "head: wanted a whole number from 0 to 1, got -1"),
]


@pytest.mark.parametrize(("show_it", "what", "given", "told"), WRONG, ids=[told[:40] for *_, told in WRONG])
def test_what_is_not_there_is_told(show_it, what, given, told):
    with pytest.raises(ValueError, match=f"^{re.escape(told)}"):
        show_it(what, *walked(), **given)


ONE_EACH = [(show.message_and_gear, "W1"), (show.row_and_column, "W"), (show.push_and_pull, "scores")]
ONE_EACH += [(show.row_and_column, "alpha"), (show.push_and_pull, "words")]


@pytest.mark.parametrize(("show_it", "what"), ONE_EACH)
def test_numbers_that_do_not_belong_together_are_refused(show_it, what):
    model, values, grads = walked()
    with pytest.raises(ValueError, match="model: wanted a Model"):
        show_it(what, None, values, grads)
    with pytest.raises(ValueError, match="values: these came from another model"):
        show_it(what, model.copy(), values, grads)
    with pytest.raises(ValueError, match="grads: wanted a Gradients, got dict"):
        show_it(what, model, values, dict(grads))
    with pytest.raises(ValueError, match="grads: wanted what backward gave of these values"):
        show_it(what, model, values, walked(sentence="the dog slept by")[2])
    other = forward(model, *model.read("the cat sat by the river"))
    with pytest.raises(ValueError, match="grads: wanted what backward gave of these values"):
        show_it(what, model, values, backward(model, other))
    turned = model.copy()
    values = forward(turned, *turned.read("the dog slept by the fire"))
    grads = backward(turned, values)
    turned.turn("W", (0, 0), 1.0)
    with pytest.raises(ValueError, match="values: the model has been turned since"):
        show_it(what, turned, values, grads)


@pytest.mark.parametrize(
    ("show_it", "what", "name"),
    [
        (show.push_and_pull, "words", "dL_dz"),
        (show.push_and_pull, "scores", "dL_dS"),
        (show.message_and_gear, "W2", "dL_dW2"),
        (show.row_and_column, "W1", "dL_dv"),
    ],
)
def test_a_wrong_walk_back_is_not_drawn_as_a_right_one(show_it, what, name):
    model, values, _ = walked()
    right = made_by(model, values).get(name) or made_by(model, values)[f"blocks.0.{name}"]
    first, second = inspect.signature(right).parameters
    wrong = eval(f"lambda {first}, {second}: 2 * right({first}, {second})", {"right": right})
    with pytest.raises(ValueError, match=f"grads: wanted what backward gave of these values, {name} is of others"):
        show_it(what, model, values, backward(model, values, instead={name: wrong}))


# ---- in a browser


def lit(page):
    """Where the row and the column stand that are lit, and what is said of them."""
    places = [page.locator(f".gw-lit-{side}").get_attribute("transform") for side in ("row", "column")]
    down, across = (int(found) for found in (places[0][12:-1], places[1].split()[0][10:]))
    return down // ROW, across // CELL, page.locator(".gw-out").inner_text(), page.locator(".gw-back").inner_text()


@pytest.fixture
def opened(browser):
    with stood_in(browser, lambda output, _: f'<div class="gw-output">{output.html}</div>') as open_page:
        yield open_page


def in_browser(test):
    """A test that opens one."""
    for mark in lab.needs_browser():
        test = mark(test)
    return test


@in_browser
def test_a_cell_is_chosen_by_mouse_and_by_keys_without_a_kernel(opened):
    output = show.row_and_column("W", *walked(), rows=["fire", "tree", "door"], select=("tree", 1))
    page = opened(output)

    def right(i, j):
        return i, j, output.row_said[i], output.column_said[j]

    assert lit(page) == right(1, 1)
    page.get_by_role("gridcell", name="door, component 3").hover()
    assert lit(page) == right(2, 3)
    page.get_by_role("gridcell", name="fire, component 0").click()
    assert lit(page) == right(0, 0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")  # there is no row below the last
    assert lit(page) == right(2, 1)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == (
        f"door, component 1: {number(float(output.way.matrix[output.rows[2], 1]))}"
    )
    assert page.locator("[role=gridcell][tabindex='0']").count() == 1
    assert page.locator("[role=gridcell][aria-selected=true]").count() == 1


@in_browser
def test_by_keys_alone_one_comes_to_it_and_away_from_it(opened):
    output = show.row_and_column("J", *walked())
    page = opened(output)
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "gridcell":
            break
    else:
        pytest.fail("no cell takes the focus")
    before = lit(page)
    page.keyboard.press("ArrowUp")
    assert lit(page)[0] == before[0] - 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") != "gridcell"


@in_browser
def test_the_drawings_stand_in_the_page_with_their_words_in_its_colours_and_names(opened):
    outputs = [*map(picture, KINDS), show.dialect()]
    page = opened(*outputs)
    said = page.locator(".gw-rule svg").evaluate_all("all => all.map(node => node.getAttribute('aria-label'))")
    assert said == [alt.replace("&quot;", '"') for output in outputs[:-1] for alt in alts(output)]
    assert page.locator(".gw-rule img").count() == 0
    colour = "node => getComputedStyle(node.querySelector('text')).fill"
    page.add_style_tag(content=":root { --jp-content-font-color1: rgb(1, 2, 3) }")
    assert page.locator(".gw-rule svg").first.evaluate(colour) == "rgb(1, 2, 3)"
    seen = "all => all.filter(node => getComputedStyle(node).visibility !== 'hidden').map(node => node.textContent)"
    assert "gear h" in page.locator(".gw-rule svg text").evaluate_all(seen)
    page.evaluate("gradwalkNames", "notes")
    names = page.locator(".gw-rule svg text").evaluate_all(seen)
    assert "dL_dz" not in names
    assert len(names) == sum(len(texts(one)) for output in outputs[:-1] for one in drawings(output))


@in_browser
@pytest.mark.parametrize("script", [True, False])
def test_at_320_pixels_nothing_is_wider_than_its_page(opened, script):
    page = opened(*map(picture, KINDS), viewport={"width": 320, "height": 800}, java_script_enabled=script)
    if script:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    else:
        assert page.locator(".gw-rule img").count() == sum(len(alts(one)) for one in map(picture, KINDS))
        assert page.locator(".gw-out").count() == 4


@in_browser
@pytest.mark.skipif(not lab.AXE.exists(), reason="no axe-core (npm --prefix gradwalk/widgets ci)")
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(opened, width, theme):
    page = opened(*map(picture, KINDS), viewport={"width": width, "height": 800})
    ground, ink = ("#fff", "#222") if theme == "light" else ("#111", "#eee")
    page.add_style_tag(content=f":root {{ --jp-content-font-color1: {ink}; background: {ground}; color: {ink} }}")
    page.add_script_tag(path=lab.AXE)
    found = page.evaluate("axe.run('main', { preload: false, resultTypes: ['violations'] })")["violations"]
    assert not [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
