"""A Matplotlib figure on the page: the same on a light and on a dark one, with its words for who sees no picture."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from gradwalk import arguments

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GREY = "#7a7a7a"  # read on white and on black alike
COLOURS = 128


class Picture:
    """A figure as a picture with nothing behind it, and what it shows in words."""

    def __init__(self, figure: Figure, alt: str):
        """`alt` says what there is to see. What the figure's maker left black turns grey, so that both themes show it.

        ValueError if `alt` is empty, or for what is no figure.
        """
        wanted = "words that say what there is to see"
        if not arguments.words("alt", alt, wanted).strip():
            raise arguments.refused("alt", wanted, alt)
        from matplotlib.figure import Figure

        if not isinstance(figure, Figure):
            raise arguments.refused("figure", "a Matplotlib figure", figure)
        self.alt = alt
        self._png = _drawn(figure)

    def __repr__(self):
        return self.alt

    def _repr_mimebundle_(self, **options):
        """The picture in HTML, which alone can say its words; as PNG for what prints; as its words."""
        png = b64encode(self._png).decode("ascii")
        html = f'<img alt="{escape(self.alt)}" src="data:image/png;base64,{png}">'
        return {"text/html": html, "image/png": png, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}


def _drawn(figure):
    """The figure as a PNG, without a background."""
    from matplotlib.colors import same_color
    from matplotlib.lines import Line2D
    from matplotlib.text import Text
    from PIL import Image

    figure.patch.set_alpha(0)
    for axes in figure.axes:
        axes.patch.set_alpha(0)
        axes.tick_params(which="both", color=GREY)
        for spine in axes.spines.values():
            spine.set_edgecolor(GREY)
        if legend := axes.get_legend():
            legend.get_frame().set_alpha(0)
    figure.canvas.draw()  # ticks get their labels here
    for one in (*figure.findobj(Text), *figure.findobj(Line2D)):
        if same_color(one.get_color(), "black"):
            one.set_color(GREY)
    drawn, png = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png")
    # A palette takes half the bytes, and this one keeps how much of the page shines through.
    Image.open(drawn).quantize(COLOURS, method=Image.Quantize.FASTOCTREE).save(png, format="png", optimize=True)
    return png.getvalue()
