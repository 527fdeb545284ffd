"""Models in and out of safetensors files: the course's own, and GPT-2's."""

import json
import os
import subprocess
import sys

import gpt2_folder
import numpy as np
import pytest
from gpt2_folder import CONFIG
from safetensors.numpy import load_file, save_file

from gradwalk import checkpoint
from gradwalk.model import Model
from gradwalk.walk import backward, forward

pytestmark = pytest.mark.slow

FORMS = [
    {},
    {"blocks": 3, "activation": "gelu"},
    {"tied": True, "final_norm": True, "bias": False, "dtype": np.float32},
]

# ---- the course's own


@pytest.mark.parametrize("form", FORMS)
def test_what_was_saved_is_loaded(tmp_path, form):
    model = Model.random(words=["it's", "café", "the", "b"], D=6, H=3, F=5, **form)
    model.turn("E", (0, 0), 1.0)
    checkpoint.save(model, tmp_path / "model.safetensors")
    loaded = checkpoint.load(str(tmp_path / "model.safetensors"))
    assert list(loaded.weights) == list(model.weights)
    for name, array in model.weights.items():
        assert array.tobytes() == loaded.weights[name].tobytes()
        assert array.dtype == loaded.weights[name].dtype
    assert (loaded.words, loaded.H, loaded.activation) == (model.words, model.H, model.activation)
    assert forward(loaded, [0, 1], [1, 2]).L == forward(model, [0, 1], [1, 2]).L
    checkpoint.save(loaded, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()


def test_the_same_model_is_the_same_bytes_in_every_process(tmp_path):
    code = "import sys; from gradwalk import Model, checkpoint; checkpoint.save(Model.random(blocks=2), sys.argv[1])"
    files = [tmp_path / "one", tmp_path / "two"]
    for seed, file in enumerate(files):
        subprocess.run([sys.executable, "-c", code, file], check=True, env=os.environ | {"PYTHONHASHSEED": str(seed)})
    assert files[0].read_bytes() == files[1].read_bytes()


ABOUT = {"words": ["a", "b", "c"], "H": 2, "activation": "relu"}


def written(path, change=lambda weights, about: None, metadata=None):
    """A good file, changed in one place."""
    model, about = Model.random(words=ABOUT["words"]), dict(ABOUT)
    weights = {name: array.copy() for name, array in model.weights.items()}
    change(weights, about)
    save_file(weights, path, {checkpoint.ABOUT: json.dumps(about)} if metadata is None else metadata)
    return path


def test_settings_come_back_whole_and_an_older_file_has_the_usual_ones(tmp_path):
    model = Model.random(D=4, H=4, activation="gelu", eps=0.25)
    checkpoint.save(model, tmp_path / "model")
    assert checkpoint.load(tmp_path / "model").settings == model.settings == model.copy(np.float32).settings
    assert model.settings == {"H": 4, "activation": "gelu", "norm": "layer", "eps": 0.25}
    older = written(tmp_path / "older", lambda w, about: [about.pop(key, None) for key in ("norm", "eps")])
    assert checkpoint.load(older).settings == {"H": 2, "activation": "relu", "norm": "layer", "eps": 1e-5}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda w, about: w.pop("W_O"), "weights: missing W_O"),
        (lambda w, about: w.update(W3=w["W1"]), "weights: there is no weight 'W3'; the nearest: W"),
        (lambda w, about: w.update(W2=w["W2"][:, 1:].copy()), r"weights: W2 came with shape \(4, 7\), wanted \(4, 8\)"),
        (lambda w, about: w.update(b=w["b"].astype(np.float32)), "weights: b came as float32, E as float64"),
        (
            lambda w, about: w.update(E=w["E"].astype(np.float16)),
            "weights: E_pos came as float64, E as float32; wanted one dtype",
        ),
        (lambda w, about: w["b1"].put(0, np.nan), "weights: b1 holds a number that is not finite"),
        (lambda w, about: about.pop("H"), "wanted metadata 'gradwalk' with words, H and activation"),
        (lambda w, about: about.update(H=3), "H: wanted a number of heads that divides D = 4, got 3"),
        (lambda w, about: about.update(dropout=0.1), "the metadata has dropout, which no model here has"),
        (lambda w, about: about.update(eps=0), "eps: wanted a finite number above 0, got 0"),
        (lambda w, about: about.update(norm="batch"), "norm: there is no norm 'batch'; the nearest: layer"),
        (lambda w, about: about.update(activation="silu"), "activation: there is no activation 'silu'"),
        (lambda w, about: about.update(words="abc"), "the metadata's words are not a list of words"),
        (lambda w, about: about.update(words=["a", 2, "c"]), "the metadata's words are not a list of words"),
        (lambda w, about: about.update(words=["a", "b"]), r"weights: E came with shape \(3, 4\), wanted \(2, 4\)"),
        (lambda w, about: about.update(words=["a", "a", "b"]), "words: a word appears twice"),
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path, change, told):
    written(tmp_path / "good")
    checkpoint.load(tmp_path / "good")
    with pytest.raises(ValueError, match=f"bad.*: {told}"):
        checkpoint.load(written(tmp_path / "bad", change))


@pytest.mark.parametrize("metadata", [{}, {"gradwalk": "{"}, {"gradwalk": "[]"}, {"format": "pt"}])
def test_a_file_without_its_metadata_is_named(tmp_path, metadata):
    with pytest.raises(ValueError, match="bad: wanted metadata 'gradwalk' with words, H and activation"):
        checkpoint.load(written(tmp_path / "bad", metadata=metadata))


def test_what_is_no_safetensors_file(tmp_path):
    (tmp_path / "bad").write_bytes(b"not a safetensors file at all")
    with pytest.raises(ValueError, match="bad: "):
        checkpoint.load(tmp_path / "bad")
    header = b'{"E":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'  # a dtype that numpy does not have
    (tmp_path / "narrow").write_bytes(len(header).to_bytes(8, "little") + header + b"\0\0")
    with pytest.raises(ValueError, match="narrow: "):
        checkpoint.load(tmp_path / "narrow")
    for absent in (tmp_path / "absent", tmp_path):
        with pytest.raises(FileNotFoundError, match="there is no such file"):
            checkpoint.load(absent)


def test_a_model_that_reads_with_a_tokenizer_is_not_saved_without_it(tmp_path):
    model = Model.random()
    model.tokenizer = object()
    with pytest.raises(ValueError, match="model: this one reads with a tokenizer"):
        checkpoint.save(model, tmp_path / "model")
    assert not (tmp_path / "model").exists()


# ---- GPT-2's


TOKENS, Y = np.array([3, 10, 3, 0, 7]), np.array([10, -1, 0, 7, 7])


@pytest.mark.parametrize("layers", [1, 2])
def test_the_logits_are_gpt2s(tmp_path, layers):
    config = CONFIG | {"n_layer": layers}
    weights = gpt2_folder.arrays(config)
    model = Model.gpt2(gpt2_folder.write(tmp_path / "gpt2", weights, config))
    assert (model.D, model.F, model.H, model.N, model.T_max, len(model.blocks)) == (6, 24, 3, 11, 8, layers)
    assert (model.activation, model.dtype) == ("gelu", np.float64)
    assert "W" not in model.weights
    assert "b" not in model.weights
    np.testing.assert_allclose(
        forward(model, TOKENS).z, gpt2_folder.logits(weights, config, TOKENS), rtol=0, atol=1e-13
    )


@pytest.mark.parametrize("layers", [1, 2])
def test_the_gradients_in_gpt2s_layout_are_the_slopes_in_its_arrays(tmp_path, layers):
    """Nudge a number of the checkpoint's own arrays, run GPT-2 in its own layout, watch the loss."""
    config = CONFIG | {"n_layer": layers, "n_inner": 7}
    weights = gpt2_folder.arrays(config, seed=layers)
    model = Model.gpt2(gpt2_folder.write(tmp_path / "gpt2", weights, config))
    grads = backward(model, forward(model, TOKENS, Y)).as_checkpoint()
    assert grads.keys() == weights.keys()
    largest, rng = max(np.abs(array).max() for array in grads.values()), np.random.default_rng(0)

    def loss():
        z = gpt2_folder.logits(weights, config, TOKENS)
        return np.mean([np.log(np.exp(z[t]).sum()) - z[t, word] for t, word in enumerate(Y) if word >= 0])

    for name, array in weights.items():
        assert grads[name].shape == array.shape
        scale = max(np.abs(grads[name]).max(), 1e-3 * largest)
        for number in rng.choice(array.size, 6, replace=False):
            index, ends = np.unravel_index(number, array.shape), []
            for turn in (1e-5, -2e-5):
                array[index] += turn
                ends.append(loss())
            array[index] += 1e-5
            assert abs((ends[0] - ends[1]) / 2e-5 - grads[name][index]) <= 1e-6 * scale, (name, index)


def test_only_a_model_of_gpt2s_form_has_its_layout():
    for form in (
        {"tied": True, "bias": False},
        {"final_norm": True, "bias": False},
        {"tied": True, "final_norm": True},
    ):
        model = Model.random(**form)
        grads = backward(model, forward(model, [1, 2], [2, 3]))
        with pytest.raises(ValueError, match="grads: wanted those of a model of GPT-2's form"):
            grads.as_checkpoint()


def test_what_published_files_hold_besides(tmp_path):
    """The older files' causal masks, a prefix, and the tied output layer once more: none of it is a weight."""
    weights = gpt2_folder.arrays(CONFIG, dtype=np.float32)
    plain = Model.gpt2(gpt2_folder.write(tmp_path / "plain", weights, CONFIG))
    besides = {f"transformer.{name}": array for name, array in weights.items()}
    besides |= {f"transformer.h.{q}.attn.bias": np.tri(8, dtype=np.float32)[None, None] for q in range(2)}
    besides |= {f"transformer.h.{q}.attn.masked_bias": np.float32([-1e4]) for q in range(2)}
    besides |= {"lm_head.weight": weights["wte.weight"].copy()}
    model = Model.gpt2(gpt2_folder.write(tmp_path / "besides", besides, CONFIG))
    assert model.dtype == np.float32
    assert all(np.array_equal(array, plain.weights[name]) for name, array in model.weights.items())
    besides["lm_head.weight"][0, 0] += 1
    with pytest.raises(ValueError, match=r"model\.safetensors: lm_head\.weight is not wte\.weight"):
        Model.gpt2(gpt2_folder.write(tmp_path / "untied", besides, CONFIG))


def test_float16_is_raised_to_float32(tmp_path):
    weights = gpt2_folder.arrays(CONFIG, dtype=np.float16)
    model = Model.gpt2(gpt2_folder.write(tmp_path / "gpt2", weights, CONFIG))
    assert model.dtype == np.float32
    assert np.array_equal(model.weights["E"], weights["wte.weight"].astype(np.float32))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"activation_function": "gelu"}, "wanted activation_function 'gelu_new', got 'gelu'"),
        ({"layer_norm_epsilon": 0}, "layer_norm_epsilon: wanted a finite number above 0, got 0"),
        ({"scale_attn_weights": False}, "wanted scale_attn_weights True, got False"),
        ({"scale_attn_by_inverse_layer_idx": True}, "wanted scale_attn_by_inverse_layer_idx False, got True"),
        ({"tie_word_embeddings": False}, "wanted tie_word_embeddings True, got False"),
        ({"n_head": None}, "wanted n_head, a whole number of at least 1, got None"),
        ({"n_layer": 0}, "wanted n_layer, a whole number of at least 1, got 0"),
    ],
)
def test_a_config_that_asks_for_something_else(tmp_path, change, told):
    folder = gpt2_folder.write(tmp_path / "gpt2", gpt2_folder.arrays(CONFIG), CONFIG | change)
    with pytest.raises(ValueError, match=rf"config\.json: {told}"):
        Model.gpt2(folder)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda w: w.pop("h.1.mlp.c_fc.bias"), r"missing h\.1\.mlp\.c_fc\.bias"),
        (lambda w: w.update({"h.2.ln_1.bias": np.zeros(6)}), r"h\.2\.ln_1\.bias is not a weight of GPT-2"),
        (
            lambda w: w.update({"h.0.attn.c_attn.weight": w["h.0.attn.c_attn.weight"].T.copy()}),
            r"h\.0\.attn\.c_attn\.weight came with shape \(18, 6\), wanted \(6, 18\) by config\.json",
        ),
        (lambda w: w.update({"ln_f.bias": np.zeros(6, np.float32)}), "weights: betaf came as float32, E as float64"),
        (lambda w: w.update({"ln_f.bias": np.full(6, np.inf)}), r"ln_f\.bias holds a number that is not finite"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_named(tmp_path, change, told):
    weights = gpt2_folder.arrays(CONFIG)
    change(weights)
    with pytest.raises(ValueError, match=rf"model\.safetensors: {told}"):
        Model.gpt2(gpt2_folder.write(tmp_path / "gpt2", weights, CONFIG))


def test_a_folder_without_its_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        Model.gpt2(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match=r"config\.json: not JSON"):
        Model.gpt2(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors: there is no such file"):
        Model.gpt2(tmp_path)


# ---- GPT-2's words

TOKENIZER = {
    "version": "1.0",
    "added_tokens": [
        {"id": 5, "content": "<|endoftext|>", "special": True}
        | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    ],
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "Ġ": 2, "ab": 3, "Ġab": 4}, "merges": ["a b", "Ġ ab"]},
}
WORDS = ["a", "b", "Ġ", "ab", "Ġab", "<|endoftext|>", *(f"<{i}>" for i in range(6, 11))]


@pytest.fixture
def folder(tmp_path):
    return gpt2_folder.write(tmp_path / "gpt2", gpt2_folder.arrays(CONFIG), CONFIG)


def test_without_a_tokenizer_words_are_their_numbers(folder):
    model = Model.gpt2(folder)
    assert model.words == [str(i) for i in range(11)]
    tokens, y = model.read("3 10 7", scored="all")
    assert (list(tokens), list(y)) == ([3, 10], [10, 7])


@pytest.mark.parametrize("installed", [True, False])
def test_the_tokenizer_reads(folder, monkeypatch, installed):
    if installed:
        pytest.importorskip("tokenizers", reason="without the package the course reads it by itself")
    else:
        monkeypatch.setitem(sys.modules, "tokenizers", None)  # import tokenizers is an ImportError then
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER), encoding="utf-8")
    model = Model.gpt2(folder)
    assert model.words == WORDS
    tokens, y = model.copy().read("ab abb", scored="all")
    assert (list(tokens), list(y)) == ([3, 4], [4, 1])


def test_without_the_package_the_words_have_names_but_no_text_is_read_if_it_is_not_gpt2s_kind(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)  # import tokenizers is an ImportError then
    (folder / "tokenizer.json").write_text(
        json.dumps(TOKENIZER | {"normalizer": {"type": "Lowercase"}}), encoding="utf-8"
    )
    model = Model.gpt2(folder)
    assert model.words == WORDS
    assert forward(model, [3, 4], [4, 1]).L > 0
    with pytest.raises(ValueError, match=r"sentence: .* install the package tokenizers first"):
        model.read("ab abb")


@pytest.mark.parametrize(
    ("told", "tokenizer"),
    [
        ("not JSON", "{"),
        ("wanted a byte-pair tokenizer with its vocabulary", "{}"),
        ("no tokenizer that can be read", TOKENIZER | {"model": {"vocab": {"a": 0}, "merges": ["a b"]}}),
    ],
)
def test_a_tokenizer_that_does_not_fit_is_named(folder, told, tokenizer):
    text = tokenizer if isinstance(tokenizer, str) else json.dumps(tokenizer)
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"tokenizer\.json: {told}"):
        Model.gpt2(folder)


def test_the_files_are_read_as_safetensors_alone(folder):
    """A pickle of the same name beside it is never looked at."""
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04")
    model = Model.gpt2(folder)
    assert np.array_equal(model.weights["E"], load_file(folder / "model.safetensors")["wte.weight"])
    (folder / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError):
        Model.gpt2(folder)
