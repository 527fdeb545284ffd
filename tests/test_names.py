"""The ledger of names: complete, true of the other dialects' own arrays, and clear where one name is said twice."""

import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
from pages import plain, unfolded, words

from gradwalk import names, show
from gradwalk.checkpoint import gpt2_layout
from gradwalk.dialect_table import CLASHES, DIALECTS, SAID, said
from gradwalk.model import Model
from gradwalk.names import ASIDES, SIZES, VALUES, WEIGHTS, look_up
from gradwalk.telling import derivations, dialects, ledger_page
from gradwalk.telling.latex import parted
from gradwalk.walk import backward, forward
from gradwalk.widgets.shared import PageCode

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
ALL = {**VALUES, **WEIGHTS, **ASIDES}
OTHERS = [name for name in DIALECTS if name != "course"]


def walked(**options):
    model = Model.random(seed=2, words=[*"abcdefg"], D=6, F=8, H=2, T_max=5, **options)
    values = forward(model, [0, 1, 2, 1, 3], [1, 2, 1, 3, 4])
    return model, values, backward(model, values)


@pytest.mark.parametrize("options", [{}, {"tied": True, "final_norm": True}])
def test_every_array_of_a_walk_is_in_the_ledger_with_its_shape(options):
    model, values, grads = walked(**options)
    sizes = {"T": 5, "D": 6, "F": 8, "H": 2, "N": 7, "T_max": 5, "D/H": 3}
    arrays = {**model.weights, **{name: values[name] for name in VALUES if name in values}}
    arrays |= {name: array for name, array in grads.items() if name.startswith("dL_d")}
    assert len(arrays) > 60
    for name, array in arrays.items():
        entry = look_up(name)
        assert array.shape == tuple(sizes[letter] for letter in entry.shape), name
        assert entry.word
        assert entry.symbol
        assert entry.first


def test_every_share_has_a_stop_of_its_own():
    grads = [*walked()[2], *walked(tied=True)[2]]
    shares = {tuple(name.removeprefix("dL_d").split("_via_")) for name in grads if "_via_" in name}
    assert shares == set(names.SHARES)
    assert look_up("dL_dx1_via_v").derived == "3b_star"
    assert look_up("dL_dx1").derived == "4a_two_paths"


def test_the_course_gives_each_letter_one_meaning():
    symbols = [entry.symbol for entry in ALL.values()]
    assert len(set(symbols)) == len(symbols)
    assert not set(symbols) & set(SIZES)
    assert len({entry.word for entry in ALL.values()}) == len(ALL)


@pytest.mark.parametrize("name", OTHERS)
def test_a_dialect_says_one_thing_of_each_symbol_or_the_clash_is_marked(name):
    assert set(SAID[name]) <= set(ALL)
    shown = defaultdict(set)
    for quantity in ALL:
        own = SAID[name].get(quantity)
        # greyed, the course's own symbol stands there: it must not be another quantity's in this dialect
        shown[(own.latex, own.slice) if own else (look_up(quantity).symbol, "")].add(quantity)
    marked = [set(clash.of) for clash in CLASHES if clash.dialect == name]
    for symbol, quantities in shown.items():
        assert len(quantities) == 1 or quantities in marked, (symbol, quantities)


def test_clashes_are_told():
    told = {(clash.dialect, clash.name): clash for clash in CLASHES}
    assert len(told) == len(CLASHES)
    for clash in CLASHES:
        assert clash.dialect in OTHERS
        assert set(clash.of) <= set(ALL)
        assert clash.settled.endswith(".")
    assert set(told["notes", "O"].of) == {"O", "a"}
    assert set(told["notes", "contextual meaning"].of) == {"v", "x1", "a"}
    assert told["notes", "x_1"].of == ("x1",)  # it only seemed to clash
    for name in OTHERS:  # whatever a dialect's own words shorten to the same
        last = defaultdict(set)
        for quantity, own in SAID[name].items():
            if own.name.startswith("h.0."):
                last[own.name.split(".", 3)[-1]].add(quantity)
        for short, quantities in last.items():
            if short.startswith("c_proj.weight"):
                assert quantities == set(told[name, "c_proj.weight"].of)


def test_gpt2_has_these_arrays_laid_as_the_ledger_says():
    model, _, grads = walked(tied=True, final_norm=True, activation="gelu", bias=False)
    theirs = gpt2_layout(grads)
    used = defaultdict(list)
    for name in model.weights:
        own = said(name, "gpt2")
        part = cut(theirs[own.name], own.slice)
        used[own.name].append(part.size)
        assert np.array_equal(part.T if own.transposed else part, grads[f"dL_d{name}"]), name
    assert {name: sum(sizes) for name, sizes in used.items()} == {name: a.size for name, a in theirs.items()}
    assert said("b", "gpt2") is None
    assert said("W", "gpt2").name == said("E", "gpt2").name
    assert not any(said(name, "gpt2") for name in VALUES)


def cut(array, index):
    """The part that an index such as "[:, D:2D]" means, at D = 6."""
    bounds = re.search(r"(\d?)D?:(\d)?D", index)
    if not bounds:
        return array
    start = 6 * int(bounds[1] or 1) if "D:" in index else 0
    own = slice(start, 6 * int(bounds[2] or 1))
    return array[:, own] if index.startswith("[:,") else array[own]


def test_pytorch_has_these_arrays_laid_as_the_ledger_says():
    torch = pytest.importorskip("torch", reason="PyTorch is the second referee (the extra `referee`)")
    layer = torch.nn.TransformerEncoderLayer(6, 2, 8, norm_first=True).state_dict()
    model = walked()[0]
    used = defaultdict(int)
    for name in names.BLOCK_WEIGHTS:
        own = said(name, "pytorch")
        part = cut(layer[own.name].numpy(), own.slice)
        used[own.name] += part.size
        assert (part.T if own.transposed else part).shape == model.weights[name].shape, name
    assert used == {name: array.numel() for name, array in layer.items()}


def test_a_gradient_is_named_too():
    assert said("dL_dz", "notes").latex == "g"
    assert said("dL_dh", "notes").latex == "g_{h}"
    assert said("dL_dx1_via_v", "notes").name == "g_x_1 (from LN_2)"
    assert said("dL_dW", "notes").latex == r"\partial L / \partial W"
    assert said("dL_dr", "notes") is None
    assert said("dL_dW1", "pytorch").name == "linear1.weight.grad"
    assert said("dL_dW1", "gpt2") == said("W1", "gpt2")
    assert said("dL_dh", "gpt2") is None
    assert said("blocks.1.dL_dW1", "pytorch").name == "linear1.weight.grad"
    assert said("W_K", "gpt2").slice == "[:, D:2D]"
    assert said("b_V", "pytorch").slice == "[2D:3D]"


def test_an_unknown_name_or_dialect_is_told():
    with pytest.raises(ValueError, match=r"no dialect 'gpt'.*gpt2"):
        said("W", "gpt")
    with pytest.raises(KeyError, match="dL_dW_X"):
        said("dL_dW_X", "gpt2")


STOPS = [*dict.fromkeys(stop for entry in ALL.values() for stop in (entry.first, entry.derived) if stop)]
THERE = {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}


def told_in(stop):
    notebook = nbformat.read(THERE[stop], as_version=4)
    said = [cell.source for cell in notebook.cells]
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "\n".join([*said, *(output.get("data", {}).get("text/plain", "") for output in outputs)])


def test_stops_are_named_as_the_folder_names_them():
    numbers = defaultdict(set)
    for stop in {*STOPS, *THERE}:
        numbers[stop.split("_")[0]].add(stop)
    assert all(len(stems) == 1 for stems in numbers.values()), numbers


@pytest.mark.parametrize("stop", [stop for stop in STOPS if stop in THERE])
def test_a_stop_speaks_of_what_the_ledger_says_it_speaks_of(stop):
    text = told_in(stop)
    for name, entry in ALL.items():
        if entry.first == stop:
            assert re.search(rf"(?<![A-Za-z_]){re.escape(name)}(?![A-Za-z0-9])", text), name
    for function in derivations.gradients():
        if function.__name__ in ("relu_slope", "gelu_slope", "pullback", "dL_dgamma", "dL_dbeta"):
            continue
        if function.__name__ in ("dL_dn_via_K", "dL_dn_via_V"):  # told by dL_dn_via_Q: another letter, no more
            continue
        if function.__name__ in ("dL_db2", "dL_dx0_via_x1"):  # as dL_db, and as dL_da: said in a sentence
            assert look_up(function.__name__).derived != stop or function.__name__ in text
            continue
        if look_up(function.__name__).derived == stop:
            derived = rf"\bstep\({function.__name__}\b|\b(Exercise|repair)\([\"']{function.__name__}[\"']"
            assert re.search(derived, text), function.__name__


def test_symbols_are_what_the_derivations_write():
    written = "\n".join(line.latex for f in derivations.gradients() for line in derivations.derivation(f).lines)
    for name, entry in ALL.items():
        if name not in ("gamma1", "beta1", "gammaf", "betaf", "hf", "L"):  # LN1's and LNf's are told for LN2
            stem, label, _ = parted(entry.symbol)
            assert f"{stem}_{{{label}{',' if label else ''}" in written, name


def test_the_ledger_is_in_the_order_of_the_walk():
    order = [derivations.STEPS.index(f.__module__.split(".")[-1]) for f in derivations.gradients()]
    assert all(a <= b for a, b in pairwise(order))
    assert next(iter(VALUES)) == "x0"
    assert list(VALUES)[-1] == "L"
    assert dialects.symbol("L", "gpt2").startswith(dialects.OWN)


# The ledger on the page


def test_a_board_on_the_same_page_styles_nothing_of_the_ledger():
    classes = {
        name
        for names in re.findall(r'class="([^"]+)"', ledger_page._html(ledger_page.rows()))
        for name in names.split()
    }
    assert "gw-column" in classes
    assert not classes & set(re.findall(r"\.(gw-[\w-]+)", PageCode.once().style))


def test_the_ledger_shows_every_name_once_in_every_dialect():
    rows = ledger_page.rows()
    told = [row[0] for row in rows]
    arrays = {*VALUES, *WEIGHTS, *(f"dL_d{name}" for name, entry in ALL.items() if entry.derived)}
    shares = {f"dL_d{name}_via_{road}" for name, road in names.SHARES}
    assert len(told) == len(set(told))
    assert set(told) == arrays | shares
    by_name = {row[0]: dict(zip(ledger_page.HEADS, row, strict=True)) for row in rows}
    assert by_name["W_K"]["GPT-2"] == "h.0.attn.c_attn.weight[:, D:2D], transposed"
    assert by_name["W_K"]["PyTorch"] == "self_attn.in_proj_weight[D:2D]"
    assert by_name["dL_dz"]["notes"] == "g, error vector"
    assert by_name["h"]["GPT-2"] == ""
    assert by_name["W"] | {"shape": "N × D", "worked with in": "0_forward"} == by_name["W"]


def test_the_ledger_can_be_searched():
    assert [row[0] for row in ledger_page.rows("c_fc weight")] == ["W1", "dL_dW1"]
    assert ledger_page.rows("no such thing") == []
    found = show.ledger("c_proj.weight")
    assert "c_proj.weight (here W_O, W2)" in repr(found)
    assert "x_1" not in repr(found)  # its clashes alone


def test_the_ledger_reads_without_script_or_style():
    page = plain(show.ledger().html)
    table = re.search(r"<table>.*</table>", page, re.DOTALL)[0]
    assert table.count("<tr>") == len(ledger_page.rows()) + 1
    assert words(page).startswith(
        f"{len(ledger_page.rows())} names. Run the notebook down to here, and you can search them"
    )
    assert not re.search(r"<(input|form|output|label)\b", page)  # nothing to press that does nothing
    assert table.count("⚠") > len(CLASHES)
    assert show.ledger().html == show.ledger().html


def test_the_ledger_of_a_page_with_scripts():
    page = unfolded(show.ledger().html)
    grey = re.search(r"<tr><th[^>]*><code>h</code>.*?</tr>", page)[0]
    assert grey.count("opacity") == 2  # GPT-2 and PyTorch have no name for h
    assert page.count('<input type="search"') == 1
    assert "Run the notebook" not in page
    assert '<div role="region" aria-label="all names" tabindex="0" ' in page  # the keyboard can scroll it
    assert page.count('<th scope="col"') == len(ledger_page.HEADS)
