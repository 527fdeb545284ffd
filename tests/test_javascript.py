# ruff: noqa: E501 (in the table a mistake is one row)
"""The widgets' JavaScript without a browser: modules joined to one text, and node's own test runner."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from boards import state_of
from exercise_answers import checked_here
from sentences import read_here, said_here
from shapes import COUNT, case, flat

from gradwalk.dial import Dial
from gradwalk.model import Model
from gradwalk.names import VALUES
from gradwalk.walk import backward, forward
from gradwalk.weights import of_weight
from gradwalk.widgets import scene as scenes
from gradwalk.widgets import tape
from gradwalk.widgets.dial_board import DialBoard
from gradwalk.widgets.javascript import joined
from gradwalk.widgets.live_page import Range
from gradwalk.widgets.shared import PageCode

HERE = Path(__file__).parent / "widgets"
TESTS = sorted(HERE.glob("*.test.mjs"))
WIDGETS = Path(tape.__file__).parent
ENGINE = WIDGETS / "engine"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")


def node(*arguments, **environment):
    """Run node and return what it said; a failure fails the test with all of it."""
    done = subprocess.run([NODE, *map(str, arguments)], env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def written(folder, **modules):
    """These modules as files; the path of the first."""
    for name, source in modules.items():
        (folder / f"{name}.js").write_text(source, encoding="utf-8")
    return folder / f"{next(iter(modules))}.js"


# ---- the joiner


@needs_node
def test_modules_are_joined_in_the_order_in_which_they_need_one_another(tmp_path):
    entry = written(
        tmp_path,
        entry='import {\n  twice,\n  Pair,\n} from "./two.js";\nimport { one } from "./one.js";\n'
        "/** remark\n * of two lines */\nconst own = 1; // stays\n"
        "export default { told: [one, twice(own), new Pair().of] };\n",
        two='import { one } from "./one.js";\n// a remark\nconst own = one + 1;\n'
        "export function twice(x) { return own * x; }\nexport class Pair { of = own; }\n",
        one="const own = 7;\nexport const one = own;\n",
    )
    text = joined(entry)
    assert "remark" not in text
    assert "// stays" in text
    assert text.count("own = 7") == 1  # needed twice, there once
    (tmp_path / "joined.mjs").write_text(text, encoding="utf-8")
    code = f"import entry from {(tmp_path / 'joined.mjs').as_uri()!r}; console.log(JSON.stringify(entry.told))"
    assert json.loads(node("--input-type=module", "--eval", code)) == [7, 8, 8]  # three names `own`, each its own


WANTED = 'wanted `import { name } from "./file.js";`, or `export` before a function, a class or a constant'


@pytest.mark.parametrize(
    ("modules", "told"),
    [
        ({"a": 'import { b } from "./b.js";'}, "a.js: imports b.js, which is not there"),
        ({"a": 'import { c } from "./b.js";', "b": "export const b = 1;"}, "a.js: imports 'c', which b.js does not"),
        ({"a": 'import { b } from "./b.js";', "b": 'import { a } from "./a.js";'}, "a.js imports b.js imports a.js"),
        ({"a": 'import { b as c } from "./b.js";'}, "a.js: {}, got `import { b as c }"),
        ({"a": 'import b from "./b.js";'}, "a.js: {}, got `import b from"),
        ({"a": 'import * as b from "./b.js";'}, "a.js: {}, got `import * as b"),
        ({"a": 'import "./b.js";'}, 'a.js: {}, got `import "./b.js'),
        ({"a": 'import { b } from "b";'}, 'a.js: {}, got `import { b } from "b"'),
        ({"a": 'const b = await import("./b.js");'}, 'a.js: {}, got `import("./b.js");'),
        ({"a": "const here = import.meta.url;"}, "a.js: {}, got `import.meta"),
        ({"a": 'import { b } from "./b.js";', "b": "export default 1;"}, "b.js: {}, got `export default 1;`"),
        ({"a": 'import { b } from "./b.js";', "b": "export let b = 1;"}, "b.js: {}, got `export let b"),
        ({"a": 'import { b } from "./b.js";', "b": "const b = 1;\nexport { b };"}, "b.js: {}, got `export {{ b }};`"),
        ({"a": 'import { b } from "./b.js";', "b": 'export * from "./c.js";'}, "b.js: {}, got `export * from"),
    ],
)
def test_what_cannot_be_joined_is_refused_with_its_file_and_line(tmp_path, modules, told):
    told = told.replace("{}", WANTED).replace("{{", "{").replace("}}", "}")
    with pytest.raises(ValueError, match=re.escape(told)):
        joined(written(tmp_path, **modules))


# ---- node's own tests


def walked(of, model, tokens, y):
    """A walk for the page to repeat: what its engine needs, and all values and slopes that Python has."""
    values = forward(model, tokens, y)
    grads = backward(model, values)
    made = {name: array for name, array in flat(values).items() if name.split(".")[-1] in VALUES} | {"h": values.h}
    slopes = flat(grads) | {"dL_dh": grads.dL_dh, "dL_dL": np.ones(())}
    if "W" in model.weights:
        assert slopes.pop("dL_dE_via_x0") is slopes["dL_dE"]  # one road: no share
    plain = len(model.blocks) == 1
    named = {
        key: {name.removeprefix("blocks.0." if plain else ""): tape.packed(np.asarray(a)) for name, a in arrays.items()}
        for key, arrays in {"values": made, "slopes": slopes}.items()
    }
    settings = tape.settings(model, tokens, y)
    return {"of": of, "lines": tape.lines(model), "settings": settings, "weights": tape.weights(model), **named}


def walks():
    """All random models of the tests; the trained and the pen-and-paper one; one that is nearly sure of its words."""
    yield from (walked(f"case {number}", *case(number)) for number in range(COUNT))
    for name, model in (("trained", Model.trained()), ("pen and paper", Model.random())):
        for scored in ("last", "all"):
            yield walked(f"{name}, {scored}", model, *model.read("the dog slept by the fire", scored))
    sure = Model({**model.weights, "W": 30 * model.weights["W"]}, model.words, **model.settings)
    tokens, y = sure.read("the dog slept by the fire")
    p = forward(sure, tokens).p[0]
    assert 1e-12 < 1 - p.max() < 1e-4
    yield walked("nearly sure", sure, tokens, [int(p.argmax()), *[-1] * (len(y) - 1)])


TURNS = max(200, int(os.environ.get("GRADWALK_CASES", 0)))  # of each weight at least, several dials together


def taped(model, tokens, y, rng, boards):
    """A board of each weight, and what Python finds on a model that was turned: by full walks, not by the board.

    `boards` counts the boards of each weight, which share its turns.
    """
    for name in model.weights:
        board, at, reach = DialBoard(model, tokens, y, name, predict=False), [], scenes.reach_of(model.weights[name])
        for k in range(-(-TURNS // boards[name.split(".")[-1]])):
            turned, moved = reach * rng.normal(0, 0.5, len(board.dials)), model.copy()
            for index, by in zip(board.dials, turned, strict=True):
                moved.turn(name, index, by)
            values = forward(moved, tokens, y)
            at.append({"turned": turned.tolist(), "loss": float(values.L)})
            if k > 1:
                continue
            grads, d = backward(moved, values), int(rng.integers(len(turned)))
            slopes = [float(of_weight(grads, name)[index]) for index in board.dials]
            losses = Dial(moved, tokens, y, name, board.dials[d]).curve(reach * scenes.NUDGES - turned[d])
            at[-1] |= {"slopes": slopes, "d": d, "losses": losses.tolist(), "h": tape.packed(values.h)}
            if name in scenes.OUTPUT:
                p = values.p[values.y >= 0].mean(axis=0)
                at[-1]["p"] = [float(p[i]) for i in dict.fromkeys(i for i, *_ in board.dials)]
            moved.move(grads, 0.1)  # a step of descent on everything
            at[-1]["descended"] = float(forward(moved, tokens, y).L)
        yield {"state": state_of(board), "at": at}


@pytest.fixture(scope="module")
def handed_over(tmp_path_factory):
    """A folder with the joined texts, and walks and boards with the numbers that Python has for them."""
    folder = tmp_path_factory.mktemp("handed_over")
    for name, text in (("board", PageCode.once().module), ("range", Range._esm), ("load", DialBoard._esm)):
        (folder / f"{name}.mjs").write_text(text, encoding="utf-8")
    rng = np.random.default_rng(8)
    cases = [*map(case, (0, 13, 44, 47, 49, 63)), (Model.trained(), *Model.trained().read("the dog slept by the fire"))]
    counts = Counter(name.split(".")[-1] for model, *_ in cases for name in model.weights)
    boards = [board for given in cases for board in taped(*given, rng, counts)]  # each choice of a form both ways
    (folder / "boards.json").write_text(json.dumps(boards), encoding="utf-8")
    (folder / "walks.json").write_text(json.dumps(list(walks())), encoding="utf-8")
    (folder / "read.json").write_text(json.dumps(read_here()), encoding="utf-8")
    (folder / "checked.json").write_text(json.dumps(list(checked_here()), sort_keys=True), encoding="utf-8")
    (folder / "said.json").write_text(json.dumps(list(said_here())), encoding="utf-8")
    return folder


@pytest.mark.slow
@needs_node
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_the_modules_by_nodes_own_runner(path, handed_over):
    said = node("--test", path, GRADWALK_HANDED_OVER=str(handed_over))
    assert re.search(r"^\S+ pass [1-9]", said, re.MULTILINE), said
    assert re.search(r"^\S+ skipped 0", said, re.MULTILINE), said


@pytest.mark.slow
@needs_node
def test_the_engine_walks_as_one_text_too(handed_over, tmp_path):
    text = joined(ENGINE / "engine.js")
    assert not re.search(r"^import\b", text, re.MULTILINE)
    (tmp_path / "engine.mjs").write_text(text, encoding="utf-8")
    there = {"GRADWALK_HANDED_OVER": str(handed_over), "GRADWALK_ENGINE": (tmp_path / "engine.mjs").as_uri()}
    node(HERE / "engine.test.mjs", **there)


# ---- broken on purpose: the file of the engine, its line, what the line becomes

# fmt: off
MISTAKES = {
    "the other words forgotten": ("functions.js", "Math.log(others) + top - z_y", "top - z_y"),
    "the sum of the loss, not its mean": ("functions.js", "L.data[0] /= M;", ""),
    "the slopes of the sum with a mean loss": ("functions.js", "*= dL_dL.data[0] / M", "*= dL_dL.data[0]"),
    "unscored positions scored": ("functions.js", "if (y[t] < 0) continue;", "y = y.map((i) => Math.max(i, 0));"),
    "a flipped sign at the true word": ("functions.js", "= -rest / total", "= rest / total"),
    "the true word not pulled": ("functions.js", "dL_dz.data[t * N + y[t]] = -rest / total;", ""),
    "p - 1 where it has no digits left": ("functions.js", "= -rest / total", "-= 1"),
    "softmax without its average": ("functions.js", "(dL_dp.data[k] - average)", "dL_dp.data[k]"),
    "shares that do not sum to 1": ("functions.js", "made.data[k] /= total;", "made.data[k] /= total + 1e-9;"),
    "eps outside the root": ("functions.js", "Math.sqrt(squares / D + eps)", "Math.sqrt(squares / D) + eps"),
    "the unbiased variance": ("functions.js", "Math.sqrt(squares / D + eps)", "Math.sqrt(squares / (D - 1) + eps)"),
    "the norm's way back without the mean": ("functions.js", "gamma.data[j] - mean - x_hat", "gamma.data[j] - x_hat"),
    "the norm's way back without x_hat": ("functions.js", " - x_hat.data[k] * along)", ")"),
    "gamma left out on the way back": ("functions.js", "dL_dx_hat = slope.data[k] * gamma.data[j]", "dL_dx_hat = slope.data[k]"),
    "muted where it is positive": ("functions.js", "u.data[k] > 0 ?", "u.data[k] < 0 ?"),
    "GELU without the product rule": ("functions.js", "(0.5 * (1 + w) + 0.5 * u", "(0.5 * u"),
    "GELU's cubic term differentiated as a square": ("functions.js", "1 + 3 * GELU_CUBIC", "1 + 2 * GELU_CUBIC"),
    "places that run on into the next sentence": ("functions.js", "E_pos.data[places[t] * D + j];\n  });\n  return x0", "E_pos.data[t * D + j];\n  });\n  return x0"),
    "a repeated word's slope overwritten": ("functions.js", "dL_dE.data[i * D + j] +=", "dL_dE.data[i * D + j] ="),
    "the direct road forgotten": ("functions.js", "(slope) => [slope, slope]", "(slope) => [undefined, slope]"),
    "the mask forgotten": ("attention.js", "attends[t][s] ? sum / scale : -Infinity", "sum / scale"),
    "the mask of one sentence only": ("attention.js", "attends[t][s] ? sum", "s <= t ? sum"),
    "no position looks at itself": ("attention.js", "attends[t][s] ? sum", "attends[t][s] && (s < t || t === 0) ? sum"),
    "1/sqrt(D) for 1/sqrt(D/H)": ("attention.js", "S = zeros(H, T, T), scale = Math.sqrt(wide)", "S = zeros(H, T, T), scale = Math.sqrt(wide * H)"),
    "1/sqrt(D/H) forgotten at K": ("attention.js", "(dL_dS.data[k] * Q.data[q]) / scale", "dL_dS.data[k] * Q.data[q]"),
    "heads mixed up going out": ("attention.js", "made.data[k] = data[t * D + e * wide + d]", "made.data[k] = data[t * D + d * H + e]"),
    "heads mixed up coming together": ("attention.js", "made.data[(t * H + e) * wide + d] = data[k]", "made.data[(t * H + H - 1 - e) * wide + d] = data[k]"),
    "a dropped transpose at alpha": ("attention.js", "dL_dV.data[v] += alpha.data[k]", "dL_dV.data[v] += alpha.data[(e * T + s) * T + t]"),
    "a dropped transpose at square weights": ("tensor.js", "dL_dx[j] += arrives * W[w]", "dL_dx[j] += arrives * W[N === D ? (j - t * D) * D + i : w]"),
    "the last components of a sum left out": ("tensor.js", "for (const end = (t + 1) * D; j < end; j++, w++) first += x[j] * W[w];", ""),
    "the bias left out": ("tensor.js", "(b ? b.data[i] : 0)", "0"),
    "a position overwrites the one before": ("tensor.js", "dL_db[i] += arrives", "dL_db[i] = arrives"),
    "two uses, one heard": ("engine.js", "[...(arrived.get(takes[place]) ?? []), [value, share]]", "[[value, share]]"),
    "what a weight is not on the road of is worked out too": ("engine.js", "!hear || hear.has(taken)", "true"),
    "a slope on the road left out": ("engine.js", "new Set([...from, ...lines.map(([value]) => value)])", "new Set([...from, ...lines.slice(1).map(([value]) => value)])"),
    "a weight's own slope left out": ("tensor.js", "wanted[k] && (b", "wanted[0] === wanted[k] && (b"),
    "the first positions for the scored ones": ("functions.js", "data.subarray(t * D, (t + 1) * D), r * D", "data.subarray(r * D, (r + 1) * D), r * D"),
    "back to the first positions": ("functions.js", "data.subarray(r * D, (r + 1) * D), t * D", "data.subarray(r * D, (r + 1) * D), r * D"),
    "scored alone before the last look around": ("engine.js", "lines.findLastIndex(([, name]) => name === \"blend\")", "lines.findIndex(([, name]) => name === \"blend\")"),
    "a tied weight's second line not walked again": ("engine.js", "takes.some((name) => heard.has(name)) && heard.add(value)", "heard.has(takes[0]) && heard.add(value)"),
}
# fmt: on


def noticed_in(kind, mistakes, handed_over, made):
    """By mistake what the checks of this kind said of its module, all in one process, where each is one of its own."""
    file = f"{kind}/{kind if kind == 'engine' else 'check'}.js"
    modules = {}
    for mistake, (name, line, wrong) in mistakes.items():
        widgets = made.mktemp(kind)
        for needed in NEEDED[kind]:
            shutil.copytree(WIDGETS / needed, widgets / needed)
        source = (widgets / kind / name).read_text(encoding="utf-8")
        assert source.count(line) == 1, f"{source.count(line)} times in {name}: {line}"
        (widgets / kind / name).write_text(source.replace(line, wrong), encoding="utf-8")
        (widgets / "package.json").write_text('{"type": "module"}', encoding="utf-8")
        modules[mistake] = (widgets / file).as_uri()
    modules["none"] = (WIDGETS / file).as_uri()  # last: what the others left behind would show
    checks, there = HERE / f"{kind}_checks.mjs", {"GRADWALK_HANDED_OVER": str(handed_over)}
    return json.loads(node(HERE / "mistakes.mjs", checks.as_uri(), json.dumps(modules), **there))


NEEDED = {"engine": ["engine"], "exercise": ["exercise", "board", "engine", "sentence"]}  # folders of the widgets


@pytest.fixture(scope="module")
def noticed(handed_over, tmp_path_factory):
    """What was said of each broken engine."""
    return noticed_in("engine", MISTAKES, handed_over, tmp_path_factory)


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_engine_is_noticed(mistake, noticed):
    assert re.search(r"is not (?:Python's|the whole walk's)", noticed[mistake])


@needs_node
@pytest.mark.slow
def test_nothing_is_said_of_the_engine_as_it_is(noticed):
    assert noticed.keys() == MISTAKES.keys()


# ---- and the page's check: the file of exercise/, its line, what the line becomes

# fmt: off
MISJUDGED = {
    "another letter for a sum": ("reader.js", "a sum reaches to the next + or − outside brackets", "a sum reaches to the next plus"),
    "an index is any letter": ("reader.js", "if (!this.scope.has(letter)) {", "if (false) {"),
    "the caret at the next token": ("tokens.js", "super(`${wrong}:\\n    ${before}${after}\\n    ${\" \".repeat(length(before))}^`)", "super(`${wrong}:\\n    ${before}${after}\\n    ${\" \".repeat(length(before) + 1)}^`)"),
    "a comma between indices is a decimal": ("tokens.js", '&& inIndex) {', "&& false) {"),
    "any axis is long enough": ("reader.js", ": long === size) return;", ": true) return;"),
    "a minus is lost": ("reader.js", "minus ? part(\"minus\", [product]) : product", "product"),
    "a mean is a sum": ("reader.js", 'return kind === "sum" ?', "return kind ?"),
    "heads taken apart otherwise": ("value.js", "one(at) * wide + three(at)", "three(at) * Number(names.H) + one(at)"),
    "the last word not taken for −1": ("value.js", "(k < 0 ? k + size : k)", "k"),
    "a power of 1 is no number": ("value.js", "(x === 1 || ", "(x === 2 || "),
    "rows measured by the whole": ("judge.js", "Math.max(rows[Math.floor(k / wide)], 1e-3 * all) || 1", "all || 1"),
    "one case is enough": ("judge.js", "cases.every((k, at) => {", "cases.slice(0, 1).every((k, at) => {"),
    "not turned over": ("judge.js", "(rights[0].shape.length > 1 ?", "(rights[0].shape.length > 9 ?"),
    "the same weights twice": ("judge.js", "ROOTS = [2, 3]", "ROOTS = [2, 2]"),
    "every sum alike": ("judge.js", "given[at][n] - sum) <= close", "given[at][n] - sum) <= 1e3 * close"),
    "what is infinite is nothing": ("judge.js", "made[2] += Math.sign(x) * one", "made[2] += 0"),
    "any two mistakes at once": ("judge.js", "(count(one) < count(best) ? one : best)", "(count(one) <= count(best) ? one : best)"),
    "the sign unsaid": ("judge.js", 'factors.every((x) => x < 0) ? "with the other sign"', 'factors.every((x) => x < 0) ? ""'),
    "plain numbers forgotten": ("judge.js", "plain: plain.passed || named(plain) !== null", "plain: false"),
    "halves rounded up": ("words.js", "(size * 32) % 2 === 1", "false"),
    "signs counted where nothing is finite": ("report.js", "(Number.isFinite(x) ? [Math.sign(result.data[k])", "(true ? [Math.sign(result.data[k])"),
    "the picture of the first head": ("report.js", "Math.max(0, heads.indexOf(false))", "0"),
    "zeros pass": ("check.js", "if (!told.zero) return", "if (false) return"),
    "a blank is a formula": ("check.js", "if (BLANK.includes(answer.trim())) return", "if (false) return"),
    "infinity is a number": ("check.js", "if (!mistake && !verdict.plain) {", "if (false) {"),
    "a number by its size alone": ("check.js", "Math.abs(given - one) <=", "Math.abs(Math.abs(given) - Math.abs(one)) <="),
}
# fmt: on


@pytest.fixture(scope="module")
def misjudged(handed_over, tmp_path_factory):
    """What was said of each broken check."""
    return noticed_in("exercise", MISJUDGED, handed_over, tmp_path_factory)


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISJUDGED)
def test_a_mistake_in_the_pages_check_is_noticed(mistake, misjudged):
    assert re.search(r"is not Python's|TypeError", misjudged[mistake])


@needs_node
@pytest.mark.slow
def test_nothing_is_said_of_the_pages_check_as_it_is(misjudged):
    assert misjudged.keys() == MISJUDGED.keys()
