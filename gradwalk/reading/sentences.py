"""The sentences and words of a text, in any script.

What is a letter, a mark, a digit or a sentence's end, and what holds a word together, is read off the Unicode tables.

A sentence ends at . ! ? ; … and their like in other scripts, and where a line ends. In a wrapped text a line's end is a
space instead: if its lines are about equally long, more sentences end inside them than at their ends, and most of them
do not begin with a capital. A blank line ends a sentence always. The point in 3.14, e.g., J. Smith, Mr. Smith or No. 5
ends none; the point of another abbreviation does.

A word is letters and digits side by side, with the marks on them. Case and punctuation are dropped, but for what stands
inside a word or a number (don't, e.g, 3.14, 1,000); a hyphen parts two words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import pairwise
from math import inf

import regex

from gradwalk import arguments

Sentence = list[str]


def _pattern(source, flags=0):
    return regex.compile(source, regex.VERBOSE | regex.VERSION1 | flags)


# With WORD, \B is "no word ends here" by Unicode's rules (UAX 29), as inside don't, 3.14 or example.com. Letters side
# by side are one word whatever these rules say: they know no words in scripts that are written without spaces.
WORD = _pattern(
    r"""[\p{L}\p{N}] (?: [\p{L}\p{M}\p{N}\p{Join_Control}] | '(?=[\p{L}\p{N}]) | \B [[\p{P}⁄]--[:;\p{Pc}]] \B )*""",
    regex.WORD,
)
# Not all abbreviations can be known. Known are one with a point inside, an initial, and these:
TITLE = r"\b (?: [Mm]rs? | [Mm]s | [Dd]r | Messrs | Prof | Rev | St | Sr )"
NUMBER = r"\b (?: [Nn]os? | [Nn]r | [Vv]ol | [Ff]ig | [Cc]h | pp? ) (?= \. \s* \p{Nd} )"
INITIAL = r"\b \p{Lu} (?= \. (?: \p{Lu}\b | \s* \p{Lu} [.\p{Ll}] ) )"
END = _pattern(
    rf"""
    (?: [[\p{{Sentence_Terminal}}…;؛፤།༎]--.]
    |   \. (?<! (?: {TITLE} | {NUMBER} | {INITIAL} | \b \p{{L}} \. \p{{L}} ) \. ) (?! [\p{{Nd}}\p{{Ll}}] )
    ) (?! , )
    """
)

# Letters by the shape they are shown in (ﬁ, Ａ, ３, ｱ, or Arabic as a PDF has it) are the letters that they show.
SHAPES = _pattern(r"[\ufb00-\ufdff\ufe70-\ufefe\uff00-\uffef]+")
# No part of a word: soft hyphens, marks of direction, a symbol's variant, rings, Armenian's marks of tone.
UNSEEN = _pattern(r"\u00ad\s* | \u200c(?!\p{L}) | [\p{Bidi_Control}\p{Me}\u2060\ufeff\ufe00-\ufe0f\u055b\u055c\u055e]")
APOSTROPHE = _pattern(r"(?<= [\p{L}\p{M}\p{N}] ) [‘’ʻʼ´׳] (?= [\p{L}\p{N}] )")

LETTER = _pattern(r"\p{L}")
# The scripts that are written without spaces: Thai, Lao, Khmer, Burmese and their kin; Chinese and Japanese.
SPACELESS = r"[\p{L}&&[\p{Line_Break=SA}\p{Line_Break=ID}\p{Line_Break=CJ}]]"
SPACELESS_LETTER = _pattern(SPACELESS)
SPACELESS_GAP = _pattern(rf"(?<= {SPACELESS} \p{{M}}* ) [\p{{Zs}}\t\u200b]+ (?= {SPACELESS} )")

ITEM = _pattern(r"(?: [-–*+•·|\#]+ | \p{Nd}+ [.)] ) \s")  # a line of a list or a table, a heading
NARROW = 30  # letters: below that, lines of one length are a list sooner than a book
FULL, SHORT = 0.9, 0.75  # of a wrapped text's width: its lines, with the next word, are that long; a shorter one ends


def sentences_of(content: str) -> Iterator[Sentence]:
    """The sentences of a text, those without a word too."""
    for unit in _units(_normal(content)):
        for sentence in END.split(unit):
            yield _words(sentence)


def words_of(sentence: str) -> Sentence:
    """The words of a sentence: lower case, punctuation dropped, but not inside a word or a number.

    An accent or vowel mark belongs to its letter, whichever way it is encoded. I is i in every language, since
    nothing says which this is.

    >>> words_of("The dog didn’t sleep, 'at all', for 3.14 well-known hours.")
    ['the', 'dog', "didn't", 'sleep', 'at', 'all', 'for', '3.14', 'well', 'known', 'hours']
    """
    content = _normal(arguments.words("sentence", sentence))
    return [word for piece in END.split(content) for word in _words(piece)]


def as_words(argument: str, sentence: str | Iterable[str]) -> Sentence:
    """A sentence's words, given as text or as a list of words; those of a list are taken as they stand."""
    if isinstance(sentence, str):
        return words_of(sentence)
    refused = arguments.refused(argument, "text in one string or a list of words", sentence)
    if isinstance(sentence, (bytes, Mapping, Set)):
        raise refused
    try:
        words = list(sentence)
    except Exception:  # nothing that one can go through
        raise refused from None
    if not all(isinstance(word, str) for word in words):
        raise refused
    return [str(word) for word in words]


def crowded(content: str) -> str:
    """How few spaces a text has, in words; nothing if it has enough for its words to be told apart.

    Words of scripts that are written without spaces have 2 to 5 letters, the phrases between two spaces 10 and more.
    In other scripts the longest words, in Greenland, have 12 to 15 in the mean.
    """
    words = WORD.findall(content)
    letters = sum(map(len, words))
    spaceless = len(SPACELESS_LETTER.findall(content))
    gaps = len(SPACELESS_GAP.findall(content))
    if 3 * spaceless > letters and spaceless > 10 * gaps:
        return f"{gaps} between {spaceless} letters of a script that is written without them"
    return f"{letters} letters in {len(words)} words" if letters > 20 * len(words) else ""


def _words(piece):
    """Lower case. Python makes two letters of a capital dotted I, and may take apart what NFC had composed."""
    return WORD.findall(unicodedata.normalize("NFC", piece.replace("İ", "i").lower()))


def _normal(content):
    """One spelling of each letter: its usual shape, composed (NFC), one apostrophe, nothing that is not seen."""
    content = SHAPES.sub(lambda found: unicodedata.normalize("NFKC", found[0]), content)
    content = UNSEEN.sub("", unicodedata.normalize("NFC", content))
    return APOSTROPHE.sub("'", content.replace("״", '"'))


def _units(content: str) -> Iterator[str]:
    """The lines of a text; where it is wrapped, its paragraphs."""
    lines = [line.strip() for line in content.replace("\u2029", "\n\n").splitlines()]
    width = _width(lines)
    unit = lines[:1]
    for before, line in pairwise(lines):
        if not _inner(before, line) or _reach(before, line) < SHORT * width:
            yield " ".join(unit)
            unit = []
        unit.append(line)
    yield " ".join(unit)


def _width(lines):
    """How wide a wrapped text is; infinitely wide if it is not wrapped, so that every line is too short to go on.

    Wrapped lines are about equally long, sentences end inside them, more than at their ends, and most do not begin
    with a capital. Verse fails by its capitals or its ends, one sentence a line by its ends, a talk by its lengths.
    """
    inner = [(line, after) for line, after in pairwise(lines) if _inner(line, after)]
    lengths = sorted(len(line) for line, _ in inner)
    width = lengths[-1 - len(lengths) // 10] if inner else 0  # one line in ten may be too long: an address, a table
    if width < NARROW:
        return inf
    full = sum(_reach(line, after) >= FULL * width for line, after in inner)
    capitals = sum(found[0].isupper() for _, after in inner if (found := LETTER.search(after)))
    inside = at_end = 0
    for line, _ in inner:
        told = [WORD.search(piece) is not None for piece in END.split(line)]
        inside += sum(told) - 1
        at_end += not told[-1]
    wrapped = full > 2 / 3 * len(inner) and capitals <= len(inner) / 2 and inside > max(at_end, len(inner) / 20, 2)
    return width if wrapped else inf


def _inner(line, after):
    """Whether a paragraph may go on from one line to the next: neither is empty, and no item of a list begins."""
    return bool(line and after and not ITEM.match(after))


def _reach(line, after):
    """How long a line would have been with the next one's first word."""
    return len(line) + 1 + len(after.split(maxsplit=1)[0])
