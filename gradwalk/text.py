"""The course's text, or a learner's own: sentences, words, the three parts, and the two baselines to beat.

The scored words of a sentence are all but its first: nothing comes before the first that could foretell it.
"""

from __future__ import annotations

import codecs
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from pathlib import Path

from gradwalk import arguments
from gradwalk.reading.sentences import Sentence, as_words, crowded, sentences_of, words_of

__all__ = ["Baselines", "Sentence", "Text", "as_words", "baselines", "load", "nearest", "split", "words_of"]

COURSE = Path(__file__).parent / "data" / "text.txt"
FEWEST = 10  # sentences: one tenth of them is then a sentence at least
LONGEST = 64  # words: attention compares every place with every earlier one, so a page without a full stop is cut

ENCODINGS = {  # by the mark in the first bytes; UTF-32's begins like UTF-16's, so it is asked first
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
DOCUMENTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF-", b"{\\rtf")  # Word and its kin, EPUB, PDF, RTF


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
    """The course's text, or the text file at `path`: UTF-8, or UTF-16 or UTF-32 with a byte-order mark.

    Sentences and words are those of `reading.sentences`. A sentence counts if it has two words at least; after 64
    words it is cut. The same sentence again is left out, so that no part of the split holds a sentence of another.

    FileNotFoundError if there is no such file. ValueError if it is not text, has fewer than ten sentences, or has
    hardly any spaces: words are told apart by the spaces between them.
    """
    wanted = f"wanted a UTF-8 text file of at least {FEWEST} different sentences of two words or more"
    path = COURSE if path is None else arguments.path("path", path, "the path of a text file")
    content = _content(path, wanted)
    if told := crowded(content):
        raise ValueError(f"text: {path} has hardly any spaces ({told}); {wanted}, with a space between two words")
    found = sentences_of(content)
    pieces = (tuple(words[i : i + LONGEST]) for words in found for i in range(0, len(words), LONGEST))
    sentences = [list(words) for words in dict.fromkeys(pieces) if len(words) >= 2]
    if len(sentences) < FEWEST:
        raise ValueError(f"text: {path} has {len(sentences)} such sentences; {wanted}")
    return Text(sentences, sorted({word for sentence in sentences for word in sentence}))


def nearest(word: str, words: Iterable[str], n: int = 3) -> list[str]:
    """The n known words that are spelled most like this one, the closest first.

    >>> nearest("dgo", ["dragon", "got", "river", "dog"])
    ['dog', 'got', 'dragon']
    """
    word, words = arguments.words("word", word), _vocabulary(words)
    return arguments.nearest(word, words, arguments.whole("n", n, least=0))


def split(sentences: Sequence[Sentence], seed: int = 0) -> tuple[list[Sentence], list[Sentence], list[Sentence]]:
    """Shuffle the sentences and part them 80/10/10: to train on, to stop by, to report on.

    Python promises the same numbers of `random()` for a seed in every version, and a sort does the shuffling: the
    split is the same everywhere. ValueError if there are fewer than ten sentences.
    """
    sentences = arguments.several("sentences", sentences, "sentences")
    for sentence in sentences:
        if not isinstance(sentence, Iterable) or isinstance(sentence, (bytes, Mapping)):
            raise arguments.refused("sentences", "a list of sentences", sentence)
    if len(sentences) < FEWEST:
        raise ValueError(f"sentences: wanted at least {FEWEST} to split, got {len(sentences)}")
    chance = random.Random(arguments.whole("seed", seed, least=0))
    draws = [chance.random() for _ in sentences]
    shuffled = [sentences[i] for i in sorted(range(len(sentences)), key=draws.__getitem__)]
    tenth = len(sentences) // 10
    rest = len(sentences) - 2 * tenth
    return shuffled[:rest], shuffled[rest : rest + tenth], shuffled[rest + tenth :]


def baselines(
    train: Iterable[Sentence], sentences: Iterable[Sentence], words: Sequence[str], mix: float = 0.7
) -> Baselines:
    """Count on `train`, then guess every scored word of `sentences`: nats per word, for two ways of guessing.

    Frequencies: each of the `words` by how often it is a scored word, plus one, so that a word which never came
    still has a share. Bigram: `mix` of how often the word followed the one before it, and the rest of the frequencies;
    after a word that nothing followed in `train`, the frequencies alone. ValueError if `sentences` score no word, if
    a scored word is not one of the `words`, or if `mix` is not from 0 to below 1: a new pair would get no share.
    """
    if arguments.number("mix", mix, least=0) >= 1:
        raise arguments.refused("mix", "a number below 1", mix)
    known = set(_vocabulary(words))
    pairs, asked = Counter(_pairs("train", train, known)), list(_pairs("sentences", sentences, known))
    if not asked:
        raise ValueError("sentences: no scored word; wanted at least one sentence of two words or more")
    followed, comes = Counter(), Counter()
    for (before, word), times in pairs.items():
        followed[before] += times
        comes[word] += times
    total = comes.total() + len(known)
    frequencies = bigram = 0
    for before, word in asked:
        share = (comes[word] + 1) / total
        after = pairs[before, word] / followed[before] if followed[before] else share
        frequencies -= log(share)
        bigram -= log(mix * after + (1 - mix) * share)
    return Baselines(frequencies / len(asked), bigram / len(asked))


def _vocabulary(words):
    words = arguments.several("words", words, "words")
    return [arguments.words("words", word, "a list of words") for word in words]


def _pairs(argument, sentences, known):
    """Each scored word of the sentences, with the word before it."""
    for sentence in arguments.several(argument, sentences, "sentences"):
        for before, word in pairwise(as_words(argument, sentence)):
            if word not in known:
                raise ValueError(f"{argument}: wanted sentences of the given words, got {arguments.shown(word)}")
            yield before, word


def _content(path, wanted):
    """The text in a file; ValueError or FileNotFoundError that names the file, and says how to cure it."""
    name = arguments.place(path)
    try:
        if not path.exists():
            raise FileNotFoundError(f"text: there is no file {name}; {wanted}")
        if not path.is_file():
            raise ValueError(f"text: {name} is no file; {wanted}")
        arguments.memory("text", 40 * path.stat().st_size, f"a text as long as {name}")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ValueError(f"text: {name} cannot be read ({error.strerror}); {wanted}") from None
    encoding = next((name for mark, name in ENCODINGS.items() if raw.startswith(mark)), "utf-8")
    cure = f"save it as plain text in UTF-8 from the program that wrote it; {wanted}"
    if raw.startswith(DOCUMENTS):
        raise ValueError(f"text: {name} is a document with its layout, no plain text; {cure}")
    try:
        content = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        where = f"byte {error.start}, {raw[error.start]:#04x}, on line {line}"
        raise ValueError(f"text: {name} is not {encoding.upper()} ({where}); {cure}") from None
    if "\0" in content:
        raise ValueError(f"text: {name} holds a zero byte: it is no text, or not in UTF-8; {cure}")
    if not content.strip():
        raise ValueError(f"text: {name} is empty; {wanted}")
    return content
