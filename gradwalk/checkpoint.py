"""Models in and out of safetensors files: the course's own, and GPT-2 as published."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from gradwalk import files
from gradwalk.model import Model

ABOUT = "gradwalk"  # one metadata entry holds all: several would be written in an order that changes from run to run


def save(model: Model, path: str | Path) -> None:
    """Write a model's weights, words, H and activation to a safetensors file; the same model gives the same bytes.

    An older model that was saved there is replaced, all at once; any other file stays. ValueError for a place that is
    none, as `files.ready` has it, and for a model that has a tokenizer: the file would not hold it.
    """
    files.write(path, packed(model), ours=saved_here)


def packed(model: Model) -> bytes:
    """What `save` writes, as bytes."""
    if model.tokenizer is not None:
        raise ValueError("model: this one reads with a tokenizer, which the file would not hold; keep its own folder")
    about = {"words": model.words, "H": model.H, "activation": model.activation}
    weights = {name: np.ascontiguousarray(array) for name, array in model.weights.items()}
    return to_bytes(weights, {ABOUT: json.dumps(about)})


def saved_here(path: Path) -> bool:
    """Whether a file is a model that `save` wrote for a learner; the course's own, in the package, is not."""
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError):
        return False
    return ABOUT in metadata and Path(__file__).resolve().parent not in Path(path).resolve().parents


def load(path: str | Path) -> Model:
    """The model that `save` wrote.

    FileNotFoundError if there is no such file. ValueError, naming the file and what is wrong with it, if it is not a
    safetensors file, if words, H or activation are missing, or if a weight is missing, unknown, misshapen, not
    finite or not float64 or float32.
    """
    arrays, metadata = _read(path)
    try:
        about = json.loads(metadata[ABOUT])
        words, H, activation = about["words"], about["H"], about["activation"]
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: wanted metadata {ABOUT!r} with words, H and activation ({error!r})") from None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{path}: the metadata's words are not a list of words")
    try:
        return Model(arrays, words, H, activation)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _read(path):
    """Every array of a safetensors file by name, and its metadata."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    try:
        with safe_open(path, framework="np") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, TypeError) as error:  # TypeError: a dtype that numpy does not have, such as bfloat16
        raise ValueError(f"{path}: {error}") from error


# ---- GPT-2's checkpoint: another layout, not only other names

# A matrix is stored (in, out), the transpose of ours. Q, K and V lie side by side in one array.
GPT2 = {"E": "wte.weight", "E_pos": "wpe.weight", "gammaf": "ln_f.weight", "betaf": "ln_f.bias"}
GPT2_BLOCK = {
    "gamma1": "ln_1.weight",
    "beta1": "ln_1.bias",
    "W_O": "attn.c_proj.weight",
    "b_O": "attn.c_proj.bias",
    "gamma2": "ln_2.weight",
    "beta2": "ln_2.bias",
    "W1": "mlp.c_fc.weight",
    "b1": "mlp.c_fc.bias",
    "W2": "mlp.c_proj.weight",
    "b2": "mlp.c_proj.bias",
}
GPT2_MERGED = {("W_Q", "W_K", "W_V"): "attn.c_attn.weight", ("b_Q", "b_K", "b_V"): "attn.c_attn.bias"}
GPT2_TRANSPOSED = {"W_Q", "W_K", "W_V", "W_O", "W1", "W2"}

# What the config may say; the first of each is what GPT-2's own silence means.
GPT2_CONFIG = {
    "activation_function": ("gelu_new",),
    "layer_norm_epsilon": (1e-5,),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
    "tie_word_embeddings": (True,),
}


def gpt2(folder: str | Path) -> Model:
    """GPT-2 from a folder with config.json and model.safetensors as published; tokenizer.json if there.

    The weights keep their dtype, float16 is raised to float32. With tokenizer.json `model.words` are its vocabulary,
    and reading a sentence needs the package `tokenizers`; without it the words are "0", "1", "2", ...

    FileNotFoundError if config.json or model.safetensors is missing. ValueError, naming the file, if the config asks
    for anything but GPT-2's own (gelu_new, eps 1e-5, tied weights), or if a weight is missing, unknown or misshapen.
    """
    folder = Path(folder)
    sizes = _gpt2_config(folder / "config.json")
    path = folder / "model.safetensors"
    arrays = _gpt2_arrays(path, _gpt2_shapes(sizes))
    weights = {name: arrays[theirs] for name, theirs in GPT2.items()}
    for q in range(sizes["n_layer"]):
        prefix = f"blocks.{q}." if sizes["n_layer"] > 1 else ""
        for name, theirs in GPT2_BLOCK.items():
            weights[prefix + name] = _turned(name, arrays[f"h.{q}.{theirs}"])
        for names, theirs in GPT2_MERGED.items():
            for name, part in zip(names, np.split(arrays[f"h.{q}.{theirs}"], 3, axis=-1), strict=True):
                weights[prefix + name] = _turned(name, part)
    words, tokenizer = _gpt2_words(folder / "tokenizer.json", sizes["vocab_size"])
    try:
        return Model(weights, words, sizes["n_head"], "gelu", tokenizer)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def gpt2_layout(grads: Mapping) -> dict[str, np.ndarray]:
    """The weights' gradients by GPT-2's checkpoint names (without the prefix "transformer."), in its layout.

    c_attn, c_proj and c_fc are (in, out); c_attn holds Q, K and V side by side: (D, 3D). ValueError if the model is
    not of GPT-2's form: tied weights, no output bias, a final norm.
    """
    if "dL_dW" in grads or "dL_db" in grads or "dL_dgammaf" not in grads:
        raise ValueError("grads: wanted those of a model of GPT-2's form: tied, no output bias, a final norm")
    layout = {theirs: grads[f"dL_d{name}"] for name, theirs in GPT2.items()}
    for q, block in enumerate(grads["blocks"]):
        for name, theirs in GPT2_BLOCK.items():
            layout[f"h.{q}.{theirs}"] = _turned(name, block[f"dL_d{name}"])
        for names, theirs in GPT2_MERGED.items():
            parts = [_turned(name, block[f"dL_d{name}"]) for name in names]
            layout[f"h.{q}.{theirs}"] = np.concatenate(parts, axis=-1)  # (D, 3D) or (3D,)
    return layout


def _turned(name, array):
    """From our layout to GPT-2's or back: the transpose of a matrix of Conv1D, anything else as it is."""
    return array.T if name in GPT2_TRANSPOSED else array


def _gpt2_config(path):
    """The sizes that config.json names; ValueError if it asks for what GPT-2 as published does not have."""
    config = _json(path)
    for key, allowed in GPT2_CONFIG.items():
        if config.get(key, allowed[0]) not in allowed:
            raise ValueError(f"{path}: wanted {key} {allowed[0]!r}, got {config[key]!r}")
    sizes = {}
    for key in ("n_layer", "n_head", "n_embd", "vocab_size", "n_positions"):
        sizes[key] = config.get(key)
        if type(sizes[key]) is not int or sizes[key] < 1:
            raise ValueError(f"{path}: wanted {key}, a whole number of at least 1, got {sizes[key]!r}")
    sizes["n_inner"] = config.get("n_inner") or 4 * sizes["n_embd"]
    return sizes


def _gpt2_shapes(sizes):
    """The shape of every array that model.safetensors must hold."""
    D, F = sizes["n_embd"], sizes["n_inner"]
    shapes = {"wte.weight": (sizes["vocab_size"], D), "wpe.weight": (sizes["n_positions"], D)}
    shapes |= {"ln_f.weight": (D,), "ln_f.bias": (D,)}
    conv = {"attn.c_attn": (D, 3 * D), "attn.c_proj": (D, D), "mlp.c_fc": (D, F), "mlp.c_proj": (F, D)}
    for q in range(sizes["n_layer"]):
        for name in ("ln_1", "ln_2"):
            shapes |= {f"h.{q}.{name}.weight": (D,), f"h.{q}.{name}.bias": (D,)}
        for name, shape in conv.items():
            shapes |= {f"h.{q}.{name}.weight": shape, f"h.{q}.{name}.bias": shape[1:]}
    return shapes


def _gpt2_arrays(path, shapes):
    """The arrays of model.safetensors, each present and of its shape; causal masks and a tied lm_head are left out."""
    arrays, _ = _read(path)
    arrays = {name.removeprefix("transformer."): array for name, array in arrays.items()}
    arrays = {name: array for name, array in arrays.items() if not re.fullmatch(r"h\.\d+\.attn\.(masked_)?bias", name)}
    head = arrays.pop("lm_head.weight", None)
    missing = [name for name in shapes if name not in arrays]
    if missing:
        raise ValueError(f"{path}: missing {', '.join(missing)}")
    for name, array in arrays.items():
        if name not in shapes:
            raise ValueError(f"{path}: {name} is not a weight of GPT-2 with the layers that config.json names")
        if array.shape != shapes[name]:
            raise ValueError(f"{path}: {name} came with shape {array.shape}, wanted {shapes[name]} by config.json")
        if array.dtype == np.float16:
            arrays[name] = array.astype(np.float32)
    if head is not None and not np.array_equal(head, arrays["wte.weight"].astype(head.dtype)):
        raise ValueError(f"{path}: lm_head.weight is not wte.weight; GPT-2's weights are tied")
    return arrays


class _WordsOnly:
    """Stands where the tokenizer would, if its package is missing: the words have names, but no text can be read."""

    def encode(self, text):
        raise ValueError("sentence: this model reads with tokenizer.json; install the package tokenizers first")


def _gpt2_words(path, N):
    """The vocabulary by number, N words, and what splits a text into them (None if there is no tokenizer.json)."""
    if not path.is_file():
        return [str(i) for i in range(N)], None
    try:
        told = _json(path)
        vocabulary = dict(told["model"]["vocab"]) | {added["content"]: added["id"] for added in told["added_tokens"]}
        numbers = {number: word for word, number in vocabulary.items()}
        words = [numbers.pop(i, f"<{i}>") for i in range(N)]  # some checkpoints have more rows than words
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: wanted a byte-pair tokenizer with its vocabulary ({error!r})") from error
    if numbers:
        raise ValueError(f"{path}: word number {max(numbers)} is outside the {N} rows of wte.weight")
    try:
        from tokenizers import Tokenizer
    except ImportError:
        return words, _WordsOnly()
    try:
        return words, Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises no narrower one
        raise ValueError(f"{path}: {error}") from error


def _json(path):
    """The dictionary that a JSON file holds."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not JSON ({error})") from error
    if not isinstance(told, dict):
        raise ValueError(f"{path}: wanted a JSON dictionary, got {type(told).__name__}")
    return told
