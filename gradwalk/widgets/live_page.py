"""One control over one page of numbers: turn it, and the page follows."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets as t

from gradwalk import arguments
from gradwalk.telling.page import once_run
from gradwalk.widgets import published
from gradwalk.widgets.javascript import joined

_FILES = Path(__file__).parent


class Range(anywidget.AnyWidget):
    """A slider that says its name to a screen reader, as those of ipywidgets do not."""

    _esm = joined(_FILES / "range.js")
    name = t.Unicode().tag(sync=True)
    min = t.Float().tag(sync=True)
    max = t.Float().tag(sync=True)
    step = t.Float().tag(sync=True)
    value = t.Float().tag(sync=True)


class Keeper(anywidget.AnyWidget):
    """Nothing to see: it has JupyterLab save a page that no kernel answers for, and say so in words; see keep.js."""

    _esm = joined(_FILES / "keeper.js")
    _css = (_FILES / "saved.css").read_text(encoding="utf-8")


class LivePage(widgets.VBox):
    """A choice or a slider, and under it what a function says of its value.

    `LivePage(price, scale=(0.0, 1.0))` is a slider over `price(scale)`, `LivePage(bars, word=["fire", "tree"])` a
    choice. Set `.value` to turn it in code. What the function returns is shown as its text; an error in it is shown
    too, and raised where the value was set in code.
    """

    def __init__(self, function: Callable, **control):
        """One keyword, the function's argument: a list of choices, or a tuple (least, most) or (least, most, step).

        ValueError for any other control, or what is no function.
        """
        if not callable(function):
            raise arguments.refused("function", "a function of the control's value", function)
        if len(control) != 1:
            raise ValueError(f"control: wanted one, such as scale=(0.0, 1.0), got {sorted(control)}")
        ((self._name, given),) = control.items()
        given = list(given) if isinstance(given, list) else given  # its own: whoever called it goes on with theirs
        self._function, self._given = function, {self._name: given}
        if isinstance(given, tuple) and len(given) in (2, 3):
            least, most = (arguments.number(self._name, end) for end in given[:2])
            arguments.number(self._name, most, above=least)
            step = arguments.number(self._name, given[2], above=0) if len(given) == 3 else (most - least) / 100
            self._control = Range(name=self._name, min=least, max=most, step=step, value=(least + most) / 2)
        elif isinstance(given, list) and given:
            self._control = widgets.ToggleButtons(options=given, description=self._name)
        else:
            raise arguments.refused(self._name, "a list of choices or a tuple (least, most)", given)
        self._page = widgets.HTML()
        super().__init__([self._control, self._page, Keeper(layout={"display": "none"})])
        self.add_class("gw-live-page")
        self._control.observe(lambda _: self._follow(), "value")
        self._follow()

    @property
    def value(self):
        """Where the control stands; set it to turn it in code. ValueError for what is not on it."""
        return self._control.value

    @value.setter
    def value(self, value):
        if isinstance(self._control, Range):
            value, wanted = arguments.number("value", value), f"from {self._control.min:g} to {self._control.max:g}"
            if not self._control.min <= value <= self._control.max:
                raise arguments.refused("value", f"a number {wanted}", value)
            self._control.value = value
            return
        try:
            self._control.value = value
        except t.TraitError:
            raise arguments.refused("value", f"one of {list(self._control.options)}", value) from None

    def fresh(self) -> LivePage:
        """The same as it was made, for code to turn: one in sight belongs to the hand."""
        return LivePage(self._function, **self._given)

    @property
    def text(self) -> str:
        """What the page says now, as plain text."""
        return self._text

    def _follow(self):
        self._text, error = self._said_of(self._control.value)
        self._page.value = _as_html(self._text)
        if error:
            raise error

    def _said_of(self, value):
        """What the page says of a value, and the error if that is one."""
        try:
            return repr(self._function(value)), None
        except Exception as error:
            return f"{type(error).__name__}: {error}", error

    def _state(self):
        """All that the page may be asked, with its answers; None where that is too much to send."""
        control = self._control
        if isinstance(control, Range):
            steps = int((control.max - control.min) / control.step + 1e-9) + 1
            if steps > published.MOST_ANSWERS:
                return None
            values = [control.min + k * control.step for k in range(steps)]
            own = {"range": {name: getattr(control, name) for name in ("min", "max", "step", "value")}}
        else:
            values, own = control.options, {"options": [str(option) for option in control.options]}
        answers = [self._said_of(value)[0] for value in values]
        return published.in_script({"name": self._name, "said": self._text, "answers": answers, **own})

    def __repr__(self):
        return f"{self._name} = {self._control.value}\n{self._text}"

    def _repr_mimebundle_(self, **kwargs):
        """The widget, and beside it the page as it stands, for places that show none."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:  # no front end is there to show it
            return None
        moves = once_run(f"{'a slider' if isinstance(self._control, Range) else 'a row of buttons'} moves it")
        html = f"{_as_html(repr(self))}<p><small>{moves}</small></p>"
        return {**bundle, "text/plain": f"{self!r}\n{moves}", "text/html": published.html("page", self._state, html)}


def _as_html(text):
    return f"<pre tabindex='0' style='line-height:1.4;margin:0'>{escape(text)}</pre>"
