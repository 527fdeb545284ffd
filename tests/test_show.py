"""What a page says: numbers as read aloud, tables in HTML and in text, a step, a journey."""

import html
import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest

from gradwalk import show
from gradwalk.dialect_table import DIALECTS
from gradwalk.model import Model
from gradwalk.names import VALUES
from gradwalk.step1_output import dL_dW
from gradwalk.telling import derivations
from gradwalk.telling.dialects import translate_all, without_grey
from gradwalk.walk import forward

pytestmark = pytest.mark.slow


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


HOSTILE = [
    *(
        "<img src=http://there.test/x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "<b>",
        "&lt;b&gt;",
        "a & b",
        "a|b",
    ),
    *(
        "**bold**",
        "_a_",
        "~~gone~~",
        "[a](http://there.test)",
        "http://there.test",
        "# head",
        "- item",
        "1. one",
        "> said",
    ),
    *("`code`", "$x$", "$$x$$", r"\(x\)", r"\[x\]", r"\begin{align}x\end{align}", "\\", "' onclick='x", '" onclick="x'),
    *("|", "", " ", "日本", "e\u0301", "-->", "<!--"),
]


class Cells(HTMLParser):
    """The rows of a table as a browser reads them, and every tag with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags = [], set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add((tag, *sorted(dict(attributes))))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        self.rows[-1][-1] += data


def test_a_table_says_the_same_in_html_and_in_text():
    page = show.table({"word": ["fire", "a|b"], "|x|": [1.0, -22.5]})
    assert Cells(page.html).rows == [["word", "|x|"], ["fire", "1.0000"], ["a|b", "−22.5000"]]
    assert repr(page).splitlines() == ["word       |x|", "fire    1.0000", "a|b   −22.5000"]
    assert page.markdown is None  # it could not keep every word as it is


def test_words_and_heads_are_shown_as_they_are():
    page = show.table({"word": HOSTILE, **{f"{head}{k}": [0.5] * len(HOSTILE) for k, head in enumerate(HOSTILE)}})
    cells = Cells(page.html)
    assert cells.rows[0] == ["word", *(f"{head}{k}" for k, head in enumerate(HOSTILE))]
    assert [row[0] for row in cells.rows[1:]] == HOSTILE
    known = {("table", "tabindex"), ("thead",), ("tbody",), ("tr",), ("span",), ("td", "style"), ("td", "align")}
    assert cells.tags == known | {("th", "scope", "style"), ("th", "align", "scope")}
    for line, word in zip(repr(page).splitlines()[1:], HOSTILE, strict=True):
        assert line.startswith(word)


@pytest.mark.parametrize("word", HOSTILE)
def test_no_word_opens_a_formula(word):
    """Both ends of a formula must lie in one text for MathJax to see it: each letter that may be one lies alone."""
    for text in re.split(r"<[^>]*>", show.line({word: word}).html):
        assert len(html.unescape(text)) == 1 or not re.search(r"[$\\`]", html.unescape(text))


def test_a_cell_is_one_line_and_runs_forward():
    page = show.table({"word": ["a\nb", "c\td", "e\u202ef", "\udc80", "g\u2028h"], "p": [0.5] * 5})
    seen = ["a↵b", r"c\x09d", r"e\u202ef", r"\udc80", r"g\u2028h"]
    assert [row[0] for row in Cells(page.html).rows[1:]] == seen
    assert [line.split()[0] for line in repr(page).splitlines()[1:]] == seen
    page.html.encode()  # half a pair of letters would stop the notebook from being saved


def test_every_column_stands_whatever_it_is_called():
    array = np.arange(9.0).reshape(3, 3)
    page = show.grid(array, ["the", "cat", "the"], ["the", "cat", "the"], corner="the", digits=0)
    rows = [["the", "the", "cat", "the"], ["the", *"012"], ["cat", *"345"], ["the", *"678"]]
    assert Cells(page.html).rows == [line.split() for line in repr(page).splitlines()] == rows
    assert Cells(show.table({1: ["a"], "1": ["b"]}).html).rows == [["1", "1"], ["a", "b"]]
    bare = show.grid(array, [1, 2, 3], [1, 2, 3], digits=0)
    assert [*map(len, Cells(bare.html).rows)] == [4, 4, 4, 4]


def test_a_table_can_be_read_without_seeing_it():
    page = show.grid(np.zeros((1, 2)), ["fire"], [0, 1]).html
    assert page.count('<th scope="col"') == 2
    assert '<th scope="row" style="text-align:left">fire</th>' in page
    assert not re.search(r"<th[^>]*></th>", page)
    assert page.count('<td align="right">0.0000</td>') == 2
    assert "<td></td>" in show.table({"p": [0.5], "": show.bars([0.5])}).html


def test_signs_of_other_scripts_keep_the_columns_straight():
    lines = repr(show.table({"word": ["日本", "e\u0301", "ab"], "p": [0.5, 0.5, 0.5]})).splitlines()
    assert lines == ["word       p", "日本  0.5000", "e\u0301     0.5000", "ab    0.5000"]


def test_columns_must_be_of_one_length():
    with pytest.raises(ValueError, match=r"columns: wanted one length for all, got .'a': 1, 'b': 2"):
        show.table({"a": [1], "b": [1, 2]})
    with pytest.raises(ValueError, match="array"):
        show.grid(np.zeros((2, 3)), ["x"], ["y"])


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: show.table({}), "columns: wanted a dictionary of names, at least one, got {}"),
        (lambda: show.table([1]), r"columns: wanted a dictionary of names, at least one, got \[1\]"),
        (lambda: show.table({"a": 1.0}), "columns: wanted a list under 'a', got 1.0"),
        (lambda: show.table({"a": "fire"}), "columns: wanted a list under 'a', got 'fire'"),
        (lambda: show.table({"a": np.zeros((2, 2))}), "columns: wanted a list under 'a', got an array of shape"),
        (lambda: show.table({"a": [1]}, digits=-1), "digits: wanted a whole number from 0 to 20, got -1"),
        (lambda: show.line(None), "quantities: wanted a dictionary"),
        (lambda: show.grid([[1], [1, 2]], "ab", "cd"), "rows: wanted a list of names"),
        (lambda: show.grid([[1], [1, 2]], [0, 1], [0, 1]), "array: wanted a matrix"),
        (lambda: show.grid(np.zeros(2), [0, 1], [0]), r"array: came as \(2,\), with 2 row names and 1 column"),
        (lambda: show.bars(["x"]), "x: wanted a row of finite numbers"),
        (lambda: show.bars([np.nan]), "x: wanted a row of finite numbers"),
        (lambda: show.bars([1.0], full=0), "full: wanted a finite number above 0, got 0"),
        (lambda: show.bars([1.0], width=1.5), "width: wanted a whole number from 1 to 1000, got 1.5"),
        (lambda: show.journey(None, None, 0), "model: wanted a Model, got None"),
        (lambda: show.step(3), "function: wanted a gradient of the steps, such as dL_dW, got 3"),
        (lambda: show.step(len), "function: wanted a gradient"),
        (lambda: show.cell(None, (0, 0)), "function: wanted a gradient"),
        (lambda: show.cell(dL_dW, (0, 0), 3), "names: wanted arrays by their names, got 3"),
        (lambda: show.cell(dL_dW, (0, 0), {}), "names: wanted dL_dz too"),
        (
            lambda: show.cell(dL_dW, (0, 0), {"dL_dz": [[1.0]], "h": [1.0]}),
            r"names: h came as \(1,\), wanted the indices",
        ),
        (lambda: show.cell(dL_dW, (0, 0), {"dL_dz": [[1.0]], "h": [[1.0]] * 2}), r"names: h came as \(2, 1\)"),
        (lambda: show.ledger(3), "search: wanted text in one string, got 3"),
        (lambda: show.dialect(3), "name: wanted the name of a dialect, got 3"),
        (lambda: show.block_map(3), "here: wanted text in one string, got 3"),
        (lambda: show.block_map("0_forward", 3), "values: wanted values by name, got 3"),
        (lambda: show.picture(None, "nothing"), "figure: wanted a Matplotlib figure, got None"),
    ],
)
def test_bad_input_says_which_argument_what_came_and_what_was_wanted(call, told):
    with pytest.raises(ValueError, match=told):
        call()


def test_bars_show_sizes():
    assert show.bars([0.0, 0.5, -1.0, 3.0], width=4) == ["", "██", "████", "████"]
    assert show.bars({"a": 0.5}.values(), width=2) == show.bars(iter([0.5]), width=2) == ["█"]
    assert show.bars([]) == []


def test_a_journey_tells_every_value_and_its_shape():
    model = Model.random(seed=1)
    tokens, y = model.read("the dog slept by the fire")
    values = forward(model, tokens, y)
    lines = repr(show.journey(model, values, 4)).splitlines()[1:]
    assert [line.split()[0] for line in lines] == [name for name in VALUES if name in values]
    assert show.number(values.h[4, 0], 2) in next(line for line in lines if line.startswith("h "))
    with pytest.raises(ValueError, match="t: wanted a whole number from 0 to 4, got 5"):
        show.journey(model, values, 5)


def test_a_step_is_the_functions_own_docstring_and_code():
    page = repr(show.step(dL_dW))
    told = derivations.derivation(dL_dW)
    assert page.startswith(told.sentence)
    assert all(line.reason in page and line.latex in page and line.code in page for line in told.lines)
    assert page.endswith("return dL_dz.T @ h  # (N, D)")
    assert "dL_dz (T, N), h (T, D) → dL_dW (N, D)" in page


def test_every_gradient_can_be_shown():
    for function in derivations.gradients():
        page = show.step(function)
        assert page.markdown.count("$$") == 2 * len(derivations.derivation(function).lines)


@pytest.mark.parametrize("names", [name for name in DIALECTS if name != "course"])
def test_every_gradient_is_told_as_text_in_every_dialect(names):
    for function in derivations.gradients():
        lines = [line.latex for line in derivations.derivation(function).lines]
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
    axes.axhline(2.5, color="k", linewidth=3)
    words = 'the loss "falls" from 3 to 2: <b>'
    shown = show.picture(figure, words)
    data, metadata = shown._repr_mimebundle_()
    assert repr(shown) == data["text/plain"] == metadata["image/png"]["alt"] == words
    shown_png = re.fullmatch(r'<img alt="([^"<]*)" src="data:image/png;base64,([^"]*)">', data["text/html"])
    assert html.unescape(shown_png[1]) == words
    assert shown_png[2] == data["image/png"]
    pixels = imread(BytesIO(b64decode(data["image/png"])))  # rows × columns × red, green, blue, how solid
    assert (pixels[..., 3] == 0).mean() > 0.5, "it has a background"
    darkest = pixels[pixels[..., 3] > 0.9][:, :3].max(axis=1).min()
    assert darkest > 0.4, "something black is left, which a dark page hides"


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_a_picture_without_words_is_refused(alt):
    from matplotlib.figure import Figure

    with pytest.raises(ValueError, match="alt: wanted words"):
        show.picture(Figure(), alt)


def test_a_cell_of_what_is_no_number_is_refused_by_its_argument():
    for strange in (None, "x", [[1, 2], [3]], np.full((5, 4), 1j), np.full((5, 4), "x")):
        with pytest.raises(ValueError, match=r"^names: wanted "):
            show.cell(dL_dW, (1, 2), {"dL_dz": np.ones((5, 3)), "h": strange})
