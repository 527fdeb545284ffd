"""The widgets' JavaScript without a browser: modules joined to one text, and node's own test runner."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from shapes import COUNT, case, flat

from gradwalk.model import Model
from gradwalk.names import VALUES
from gradwalk.walk import backward, forward
from gradwalk.widgets import tape
from gradwalk.widgets.dial_board import DialBoard
from gradwalk.widgets.javascript import joined
from gradwalk.widgets.live_page import Range

TESTS = sorted((Path(__file__).parent / "widgets").glob("*.test.mjs"))
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


@pytest.fixture(scope="module")
def handed_over(tmp_path_factory):
    """A folder with the joined texts, and walks and boards with the numbers that Python has for them."""
    folder = tmp_path_factory.mktemp("handed_over")
    for name, widget in (("board", DialBoard), ("range", Range)):
        (folder / f"{name}.mjs").write_text(widget._esm, encoding="utf-8")
    model, rng, boards = Model.random(seed=3, D=6, F=7, H=2), np.random.default_rng(8), []
    for name, scored in [("W", "last"), ("W", "all"), ("b", "all"), ("W1", "all"), ("W_Q", "last")]:
        board = DialBoard(model, *model.read("the dog slept by the fire", scored), name, predict=False, watch="alpha")
        state, at = json.loads(board.state_json()), []
        for size in (0, 0.3, 2):
            board.turned = (size * rng.standard_normal(len(board.turned))).tolist()
            alpha = board.values.alpha.tolist()
            at.append({"turned": board.turned, "loss": board.loss, "slopes": board.slopes, "p": board.p})
            at[-1] |= {"alpha": alpha, "here": board.here}
        boards.append({"state": state, "at": at})
    (folder / "boards.json").write_text(json.dumps(boards), encoding="utf-8")
    (folder / "walks.json").write_text(json.dumps(list(walks())), encoding="utf-8")
    return folder


@needs_node
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_the_modules_by_nodes_own_runner(path, handed_over):
    said = node("--test", path, GRADWALK_HANDED_OVER=str(handed_over))
    assert re.search(r"^\S+ pass [1-9]", said, re.MULTILINE), said
    assert re.search(r"^\S+ skipped 0", said, re.MULTILINE), said
