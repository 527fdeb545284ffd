"""The block said once: every value made by one line, every weight taken by one, and each line is what it says."""

import numpy as np
import pytest
from shapes import case

from gradwalk import block, walk
from gradwalk.names import BLOCK_VALUES, BLOCK_WEIGHTS, SHARES

FORMS = pytest.mark.parametrize("number", [0, 17, 24, 26, 35, 36, 47, 49, 62])


def known_of(number, q=0):
    """A case's lines with all that is known at block q; without what another block makes."""
    model, tokens, y = case(number)
    values = walk.forward(model, tokens, y)
    known = {**model.weights, **values, **model.blocks[q], **values.blocks[q], **model.settings}
    known["attends"] = np.isfinite(known["S"])
    last = q == len(model.blocks) - 1
    mine = [
        *(block.way_in() if q == 0 else []),
        *block.block(model.settings),
        *(block.way_out(model.settings, model.weights) if last else []),
    ]
    return model, mine, known


@FORMS
def test_every_value_is_made_by_one_line_and_every_weight_taken_by_one(number):
    model = case(number).model
    made = [line.value for line in block.lines(model)]
    assert made == [*BLOCK_VALUES, *(["hf"] if "gammaf" in model.weights else []), "z", "p"]  # the ledger's order
    taken = [name for line in block.lines(model) for name in line.takes]
    bare = {name.split(".")[-1] for name in model.weights}
    for name in bare:
        assert taken.count(name) == (2 if name == "E" and "W" not in bare else 1), name
    assert set(taken) <= {*bare, *made, *block.SETTINGS}
    assert set(BLOCK_WEIGHTS) <= bare


def test_the_ledger_has_a_share_for_every_road_where_one_value_has_several():
    """In every form: E has two uses where it is tied, and a value that goes on twice is told of twice."""
    forks = set()
    for number in (0, 17, 24, 26, 35, 36, 47, 49, 62):
        roads = [(name, line.value) for line in block.lines(case(number).model) for name in line.takes]
        taken = [name for name, _ in roads if name not in block.SETTINGS]
        forks |= {(name, value) for name, value in roads if taken.count(name) > 1}
    assert forks == set(SHARES)


@FORMS
def test_a_line_takes_only_what_is_known_before_it(number):
    model = case(number).model
    known = {*block.SETTINGS, *(name.split(".")[-1] for name in model.weights)}
    for line in block.lines(model):
        assert set(line.takes) <= known, line.value
        known.add(line.value)


@FORMS
def test_each_line_makes_the_value_that_the_walk_has(number):
    for q in range(len(case(number).model.blocks)):
        _, mine, known = known_of(number, q)
        for line in mine:
            made = line.function(*(known[name] for name in line.takes))
            assert np.array_equal(made, known[line.value]), line.value


@FORMS
def test_a_line_is_straight_where_it_says_so_and_only_there(number):
    """Twice the push moves it twice as far, in each input alone; a curved line fails that in one input at least."""
    _, mine, known = known_of(number)
    rng = np.random.default_rng(number)
    for line in mine:
        bends = []
        for k, name in enumerate(line.takes):
            if name in block.SETTINGS:
                continue
            given = [known[taken] for taken in line.takes]
            here, push = given[k], rng.standard_normal(given[k].shape)
            moved = []
            for times in (0, 1, 2):
                given[k] = here + times * push
                value = line.function(*given)
                moved.append(np.where(np.isfinite(value), value, 0))
            bends.append(np.abs(moved[2] - 2 * moved[1] + moved[0]).max())
        assert (max(bends) < 1e-12) == line.straight, (line.value, bends)


@FORMS
def test_a_line_goes_entry_by_entry_where_it_says_so_and_only_there(number):
    """The last entry of its first input moves: an entrywise line moves in that place alone, any other elsewhere too."""
    _, mine, known = known_of(number)
    for line in mine:
        given = [known[taken] for taken in line.takes]
        shape = known[line.value].shape
        if np.shape(given[0]) != shape:
            assert not line.entrywise, line.value  # no place is the same
        elif shape[-1] > 1:
            given[0] = given[0].copy()
            given[0].flat[-1] += 0.5 + np.abs(given[0].flat[-1])  # over a mute's edge
            moved = np.flatnonzero(line.function(*given) != known[line.value])
            alone = len(line.takes) == 1 and set(moved) <= {given[0].size - 1}
            assert alone == line.entrywise, line.value


@FORMS
def test_a_push_is_what_a_turn_of_1_does(number):
    for q in range(len(case(number).model.blocks)):
        model, mine, known = known_of(number, q)
        rng = np.random.default_rng(number)
        for line in mine:
            for name in set(line.takes) & {weight.split(".")[-1] for weight in model.weights}:
                index = tuple(int(rng.integers(n)) for n in known[name].shape)
                turned = known[name].copy()
                turned[index] += 1
                moved = line.function(*({**known, name: turned}[taken] for taken in line.takes))
                push = block.push(line, known, name, index)
                assert np.allclose(moved - known[line.value], push, rtol=0, atol=1e-12, equal_nan=True), (
                    line.value,
                    name,
                )


def test_the_line_of_a_weight_and_its_block():
    deep = case(35).model
    assert len(deep.blocks) == 2
    assert (block.line_of(deep, "blocks.1.W1")[0], block.line_of(deep, "blocks.1.W1")[1].value) == (1, "u")
    assert (block.line_of(deep, "E")[0], block.line_of(deep, "E")[1].value) == (0, "x0")
    out = block.line_of(deep, "b" if "b" in deep.weights else "gammaf")
    assert (out[0], out[1].value) in [(None, "z"), (None, "hf")]
    with pytest.raises(KeyError, match="W9"):
        block.line_of(deep, "W9")
