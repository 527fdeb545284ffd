"""The tables of what others call it: whole, true of GPT-2's own arrays, clear where they are wrong, enough."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import gpt2_folder
import numpy as np
import pytest
from gpt2_folder import CONFIG

import gradwalk
from gradwalk import show
from gradwalk.dialect_table import DIALECTS, FILE, SAID, SLOPES, in_block, read
from gradwalk.model import Model
from gradwalk.names import ASIDES, VALUES, WEIGHTS
from gradwalk.reading import layout
from gradwalk.walk import forward

pytestmark = pytest.mark.slow

TEXT = FILE.read_text(encoding="utf-8")
NARROW = re.sub(r" +\|", " |", TEXT)
OTHERS = [name for name in DIALECTS if name != "course"]


def changed(row, old, new):
    """The file with `old` replaced in the one line that begins with the cells of `row`."""
    lines = [line for line in NARROW.splitlines() if line.startswith(f"| {row} |")]
    assert len(lines) == 1
    assert old in lines[0]
    return NARROW.replace(lines[0], lines[0].replace(old, new, 1))


# ---- whole


def test_every_weight_and_value_has_a_row_in_the_order_of_the_walk():
    rows = re.findall(r"^\| (\S+) ", TEXT.split("## The names")[1].split("## Slopes")[0], re.MULTILINE)
    wanted = ["course", *WEIGHTS, *VALUES]
    assert rows == [*wanted, *(name for name in ASIDES if name in rows)]  # what only derivations speak of may have none


NOTES = {"W", "b", "W1", "b1", "W2", "b2", "x0", "Q", "K", "V", "O", "a", "x1", "v", "m", "h", "z", "p", "L"}
BLANK = {  # what a dialect has no name for
    "notes": {*WEIGHTS, *VALUES, *ASIDES} - NOTES,
    "textbook": {*ASIDES} - {"x_hat", "mu", "sigma"},
    "gpt2": {"b", *VALUES, *ASIDES},
    "pytorch": {"gammaf", "betaf", *VALUES, *ASIDES} - {"x0"},
}


@pytest.mark.parametrize("which", OTHERS)
def test_a_cell_is_blank_on_purpose(which):
    assert {*WEIGHTS, *VALUES, *ASIDES} - {*SAID[which]} == BLANK[which]


def test_the_file_is_a_table_for_people():
    for table in re.findall(r"(?:^\|.*\n?)+", TEXT, re.MULTILINE):
        assert len({len(line) for line in table.splitlines()}) == 1  # its columns stand below one another
    assert read(TEXT) == read(NARROW)  # and need not


# ---- told, with row and column

WRONG = [
    ("W1", "| W1 ", "| W_1 ", r"dialects\.md, row W_1: there is no name 'W_1'; the nearest: W1"),
    ("W1", "| W1 ", "| W2 ", r"there are two rows W2"),
    ("W1", "| W1 ", "", r"row W_1: wanted 5 cells, got 4"),
    ("dL_dm", "| dL_dm ", "| dL_dh_via_v ", r"row dL_dh_via_v: there is no name"),
    ("W1", "[transposed]", "[transpose]", r"row W1, column textbook: wanted a name, its \$LaTeX\$, and how it lies"),
    ("b1", "mlp.c_fc.bias", "mlp.c_fc.bias [transposed]", r"row b1, column gpt2: .*, got 'h\.0\.mlp\.c_fc"),
    ("b_K", "bias [2/3]", "bias [4/3]", r"row b_K, column gpt2: "),
    (
        "b_K",
        "bias [2/3]",
        "bias [1/3]",
        r"column gpt2: wanted different parts of h.*bias, got \[1/3\], \[1/3\], ",
    ),
    ("b_K", "bias [2/3]", "bias [2/2]", r"column gpt2: wanted different parts of .*, got \[1/3\], \[2/2\], "),
    ("r", r"$\phi(a)$", r"$\phi(a)", r"row r, column textbook: "),
    ("course | notes | textbook", "gpt2", "gpt", r"column gpt: there is no dialect 'gpt'; the nearest: gpt2"),
    ("course | notes | textbook", "gpt2", "notes", r"wanted the columns course and a dialect each, got course, notes"),
    ("dialect | label", "whose", "who", r"wanted the columns dialect, label, whose"),
    ("gpt2 | GPT-2", "typewriter", "courier", r"row gpt2, column letters: wanted italic or typewriter, got 'courier'"),
    ("gpt2 | GPT-2", "all", "two", r"row gpt2, column positions: wanted all or one, got 'two'"),
    ("gpt2 | GPT-2", "h.0.", "h.q.", r"row gpt2, column block: wanted a text with 0 for the"),
    ("gpt2 | GPT-2", "GPT-2's ", "", r"row gpt2, column whose: wanted a few words"),
    ("pytorch | PyTorch", "NAME.grad $NAME$", ".grad", r"row pytorch, column slope of a weight: wanted a name and"),
    ("gpt2 | GPT-2", "gpt2", "gpt 2", r"row gpt 2, column dialect: wanted a word of letters and digits"),
    ("course | course", "| course |", "| ours |", r"column course: there is no dialect 'course'"),
    ("dialect | name", "here", "of", r"wanted the columns dialect, name, here, what the course settled, got"),
    ("gpt2 | weight", "gammaf", "gamma3", r"row weight of the clashes: wanted a dialect and names of the course"),
]


@pytest.mark.parametrize(("row", "old", "new", "told"), WRONG)
def test_what_cannot_be_read_is_told(row, old, new, told):
    with pytest.raises(ValueError, match=told):
        read(changed(row, old, new))


def test_a_row_or_a_column_that_is_not_there_is_told():
    with pytest.raises(ValueError, match=r"there is no row for hf"):
        read(re.sub(r"\| hf .*\n", "", TEXT))
    with pytest.raises(ValueError, match=r"there is no column for llama in the table of names"):
        read(re.sub(r"(\| gpt2( +\| GPT-2 .*\n))", r"\1| llama\2", TEXT))
    with pytest.raises(ValueError, match=r"wanted four tables with no empty line in them, got 3"):
        read(TEXT.split("## Clashes")[0])
    with pytest.raises(ValueError, match=r"wanted a line of dashes below course \| notes"):
        read(re.sub(r"(\| course .*\n)\|-.*\n", r"\1", TEXT))


# ---- how the arrays lie


def held_to_gpt2(tmp_path):
    """A random checkpoint is read as GPT-2 itself walks on its own arrays, and comes back number by number."""
    config = CONFIG | {"n_inner": 7}
    arrays = gpt2_folder.arrays(config)
    model = Model.gpt2(gpt2_folder.write(tmp_path / "gpt2", arrays, config))
    tokens = np.array([3, 10, 3, 0, 7])
    assert np.allclose(forward(model, tokens).z, gpt2_folder.logits(arrays, config, tokens), rtol=0, atol=1e-13)
    assert (None, "W") not in layout.places("gpt2", 2)  # tied: its cell is that of E
    sizes = {"N": 11, "T_max": 8, "D": 6, "F": 7}
    assert layout.shapes("gpt2", sizes, 2) == {name: array.shape for name, array in arrays.items()}
    again = layout.arrays(layout.weights(arrays, "gpt2", 2), "gpt2", 2)
    assert again.keys() == arrays.keys()
    assert all(np.array_equal(again[name], array) for name, array in arrays.items())


def test_the_cells_of_gpt2_are_its_arrays(tmp_path):
    held_to_gpt2(tmp_path)


CELLS = SAID["gpt2"]
PLANTED = [(name, CELLS[name]._replace(transposed=not CELLS[name].transposed)) for name in CELLS if "W" in name]
PLANTED += [(f"{w}_{k}", CELLS[f"{w}_Q"]) for w in "Wb" for k in "KV"]  # a part that another has
PLANTED += [
    (name, CELLS[name]._replace(name=CELLS[other].name))
    for name, other in [("gamma1", "gamma2"), ("beta1", "gamma1"), ("b_O", "b2"), ("gammaf", "betaf"), ("W1", "W2")]
]


@pytest.mark.parametrize(("name", "wrong"), PLANTED, ids=lambda one: one if isinstance(one, str) else "")
def test_a_wrong_cell_is_noticed(tmp_path, monkeypatch, name, wrong):
    monkeypatch.setitem(SAID["gpt2"], name, wrong)
    with pytest.raises((AssertionError, ValueError)):
        held_to_gpt2(tmp_path)


@pytest.mark.parametrize(("one", "other"), [("W_Q", "W_K"), ("b_K", "b_V"), ("gamma1", "gamma2"), ("b_O", "b2")])
def test_two_cells_in_each_others_place_are_noticed(tmp_path, monkeypatch, one, other):
    cells = dict(SAID["gpt2"])
    monkeypatch.setitem(SAID["gpt2"], one, cells[other])
    monkeypatch.setitem(SAID["gpt2"], other, cells[one])
    with pytest.raises(AssertionError):
        held_to_gpt2(tmp_path)


def test_the_cells_of_pytorch_are_its_layers_arrays():
    torch = pytest.importorskip("torch", reason="PyTorch is the second referee (the extra `referee`)")
    model = Model.random(seed=3, words=[*"abcdefg"], D=6, F=8, H=2, T_max=5)
    weights = {key: model.weights[key[1]] for key in layout.places("pytorch", 1)}
    arrays = layout.arrays(weights, "pytorch", 1)
    layer = torch.nn.TransformerEncoderLayer(6, 2, 8, dropout=0, norm_first=True, batch_first=True, dtype=torch.float64)
    theirs = {name: torch.tensor(arrays[in_block(name, "pytorch", 0)].copy()) for name in layer.state_dict()}
    layer.load_state_dict(theirs)
    values = forward(model, [0, 1, 2, 1, 3])
    with torch.no_grad():
        h = layer(torch.tensor(values.x0.copy())[None], src_mask=torch.triu(torch.full((5, 5), -torch.inf), 1).double())
    assert np.allclose(h[0].numpy(), values.h, rtol=0, atol=1e-13)


def test_a_blocks_number():
    assert in_block("h.0.ln_1.bias", "gpt2", 11) == "h.11.ln_1.bias"
    assert in_block("norm1.bias", "pytorch", 2) == "layers.2.norm1.bias"
    assert in_block("b_1", "notes", 2) == "b_1 of block 2"


# ---- enough: nothing else knows a dialect

LLAMA = {
    "course": "llama",
    "E": "model.embed_tokens.weight",
    **{f"W_{k}": f"model.layers.0.self_attn.{k.lower()}_proj.weight" for k in "QKVO"},
    "gamma1": "model.layers.0.input_layernorm.weight",
    "gamma2": "model.layers.0.post_attention_layernorm.weight",
    "W1": "model.layers.0.mlp.gate_up_proj.weight [2/2, transposed]",
    "W2": "model.layers.0.mlp.down_proj.weight",
    "gammaf": "model.norm.weight",
    "W": "lm_head.weight",
}
SEEN = """
import json
from gradwalk import DialBoard, Model, forward, show, step2_mlp
from gradwalk.reading import layout
model = Model.random(seed=0)
tokens, y = model.read("the dog slept by the fire")
values = forward(model, tokens, y)
sizes = {"N": 7, "D": 4, "F": 5, "T_max": 6}
pages = [show.dialect(), show.ledger(), show.step(step2_mlp.dL_dv), show.block_map("0_forward", values)]
pages += [show.journey(model, values, 0)]
print(json.dumps({
    "pages": [page.html for page in pages],
    "turned": repr(show.dialect("llama")),
    "dial": DialBoard(model, tokens, y, "W2", rows=[1], columns=[2]).scene["spoken"]["llama"],
    "shapes": layout.shapes("llama", sizes, 1),
}))
"""


def test_a_column_more_is_a_dialect_everywhere(tmp_path):
    """One line in the first table and one column in the second, in a copy of the package; nothing else is touched."""
    shutil.copytree(Path(gradwalk.__file__).parent, tmp_path / "gradwalk", ignore=shutil.ignore_patterns("*.pyc"))
    line = "| llama | Llama | Llama's | typewriter | all | model.layers.0. | NAME $NAME$ | | a llama's |"
    dialects, names, rest = re.split(r"(?=\n## The names|\n## Slopes)", NARROW)
    names = re.sub(r"^\| (\S+) .*", lambda row: f"{row[0]} {LLAMA.get(row[1], '')} |", names, flags=re.MULTILINE)
    names = re.sub(r"^\|-.*", r"\g<0>---|", names, flags=re.MULTILINE)
    copied = tmp_path / "gradwalk" / "data" / FILE.name
    copied.write_text(f"{dialects.rstrip()}\n{line}\n{names}{rest}", encoding="utf-8")
    there = os.environ | {"PYTHONPATH": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", SEEN], env=there, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout)
    switch, ledger, step, block_map, journey = seen["pages"]
    assert 'const NAMES = ["course", "notes", "textbook", "gpt2", "pytorch", "llama"];' in switch
    assert re.search(r'title="a llama&#x27;s"><input [^>]*value="llama"[^>]*>Llama</label>', switch)
    assert seen["turned"].endswith("· PyTorch · Llama (turned to Llama)")
    assert 'gw-llama" style="text-align:left">Llama</th>' in ledger
    assert "down_<wbr>proj" in ledger
    assert r"gw-llama" in step
    assert r"\texttt{mlp.gate\_up\_proj.weight}_{j,\,F{+}f}" in step
    assert "In Llama's names: " in step
    assert re.search(r'gw-llama" visibility="hidden">.*?mlp\.gate_up_proj', block_map)
    assert 'gw-llama"' in journey
    assert seen["dial"] == ["model.layers.0.mlp.down_proj.weight[1, 2]"]
    assert seen["shapes"]["model.layers.0.mlp.gate_up_proj.weight"] == [4, 10]
    assert seen["shapes"]["lm_head.weight"] == [7, 4]


def test_the_page_has_the_dialects_of_the_table():
    assert json.dumps([*DIALECTS]) in show.dialect().html
    assert "DIALECTS" not in show.dialect().html
    assert [*SAID] == [*SLOPES] == OTHERS
