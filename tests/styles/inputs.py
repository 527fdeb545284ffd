"""Right messages to what went into a line: back through its weight, and a sum over all that it went to."""

from functools import reduce

import numpy as np

from gradwalk.step5_attention import merge_heads


def loops(g, W):
    made = np.zeros((len(g), W.shape[1]))
    for t in range(len(g)):
        for j in range(W.shape[1]):
            for i in range(len(W)):
                made[t, j] += g[t, i] * W[i, j]
    return made


def plain_lists(g, W):
    g, W = g.tolist(), W.tolist()
    return [[sum(a * row[j] for a, row in zip(message, W, strict=True)) for j in range(len(W[0]))] for message in g]


def weighted_rows(g, W):
    made = np.zeros((len(g), W.shape[1]))
    for t, message in enumerate(g):
        for i, share in enumerate(message):
            made[t] += share * W[i]
    return made


def through_the_whole_jacobian(g, W):
    T = len(g)
    dz_dh = np.einsum("ts,ij->tisj", np.eye(T), W)  # (T, N, T, D): a position moves its own logits alone
    return np.tensordot(g, dz_dh, axes=2)


def measured(g, W):
    made, step = np.zeros((len(g), W.shape[1])), 0.1
    for t, j in np.ndindex(made.shape):
        h = np.zeros(made.shape)
        h[t, j] = step
        made[t, j] = ((g * (h @ W.T)).sum() - (g * (-h @ W.T)).sum()) / (2 * step)
    return made


def by_parts(g, W):
    middle = len(W) // 2
    return g[:, :middle] @ W[:middle] + g[:, middle:] @ W[middle:]


SIDE_BY_SIDE = [
    lambda g, W: g @ W,
    lambda g, W: (W.T @ g.T).T,
    lambda g, W: np.einsum("ti,ij->tj", g, W),
    lambda g, W: np.tensordot(g, W, axes=1),
    lambda g, W: np.inner(g, W.T),
    lambda g, W: np.dot(g, W),
    lambda g, W: (g[:, :, None] * W).sum(axis=1),
    lambda g, W: np.stack([message @ W for message in g]),
    lambda g, W: np.stack([W.T @ message for message in g]),
    lambda g, W: sum(np.outer(g[:, i], W[i]) for i in range(len(W))),
    lambda g, W: [[sum(g[t, :] * W[:, j]) for j in range(W.shape[1])] for t in range(len(g))],
    lambda g, W: np.column_stack([g @ column for column in W.T]),
    lambda g, W: np.matmul(g[:, None, :], W)[:, 0],
    lambda g, W: np.apply_along_axis(lambda message: message @ W, 1, g),
    lambda g, W: reduce(np.add, (np.multiply.outer(*pair) for pair in zip(g.T, W, strict=True))),
    lambda g, W: (W.T[None] * g[:, None]).sum(-1),
    lambda g, W: np.einsum("ij,ti", W, g).T,
    lambda g, W: len(W) * np.mean(g[..., np.newaxis] * W[np.newaxis], axis=1),
    lambda g, W: np.einsum("tij->tj", g[:, :, None] * W[None]),
    lambda g, W: np.linalg.multi_dot([np.eye(len(g)), g, W]),
    loops,
    plain_lists,
    weighted_rows,
    through_the_whole_jacobian,
    measured,
    by_parts,
]


def loops_over_heads(g, W):
    H, T, wide = g.shape
    made = np.zeros((T, W.shape[1]))
    for t in range(T):
        for j in range(W.shape[1]):
            for e in range(H):
                for d in range(wide):
                    made[t, j] += g[e, t, d] * W[e * wide + d, j]
    return made


def head_after_head(g, W):
    wide, made = g.shape[2], 0
    for e, head in enumerate(g):
        rows = W[e * wide : (e + 1) * wide]
        made = made + head @ rows
    return made


def plain_lists_of_heads(g, W):
    side_by_side = [[number for head in g for number in head[t]] for t in range(g.shape[1])]
    return [[sum(a * b for a, b in zip(row, column, strict=True)) for column in W.T] for row in side_by_side]


def heads_measured(g, W):
    H, T, wide = g.shape
    made = np.zeros((T, W.shape[1]))
    for spot in np.ndindex(made.shape):
        n = np.zeros(made.shape)
        n[spot] = 1
        Q = (n @ W.T).reshape(T, H, wide).swapaxes(0, 1)
        made[spot] = (np.vdot(g, Q) - np.vdot(g, -Q)) / 2
    return made


def one_position_after_another(g, W):
    rows = []
    for t in range(g.shape[1]):
        message = np.concatenate([head[t] for head in g])
        rows.append(W.T @ message)
    return np.vstack(rows)


def merged(x):
    T = x.shape[1]
    made = np.empty((T, x.shape[0] * x.shape[2]))
    for t in range(T):
        made[t] = x[:, t].ravel()
    return made


def in_two_steps(g, W):
    return merged(g) @ W


IN_HEADS = [
    lambda g, W: merge_heads(g) @ W,
    lambda g, W: (W.T @ merge_heads(g).T).T,
    lambda g, W: np.einsum("etd,edj->tj", g, W.reshape(len(g), g.shape[2], -1)),
    lambda g, W: np.concatenate(g, axis=1) @ W,
    lambda g, W: sum(head @ rows for head, rows in zip(g, np.split(W, len(g)), strict=True)),
    lambda g, W: g.transpose(1, 0, 2).reshape(g.shape[1], -1) @ W,
    lambda g, W: (g @ W.reshape(len(g), -1, W.shape[1])).sum(axis=0),
    lambda g, W: np.tensordot(g, W.reshape(len(g), g.shape[2], -1), axes=((0, 2), (0, 1))),
    lambda g, W: np.hstack(list(g)).dot(W),
    lambda g, W: np.moveaxis(g, 0, 1).reshape(-1, len(W)) @ W,
    lambda g, W: np.stack([g[:, t].ravel() @ W for t in range(g.shape[1])]),
    lambda g, W: np.einsum("tc,cj->tj", np.swapaxes(g, 0, 1).reshape(g.shape[1], -1), W),
    lambda g, W: np.block([list(g)]) @ W,
    lambda g, W: np.add.reduce([g[e] @ W[e * g.shape[2] : (e + 1) * g.shape[2]] for e in range(len(g))]),
    lambda g, W: np.inner(merge_heads(g), W.T),
    lambda g, W: (merge_heads(g)[:, :, None] * W).sum(1),
    lambda g, W: sum(np.outer(g[c // g.shape[2], :, c % g.shape[2]], W[c]) for c in range(len(W))),
    lambda g, W: np.einsum("etd,edj->etj", g, W.reshape(len(g), -1, W.shape[1])).sum(axis=0),
    lambda g, W: (W.reshape(len(g), -1, W.shape[1]).transpose(0, 2, 1) @ g.transpose(0, 2, 1)).sum(0).T,
    lambda g, W: np.apply_along_axis(lambda row: W.T @ row, 1, merge_heads(g)),
    loops_over_heads,
    head_after_head,
    plain_lists_of_heads,
    heads_measured,
    one_position_after_another,
    in_two_steps,
]
FORMULAS = [
    "sum a: {g}[t,a] {x}[a,{j}]",
    "Σ_n {x}[n,{j}] · {g}[t,n]",
    "1 * (sum b: {x}[b,{j}] * {g}[t,b]) / 1",
    "sum a, b: [a = b] {g}[t,a] {x}[b,{j}]",
]
