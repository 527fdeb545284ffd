"""The weights of a transformer, and the guard around them: only `turn` and `move` write."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from gradwalk import arguments, block
from gradwalk.names import BLOCK_WEIGHTS, ReadOnly
from gradwalk.reading.labels import readable
from gradwalk.reading.words import Words, word_list
from gradwalk.step3_layernorm import EPS
from gradwalk.weights import (
    all_names,
    check_arrays,
    checked,
    drawn,
    finite,
    float_type,
    heads,
    mapped,
    of_weight,
    own_arrays,
    read_only,
    sizes,
    within,
)

PEN_AND_PAPER = ("by", "cat", "dog", "door", "fire", "river", "sat", "slept", "the", "tree", "window")
# Measured on the course's text: half as wide ends 0.24 nats higher; twice as wide 0.13 lower, with 2.7 times the dials.
COURSE_SIZES = {"D": 32, "F": 128, "H": 4, "T_max": 24}
START = 0.3  # of the usual random numbers: from all of them the first guesses are too sure, and it ends 0.19 higher


class TooLarge(ValueError):
    """A number has outgrown its dtype: an infinity or a NaN would have come out, or an honest-looking 0."""


class Model:
    """A pre-LN transformer small enough to look at: embeddings, blocks of attention and MLP, output layer.

    A weight matrix is (out, in). The optional parts are read off the names that are there: without `W` the output
    layer is tied to `E`, without `b` it has no bias, with `gammaf` and `betaf` the intended meaning is normed before
    it meets the vocabulary (GPT-2 has it so in all three).

    `settings` has what is no weight: H heads, the activation, the norm, and the eps inside its root.
    Every array is copied on the way in, unless it is one that a model shows: models share those until one is written.
    What was read from a large file stays there, to be read in place (`files.Mapped`): if that file has been written
    over since, `weights` is a ValueError, and so is every walk, where the numbers would be others.
    `weights` shows read-only views; `version` counts the writes. After a write ask `weights` again: an array that was
    taken before, and that another model shares, stays as it was.
    """

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        words: Sequence[str],
        H: int,
        activation: str = "relu",
        norm: str = "layer",
        eps: float = EPS,
        tokenizer: object | None = None,
    ):
        """Take the arrays of `weights` by name; ValueError if one is missing, unknown, misshapen or not finite.

        `words` names the rows of `W` and `E`. `tokenizer`, if any, turns text into word numbers by its
        `encode(text).ids`; without one a sentence is split into words.
        """
        self._words = words if isinstance(words, Words) else Words(word_list(words))  # a copy's have been checked
        self.words = list(self._words.words)
        self.tokenizer = tokenizer
        self.version = 0
        arrays, settings = own_arrays(weights), checked(H=H, activation=activation, norm=norm, eps=eps)
        extent, blocks, names = sizes(arrays, len(self.words), settings)
        self.D, self.F, self.N, self.T_max = (extent[letter] for letter in ("D", "F", "N", "T_max"))
        self.settings = MappingProxyType(settings)
        self.H, self.activation = settings["H"], settings["activation"]
        self.dtype = check_arrays(arrays, extent)

        self._arrays, self._views, self._files = {}, {}, {}
        self._shown = MappingProxyType(self._views)
        self.blocks = [ReadOnly() for _ in range(blocks)]
        for name in names:
            self._have(name, arrays[name])

    @property
    def weights(self) -> Mapping[str, np.ndarray]:
        """Every weight by its name, as a read-only view. ValueError if a file that they lie in was written over."""
        for file in set(self._files.values()):
            file.check()
        return self._shown

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
        norm: str = "layer",
        eps: float = EPS,
        T_max: int = 256,
        tied: bool = False,
        final_norm: bool = False,
        bias: bool = True,
        scale: float = 1.0,
        dtype=np.float64,
    ) -> Model:
        """Random numbers to start from: normal, `scale` times as wide as 1 / sqrt(inputs of the weight).

        No entry equals its neighbour: gamma is 1 and beta and the biases are 0 but for a little noise, since equal
        numbers would hide a wrong transpose. `tied`, `final_norm` and `bias` choose the output layer's form.
        ValueError for sizes that do not fit together or into memory.
        """
        sizes = {"D": D, "F": F, "H": H, "blocks": blocks, "T_max": T_max}
        D, F, H, blocks, T_max = (arguments.whole(name, size, least=1) for name, size in sizes.items())
        H, dtype, words = heads(H, D), float_type(dtype), word_list(words)
        scale = arguments.number("scale", scale, least=0)
        tied, final_norm, bias = (
            arguments.flag(name, given)
            for name, given in {"tied": tied, "final_norm": final_norm, "bias": bias}.items()
        )
        optional = {"W": not tied, "b": bias, "gammaf": final_norm}
        extent = {"N": len(words), "T_max": T_max, "D": D, "F": F}
        dials = (2 * len(words) + T_max) * D + blocks * (4 * D * D + 2 * D * F)
        arguments.memory("D, F, blocks, T_max", 3 * 8 * dials, f"a model of {dials:,} dials")
        settings = checked(H=H, activation=activation, norm=norm, eps=eps)
        names = all_names(blocks, block.weights(settings, [name for name, wanted in optional.items() if wanted]))
        weights = drawn(names, extent, scale, dtype, arguments.whole("seed", seed, least=0))
        return cls(weights, words, **settings)

    @classmethod
    def untrained(cls, words: Sequence[str], seed: int = 0, T_max: int = COURSE_SIZES["T_max"]) -> Model:
        """The random model that `gradwalk tune` starts from: the course's sizes, for these words."""
        return cls.random(seed=seed, words=words, scale=START, **COURSE_SIZES | {"T_max": T_max})

    @classmethod
    def trained(cls) -> Model:
        """The course's own model: what `gradwalk tune` makes of the course's text, by these very gradients."""
        from gradwalk import checkpoint

        return checkpoint.load(Path(__file__).parent / "data" / "trained.safetensors")

    @classmethod
    def gpt2(cls, folder: str | Path) -> Model:
        """GPT-2 from a folder with config.json and model.safetensors by Hugging Face; tokenizer.json if there.

        See `checkpoint.gpt2`; `checkpoint.plan` says beforehand what it takes.
        """
        from gradwalk import checkpoint

        return checkpoint.gpt2(folder)

    @classmethod
    def small_gpt2(cls) -> Model:
        """A small GPT-2, in GPT-2's own format, that the course trained on its own text, by these very gradients."""
        return cls.gpt2(Path(__file__).parent / "data" / "small_gpt2")

    def copy(self, dtype=None) -> Model:
        """A model of its own with the same numbers, in `dtype` if one is given: turning one leaves the other alone."""
        weights = self.weights
        if dtype is not None and float_type(dtype) != self.dtype:
            arguments.memory("model", np.dtype(dtype).itemsize * self._dials(), f"a copy in {np.dtype(dtype)}")
            with np.errstate(over="ignore"):  # what float32 cannot hold is told by the copy's own check
                weights = {name: array.astype(dtype) for name, array in weights.items()}
        return Model(weights, self._words, tokenizer=self.tokenizer, **self.settings)

    # ---- words in, numbers out, and words again

    def read(self, sentence: str | Sequence[str], scored: str = "last") -> tuple[np.ndarray, np.ndarray]:
        """A sentence as (tokens, y): the words but the last, and for each the word that follows. Both (T,) of int.

        The sentence is text, or a list of words, as for `number`. `scored="last"` scores the last position only (y is
        -1 elsewhere), `"all"` scores every one. ValueError for a word that the model does not know, naming the nearest
        that it does, and for a sentence of one word or of more than T_max + 1.
        """
        if not isinstance(scored, str) or scored not in ("last", "all"):
            raise arguments.refused("scored", "'last' or 'all'", scored)
        numbers = self._numbers(sentence)
        if not 2 <= len(numbers) <= self.T_max + 1:
            raise ValueError(f"sentence: wanted 2 to {self.T_max + 1} words, got {len(numbers)}")
        tokens, y = numbers[:-1], numbers[1:].copy()
        if scored == "last":
            y[:-1] = -1
        return tokens, y

    def number(self, sentence: str | Sequence[str]) -> np.ndarray:
        """The words of a sentence as row numbers of E and W: (T,) of int.

        Text is parted into words, lower case and without punctuation, and found however the vocabulary spells them; the
        words of a list are looked up as they stand.
        A tokenizer gets the text untouched, or the list's words with a space between them. ValueError for a sentence
        without a word, and for words that the model does not know, naming the nearest that it does.
        """
        numbers = self._numbers(sentence)
        if not len(numbers):
            raise arguments.refused("sentence", "at least one word", sentence)
        return numbers

    def label(self, i: int) -> str:
        """Word i for a reader: of a byte-level vocabulary the text it stands for, spaces visible; see `readable`.

        No two words have one label. `words[i]` is the word as its file spells it.
        """
        i = arguments.whole("i", i, least=0, most=self.N - 1)
        told = getattr(self.tokenizer, "label", None)  # it knows what its spelling stands for
        return readable(self.words[i], i) if told is None else told(i)

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
        """Turn one dial: add `by` to one number of the weight `name`.

        ValueError, and nothing is written, for a weight or an index that is not there, for a `by` that is no finite
        number, and where the sum is too large for the weight's dtype.
        """
        index, by = self.entry(name, index), arguments.number("by", by)
        with np.errstate(over="ignore"):
            turned = self.dtype.type(self._arrays[name][index] + by)
        if not np.isfinite(turned):
            raise TooLarge(f"by: {name}{list(index)} would be too large for {self.dtype}, turned by {by:g}")
        self._write([(name, index, turned)])

    def move(self, grads: Mapping, eta: float, only: Iterable[str] | None = None) -> None:
        """One move of descent: every weight (or those of `only`) goes by -eta times its slope.

        All or none: ValueError if a slope is missing, misshapen or not finite, or if a weight would become too large
        for its dtype, and no weight has moved then.
        """
        eta, grads, moved = arguments.number("eta", eta), arguments.instance("grads", grads, Mapping), []
        with np.errstate(over="ignore", invalid="ignore"):
            # Read once: a float is read anew for each weight. In float32 it has to stay one, or it would be rounded.
            by = np.array(eta) if self.dtype == np.float64 else eta
            for name in self.chosen(only):
                slope = self._slope(grads, name)
                array = (self._arrays[name] - by * slope).astype(self.dtype, copy=False)
                if not finite(array):
                    if not np.isfinite(slope).all():
                        raise TooLarge(f"grads: the slope of {name} holds a number that is not finite")
                    raise TooLarge(f"eta: {name} would be too large for {self.dtype}, moved with eta {eta:g}")
                moved.append((name, ..., array))
        self._write(moved)

    def _write(self, numbers):
        """Put numbers into weights and count it as one write: wholly, or not at all.

        An interrupt may come at any line. What was begun is then finished, and only then does the interrupt go on:
        to write the same numbers once more does no harm.
        """
        version = self.version + 1
        try:
            self._put(numbers, version)
        except BaseException:
            self._put(numbers, version)
            raise

    def _put(self, numbers, version):
        # An array that two models have had is read-only for good, see `own_arrays`: numpy itself refuses the write, and
        # whoever holds it never sees it change. Who writes takes a copy first, all copies before the first number.
        for name in {name for name, _, _ in numbers if not self._arrays[name].flags.writeable}:
            self._have(name, self._arrays[name].copy())
        for name, where, new in numbers:
            self._arrays[name][where] = new
        self.version = version

    def _have(self, name, array):
        """Have this array as the weight `name`, and show it, in `weights` and in its block."""
        self._views[name] = view = read_only(array)
        q, bare = f"0.{name}".split(".")[-2:]
        if bare in BLOCK_WEIGHTS:
            dict.__setitem__(self.blocks[int(q)], bare, view)  # the block is for reading, by others
        self._files.pop(name, None)
        if file := mapped(array):
            self._files[name] = file
        self._arrays[name] = array  # last: interrupted before, a write begins again

    def chosen(self, only: Iterable[str] | None) -> list[str]:
        """The weights named in `only`, each once; all of them for None. ValueError for one that is not there."""
        if only is None:
            return list(self.weights)
        names = [only] if isinstance(only, str) else arguments.several("only", only, "weights")
        names = [arguments.one_of("only", name, self.weights, "weight") for name in names]
        return list(dict.fromkeys(names))

    def entry(self, name: str, index: tuple[int, ...]) -> tuple[int, ...]:
        """The index of one number of a weight, checked: a tuple of whole numbers within its shape."""
        return within(self.weights[self._known(name)].shape, index, name)

    # ---- inside

    def _numbers(self, sentence):
        from gradwalk.reading.sentences import as_words

        if self.tokenizer is None:
            return np.array(self._words.numbers(sentence), dtype=int)
        whole = sentence if isinstance(sentence, str) else " ".join(as_words("sentence", sentence))
        return np.array(self.tokenizer.encode(whole).ids, dtype=int)

    def _known(self, name):
        return arguments.one_of("name", name, self._arrays, "weight")

    def _slope(self, grads, name):
        try:
            slope = of_weight(grads, name)
        except (KeyError, IndexError, TypeError):
            raise ValueError(f"grads: there is no slope for the weight {name}") from None
        try:
            slope = np.asarray(slope)
        except Exception:  # ragged, or numpy asked an object itself
            raise ValueError(f"grads: the slope of {name} is no array") from None
        if slope.shape != self._arrays[name].shape:
            raise ValueError(f"grads: the slope of {name} has shape {slope.shape}, not {self._arrays[name].shape}")
        if slope.dtype.kind not in "fiu":
            raise ValueError(f"grads: the slope of {name} came as {slope.dtype}, wanted real numbers")
        return slope

    def _dials(self):
        return sum(array.size for array in self._arrays.values())

    def __repr__(self):
        sizes = f"N={self.N}, D={self.D}, F={self.F}, H={self.H}, blocks={len(self.blocks)}"
        return f"Model({sizes}, {self.activation}, {self.dtype}: {self._dials():,} dials)"


def _next(z, temperature, chance):
    """One word's number by its logits (N,): the likeliest, or one drawn."""
    if temperature == 0:
        return int(z.argmax())
    with np.errstate(over="ignore"):
        shares = np.exp((z - z.max()).astype(float) / temperature).cumsum()  # (N,)
    return int(np.searchsorted(shares, chance.random() * shares[-1], side="right"))
