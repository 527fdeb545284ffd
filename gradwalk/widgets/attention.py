"""The attention picture of a dial board: what the page needs to work alpha out for itself, at any setting.

Alpha is made of few numbers: x0, LN1, and what makes queries and keys. The page gets them as they stand at the start,
and for each dial the entries that it moves; board/alpha.js then walks from x0 to alpha as `walk.forward` does. So the
picture is exact at every setting and for any combination of dials, with nobody to ask.
"""

from __future__ import annotations

import numpy as np

from gradwalk import arguments, block
from gradwalk.dialect_table import DIALECTS, said
from gradwalk.model import Model
from gradwalk.names import BLOCK_WEIGHTS, look_up
from gradwalk.walk import Values

# The page works the picture out, and draws it, in every frame of a drag.
PAGE_WALKS = ("layer",)  # the norms that board/alpha.js knows: with another its picture would be wrong
MOST_NUMBERS, MOST_CELLS = 20_000, 1_000


def compose(model: Model, values: Values, name: str, indices: list[tuple[int, ...]], watch: str) -> dict:
    """The alpha of one block for a board with the dials `indices` of the weight `name`, as plain lists.

    `watch` is "alpha", or "blocks.0.alpha" where there are several blocks. ValueError for anything else, for a block
    after the weight's own (the dial changes what enters it), and for a picture that is too large to follow a hand.
    """
    q = _block(model, watch)
    own, line = block.line_of(model, name)
    if own is not None and own < q:
        raise ValueError(f"watch: {name} changes what enters block {q}; wanted block {own} or earlier, got {watch!r}")
    if model.settings["norm"] not in PAGE_WALKS:
        raise arguments.refused("watch", f"a model whose norm the page can walk: {PAGE_WALKS}", model.settings["norm"])
    here, weights = values.blocks[q], model.blocks[q]
    made_of = {"x0": here.x0, **{part: np.atleast_2d(weights[part]) for part in _made_of(model)}}
    known = {**model.weights, "tokens": values.tokens, "places": values.places}
    numbers = sum(array.size for array in made_of.values())
    firsts = np.arange(len(values.places)) - values.places  # (T,)
    cells = int((values.places + 1).sum()) * model.H
    if numbers > MOST_NUMBERS or cells > MOST_CELLS:
        wanted = f"at most {MOST_CELLS} shares, made of at most {MOST_NUMBERS} numbers"
        raise ValueError(f"watch: wanted {wanted}, got {cells} and {numbers} with T={len(firsts)}, {model!r}")
    return {
        "of": watch,
        "block": q,
        "names": {which: called for which in DIALECTS if (called := _called(which))},
        "words": [model.label(i) for i in values.tokens],
        "scored": (values.y >= 0).tolist(),
        "firsts": firsts.tolist(),  # position t looks at firsts[t] … t
        "heads": model.H,
        "eps": model.settings["eps"],
        "made_of": {part: array.tolist() for part, array in made_of.items()},
        "moves": [_moved(line, known, name, index, made_of if own == q else ()) for index in indices],
    }


def _block(model, watch):
    """The number of the block that is watched."""
    several = len(model.blocks) > 1
    known = [f"blocks.{q}.alpha" for q in range(len(model.blocks))] if several else ["alpha"]
    if not isinstance(watch, str) or watch not in known:
        wanted = " or ".join(map(repr, known[:3])) + (" and so on" if len(known) > 3 else "")
        raise arguments.refused("watch", wanted, watch)
    return known.index(watch)


def _made_of(model):
    """The weights on the way from x0 to alpha, in order."""
    before, lines = {"alpha"}, block.block(model.settings)
    for line in reversed(lines):
        before.update(line.takes if line.value in before else ())
    return [name for line in lines if line.value in before for name in line.takes if name in BLOCK_WEIGHTS]


def _called(dialect):
    """Its title in a dialect; empty where that has no name for it."""
    if dialect == "course":
        return f"alpha, {look_up('alpha').word.split(',')[0]}"
    return getattr(said("alpha", dialect), "name", "")


def _moved(line, known, name, index, made_of):
    """What a dial moves on the way to alpha: an array and its entries [row, column]; nothing for other weights."""
    bare = name.split(".")[-1]
    if line.value in made_of:
        return [line.value, np.argwhere(block.push(line, known, name, index)).tolist()]
    if bare in made_of:
        return [bare, [list(index) if len(index) == 2 else [0, index[0]]]]
    return ["x0", []]
