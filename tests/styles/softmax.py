"""Right shares of a row, and right messages back through them."""

import math

import numpy as np


def shares_of_a_row(row):
    e = np.exp(row - row.max())
    return e / e.sum()


def softmax_loops(z):
    made = np.zeros(z.shape)
    for place in np.ndindex(z.shape[:-1]):
        total = 0.0
        for i in range(z.shape[-1]):
            made[place][i] = math.exp(z[place][i])
            total += made[place][i]
        for i in range(z.shape[-1]):
            made[place][i] /= total
    return made


def softmax_lists(z):
    if z.ndim > 1:
        return [softmax_lists(one) for one in z]
    e = [math.exp(number) for number in z]
    return [one / sum(e) for one in e]


def softmax_in_place(z):
    made = z - z.max(axis=-1, keepdims=True)
    np.exp(made, out=made)
    made /= made.sum(axis=-1, keepdims=True)
    return made


def by_logsumexp(z):
    top = z.max(axis=-1, keepdims=True)
    return np.exp(z - top - np.log(np.exp(z - top).sum(axis=-1, keepdims=True)))


def rows_laid_flat(z):
    rows = z.reshape(-1, z.shape[-1])
    e = np.exp(rows)
    return (e.T / e.sum(axis=1)).T.reshape(z.shape)


def against_each_other(z):
    e = np.exp(z)
    return 1 / (e[..., None, :] / np.maximum(e, 1e-300)[..., :, None]).sum(axis=-1)  # e⁰ / Σ e^(z_k − z_i)


def online(z):
    """The largest and the sum kept while one goes along a row, as flash attention does."""
    top, total = np.full(z.shape[:-1], -1e300), np.zeros(z.shape[:-1])
    for i in range(z.shape[-1]):
        higher = np.maximum(top, z[..., i])
        total = total * np.exp(top - higher) + np.exp(z[..., i] - higher)
        top = higher
    return np.exp(z - top[..., None]) / total[..., None]


def largest_set_aside(z):
    shifted = z - np.amax(z, axis=-1)[..., np.newaxis]
    return np.exp(shifted) / np.sum(np.exp(shifted), axis=-1)[..., np.newaxis]


def normalised_rows(z):
    made = np.exp(z)
    for place in np.ndindex(z.shape[:-1]):
        made[place] = made[place] / np.linalg.norm(made[place], 1)
    return made


SOFTMAX = [
    lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True),
    softmax_in_place,
    lambda z: np.exp(z - z.max(-1, keepdims=True)) / np.exp(z - z.max(-1, keepdims=True)).sum(-1, keepdims=True),
    by_logsumexp,
    largest_set_aside,
    rows_laid_flat,
    lambda z: (lambda e: e / e.sum(axis=-1)[..., None])(np.exp(z)),
    lambda z: np.exp(z) / np.einsum("...s->...", np.exp(z))[..., None],
    lambda z: np.apply_along_axis(shares_of_a_row, -1, z),
    lambda z: np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True)),
    lambda z: np.exp(z) / (np.exp(z) @ np.ones(z.shape[-1]))[..., None],
    lambda z: np.exp(z) / (np.exp(z) @ np.ones((z.shape[-1], z.shape[-1]))),
    lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(axis=-1, keepdims=True),
    lambda z: np.moveaxis(np.exp(np.moveaxis(z, -1, 0)) / np.exp(np.moveaxis(z, -1, 0)).sum(0), 0, -1),
    lambda z: np.stack([shares_of_a_row(row) for row in z.reshape(-1, z.shape[-1])]).reshape(z.shape),
    lambda z: 2 ** (z / np.log(2)) / np.sum(2 ** (z / np.log(2)), axis=-1, keepdims=True),
    lambda z: np.exp(z) * np.reciprocal(np.add.reduce(np.exp(z), axis=-1, keepdims=True)),
    lambda z: np.exp(z) / np.cumsum(np.exp(z), axis=-1)[..., -1:],
    lambda z: np.power(np.e, z) / np.expand_dims(np.power(np.e, z).sum(axis=z.ndim - 1), -1),
    lambda z: np.exp(z) / (z.shape[-1] * np.exp(z).mean(axis=-1, keepdims=True)),
    softmax_loops,
    softmax_lists,
    against_each_other,
    online,
    normalised_rows,
]
P_FORMULAS = [
    "exp(z[t,i]) / sum k: exp(z[t,k])",
    "exp(z[t,n]) / Σ_m exp(z[t,m])",
    "1 / (sum k: exp(z[t,k] − z[t,i]))",
    "exp(z[t,i] − log(sum k: exp(z[t,k])))",
]
ALPHA_FORMULAS = [
    "exp(S[e,t,s]) / sum s': exp(S[e,t,s'])",
    "exp(S[h,t,s]) / Σ_k exp(S[h,t,k])",
    "exp(S[e,t,s] − log(sum s': exp(S[e,t,s'])))",
]


def S_row_by_row(d, alpha):
    made = np.zeros(alpha.shape)
    for e in range(alpha.shape[0]):
        for t in range(alpha.shape[1]):
            a = alpha[e, t]
            made[e, t] = (np.diag(a) - np.outer(a, a)) @ d[e, t]
    return made


def S_loops(d, alpha):
    H, T, _ = alpha.shape
    made = np.zeros((H, T, T))
    for e in range(H):
        for t in range(T):
            for s in range(T):
                for k in range(T):
                    made[e, t, s] += d[e, t, k] * alpha[e, t, k] * ((k == s) - alpha[e, t, s])
    return made


def S_lists(d, alpha):
    made = []
    for shares, messages in zip(alpha.tolist(), d.tolist(), strict=True):
        rows = []
        for a, g in zip(shares, messages, strict=True):
            average = sum(x * y for x, y in zip(a, g, strict=True))
            rows.append([x * (y - average) for x, y in zip(a, g, strict=True)])
        made.append(rows)
    return made


def S_in_place(d, alpha):
    made = d * alpha
    made -= alpha * made.sum(axis=-1, keepdims=True)
    return made


def S_measured(d, alpha):
    S, made, step = np.log(np.maximum(alpha, 1e-300)), np.zeros(alpha.shape), 1e-5
    for s in range(alpha.shape[2]):
        ends = []
        for nudge in (step, -step):
            e = np.exp(S + nudge * (np.arange(alpha.shape[2]) == s))
            ends.append((d * e / e.sum(axis=-1, keepdims=True)).sum(axis=-1))
        made[:, :, s] = (ends[0] - ends[1]) / (2 * step)
    return made


def S_from_both_parts(d, alpha):
    own = alpha * (1 - alpha) * d
    others = alpha * ((alpha * d).sum(axis=2, keepdims=True) - alpha * d)
    return own - others


def S_by_differences(d, alpha):
    """alpha_s Σ_k alpha_k (d_s − d_k), since the shares sum to 1."""
    return alpha * np.einsum("etk,etsk->ets", alpha, d[..., :, None] - d[..., None, :])


def S_in_the_page(dL_dalpha, alpha):
    J = alpha[..., :, None] * np.eye(alpha.shape[-1]) - alpha[..., :, None] * alpha[..., None, :]
    return (dL_dalpha[..., None, :] @ J)[..., 0, :]


DL_DS = [
    lambda dL_dalpha, alpha: alpha * (dL_dalpha - (alpha * dL_dalpha).sum(axis=-1, keepdims=True)),
    lambda dL_dalpha, alpha: alpha * dL_dalpha - alpha * (alpha * dL_dalpha).sum(-1)[..., None],
    lambda d, alpha: alpha * (d - np.einsum("ets,ets->et", alpha, d)[:, :, None]),
    S_in_place,
    lambda d, alpha: alpha * (d - np.sum(alpha * d, 2).reshape(*d.shape[:2], 1)),
    lambda d, alpha: (lambda w: w - alpha * w.sum(axis=-1, keepdims=True))(alpha * d),
    S_from_both_parts,
    S_in_the_page,
    lambda d, alpha: np.einsum("ets,etsS->etS", d, alpha[..., None] * (np.eye(alpha.shape[-1]) - alpha[:, :, None])),
    lambda d, alpha: np.stack(
        [[(np.diag(a) - np.outer(a, a)) @ g for a, g in zip(*head, strict=True)] for head in zip(alpha, d, strict=True)]
    ),
    lambda d, alpha: [
        [(a * (g - a @ g)).tolist() for a, g in zip(x, y, strict=True)] for x, y in zip(alpha, d, strict=True)
    ],
    lambda d, alpha: np.where(alpha > 0, alpha * (d - (alpha * d).sum(axis=-1, keepdims=True)), 0),
    lambda d, alpha: alpha * (d - (alpha[:, :, None, :] @ d[:, :, :, None])[:, :, 0]),
    lambda d, alpha: alpha * (d - np.diagonal(alpha @ d.swapaxes(1, 2), axis1=1, axis2=2)[..., None]),
    lambda d, alpha: alpha * d - np.einsum("ets,etk,etk->ets", alpha, alpha, d),
    lambda d, alpha: (alpha.T * (d.T - (alpha * d).sum(-1).T)).T,
    lambda d, alpha: alpha * (d - np.average(d, axis=-1, weights=alpha)[..., None]),
    lambda d, alpha: alpha * (d - ((alpha * d) @ np.ones((d.shape[2], d.shape[2])))),
    lambda d, alpha: np.exp(np.log(alpha)) * (d - (alpha * d).sum(axis=2)[:, :, np.newaxis]),
    S_by_differences,
    S_row_by_row,
    S_loops,
    S_lists,
    S_measured,
]
DL_DS_FORMULAS = [
    "α[e,t,s] (dL_dalpha[e,t,s] − sum s': α[e,t,s'] dL_dalpha[e,t,s'])",
    "alpha[e,t,s] dL_dalpha[e,t,s] − alpha[e,t,s] Σ_k alpha[e,t,k] dL_dalpha[e,t,k]",
    "sum k: dL_dalpha[e,t,k] alpha[e,t,k] ([k = s] − alpha[e,t,s])",
    "sum k: alpha[e,t,s] alpha[e,t,k] (dL_dalpha[e,t,s] − dL_dalpha[e,t,k])",
]
