"""The course's equations in the other dialects: nothing left untranslated, laid as the array lies, well formed."""

import html
import re

import pytest
from pages import plain, unfolded, words

from gradwalk import show, step2_mlp
from gradwalk.dialect_table import DIALECTS, SAID, said
from gradwalk.model import Model
from gradwalk.names import VALUES, WEIGHTS, look_up
from gradwalk.telling import derivation_page, derivations, dialects, latex
from gradwalk.telling.page import folded
from gradwalk.walk import forward

pytestmark = pytest.mark.slow

EQUATIONS = {}  # of two functions of one name, such as two norms' pullbacks, the first's
for gradient in derivations.gradients():
    EQUATIONS.setdefault(gradient.__name__, [line.latex for line in derivations.derivation(gradient).lines])
OTHERS = [name for name in DIALECTS if name != "course"]
OWN = re.escape(dialects.OWN)
GREY = re.compile(rf"{OWN}\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}")

# What is no quantity's name: letters that count, and words that the dialects share.
WORDS = r"\\sum_\{[a-z',]+(?:\\,\\mathrm\{scored\})?\}|"
WORDS += r"\\(?:frac|partial|left|right|exp|log|tanh|sqrt|pi|cdot|qquad|ge)(?![a-zA-Z])"


def every(name):
    for function, lines in EQUATIONS.items():
        for ours, theirs in zip(lines, dialects.translate_all(lines, name), strict=True):
            yield function, ours, theirs


def test_the_course_is_left_as_it_is():
    for _, ours, theirs in every("course"):
        assert ours == theirs
        assert dialects.translate(ours, "course") == ours


def test_no_symbol_escapes_the_translation():
    """Take away all that the translation reads as a quantity: no letter of a quantity is left, in any equation."""
    for lines in EQUATIONS.values():
        for equation in lines:
            read = [part for part in latex.read(equation).all() if part.kind in ("quantity", "slope")]
            letters = [*equation]
            for part in read:
                letters[part.start : part.end] = " " * (part.end - part.start)
            rest = re.sub(WORDS, "", "".join(letters))
            rest = re.sub(r"\[ *(?:[a-z]'*)? *= *(?:[a-z]'*)? *\]", "", rest)  # [c = j], with words taken away
            assert not re.search(r"[A-Za-z]", rest), (equation, rest)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_written_is_the_dialects_own_or_greyed(name):
    spoken = {own.latex for own in SAID[name].values()}
    for function, ours, theirs in every(name):
        plain = GREY.sub("", theirs)
        for word in re.findall(r"\\texttt\{[^{}]*\}(?:\^\{\\mathrm\{pos\}\})?", plain):
            assert word in spoken, (function, word)
        lacking = {quantity for quantity in dialects.quantities(ours) if quantity not in SAID[name]}
        but_roads = re.sub(rf"(?<=via\}}\\,){GREY.pattern}", "", theirs)
        grey = [dialects.without_grey(found) for found in GREY.findall(but_roads)]
        assert {quantity for found in grey for quantity in dialects.quantities(found)} == lacking, (function, theirs)


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_is_left_dangling(name):
    for function, ours, theirs in every(name):
        bare = theirs.replace(r"\{", "").replace(r"\}", "")
        assert bare.count("{") == bare.count("}"), (function, theirs)
        assert theirs.count(r"\left") == theirs.count(r"\right"), (function, theirs)
        assert not re.search(r"\{\}|=\s*$|_\s|=\s*=|\{,|,\}|,,|  ", theirs), (function, theirs)
        assert theirs.startswith("=") == ours.startswith("="), (function, theirs)
        assert theirs.strip() == theirs


@pytest.mark.parametrize("name", OTHERS)
def test_indices_stand_in_the_order_of_the_array(name):
    """The letters' sizes are all different here: a swapped pair would not be the array's own shape."""
    letters = {"N": "i", "D": "j", "F": "f", "T_max": "s"}
    for weight, entry in WEIGHTS.items():
        if len(entry.shape) != 2 or entry.shape == ("D", "D") or weight not in SAID[name]:
            continue
        one, other = (letters[size] for size in entry.shape)
        written = dialects.translate(latex.with_indices(weight, one + other), name)
        own = said(weight, name)
        assert re.search(rf"[{{,]{other + one if own.transposed else one + other}\}}$", written), written


def undressed(equation):
    """Without the shapes under the factors, and the air that long words need."""
    inner = rf"(?:{OWN}\{{)?(?:[^{{}}]|\{{(?:[^{{}}]|\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}})*\}})*\}}?"
    bare = re.sub(rf"\\underset\{{(?:[^{{}}]|\{{\\max\}})*\}}\{{({inner})\}}", r"\1", equation)
    return bare.replace(r"\, ", "")


def dressed(function, line):
    return derivations.einsum_latex(function, line, derivation_page._with_shape)


DRESSED = [(f, line) for f in derivations.gradients() for line in derivations.derivation(f).lines if dressed(f, line)]


@pytest.mark.parametrize("name", DIALECTS)
def test_shapes_under_the_factors_change_nothing_else(name):
    assert len(DRESSED) > 50
    for function, line in DRESSED:
        single = not dialects.positions_mix(EQUATIONS[function.__name__])
        plain = dialects.translate(line.latex, name, one_position=single)
        with_shapes = dialects.translate(dressed(function, line), name, one_position=single)
        assert undressed(with_shapes) == plain.replace(r"\, ", ""), function


def test_of_one_position_no_shape_has_a_T():
    for function, line in DRESSED:
        if not dialects.positions_mix(EQUATIONS[function.__name__]):
            written = dialects.translate(dressed(function, line), "notes", one_position=True)
            assert not re.search(r"underset\{[^}]*T", written), (function, written)


def test_a_shape_is_the_arrays_own_there():
    u = r"\underset{T \times F}{\frac{\partial L}{\partial u_{tf}}}"
    equation = rf"= \sum_{{f}} {u} \underset{{F \times D}}{{W1_{{fj}}}}"
    assert r"\underset{D \times F}{\texttt{mlp.c\_fc.weight}_{jf}}" in dialects.translate(equation, "gpt2")
    assert r"\underset{F \times D}{\texttt{linear1.weight}_{fj}}" in dialects.translate(equation, "pytorch")
    assert r"\underset{F}{\frac" in dialects.translate(equation, "notes")  # one position: a column
    assert r"\underset{T_{\max} \times D}" in dialects.translate(
        r"\underset{T_{\max} \times D}{E_{pos,sj}}", "textbook"
    )


# What the learner writes, one position, columns.
NOTES = {
    "dL_dz": [
        r"L = \log \sum_{k} \exp(z_{k}) - z_{y}",
        r"g_{i} = p_{i} - [i = y]",
    ],
    "dL_dW": [
        r"\frac{\partial L}{\partial W_{ij}} = \sum_{k} g_{k} \frac{\partial z_{k}}{\partial W_{ij}}",
        r"= g_{i} h_{j}",
    ],
    "dL_db": [r"= g_{i}"],
    "dL_dh": [r"= \sum_{k} g_{k} W_{kj}"],
    "dL_dm": [r"= g_{h,j}"],
    "dL_dx1": [r"g_{x_1,j} = g_{x_1,j}^{(\text{from } h)} + g_{x_1,j}^{(\text{from } \mathrm{LN}_2)}"],
    "dL_dx0": [r"g_{x_0,j} = g_{x_0,j}^{(\text{from } x_1)} + g_{x_0,j}^{(\text{from } \text{attention})}"],
    "dL_db2": [r"= g_{m,j}"],
}


@pytest.mark.parametrize("function", NOTES)
def test_the_notes_at_one_position(function):
    written = dialects.translate_all(EQUATIONS[function], "notes")
    for line in NOTES[function]:
        assert line in written


def test_at_one_position_no_position_is_left():
    for function, lines in EQUATIONS.items():
        if dialects.positions_mix(lines):
            continue
        for line in dialects.translate_all(lines, "notes"):
            for index in re.findall(r"_\{([^{}\\]*)\}", GREY.sub(lambda found: found[0][len(dialects.OWN) :], line)):
                assert not re.search(r"[ts]", index), (function, line)


def test_attention_keeps_its_positions():
    kept = dialects.translate_all(EQUATIONS["dL_db_O"], "notes")
    assert kept[-1] == r"= \sum_{t} g_{a,tj}"  # by itself this line would not know
    assert dialects.translate(r"= \sum_{t} \frac{\partial L}{\partial a_{tj}}", "notes") == r"= g_{a,j}"


COLUMNS = {
    "dL_dW": r"\partial L / \partial W = g \, h^T",
    "dL_db": r"\partial L / \partial b = g",
    "dL_dh": "g_{h} = W^T g",
    "dL_dW2": rf"\partial L / \partial W_2 = g_{{m}} \, {dialects.OWN}{{r}}^T",
    "dL_dr": rf"\frac{{\partial L}}{{\partial {dialects.OWN}{{r}}}} = W_2^T g_{{m}}",
    "dL_dgamma": r"\frac{\partial L}{\partial OWN{\gamma}} = g_{v} \odot OWN{\hat{x}}".replace("OWN", dialects.OWN),
    "dL_dx1_via_h": r"g_{x_1}^{(\text{from } h)} = g_{h}",
    "dL_dz": None,
    "dL_dx1": None,
    "pullback": None,
    "dL_dW_O": None,
    "dL_db_O": None,
}


@pytest.mark.parametrize("function", COLUMNS)
def test_columns_as_the_learner_writes_them(function):
    assert dialects.columns(EQUATIONS[function], "notes") == COLUMNS[function]


def test_columns_are_written_in_the_dialects_own_letters():
    written = dialects.columns(EQUATIONS["dL_db"], "textbook")
    assert written == r"\partial \mathcal{L} / \partial b_U = \partial \mathcal{L} / \partial z"


LAID = [
    ("gpt2", "W1", "fj", r"\texttt{mlp.c\_fc.weight}_{jf}"),
    ("gpt2", "W_Q", "cj", r"\texttt{attn.c\_attn.weight}_{jc}"),
    ("gpt2", "W_K", "cj", r"\texttt{attn.c\_attn.weight}_{j,\,D{+}c}"),
    ("gpt2", "b_V", "c", r"\texttt{attn.c\_attn.bias}_{2D{+}c}"),
    ("gpt2", "b", "i", rf"{dialects.OWN}{{b_{{i}}}}"),
    ("gpt2", "h", "tj", rf"{dialects.OWN}{{h_{{tj}}}}"),
    ("gpt2", "W_O", "jc", r"\texttt{attn.c\_proj.weight}_{cj}"),
    ("pytorch", "W_K", "cj", r"\texttt{self\_attn.in\_proj\_weight}_{D{+}c,\,j}"),
    ("pytorch", "W_O", "jc", r"\texttt{self\_attn.out\_proj.weight}_{jc}"),
    ("pytorch", "gamma2", "j", r"\texttt{norm2.weight}_{j}"),
    ("textbook", "W", "ij", r"W_{U,ji}"),
    ("textbook", "W_Q", "cj", r"W^Q_{jc}"),
    ("textbook", "alpha", "ets", r"A_{ets}"),
    ("textbook", "E_pos", "sj", r"W_{\mathrm{pos},sj}"),
    ("notes", "W1", "fj", r"W_{1,fj}"),
]


@pytest.mark.parametrize(("name", "quantity", "letters", "wanted"), LAID)
def test_a_symbol_in_its_layout(name, quantity, letters, wanted):
    assert dialects.translate(latex.with_indices(quantity, letters), name) == wanted


@pytest.mark.parametrize("name", OTHERS)
def test_two_quantities_never_look_alike(name):
    """As they are indexed, too: only tied W and E of GPT-2, which are one array, are written alike."""
    written = {}
    for quantity, entry in {**VALUES, **WEIGHTS}.items():
        if quantity in ("L", "hf", "gamma1", "beta1", "gammaf", "betaf"):  # no derivation writes these
            continue
        symbol = dialects.translate(latex.with_indices(quantity, "ijk"[: len(entry.shape)]), name)
        alike = written.setdefault(re.sub(r"[ijk]+(?=\}+$)", "", symbol), quantity)
        assert alike == quantity or (name, {alike, quantity}) == ("gpt2", {"E", "W"}), (alike, quantity, symbol)


def test_an_unknown_dialect_is_told():
    with pytest.raises(ValueError, match=r"no dialect 'gpt'.*gpt2"):
        dialects.translate("h_{tj}", "gpt")


def test_a_bare_symbol():
    assert dialects.symbol("x1", "notes") == "x_1"
    assert dialects.symbol("alpha", "gpt2") == rf"{dialects.OWN}{{\alpha}}"
    assert dialects.symbol("dL_dh", "course") == r"\partial L / \partial h" == look_up("dL_dh").symbol


DIALS = [
    ("W_K", ["1", "2"], "gpt2", "h.0.attn.c_attn.weight[2, 33]"),
    ("b_V", ["1"], "gpt2", "h.0.attn.c_attn.bias[65]"),
    ("blocks.3.W1", ["5", "0"], "gpt2", "h.3.mlp.c_fc.weight[0, 5]"),
    ("blocks.3.W_V", ["1", "2"], "pytorch", "layers.3.self_attn.in_proj_weight[65, 2]"),
    ("W", ["fire", "0"], "textbook", "W_U[0, fire]"),
    ("W", ["fire", "0"], "notes", "W[fire, 0]"),
    ("b", ["fire"], "gpt2", None),
]


@pytest.mark.parametrize(("name", "spots", "which", "wanted"), DIALS)
def test_a_dial_at_its_place_in_the_array(name, spots, which, wanted):
    assert dialects.dial(name, spots, 32, which) == wanted


# On the page: every equation in every dialect, side by side.


@pytest.mark.parametrize("function", list(derivations.gradients()), ids=lambda function: function.__name__)
def test_a_step_carries_all_dialects_and_the_course_alone_where_nothing_hides_the_others(function):
    page = show.step(function)
    bundle = page._repr_mimebundle_()
    assert bundle == show.step(function)._repr_mimebundle_()  # the same again: nbval compares it
    side = r'<div class="gw-said gw-(\w+)"( style="visibility:hidden[^"]*")?>\$\$\n(.*?)\n\$\$</div>'
    sides = re.findall(side, unfolded(page.html))
    lines = len(derivations.derivation(function).lines)
    assert [name for name, _, _ in sides] == [*DIALECTS] * lines
    assert all(bool(hidden) == (name != "course") for name, hidden, _ in sides)
    assert "<" not in re.sub("&lt;", "", "".join(written for _, _, written in sides))
    for kind in ("text/markdown", "text/plain"):
        assert r"\class" not in bundle[kind]
        assert r"\texttt" not in bundle[kind]
    course = [html.unescape(written) for name, _, written in sides if name == "course"]
    assert [*re.findall(r"\$\$\n(.*?)\n\$\$", bundle["text/markdown"])] == course
    left = plain(page.html)  # where styles go too, what they hide must not be there
    assert [html.unescape(written) for _, _, written in re.findall(side, left)] == course
    assert not re.search(r"\\class|\\texttt|gw-(?!said|step|course)\w+", left)


def test_a_legend_says_which_names_were_put_in():
    page = unfolded(show.step(step2_mlp.dL_dv).html)
    legend = re.findall(r'<div class="gw-said gw-(\w+)"[^>]*><p><small>(.*?)</small>', page)
    assert [name for name, _ in legend] == OTHERS
    told = dict(legend)
    assert "<code>W1</code> is <code>h.0.mlp.c_fc.weight</code> (transposed)" in told["gpt2"]
    assert told["gpt2"].endswith("no name for them: <code>v</code>, <code>u</code>, <code>L</code>.")
    assert "<code>W1</code> is <code>W_1</code>" in told["notes"]


def test_code_keeps_every_letter():
    page = show.step(step2_mlp.gelu_slope)
    coloured = re.search(r"<pre tabindex=\"0\"><code>(.*?)</code></pre>", page.html, re.DOTALL)[1]
    plain = html.unescape(re.sub(r"<[^>]*>", "", coloured))
    assert plain in repr(page)
    assert plain.count("\n") == 1
    assert "keyword-color" in coloured


def test_a_journey_names_every_value_in_every_dialect():
    model = Model.random(seed=0)
    tokens, y = model.read("the dog slept by the fire")
    page = show.journey(model, forward(model, tokens, y), 4)
    rows = re.findall(r"<tr><td[^>]*>(.*?)</td>", unfolded(page.html))
    assert len(rows) == len(VALUES) - 1  # no final norm
    x1 = dict(re.findall(r'<div class="gw-said gw-(\w+)"[^>]*>(.*?)</div>', next(row for row in rows if "x_1" in row)))
    assert list(x1) == list(DIALECTS)
    assert x1["course"] == "<code>x1</code>"
    assert x1["notes"] == "<code>x_1</code>"
    assert "opacity" in x1["gpt2"]
    assert page.markdown is None
    left = re.findall(r"<tr><td[^>]*>(.*?)</td>", plain(page.html))
    assert [words(cell) for cell in left] == [name for name in VALUES if name != "hf"]


def test_the_switch_offers_every_dialect():
    switch = unfolded(show.dialect().html)
    buttons = re.findall(r'value="(\w+)" data-lm-suppress-shortcuts="true" autocomplete="off"( checked)?>', switch)
    assert buttons == [("course", " checked"), *((name, "") for name in OTHERS)]
    assert "CHOSEN" not in show.dialect().html
    assert 'value="gpt2" data-lm-suppress-shortcuts="true" autocomplete="off" checked' in show.dialect("gpt2").html
    assert repr(show.dialect("gpt2")).endswith("(turned to GPT-2)")
    assert "Run the notebook" not in switch
    with pytest.raises(ValueError, match="name: there is no dialect 'GPT2'"):
        show.dialect("GPT2")


@pytest.mark.parametrize("name", [None, *DIALECTS])
def test_without_scripts_the_switch_is_a_line_that_says_how_to_have_it(name):
    still = plain(show.dialect(name).html)
    told = "names: course · notes · textbook · GPT-2 · PyTorch. The course's own stand here. "
    assert words(still) == told + "Run the notebook down to here, and this line becomes the switch."
    assert not re.search(r"<(input|form|label)\b", still)


@pytest.mark.parametrize(
    "text", ["--", "---", "<!-- x -->", "a--!>", "-", "--jp-x", '<p style="color:var(--x)">–--</p>']
)
def test_what_is_folded_up_comes_back_whole(text):
    comment = folded(text)
    assert re.fullmatch(r"<!--gw (?:(?!--).)*-->", comment) or comment.endswith("--->")
    assert comment.count("-->") == 1
    assert "<!--" not in comment[4:]
    assert html.unescape(unfolded(comment)) == html.unescape(text)


def test_a_remark_stands_behind_the_whole_name():
    assert said("E_pos", "pytorch").name == "nn.Embedding.weight, of places"
    assert said("dL_dE_pos", "pytorch").name == "nn.Embedding.weight.grad, of places"
