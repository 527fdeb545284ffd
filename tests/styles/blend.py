"""Right slopes of what a blend is made of: the values, and the shares that they are blended by."""

import numpy as np

from gradwalk.step5_attention import split_heads


def cut(x, H):
    """(T, D) as (H, T, D/H)."""
    return np.stack(np.split(x, H, axis=1))


def V_loops(dL_dO, alpha):
    H, T, _ = alpha.shape
    wide = dL_dO.shape[1] // H
    made = np.zeros((H, T, wide))
    for e in range(H):
        for s in range(T):
            for t in range(T):
                for d in range(wide):
                    made[e, s, d] += alpha[e, t, s] * dL_dO[t, e * wide + d]
    return made


def V_lists(dL_dO, alpha):
    made, wide = [], dL_dO.shape[1] // len(alpha)
    for e, shares in enumerate(alpha.tolist()):
        messages = [row[e * wide : (e + 1) * wide] for row in dL_dO.tolist()]
        made.append([[sum(a[s] * m[d] for a, m in zip(shares, messages, strict=True)) for d in range(wide)]
                     for s in range(len(shares))])  # fmt: skip
    return made


def V_by_rows(dL_dO, alpha):
    heads = cut(dL_dO, len(alpha))
    made = np.zeros_like(heads)
    for t in range(len(dL_dO)):
        made += alpha[:, t, :, None] * heads[:, t, None, :]
    return made


def V_measured(dL_dO, alpha):
    H, T, _ = alpha.shape
    made = np.zeros((H, T, dL_dO.shape[1] // H))
    for spot in np.ndindex(made.shape):
        V = np.zeros(made.shape)
        V[spot] = 1
        O = (alpha @ V).transpose(1, 0, 2).reshape(dL_dO.shape)
        made[spot] = ((dL_dO * O).sum() - (dL_dO * -O).sum()) / 2
    return made


def V_filled(dL_dO, alpha):
    H, T, _ = alpha.shape
    wide = dL_dO.shape[1] // H
    made = np.empty((H, T, wide))
    for e in range(H):
        made[e] = alpha[e].T @ dL_dO[:, e * wide : (e + 1) * wide]
    return made


def V_with_a_block_matrix(dL_dO, alpha):
    H, T, _ = alpha.shape
    blocks = np.zeros((H * T, H * T))
    for e in range(H):
        blocks[e * T : (e + 1) * T, e * T : (e + 1) * T] = alpha[e].T
    return (blocks @ cut(dL_dO, H).reshape(H * T, -1)).reshape(H, T, -1)


DL_DV = [
    lambda dL_dO, alpha: alpha.swapaxes(1, 2) @ split_heads(dL_dO, len(alpha)),
    lambda dL_dO, alpha: np.stack([a.T @ g for a, g in zip(alpha, np.split(dL_dO, len(alpha), axis=1), strict=True)]),
    lambda dL_dO, alpha: np.einsum("ets,ted->esd", alpha, dL_dO.reshape(len(dL_dO), len(alpha), -1)),
    lambda dL_dO, alpha: np.einsum("ets,etd->esd", alpha, cut(dL_dO, len(alpha))),
    lambda dL_dO, alpha: alpha.transpose(0, 2, 1) @ dL_dO.reshape(len(dL_dO), len(alpha), -1).transpose(1, 0, 2),
    lambda dL_dO, alpha: (cut(dL_dO, len(alpha)).swapaxes(1, 2) @ alpha).swapaxes(1, 2),
    V_filled,
    V_by_rows,
    lambda dL_dO, alpha: (alpha[..., None] * cut(dL_dO, len(alpha))[:, :, None]).sum(axis=1),
    lambda dL_dO, alpha: np.array([np.dot(a.T, g) for a, g in zip(alpha, cut(dL_dO, len(alpha)), strict=True)]),
    lambda dL_dO, alpha: np.stack([np.tensordot(a, g, (0, 0)) for a, g in zip(alpha, cut(dL_dO, len(alpha)))]),  # noqa: B905
    lambda dL_dO, alpha: np.stack(
        [[alpha[e, :, s] @ cut(dL_dO, len(alpha))[e] for s in range(len(dL_dO))] for e in range(len(alpha))]
    ),
    lambda dL_dO, alpha: sum(
        np.einsum("es,ed->esd", alpha[:, t], dL_dO[t].reshape(len(alpha), -1)) for t in range(len(dL_dO))
    ),
    lambda dL_dO, alpha: [
        [[alpha[e, :, s] @ g[:, d] for d in range(g.shape[1])] for s in range(len(g))]
        for e, g in enumerate(np.split(dL_dO, len(alpha), axis=1))
    ],
    lambda dL_dO, alpha: np.matmul(
        np.moveaxis(alpha, 1, 2), np.moveaxis(dL_dO.reshape(len(dL_dO), len(alpha), -1), 1, 0)
    ),
    lambda dL_dO, alpha: np.stack([g.T @ a for a, g in zip(alpha, cut(dL_dO, len(alpha)), strict=True)]).swapaxes(1, 2),
    lambda dL_dO, alpha: np.einsum(
        "esed->esd", np.tensordot(alpha, dL_dO.reshape(len(dL_dO), len(alpha), -1), axes=(1, 0))
    ),
    V_loops,
    V_lists,
    V_measured,
    V_with_a_block_matrix,
]
DL_DV_FORMULAS = [
    "sum t: alpha[e,t,s] dL_dO[e,t,d]",
    "Σ_t dL_dO[h,t,d] · α[h,t,s]",
    "T * mean t: dL_dO[e,t,d] alpha[e,t,s]",
    "sum q: alpha[e,q,s] dL_dO[e,q,d]",
]


def alpha_loops(dL_dO, V):
    H, T, wide = V.shape
    made = np.zeros((H, T, T))
    for e in range(H):
        for t in range(T):
            for s in range(T):
                for d in range(wide):
                    made[e, t, s] += dL_dO[t, e * wide + d] * V[e, s, d]
    return made


def alpha_lists(dL_dO, V):
    wide = V.shape[2]
    return [
        [[sum(a * b for a, b in zip(row[e * wide : (e + 1) * wide], v, strict=True)) for v in values] for row in dL_dO]
        for e, values in enumerate(V)
    ]


def alpha_filled(dL_dO, V):
    H, T, wide = V.shape
    made = np.empty((H, T, T))
    for e in range(H):
        np.matmul(dL_dO[:, e * wide : (e + 1) * wide], V[e].T, out=made[e])
    return made


def alpha_measured(dL_dO, V):
    H, T, _ = V.shape
    made = np.zeros((H, T, T))
    for spot in np.ndindex(made.shape):
        alpha = np.zeros(made.shape)
        alpha[spot] = 0.25
        O = np.concatenate(alpha @ V, axis=1)
        made[spot] = ((dL_dO * O).sum() - (dL_dO * -O).sum()) / 0.5
    return made


def alpha_component_by_component(dL_dO, V):
    heads, made = cut(dL_dO, len(V)), 0
    for d in range(V.shape[2]):
        made = made + heads[:, :, None, d] * V[:, None, :, d]
    return made


def alpha_a_pair_at_a_time(dL_dO, V):
    heads = dL_dO.reshape(len(dL_dO), len(V), -1)
    return np.array([[[heads[t, e] @ V[e, s] for s in range(V.shape[1])] for t in range(len(heads))]
                     for e in range(len(V))])  # fmt: skip


DL_DALPHA = [
    lambda dL_dO, V: split_heads(dL_dO, len(V)) @ V.swapaxes(1, 2),
    lambda dL_dO, V: np.einsum("etd,esd->ets", cut(dL_dO, len(V)), V),
    lambda dL_dO, V: np.einsum("ted,esd->ets", dL_dO.reshape(len(dL_dO), len(V), -1), V),
    lambda dL_dO, V: np.stack([g @ v.T for g, v in zip(np.split(dL_dO, len(V), axis=1), V, strict=True)]),
    lambda dL_dO, V: dL_dO.reshape(len(dL_dO), len(V), -1).transpose(1, 0, 2) @ V.transpose(0, 2, 1),
    lambda dL_dO, V: (V @ cut(dL_dO, len(V)).swapaxes(1, 2)).swapaxes(1, 2),
    lambda dL_dO, V: (cut(dL_dO, len(V))[:, :, None] * V[:, None]).sum(axis=-1),
    lambda dL_dO, V: np.array([np.inner(g, v) for g, v in zip(cut(dL_dO, len(V)), V, strict=True)]),
    alpha_filled,
    alpha_component_by_component,
    lambda dL_dO, V: np.stack([np.tensordot(g, v, (1, 1)) for g, v in zip(cut(dL_dO, len(V)), V, strict=True)]),
    lambda dL_dO, V: np.stack([np.einsum("ed,esd->es", row.reshape(len(V), -1), V) for row in dL_dO], axis=1),
    lambda dL_dO, V: np.stack([(cut(dL_dO, len(V)) * V[:, [s]]).sum(-1) for s in range(V.shape[1])], axis=2),
    lambda dL_dO, V: np.stack(
        [V[e] @ dL_dO[:, e * V.shape[2] : (e + 1) * V.shape[2]].T for e in range(len(V))]
    ).swapaxes(1, 2),
    lambda dL_dO, V: np.matmul(np.moveaxis(dL_dO.reshape(len(dL_dO), len(V), -1), 1, 0), np.moveaxis(V, 2, 1)),
    lambda dL_dO, V: np.einsum("tc,csx->tsx", dL_dO, spread_out(V)).transpose(2, 0, 1),
    lambda dL_dO, V: np.matmul(cut(dL_dO, len(V))[:, :, None, None, :], V[:, None, :, :, None])[..., 0, 0],
    lambda dL_dO, V: V.shape[2] * np.mean(np.expand_dims(cut(dL_dO, len(V)), 2) * np.expand_dims(V, 1), axis=3),
    lambda dL_dO, V: np.einsum(
        "etes->ets", np.tensordot(dL_dO.reshape(len(dL_dO), len(V), -1).swapaxes(0, 1), V, (2, 2))
    ),
    alpha_loops,
    alpha_lists,
    alpha_measured,
    alpha_a_pair_at_a_time,
]


def spread_out(V):
    """(D, T, H): each head's values at its own places of a position's O, and zeros elsewhere."""
    H, T, wide = V.shape
    made = np.zeros((H * wide, T, H))
    for e in range(H):
        made[e * wide : (e + 1) * wide, :, e] = V[e].T
    return made


DL_DALPHA_FORMULAS = [
    "sum d: dL_dO[e,t,d] V[e,s,d]",
    "sum j: dL_dO[h,t,j] V[h,s,j]",
    "Σ_d V[e,s,d] · dL_dO[e,t,d]",
    "(D/H) (mean d: dL_dO[e,t,d] V[e,s,d])",
]
