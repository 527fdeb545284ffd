"""GPT-2's own way to cut a text: into pieces, and in each piece pairs are joined, from its bytes on, as was learned.

Source: openai/gpt-2, src/encoder.py. The package tokenizers does the same, and much else; this needs no package.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import regex

from gradwalk.reading.labels import BYTE_OF

PIECE = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
LETTER_OF = {byte: letter for letter, byte in BYTE_OF.items()}
NOTHING_ELSE = ("continuing_subword_prefix", "end_of_word_suffix", "unk_token", "byte_fallback", "ignore_merges")
WIDER = ("single_word", "lstrip", "rstrip")  # an added word that takes its surroundings with it


class Cut(NamedTuple):
    """A text that has been cut: the words' numbers."""

    ids: list[int]


class BytePairs:
    """A byte-level vocabulary with its merges, in the order in which they were learned."""

    def __init__(self, numbers: Mapping[str, int], merges: Iterable[tuple[str, str]], added: Iterable[str] = ()):
        """numbers: each word's own. added: words that are found whole, before any piece is cut."""
        self._numbers = dict(numbers)
        self._ranks = {tuple(pair): rank for rank, pair in enumerate(merges)}
        added = sorted(filter(None, added), key=len, reverse=True)
        self._added = re.compile(f"({'|'.join(map(re.escape, added))})") if added else None

    def encode(self, text: str) -> Cut:
        """The words' numbers. A byte that has no word is left out."""
        parts = [text] if self._added is None else self._added.split(text)
        words = [
            word
            for k, part in enumerate(parts)
            for word in ([part] if k % 2 else (w for piece in PIECE.findall(part) for w in self._words(piece)))
        ]
        return Cut([self._numbers[word] for word in words if word in self._numbers])

    def id_to_token(self, number: int) -> str:
        """The word that has this number."""
        return next(word for word, its in self._numbers.items() if its == number)

    def _words(self, piece):
        words = letters(piece)
        while pairs := [pair for pair in pairwise(words) if pair in self._ranks]:
            words = joined(words, min(pairs, key=self._ranks.get))
        return words


def letters(piece: str) -> list[str]:
    """The bytes of a piece in UTF-8, each as GPT-2's letter for it."""
    return [LETTER_OF[byte] for byte in piece.encode("utf-8", "surrogatepass")]


def joined(words: Sequence[str], pair: tuple[str, str]) -> list[str]:
    """The same words, each such pair made one, from the left.

    >>> joined(["h", "h", "e", "he", "h", "e"], ("h", "e"))
    ['h', 'he', 'he', 'he']
    """
    made, k = [], 0
    while k < len(words):
        both = tuple(words[k : k + 2]) == pair
        made.append("".join(pair) if both else words[k])
        k += 2 if both else 1
    return made


def read(told: Mapping, numbers: Mapping[str, int]) -> BytePairs | None:
    """The byte pairs of a tokenizer.json's content; None where it is not just what GPT-2's is."""
    model, before, added = told["model"], told["pre_tokenizer"], told["added_tokens"]
    byte_level = isinstance(before, dict) and before.get("type") == "ByteLevel"
    plain = byte_level and before.get("add_prefix_space") is False and before.get("use_regex", True) is True
    plain = plain and told["normalizer"] is None and model.get("type", "BPE") == "BPE"
    plain = plain and not any(model.get(key) for key in NOTHING_ELSE)
    plain = plain and not any(one.get(key) for one in added for key in WIDER)
    merges = [tuple(pair.split(" ")) if isinstance(pair, str) else pair for pair in _listed(model.get("merges"))]
    pairs = all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in merges)
    if not (plain and pairs and all("".join(map(str, pair)) in numbers for pair in merges)):
        return None
    return BytePairs(numbers, merges, [one["content"] for one in added])


def _listed(given):
    return given if isinstance(given, list) else []
