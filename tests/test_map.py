"""The map: the same drawing everywhere, true of the block, leading only where there is something to read."""

import html
import re
import sys
from base64 import b64decode
from itertools import combinations
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pytest
from pages import plain, unfolded, words

from gradwalk import block, names, show
from gradwalk.dialect_table import DIALECTS, SAID
from gradwalk.model import Model
from gradwalk.names import VALUES, WEIGHTS, look_up
from gradwalk.telling import svg_text
from gradwalk.telling.block_drawing import NODES
from gradwalk.telling.block_map import undone_at
from gradwalk.walk import backward, forward

pytestmark = pytest.mark.slow

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
STOPS = ["0_forward", "1b_whose_error", "2a_mlp", "3b_star", "4c_free_identity_path", "5b_blend", "6a_embedding"]
MODEL = Model.random(seed=1)
TOKENS, Y = MODEL.read("the dog slept by the fire")
VALUED = forward(MODEL, TOKENS, Y)
GRADS = backward(MODEL, VALUED)
ARROWS = undone_at(block.course())
TITLES = ["the walk out", "output", "MLP", "layer norm", "residuals", "attention", "embedding"]


def drawing(page):
    return ElementTree.fromstring(re.search(r"<svg.*</svg>", unfolded(page.html), re.DOTALL)[0])


def labels(page, dialect):
    found = [text for text in drawing(page).iter("text") if f"gw-{dialect}" in text.get("class", "").split()]
    return ["".join(text.itertext()).replace("\u200b", "") for text in found]


def links(page):
    return dict(re.findall(r'<a href="(\w+)\.ipynb"[^>]*title="(\w+)[,;" ]', page.html))


def test_every_value_and_every_weight_of_a_block_is_on_it():
    on_it = {name for ends in ARROWS for name in ends} - {"words"}
    assert on_it == {*VALUES} - {"hf"}  # GPT-2's final norm is not the notes' model
    told = " ".join(labels(show.block_map("0_forward"), "course")).split()
    assert {*told} & {*WEIGHTS} == {*WEIGHTS} - {"gammaf", "betaf"}
    assert {value for here in STOPS[1:] for value in lit(here)} == on_it | {"words"}


def lit(here):
    """The values whose boxes are lit at a stop."""
    svg = ElementTree.tostring(drawing(show.block_map(here)), encoding="unicode")
    boxes = re.findall(r'<rect x="(\d+)" y="(\d+)"[^>]*stroke-width="2"', svg.replace("ns0:", ""))
    at = {(str(x - half), str(y - 15)): name for name, (x, y, half) in NODES.items()}
    return {at[box] for box in boxes}


def test_a_stop_lights_the_two_ends_of_each_of_its_arrows():
    assert lit("1a_which_way") == {"h", "z", "p", "L"}
    assert lit("3b_star") == {"x1", "v"}
    assert lit("5b_blend") == {"x0", "n", "Q", "K", "V", "S", "alpha", "O", "a"}
    assert lit("0_forward") == lit("6b_whole_walk") == {*NODES} - {"hf"}


def moved_by(name):
    """What changes when a value is put out of place by hand and the walk goes on from there."""
    uneven = np.random.default_rng(0).normal(size=VALUED[name].shape)  # the same for all keys would change nothing
    held = {name: VALUED[name] + uneven}
    after = forward(MODEL, TOKENS, Y, hold=held)
    return {other for other in VALUES if other in after and not (after[other] == VALUED[other]).all()}


@pytest.mark.parametrize("name", [name for name in VALUES if name not in ("hf", "S", "L", "p")])
def test_the_arrows_are_the_ways_of_the_forward_pass(name):
    """A value moves exactly what lies downstream of it on the map."""
    reached, new = set(), {name}
    while new:
        new = {end for start, end in ARROWS if start in new} - reached
        reached |= new
    assert moved_by(name) - {name} == reached


@pytest.mark.parametrize("here", STOPS)
def test_it_is_the_same_drawing_with_another_place_lit(here):
    page, first = show.block_map(here), show.block_map("0_forward")
    for dialect in DIALECTS:
        assert labels(page, dialect) == labels(first, dialect)
    assert page.html == show.block_map(here).html
    svg = drawing(page)
    assert svg.get("aria-label").split() == repr(page).split()
    assert f"you are here: {TITLES[int(here[0])]}" in repr(page)
    assert "fill:currentColor" in svg.get("style")  # or its words would be black on a dark page
    drawn = re.search(r"<svg.*</svg>", unfolded(page.html), re.DOTALL)[0]
    assert "#" not in re.sub(r"var\(--jp-brand-color1,#3b5bdb\)|&#\w+;", "", drawn)  # the page's colours


def test_the_way_walked_back_is_marked():
    def walked(here):
        return sum("gw-walked" in path.get("class", "") for path in drawing(show.block_map(here)).iter("path"))

    assert [walked(here) for here in STOPS] == [0, 2, 7, 8, 11, 14, 22]
    assert walked("5a_attention_forward") == walked("4c_free_identity_path")  # it only walks forward
    assert walked("8_full_size") == walked("6b_whole_walk") == len(ARROWS)
    assert "you are here: the whole walk" in repr(show.block_map("6b_whole_walk"))
    assert repr(show.block_map("1b_whose_error")).endswith("walked back here: L → p, p → z")
    assert repr(show.block_map("1e_intended_meaning")).endswith("before: L → p, p → z\nwalked back here: z → h")
    assert "walked back" not in repr(show.block_map("0_forward"))
    ends = {(end, start) for (start, end), stop in ARROWS.items() if stop <= (3, "b")}  # an unbroken way from L to x1
    seen = {"L"}
    for _ in ends:
        seen |= {to for of, to in ends if of in seen}
    assert seen == {part for pair in ends for part in pair}
    assert "x1" in seen


@pytest.mark.parametrize(
    ("here", "own"),
    [
        ("1b_whose_error", ["L → p", "p → z"]),
        ("3b_star", ["v → x1"]),  # the share of x1 by way of v
        ("4a_two_paths", ["h → x1"]),
        ("4c_free_identity_path", ["x1 → a", "x1 → x0"]),
        ("5b_blend", ["a → O", "O → V", "O → alpha"]),
        ("5c_scores", ["alpha → S"]),
        ("5d_query_key", ["S → K", "S → Q"]),
        ("5e_three_streams", ["V → n", "K → n", "Q → n", "n → x0"]),
        ("6a_embedding", ["x0 → words"]),
    ],
)
def test_every_arrow_that_a_stop_walks_back_stands_out(here, own):
    page = show.block_map(here)
    wide = [path for path in drawing(page).iter("path") if path.get("stroke-width") == "2.2"]
    assert len(wide) == len(own)
    assert repr(page).endswith(", ".join(own))


def test_a_tenth_step_comes_after_the_ninth(monkeypatch):
    monkeypatch.setitem(names.SHARES, ("x1", "h"), "10_another")
    for here in ("4a_two_paths", "8_full_size"):
        assert "h → x1" not in repr(show.block_map(here))


def test_a_value_is_reached_where_its_slope_is_derived():
    for node in {start for start, _ in ARROWS} - {"p"}:  # nobody needs the slope in p alone
        last = max(stop for (start, _), stop in ARROWS.items() if start == node)
        derived = look_up("E" if node == "words" else node).derived
        assert derived.split("_")[0] == f"{last[0]}{last[1]}", node


@pytest.mark.parametrize("dialect", DIALECTS)
def test_its_labels_are_the_dialects_own_or_the_courses(dialect):
    told = labels(show.block_map("0_forward"), dialect)
    if dialect == "course":
        assert {"x1", "dL_dx1", "W_Q b_Q", "x0 + a"} <= set(told)
    if dialect == "notes":
        assert {"x1", "x0 + a", "gx1", "g", "gh", "W1 b1", "W b", "gamma2 beta2"} <= set(told)
    if dialect == "gpt2":
        assert {"wte wpe", "ln_2", "mlp.c_fc", "attn.c_attn", "attn.c_proj", "mlp.c_proj", "wte", "h"} <= set(told)
    if dialect == "pytorch":
        assert {"src", "norm2", "linear1", "self_attn.in_proj", "nn.Linear", "nn.Embedding"} <= set(told)
    if dialect == "textbook":
        assert {"x(1)", "A", "ffn", "φ(a)", "∂ℒ/∂z", "ℒ", "x(0) + attn"} <= set(told)
    assert not re.search(r"[\\{}^$]", "".join(told))


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "course"])
def test_what_a_dialect_lacks_is_greyed(dialect):
    for text in drawing(show.block_map("0_forward")).iter("text"):
        if f"gw-{dialect}" in text.get("class", "").split():
            greyed = {"".join(part.itertext()) for part in text.iter("tspan") if part.get("opacity")}
            for name in "".join(text.itertext()).split():
                if name in VALUES and name not in SAID[dialect]:
                    assert name in greyed, (dialect, name)


def test_only_notebooks_that_are_there_are_led_to():
    there = {path.stem for path in NOTEBOOKS.glob("*.ipynb")}
    for here in STOPS:
        led = links(show.block_map(here))
        assert set(led) <= there - {here}
    led = links(show.block_map("0_forward"))
    on_it = {"E" if name == "words" else name for ends in ARROWS for name in ends}  # the words lead to their table
    wanted = {look_up(name).derived or "1a_which_way" for name in on_it}  # p and L: where they are first looked at
    assert set(led) == wanted & there
    assert led["1e_intended_meaning"] == "h"


def test_a_link_inside_the_drawing_would_break_the_output():
    """JupyterLab sets the href of every a in an output, and fails at one in an svg: they lie over the drawing."""
    page = show.block_map("0_forward")
    assert not re.search(r"<svg.*<a\b.*</svg>", unfolded(page.html), re.DOTALL)
    assert len(re.findall(r"<(?:a|span) [^>]*aria-label=", page.html)) == len(NODES) - 1  # no hf here


def test_a_node_tells_its_shape_and_its_numbers():
    page = show.block_map("1a_which_way", VALUED, GRADS, t=4)
    titles = {
        html.unescape(title).split(",")[0]: html.unescape(title) for title in re.findall(r'title="([^"]*)"', page.html)
    }
    numbers = " ".join(show.number(x, 2) for x in VALUED.h[4])
    assert f"h 5×4: {numbers}" in titles["h"]
    slopes = " ".join(show.number(x, 2) for x in GRADS.dL_dh[4])
    assert f"dL_dh 5×4: {slopes}" in titles["h"]
    assert f"L one number: {show.number(float(VALUED.L), 2)}" in titles["L"]
    assert "K 2×5×2" in titles["K"]
    plain = show.block_map("1a_which_way").html
    assert "5×4" not in plain
    assert "h, intended meaning" in plain


@pytest.mark.parametrize("here", STOPS)
def test_without_scripts_it_is_a_picture_with_the_same_words(here):
    page = show.block_map(here)
    assert words(plain(page.html)).split() == repr(page).split()  # and no other letter, of any dialect
    source = re.search(r'src="data:image/svg\+xml;base64,([^"]*)"', page.html)[1]
    still = ElementTree.fromstring(b64decode(source))
    told = [text for text in still.iter() if text.tag.endswith("}text")]
    assert ["".join(text.itertext()) for text in told if "gw-course" in text.get("class", "")] == labels(page, "course")
    assert "gw-notes" not in b64decode(source).decode()
    assert not re.search(rb"currentColor|var\(", b64decode(source))  # it has no page to take them from
    assert len(re.findall(r"<svg|<img", plain(page.html))) == 1


def test_nothing_on_it_has_a_name_that_another_map_on_the_page_has_too():
    assert not re.search(r"\bid=|url\(", unfolded(show.block_map("1a_which_way").html))


def test_every_arrow_has_its_tip_where_it_ends():
    ends = {"".join(path.get("d").split("M")[1:]) for path in drawing(show.block_map("6b_whole_walk")).iter("path")}
    lines = [d for d in ends if re.search(r"[HQ]", d) and "v-6" not in d]
    tips = {tuple(map(float, re.match(r"(\S+) (\d+)", d).groups())) for d in ends if d.endswith("z")}
    assert len(lines) == 2 * len(ARROWS)
    for line in lines:
        begin, across, x = line.partition("H")  # straight on, at the height where it began; else to its last point
        end = (x, begin.split()[1]) if across else re.findall(r"[\d.]+", line)[-2:]
        assert tuple(map(float, end)) in tips, line


def test_the_lines_of_a_model_are_drawn_where_one_is_given():
    told = labels(show.block_map("0_forward", model=Model.random(tied=True, final_norm=True, blocks=2)), "course")
    assert {"hf", "dL_dhf", "gammaf betaf", "E b"} <= set(told)
    assert not {"W b", "W"} & set(told)
    assert "h = x1 + m → hf → z → p → L" in repr(show.block_map("0_forward", model=Model.random(final_norm=True)))
    with pytest.raises(ValueError, match="model: wanted"):
        show.block_map("0_forward", model="gpt2")


def test_another_function_in_a_lines_place_needs_no_word_here(monkeypatch):
    """A norm without a shift: its weights, and the word that its own file begins with, on the map as it is."""
    monkeypatch.setitem(sys.modules, "another_step", ModuleType("another_step", "Step 3, RMSNorm: no mean taken out."))

    def rmsnorm(x1, gamma):
        return gamma * x1

    rmsnorm.__module__ = "another_step"

    def lines(model, course=block.block):
        norms = {"n": ("x0", "gamma1"), "v": ("x1", "gamma2")}
        return [
            line._replace(function=rmsnorm, takes=norms[line.value]) if line.value in norms else line
            for line in course(model)
        ]

    monkeypatch.setattr(block, "block", lines)
    page = show.block_map("3b_star", model=MODEL)
    assert {"gamma1", "gamma2"} <= set(labels(page, "course"))
    assert not any("beta" in label for label in labels(page, "course"))
    assert "you are here: RMSNorm (x1 → v)" in repr(page)


def test_no_box_stands_on_another():
    boxes = [(x - half, x + half, y - 15, y + 15) for x, y, half in NODES.values()]
    for one, other in combinations(boxes, 2):
        assert one[1] < other[0] or other[1] < one[0] or one[3] < other[2] or other[3] < one[2], (one, other)


def points(path):
    """A drawn line as points: M, H and L go straight, Q bends by one point that it does not reach."""
    steps, at = np.linspace(0, 1, 41)[:, None], []
    for letter, numbers in re.findall(r"([MHLQ])([\d. ]+)", path):
        given = [float(x) for x in numbers.split()]
        ends = [[*given, at[-1][1]]] if letter == "H" else np.reshape(given, (-1, 2))
        via, end = np.array(ends[0]), np.array(ends[-1])
        start = at[-1] if at else end
        middle = via if letter == "Q" else (start + end) / 2
        at += [*((1 - steps) ** 2 * start + 2 * steps * (1 - steps) * middle + steps**2 * end)]
    return np.array(at)  # (points, 2)


@pytest.mark.parametrize("model", [MODEL, Model.random(final_norm=True)], ids=["course", "final norm"])
def test_no_arrow_crosses_its_own_way_back_or_a_box_on_its_way(model):
    arrows = undone_at(block.lines(model))
    svg = drawing(show.block_map("6b_whole_walk", model=model))
    drawn = [
        path.get("d") for path in svg.iter("path") if re.search(r"[HQ]", path.get("d")) and "v-6" not in path.get("d")
    ]
    for ends, out, back in zip(arrows, drawn[::2], drawn[1::2], strict=True):
        apart = np.linalg.norm(points(out)[:, None] - points(back), axis=-1)
        assert apart.min() > 5, ends
        for name in {name for pair in arrows for name in pair} - {*ends}:
            x, y, half = NODES[name]
            inside = np.abs(np.concatenate([points(out), points(back)]) - (x, y)) < (half, 15)
            assert not inside.all(axis=1).any(), (ends, name)


def test_bad_places_are_told():
    with pytest.raises(ValueError, match="no stop '10_nowhere'"):
        show.block_map("10_nowhere")
    with pytest.raises(ValueError, match="t: wanted a whole number from 0 to 4, got 5"):
        show.block_map("0_forward", VALUED, GRADS, t=5)
    deep = Model.random(seed=1, blocks=2)
    values = forward(deep, TOKENS, Y)
    with pytest.raises(ValueError, match="values: wanted those of one block, such as values"):
        show.block_map("0_forward", values)
    assert "x1 5×4" in show.block_map("0_forward", values.blocks[1]).html


def test_small_latex_becomes_text():
    plain = re.compile(r"<[^>]*>|&#8203;")
    for latex, wanted in [("g_{x_1}", "gx1"), (r"\mathrm{attn}", "attn"), (r"W_{\mathrm{pos}}", "Wpos"), ("W^Q", "WQ")]:
        assert plain.sub("", svg_text.typeset(latex)) == wanted
    assert 'dy="0.25em"' in svg_text.typeset("W_2")
    assert 'dy="-0.4em"' in svg_text.typeset("x^{(1)}")
