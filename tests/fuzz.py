"""A structured fuzzer of the front door: good arguments and hostile ones, mixed at random, call after call.

    python tests/fuzz.py 100000 [seed]

Every call must end in one of two ways. It is accepted: then what came out is what tests/long_double.py says, or, for
what shows something, text without a traceback. Or it is refused: by a ValueError (a FileNotFoundError for a file that
is not there) of one line that names an argument, what came and what was wanted; then nothing has changed. Anything else
is a finding: another exception, more than a second, a half-written model or file, a number that the reference does not
have. The counts of each class are printed at the end; the exit status is 1 if there is a finding.
"""

from __future__ import annotations

import collections
import fractions
import inspect
import io
import re
import sys
import tempfile
import time
import warnings
from contextlib import redirect_stdout, suppress
from functools import partial
from numbers import Integral
from pathlib import Path

import long_double
import numpy as np

import gradwalk
from gradwalk import (
    Dial,
    DialBoard,
    LivePage,
    Model,
    OwnSentence,
    backward,
    checkpoint,
    files,
    forward,
    loss_on,
    measure,
    museum,
    outright,
    show,
    text,
    tune,
)
from gradwalk.course import notebooks
from gradwalk.step1_output import dL_dW
from gradwalk.step3_layernorm import pullback
from gradwalk.weights import of_weight

SLOW = 1.0  # seconds
SENTENCE = "the dog slept by the fire"


class Fuzz:
    """One run: its random numbers, its models, a folder of its own, and what it found."""

    def __init__(self, seed: int, folder: Path):
        self.rng = np.random.default_rng(seed)
        self.folder = folder
        self.counts: collections.Counter = collections.Counter()
        self.findings: list[str] = []
        self.calls = 0
        forms = [{}, {"tied": True, "final_norm": True, "bias": False, "activation": "gelu"}, {"blocks": 2}]
        self.models = [Model.random(seed=k, D=4, F=6, H=2, T_max=9, **form) for k, form in enumerate(forms)]
        self.models.append(self.models[0].copy(np.float32))
        self.saved = folder / "model.safetensors"
        checkpoint.save(self.models[0], self.saved)
        (folder / "own.txt").write_text("mine, and mine alone\n" * 3, encoding="utf-8")
        self.before = self.files()
        self.doors = {name[5:]: getattr(self, name) for name in dir(self) if name.startswith("door_")}

    # ---- arguments

    def pick(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def hostile(self):
        """Something that nobody should hand in; made anew for each call."""
        rng = self.rng
        makers = [
            lambda: None, lambda: True, lambda: np.bool_(False), lambda: "", lambda: "fire", lambda: "W", lambda: b"W",
            lambda: "\0", lambda: "x" * 10_000, lambda: "<img src=x>|$`_*\n", lambda: 0, lambda: -1, lambda: 10**400,
            lambda: -(10**30), lambda: 0.5, lambda: float("nan"), lambda: float("inf"), lambda: 1e308, lambda: -1e-320,
            lambda: 1j, lambda: fractions.Fraction(1, 3), lambda: np.float16(0.1), lambda: np.float32(1e38),
            lambda: np.int8(-1), lambda: np.uint64(2**64 - 1), lambda: np.longdouble(1), lambda: np.datetime64("2020"),
            list, tuple, dict, set, lambda: [[]], lambda: [[1], [1, 2]], lambda: [1, "a"], lambda: [None, 1],
            lambda: {"W": 1}, lambda: {1: 2}, lambda: iter([1, 2]), lambda: (k for k in (2, 1)), lambda: range(3),
            lambda: np.zeros(0), lambda: np.zeros((0, 4)), lambda: np.zeros((2, 2)), lambda: np.array(1.5),
            lambda: np.array(["a", "b"]), lambda: np.array([1, 2], object), lambda: np.array([1 + 1j]),
            lambda: np.ma.array([1, 2], mask=[0, 1]), lambda: np.array([(1, 2.0)], "i4,f8"), lambda: np.full(3, np.nan),
            lambda: np.arange(4, dtype=">i4"), lambda: np.arange(6, dtype=np.uint8), lambda: np.array([True, False]),
            object, lambda: object, lambda: len, lambda: lambda x: x, lambda: Path("own.txt"), lambda: self.folder,
            lambda: rng, lambda: self.models[0], lambda: slice(0, 1), lambda: Ellipsis, lambda: NotImplemented,
            lambda: Awkward(), lambda: type("Text", (str,), {})("W"), lambda: [float("inf")], lambda: [10**400, 1],
        ]  # fmt: skip
        return self.pick(*makers)()

    def or_hostile(self, good, chance=0.25):
        return self.hostile() if self.rng.random() < chance else good

    def model(self):
        return self.pick(*self.models)

    def sentence(self, model, y=False):
        """Word numbers in one of the forms that forward takes, and perhaps the words that follow."""
        lengths = self.pick([1], [5], [3, 2], [1, 1, 4])
        rows = [self.rng.integers(model.N, size=n) for n in lengths]
        following = [self.rng.integers(-1, model.N, size=n) for n in lengths]
        following[0][-1] = self.rng.integers(model.N)
        form = self.pick(lambda r: r, lambda r: r.tolist(), lambda r: tuple(r.tolist()), lambda r: r.astype(np.int32))
        if len(lengths) == 1:
            return form(rows[0]), form(following[0])
        return [form(r) for r in rows], [form(r) for r in following]

    def spot(self, model):
        name = self.pick(*model.weights)
        return name, tuple(int(self.rng.integers(n)) for n in model.weights[name].shape)

    def amount(self):
        return self.pick(0.0, 0.5, -2, np.float32(0.25), np.int64(3), 1e3, -1e8, 1e16, 1e30, -1e100, 1e160, 1.7e308)

    # ---- the doors: each returns a call, the names of its arguments, and what must hold of its result

    def door_forward(self):
        model = self.model()
        tokens, y = self.sentence(model)
        given = {"model": self.or_hostile(model, 0.05), "tokens": self.or_hostile(tokens), "y": self.or_hostile(y)}
        if self.rng.random() < 0.2:
            given["hold"] = self.or_hostile({self.pick("h", "x1", "S", "Q", "zz"): self.hostile()})
        right = given["model"] is model and given["tokens"] is tokens and given["y"] is y and "hold" not in given
        return partial(forward, **given), (lambda values: self.agrees(model, tokens, y, values)) if right else None

    def door_extreme(self):
        """One number of a model turned far: the right loss and slope, or a word."""
        model = self.model().copy()
        tokens, y = self.sentence(model)
        name, index = self.spot(model)

        def act():
            model.turn(name, index, self.amount())
            values = forward(model, tokens, y)
            return values, backward(model, values)

        return act, lambda both: self.agrees(model, tokens, y, *both)

    def door_backward(self):
        model = self.model()
        values = forward(model, *self.sentence(model))
        instead = self.pick(
            None,
            {self.pick("dL_db1", "blocks.0.dL_db1", "blocks.1.dL_db1"): lambda dL_du: dL_du.mean(axis=0)},
            {"dL_dm": lambda dL_dh: self.hostile(), "dL_dx1_via_v": pullback},
            {self.pick("dL_db", "dL_dm", "dL_dM", "blocks.0.dL_dm"): self.hostile()},
        )
        return partial(backward, self.or_hostile(model), self.or_hostile(values), self.or_hostile(instead)), None

    def door_turn(self):
        model = self.model().copy()
        name, index = self.spot(model)
        given = self.or_hostile(name), self.or_hostile(index), self.or_hostile(self.amount())
        return self.unchanged_if_refused(model, partial(model.turn, *given)), None

    def door_move(self):
        model = self.model().copy()
        grads = backward(model, forward(model, *self.sentence(model)))
        if self.rng.random() < 0.3:
            grads[self.pick("dL_db", "dL_dW", "dL_dE", "blocks")] = self.hostile()
        given = self.or_hostile(grads, 0.1), self.or_hostile(self.amount()), self.or_hostile(None, 0.3)
        return self.unchanged_if_refused(model, partial(model.move, *given)), None

    def door_copy(self):
        return partial(self.model().copy, self.or_hostile(self.pick(None, np.float32, "float64", float), 0.5)), None

    def door_model(self):
        model = self.model()
        weights = {name: array.copy() for name, array in model.weights.items()}
        if self.rng.random() < 0.5:
            weights[self.pick(*weights, "W9", 3, None)] = self.hostile()
        given = {
            "weights": self.or_hostile(weights, 0.1),
            "words": self.or_hostile(model.words),
            "H": self.or_hostile(2),
        }
        return partial(Model, **given, activation=self.or_hostile(model.activation)), None

    def door_random(self):
        chosen = {"seed": 3, "D": 4, "F": 5, "H": 2, "blocks": 1, "T_max": 7, "activation": "gelu", "tied": True,
                  "final_norm": False, "bias": np.bool_(True), "scale": 0.5, "dtype": np.float32,
                  "words": ["a", "b", "c"]}  # fmt: skip
        given = {name: self.or_hostile(good, 0.12) for name, good in chosen.items()}
        return partial(Model.random, **given), None

    def door_untrained(self):
        given = {"words": ["a", "b", "c"], "seed": 3, "T_max": 7}
        return partial(Model.untrained, **{name: self.or_hostile(good) for name, good in given.items()}), None

    def door_read(self):
        given = self.or_hostile(SENTENCE, 0.6), self.or_hostile(self.pick("last", "all"), 0.3)
        return partial(self.model().read, *given), None

    def door_number(self):
        return partial(self.model().number, self.or_hostile(SENTENCE, 0.7)), None

    def door_dial(self):
        model = self.model()
        tokens, y = self.sentence(model)
        name, index = self.spot(model)
        given = [model, tokens, y, name, index]
        hurt = self.rng.random() < 0.4
        if hurt:
            given[self.rng.integers(5)] = self.hostile()
        nudge = self.or_hostile(self.amount())

        def act():
            dial = Dial(*given)
            for array in (tokens, y):  # whoever called it goes on with their arrays
                for part in array if isinstance(array, list) else [array]:
                    if isinstance(part, np.ndarray):
                        part[:] = 0
            if not hurt:
                model.turn(name, index, 0.0)  # written to: the dial looks again
            return dial.loss(nudge)

        def right(loss):
            copy = model.copy(np.float64)
            copy.turn(name, index, float(nudge))
            self.close(loss, long_double.loss(copy, *saved), model.dtype, f"Dial {name}{index} by {nudge}")

        saved = [
            [np.array(r) for r in a] if isinstance(a, list) and not np.isscalar(a[0]) else np.array(a)
            for a in (tokens, y)
        ]
        return act, None if hurt else right

    def door_curve(self):
        model = self.model()
        dial = Dial(model, *self.sentence(model), *self.spot(model))
        return partial(dial.curve, self.or_hostile([-0.5, 0.0, 2.0], 0.7)), None

    def door_measured(self):
        model = self.model()
        tokens, y = self.sentence(model)
        name, index = self.spot(model)
        given = [model, tokens, y, name, index]
        hurt = self.rng.random() < 0.5
        if hurt:
            given[self.rng.integers(5)] = self.hostile()
        step = self.or_hostile(1e-5, 0.3)

        def right(slope):
            if isinstance(step, float) and step == 1e-5:
                exact = long_double.slope(model, tokens, y, name, index)
                if abs(slope - exact) > 1e-6 * max(1, abs(exact)) and not kinked(model, tokens, y, name, index):
                    self.found(f"measured {slope}, exact {exact}: {name}{index} of {model!r}")

        return partial(measure.slope, *given, step), None if hurt else right

    def door_relative_error(self):
        return partial(measure.relative_error, self.or_hostile(np.ones(3)), self.or_hostile(np.ones(3))), None

    def door_board(self):
        model = self.model()
        tokens, y = self.sentence(model)
        name, _ = self.spot(model)
        given = {"model": model, "tokens": tokens, "y": y, "name": name}
        given |= {"rows": None, "columns": None, "predict": True, "eta": 0.5, "watch": None}
        for argument in given:
            given[argument] = self.or_hostile(given[argument], 0.06)
        moves = [(self.or_hostile(self.amount(), 0.1), self.rng.choice(5, p=[0.7, 0.3, 0, 0, 0])) for _ in range(2)]
        if self.rng.random() < 0.3:
            moves[1] = self.hostile(), self.rng.integers(5)

        def act():
            board = DialBoard(**given)
            for by, way in moves:
                before = board.turned, board.history, board.predictions
                try:
                    turned_once(board, by, way)
                except ValueError:
                    if (board.turned, board.history, board.predictions) != before:
                        self.found(f"a refused turn left its trace: {by!r} on {board!r}")
                    raise
            return board

        def right(board):
            copy = model.copy(np.float64)
            for index, x in zip(board.dials, board.turned, strict=True):
                copy.turn(name, index, x)
            self.close(board.loss, long_double.loss(copy, tokens, y), model.dtype, f"{board!r} at {board.turned}")

        whole = all(given[k] is v for k, v in {"model": model, "tokens": tokens, "y": y, "name": name}.items())
        return act, right if whole else None

    def door_own_sentence(self):
        def act():
            own = OwnSentence(self.models[0], self.or_hostile(SENTENCE))
            own.say(self.or_hostile("the cat sat by the door", 0.7))
            return repr(own)

        return act, None

    def door_live_page(self):
        def act():
            page = LivePage(self.or_hostile(lambda x: x), **{self.pick("x", "scale"): self.or_hostile((0.0, 1.0), 0.7)})
            return repr(page)

        return act, None

    def door_tune(self):
        model = self.models[0].copy()
        sentences = ["the dog slept by the fire", "the cat sat by the door", "the dog sat by the tree", "cat sat",
                     "the tree by the river", "dog by the door", "the window by the door", "cat sat by the fire",
                     "dog slept by the river", "the cat slept", "the dog sat"]  # fmt: skip
        given = {"text": self.or_hostile(sentences), "only": self.or_hostile(["W"]), "epochs": self.or_hostile(1, 0.1)}
        given |= {
            "eta": self.or_hostile(0.5, 0.2),
            "positions": self.or_hostile(64, 0.1),
            "seed": self.or_hostile(0, 0.1),
        }
        if given["epochs"] is not True and isinstance(given["epochs"], Integral) and given["epochs"] > 3:
            given["epochs"] = 1  # as many as one likes is no mistake
        return self.unchanged_if_refused(model, partial(tune, model, **given, progress=False)), None

    def door_loss_on(self):
        return partial(loss_on, self.or_hostile(self.model(), 0.1), self.or_hostile([SENTENCE], 0.6)), None

    def door_text(self):
        function = self.pick(text.words_of, partial(text.nearest, words=["dog", "cat"]), text.split, text.load)
        return partial(function, self.hostile()), None

    def door_baselines(self):
        given = [self.or_hostile([["the", "dog"], ["the", "cat"]], 0.4) for _ in range(2)]
        return partial(text.baselines, *given, self.or_hostile(["the", "dog", "cat"], 0.3)), None

    def door_checkpoint(self):
        way = self.pick(
            lambda: checkpoint.load(self.or_hostile(self.saved, 0.9)),
            lambda: checkpoint.gpt2(self.or_hostile(self.folder, 0.9)),
            lambda: Model.gpt2(self.hostile()),
            lambda: checkpoint.save(self.or_hostile(self.models[0]), self.pick(*self.places())),
        )
        return way, None

    def places(self):
        return (
            self.saved,
            self.folder,
            self.folder / "own.txt",
            self.folder / "no" / "x",
            "",
            None,
            3,
            "/dev/full",
            "\0",
        )

    def door_show(self):
        model = self.models[0]
        values = forward(model, *model.read(SENTENCE))
        way = self.pick(
            lambda: show.number(self.hostile(), self.or_hostile(3)),
            lambda: show.table(self.or_hostile({"a": self.or_hostile([1, 2]), "b": self.or_hostile([0.5, "x"])})),
            lambda: show.line(self.or_hostile({"a": self.hostile()})),
            lambda: show.bars(self.or_hostile([0.1, 0.5]), self.or_hostile(1.0), self.or_hostile(20)),
            lambda: show.grid(
                self.or_hostile(np.ones((2, 2))), self.or_hostile(["a", "a"]), self.or_hostile(["b", "b"])
            ),
            lambda: show.journey(self.or_hostile(model), self.or_hostile(values), self.or_hostile(1)),
            lambda: show.step(self.or_hostile(dL_dW), self.or_hostile("notes")),
            lambda: show.cell(self.or_hostile(dL_dW), self.or_hostile((1, 2))),
            lambda: show.dialect(self.or_hostile("notes")),
            lambda: show.ledger(self.or_hostile("norm")),
            lambda: show.block_map(self.or_hostile("1a_which_way"), self.or_hostile(values), None, self.or_hostile(1)),
        )
        return lambda: repr(way()), lambda said: "Traceback" not in said

    def door_label(self):
        model = self.model()
        i = self.or_hostile(int(self.rng.integers(model.N)), 0.7)
        return partial(model.label, i), lambda label: label == model.words[i] or self.found(f"label {i!r}: {label!r}")

    def door_write(self):
        model = self.model()
        given = self.or_hostile(self.pick(SENTENCE, SENTENCE.split()), 0.4), self.few(3), self.or_hostile(
            self.pick(0.0, 1, 0.5), 0.3), self.or_hostile(7, 0.2)  # fmt: skip
        before = SENTENCE.split()
        whole = given[0] in (SENTENCE, before) if isinstance(given[0], (str, list)) else False

        def right(said):
            if said.split()[:6] != before or len(said.split()) != 6 + given[1]:
                self.found(f"write{given}: {said!r}")

        return partial(model.write, *given), right if whole else None

    def few(self, good):
        """A count, or something hostile; not so large a one that the work itself would take long."""
        given = self.or_hostile(good, 0.3)
        return good if isinstance(given, (int, np.integer)) and given > 100 else given

    def door_board_back(self):
        """Turned about and back: by undo, by reset, and a fresh one; each is where the board began."""
        model = self.model()
        name, _ = self.spot(model)
        sentence = self.sentence(model)
        amounts = [self.amount()]

        def act():
            board = DialBoard(model, *sentence, name)
            began = board.loss, board.settings
            for by in amounts:
                try:
                    board.turn(board.dials[-1], by)
                except ValueError:
                    continue
                board.undo()
            if board.settings != began[1] or board.turned != [0.0] * len(board.dials):
                self.found(f"undone, it is not where it was: {amounts} on {board!r}")
            for by in amounts:
                try:
                    board.turn(board.dials[0], by)
                except ValueError:
                    continue
            fresh = board.fresh()
            if (fresh.loss, fresh.settings) != began or fresh.history or fresh.predictions:
                self.found(f"fresh, it is not as it was made: {amounts} on {board!r}")
            board.reset()
            if board.settings != began[1]:
                self.found(f"reset, it is not where it was: {amounts} on {board!r}")
            return board, began

        return act, lambda both: self.close(both[0].loss, both[1][0], model.dtype, f"{both[0]!r} after a reset")

    def door_files(self):
        """Places where something is that stays, or where nothing can be: a free one would be taken, as it should."""
        place = self.pick(*self.places(), self.hostile())
        if isinstance(place, str) and place not in ("", "/dev/full"):
            place = self.folder / "own.txt"
        if isinstance(place, Path) and not place.exists():
            place = self.saved
        return self.pick(
            lambda: files.ready("out", place, None, 10),
            lambda: files.write(place, b"new"),
            lambda: files.write(place, "new", lambda path: False),
        ), None  # fmt: skip

    def door_museum(self):
        model = self.models[0]
        values = forward(model, *self.sentence(model))
        exhibit = self.or_hostile(self.pick(1, 2, 9, np.int64(3)), 0.4)
        pair = museum.Exhibit(self.or_hostile(museum.EXHIBITS[1].wrong, 0.7), self.or_hostile(museum.EXHIBITS[1].right))
        return self.pick(
            lambda: museum.walk_back(exhibit)(self.or_hostile(model, 0.2), self.or_hostile(values, 0.2)),
            lambda: repr(museum.label(self.pick(exhibit, pair))),
            lambda: museum.walk_back(pair),
        ), None  # fmt: skip

    def door_outright(self):
        model = self.model()
        tokens, y = self.sentence(model)
        given = self.or_hostile(model, 0.1), self.or_hostile(tokens, 0.1), self.or_hostile(y, 0.1)
        names = self.or_hostile(self.pick((), ("h",), ["h", "x1"]), 0.5)
        return self.pick(
            lambda: outright.backward(model, outright.forward(*given, names)),
            lambda: outright.backward(self.or_hostile(model), self.or_hostile(outright.forward(model, tokens, y))),
        ), None  # fmt: skip

    def door_summands(self):
        values = forward(self.models[0], *self.models[0].read(SENTENCE))
        names = {**self.models[0].weights, **values, **backward(self.models[0], values)}
        names[self.pick("dL_dz", "h", "p", "y")] = self.hostile()
        index = self.or_hostile((1, 2), 0.3)
        return lambda: repr(show.cell(self.or_hostile(dL_dW, 0.1), index, self.or_hostile(names, 0.2))), None

    def door_picture(self):
        return partial(show.picture, self.hostile(), self.or_hostile("a line", 0.3)), None

    def door_differing(self):
        """Whatever lies in a learner's folder, what differs is told by its name; nothing there is touched."""
        with tempfile.TemporaryDirectory() as place:
            bundled, mine = Path(place, "came"), Path(place, "mine")
            bundled.mkdir(), mine.mkdir()
            (bundled / "1.ipynb").write_text('{"cells": [{"cell_type": "code", "source": ["a"]}]}')
            content = self.pick(b"", b"{", b"null", b"[" * 100_000, b'{"cells": 3}', b'{"cells": [3]}', b"\xff", None,
                                b'{"cells": [{"cell_type": "code", "source": [1]}]}', b'{"cells": ' + b"9" * 5000,
                                b'{"cells": [{"cell_type": "code", "source": "a"}]}')  # fmt: skip
            (mine / "1.ipynb").mkdir() if content is None else (mine / "1.ipynb").write_bytes(content)
            told = notebooks.differing(bundled, mine)
        same = content is not None and content.endswith(b'"a"}]}')
        return lambda: told, lambda _: told == ([] if same else ["1.ipynb"]) or self.found(f"{content!r}: {told}")

    # ---- judging

    def agrees(self, model, tokens, y, values, grads=None):
        self.close(values.L, long_double.loss(model, tokens, y), model.dtype, f"forward of {model!r}")
        if grads is None or abs(values.L) > 1e3:  # there the reference has no digits left for a difference
            return
        for name in ("W" if "W" in model.weights else "E", self.pick(*model.weights)):
            derived = of_weight(grads, name)
            index = np.unravel_index(np.abs(derived).argmax(), derived.shape)
            largest = abs(float(derived[index]))
            if abs(model.weights[name][index]) > 1e6 or kinked(model, tokens, y, name, index):
                continue  # no step is small for the loss and seen by such a weight
            exact = long_double.slope(model, tokens, y, name, index)
            digits = 1e-5 if model.dtype == np.float64 else 2e-2
            if not abs(derived[index] - exact) <= digits * max(largest, abs(exact), 1e-6):
                self.found(f"dL_d{name}{index} is {derived[index]!r}, exact {exact!r}: {model!r}")

    def close(self, came, exact, dtype, what):
        digits = 1e-9 if dtype == np.float64 else 2e-3
        if not abs(float(came) - float(exact)) <= digits * max(1.0, abs(float(exact))):
            self.found(f"{what}: {float(came)!r}, exact {float(exact)!r}")

    def unchanged_if_refused(self, model, act):
        def watched():
            before = {name: array.copy() for name, array in model.weights.items()}, model.version
            try:
                return act()
            except Exception:
                same = all(np.array_equal(array, model.weights[name]) for name, array in before[0].items())
                if not same or model.version != before[1]:
                    self.found(f"half-written by {act}")
                raise

        return watched

    def files(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}

    def found(self, what):
        self.findings.append(what[:600])

    def once(self):
        """One call."""
        door = self.pick(*self.doors)
        act, right = self.doors[door]()
        start = time.process_time()  # its own, however busy the machine is
        try:
            with warnings.catch_warnings(), redirect_stdout(io.StringIO()), np.errstate(all="warn", under="ignore"):
                warnings.simplefilter("error")
                result = act()
            outcome = "accepted"
        except (ValueError, FileNotFoundError) as error:
            outcome, result = type(error).__name__, error
            outcome = "refused" if isinstance(error, ValueError) else "no such file"
            if not clear(str(error)):
                self.found(f"{door}: an unclear refusal: {type(error).__name__}: {error}")
        except OSError as error:
            outcome = "refused by the system"
            if not getattr(error, "filename", None):
                self.found(f"{door}: {error!r} names no file")
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            outcome = "crashed"
            frame = inspect.trace()[-1]
            self.found(f"{door}: {type(error).__name__}: {error} at {Path(frame.filename).name}:{frame.lineno}")
        took = time.process_time() - start
        if took > SLOW:
            self.found(f"{door}: {took:.1f} s")
        if outcome == "accepted" and right is not None:
            right(result)
            self.counts["held to the reference"] += 1
        if door in ("checkpoint", "files") and self.files() != self.before:
            self.found(f"{door}: a file has changed")
            self.before = self.files()
        self.counts[outcome] += 1
        self.counts[f"  {door}: {outcome}"] += 1


def turned_once(board, by, way):
    """One of the ways to turn a board, or to say something of it, with `by` where it hurts."""
    spot = board.dials[0]
    if way == 0:
        board.turn(spot, by)
    elif way == 1:
        board.step(by)
    elif way == 2:
        board.call(spot, by)
    elif way == 3:
        board.turn(by, 0.5)
    else:
        board.call(by, "rise")


class Awkward:
    """Whatever is asked of it, it raises."""

    def _fail(self, *args):
        raise RuntimeError("awkward")

    __repr__ = __str__ = __len__ = __iter__ = __bool__ = __float__ = __int__ = __index__ = __eq__ = __array__ = _fail
    __hash__ = None


def kinked(model, tokens, y, name, index) -> bool:
    """Whether a nudge carries some u over ReLU's kink, where a difference says nothing of the slope."""
    if model.activation != "relu":
        return False
    signs = []
    for nudge in (2e-5, -2e-5):
        copy = model.copy(np.float64)
        try:
            copy.turn(name, index, nudge)
            signs.append([np.sign(block.u) for block in forward(copy, tokens, y).blocks])
        except ValueError:
            return True
    return any(not np.array_equal(one, other) for one, other in zip(*signs, strict=True))


WANTED = re.compile(
    r"wanted|cannot be read|there is no|does not know|appears twice|would |came |has |holds |is not|missing|differ|no "
)


def clear(message: str) -> bool:
    """One line that begins with the argument (or the file) and says what came and what was wanted."""
    return (
        "\n" not in message
        and len(message) < 1500
        and bool(re.match(r"[^:]{1,300}: ", message))
        and bool(WANTED.search(message))
    )


def run(calls: int, seed: int = 0) -> Fuzz:
    """So many calls, or as many as there were before Ctrl-C; what they came to."""
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        fuzz = Fuzz(seed, Path(folder))
        with suppress(KeyboardInterrupt):
            for fuzz.calls in range(1, calls + 1):
                fuzz.once()
    return fuzz


def main() -> int:
    calls, seed = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, int(sys.argv[2]) if len(sys.argv) > 2 else 0
    fuzz = run(calls, seed)
    print(f"{fuzz.calls} calls of {len(fuzz.doors)} doors, seed {seed}, gradwalk {gradwalk.__version__}")
    for outcome, count in sorted(fuzz.counts.items(), key=lambda pair: (pair[0].startswith(" "), pair[0])):
        print(f"{count:8}  {outcome}")
    kinds = collections.Counter(re.sub(r"[\d.e+-]+", "#", finding)[:200] for finding in fuzz.findings)
    print(f"{len(fuzz.findings)} findings of {len(kinds)} kinds")
    for kind, count in kinds.most_common(40):
        example = next(f for f in fuzz.findings if re.sub(r"[\d.e+-]+", "#", f)[:200] == kind)
        print(f"{count:6} × {example}")
    return 1 if fuzz.findings else 0


if __name__ == "__main__":
    sys.exit(main())
