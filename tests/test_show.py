"""What a page says: numbers as read aloud, tables in Markdown and in text, a step, a journey."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest

from gradwalk import derive, show
from gradwalk.dialect import translate_all, without_grey
from gradwalk.model import Model
from gradwalk.names import DIALECTS, VALUES
from gradwalk.step1_output import dL_dW
from gradwalk.walk import forward


@pytest.mark.parametrize(
    ("x", "told"),
    [
        (0.12345, "0.1235"),
        (-0.5, "−0.5000"),
        (-0.00001, "0.0000"),  # never a minus before nothing
        (np.float64(-2), "−2.0000"),
        (-np.inf, "−∞"),
        (np.int64(-1), "−1"),
        (7, "7"),
        (True, "yes"),
        ("a-b", "a-b"),
        ((2, 3), "(2, 3)"),
    ],
)
def test_a_number_is_written_for_reading(x, told):
    assert show.number(x) == told


def test_a_table_says_the_same_in_markdown_and_in_text():
    page = show.table({"word": ["fire", "a|b"], "|x|": [1.0, -22.5]})
    assert page._repr_markdown_().splitlines() == [
        r"| word | \|x\| |",
        "| :--- | ---: |",
        "| fire | 1.0000 |",
        r"| a\|b | −22.5000 |",
    ]
    assert repr(page).splitlines() == ["word       |x|", "fire    1.0000", "a|b   −22.5000"]


def test_columns_must_be_of_one_length():
    with pytest.raises(ValueError, match="columns"):
        show.table({"a": [1], "b": [1, 2]})
    with pytest.raises(ValueError, match="array"):
        show.grid(np.zeros((2, 3)), ["x"], ["y"])


def test_bars_show_sizes():
    assert show.bars([0.0, 0.5, -1.0, 3.0], width=4) == ["", "██", "████", "████"]


def test_a_journey_tells_every_value_and_its_shape():
    model = Model.random(seed=1)
    tokens, y = model.read("the dog slept by the fire")
    values = forward(model, tokens, y)
    lines = repr(show.journey(model, values, 4)).splitlines()[1:]
    assert [line.split()[0] for line in lines] == [name for name in VALUES if name in values]
    assert show.number(values.h[4, 0], 2) in next(line for line in lines if line.startswith("h "))
    with pytest.raises(ValueError, match="t:"):
        show.journey(model, values, 5)


def test_a_step_is_the_functions_own_docstring_and_code():
    page = repr(show.step(dL_dW))
    told = derive.derivation(dL_dW)
    assert page.startswith(told.sentence)
    assert all(line.reason in page and line.latex in page and line.code in page for line in told.lines)
    assert page.endswith("return dL_dz.T @ h  # (N, D)")
    assert "dL_dz (T, N), h (T, D) → dL_dW (N, D)" in page


def test_every_gradient_can_be_shown():
    for function in derive.gradients():
        page = show.step(function)
        assert page.markdown.count("$$") == 2 * len(derive.derivation(function).lines)


@pytest.mark.parametrize("names", [name for name in DIALECTS if name != "course"])
def test_every_gradient_is_told_as_text_in_every_dialect(names):
    for function in derive.gradients():
        lines = [line.latex for line in derive.derivation(function).lines]
        page = show.step(function, names)
        for written in translate_all(lines, names):
            assert without_grey(written) in repr(page)
        assert "mjx" not in repr(page) + page.markdown
    assert repr(show.step(dL_dW, names)) != repr(show.step(dL_dW))


def test_a_dialect_in_text():
    assert "= g_{i} h_{j}" in repr(show.step(dL_dW, "notes"))
    assert r"\texttt{wte.weight}_{ij}" in repr(show.step(dL_dW, "gpt2"))
    assert repr(show.step(dL_dW, "course")) == repr(show.step(dL_dW))
    with pytest.raises(ValueError, match="dialect"):
        show.step(dL_dW, "latin")


def test_a_picture_says_itself_in_words_and_stands_on_any_page():
    from matplotlib.figure import Figure
    from matplotlib.image import imread

    figure = Figure(figsize=(2, 2))
    axes = figure.add_subplot(xlabel="moves", title="loss")
    axes.plot([0, 1], [3, 2])
    shown = show.picture(figure, "the loss falls from 3 to 2")
    data, metadata = shown._repr_mimebundle_()
    assert repr(shown) == data["text/plain"] == metadata["image/png"]["alt"] == "the loss falls from 3 to 2"
    pixels = imread(BytesIO(b64decode(data["image/png"])))  # rows × columns × red, green, blue, how solid
    assert (pixels[..., 3] == 0).mean() > 0.5, "it has a background"
    darkest = pixels[pixels[..., 3] > 0.9][:, :3].max(axis=1).min()
    assert darkest > 0.4, "something black is left, which a dark page hides"


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_a_picture_without_words_is_refused(alt):
    from matplotlib.figure import Figure

    with pytest.raises(ValueError, match="alt: wanted words"):
        show.picture(Figure(), alt)
