"""GPT-2's checkpoint as Hugging Face publishes it: another layout, not only other names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gradwalk import arguments
from gradwalk.dialect_table import DIALECTS, SAID
from gradwalk.model import Model
from gradwalk.reading import foreign, layout, stored, vocabulary
from gradwalk.step3_layernorm import EPS
from gradwalk.weights import finite, read_only

# What the config may say; the first of each is what GPT-2's own silence means.
CONFIG = {
    "model_type": ("gpt2",),
    # transformers' names for the tanh form; gelu_fast has its constant to ten digits. "gelu" is the exact one, by erf
    "activation_function": (
        "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate", "gelu_fast", "relu",
    ),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
    "tie_word_embeddings": (True,),
    "quantization_config": (None,),
}  # fmt: skip
SIZES = {  # and by what other names transformers takes it
    "n_layer": ("num_hidden_layers",),
    "n_head": ("num_attention_heads",),
    "n_embd": ("hidden_size",),
    "vocab_size": (),
    "n_positions": ("n_ctx", "max_position_embeddings"),
}
LETTERS = {"N": "vocab_size", "T_max": "n_positions", "D": "n_embd", "F": "n_inner"}  # the course's sizes by its keys
HEAD = "lm_head.weight"  # the tied output layer, where a file has it once more
WORDS, PLACES = SAID["gpt2"]["E"].name, SAID["gpt2"]["E_pos"].name
BLOCK = re.escape(DIALECTS["gpt2"].block).replace("0", r"(\d+)")
LARGEST = 2_000_000  # rows, or whatever: far above any GPT-2's, and soon gone through

MASK = rf"{BLOCK}attn\.(masked_)?bias"
INDEX = ".safetensors.index.json"  # which of several files each weight is in
PART = r"-\d+-of-\d+\.safetensors$"  # one of these
CONVERT = "`transformers.AutoModelForCausalLM.from_pretrained(folder).save_pretrained(folder)` writes it"
OTHERS = ("*.bin", "*.h5", "*.msgpack", "*.ckpt*", "*.pt", "*.pth", "*.gguf", "*.onnx", "*.pkl", "*.npz")


def gpt2(folder: str | Path) -> Model:
    """GPT-2 from a folder with config.json and model.safetensors, by Hugging Face's names; tokenizer.json if there.

    The weights may lie in several files, with model.safetensors.index.json to say where. `folder` may also be the
    .safetensors file itself, or the index, with config.json beside it. Names may have one prefix in common, such as
    "transformer."; the weights keep their dtype, float16 and bfloat16 are raised to float32. Of large files no copy is
    made: float32 and float64 are read where they lie, so the files must stay as they are (`files.Mapped`).

    `model.words` are the vocabulary of tokenizer.json, or of vocab.json and merges.txt. A tokenizer of GPT-2's own kind
    is read by itself, any other needs the package `tokenizers`; without these files the words are "0", "1", "2", ...

    FileNotFoundError if the folder, config.json or model.safetensors is missing. ValueError, naming the file, if the
    config asks for anything but GPT-2's own (GELU's tanh form or ReLU, tied weights), or if a weight is
    missing, unknown or misshapen.
    """
    given, (folder, config, sizes) = folder, described(folder)
    eps = arguments.number(
        f"{folder / 'config.json'}: layer_norm_epsilon", config.get("layer_norm_epsilon", EPS), above=0
    )
    header = weights_header(folder, given)
    arrays = _arrays(header, sizes)
    several = sizes["n_layer"] > 1
    weights = {
        name if q is None or not several else f"blocks.{q}.{name}": read_only(array)
        for (q, name), array in layout.weights(arrays, "gpt2", sizes["n_layer"]).items()
    }
    known = vocabulary.read(folder, sizes["vocab_size"])
    words = [str(i) for i in range(sizes["vocab_size"])] if known is None else known.words
    activation = "relu" if config.get("activation_function") == "relu" else "gelu"
    try:
        return Model(weights, words, sizes["n_head"], activation, eps=eps, tokenizer=known)
    except ValueError as error:
        raise ValueError(f"{header.path}: {error}") from error


def described(folder: str | Path) -> tuple[Path, dict, dict[str, int]]:
    """The folder that is meant, what its config.json says, and the sizes by that file's keys.

    ValueError and FileNotFoundError as for `gpt2`.
    """
    folder = _folder(arguments.path("folder", folder, "the path of a folder with config.json and model.safetensors"))
    config = foreign.json_file(folder / "config.json", foreign.MOST_CONFIG)
    return folder, config, _sizes(config, folder / "config.json")


def gpt2_layout(grads: Mapping) -> dict[str, np.ndarray]:
    """The weights' gradients by GPT-2's checkpoint names (without the prefix "transformer."), in its layout.

    c_attn, c_proj and c_fc are (in, out); c_attn holds Q, K and V side by side: (D, 3D). ValueError if the model is
    not of GPT-2's form: tied weights, no output bias, a final norm.
    """
    if "dL_dW" in grads or "dL_db" in grads or "dL_dgammaf" not in grads:
        raise ValueError("grads: wanted those of a model of GPT-2's form: tied, no output bias, a final norm")
    blocks = len(grads["blocks"])
    slopes = {
        (q, name): (grads if q is None else grads["blocks"][q])[f"dL_d{name}"]
        for q, name in layout.places("gpt2", blocks)
    }
    return layout.arrays(slopes, "gpt2", blocks)


# ---- which files


def _folder(given):
    """The folder that is meant, with its config.json."""
    found = foreign.there(given)
    if not found:
        name = given.as_posix()
        hub = re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", name) and given.suffix not in (".safetensors", ".json")
        told = f"; a model of that name on the hub is downloaded first: `hf download {name} --local-dir {given.name}`"
        raise FileNotFoundError(f"folder: there is no folder {foreign.brief(name)}{told if hub else ''}")
    if found == "file" and given.name != "config.json" and not given.name.endswith((".safetensors", INDEX)):
        strange = foreign.what_it_is(foreign.first_bytes(given, 1000)) or "a file"
        raise ValueError(f"folder: {given} is {strange}; wanted a folder with config.json and model.safetensors")
    folder = given if found == "folder" else given.parent
    if not foreign.is_file(folder / "config.json"):
        inside = sorted(folder.glob("snapshots/*/config.json"))  # a folder of the hub's cache
        told = f"; it is in {inside[-1].parent}: give that folder" if inside else ""
        raise FileNotFoundError(f"{folder / 'config.json'}: there is no such file{told}")
    return folder


def weights_header(folder: Path, given: str | Path) -> stored.Header:
    """What the file of weights holds, or the index of several; `folder` is the one that `given` means."""
    path = _weights(folder, arguments.path("folder", given))
    return stored.index(path) if path.name.endswith(INDEX) else stored.header(path)


def _weights(folder, given):
    if given != folder and given.name != "config.json":
        if re.search(PART, given.name):
            raise ValueError(f"{given}: is one of several files; give the folder, or the {INDEX} that names them all")
        return given
    for name in ("model.safetensors", f"model{INDEX}"):
        if foreign.is_file(folder / name):
            return folder / name
    raise FileNotFoundError(f"{folder / 'model.safetensors'}: there is no such file{_no_weights(folder)}")


def _no_weights(folder):
    """What lies there in their place, and what to do."""
    other = sorted(path.name for kind in ("*.safetensors", f"*{INDEX}") for path in folder.glob(kind))
    if parts := [name for name in other if re.search(PART, name)]:
        return f"; there is {foreign.few(parts)}, but no model{INDEX}, which says what is in each: download it too"
    if other:
        return f"; there is {foreign.few(other)}: give the file itself in place of the folder"
    if other := sorted({path.name for kind in OTHERS for path in folder.glob(kind)}):
        return f"; there is only {foreign.few(other)}, which is not opened; wanted safetensors: {CONVERT}"
    return ""


# ---- what they say


def _sizes(config, path):
    """The sizes that config.json names; ValueError if it asks for what GPT-2 as published does not have."""
    for key, allowed in CONFIG.items():
        given = config.get(key, allowed[0])
        if given not in allowed:
            also = f" (also read: {', '.join(map(repr, allowed[1:]))})" if allowed[1:] else ""
            raise ValueError(f"{path}: wanted {key} {allowed[0]!r}, got {arguments.shown(given)}{also}")
    sizes = {key: _size(config, path, key, others) for key, others in SIZES.items()}
    D, H = sizes["n_embd"], sizes["n_head"]
    if D % H:
        raise ValueError(f"{path}: wanted n_head, a number that divides n_embd = {D}, got {H}")
    sizes["n_inner"] = 4 * D if config.get("n_inner") is None else _size(config, path, "n_inner")
    return sizes


def _size(config, path, key, others=()):
    given = next((config[name] for name in (key, *others) if config.get(name) is not None), None)
    if type(given) is not int or not 1 <= given <= LARGEST:
        most = f" and at most {LARGEST:,}" if type(given) is int and given > LARGEST else ""
        raise ValueError(f"{path}: wanted {key}, a whole number of at least 1{most}, got {arguments.shown(given)}")
    return given


def _arrays(header, sizes):
    """The arrays of these weights by GPT-2's names. The header is held against the config before any is read."""
    path = header.path
    ours, heads = _ours(path, header)
    layers = {found[1] for name in ours if (found := re.match(BLOCK, name))}
    if len(layers) < sizes["n_layer"]:
        raise ValueError(f"{path}: holds {len(layers):,} blocks, config.json names n_layer {sizes['n_layer']:,}")
    shapes = layout.shapes("gpt2", {letter: sizes[key] for letter, key in LETTERS.items()}, sizes["n_layer"])
    if missing := [name for name in shapes if name not in ours]:
        others = [name for name in ours if name not in shapes]
        told = f"; not known: {foreign.few(others)}" if others else ""
        raise ValueError(f"{path}: missing {foreign.few(missing)}{told}")
    for name, theirs in ours.items():
        if name not in shapes:
            raise ValueError(f"{path}: {name} is not a weight of GPT-2 with the layers that config.json names")
        if (came := header.arrays[theirs].shape) != shapes[name]:
            raise ValueError(f"{path}: {name} came with shape {came}, wanted {shapes[name]} by config.json")
    read = stored.read(header, [*ours.values(), *heads])
    for theirs in ours.values():
        if not finite(read[theirs]):
            raise ValueError(f"{path}: {theirs} holds a number that is not finite")
    if not all(_same(read[head], read[ours[WORDS]]) for head in heads):
        raise ValueError(f"{path}: {HEAD} is not {WORDS}; GPT-2's weights are tied")
    return {name: read[theirs] for name, theirs in ours.items()}


def _ours(path, header):
    """Where each weight lies in the file, by its name without the prefix that all have; and where the output layer.

    "transformer.", "module.model." or nothing stands before every name; the tied output layer may have less of it.
    Causal masks, which older files hold, are left out. Of tied weights a file may hold only one.
    """
    if "gradwalk" in header.metadata:
        raise ValueError(f"{path}: is a model of the course's own; gradwalk.checkpoint.load reads it")
    ends = [name for name in header.arrays if name == PLACES or name.endswith(f".{PLACES}")]
    if not ends:
        came = foreign.few([*header.arrays]) or "nothing"
        raise ValueError(f"{path}: missing {PLACES} and the rest of GPT-2; it holds {came}")
    if len(ends) > 1:
        raise ValueError(f"{path}: wanted one model, it holds {foreign.few(ends)}")
    prefix = ends[0].removesuffix(PLACES)
    heads = [name for name in header.arrays if prefix.startswith(_before(name, HEAD))]
    names = [name for name in header.arrays if name not in heads]
    if strays := [name for name in names if not name.startswith(prefix)]:
        raise ValueError(f"{path}: {foreign.few(strays)} is not a weight of GPT-2; its names begin with {prefix}")
    ours = {name.removeprefix(prefix): name for name in names}
    ours = {name: theirs for name, theirs in ours.items() if not re.fullmatch(MASK, name)}
    if heads and WORDS not in ours:
        ours[WORDS] = heads.pop()
    return ours, heads


def _before(name, end):
    """What stands before the end of a name; a text that begins nothing where it ends otherwise."""
    return name.removesuffix(end) if name.endswith(end) else "\0"


def _same(one, other):
    """Whether two arrays are equal, looked at piece by piece."""
    rows = range(0, len(other), 1000)
    return one.shape == other.shape and all(np.array_equal(one[i : i + 1000], other[i : i + 1000]) for i in rows)
