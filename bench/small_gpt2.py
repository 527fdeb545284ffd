"""A small GPT-2, in GPT-2's own format, trained by the course's walk back: it makes gradwalk/data/small_gpt2/.

    python -m bench.small_gpt2

It learns byte pairs and dials from the course's own text, and writes the folder small_gpt2 into the current folder,
where there must be none yet. Two minutes. On one thread (OPENBLAS_NUM_THREADS=1), same BLAS, it gives the same digits.
Of the one that is committed the loss is 2.42 nats a piece on passages held back.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from gradwalk import Model, backward, forward, text, tune
from gradwalk.optimisers import adam, decayed
from gradwalk.reading import layout
from gradwalk.reading.byte_pairs import LETTER_OF, PIECE, joined, letters
from gradwalk.reading.vocabulary import BYTE_LEVEL, Vocabulary

END = "<|endoftext|>"
N, SENTENCES = 768, 4  # words of the vocabulary; sentences of a passage, shuffled: one does not foretell the next
SIZES = {"D": 64, "F": 256, "H": 4, "blocks": 4, "T_max": 64}
FORM = {"activation": "gelu", "tied": True, "final_norm": True, "bias": False}
START = 0.16  # of the usual random numbers: 0.02 in a matrix of 64 columns, as GPT-2 begins
DESCENT = {"eta": 0.004, "epochs": 24, "positions": 512}
DECAY = 0.1


def passages() -> list[str]:
    """The course's sentences in a shuffled order, with full stops, four at a time."""
    told = [f"{' '.join(words)}." for words in text.load().sentences]
    chance = random.Random(0)
    draws = [chance.random() for _ in told]
    told = [told[k] for k in sorted(range(len(told)), key=draws.__getitem__)]
    return [" ".join(told[k : k + SENTENCES]) for k in range(0, len(told), SENTENCES)]


def merges_of(told: list[str], most: int) -> list[tuple[str, str]]:
    """Byte pairs learned from a text: again and again the pair that comes most often is joined into one word."""
    pieces = [[letters(piece), times] for piece, times in Counter(PIECE.findall("\n".join(told))).items()]
    merges = []
    for _ in range(most):
        pairs = Counter()
        for words, times in pieces:
            for pair in pairwise(words):
                pairs[pair] += times
        merges.append(max(pairs, key=lambda pair: (pairs[pair], pair)))
        pieces = [[joined(words, merges[-1]), times] for words, times in pieces]
    return merges


def tokenizer(merges: list[tuple[str, str]]) -> dict:
    """tokenizer.json as GPT-2 has it: a word for each byte, for each merge, and the end of a text."""
    words = [*LETTER_OF.values(), *map("".join, merges), END]
    plain = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False) | {"special": True}
    return {
        "version": "1.0",
        "added_tokens": [{"id": len(words) - 1, "content": END, **plain}],
        "normalizer": None,
        "pre_tokenizer": BYTE_LEVEL,
        "post_processor": None,
        "decoder": BYTE_LEVEL,
        "model": {
            "type": "BPE",
            "vocab": {word: i for i, word in enumerate(words)},
            "merges": list(map(" ".join, merges)),
        },
    }


def config(model: Model) -> dict:
    """config.json, as transformers reads it too."""
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "activation_function": "gelu_new",
        "layer_norm_epsilon": model.settings["eps"],
        "vocab_size": model.N,
        "n_positions": model.T_max,
        "n_embd": model.D,
        "n_inner": model.F,
        "n_head": model.H,
        "n_layer": len(model.blocks),
        "bos_token_id": model.N - 1,
        "eos_token_id": model.N - 1,
        "resid_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "attn_pdrop": 0.0,
    }


def published(model: Model) -> dict[str, np.ndarray]:
    """The weights by GPT-2's names, in its layout, in float16."""
    weights = {}
    for q, name in layout.places("gpt2", len(model.blocks)):
        weights[q, name] = model.weights[name if q is None else f"blocks.{q}.{name}"]
    arrays = layout.arrays(weights, "gpt2", len(model.blocks))
    return {f"transformer.{name}": np.ascontiguousarray(array, np.float16) for name, array in arrays.items()}


def main(out: str | Path = "small_gpt2") -> None:
    """Learn, train, and write the folder `out`. FileExistsError, before that, if something is there."""
    out = Path(out)
    out.mkdir()
    told = passages()
    vocabulary = tokenizer(merges_of(told, N - len(LETTER_OF) - 1))
    reads = Vocabulary(vocabulary, N, out / "tokenizer.json")
    start = Model.random(words=reads.words, scale=START, dtype=np.float32, **SIZES, **FORM)
    model = Model(start.weights, reads.words, tokenizer=reads, **start.settings)
    print(
        model, f"{len(told)} passages, the longest of {max(len(model.number(one)) for one in told)} words", flush=True
    )
    tuned = tune(model, told, walk=(forward, decayed(adam(backward), DECAY)), **DESCENT)
    print(tuned, *tuned.curve, sep="\n")
    files = {"tokenizer.json": vocabulary, "config.json": config(model)}
    for name, content in files.items():
        (out / name).write_text(f"{json.dumps(content, ensure_ascii=False, indent=0)}\n", encoding="utf-8")
    save_file(published(model), out / "model.safetensors", {"format": "pt"})
    print(Model.gpt2(out).write("the old man sat by the", words=24))


if __name__ == "__main__":
    main()
