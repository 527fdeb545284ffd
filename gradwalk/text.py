"""The course's text, or a learner's own: sentences, words, the three parts, and the two baselines to beat.

The scored words of a sentence are all but its first: nothing comes before the first that could foretell it.
"""

from __future__ import annotations

import difflib
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from pathlib import Path

COURSE = Path(__file__).parent / "data" / "text.txt"
FEWEST = 10  # sentences: one tenth of them is then a sentence at least
LONGEST = 64  # words: attention compares every place with every earlier one, so a page without a full stop is cut

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")  # letters and digits; an apostrophe only between them
SENTENCE_END = re.compile(r"[.!?;…\r\n\v\f\x85\u2028\u2029]")

Sentence = list[str]


@dataclass(frozen=True)
class Text:
    """Sentences as lists of words, and all their words in order: row i of W is `words[i]`."""

    sentences: list[Sentence]
    words: list[str]

    def __repr__(self):
        return f"Text({len(self.sentences)} sentences, {len(self.words)} words)"


@dataclass(frozen=True)
class Baselines:
    """What two ways of guessing without a model reach, in nats per scored word."""

    frequencies: float
    bigram: float


def load(path: str | Path | None = None) -> Text:
    """The course's text, or the UTF-8 text file at `path`.

    A sentence ends where a line ends and at . ! ? ; and counts if it has two words at least; after 64 words it is cut.
    The same sentence again is left out, so that no part of the split holds a sentence of another. FileNotFoundError
    if there is no such file, ValueError if it is not text or has fewer than ten sentences.
    """
    path = COURSE if path is None else Path(path)
    wanted = f"wanted a UTF-8 text file of at least {FEWEST} different sentences of two words or more"
    if not path.exists():
        raise FileNotFoundError(f"text: there is no file {path}; {wanted}")
    if not path.is_file():
        raise ValueError(f"text: {path} is no file; {wanted}")
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"text: {path} is not UTF-8 (byte {error.start}); {wanted}") from None
    if "\0" in content:
        raise ValueError(f"text: {path} holds a zero byte, it is not text; {wanted}")
    found = (words_of(sentence) for sentence in SENTENCE_END.split(content))
    pieces = (tuple(words[i : i + LONGEST]) for words in found for i in range(0, len(words), LONGEST))
    sentences = [list(words) for words in dict.fromkeys(pieces) if len(words) >= 2]
    if len(sentences) < FEWEST:
        raise ValueError(f"text: {path} has {len(sentences)} such sentences; {wanted}")
    return Text(sentences, sorted({word for sentence in sentences for word in sentence}))


def words_of(sentence: str) -> Sentence:
    """The words of a sentence: lower case, punctuation dropped, an apostrophe inside a word kept.

    >>> words_of("The dog didn’t sleep, 'at all'.")
    ['the', 'dog', "didn't", 'sleep', 'at', 'all']
    """
    return WORD.findall(unicodedata.normalize("NFC", sentence).lower().replace("’", "'"))


def nearest(word: str, words: Iterable[str], n: int = 3) -> list[str]:
    """The n known words that are spelled most like this one, the closest first.

    >>> nearest("dgo", ["dragon", "got", "river", "dog"])
    ['dog', 'got', 'dragon']
    """
    matcher = difflib.SequenceMatcher(b=word)

    def distance(known):
        """Of words as alike, the one of like length comes first, then the one that begins alike."""
        matcher.set_seq1(known)
        return -matcher.ratio(), abs(len(known) - len(word)), known[:1] != word[:1], known

    return sorted(words, key=distance)[:n]


def split(sentences: Sequence[Sentence], seed: int = 0) -> tuple[list[Sentence], list[Sentence], list[Sentence]]:
    """Shuffle the sentences and part them 80/10/10: to train on, to stop by, to report on.

    Python promises the same numbers of `random()` for a seed in every version, and a sort does the shuffling: the
    split is the same everywhere. ValueError if there are fewer than ten sentences.
    """
    if len(sentences) < FEWEST:
        raise ValueError(f"sentences: wanted at least {FEWEST} to split, got {len(sentences)}")
    chance = random.Random(seed)
    draws = [chance.random() for _ in sentences]
    shuffled = [sentences[i] for i in sorted(range(len(sentences)), key=draws.__getitem__)]
    tenth = len(sentences) // 10
    rest = len(sentences) - 2 * tenth
    return shuffled[:rest], shuffled[rest : rest + tenth], shuffled[rest + tenth :]


def baselines(train: Iterable[Sentence], sentences: Iterable[Sentence], words: Sequence[str]) -> Baselines:
    """Count on `train`, then guess every scored word of `sentences`: nats per word, for two ways of guessing.

    Frequencies: each of the `words` by how often it is a scored word, plus one, so that a word which never came
    still has a share. Bigram: 0.7 of how often the word followed the one before it, and 0.3 of the frequencies;
    after a word that nothing followed in `train`, the frequencies alone. ValueError if `sentences` score no word.
    """
    pairs = Counter(pair for sentence in train for pair in pairwise(sentence))
    followed, comes = Counter(), Counter()
    for (before, word), times in pairs.items():
        followed[before] += times
        comes[word] += times
    total = comes.total() + len(words)
    frequencies = bigram = scored = 0
    for sentence in sentences:
        for before, word in pairwise(sentence):
            share = (comes[word] + 1) / total
            after = pairs[before, word] / followed[before] if followed[before] else share
            frequencies -= log(share)
            bigram -= log(0.7 * after + 0.3 * share)
            scored += 1
    if not scored:
        raise ValueError("sentences: no scored word; wanted at least one sentence of two words or more")
    return Baselines(frequencies / scored, bigram / scored)
