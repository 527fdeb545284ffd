"""A board of dials in the notebook: turn a weight by hand, and the loss follows."""

from __future__ import annotations

import threading
from copy import deepcopy
from pathlib import Path

import anywidget
import numpy as np
import traitlets as t
from ipywidgets import widget_serialization

from gradwalk import arguments
from gradwalk.dial import Dial
from gradwalk.inputs import sentences
from gradwalk.model import Model, TooLarge
from gradwalk.walk import Values, backward, forward, walked
from gradwalk.widgets import published, table, tape, watched
from gradwalk.widgets import scene as scenes
from gradwalk.widgets.shared import PageCode, PageModel, Unshown, follows_a_hand

_FILES = Path(__file__).parent
_SYNCED = (
    *("scene", "turned", "stage", "stages", "history", "kept", "compared", "predictions", "shown", "selected", "eta"),
    *("asked", "told", "live"),
)


class DialBoard(Unshown, anywidget.AnyWidget):
    """Some numbers of one weight as knobs, with the loss, its curve and its slope; exact, not the tangent.

    Python derives, the page walks: it has the model's lines and weights, and answers every turn itself, loss, slopes
    and values, for any dials turned together. Of a model that is too large to send, W and b have a closed form; any
    other weight's dials ask Python for the one curve of the dial that is chosen. The caller's model is never written
    to.

    The scene says what board this is. The page may put another sentence's in its place (see OwnSentence), and with it
    the dials, and that they stand at their start: Python follows.

    With `predict`, arrows, slope and curve stay hidden until the learner has said which way the loss will go. With
    `watch` the board draws a value at the present setting: what each position looks at, the intended meaning, the
    shares of the words.
    """

    _esm = (_FILES / "load.js").read_text(encoding="utf-8")
    _css = (_FILES / "saved.css").read_text(encoding="utf-8")

    code = t.Instance(PageCode).tag(sync=True, **widget_serialization)
    scene = t.Dict().tag(sync=True)  # what the hand does not change; see scene.compose
    tape = t.Instance(PageModel, allow_none=True).tag(sync=True, **widget_serialization)  # what the page walks
    turned = t.List(t.Float()).tag(sync=True)  # each dial, row by row: how far from where it started
    stage = t.Unicode().tag(sync=True)  # which of `stages` all other weights stand at; empty: as they were made
    stages = t.Dict().tag(sync=True)  # all weights where a descent on all of them has left them: name -> tape.packed
    history = t.List().tag(sync=True)  # earlier settings, for undo: {"turned": ..., "stage": ...}
    kept = t.List().tag(sync=True)  # settings to compare with: {"name": ..., "turned": ..., "stage": ...}
    compared = t.Int(-1).tag(sync=True)  # which of `kept` is drawn beside the present one, or none
    predictions = t.Dict().tag(sync=True)  # dial's name -> what was said before it was shown; "turned" if not called
    shown = t.Bool(False).tag(sync=True)  # all slopes, whatever was said
    selected = t.Int(0).tag(sync=True)
    eta = t.Float(0.5).tag(sync=True)  # how far one step of descent goes
    asked = t.Dict().tag(sync=True)  # where the page cannot answer: {"turned": ..., "dial": ...} that it shows
    told = t.Dict().tag(sync=True)  # what Python says there: the same, with "loss", "slopes" and the dial's "losses"
    live = t.Bool(True).tag(sync=True)  # Python answers

    def __init__(
        self,
        model: Model,
        tokens,
        y,
        name: str,
        rows=None,
        columns=None,
        predict: bool = True,
        eta: float = 0.5,
        watch: str | None = None,
        select: tuple | None = None,
        values: Values | None = None,
    ):
        """A board for `name` on the loss of (tokens, y), as `forward` takes them.

        rows, columns: lists of numbers; a row may be a word where rows are words (W, b, E); a vector has rows only.
        Without them a few are chosen, see `scene.choose`. eta: of one step of descent. watch: a value by name, such as
        "alpha", "blocks.0.alpha" where there are several blocks, see `watched.compose`. select: the dial that the
        board starts on, an index as in `turn`, or its first. values: those of `forward(model, tokens, y)`, where they
        have been walked already. ValueError for what does not fit.
        """
        arguments.instance("model", model, Model)
        arguments.one_of("name", name, model.weights, "weight")
        eta, predict = arguments.number("eta", eta, above=0), arguments.flag("predict", predict)
        if y is None:
            raise ValueError("y: wanted the true next words, got None")
        tokens, y = sentences("tokens", tokens), sentences("y", y)
        self._lock = threading.RLock()  # the page's messages may come in another thread
        self._tokens, self._y, self._values = tokens, y, walked(model, tokens, y, values)
        self._made, self._model, self._at_stage = model.copy(), model.copy(), ""
        # a copy has the same numbers, so the values are as well its own
        self._values.came_from = self._values.came_from._replace(model=self._model, version=self._model.version)
        grads = scenes.walk_back(self._model, self._values, name)
        rows, columns = scenes.choose(self._model, self._values, grads, name, rows, columns)
        self._name = name
        self._options = {"predict": bool(predict), "eta": float(eta), "watch": watch, "select": select}
        indices = scenes.indices_of(rows, columns)
        self._seen = self._values, scenes.slopes(self._values, grads, name, rows, columns)
        walks = follows_a_hand(model, len(self._values.tokens))
        if watch is not None and not walks:
            raise arguments.refused("watch", "a model that is small enough for the page to walk", model)
        picture = None if watch is None else watched.compose(self._model, self._values, watch)
        still, reach = [0.0] * len(indices), scenes.reach_of(model.weights[name])
        self._nudges = reach * scenes.NUDGES
        first = Dial(self._model, tokens, y, name, indices[0], self._values)
        ends = [dial.curve(reach * scenes.ENDS) for dial in map(first.beside, indices)]
        scene = scenes.compose(self._model, self._values, grads, name, rows, columns, predict, reach, ends)
        self._stand_on(scene)
        if walks:
            scene["settings"] = tape.settings(model, tokens, y)
        if picture is not None:
            scene["watch"] = picture
        self._asks = not walks and name not in scenes.OUTPUT
        asked = {"turned": still, "dial": 0 if select is None else self._dial(select, "select")}
        super().__init__(
            code=PageCode.once(), tape=PageModel.of(self._made) if walks else None, scene=scene, turned=still,
            shown=not predict, eta=eta, selected=asked["dial"], asked=asked,
            told=self._look(asked) if self._asks else {},
        )  # fmt: skip

    # ---- reading it

    @property
    def model(self) -> Model:
        """A model with the board's turns written in; turning it leaves the board alone."""
        with self._lock:
            return self._at(self.turned).copy()

    @property
    def loss(self) -> float:
        """The loss at the present setting, in nats, by a full forward pass."""
        with self._lock:
            return float(self._forward(self.turned).L)

    @property
    def values(self) -> Values:
        """Every value at the present setting, by a full forward pass: `board.values.alpha`; the caller's own."""
        with self._lock:
            return deepcopy(self._forward(self.turned))

    @property
    def dials(self) -> list[tuple[int, ...]]:
        """The board's dials as indices of the weight, row by row: what `turn` takes."""
        return list(self._indices)

    @property
    def settings(self) -> list[float]:
        """What each dial is set to, row by row."""
        return [start + x for start, x in zip(self._start, self.turned, strict=True)]

    @property
    def slopes(self) -> list[float]:
        """The slope of the loss in each dial at the present setting, row by row, by the walk back."""
        with self._lock:
            return self._slopes(self.turned)

    @property
    def p(self) -> list[float]:
        """Output boards: each word's p_i, its mean where several positions are scored. Other boards: empty."""
        if self.scene["kind"] != "output":
            return []
        with self._lock:
            values = self._forward(self.turned)
        p = values.p[values.y >= 0].mean(axis=0)  # (N,)
        return [float(p[i]) for i in dict.fromkeys(index[0] for index in self._indices)]

    @property
    def score(self) -> tuple[int, int]:
        """How many of the learner's predictions were right, and how many there were."""
        called = [said for said in self.predictions.values() if said["said"] != "turned"]
        return sum(said["right"] for said in called), len(called)

    # ---- turning it in code, as the hand does in the page

    def fresh(self) -> DialBoard:
        """The same board as it was made, for code to turn: one in sight belongs to the hand.

        Its dials stand at the start, none is called, and turning it leaves this board alone, as this one's turns
        leave it.
        """
        rows, columns = self._spots
        return DialBoard(self._made, self._tokens, self._y, self._name, rows, columns, **self._options)

    def turn(self, index: tuple, by: float) -> None:
        """Turn one dial by `by`. The index is the weight's own, (i, j), or (i,) for a vector; i may be a word."""
        d, by = self._dial(index), arguments.number("by", by)
        self._move([x + by * (d == e) for e, x in enumerate(self.turned)])

    def step(self, eta: float | None = None, everything: bool = False) -> None:
        """One step of descent on the dials of the board, or on every weight: each goes by -eta times its slope."""
        eta = self.eta if eta is None else arguments.number("eta", eta)
        stages, stage = self.stages, self.stage
        if arguments.flag("everything", everything):
            with self._lock:
                moved = self._at(self.turned).copy()
                try:
                    moved.move(backward(self._model, self._forward(self.turned)), eta)
                except TooLarge as error:
                    raise TooLarge(f"eta: {error}") from None
            stage = str(1 + max(map(int, stages), default=0))
            stages = {**stages, stage: tape.weights(moved)}
        turned = [x - eta * slope for x, slope in zip(self.turned, self.slopes, strict=True)]
        self._move(turned, stage, stages)

    def reset(self) -> None:
        """All dials back to where they started, and every other weight that a descent has moved."""
        self._move([0.0] * len(self.turned), "")

    def undo(self) -> None:
        """Back to the setting before the last turn; nothing happens if there is none."""
        if self.history:
            *earlier, last = self.history
            self._set(history=earlier, **last)

    def call(self, index: tuple, said: str) -> bool:
        """Say whether the loss will "rise", "fall" or "stay" when this dial is turned up. Returns: was it right?

        A dial is called once, and before it is turned; later calls are a ValueError.
        """
        d = self._dial(index)
        if not isinstance(said, str) or said not in ("rise", "fall", "stay"):
            raise arguments.refused("said", "'rise', 'fall' or 'stay'", said)
        name = self.scene["names"][d]
        if name in self.predictions:
            raise ValueError(f"index: {name} has been called or turned already")
        slope = self.slopes[d]
        truth = "stay" if abs(slope) <= self.scene["still"] else "rise" if slope > 0 else "fall"
        self.predictions = {**self.predictions, name: {"said": said, "truth": truth, "right": said == truth}}
        return said == truth

    def _move(self, turned, stage=None, stages=None):
        """To another setting, or not at all: ValueError, and nothing has moved, where there is no loss to be had."""
        turned, stage = [float(x) for x in turned], self.stage if stage is None else stage
        stages = self.stages if stages is None else stages
        if (turned, stage) == (self.turned, self.stage):
            return
        with self._lock:
            try:
                self._forward(turned, stage, stages)
            except TooLarge as error:
                self._at(self.turned)
                raise TooLarge(f"by: no loss can be had that far ({error})") from None
        names = [n for n, a, b in zip(self.scene["names"], turned, self.turned, strict=True) if a != b]
        found = {} if self.shown else {n: {"said": "turned"} for n in names if n not in self.predictions}
        history = [*self.history[-49:], {"turned": self.turned, "stage": self.stage}]
        predictions = {**self.predictions, **found}
        self._set(stages=stages, history=history, predictions=predictions, turned=turned, stage=stage)

    def _put(self, traits):
        super()._put(traits)
        if self._asks and self.asked["turned"] != self.turned:
            self.asked = {"turned": self.turned, "dial": self.selected}

    def _dial(self, index, argument="index"):
        wanted = "(i,)" if len(self._indices[0]) == 1 else "(i, j)"
        if not isinstance(index, tuple) or len(index) != len(self._indices[0]):
            raise arguments.refused(argument, f"{wanted} for {self._name}", index)
        index = tuple(scenes.number_of(self._model, argument, self._name, i, axis) for axis, i in enumerate(index))
        if index not in self._indices:
            raise ValueError(f"{argument}: {index} is not on the board; it has {', '.join(self._names)}")
        return self._indices.index(index)

    # ---- what Python derives for the page

    @t.validate("turned")
    def _fits(self, proposal):
        if len(proposal["value"]) != len(self.scene["start"]) or not np.isfinite(proposal["value"]).all():
            wanted = f"{len(self.scene['start'])} finite numbers"
            raise t.TraitError(f"{proposal['trait'].name}: wanted {wanted}, got {proposal['value']!r}")
        return proposal["value"]

    @t.validate("selected")
    def _on_board(self, proposal):
        if not 0 <= proposal["value"] < len(self.scene["start"]):
            raise t.TraitError(f"selected: wanted 0 to {len(self.scene['start']) - 1}, got {proposal['value']!r}")
        return proposal["value"]

    @t.validate("stages")
    def _of_this_model(self, proposal):
        for arrays in proposal["value"].values():
            if {name: tuple(array["shape"]) for name, array in arrays.items()} != {
                name: array.shape for name, array in self._made.weights.items()
            }:
                raise t.TraitError(f"stages: wanted every weight of {self._made!r}, in its shape")
        return proposal["value"]

    @t.observe("scene")
    def _follow(self, change):
        """The page has read another sentence: everything here is of that one from now on."""
        if not change.old:
            return
        with self._lock:
            self._tokens, self._y = (np.array(change.new["settings"][given]) for given in ("tokens", "y"))
            self._model, self._at_stage, self._values, self._seen = self._made.copy(), "", None, (None, [])
            self._asks = False
            self._stand_on(change.new)

    def _stand_on(self, scene):
        """Know the dials of this scene."""
        self._indices, self._start, self._names = [*map(tuple, scene["indices"])], scene["start"], scene["names"]
        rows, *columns = (list(dict.fromkeys(axis)) for axis in zip(*self._indices, strict=True))
        self._spots = rows, columns[0] if columns else None

    @t.observe("asked")
    def _answer(self, change):
        if self._asks and change.old:
            self.told = self._look(change.new)

    def _at(self, turned, stage=None, stages=None):
        """The board's own model, set to `turned`. Call it under the lock."""
        stage = self.stage if stage is None else stage
        if stage != self._at_stage:
            self._model, self._at_stage, self._values = self._staged(stage, stages), stage, None
        for index, start, x in zip(self._indices, self._start, turned, strict=True):
            for _ in range(2):  # from far away the first turn leaves a rounding, which the second takes out
                weight = self._model.weights[self._name]  # taken anew: the first turn may have put another in its place
                by = start + x - float(weight[index])
                if not np.isfinite(by):
                    raise TooLarge(f"by: {self._name}{list(index)} would be too large for {self._model.dtype}")
                if abs(by) > float(np.spacing(abs(weight[index]))):  # more than the last digit, which no turn takes out
                    self._model.turn(self._name, index, by)
        return self._model

    def _staged(self, stage, stages):
        """The model where a descent on every weight has left it; without a stage as it was made."""
        if not stage:
            return self._made.copy()
        arrays = (self.stages if stages is None else stages)[stage]
        weights = {name: tape.unpacked(array).astype(self._made.dtype) for name, array in arrays.items()}
        return Model(weights, self._made.words, tokenizer=self._made.tokenizer, **self._made.settings)

    def _forward(self, turned, stage=None, stages=None):
        model = self._at(turned, stage, stages)
        if self._values is None or self._values.came_from.version != model.version:
            self._values = forward(model, self._tokens, self._y)
        return self._values

    def _slopes(self, turned):
        values = self._forward(turned)
        if self._seen[0] is not values:
            grads = scenes.walk_back(self._model, values, self._name)
            self._seen = values, scenes.slopes(values, grads, self._name, *self._spots)
        return list(self._seen[1])

    def _look(self, asked):
        """Loss, slopes and the one dial's curve at the setting that the page shows, for a page that cannot walk."""
        turned, d = asked["turned"], asked["dial"]
        with self._lock:
            values = self._forward(turned)
            dial = Dial(self._model, self._tokens, self._y, self._name, self._indices[d], values)
            losses = dial.curve(self._nudges - turned[d]).tolist()
            return {**asked, "loss": float(values.L), "slopes": self._slopes(turned), "losses": losses}

    # ---- without a widget

    def __repr__(self):
        return table.title(self)

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it a table of the same numbers for places that show none."""
        data, metadata = super()._repr_mimebundle_(**options)
        html = published.html("board", self.state_json, table.as_html(self))
        return {**data, "text/plain": table.as_text(self), "text/html": html}, metadata

    def state_json(self) -> str:
        """The traits as JSON, for a page without a kernel: what the module asks its model for by name."""
        return published.in_script(self.state())

    def state(self) -> dict:
        """The traits that a page without a kernel needs."""
        tape = self.tape and f"IPY_MODEL_{self.tape.model_id}"
        return {name: getattr(self, name) for name in _SYNCED} | {"live": False, "tape": tape}
