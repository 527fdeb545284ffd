"""The walk out, from words to the loss, and the walk back, from the loss to every weight."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradwalk import (
    arguments,
    block,
    step1_output,
    step2_mlp,
    step3_layernorm,
    step4_residual,
    step5_attention,
    step6_embedding,
)
from gradwalk.model import Model, TooLarge
from gradwalk.names import BLOCK_VALUES, VALUES, Named, unknown


class Values(Named):
    """What a forward pass leaves behind, by name. With one block its values stand here too: `values.x1`."""


class Gradients(Named):
    """The slope of the loss in every weight, value and share: `grads.dL_dW`, `grads.dL_dx1_via_v`."""

    def as_checkpoint(self) -> dict[str, np.ndarray]:
        """The weights' gradients by GPT-2's checkpoint names, in that checkpoint's layout."""
        from gradwalk import checkpoint

        return checkpoint.gpt2_layout(self)


def forward(model: Model, tokens, y=None, hold: Mapping[str, np.ndarray] | None = None) -> Values:
    """The walk out. Every value by its name, down to the loss `values.L` in nats.

    tokens: (T,) word numbers, or a list of such sentences, laid end to end: places restart and nobody attends into
    another sentence. y: the same layout, the true next word of each position, -1 where nothing is scored; without y
    there is no loss. hold: values set by hand, such as {"h": array} ("blocks.0.x1" where there are several blocks);
    the walk goes on from them. A held value may carry one more axis in front, many settings side by side, and all
    that follows then carries it too.

    ValueError for anything that does not fit, and where numbers grow too large for the model's dtype.
    """
    arguments.instance("model", model, Model)
    held = dict(arguments.instance("hold", {} if hold is None else hold, Mapping))
    names = tuple(held)

    def keep(store, name, array, prefix=""):
        """Store a value under its name, or the one that is held in its place."""
        for key in (prefix + name, name if len(model.blocks) == 1 else None):
            if key in held and name != "p":  # nothing goes on from p
                array = _check_held(key, held.pop(key), array, model)
        store[name] = array
        return array

    values = _walk_out(model, tokens, y, keep)
    if held:
        name = next(iter(held))
        if name in BLOCK_VALUES:
            raise ValueError(
                f"hold: wanted {name} of one of the {len(model.blocks)} blocks, 'blocks.0.{name}', got {name!r}"
            )
        raise ValueError(f"hold: {unknown('value', name, [*BLOCK_VALUES, *({'hf', 'z'} & set(values))])}")
    values.came_from = (model, model.version, names)
    return values


def _walk_out(model, tokens, y, keep):
    """From the words to the loss; `keep(store, name, array, prefix)` stores a value and returns what goes on."""
    tokens, places, attends, lengths = _lay_out(tokens, model)
    values = Values(tokens=tokens, places=places, blocks=[])
    if y is not None:
        values.y = _check_y(y, lengths, model)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # told in words, below
        _walk_lines(model, values, attends, keep)
    _check_size(model, values)
    return values


def _walk_lines(model, values, attends, keep):
    """Every line of the walk out, in order."""
    known = {"tokens": values.tokens, "places": values.places, "attends": attends, **model.settings, **model.weights}
    block.run(block.way_in(), known, lambda name, array: array)
    for q, weights in enumerate(model.blocks):
        here = Values()

        def kept(name, array, here=here, prefix=f"blocks.{q}."):
            return keep(here, name, array, prefix)

        known |= weights
        known["x0"] = kept("x0", known["h" if q else "x0"])  # what one block made is what the next begins with
        block.run(block.block(model.settings), known, kept)
        values.blocks.append(here)
    if len(model.blocks) == 1:
        values.update(values.blocks[0])
    values.h = known["h"]
    block.run(block.way_out(model.settings, model.weights), known, lambda name, array: keep(values, name, array))
    if "y" in values:
        values.L = step1_output.loss(values.z, values.y)


def backward(model: Model, values: Values) -> Gradients:
    """The walk back. The slope of the loss in every weight (`grads.dL_dW1`), value (`grads.dL_dh`) and share.

    Each gradient has the shape of what it is the gradient of. With several blocks a block's own are in
    `grads.blocks[q]`. ValueError if the model has been written to since, or if a value was held by hand, or if
    nothing was scored.
    """
    arguments.instance("model", model, Model)
    if "came_from" not in arguments.instance("values", values, Values):
        raise ValueError("values: wanted what forward gave, got others")
    made_by, version, held = values.came_from
    if made_by is not model:
        raise ValueError("values: these came from another model; run forward with this one")
    if version != model.version:
        raise ValueError("values: the model has been turned since; run forward again")
    if held:
        raise ValueError(f"values: {held[0]} was held by hand, no weight made it; run forward without hold")
    return _walk_back(model, values, _backward_block)


def _walk_back(model, values, through_block):
    """From the loss to the words; `through_block` is the way back through one block."""
    if "y" not in values:
        raise ValueError("values: wanted scored positions, nothing was scored; give forward a y")
    grads = Gradients(blocks=[Gradients() for _ in model.blocks])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # told in words, below
        _walk_lines_back(model, values, grads, through_block)
    _check_slopes(model, grads)
    return grads


def _walk_lines_back(model, values, grads, through_block):
    """Every step of the walk back, in order."""
    weights = Named(model.weights)
    step1_output.backward(weights, values, grads)
    upstream = grads.dL_dh  # (T, D)
    for q in reversed(range(len(model.blocks))):
        slopes = grads.blocks[q]
        slopes.dL_dh = upstream
        through_block(model.blocks[q], values.blocks[q], slopes, model.activation)
        upstream = slopes.dL_dx0
    grads.dL_dx0 = upstream
    if len(model.blocks) == 1:
        grads.update(grads.blocks[0])
    step6_embedding.backward(weights, values, grads)


def _backward_block(weights, values, grads, activation):
    """One block, last line first: dL_dh in, dL_dx0 out."""
    step4_residual.fork_h(grads)
    step2_mlp.backward(weights, values, grads, activation)
    step3_layernorm.backward(weights, values, grads)
    step4_residual.join_x1(grads)
    step5_attention.backward(weights, values, grads)
    step4_residual.join_x0(grads)


def sentences(argument: str, given: object) -> list[np.ndarray]:
    """One sentence, or a list of sentences, as a list of rows of whole numbers: arrays of their own.

    ValueError, naming the argument, for anything else.
    """
    if isinstance(given, (str, bytes)):
        raise ValueError(
            f"{argument}: wanted word numbers, got {arguments.shown(given)}; model.read makes them of a text"
        )
    several = isinstance(given, (list, tuple)) and len(given) > 0 and not np.isscalar(given[0])
    return [arguments.row(argument, sentence) for sentence in (given if several else [given])]


MOST_MASKED = 2**30  # bytes of attention tables for sentences that do not look at one another: nearly all is masked


def _lay_out(tokens, model):
    """Sentences end to end: tokens (T,), places (T,), attends (T, T): the same sentence, not later; the lengths."""
    rows = sentences("tokens", tokens)
    lengths = [len(row) for row in rows]
    if max(lengths) > model.T_max:
        raise ValueError(f"tokens: a sentence has {max(lengths)} positions, the model has {model.T_max} places")
    tokens = np.concatenate(rows)  # (T,)
    if tokens.min() < 0 or tokens.max() >= model.N:
        raise ValueError(f"tokens: wanted word numbers from 0 to {model.N - 1}, got {tokens.min()} to {tokens.max()}")
    # S and alpha of every head and block, and what makes them: each position's row runs over all positions
    tables = model.dtype.itemsize * len(tokens) ** 2 * model.H * 2 * (len(model.blocks) + 1)
    what = f"the scores and shares of {len(tokens):,} positions, T × T for each of {model.H} heads,"
    logits = model.dtype.itemsize * len(tokens) * model.N * 3
    arguments.memory("tokens", tables + logits, what, MOST_MASKED if len(rows) > 1 else None)
    places = np.concatenate([np.arange(length) for length in lengths])  # (T,)
    sentence = np.repeat(np.arange(len(lengths)), lengths)  # (T,)
    attends = (sentence[:, None] == sentence) & (places <= places[:, None])  # (T, T)
    return tokens, places, attends, lengths


def _check_y(y, lengths, model):
    rows = sentences("y", y)
    came = [len(row) for row in rows]
    if came != lengths:
        raise ValueError(f"y: wanted as many entries as tokens, sentence by sentence {lengths}, got {came}")
    y = np.concatenate(rows)  # (T,)
    if y.min() < -1 or y.max() >= model.N:
        raise ValueError(f"y: wanted -1 or word numbers up to {model.N - 1}, got {y.min()} to {y.max()}")
    if y.max() < 0:
        raise ValueError("y: no scored position: every entry is -1")
    return y


def _check_held(name, given, usual, model):
    """A held value as an array of its own: of the usual shape, or with one more axis in front."""
    wanted = usual.shape[-len(VALUES[name.split(".")[-1]].shape) :]
    try:
        array = np.asarray(given)
    except Exception:  # ragged, or no array at all
        raise arguments.refused("hold", f"{name} as an array of shape {wanted}", given) from None
    if array.shape[-len(wanted) :] != wanted or array.ndim > len(wanted) + 1:
        raise ValueError(f"hold: {name} came with shape {array.shape}, wanted {wanted}, or one more axis in front")
    if array.ndim > len(wanted):
        settings, T = len(array), usual.shape[-2]
        numbers = settings * T * (3 * model.N + 4 * (model.D + model.F) + 3 * model.H * T)
        arguments.memory("hold", usual.dtype.itemsize * numbers, f"{settings:,} settings of {name} side by side")
    if array.dtype.kind not in "fiu":
        raise ValueError(f"hold: {name} came as {array.dtype}, wanted real numbers")
    hidden = array == -np.inf if name.split(".")[-1] == "S" else False  # a masked score
    if not (np.isfinite(array) | hidden).all():
        raise ValueError(f"hold: {name} holds {'NaN' if np.isnan(array).any() else 'a number that is not finite'}")
    return array.astype(usual.dtype)


def _check_size(model, values):
    """TooLarge if the walk out left the dtype's numbers. A norm squares what comes in: there the root is the limit."""
    most = float(np.sqrt(np.finfo(model.dtype).max / model.D)) / 2
    normed = [(f"blocks.{q}.{name}", here[name]) for q, here in enumerate(values.blocks) for name in ("x0", "x1")]
    normed += [("h", values.h)] if "hf" in values else []
    for name, x in normed:
        if not np.abs(x).max() < most:  # a NaN is not, either
            raise _too_large(model, name, "is too large to be normed, or no number,")
    for q, here in enumerate(values.blocks):  # a softmax looks at differences: of numbers this large none is left
        if not np.abs(here.S[np.isfinite(here.S)]).max(initial=0) < 1 / np.sqrt(np.finfo(model.dtype).eps):
            raise _too_large(model, f"blocks.{q}.S", "is so large that half the digits of its differences are lost")
    last = "L" if "L" in values else "z"
    if not np.isfinite(values[last]).all():
        raise _too_large(model, last, "is no number any more")


def _check_slopes(model, grads):
    """TooLarge if a slope is no number. Those of N rows are left out: they follow from the others, and cost a pass."""
    for q, here in enumerate(grads.blocks):
        for name, array in here.items():
            if not np.isfinite(array).all():
                raise _too_large(model, f"blocks.{q}.{name}", "is no number any more")


def _too_large(model, name, what):
    bare = name if len(model.blocks) > 1 else name.removeprefix("blocks.0.")
    return TooLarge(f"model: {bare} {what} in {model.dtype}; wanted smaller weights or values")
