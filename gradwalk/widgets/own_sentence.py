"""The learner's own sentence on a dial board."""

from __future__ import annotations

import ipywidgets as widgets

from gradwalk import arguments
from gradwalk.model import Model
from gradwalk.telling.page import once_run
from gradwalk.telling.verbatim import legible, verbatim
from gradwalk.widgets import published, table
from gradwalk.widgets.dial_board import DialBoard

RUN = once_run("you can type a sentence of your own, and these are dials to turn")
TYPE = f"To type one of your own, this page needs {published.PYTHON}."


class OwnSentence(widgets.VBox):
    """A field for a sentence, a message line, and the dial board of that sentence.

    The board has the dials of the words that the model makes likely as the sentence's last word, the true one first.
    A sentence that the model cannot read leaves the board as it was and the text in the field; the message names
    the unknown word and the nearest known ones. `board` is the present board, `message` what the line says.
    """

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
        self._sentence = arguments.words("sentence", sentence, "words in one string")
        own = [given if given is None else arguments.several(argument, given, "numbers or words")
               for argument, given in (("rows", rows), ("columns", columns))]  # fmt: skip
        self._options = dict(zip(("rows", "columns"), own, strict=True))
        self._options |= {"name": name, "predict": predict, "eta": eta, "watch": watch, "select": select}
        self._field = widgets.Text(
            value=sentence,
            continuous_update=False,  # when Enter is pressed or the field is left
            description="your sentence",
            placeholder="a sentence of words that the model knows",
            layout=widgets.Layout(width="min(36em, 100%)"),
            style={"description_width": "initial"},
        )
        self._line = widgets.HTML()
        self.message = ""
        self.board = self._board_for(sentence)
        super().__init__([self._field, self._line, self.board])
        self._field.observe(lambda change: self._take(change.new), "value")

    def say(self, sentence: str) -> None:
        """Type a sentence in code. What is wrong with it is in `message`, as it is for one that is typed by hand."""
        arguments.words("sentence", sentence, "words in one string")
        if sentence == self._field.value:
            self._take(sentence)
        else:
            self._field.value = sentence

    def fresh(self) -> OwnSentence:
        """The same as it was made, for code to use: back at its first sentence, its board at the start."""
        return OwnSentence(self._model, self._sentence, **self._options)

    def _board_for(self, sentence):
        tokens, y = self._model.read(sentence)
        return DialBoard(self._model, tokens, y, **self._options)

    def _take(self, sentence):
        try:
            board = self._board_for(sentence)
        except ValueError as error:
            self._tell(str(error).removeprefix("sentence: "))
            return
        self._tell("")
        self.board = board
        self.children = [self._field, self._line, board]

    def _tell(self, message):
        self.message = message
        self._line.value = f"<span role='alert'>{verbatim(message)}</span>" if message else ""

    def __repr__(self):
        return f"OwnSentence({self._field.value!r}, {self.board!r})"

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it the message and the board's table for places that show none."""
        data = super()._repr_mimebundle_(**options)
        if data is None:  # no front end is there to show it
            return None
        told = [self.message] if self.message else []
        above = f"<p>your sentence: <b>{verbatim(self._field.value)}</b><br><small>{TYPE}</small></p>"
        html = published.html("board", self.board.state_json, table.as_html(self.board, RUN), above)
        return {
            **data,
            "text/plain": "\n".join([*map(legible, told), table.as_text(self.board, RUN)]),
            "text/html": "".join(f"<p>{verbatim(line)}</p>" for line in told) + html,
        }
