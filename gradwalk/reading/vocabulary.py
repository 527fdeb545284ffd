"""The words of a foreign model: its tokenizer's files, and what cuts a text into them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from math import prod
from pathlib import Path

from gradwalk import arguments
from gradwalk.reading import byte_pairs
from gradwalk.reading.foreign import brief, content, guarded, is_file, json_file
from gradwalk.reading.labels import as_bytes, readable

PAIRS = (("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe"))  # GPT-2's two files; the latter as first named
MOST_ADDED, MOST_PARTS, MOST_GROWTH = 10_000, 100, 1_000
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


class Vocabulary:
    """The words of a tokenizer's file by number, and what cuts a text into them: a `Model`'s tokenizer.

    `words` are spelled as the file has them, one for each row of E: a row that has no word is called by its number,
    "<50257>"; a word that has no row is known, but a sentence that needs it is a ValueError.
    """

    def __init__(self, told: dict, N: int, file: Path):
        """`told` is the content of a tokenizer.json; ValueError, naming the file, if it is none."""
        self._file, self._told = file, _what_cuts(told, file)
        _bounded(self._told, file)
        self._cut = _tokenizer(self._told, file)
        numbers = _numbers(self._told, file) if self._cut is None else self._cut.get_vocab(with_added_tokens=True)
        if self._cut is None:  # GPT-2's own kind needs no package
            self._cut = byte_pairs.read(self._told, numbers)
        by_number = {number: word for word, number in numbers.items()}
        if len(by_number) != len(numbers):
            raise ValueError(f"{file}: several words have one number")
        self.words = []
        for i in range(N):
            word = by_number.get(i, f"<{i}>")
            while i not in by_number and word in numbers:
                word = f"<{word}>"
            self.words.append(word)
        self._byte_level = _is_byte_level(self._told)
        self._literal = {added["content"] for added in self._told["added_tokens"]}  # never spelled in bytes
        _does_not_panic(self._cut, file)

    def encode(self, text: str):
        """The text cut into words; `.ids` has their numbers. ValueError if it holds what has no word or no row."""
        text = arguments.words("sentence", text)
        if self._cut is None:
            raise ValueError(f"sentence: this model reads with {self._file.name}; install the package tokenizers first")
        found = guarded(f"sentence: {self._file.name} cannot cut it", self._cut.encode, text)
        for number in found.ids:
            if number >= len(self.words):
                word = readable(self._meant(self._cut.id_to_token(number)))
                told = f"“{word}” is word {number} of {self._file.name}, the model has rows for {len(self.words)}"
                raise ValueError(f"sentence: {told}")
        if self._byte_level and self._told["normalizer"] is None:
            read = self.decode(found.ids)
            if "".join(read.split()) != "".join(text.split()):  # a letter that has no word is left out in silence
                raise ValueError(
                    f"sentence: {self._file.name} lacks words for some of it; it would read {brief(read)!r}"
                )
        return found

    def decode(self, numbers: Sequence[int]) -> str:
        """The text that these words make up; a letter that is cut in two is �."""
        numbers = [int(number) for number in numbers]
        if self._cut is not None and not self._byte_level:
            return guarded(f"{self._file.name}: cannot say it", lambda: self._cut.decode(numbers, False))
        spelled = (self.spelled(number) for number in numbers)
        joined = b"".join(word if isinstance(word, bytes) else word.encode("utf-8", "replace") for word in spelled)
        return joined.decode("utf-8", errors="replace")

    def label(self, number: int) -> str:
        """Word `number` for a reader, see `labels.readable`; its number with it where another word means the same."""
        return self._labels[number]

    @cached_property
    def _labels(self):
        labels = [readable(self.spelled(i), i) for i in range(len(self.words))]
        times = Counter(labels)  # an added "  " and the vocabulary's own "ĠĠ"
        return [label if times[label] == 1 else rf"{label}\#{i}" for i, label in enumerate(labels)]

    def spelled(self, number: int) -> str | bytes:
        """What word `number` stands for: bytes where the vocabulary is byte-level, else the word itself."""
        return self._meant(self.words[number])

    def _meant(self, word):
        return as_bytes(word) if self._byte_level and word not in self._literal else word


def read(folder: Path, N: int) -> Vocabulary | None:
    """The vocabulary that lies in a folder, for a model of N words: tokenizer.json, or GPT-2's two files of old.

    None if there is neither. ValueError, naming the file, for one that does not fit.
    """
    if is_file(folder / "tokenizer.json"):
        file = folder / "tokenizer.json"
        return Vocabulary(json_file(file), N, file)
    for words, merges in PAIRS:
        if is_file(folder / words) and is_file(folder / merges):
            return Vocabulary(_from_two_files(folder, words, merges), N, folder / words)
    return None


def _from_two_files(folder, words, merges):
    """vocab.json and merges.txt as one tokenizer.json: bytes, no space put before a text, as GPT-2 has it."""
    vocabulary, file = json_file(folder / words), folder / merges
    try:
        lines = content(file).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: not UTF-8 (byte {error.start})") from None
    pairs = [line.split(" ") for line in lines if line.strip() and not line.startswith("#version")]
    for pair in pairs:
        if len(pair) != 2:
            raise ValueError(f"{file}: wanted two pieces a line, got {brief(' '.join(pair), 80)!r}")
    added = {"<|endoftext|>": vocabulary["<|endoftext|>"]} if "<|endoftext|>" in vocabulary else {}
    if is_file(folder / "added_tokens.json"):
        added |= json_file(folder / "added_tokens.json")
    plain = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False) | {"special": True}
    return {
        "added_tokens": [{"id": number, "content": word, **plain} for word, number in added.items()],
        "pre_tokenizer": BYTE_LEVEL,
        "model": {"type": "BPE", "vocab": vocabulary, "merges": [" ".join(pair) for pair in pairs]},
    }


def _what_cuts(told, file):
    """What decides how a text is cut, and nothing that readies a batch for training.

    Left out: truncation and padding, which would cut a sentence short and score its padding; the post-processor,
    which puts in marks that nobody typed; BPE's dropout, which cuts by chance. Kept: whether a space goes before the
    text (add_prefix_space) and what happens to its letters first, since the words were learned so.
    """
    model, added = told.get("model"), told.get("added_tokens") or []
    if not isinstance(model, dict) or not isinstance(model.get("vocab"), (dict, list)):
        raise ValueError(f"{file}: wanted a byte-pair tokenizer with its vocabulary")
    if not isinstance(added, list) or not all(isinstance(_content_of(one), str) for one in added):
        raise ValueError(f"{file}: wanted added_tokens, a list of words with their numbers")
    if len(added) > MOST_ADDED:
        raise ValueError(f"{file}: has {len(added):,} added_tokens; wanted at most {MOST_ADDED:,}")
    settled = {key: part for key, part in model.items() if key not in ("dropout", "cache_capacity")}
    if isinstance(settled["vocab"], dict):  # else the package would number the added words anew
        settled["vocab"] = {one["content"]: one.get("id") for one in added} | settled["vocab"]
    return {
        "version": "1.0",
        "added_tokens": added,
        "normalizer": told.get("normalizer"),
        "pre_tokenizer": told.get("pre_tokenizer"),
        "decoder": told.get("decoder"),
        "model": settled,
    }


def _content_of(added):
    return added.get("content") if isinstance(added, dict) else None


def _tokenizer(told, file):
    """The tokenizers package's reading of it; None where the package is not installed."""
    try:
        from tokenizers import Tokenizer
    except ImportError:
        return None
    return guarded(f"{file}: no tokenizer that can be read", lambda: Tokenizer.from_str(json.dumps(told)))


def _numbers(told, file):
    """Each word's number as the file has it, for a machine without the tokenizers package."""
    vocabulary = told["model"]["vocab"]
    pairs = [(added["content"], added.get("id")) for added in told["added_tokens"]]
    if isinstance(vocabulary, dict):
        pairs += vocabulary.items()
    else:  # of [word, score]
        pairs += [(one[0] if isinstance(one, list) and one else one, i) for i, one in enumerate(vocabulary)]
    for word, number in pairs:
        if not isinstance(word, str) or type(number) is not int or number < 0:
            came = f"{arguments.shown(word)} with number {arguments.shown(number)}"
            raise ValueError(f"{file}: wanted a byte-pair tokenizer with its vocabulary, got {came}")
    return dict(pairs)


def _does_not_panic(cut, file):
    """A part that fails on any text is the file's fault; a word that it lacks is the sentence's."""
    if cut is None:
        return
    try:
        cut.encode("the dog")
    except (KeyboardInterrupt, SystemExit):
        raise
    except Exception:  # it has no word for these two
        return
    except BaseException as error:  # a panic
        raise ValueError(f"{file}: no tokenizer that can read a text ({brief(error)})") from None


def _is_byte_level(told):
    """Whether words are spelled in GPT-2's letters for bytes: the tokenizer says so, its words are not asked."""
    return any(part.get("type") == "ByteLevel" for part in _parts(told))


def _bounded(told, file):
    """Rewriting rules that feed one another can make a few letters into gigabytes: ValueError beforehand."""
    parts = _parts(told)
    if len(parts) > MOST_PARTS:
        raise ValueError(f"{file}: has {len(parts):,} rules of how to cut a text; wanted at most {MOST_PARTS}")
    put_in = [part[key] for part in parts for key in ("content", "prepend") if isinstance(part.get(key), str)]
    growth = prod(float(1 + len(letters)) for letters in put_in if len(letters) > 1)
    if growth > MOST_GROWTH:
        raise ValueError(f"{file}: its rules could make a text {growth:.0e} times as long; wanted {MOST_GROWTH:,}")


def _parts(told):
    """The normaliser, the pre-tokenizer and the decoder, those of a sequence one by one."""
    parts = [told["normalizer"], told["pre_tokenizer"], told["decoder"]]
    for part in parts:  # the list grows by the parts of parts
        if isinstance(part, dict):
            for key in ("normalizers", "pretokenizers", "decoders"):
                parts += part[key] if isinstance(part.get(key), list) else []
    return [part for part in parts if isinstance(part, dict)]
