"""A GPT-2 folder as people have it: what can safely be read is read, anything else says what it is and what to do."""

import json
import shutil
import time
import tracemalloc

import gpt2_folder
import numpy as np
import pytest
from gpt2_folder import CONFIG
from safetensors.numpy import save_file

from gradwalk import checkpoint
from gradwalk.model import Model
from gradwalk.walk import forward

pytestmark = pytest.mark.slow

TOKENS = np.array([3, 10, 3, 0, 7])
WEIGHTS = gpt2_folder.arrays(CONFIG)
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 548105171\n"
PAGE = "\n<!DOCTYPE html>\n<html><body>Sign in</body></html>"


@pytest.fixture
def folder(tmp_path):
    return gpt2_folder.write(tmp_path / "gpt2", WEIGHTS, CONFIG)


def refused(call, *given, kind=ValueError):
    """What the refusal says; on one line, at once, in little memory."""
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(kind) as found:
        call(*given)
    seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    told = str(found.value)
    assert seconds < 1
    assert peak < 2**28
    assert "\n" not in told
    assert len(told) < 700
    return told


# ---- where it lies


def test_a_folder_by_any_of_its_names(folder, monkeypatch):
    plain = Model.gpt2(folder)
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    other = shutil.copy(folder / "model.safetensors", folder / "another.safetensors")
    for given in (str(folder), "~/gpt2", folder / "model.safetensors", folder / "config.json", other):
        model = Model.gpt2(given)
        assert all(np.array_equal(array, plain.weights[name]) for name, array in model.weights.items())


@pytest.mark.parametrize("name", ["gpt2", "openai-community/gpt2"])
def test_a_name_on_the_hub(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    told = refused(Model.gpt2, name, kind=FileNotFoundError)
    assert told.startswith(f"folder: there is no folder {name}; ")
    assert f"`hf download {name} --local-dir gpt2`" in told


def test_a_file_that_is_not_there_is_no_name_on_the_hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = refused(Model.gpt2, "gpt2/model.safetensors", kind=FileNotFoundError)
    assert told == "folder: there is no folder gpt2/model.safetensors"


@pytest.mark.parametrize("given", [None, 3, "", "  ", b"gpt2", ["gpt2"], "a\0b"])
def test_what_is_no_path(given):
    for call, argument in ((Model.gpt2, "folder"), (checkpoint.load, "path")):
        assert refused(call, given).startswith(f"{argument}: wanted the path of a ")


def test_a_path_too_long_for_a_name():
    for call in (Model.gpt2, checkpoint.load):
        assert len(refused(call, "x" * 100_000, kind=(ValueError, FileNotFoundError))) < 400


def test_a_folder_of_the_hubs_cache(folder, tmp_path):
    inside = tmp_path / "models--gpt2" / "snapshots" / "607a30d783"
    inside.parent.mkdir(parents=True)
    shutil.copytree(folder, inside)
    assert f"it is in {inside}: give that folder" in refused(
        Model.gpt2, tmp_path / "models--gpt2", kind=FileNotFoundError
    )


@pytest.mark.parametrize(
    ("others", "told"),
    [
        (["pytorch_model.bin"], "there is only pytorch_model.bin, which is not opened; wanted safetensors"),
        (
            ["tf_model.h5", "flax_model.msgpack", "model.ckpt.index", "rust_model.ot"],
            "there is only flax_model.msgpack",
        ),
        (["gpt2-q4.gguf"], "there is only gpt2-q4.gguf"),
        (["pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json"], "there is only pytorch_model-00001"),
        (
            ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
            "but no model.safetensors.index.json, which says what is in each: download it too",
        ),
        (["fp16.safetensors.index.json"], "there is fp16.safetensors.index.json: give the file itself"),
        (["fp16.safetensors"], "there is fp16.safetensors: give the file itself in place of the folder"),
        ([], "there is no such file"),
    ],
)
def test_weights_in_another_form(folder, others, told):
    (folder / "model.safetensors").unlink()
    for name in others:
        (folder / name).write_bytes(b"\x80\x04.")
    said = refused(Model.gpt2, folder, kind=FileNotFoundError)
    assert "model.safetensors: there is no such file" in said
    assert told in said


def test_one_of_several_files(folder):
    shard = folder / "model-00001-of-00002.safetensors"
    shutil.copy(folder / "model.safetensors", shard)
    assert "is one of several files; give the folder, or the .safetensors.index.json" in refused(Model.gpt2, shard)


# ---- what the files are

START = b"\x40\x02\0\0\0\0\0\0"
WHAT = {
    "is a Git LFS pointer, not the file itself: run `git lfs pull`": LFS.encode(),
    "is a pointer of the hub's storage": b"# xet version 0\nfilesize = 548105171\n",
    "is a web page": PAGE.encode(),
    "is empty": b"",
    "is a zip archive": b"PK\x03\x04" + bytes(100),
    "is a pickle, which can run a program": b"\x80\x02}q\x00." + b"\xff" * 100,
    "is a GGUF file": b"GGUF\x03\0\0\0" + bytes(100),
    "is an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "is compressed with gzip": b"\x1f\x8b\x08" + bytes(100),
    "is text, no safetensors file": b"Not Found\n",
    "is cut off (its header would have 576 bytes, the file has 9)": START + b"{",
    "is no safetensors file": bytes(1000),
    "the header: not JSON": b"\x40\0\0\0\0\0\0\0{" + b"x" * 63,
    "the header: wanted": b"\x02\0\0\0\0\0\0\0{]",
    "its header has 17,000,000 bytes": (17 * 10**6).to_bytes(8, "little") + b"{" + b" " * 17 * 10**6,
}


@pytest.mark.parametrize("told", WHAT)
def test_what_is_no_safetensors_file_says_what_it_is(folder, told):
    told, holds = told.replace("the header: wanted", "the header: not JSON"), WHAT[told]
    for path, call in ((folder / "model.safetensors", Model.gpt2), (folder / "own.safetensors", checkpoint.load)):
        path.write_bytes(holds)
        said = refused(call, folder if call == Model.gpt2 else path)
        assert said.startswith(f"{path}: ")
        assert told in said


def test_what_is_given_in_place_of_the_folder_says_what_it_is(folder):
    for name, holds, told in (("a.bin", b"PK\x03\x04", "is a zip archive"), ("a.txt", b"hello", "is a file")):
        (folder / name).write_bytes(holds)
        assert f"folder: {folder / name} {told}" in refused(Model.gpt2, folder / name)


def test_a_file_that_is_cut_off(folder):
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    for kept in (len(whole) - 1, len(whole) // 2, 8 + int.from_bytes(whole[:8], "little")):
        path.write_bytes(whole[:kept])
        said = refused(Model.gpt2, folder)
        assert f"is cut off ({kept:,} bytes where its header promises {len(whole):,}): download it again" in said


def stored_as(path, dtype, name="wte.weight"):
    """The good file, one array said to be of another dtype, of one byte a number: an eighth of its bytes kept."""
    whole = path.read_bytes()
    length = int.from_bytes(whole[:8], "little")
    header, data = json.loads(whole[8 : 8 + length]), whole[8 + length :]
    kept, at = b"", 0
    for key, entry in sorted(
        ((key, entry) for key, entry in header.items() if key != "__metadata__"), key=lambda one: one[1]["data_offsets"]
    ):
        begin, end = entry["data_offsets"]
        if key == name:
            entry["dtype"], end = dtype, begin + (end - begin) // 8
        kept += data[begin:end]
        entry["data_offsets"], at = [at, at + end - begin], at + end - begin
    told = json.dumps(header).encode()
    path.write_bytes(len(told).to_bytes(8, "little") + told + kept)


@pytest.mark.parametrize(
    ("dtype", "told"),
    [
        ("F8_E4M3", "wte.weight is stored as F8_E4M3, as quantised models are; wanted float32, float16, bfloat16 or"),
        ("I8", "wte.weight is stored as I8, as quantised models are"),
        ("U8", "wte.weight is stored as U8, as quantised models are"),
    ],
)
def test_a_dtype_that_is_not_read(folder, dtype, told):
    stored_as(folder / "model.safetensors", dtype)
    assert told in refused(Model.gpt2, folder)


def test_one_models_file_in_place_of_the_others(folder):
    own = folder / "own.safetensors"
    checkpoint.save(Model.random(), own)
    assert "own.safetensors: is a model of the course's own; gradwalk.checkpoint.load reads it" in refused(
        Model.gpt2, own
    )
    assert "is a folder with config.json, as GPT-2's; gradwalk.Model.gpt2(folder) reads it" in refused(
        checkpoint.load, folder
    )
    assert "gradwalk.Model.gpt2(folder) reads GPT-2's" in refused(checkpoint.load, folder / "model.safetensors")
    (folder / "config.json").unlink()
    assert "there is no such file; it is a folder" in refused(checkpoint.load, folder, kind=FileNotFoundError)


def test_a_path_from_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    checkpoint.save(Model.random(), tmp_path / "own.safetensors")
    assert checkpoint.load("~/own.safetensors").words == Model.random().words


# ---- its weights' names


@pytest.mark.parametrize(
    "prefix",
    ["transformer.", "model.", "gpt2.", "module.", "base_model.model.", "module.transformer.", "_orig_mod.a.b."],
)
def test_a_prefix_that_all_names_share(tmp_path, prefix):
    plain = Model.gpt2(gpt2_folder.write(tmp_path / "plain", WEIGHTS, CONFIG))
    named = {prefix + name: array for name, array in WEIGHTS.items()}
    heads = {"lm_head.weight", prefix + "lm_head.weight", prefix.split(".")[0] + ".lm_head.weight"}
    named |= {head: WEIGHTS["wte.weight"].copy() for head in heads}
    named |= {f"{prefix}h.0.attn.bias": np.tri(8)[None, None].astype(np.uint8)}
    model = Model.gpt2(gpt2_folder.write(tmp_path / "named", named, CONFIG))
    assert model.weights.keys() == plain.weights.keys()
    assert all(np.array_equal(array, plain.weights[name]) for name, array in model.weights.items())
    for head in heads:
        other = gpt2_folder.write(tmp_path / "other", named | {head: WEIGHTS["wte.weight"] + 1}, CONFIG)
        assert "lm_head.weight is not wte.weight" in refused(Model.gpt2, other)


def test_of_tied_weights_the_file_may_hold_one(tmp_path):
    """So safetensors' own `save_model` writes them: under the name that comes first."""
    named = {f"transformer.{name}": array for name, array in WEIGHTS.items()}
    named["lm_head.weight"] = named.pop("transformer.wte.weight")
    model = Model.gpt2(gpt2_folder.write(tmp_path / "gpt2", named, CONFIG))
    assert np.array_equal(model.weights["E"], WEIGHTS["wte.weight"])


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (
            lambda name: name.replace("wpe", "embed_positions"),
            "missing wpe.weight and the rest of GPT-2; it holds embed_positions.weight",
        ),
        (lambda name: name.replace("mlp.c_fc", "mlp.fc1"), "missing h.0.mlp.c_fc.weight, h.0.mlp.c_fc.bias, h.1.mlp"),
        (lambda name: name.replace("h.", "layers."), "holds 0 blocks, config.json names n_layer 2"),
        (
            lambda name: name if "ln_f" in name else "model." + name,
            "ln_f.bias, ln_f.weight is not a weight of GPT-2; its",
        ),
    ],
)
def test_other_names_are_told_in_a_few(tmp_path, names, told):
    folder = gpt2_folder.write(tmp_path / "gpt2", {names(name): array for name, array in WEIGHTS.items()}, CONFIG)
    said = refused(Model.gpt2, folder)
    assert f"model.safetensors: {told}" in said
    assert said.count(".weight") <= 7


def test_two_models_in_one_file(tmp_path):
    named = {prefix + name: array for name, array in WEIGHTS.items() for prefix in ("student.", "teacher.")}
    said = refused(Model.gpt2, gpt2_folder.write(tmp_path / "gpt2", named, CONFIG))
    assert "wanted one model, it holds student.wpe.weight, teacher.wpe.weight" in said


# ---- its config


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_letter(folder, mark):
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding=mark)
    (folder / "tokenizer.json").write_text(json.dumps(gpt2_folder.byte_level()), encoding=mark)
    assert Model.gpt2(folder).words[:2] == ["!", '"']


TANH = ["gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate", "gelu_fast"]


@pytest.mark.parametrize("name", [*TANH, "relu"])
def test_an_activation_by_its_other_names(tmp_path, name):
    config = CONFIG | {"activation_function": name}
    model = Model.gpt2(gpt2_folder.write(tmp_path / "gpt2", WEIGHTS, config))
    assert model.activation == ("relu" if name == "relu" else "gelu")
    if name != "relu":
        np.testing.assert_allclose(
            forward(model, TOKENS).z, gpt2_folder.logits(WEIGHTS, CONFIG, TOKENS), rtol=0, atol=1e-13
        )


def test_sizes_by_their_other_names(tmp_path):
    config = {key: value for key, value in CONFIG.items() if not key.startswith("n_")}
    older = config | {"n_embd": 6, "n_head": 3, "n_layer": 2, "n_ctx": 8}
    general = config | {"hidden_size": 6, "num_attention_heads": 3, "num_hidden_layers": 2}
    general |= {"max_position_embeddings": 8, "n_positions": None, "n_inner": 24}
    for i, given in enumerate((older, general)):
        model = Model.gpt2(gpt2_folder.write(tmp_path / str(i), WEIGHTS, given))
        assert (model.D, model.H, model.F, model.T_max, len(model.blocks)) == (6, 3, 24, 8, 2)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"n_layer": 10**9}, "wanted n_layer, a whole number of at least 1 and at most 2,000,000, got 1000000000"),
        ({"n_layer": 10**6}, "model.safetensors: holds 2 blocks, config.json names n_layer 1,000,000"),
        ({"n_layer": 1}, "h.1.attn.c_attn.bias is not a weight of GPT-2 with the layers that config.json names"),
        ({"n_embd": 1_999_998}, "h.0.attn.c_attn.bias came with shape (18,), wanted (5999994,) by config.json"),
        ({"n_embd": 10**4000}, "wanted n_embd, a whole number of at least 1 and at most 2,000,000, got a whole number"),
        ({"vocab_size": 10**6}, "wte.weight came with shape (11, 6), wanted (1000000, 6) by config.json"),
        ({"n_positions": 9}, "wpe.weight came with shape (8, 6), wanted (9, 6) by config.json"),
        ({"n_inner": 10**6}, "h.0.mlp.c_fc.bias came with shape (24,), wanted (1000000,) by config.json"),
        ({"n_inner": 0}, "wanted n_inner, a whole number of at least 1, got 0"),
        ({"n_inner": "24"}, "wanted n_inner, a whole number of at least 1, got '24'"),
        ({"n_head": 4}, "config.json: wanted n_head, a number that divides n_embd = 6, got 4"),
        ({"n_head": True}, "wanted n_head, a whole number of at least 1, got True"),
        ({"n_head": 3.0}, "wanted n_head, a whole number of at least 1, got 3.0"),
        ({"n_head": [3]}, "wanted n_head, a whole number of at least 1, got [3]"),
        ({"model_type": "llama"}, "config.json: wanted model_type 'gpt2', got 'llama'"),
        ({"activation_function": ["gelu_new"]}, "wanted activation_function 'gelu_new', got ['gelu_new'] (also read: "),
        ({"activation_function": "x\n" * 10**5}, "wanted activation_function 'gelu_new', got 'x"),
        ({"activation_function": "quick_gelu"}, "wanted activation_function 'gelu_new', got 'quick_gelu'"),
        ({"layer_norm_epsilon": None}, "config.json: layer_norm_epsilon: wanted a finite number above 0, got None"),
        ({"quantization_config": {"bits": 4}}, "wanted quantization_config None, got {'bits': 4}"),
    ],
)
def test_a_config_that_does_not_fit_is_named_at_once(tmp_path, change, told):
    folder = gpt2_folder.write(tmp_path / "gpt2", WEIGHTS, CONFIG | change)
    assert told in refused(Model.gpt2, folder)


HOSTILE_JSON = {
    "nested too deeply": "[" * 100_000,
    "deep in a value": '{"a":' * 50_000,
    "Exceeds the limit": '{"n_layer": ' + "9" * 5_000 + "}",
    "'n_layer' comes twice": '{"n_layer": 2, "n_layer": 3}',
    "NaN is no number": '{"n_layer": NaN}',
    "-Infinity is no number": '{"n_layer": -Infinity}',
    "wanted a JSON dictionary, got list": "[]",
    "wanted a JSON dictionary, got NoneType": "null",
    "is a Git LFS pointer": LFS,
    "is a web page": PAGE,
    "not JSON": '{"a": 1,}',
    "entries": '{"a": [' + "0," * 1_000_001 + "0]}",
}


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json"])
@pytest.mark.parametrize("told", HOSTILE_JSON)
def test_hostile_json_is_refused_at_once(folder, file, told):
    (folder / file).write_text(HOSTILE_JSON[told], encoding="utf-8")
    said = refused(Model.gpt2, folder)
    assert said.startswith(f"{folder / file}: ")
    if file == "tokenizer.json" or told != "entries":  # a config of that size is too large beforehand
        assert told.replace("deep in a value", "nested too deeply") in said


@pytest.mark.parametrize("size", [2**20 + 1, 2**24 + 1])
def test_a_file_too_large_is_not_opened(folder, size):
    name = "config.json" if size < 2**24 else "tokenizer.json"
    (folder / name).write_text("{" + " " * (size - 2) + "}", encoding="utf-8")
    assert f"{name}: has {size:,} bytes; wanted at most {size - 1:,}" in refused(Model.gpt2, folder)


# ---- our own files' metadata

GOOD = {"words": ["a", "b", "c"], "H": 2, "activation": "relu"}
HOSTILE_ABOUT = {
    "H: wanted a whole number of at least 1, got '2'": GOOD | {"H": "2"},
    "H: wanted a whole number of at least 1, got True": GOOD | {"H": True},
    "H: wanted a whole number of at least 1, got 1e+308": GOOD | {"H": 1e308},
    "H: wanted a whole number of at least 1, got 2.0": GOOD | {"H": 2.0},
    "H: wanted a whole number of at least 1, got None": GOOD | {"H": None},
    "H: wanted a whole number of at least 1, got [2]": GOOD | {"H": [2]},
    "H: wanted a number of heads that divides D = 4, got a whole number of": GOOD | {"H": 10**4000},
    "activation, got ['relu']": GOOD | {"activation": ["relu"]},
    "activation, got 7": GOOD | {"activation": 7},
    "activation: there is no activation 'xxx": GOOD | {"activation": "x" * 10**6},
    "the metadata's words are not a list of words": GOOD | {"words": [["a"], "b", "c"]},
    "the metadata's words are not a list": GOOD | {"words": {"a": 1, "b": 2, "c": 3}},
    "words: a word appears twice": GOOD | {"words": ["a", "a", "a"]},
    "weights: E came with shape (3, 4), wanted (50000, 4)": GOOD | {"words": [str(i) for i in range(50_000)]},
    "wanted metadata 'gradwalk' with words, H and activation: not JSON that can be": "[" * 100_000,
    "wanted metadata 'gradwalk' with words, H and activation: not JSON ('H' comes twice)": '{"H": 2, "H": 2}',
    "wanted metadata 'gradwalk' with words, H and activation: not JSON (NaN": '{"H": NaN}',
    "wanted metadata 'gradwalk' with words, H and activation: not JSON (Exceeds": '{"H": ' + "1" * 5000 + "}",
    "the header: holds more than 1,000,000 entries": '{"words": [' + '"a",' * 10**6 + '""]}',
    "wanted metadata 'gradwalk' with words, H and activation, got none of words": "{}",
}


@pytest.mark.parametrize("told", HOSTILE_ABOUT)
def test_hostile_metadata_of_our_own_files(tmp_path, told):
    weights = dict(Model.random(words=["a", "b", "c"]).weights)
    about, path = HOSTILE_ABOUT[told], tmp_path / "own"
    save_file(weights, path, {"gradwalk": about if isinstance(about, str) else json.dumps(about)})
    said = refused(checkpoint.load, path)
    assert said.startswith(f"{path}: ")
    assert told in said


def test_ten_million_words(tmp_path):
    about = b'{"__metadata__":{"gradwalk":"{\\"words\\":[' + b'\\"a\\",' * 10**7 + b'\\"\\"]}"}}'
    (tmp_path / "own").write_bytes(len(about).to_bytes(8, "little") + about)
    assert "own: its header has 60,000,0" in refused(checkpoint.load, tmp_path / "own")
