"""Right scores, and right slopes of the queries and keys that they are made of."""

import math

import numpy as np


def Q_loops(dL_dS, K):
    H, T, wide = K.shape
    made = np.zeros(K.shape)
    for e in range(H):
        for t in range(T):
            for d in range(wide):
                for s in range(T):
                    made[e, t, d] += dL_dS[e, t, s] * K[e, s, d] / math.sqrt(wide)
    return made


def Q_lists(dL_dS, K):
    scale = K.shape[2] ** -0.5
    return [
        [
            [scale * sum(g * key[d] for g, key in zip(row, keys, strict=True)) for d in range(len(keys[0]))]
            for row in rows
        ]
        for rows, keys in zip(dL_dS.tolist(), K.tolist(), strict=True)
    ]


def Q_filled(dL_dS, K):
    made = np.empty(K.shape)
    for e in range(len(K)):
        made[e] = dL_dS[e] @ K[e]
    made /= np.sqrt(K.shape[2])
    return made


def Q_measured(dL_dS, K):
    made = np.zeros(K.shape)
    for spot in np.ndindex(K.shape):
        Q = np.zeros(K.shape)
        Q[spot] = 1
        S = Q @ K.swapaxes(1, 2) / K.shape[2] ** 0.5
        made[spot] = ((dL_dS * S).sum() - (dL_dS * -S).sum()) / 2
    return made


def Q_key_after_key(dL_dS, K):
    made, (_, T, wide) = np.zeros(K.shape), K.shape
    for s in range(T):
        made += dL_dS[:, :, s, None] * K[:, None, s, :]
    return made / wide**0.5


def Q_of_the_unscaled(dL_dS, K):
    scale = 1 / np.sqrt(K.shape[-1])
    dL_dQK = dL_dS * scale
    return dL_dQK @ K


DL_DQ = [
    lambda dL_dS, K: dL_dS @ K / np.sqrt(K.shape[-1]),
    Q_of_the_unscaled,
    lambda dL_dS, K: np.einsum("ets,esd->etd", dL_dS, K) / np.sqrt(K.shape[2]),
    lambda dL_dS, K: np.matmul(dL_dS, K) * K.shape[-1] ** -0.5,
    lambda dL_dS, K: np.stack([g @ k for g, k in zip(dL_dS, K, strict=True)]) / math.sqrt(K.shape[2]),
    lambda dL_dS, K: dL_dS @ (K / K.shape[-1] ** 0.5),
    lambda dL_dS, K: (dL_dS / np.sqrt(K.shape[-1])) @ K,
    lambda dL_dS, K: (K.swapaxes(1, 2) @ dL_dS.swapaxes(1, 2)).swapaxes(1, 2) / np.sqrt(K.shape[2]),
    Q_filled,
    Q_key_after_key,
    lambda dL_dS, K: (dL_dS[..., None] * K[:, None]).sum(axis=2) / np.sqrt(K.shape[2]),
    lambda dL_dS, K: np.einsum("ets,esd,->etd", dL_dS, K, K.shape[2] ** -0.5),
    lambda dL_dS, K: np.array([np.tensordot(g, k, 1) / len(k[0]) ** 0.5 for g, k in zip(dL_dS, K, strict=True)]),
    lambda dL_dS, K: np.einsum("etef->etf", np.tensordot(dL_dS, K, axes=(2, 1))) / np.sqrt(K.shape[2]),
    lambda dL_dS, K: (
        np.stack([np.einsum("es,esd->ed", dL_dS[:, t], K) for t in range(K.shape[1])], 1) / K.shape[2] ** 0.5
    ),
    lambda dL_dS, K: [
        [[g @ k[:, d] / K.shape[2] ** 0.5 for d in range(K.shape[2])] for g in head]
        for head, k in zip(dL_dS, K, strict=True)
    ],
    lambda dL_dS, K: (
        np.stack([np.inner(dL_dS[e], K[e].T) for e in range(len(K))]) / np.linalg.norm(np.ones(K.shape[2]))
    ),
    lambda dL_dS, K: K.shape[1] * np.mean(dL_dS[:, :, :, None] * K[:, None, :, :], axis=2) / np.sqrt(K.shape[-1]),
    lambda dL_dS, K: np.exp(-0.5 * np.log(K.shape[-1])) * (dL_dS @ K),
    lambda dL_dS, K: (dL_dS[:, :, None, :] @ K[:, None])[:, :, 0] / np.sqrt(K.shape[-1]),
    Q_loops,
    Q_lists,
    Q_measured,
]
DL_DQ_FORMULAS = [
    "1/√(D/H) sum s: dL_dS[e,t,s] K[e,s,d]",
    "(sum s: dL_dS[e,t,s] K[e,s,d]) / sqrt(D/H)",
    "(H/D)^0.5 Σ_s K[e,s,d] · dL_dS[e,t,s]",
    "sum k: dL_dS[h,t,k] K[h,k,d] (D/H)^-0,5",
]


def K_loops(dL_dS, Q):
    H, T, wide = Q.shape
    made = np.zeros(Q.shape)
    for e in range(H):
        for s in range(T):
            for d in range(wide):
                for t in range(T):
                    made[e, s, d] += dL_dS[e, t, s] * Q[e, t, d]
    return made / math.sqrt(wide)


def K_lists(dL_dS, Q):
    scale = Q.shape[2] ** -0.5
    return [
        [[scale * sum(row[s] * q[d] for row, q in zip(rows, queries, strict=True)) for d in range(len(queries[0]))]
         for s in range(len(rows))]
        for rows, queries in zip(dL_dS.tolist(), Q.tolist(), strict=True)
    ]  # fmt: skip


def K_filled(dL_dS, Q):
    made = np.empty(Q.shape)
    for e in range(len(Q)):
        made[e] = dL_dS[e].T @ Q[e] / np.sqrt(Q.shape[2])
    return made


def K_measured(dL_dS, Q):
    made = np.zeros(Q.shape)
    for spot in np.ndindex(Q.shape):
        K = np.zeros(Q.shape)
        K[spot] = 0.5
        S = np.einsum("etd,esd->ets", Q, K) / Q.shape[2] ** 0.5
        made[spot] = (dL_dS * S).sum() - (dL_dS * -S).sum()
    return made


def K_query_after_query(dL_dS, Q):
    made = np.zeros(Q.shape)
    for t in range(Q.shape[1]):
        made += dL_dS[:, t, :, None] * Q[:, t, None, :]
    return made * Q.shape[2] ** -0.5


def K_by_turning_the_scores(dL_dS, Q):
    turned = np.transpose(dL_dS, (0, 2, 1))  # (H, key, query)
    return turned @ Q / math.sqrt(Q.shape[-1])


DL_DK = [
    lambda dL_dS, Q: dL_dS.swapaxes(1, 2) @ Q / np.sqrt(Q.shape[-1]),
    K_by_turning_the_scores,
    lambda dL_dS, Q: np.einsum("ets,etd->esd", dL_dS, Q) / np.sqrt(Q.shape[2]),
    lambda dL_dS, Q: (Q.swapaxes(1, 2) @ dL_dS).swapaxes(1, 2) / np.sqrt(Q.shape[2]),
    lambda dL_dS, Q: np.stack([g.T @ q for g, q in zip(dL_dS, Q, strict=True)]) / Q.shape[2] ** 0.5,
    lambda dL_dS, Q: np.moveaxis(dL_dS, 1, 2) @ (Q / np.sqrt(Q.shape[2])),
    lambda dL_dS, Q: (dL_dS / np.sqrt(Q.shape[2])).transpose(0, 2, 1) @ Q,
    K_filled,
    K_query_after_query,
    lambda dL_dS, Q: (dL_dS[..., None] * Q[:, :, None]).sum(axis=1) / np.sqrt(Q.shape[2]),
    lambda dL_dS, Q: np.einsum("ets,etd,->esd", dL_dS, Q, Q.shape[2] ** -0.5),
    lambda dL_dS, Q: np.array([np.tensordot(g, q, (0, 0)) for g, q in zip(dL_dS, Q, strict=True)]) / Q.shape[2] ** 0.5,
    lambda dL_dS, Q: np.einsum("esed->esd", np.tensordot(dL_dS, Q, axes=(1, 1))) / np.sqrt(Q.shape[2]),
    lambda dL_dS, Q: (
        np.stack([np.einsum("et,etd->ed", dL_dS[:, :, s], Q) for s in range(Q.shape[1])], axis=1) / Q.shape[2] ** 0.5
    ),
    lambda dL_dS, Q: [
        [[g @ q[:, d] / Q.shape[2] ** 0.5 for d in range(Q.shape[2])] for g in head.T]
        for head, q in zip(dL_dS, Q, strict=True)
    ],
    lambda dL_dS, Q: np.stack([np.inner(dL_dS[e].T, Q[e].T) for e in range(len(Q))]) / np.sqrt(Q.shape[2]),
    lambda dL_dS, Q: Q.shape[1] * np.mean(dL_dS[:, :, :, None] * Q[:, :, None, :], axis=1) / np.sqrt(Q.shape[-1]),
    lambda dL_dS, Q: np.exp(-0.5 * np.log(Q.shape[-1])) * (np.swapaxes(dL_dS, -1, -2) @ Q),
    lambda dL_dS, Q: sum(np.einsum("es,ed->esd", dL_dS[:, t], Q[:, t]) for t in range(Q.shape[1])) / Q.shape[2] ** 0.5,
    lambda dL_dS, Q: (
        np.stack([sum(np.outer(*pair) for pair in zip(g, q, strict=True)) for g, q in zip(dL_dS, Q, strict=True)])
        / Q.shape[2] ** 0.5
    ),
    K_loops,
    K_lists,
    K_measured,
]
DL_DK_FORMULAS = [
    "1/√(D/H) sum t: dL_dS[e,t,s] Q[e,t,d]",
    "(sum t: dL_dS[e,t,s] Q[e,t,d]) / sqrt(D/H)",
    "(H/D)^0.5 Σ_t Q[e,t,d] · dL_dS[e,t,s]",
    "sum q: dL_dS[h,q,s] Q[h,q,d] (D/H)^-0,5",
]


def scores_loops(Q, K, attends):
    H, T, wide = Q.shape
    made = np.full((H, T, T), -np.inf)
    for e in range(H):
        for t in range(T):
            for s in range(T):
                if attends[t, s]:
                    made[e, t, s] = sum(Q[e, t, d] * K[e, s, d] for d in range(wide)) / math.sqrt(wide)
    return made


def scores_masked_afterwards(Q, K, attends):
    S = Q @ K.swapaxes(1, 2) / np.sqrt(Q.shape[2])
    S[:, ~attends] = -np.inf
    return S


def scores_added_to_a_mask(Q, K, attends):
    mask = np.zeros(attends.shape)
    mask[~attends] = -np.inf
    return Q @ K.transpose(0, 2, 1) / np.sqrt(Q.shape[2]) + mask


def scores_as_gpt2_has_them(Q, K, attends):
    w = Q @ K.swapaxes(-1, -2) / np.sqrt(Q.shape[-1])
    b = attends.astype(float)
    return w * b - 1e10 * (1 - b)


def scores_lists(Q, K, attends):
    wide = Q.shape[2]
    return [
        [
            [sum(a * b for a, b in zip(q, k, strict=True)) / wide**0.5 if may else float("-inf")
             for k, may in zip(keys, row, strict=True)]
            for q, row in zip(queries, attends, strict=True)
        ]
        for queries, keys in zip(Q.tolist(), K.tolist(), strict=True)
    ]  # fmt: skip


def scores_at_the_pairs(Q, K, attends):
    t, s = np.nonzero(attends)
    made = np.full((len(Q), *attends.shape), -np.inf)
    made[:, t, s] = (Q[:, t] * K[:, s]).sum(axis=-1) / Q.shape[2] ** 0.5
    return made


def scores_filled_in(Q, K, attends):
    S = np.empty((len(Q), *attends.shape))
    for e, (q, k) in enumerate(zip(Q, K, strict=True)):
        S[e] = np.where(attends, q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    return S


def scores_put(Q, K, attends):
    S = np.einsum("etd,esd->ets", Q, K) / np.sqrt(Q.shape[-1])
    np.putmask(S, np.broadcast_to(~attends, S.shape), -np.inf)
    return S


S = [
    lambda Q, K, attends: np.where(attends, Q @ K.swapaxes(1, 2) / np.sqrt(Q.shape[2]), -np.inf),
    scores_masked_afterwards,
    scores_added_to_a_mask,
    scores_as_gpt2_has_them,
    scores_at_the_pairs,
    scores_filled_in,
    scores_put,
    lambda Q, K, attends: np.where(attends, np.einsum("etd,esd->ets", Q, K) / Q.shape[-1] ** 0.5, -np.inf),
    lambda Q, K, attends: np.where(attends, np.einsum("etd,esd->ets", Q, K) / Q.shape[-1] ** 0.5, -1e9),
    lambda Q, K, attends: Q @ K.swapaxes(1, 2) / np.sqrt(Q.shape[2]) + np.log(attends),
    lambda Q, K, attends: (Q / np.sqrt(Q.shape[2])) @ K.transpose(0, 2, 1) + np.where(attends, 0, -np.inf),
    lambda Q, K, attends: np.where(~attends, -np.inf, Q @ np.moveaxis(K, 1, 2) * Q.shape[2] ** -0.5),
    lambda Q, K, attends: np.where(
        attends[None], (Q[:, :, None] * K[:, None]).sum(-1) / math.sqrt(Q.shape[2]), -np.inf
    ),
    lambda Q, K, attends: np.stack(
        [np.where(attends, q @ k.T / q.shape[1] ** 0.5, -np.inf) for q, k in zip(Q, K, strict=True)]
    ),
    lambda Q, K, attends: np.where(attends, (K @ Q.swapaxes(1, 2)).swapaxes(1, 2) / np.sqrt(Q.shape[2]), -np.inf),
    lambda Q, K, attends: Q @ K.swapaxes(1, 2) / np.sqrt(Q.shape[2]) - np.where(attends, 0, 1e30),
    lambda Q, K, attends: np.where(attends, Q @ K.swapaxes(1, 2) / np.sqrt(Q.shape[2]), np.finfo(float).min),
    lambda Q, K, attends: np.array(
        [np.where(attends, np.inner(q, k) / q.shape[1] ** 0.5, -np.inf) for q, k in zip(Q, K, strict=True)]
    ),
    lambda Q, K, attends: np.select([attends], [np.matmul(Q, K.swapaxes(1, 2)) / np.sqrt(Q.shape[2])], -np.inf),
    lambda Q, K, attends: np.where(
        attends == 1, np.einsum("etes->ets", np.tensordot(Q, K, (2, 2))) / Q.shape[2] ** 0.5, -np.inf
    ),
    lambda Q, K, attends: np.divide(np.where(attends, Q @ K.swapaxes(1, 2), -np.inf), np.sqrt(Q.shape[2])),
    lambda Q, K, attends: np.where(attends, Q @ K.swapaxes(1, 2) / np.sqrt(Q.shape[2]), -1e6),
    lambda Q, K, attends: np.where(attends, Q @ K.swapaxes(1, 2) / np.sqrt(Q.shape[2]), -1e4),
    scores_loops,
    scores_lists,
]
S_FORMULAS = [
    "1/√(D/H) (sum d: Q[e,t,d] K[e,s,d]) + log(attends[t,s])",
    "(sum d: Q[e,t,d] K[e,s,d]) / sqrt(D/H) + log([attends[t,s] = 1])",
    "(H/D)^0.5 (Σ_d K[e,s,d] Q[e,t,d]) − 10^9 [attends[t,s] = 0]",
]
