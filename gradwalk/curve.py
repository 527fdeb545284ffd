"""The loss at many settings of a dial: where one word's logit moves, where all move along one direction, along few.

At each scored position the true word, and one more whose logit moves on its own, are held against the rest of the
words: -log p_y = log(1 + what all others have / what the true word has).
"""

from __future__ import annotations

import numpy as np

from gradwalk import block, moving
from gradwalk.model import Model, TooLarge
from gradwalk.names import WEIGHTS
from gradwalk.step1_output import logsumexp
from gradwalk.walk import Values

AT_ONCE = 2**23  # numbers: so many logits or losses go side by side, within 64 MB
IN_CACHE = 2**17  # numbers: what is gone over several times is to stay near the processor
SUMMED = 0.1  # of all shares: where the rest has less, 1 minus the others' has lost a digit, and it is summed instead


def losses(
    model: Model, values: Values, said: moving.Moving | np.ndarray, word: int | None = None, extra=None
) -> np.ndarray:
    """The loss at K settings, (K,), where `said` moves, what meets the vocabulary: as directions, or whole (K, T, D).

    extra: by how much the logit of `word` moves besides, (K, T).
    """
    line = block.way_out(model.settings, model.weights)[-2]
    name, scored = line.takes[0], np.flatnonzero(values.y >= 0)  # (M,)
    y, z, still = values.y[scored], values.z[scored], values[name][scored]  # (M,), (M, N), (M, D)
    few = isinstance(said := moving.narrow(model, said, values[name]), moving.Moving)
    said = (
        moving.Moving(still, said.directions[:, scored], said.amounts[scored])
        if few
        else np.ascontiguousarray(said[:, scored])
    )

    def logits(words):
        """Those of some words as they move: along directions, or whole (K, M, words)."""
        known = {taken: model.weights[taken][words] for taken in line.takes if taken in WEIGHTS}
        known |= {name: still, line.value: z[:, words]}
        return (moving.straight if few else moving.at_each)(line, known, name, said)

    M, apart = np.arange(len(y)), logits(y if word is None else np.append(y, word))
    apart = apart.whole() if few else apart  # (K, M, M or M + 1)
    z_y, z_i = apart[:, M, M], None if word is None else apart[:, :, -1] + extra[:, scored]  # (K, M)
    z[M, y] = -np.inf
    if word is not None:
        z[:, word] = -np.inf

    one = few and len(said.directions) == 1
    rows = (len(said.directions) if few else len(said)) * len(y)
    some = model.N if one else max(1, min(IN_CACHE // len(z_y), AT_ONCE // rows))  # words at once
    rest = np.full(z_y.shape, -np.inf)  # (K, M)
    for words in (slice(k, k + some) for k in range(0, model.N, some)):
        part = logits(words)
        if not few:
            part[:, np.isneginf(z[:, words])] = -np.inf
        for m in M:
            if one:
                there = logsumexp_along(part.still[m], part.directions[0, m], part.amounts[m, :, 0])  # (K,)
            elif few and not said.directions[:, m].any():
                there = logsumexp(part.still[m])
            else:
                moved = part.still[m] + part.amounts[m] @ part.directions[:, m] if few else part[:, m]  # (K, words)
                there = logsumexp(moved)  # (K,)
            rest[:, m] = np.logaddexp(rest[:, m], there)
    return of_parts(rest, z_y, z_i, y == word)


def of_parts(rest, z_y, z_i=None, true=None) -> np.ndarray:
    """The loss at K settings from what moves of the logits: of the true words z_y and of word i, z_i, all (K, M).

    rest: log sum of the exp of all other words' logits; true: where word i is the true one, (M,). The mean over the
    scored positions, (K,).
    """
    odds = rest - z_y if z_i is None else np.where(true, rest - z_i, np.logaddexp(rest, z_i) - z_y)  # others / true
    return np.logaddexp(0, odds).mean(axis=1)  # (K,)


def logsumexp_along(z, direction, amounts) -> np.ndarray:
    """log sum_k exp(z_k + amount × direction_k) for every amount: z, direction (N,), amounts (K,). Shape (K,).

    Near one amount the sum is a power series in how far another is from there; its coefficients are the moments of the
    direction under exp(z). Every amount has a middle so near that no exponent moves by more than 1/2, and the series
    goes on until what is left of it is rounding: it is as exact as the sum, at a few exps a word.
    """
    farthest = np.abs(direction).max() or 1.0
    sums = np.full(len(amounts), np.nan)  # (K,)
    near = np.rint(amounts * farthest)  # (K,)
    for group in np.unique(near[np.isfinite(near)]):
        here = near == group  # (K,)
        middle = (amounts[here].min() + amounts[here].max()) / 2
        x = (amounts[here] - middle).astype(float) * farthest  # each within 1/2
        shifted = z + middle * direction  # (N,)
        top = max(shifted.max(), np.finfo(z.dtype).min)
        weight, unit = np.exp(shifted - top), direction / farthest  # (N,), (N,) within 1
        total, factor, order = np.zeros(len(x)), np.ones(len(x)), 0
        while True:
            total += factor * weight.sum(dtype=float)
            order += 1
            factor = factor * x / order
            if not np.abs(factor).max() > np.finfo(z.dtype).eps / 4:
                break
            weight *= unit
        sums[here] = np.log(total) + top
    return sums


def rest_of(z, p, t, apart) -> np.ndarray:
    """log sum_k exp(z_k) over all words but those told apart, at the positions t (M,): z, p (T, N). Shape (M,).

    apart: word numbers, the same at every position (A,) or each position's own (M, A); one may come twice. Had by the
    words' shares, without another sum over the vocabulary, where these leave the rest enough of the whole.
    """
    apart = np.sort(np.broadcast_to(apart, (len(t), np.shape(apart)[-1])))  # (M, A)
    shares = p[t[:, None], apart].astype(float)  # (M, A)
    shares[np.diff(apart, prepend=-1) == 0] = 0
    share, A = 1 - shares.sum(axis=1), (np.arange(len(t)), shares.argmax(axis=1))  # (M,), the largest share of each
    with np.errstate(all="ignore"):  # where so little is left it is summed; of no word it is -inf
        rest = z[t, apart[A]] + np.log(share / shares[A])  # (M,)
        for m in np.flatnonzero((share < SUMMED) | (shares[A] < np.finfo(p.dtype).tiny)):
            others = z[t[m]].astype(float)  # (N,)
            others[apart[m]] = -np.inf
            rest[m] = logsumexp(others)
    return rest


def response(z, p, y, i: int, factor, nudges) -> np.ndarray:
    """The loss when word i's logit moves by nudge × factor[t]: exact, in closed form. Shape (K,).

    z, p (T, N), y (T,), factor (T,), nudges (K,). Of the exponentials one moves, word i's, which may be the true
    word's. All others are one number for all nudges, and their share is 1 less that of the words told apart. So at a
    scored position the loss changes by log(1 - p_i + p_i exp(delta)) - [i = y_t] delta, with delta = nudge × factor[t].
    TooLarge where it is no number.
    """
    t = np.flatnonzero(y >= 0)  # (M,)
    y, factor = y[t], factor[t].astype(float)  # (M,), (M,)
    z_y, z_i = z[t, y].astype(float), z[t, i].astype(float)  # (M,), (M,)
    rest = rest_of(z, p, t, np.stack([y, np.full_like(y, i)], axis=1))  # (M,)
    losses = np.empty(len(nudges))  # (K,)
    some = max(1, AT_ONCE // len(y))  # a long curve goes piece by piece
    with np.errstate(over="ignore", invalid="ignore"):  # told in words, below
        for k in range(0, len(nudges), some):
            moved = z_i + np.multiply.outer(nudges[k : k + some], factor)  # (some, M)
            losses[k : k + some] = of_parts(rest, z_y, moved, y == i)
    if not np.isfinite(losses).all():
        raise TooLarge(f"nudges: the loss is no number any more, got up to {np.abs(nudges).max():g}")
    return losses
