"""The learner's own sentence on a dial board."""

from __future__ import annotations

from pathlib import Path

import anywidget
import numpy as np
import traitlets as t
from ipywidgets import widget_serialization

from gradwalk import arguments
from gradwalk.model import Model
from gradwalk.telling.page import once_run
from gradwalk.telling.verbatim import legible, verbatim
from gradwalk.widgets import published, table
from gradwalk.widgets import scene as scenes
from gradwalk.widgets.dial_board import DialBoard
from gradwalk.widgets.shared import PageCode, PageModel, Unshown, follows_a_hand

_FILES = Path(__file__).parent
_STATE = ("recipe", "sentence", "message", "words", "word")
RUN = once_run("you can type a sentence of your own, and these are dials to turn")


class OwnSentence(Unshown, anywidget.AnyWidget):
    """A field for a sentence, a message line, the sentence's words, and its dial board.

    The board has the dials of the words that the model makes likely as the word that is asked for, the true one first.
    That is the last word, until another one is pressed; a word can be taken away as well. A sentence that the model
    cannot read leaves the board as it was and the text in the field; the message names the unknown word and the nearest
    known ones. `board` is the present board, `message` what the line says, `words` what the board's sentence is made
    of, `word` the place of the one that is asked for.

    The page reads what is typed there, by the model's words, and puts the sentence's scene on the board that there is,
    whether Python is there or not; the board's other half in Python follows its scene. So there is one board, and one
    message tells of its scene and its turns. Code that says a sentence makes a new board, and the page shows that one.
    The sentences of a model with a tokenizer, or too large for the page, Python reads: the page asks it to say them.
    """

    _esm = (_FILES / "load.js").read_text(encoding="utf-8")
    _css = (_FILES / "saved.css").read_text(encoding="utf-8")

    code = t.Instance(PageCode).tag(sync=True, **widget_serialization)
    tape = t.Instance(PageModel, allow_none=True).tag(sync=True, **widget_serialization)  # what the page reads with
    board = t.Instance(DialBoard).tag(sync=True, **widget_serialization)
    recipe = t.Dict().tag(sync=True)  # see scene.recipe, and what was asked of every board
    sentence = t.Unicode().tag(sync=True)  # what stands in the field
    message = t.Unicode().tag(sync=True)
    words = t.List(t.Unicode()).tag(sync=True)  # of the sentence on the board, as a reader sees them
    word = t.Int().tag(sync=True)
    live = t.Bool(True).tag(sync=True)  # Python answers

    def __init__(
        self,
        model: Model,
        sentence: str,
        name: str = "W",
        rows=None,
        columns=None,
        predict: bool = True,
        eta: float = 0.5,
        watch: str | None = None,
        select: tuple | None = None,
    ):
        """The first sentence must be one that the model can read (else ValueError); the rest as for `DialBoard`."""
        self._model = arguments.instance("model", model, Model).copy()
        self._first = self._said = arguments.words("sentence", sentence, "words in one string")
        given = {
            argument: spots if spots is None else arguments.several(argument, spots, "numbers or words")
            for argument, spots in (("rows", rows), ("columns", columns))
        }
        self._options = {**given, "name": name, "predict": predict, "eta": eta, "watch": watch, "select": select}
        made = self._made_of(sentence)
        board, reads = made["board"], model.tokenizer is None and follows_a_hand(model, 1)
        recipe = scenes.recipe(model, name) | {"eta": board.eta, "columns": None}
        recipe["select"] = select and board.dials[board.selected]
        spots = zip(given, zip(*board.dials, strict=True), strict=False)  # by number; a vector has no columns
        recipe |= {argument: list(dict.fromkeys(axis)) if given[argument] else None for argument, axis in spots}
        tape = PageModel.of(self._model) if reads else None
        super().__init__(code=PageCode.once(), tape=tape, recipe=recipe, sentence=sentence, **made)
        self.on_msg(self._hear)

    def say(self, sentence: str, word: int | None = None) -> None:
        """Type a sentence in code. What is wrong with it is in `message`, as it is for one that is typed by hand.

        word: the place of the word that is asked for, from 1 on, the first word being 0; without it the last.
        ValueError for a sentence that is no text, or a place that is not there.
        """
        arguments.words("sentence", sentence, "words in one string")
        word = None if word is None else arguments.whole("word", word, least=1)
        try:
            made = {**self._made_of(sentence, word), "message": ""}
        except ValueError as error:
            if str(error).startswith("word: "):
                raise
            made = {"message": str(error).removeprefix("sentence: ")}
        else:
            self._said = sentence
        self._set(sentence=sentence, **made)

    def fresh(self) -> OwnSentence:
        """The same as it was made, for code to use: back at its first sentence, its board at the start."""
        return OwnSentence(self._model, self._first, **self._options)

    def _made_of(self, sentence, word=None):
        """A sentence's board, its words and which of them is asked for."""
        tokens, y = self._model.read(sentence)
        numbers = self._model.number(sentence)  # (T + 1,)
        word = len(tokens) if word is None else arguments.whole("word", word, least=1, most=len(tokens))
        y[:] = -1
        y[word - 1] = numbers[word]
        board = DialBoard(self._model, tokens, y, **self._options)
        return {"board": board, "words": [self._model.label(i) for i in numbers], "word": word}

    def _hear(self, _, asked, __):
        """What the page cannot read itself: {"sentence": ..., "word": ...}, or the present one without word "away"."""
        sentence = asked.get("sentence", self._said)
        if "away" in asked:
            numbers = np.delete(self._model.number(sentence), asked["away"])
            if self._model.tokenizer is None:
                sentence = " ".join(self._model.words[i] for i in numbers)
            else:
                sentence = self._model.tokenizer.decode(numbers)
        self.say(sentence, asked["word"])

    def state_json(self) -> str:
        """The traits as JSON, for a page without a kernel; the board's are inside."""
        own = {name: getattr(self, name) for name in _STATE} | {"live": False, "board": self.board.state()}
        return published.in_script({**own, "tape": self.tape and f"IPY_MODEL_{self.tape.model_id}"})

    def __repr__(self):
        return f"OwnSentence({self.sentence!r}, {self.board!r})"

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it the message and the board's table for places that show none."""
        data, metadata = super()._repr_mimebundle_(**options)
        said = [self.message] if self.message else []
        text = "\n".join([*map(legible, said), table.as_text(self.board, RUN)])
        still = "".join(f"<p>{verbatim(line)}</p>" for line in said) + table.as_html(self.board, RUN)
        html = published.html("sentence", self.state_json, still)
        return {**data, "text/plain": text, "text/html": html}, metadata
