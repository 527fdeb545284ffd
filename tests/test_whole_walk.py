"""Nothing is simulated: the numbers of the whole walk are those of the stops before it, and those of a fresh walk.

6b_whole_walk makes every gradient of the block in one chain and prints, under heads such as `dL_dh[t]`, some of its
numbers. Here the stored outputs are compared: with the stored outputs of the stop that derives each gradient, and
with `backward`.
"""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest

from gradwalk import Model, backward, forward, step3_layernorm
from gradwalk.names import look_up
from gradwalk.show import number

FOLDER = Path(__file__).parents[1] / "notebooks"


def plain(cell):
    """What a cell says; a number of more than 4 digits after the point is cut to them, as the chain's are."""
    cell = cell.strip()
    return number(float(cell.replace("−", "-"))) if re.fullmatch(r"−?\d+\.\d{5,}", cell) else cell


@cache
def tables(stop):
    """Every table in a notebook's stored outputs, as (the cell's id, a list of rows of text, the head first)."""
    found = []
    for cell in nbformat.read(FOLDER / f"{stop}.ipynb", as_version=4).cells:
        for output in cell.get("outputs", []):
            page = Tables()
            page.feed("".join(output.get("data", {}).get("text/html", "")))
            found += [(cell.id, [[plain(part) for part in row] for row in rows]) for rows in page.found]
    return found


class Tables(HTMLParser):
    """The tables of a page: rows of cells, each its text."""

    def __init__(self):
        super().__init__()
        self.found, self.inside = [], False

    def handle_starttag(self, tag, attributes):
        """A table, a row or a cell begins."""
        if tag == "table":
            self.found.append([])
        elif tag == "tr":
            self.found[-1].append([])
        elif tag in ("th", "td"):
            self.found[-1][-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        """A cell ends."""
        self.inside = self.inside and tag not in ("th", "td")

    def handle_data(self, data):
        """What stands in a cell."""
        if self.inside:
            self.found[-1][-1][-1] += data


def chain():
    """The columns of the whole walk's chain: by head, such as `dL_dh[t]`, the numbers as printed."""
    printed = {}
    for cell, rows in tables("6b_whole_walk"):
        if cell.startswith("chain-"):
            for head, *numbers in zip(*rows, strict=True):
                if head.startswith("dL_d"):
                    assert printed.setdefault(head, numbers) == numbers, f"{head} stands there twice, and differs"
    return printed


CHAIN = chain()
# Where a gradient's numbers stand, if not at the stop that derives it.
ELSEWHERE = {"dL_dx0": "4c_free_identity_path", "dL_dx0_via_n": "4c_free_identity_path"}


def stands_in(numbers, rows):
    """Do these numbers stand next to one another, in this order, in some row or column of a table?"""
    lines = [*rows, *map(list, zip(*rows, strict=True))]
    return any(numbers == line[k : k + len(numbers)] for line in lines for k in range(len(line) - len(numbers) + 1))


def says(rows, head):
    """Does a table hold a column of the chain, or at least one number of it under that number's own name?"""
    entries = set(zip(names_of(head), CHAIN[head], strict=True))
    return stands_in(CHAIN[head], rows) or any(tuple(column) in entries for column in zip(*rows, strict=True))


@cache
def walked():
    """What the heads of the columns speak of, made afresh: every gradient of the scene, the position t, the word."""
    model = Model.random(seed=290)
    tokens, y = model.read("the dog slept by the fire")
    grads = backward(model, forward(model, tokens, y))
    return {**grads, "t": 4, "the": model.words.index("the")}


def afresh(head, names):
    """The numbers of a column, as its head says it: `dL_dW1[:, 0]` is an expression."""
    return [number(float(x)) for x in eval(head, {}, names)]


def names_of(head):
    """Each number's own name: those of `dL_dW_Q[1]` are `dL_dW_Q[1, 0]`, `dL_dW_Q[1, 1]`, ..."""
    name, names = head.split("[")[0], walked()
    spots = np.arange(names[name].size).reshape(names[name].shape)
    return [
        f"{name}[{', '.join(map(str, np.unravel_index(spot, spots.shape)))}]"
        for spot in eval(head, {}, {**names, name: spots})
    ]


def test_every_gradient_of_the_walk_back_is_in_the_chain():
    assert {head.split("[")[0] for head in CHAIN} == {name for name in walked() if name.startswith("dL_d")}


def test_the_chain_is_a_walk_run_afresh():
    names = walked()
    assert {head: afresh(head, names) for head in CHAIN} == CHAIN


@pytest.mark.parametrize("head", CHAIN)
def test_the_chain_says_what_the_stop_said(head):
    name = head.split("[")[0]
    stop = ELSEWHERE.get(name, look_up(name).derived)
    assert any(says(rows, head) for _, rows in tables(stop)), f"{stop} does not say {head}: {' '.join(CHAIN[head])}"


# Each comparison was seen to fail.


def test_one_changed_digit_at_a_stop_is_noticed():
    numbers = CHAIN["dL_dh[t]"]
    (_, rows) = next((cell, rows) for cell, rows in tables("1e_intended_meaning") if stands_in(numbers, rows))
    changed = [[cell.replace(numbers[1], numbers[1][:-1] + "9") for cell in row] for row in rows]
    assert not stands_in(numbers, changed)


def test_numbers_in_another_order_are_noticed():
    rows = [rows for _, rows in tables("1e_intended_meaning")]
    assert any(stands_in(CHAIN["dL_dh[t]"], one) for one in rows)
    assert not any(stands_in(CHAIN["dL_dh[t]"][::-1], one) for one in rows)


def test_a_single_number_needs_its_own_name():
    entry, said = names_of("dL_dW_Q[1]")[3], CHAIN["dL_dW_Q[1]"][3]
    assert entry == "dL_dW_Q[1, 3]"
    assert says([["loss", entry], ["1.8724", said]], "dL_dW_Q[1]")
    assert not says([["loss", "dL_dW_K[1, 3]"], ["1.8724", said]], "dL_dW_Q[1]")
    assert not says([["loss", entry], ["1.8724", said + "1"]], "dL_dW_Q[1]")


def test_a_wrong_step_is_noticed(breaks):
    breaks(step3_layernorm, "(dL_dx_hat - dL_dx_hat.mean(axis=-1, keepdims=True) - ", "(dL_dx_hat - ")
    names = walked.__wrapped__()  # not the one that is remembered
    off = {head.split("[")[0] for head in CHAIN if afresh(head, names) != CHAIN[head]}
    assert {"dL_dx1_via_v", "dL_dx1", "dL_da", "dL_dW_O", "dL_dE"} <= off
    assert not off & {"dL_dz", "dL_dW", "dL_dh", "dL_dv"}  # what lies before it on the way back
