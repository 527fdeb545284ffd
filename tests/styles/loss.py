"""Right messages from the loss to the logits: p − onehot at the scored positions, over their number."""

import numpy as np


def onehot(y, N):
    made = np.zeros((len(y), N))
    made[np.arange(len(y)), y] = 1
    return made


def loops(p, y):
    T, N = p.shape
    M = sum(1 for word in y if word >= 0)
    made = np.zeros((T, N))
    for t in range(T):
        for i in range(N):
            if y[t] >= 0:
                made[t, i] = (p[t, i] - (1 if i == y[t] else 0)) / M
    return made


def one_taken_off(p, y):
    made, scored = p.copy(), np.flatnonzero(y >= 0)
    made[scored, y[scored]] -= 1
    made[y < 0] = 0
    return made / len(scored)


def row_by_row(p, y):
    made, M = np.zeros_like(p), np.count_nonzero(y >= 0)
    for t, word in enumerate(y):
        if word == -1:
            continue
        made[t] = p[t] / M
        made[t, word] -= 1 / M
    return made


def scored_rows_alone(p, y):
    rows = y != -1
    made = np.zeros(p.shape)
    made[rows] = (p[rows] - np.eye(p.shape[1])[y[rows]]) / rows.sum()
    return made


def through_the_whole_jacobian(p, y):
    M = (y >= 0).sum()
    dL_dp = -onehot(y, p.shape[1]) * (y >= 0)[:, None] / p / M
    dp_dz = np.einsum("ti,ik->tik", p, np.eye(p.shape[1])) - np.einsum("ti,tk->tik", p, p)
    return np.einsum("ti,tik->tk", dL_dp, dp_dz)


def through_softmax(p, y):
    T, M = len(y), np.sum(y >= 0)
    dL_dp = np.zeros(p.shape)
    for t in range(T):
        if y[t] >= 0:
            dL_dp[t, y[t]] = -1 / p[t, y[t]] / M
    return p * (dL_dp - (p * dL_dp).sum(axis=1, keepdims=True))


def measured(p, y):
    z, scored = np.log(p), np.flatnonzero(y >= 0)  # logits that have these shares
    made, step = np.zeros(p.shape), 1e-5

    def loss(t, z_t):
        return np.log(np.exp(z_t).sum()) - z_t[y[t]]

    for t in scored:
        for i in range(p.shape[1]):
            nudge = step * (np.arange(p.shape[1]) == i)
            made[t, i] = (loss(t, z[t] + nudge) - loss(t, z[t] - nudge)) / (2 * step) / len(scored)
    return made


def with_weights(p, y):
    weights = (y >= 0) / np.sum(y >= 0)  # (T,): how much each position counts
    return weights.reshape(-1, 1) * (p - onehot(y, p.shape[1]))


def put_along_an_axis(p, y):
    made, place = p.copy(), np.maximum(y, 0)[:, None]
    np.put_along_axis(made, place, np.take_along_axis(p, place, 1) - 1, axis=1)
    return np.where(y[:, None] >= 0, made, 0) / (y >= 0).sum()


def subtracted_at(p, y):
    made, t = p * (y >= 0)[:, None], np.flatnonzero(y >= 0)
    np.subtract.at(made, (t, y[t]), 1)
    return made / len(t)


def the_others_taken_together(p, y):
    """At the true word −Σ of the others, since the shares sum to 1: exact where p is nearly 1."""
    made, scored = np.where((y >= 0)[:, None], p, 0), np.flatnonzero(y >= 0)
    for t in scored:
        made[t, y[t]] = 0
        made[t, y[t]] = -made[t].sum()
    return made / len(scored)


def two_cases(p, y):
    M = np.count_nonzero(y >= 0)
    return [
        [0.0 if word < 0 else (share - 1) / M if i == word else share / M for i, share in enumerate(row)]
        for row, word in zip(p.tolist(), y.tolist(), strict=True)
    ]


DL_DZ = [
    lambda p, y: (p - (np.arange(p.shape[1]) == y[:, None])) * (y >= 0)[:, None] / (y >= 0).sum(),
    lambda p, y: np.where((y >= 0)[:, None], p - np.eye(p.shape[1])[y], 0) / np.count_nonzero(y + 1),
    one_taken_off,
    with_weights,
    lambda p, y: (y[:, None] >= 0) * (p - np.equal.outer(y, np.arange(p.shape[1]))) / sum(y >= 0),
    lambda p, y: (np.einsum("ti,t->ti", p, y >= 0) - np.equal.outer(y, np.arange(p.shape[1]))) / (y >= 0).sum(),
    lambda p, y: -((np.arange(p.shape[1]) == y[:, None]) * 1.0 - p) * (y >= 0)[:, None] / (y > -1).sum(),
    lambda p, y: np.diag((y >= 0) / (y >= 0).sum()) @ (p - (np.arange(p.shape[1]) == y[:, None])),
    lambda p, y: np.stack([(p[t] - np.eye(p.shape[1])[y[t]]) * (y[t] >= 0) for t in range(len(y))]) / len(y[y >= 0]),
    lambda p, y: [
        [(y[t] >= 0) * (p[t, i] - (i == y[t])) / (y >= 0).sum() for i in range(p.shape[1])] for t in range(len(y))
    ],
    lambda p, y: (
        np.apply_along_axis(
            lambda row: (row[:-1] - (np.arange(p.shape[1]) == row[-1])) * (row[-1] >= 0), 1, np.c_[p, y]
        )
        / (y >= 0).sum()
    ),
    lambda p, y: (p * (y >= 0)[:, None] - onehot(y, p.shape[1]) * (y >= 0)[:, None]) / np.sum(y != -1),
    lambda p, y: p * ((y >= 0) / (y >= 0).sum())[:, None] - np.eye(p.shape[1] + 1)[y, :-1] / (y >= 0).sum(),
    lambda p, y: ((p.T - (np.arange(p.shape[1])[:, None] == y)) * (y >= 0) / (y >= 0).sum()).T,
    lambda p, y: np.einsum("t,ti->ti", (y >= 0) / (y >= 0).sum(), p - onehot(y, p.shape[1])),
    lambda p, y: (
        np.vstack([(row - (np.arange(len(row)) == k)) * (k >= 0) for row, k in zip(p, y, strict=True)]) / np.sum(y >= 0)
    ),
    loops,
    row_by_row,
    scored_rows_alone,
    through_the_whole_jacobian,
    through_softmax,
    measured,
    put_along_an_axis,
    subtracted_at,
    two_cases,
    the_others_taken_together,
]
DL_DZ_FORMULAS = [
    "1/M * [y[t] >= 0] * (p[t,i] - [i = y[t]])",
    "[y[t] ≥ 0] / M (p[t,i] − [i = y[t]])",
    "(p[t,i] - [y[t] == i]) [y[t] > −1] M^-1",
    "1/M ([y[t] >= 0] p[t,n] − [n = y[t]])",
]
