"""One control over one page of numbers: turn it, and the page follows."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets as widgets


class LivePage(widgets.VBox):
    """A choice or a slider, and under it what a function says of its value.

    `LivePage(price, scale=(0.0, 1.0))` is a slider over `price(scale)`, `LivePage(bars, word=["fire", "tree"])` a
    choice. Set `.value` to turn it in code. What the function returns is shown as its text; an error in it is shown
    too, and raised where the value was set in code.
    """

    def __init__(self, function: Callable, **control):
        """One keyword, the function's argument: a list of choices, or a tuple (least, most) or (least, most, step)."""
        if len(control) != 1:
            raise ValueError(f"control: wanted one, such as scale=(0.0, 1.0), got {sorted(control)}")
        ((name, given),) = control.items()
        self._function, self._given = function, control
        if isinstance(given, tuple) and len(given) in (2, 3):
            least, most = float(given[0]), float(given[1])
            step = float(given[2]) if len(given) == 3 else (most - least) / 100
            self._control = widgets.FloatSlider((least + most) / 2, min=least, max=most, step=step, description=name)
        elif isinstance(given, list) and given:
            self._control = widgets.ToggleButtons(options=given, description=name)
        else:
            raise ValueError(f"{name}: wanted a list of choices or a tuple (least, most), got {given!r}")
        self._page = widgets.HTML()
        super().__init__([self._control, self._page])
        self._control.observe(lambda _: self._follow(), "value")
        self._follow()

    @property
    def value(self):
        """Where the control stands; set it to turn it in code."""
        return self._control.value

    @value.setter
    def value(self, value):
        self._control.value = value

    def fresh(self) -> LivePage:
        """The same as it was made, for code to turn: one in sight belongs to the hand."""
        return LivePage(self._function, **self._given)

    @property
    def text(self) -> str:
        """What the page says now, as plain text."""
        return self._text

    def _follow(self):
        try:
            self._text = repr(self._function(self._control.value))
        except Exception as error:
            self._text = f"{type(error).__name__}: {error}"
            raise
        finally:
            self._page.value = f"<pre style='line-height:1.4;margin:0'>{escape(self._text)}</pre>"

    def __repr__(self):
        return f"{self._control.description} = {self._control.value}\n{self._text}"

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        return bundle and {**bundle, "text/plain": repr(self)}
