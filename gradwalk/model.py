"""The weights of a transformer, and the guard around them: only `turn` and `move` write."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from gradwalk import arguments
from gradwalk.names import BLOCK_WEIGHTS, WEIGHTS, Named, unknown
from gradwalk.step2_mlp import ACTIVATIONS

PEN_AND_PAPER = ("by", "cat", "dog", "door", "fire", "river", "sat", "slept", "the", "tree", "window")


class Model:
    """A pre-LN transformer small enough to look at: embeddings, blocks of attention and MLP, output layer.

    A weight matrix is (out, in). The optional parts are read off the names that are there: without `W` the output
    layer is tied to `E`, without `b` it has no bias, with `gammaf` and `betaf` the intended meaning is normed before
    it meets the vocabulary (GPT-2 has it so in all three).

    Every array is copied on the way in. `weights` shows read-only views; `version` counts the writes.
    """

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        words: Sequence[str],
        H: int,
        activation: str = "relu",
        tokenizer: object | None = None,
    ):
        """Take the arrays of `weights` by name; ValueError if one is missing, unknown, misshapen or not finite.

        `words` names the rows of `W` and `E`. `tokenizer`, if any, turns text into word numbers by its
        `encode(text).ids`; without one a sentence is split into words.
        """
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation: {unknown('activation', activation, ACTIVATIONS)}")
        self.words = list(words)
        self.activation = activation
        self.tokenizer = tokenizer
        self.version = 0
        self._number = {word: i for i, word in enumerate(self.words)}
        if len(self._number) != len(self.words):
            raise ValueError("words: a word appears twice")
        self._arrays = {name: np.array(array, order="C") for name, array in weights.items()}
        self.D, self.F, self.H, self.N, self.T_max, blocks = _sizes(self._arrays, len(self.words), H)
        self.dtype = _check_arrays(self._arrays, self._size_of())

        self._arrays = {name: self._arrays[name] for name in _names(blocks, WEIGHTS) if name in self._arrays}
        views = {name: array.view() for name, array in self._arrays.items()}
        for view in views.values():
            view.flags.writeable = False
        self.weights = MappingProxyType(views)
        prefixes = [""] if blocks == 1 else [f"blocks.{q}." for q in range(blocks)]
        self.blocks = [Named({name: views[prefix + name] for name in BLOCK_WEIGHTS}) for prefix in prefixes]

    # ---- where models come from

    @classmethod
    def random(
        cls,
        seed: int = 0,
        words: Sequence[str] = PEN_AND_PAPER,
        D: int = 4,
        F: int = 8,
        H: int = 2,
        blocks: int = 1,
        activation: str = "relu",
        T_max: int = 256,
        tied: bool = False,
        final_norm: bool = False,
        bias: bool = True,
        scale: float = 1.0,
        dtype=np.float64,
    ) -> Model:
        """Random numbers to start from: normal, of variance 1 / (inputs of the weight), times `scale`.

        No entry equals its neighbour: gamma is 1 and beta and the biases are 0 but for a little noise, since equal
        numbers would hide a wrong transpose. `tied`, `final_norm` and `bias` choose the output layer's form.
        """
        sizes = {"D": D, "F": F, "H": H, "blocks": blocks, "T_max": T_max}
        for name, size in sizes.items():
            if not isinstance(size, int) or size < 1:
                raise ValueError(f"{name}: wanted a whole number of at least 1, got {size!r}")
        if D % H:
            raise ValueError(f"H: wanted a number of heads that divides D = {D}, got {H}")
        if np.dtype(dtype) not in (np.float64, np.float32):
            raise ValueError(f"dtype: wanted float64 or float32, got {np.dtype(dtype)}")
        optional = {"W": not tied, "b": bias, "gammaf": final_norm, "betaf": final_norm}
        draw = np.random.default_rng(seed).standard_normal
        extent = {"N": len(words), "T_max": T_max, "D": D, "F": F}
        weights = {}
        for name in _names(blocks, [name for name in WEIGHTS if optional.get(name, True)]):
            bare = name.split(".")[-1]
            shape = tuple(extent[letter] for letter in WEIGHTS[bare].shape)
            if bare.startswith("gamma"):
                weights[name] = 1 + 0.2 * draw(shape)
            elif len(shape) == 1:
                weights[name] = 0.2 * scale * draw(shape)
            elif bare in ("E", "E_pos"):
                weights[name] = scale * draw(shape)
            else:
                weights[name] = scale * draw(shape) / np.sqrt(shape[1])
            weights[name] = weights[name].astype(dtype)
        return cls(weights, words, H, activation)

    @classmethod
    def trained(cls) -> Model:
        """The course's own model: what `gradwalk tune` makes of the course's text, by these very gradients."""
        from gradwalk import checkpoint

        return checkpoint.load(Path(__file__).parent / "data" / "trained.safetensors")

    @classmethod
    def gpt2(cls, folder: str | Path) -> Model:
        """GPT-2 from a folder with config.json and model.safetensors as published; tokenizer.json if there."""
        from gradwalk import checkpoint

        return checkpoint.gpt2(folder)

    def copy(self) -> Model:
        """A model of its own with the same numbers: turning one leaves the other alone."""
        return Model(self._arrays, self.words, self.H, self.activation, self.tokenizer)

    # ---- words in, numbers out, and words again

    def read(self, sentence: str, scored: str = "last") -> tuple[np.ndarray, np.ndarray]:
        """A sentence as (tokens, y): the words but the last, and for each the word that follows. Both (T,) of int.

        `scored="last"` scores the last position only (y is -1 elsewhere), `"all"` scores every one. ValueError for
        a word that the model does not know, naming the nearest that it does, and for a sentence of one word or of
        more than T_max + 1.
        """
        if scored not in ("last", "all"):
            raise ValueError(f"scored: wanted 'last' or 'all', got {scored!r}")
        numbers = self.number(sentence)
        if not 2 <= len(numbers) <= self.T_max + 1:
            raise ValueError(f"sentence: wanted 2 to {self.T_max + 1} words, got {len(numbers)}")
        tokens, y = numbers[:-1], numbers[1:].copy()
        if scored == "last":
            y[:-1] = -1
        return tokens, y

    def number(self, sentence: str) -> np.ndarray:
        """The words of a sentence as row numbers of E and W. ValueError naming each word that is not known."""
        if self.tokenizer is not None:
            return np.array(self.tokenizer.encode(sentence).ids, dtype=int)
        from gradwalk import text

        words = text.words_of(sentence)
        strangers = [word for word in dict.fromkeys(words) if word not in self._number]
        if strangers:
            told = [f"{word!r} (the nearest: {', '.join(text.nearest(word, self.words))})" for word in strangers]
            raise ValueError(f"sentence: the model does not know {'; '.join(told)}")
        return np.array([self._number[word] for word in words], dtype=int)

    def write(self, sentence: str, words: int = 8, temperature: float = 0.0, seed: int = 0) -> str:
        """The sentence and the `words` that the model goes on with, one after the other, as text.

        At temperature 0 each is the likeliest, so the same beginning always goes on alike. Above it each is drawn by
        softmax(z / temperature), at 1 by p itself, and the same `seed` draws the same. Once there are more words than
        places, the walk goes over the last T_max of them. ValueError for a word that the model does not know, and for
        a beginning without a word.
        """
        from gradwalk.walk import forward

        words, seed = arguments.whole("words", words, least=1), arguments.whole("seed", seed, least=0)
        temperature = arguments.number("temperature", temperature, least=0)
        numbers, chance = list(self.number(sentence)), random.Random(seed)
        if not numbers:
            raise arguments.refused("sentence", "at least one word", sentence)
        for _ in range(words):
            z = forward(self, np.array(numbers[-self.T_max :])).z[-1]  # (N,)
            numbers.append(_next(z, temperature, chance))
        if self.tokenizer is not None:
            return self.tokenizer.decode([int(number) for number in numbers])
        return " ".join(self.words[number] for number in numbers)

    # ---- turning

    def turn(self, name: str, index: tuple[int, ...], by: float) -> None:
        """Turn one dial: add `by` to one number of the weight `name`."""
        index = self.entry(name, index)
        if not np.isfinite(by):
            raise ValueError(f"by: wanted a finite number, got {by!r}")
        self._arrays[name][index] += by
        self.version += 1

    def move(self, grads: Mapping, eta: float, only: Iterable[str] | None = None) -> None:
        """One move of descent: every weight (or those of `only`) goes by -eta times its slope.

        ValueError if a slope is missing, misshapen or not finite; no weight has moved then.
        """
        names = list(self.weights) if only is None else [self._known(name) for name in only]
        if not np.isfinite(eta):
            raise ValueError(f"eta: wanted a finite number, got {eta!r}")
        slopes = [self._slope(grads, name) for name in names]
        for name, slope in zip(names, slopes, strict=True):
            self._arrays[name] -= eta * slope
        self.version += 1

    def entry(self, name: str, index: tuple[int, ...]) -> tuple[int, ...]:
        """The index of one number of a weight, checked: a tuple of whole numbers within its shape."""
        return within(self.weights[self._known(name)].shape, index, name)

    # ---- inside

    def _known(self, name):
        if name not in self._arrays:
            raise ValueError(f"name: {unknown('weight', name, self._arrays)}")
        return name

    def _slope(self, grads, name):
        try:
            slope = of_weight(grads, name)
        except (KeyError, IndexError):
            raise ValueError(f"grads: there is no slope for the weight {name}") from None
        if np.shape(slope) != self._arrays[name].shape:
            raise ValueError(f"grads: the slope of {name} has shape {np.shape(slope)}, not {self._arrays[name].shape}")
        if not np.isfinite(slope).all():
            raise ValueError(f"grads: the slope of {name} holds a number that is not finite")
        return slope

    def _size_of(self):
        return {"D": self.D, "F": self.F, "N": self.N, "T_max": self.T_max}

    def __repr__(self):
        sizes = f"N={self.N}, D={self.D}, F={self.F}, H={self.H}, blocks={len(self.blocks)}"
        count = sum(array.size for array in self._arrays.values())
        return f"Model({sizes}, {self.activation}, {self.dtype}: {count:,} dials)"


def _next(z, temperature, chance):
    """One word's number by its logits (N,): the likeliest, or one drawn."""
    if temperature == 0:
        return int(z.argmax())
    with np.errstate(over="ignore"):
        shares = np.exp((z - z.max()).astype(float) / temperature).cumsum()  # (N,)
    return int(np.searchsorted(shares, chance.random() * shares[-1], side="right"))


def within(shape: tuple[int, ...], index: tuple[int, ...], name: str) -> tuple[int, ...]:
    """The index of one number of an array of that shape; ValueError, naming the array, for anything else."""
    fits = isinstance(index, tuple) and len(index) == len(shape)
    if not (fits and all(isinstance(i, (int, np.integer)) and 0 <= i < n for i, n in zip(index, shape, strict=True))):
        raise ValueError(f"index: wanted a tuple within the shape {shape} of {name}, got {index!r}")
    return tuple(int(i) for i in index)


def of_weight(grads: Mapping, name: str) -> np.ndarray:
    """The gradient of the weight `name`, of a block's own weight too: "blocks.0.W1" is grads.blocks[0].dL_dW1."""
    block, bare = re.fullmatch(r"(?:blocks\.(\d+)\.)?(\w+)", name).groups()
    return (grads if block is None else grads["blocks"][int(block)])[f"dL_d{bare}"]


def _names(blocks, top):
    """All weight names in the order of the walk out, those of a block once per block."""
    for name in top:
        if name not in BLOCK_WEIGHTS or blocks == 1:
            yield name
        elif name == next(iter(BLOCK_WEIGHTS)):  # where the blocks begin
            yield from (f"blocks.{q}.{inner}" for q in range(blocks) for inner in BLOCK_WEIGHTS)


def _sizes(arrays, N, H):
    """D, F, H, N, T_max and the number of blocks, read off the arrays; a missing or unknown name is a ValueError."""
    numbers = {found[1] for name in arrays if (found := re.match(r"blocks\.(\d+)\.", name))}
    blocks = max(len(numbers), 1)
    optional = {"W", "b", "gammaf", "betaf"}
    known = list(_names(blocks, WEIGHTS))
    strange = [name for name in arrays if name not in known]
    if strange:
        raise ValueError(f"weights: {unknown('weight', strange[0], known)}")
    wanted = [name for name in known if name not in optional]
    wanted += [name for name in ("gammaf", "betaf") if {"gammaf", "betaf"} & set(arrays)]
    missing = [name for name in wanted if name not in arrays]
    if missing:
        raise ValueError(f"weights: missing {', '.join(missing)}")
    first_W1 = arrays["W1" if blocks == 1 else "blocks.0.W1"]
    if arrays["E"].ndim != 2 or arrays["E_pos"].ndim != 2 or first_W1.ndim != 2:
        raise ValueError("weights: wanted E, E_pos and W1 with two axes each")
    D, F, T_max = arrays["E"].shape[1], len(first_W1), len(arrays["E_pos"])
    if not isinstance(H, int) or H < 1 or D % H:
        raise ValueError(f"H: wanted a number of heads that divides D = {D}, got {H!r}")
    return D, F, H, N, T_max, blocks


def _check_arrays(arrays, extent):
    """Every array of the shape that the ledger gives it, of one dtype, finite. Returns the dtype."""
    dtype = arrays["E"].dtype
    if dtype not in (np.float64, np.float32):
        raise ValueError(f"weights: wanted float64 or float32, E came as {dtype}")
    for name, array in arrays.items():
        wanted = tuple(extent[letter] for letter in WEIGHTS[name.split(".")[-1]].shape)
        if array.shape != wanted:
            raise ValueError(f"weights: {name} came with shape {array.shape}, wanted {wanted}")
        if array.dtype != dtype:
            raise ValueError(f"weights: {name} came as {array.dtype}, E as {dtype}; wanted one dtype")
        if not np.isfinite(array).all():
            raise ValueError(f"weights: {name} holds a number that is not finite")
    return dtype
