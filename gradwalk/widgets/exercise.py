"""An exercise in the page: write the gradient as an index formula, or one number of it. No Python answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path

import anywidget
import traitlets as t
from ipywidgets import widget_serialization

from gradwalk import arguments
from gradwalk.dialect_table import DIALECTS, said
from gradwalk.exercises import cases, page_check, tasks
from gradwalk.exercises.check import Checked, check, of_the_page
from gradwalk.weights import within
from gradwalk.widgets import published
from gradwalk.widgets.shared import PageCode, Unshown

_FILES = Path(__file__).parent
_STATE = ("called", "told", "how", "answer", "asked", "hints", "opened")
TOLD = ("shapes", "last line", "worked")  # how much is told before the answer, from a third meeting back to the first


class PageTask(Unshown):
    """What the page needs to check a task, or one number of it, by itself. `once` has the one of each task and seed."""

    told = t.Dict().tag(sync=True)  # see exercises/page_check.py

    @classmethod
    @cache
    def once(cls, task: tasks.Task, seed: int) -> PageTask:
        """The one that every exercise of this process on that task refers to."""
        return cls(told=page_check.told(task, seed))

    def __repr__(self):
        return f"PageTask({self.told['name']!r})"


class Exercise(Unshown, anywidget.AnyWidget):
    """A question, a field for the answer, and below it what `check` says of it: word for word, but in the page itself.

    Enter asks. Hints come one at a time, "show me" opens the derivation. What was typed and what is open is saved with
    the notebook. `answer` is what was asked last, `asked` whether anything was, `hints` how many were wanted, `opened`
    whether the derivation is; `checked` is what Python's check says of it.
    """

    _esm = (_FILES / "load.js").read_text(encoding="utf-8")
    _css = (_FILES / "saved.css").read_text(encoding="utf-8")

    code = t.Instance(PageCode).tag(sync=True, **widget_serialization)
    exercise = t.Instance(PageTask).tag(sync=True, **widget_serialization)
    called = t.Dict().tag(sync=True)  # what is asked for, in a sentence for each dialect that has a name for it
    told = t.Unicode().tag(sync=True)
    how = t.Unicode().tag(sync=True)
    answer = t.Unicode().tag(sync=True)
    asked = t.Bool().tag(sync=True)
    hints = t.Int().tag(sync=True)
    opened = t.Bool().tag(sync=True)

    def __init__(
        self,
        task: str,
        at: tuple[int, ...] | None = None,
        given: Mapping | None = None,
        told: str = "shapes",
        seed: int = 0,
    ):
        """task, seed: as for `check`. at, given: one number is asked for, that entry's, made of these arrays by name.

        told: "worked", the whole derivation; "last line", all of it but that; "shapes", the lines of the walk out and
        what is given, with their shapes. ValueError for a task, an entry or arrays that do not fit, an entry without.
        """
        one = tasks.named(task)
        seed = arguments.whole("seed", seed, least=0)
        if told not in TOLD:
            raise arguments.refused("told", f"one of {', '.join(TOLD)}", told)
        if (at is None) != (given is None):
            raise ValueError(
                "at: wanted an entry, and given= the arrays that it is made of, or neither; got one of them"
            )
        self._asks = {"task": task, "at": at, "given": given, "told": told, "seed": seed}
        if at is None:
            exercise = PageTask.once(one, seed)
        else:
            case = cases.cases(one, seed)[0] | of_the_page(one, given)
            entry = _within(one.right(*one.of(case)).shape, at, task)
            exercise = PageTask(told=page_check.number(one, entry, case))
        numpy = f"def {task}({', '.join(one.takes)})"
        how = (
            f"Enter checks it, in this page. numpy needs Python: write {numpy}, and check({task!r}, {task}) in a cell."
        )
        super().__init__(code=PageCode.once(), exercise=exercise, called=_called(one), told=told, how=how)

    @property
    def checked(self) -> Checked:
        """What Python says of the answer; the page says the same."""
        asked = {name: self._asks[name] for name in ("at", "given", "seed")}
        return check(self._asks["task"], self.answer, **asked)

    def ask(self, answer: str) -> None:
        """Answer it in code, as a hand would. ValueError for what is no text."""
        answer = arguments.words("answer", answer)
        self._set(answer=answer, asked=True, hints=0)

    def fresh(self) -> Exercise:
        """The same as it was made, for code to answer: one in sight belongs to the hand."""
        return Exercise(**self._asks)

    def state_json(self) -> str:
        """The traits as JSON, for a page without a kernel."""
        own = {name: getattr(self, name) for name in _STATE}
        return published.in_script({**own, "exercise": f"IPY_MODEL_{self.exercise.model_id}"})

    def __repr__(self):
        spot = "" if self._asks["at"] is None else f", at={tuple(self.exercise.told['at'])}"
        return f"Exercise({self._asks['task']!r}{spot})"

    @property
    def plain(self) -> str:
        """The question, and how to answer it in a cell, for places that show no widget."""
        told = self.exercise.told
        task, at, takes = self._asks["task"], told.get("at"), ", ".join(told["takes"])
        spot = f"[{', '.join(map(str, at))}]" if at else ""
        more = f", at={tuple(at)}, given=..." if at else ""
        kinds = "one number" if at else "an index formula or a function"
        wanted = f"Answer in a cell with check({task!r}, ...{more}): {kinds}."
        return "\n".join([f"What is {task}{spot}?", *told["lines"], f"given: {takes}", wanted])

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it what is `plain`."""
        data, metadata = super()._repr_mimebundle_(**options)
        html = published.html("exercise", self.state_json, f'<pre tabindex="0">{escape(self.plain)}</pre>')
        return {**data, "text/plain": self.plain, "text/html": html}, metadata


def _within(shape, at, task):
    try:
        return within(shape, at, task)
    except ValueError as wrong:
        raise ValueError(f"at{str(wrong).removeprefix('index')}") from None


def _called(task):
    """What the task's quantity is called in each other dialect. A gate's slope has no name there."""
    try:
        own = {which: said(task.name, which) for which in DIALECTS if which != "course"}
    except KeyError:
        return {}
    turned = {True: ", transposed", False: ""}
    return {
        which: f"In {DIALECTS[which].whose} names it is {one.name}{one.slice}{turned[one.transposed]}."
        for which, one in own.items()
        if one
    }
