"""What the page's engine is sent: every line by name, read off the block. tests/widgets/engine.test.mjs walks them."""

import re

import numpy as np
import pytest
from shapes import COUNT, case

from gradwalk import block
from gradwalk.model import Model
from gradwalk.names import BLOCK_VALUES
from gradwalk.walk import forward
from gradwalk.widgets import tape


def test_the_lines_of_one_block_are_the_blocks_and_the_loss():
    model = Model.random()
    told = [[value, function.__name__, list(takes)] for value, function, takes, *_ in block.lines(model)]
    assert tape.lines(model) == [*told, ["L", "loss", ["z", "y"]]]


@pytest.mark.parametrize("number", range(COUNT))
def test_each_line_takes_what_is_known_by_then_and_every_value_is_made_once(number):
    model, tokens, y = case(number)
    known, made = {*model.weights, *tape.settings(model, tokens, y)}, []
    taken = set()
    for value, _, takes in tape.lines(model):
        assert known.issuperset(takes), (value, takes)
        known.add(value)
        made.append(value)
        taken.update(takes)
    assert len(made) == len(set(made))
    assert taken.issuperset(model.weights)
    several = len(model.blocks) > 1
    inner = [f"blocks.{q}.{name}" if several else name for q in range(len(model.blocks)) for name in BLOCK_VALUES]
    assert {*inner, "h", "z", "p", "L"} == set(made) - {"hf"}


def test_its_weights_are_every_bit_and_their_size_is_known_before_they_are_packed():
    for model in (Model.random(seed=1, D=3, F=5, H=1), Model.random(dtype=np.float32)):
        packed = tape.weights(model)
        assert tape.weight_bytes(model) == sum(len(array["base64"]) for array in packed.values())
        assert {name: array["shape"] for name, array in packed.items()} == {
            name: list(array.shape) for name, array in model.weights.items()
        }
        assert {array["dtype"] for array in packed.values()} == {model.dtype.name}
    assert tape.weight_bytes(Model.trained()) < 1 << 20


def test_the_settings_are_those_of_the_walk_out_and_what_does_not_fit_is_told():
    model = Model.random()
    tokens, y = [[0, 3, 5], [2, 4]], [[3, -1, 1], [-1, 6]]
    values, settings = forward(model, tokens, y), tape.settings(model, tokens, y)
    assert [settings[name] for name in ("tokens", "places", "y")] == [
        values[name].tolist() for name in ("tokens", "places", "y")
    ]
    assert settings["attends"] == np.isfinite(values.S[0]).tolist()
    assert (settings["H"], settings["eps"]) == (model.settings["H"], model.settings["eps"])
    for tokens_, y_, told in (([0, 99], [1, 2], "tokens: wanted word numbers"), ([0, 1], None, "y: ")):
        with pytest.raises(ValueError, match=re.escape(told)):
            tape.settings(model, tokens_, y_)
