"""A small random GPT-2, written as the published ones are: config.json and model.safetensors."""

import json

import numpy as np
from safetensors.numpy import save_file

CONFIG = {
    "model_type": "gpt2",
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-05,
    "n_embd": 6,
    "n_head": 3,
    "n_inner": None,
    "n_layer": 2,
    "n_positions": 8,
    "vocab_size": 11,
}


def arrays(config, seed=0, dtype=np.float64):
    """Random weights by the checkpoint's names, in its layout: a matrix is (in, out), Q, K and V lie side by side."""
    draw, D, F = (
        np.random.default_rng(seed).standard_normal,
        config["n_embd"],
        config["n_inner"] or 4 * config["n_embd"],
    )
    shapes = {"wte.weight": (config["vocab_size"], D), "wpe.weight": (config["n_positions"], D)}
    for q in range(config["n_layer"]):
        shapes |= {f"h.{q}.{name}": (D,) for name in ("ln_1.weight", "ln_1.bias", "ln_2.weight", "ln_2.bias")}
        shapes |= {f"h.{q}.attn.c_attn.weight": (D, 3 * D), f"h.{q}.attn.c_attn.bias": (3 * D,)}
        shapes |= {f"h.{q}.attn.c_proj.weight": (D, D), f"h.{q}.attn.c_proj.bias": (D,)}
        shapes |= {f"h.{q}.mlp.c_fc.weight": (D, F), f"h.{q}.mlp.c_fc.bias": (F,)}
        shapes |= {f"h.{q}.mlp.c_proj.weight": (F, D), f"h.{q}.mlp.c_proj.bias": (D,)}
    shapes |= {"ln_f.weight": (D,), "ln_f.bias": (D,)}
    return {name: (0.5 * draw(shape)).astype(dtype) for name, shape in shapes.items()}


def write(folder, weights, config):
    """The two files, as published."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


def logits(weights, config, tokens):
    """GPT-2's forward pass in the checkpoint's own layout, for one sentence: x @ weight + bias throughout."""
    T, D, H = len(tokens), config["n_embd"], config["n_head"]

    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
        return centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def conv(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    x = weights["wte.weight"][tokens] + weights["wpe.weight"][:T]
    for q in range(config["n_layer"]):
        query, key, value = np.split(conv(norm(x, f"h.{q}.ln_1"), f"h.{q}.attn.c_attn"), 3, axis=1)
        blend = np.zeros((T, D))
        for e in range(H):
            own = slice(e * D // H, (e + 1) * D // H)
            for t in range(T):
                shares = np.exp(key[: t + 1, own] @ query[t, own] / np.sqrt(D // H))
                blend[t, own] = shares @ value[: t + 1, own] / shares.sum()
        x = x + conv(blend, f"h.{q}.attn.c_proj")
        u = conv(norm(x, f"h.{q}.ln_2"), f"h.{q}.mlp.c_fc")
        r = 0.5 * u * (1 + np.tanh(np.sqrt(2 / np.pi) * (u + 0.044715 * u**3)))
        x = x + conv(r, f"h.{q}.mlp.c_proj")
    return norm(x, "ln_f") @ weights["wte.weight"].T


# ---- a byte-level vocabulary, as GPT-2's: a letter for each byte, then what the merges make of them

MERGES = (
    "Ġ t",
    "h e",
    "Ġt he",
    "Ġ d",
    "o g",
    "Ġd og",
    "t he",
    "Ã ©",
    "c a",
    "ca f",
    "Ġ caf",
    "Ġcaf Ã©",
    "caf Ã©",
    "Ġ Ġ",
)
LETTERS = [*map(chr, [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]), *map(chr, range(256, 256 + 68))]


def byte_level(**instead):
    """tokenizer.json: 256 letters for bytes, then the merges' words, then <|endoftext|>."""
    words = [*LETTERS, *(merge.replace(" ", "") for merge in MERGES), "<|endoftext|>"]
    numbers = {word: i for i, word in enumerate(words)}
    end = {"id": numbers.pop("<|endoftext|>"), "content": "<|endoftext|>", "special": True}
    pre_tokenizer = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "added_tokens": [end | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)],
        "pre_tokenizer": pre_tokenizer,
        "decoder": pre_tokenizer,
        "model": {"type": "BPE", "vocab": numbers, "merges": list(MERGES)},
    } | instead


def with_tokenizer(folder, told=None, **config):
    """A folder of two blocks whose words are those of a tokenizer.json, one row for each and one to spare."""
    told = byte_level() if told is None else told
    config = CONFIG | {"vocab_size": 272, "n_positions": 24} | config
    write(folder, arrays(config), config)
    (folder / "tokenizer.json").write_text(json.dumps(told), encoding="utf-8")
    return folder
