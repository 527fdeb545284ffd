"""A vocabulary of whole words: a text to the numbers of its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from gradwalk import arguments

NAMED = 5  # unknown words in one refusal, each with its nearest: a whole page in another language has hundreds


def word_list(words: Sequence[str]) -> list[str]:
    """The words as a list of their own: text, at least two of them, each once."""
    found = arguments.several("words", words, "words")
    for word in found:
        arguments.words("words", word, "each as text")
    if len(found) < 2:
        raise arguments.refused("words", "at least two, or there is nothing to bet on", words)
    if len(set(found)) != len(found):
        twice = next(word for word, times in Counter(found).items() if times > 1)
        raise ValueError(f"words: a word appears twice: {arguments.shown(twice)}")
    return found


class Words:
    """Words by number, and what finds them in a text."""

    def __init__(self, words: Sequence[str]):
        self.words = words
        self._number = {word: i for i, word in enumerate(words)}

    def numbers(self, sentence: str | Sequence[str]) -> list[int]:
        """The words of a sentence by number, as `Model.number` has it. ValueError for words that are not there."""
        from gradwalk import text  # and with it a library for all scripts: not before there is a text

        words = text.as_words("sentence", sentence)
        if isinstance(sentence, str):  # the vocabulary may spell a word otherwise than a text is read
            words = [word if word in self._number else self._spelled.get(word, word) for word in words]
        strangers = [word for word in dict.fromkeys(words) if word not in self._number]
        if strangers:
            named = [(arguments.shown(word), ", ".join(text.nearest(word, self.words))) for word in strangers[:NAMED]]
            told = "; ".join(f"{word} (the nearest: {nearest})" for word, nearest in named)
            more = f"; and {len(strangers) - NAMED} more" if len(strangers) > NAMED else ""
            raise ValueError(f"sentence: the model does not know {told}{more}")
        return [self._number[word] for word in words]

    @cached_property
    def _spelled(self):
        """Each word as a text is read (NFC, lower case), and how the vocabulary spells it; the first of several."""
        from gradwalk.reading.sentences import words_of

        read = ((words_of(word), word) for word in reversed(self.words))
        return {found[0]: word for found, word in read if len(found) == 1}
