"""What the walk out takes: sentences laid end to end, the words that follow, and values that are held by hand."""

from __future__ import annotations

import numpy as np

from gradwalk import arguments
from gradwalk.names import VALUES


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


def lay_out(tokens, model):
    """Sentences end to end: tokens (T,), places (T,), attends (T, T): the same sentence, not later; the lengths."""
    rows = sentences("tokens", tokens)
    lengths = [len(row) for row in rows]
    if max(lengths) > model.T_max:
        raise ValueError(f"tokens: a sentence has {max(lengths)} positions, the model has {model.T_max} places")
    tokens = np.concatenate(rows)  # (T,)
    if tokens.min() < 0 or tokens.max() >= model.N:
        raise ValueError(f"tokens: wanted word numbers from 0 to {model.N - 1}, got {tokens.min()} to {tokens.max()}")
    enough_memory(len(tokens), len(tokens), model, MOST_MASKED if len(rows) > 1 else None)
    return tokens, *places_of(*lengths), lengths


def enough_memory(positions, together, model, most=None, tables=1):
    """ValueError if there is no room for a walk over so many positions, in so many tables of so many positions each."""
    # S and alpha of every head and block, and what makes them: each position's row runs over all of its table
    numbers = tables * together**2 * model.H * 2 * (len(model.blocks) + 1)
    what = f"the scores and shares of {together:,} positions, T × T for each of {model.H} heads,"
    logits = positions * model.N * 3
    arguments.memory("tokens", model.dtype.itemsize * (numbers + logits), what, most)


def places_of(*lengths):
    """Of sentences of these lengths, end to end: each position's place, (T,), and where it may look, (T, T)."""
    places = np.concatenate([np.arange(length) for length in lengths])  # (T,)
    sentence = np.repeat(np.arange(len(lengths)), lengths)  # (T,)
    attends = (sentence[:, None] == sentence) & (places <= places[:, None])  # (T, T)
    return places, attends


def next_words(y, lengths, model):
    """The next words end to end: y (T,), laid out as the tokens are."""
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


def held_value(name, given, usual, model):
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
