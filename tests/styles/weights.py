"""Right slopes of a weight: the message's numbers times what came in, summed over the positions."""

from functools import reduce

import numpy as np

from gradwalk.step5_attention import merge_heads


def loops(g, x):
    made = np.zeros((g.shape[1], x.shape[1]))
    for t in range(len(x)):
        for a in range(g.shape[1]):
            for b in range(x.shape[1]):
                made[a, b] += g[t, a] * x[t, b]
    return made


def plain_lists(g, x):
    g, x = g.tolist(), x.tolist()
    return [[sum(g[t][a] * x[t][b] for t in range(len(x))) for b in range(len(x[0]))] for a in range(len(g[0]))]


def a_row_at_a_time(g, x):
    made = np.empty((g.shape[1], x.shape[1]))
    for a, column in enumerate(g.T):
        made[a] = column @ x
    return made


def one_position_after_another(g, x):
    made = 0
    for message, came in zip(g, x, strict=True):
        made += message.reshape(-1, 1) * came
    return made


def through_the_whole_jacobian(g, x):
    N = g.shape[1]
    dz_dW = np.einsum("ki,tj->tkij", np.eye(N), x)  # (T, N, N, D): only word i's logit moves
    return np.einsum("tk,tkij->ij", g, dz_dW)


def measured(g, x):
    made, step = np.zeros((g.shape[1], x.shape[1])), 0.5  # the line is straight: any step will do
    for spot in np.ndindex(made.shape):
        W = np.zeros(made.shape)
        W[spot] = step
        made[spot] = ((g * (x @ W.T)).sum() - (g * (x @ -W.T)).sum()) / (2 * step)
    return made


def by_halves(g, x):
    if len(g) == 1:
        return np.outer(g[0], x[0])
    half = len(g) // 2
    return by_halves(g[:half], x[:half]) + by_halves(g[half:], x[half:])


SIDE_BY_SIDE = [
    lambda g, x: g.T @ x,
    lambda g, x: (x.T @ g).T,
    lambda g, x: np.einsum("ti,tj->ij", g, x),
    lambda g, x: np.tensordot(g, x, axes=(0, 0)),
    lambda g, x: (g[:, :, None] * x[:, None, :]).sum(axis=0),
    lambda g, x: np.transpose(g).dot(x),
    lambda g, x: sum(np.outer(g[t], x[t]) for t in range(len(x))),
    lambda g, x: np.inner(g.T, x.T),
    lambda g, x: np.stack([x.T @ column for column in g.T]),
    lambda g, x: np.column_stack([g.T @ column for column in x.T]),
    lambda g, x: [[g[:, a] @ x[:, b] for b in range(x.shape[1])] for a in range(g.shape[1])],
    lambda g, x: np.einsum("ti,tj", g, x),
    lambda g, x: len(g) * (g[:, :, np.newaxis] * x[:, np.newaxis]).mean(axis=0),
    lambda g, x: np.matmul(g[:, :, None], x[:, None, :]).sum(0),
    lambda g, x: np.trace(np.multiply.outer(g, x), axis1=0, axis2=2),
    lambda g, x: reduce(np.add, map(np.outer, g, x)),
    lambda g, x: np.cumsum([np.outer(*pair) for pair in zip(g, x, strict=True)], axis=0)[-1],
    lambda g, x: sum(np.kron(g[t][:, None], x[t]) for t in range(len(g))),
    lambda g, x: np.apply_along_axis(lambda column: column @ x, 0, g).T,
    lambda g, x, dtype=np.float64: np.asarray(g.T @ x, dtype),
    lambda g, x, *, product=np.matmul: product(g.T, x),
    lambda g, x, axes=[0, 0]: np.tensordot(g, x, axes),
    loops,
    plain_lists,
    a_row_at_a_time,
    one_position_after_another,
    through_the_whole_jacobian,
    measured,
    by_halves,
]


def loops_over_heads(g, n):
    H, T, wide = g.shape
    made = np.zeros((H * wide, n.shape[1]))
    for e in range(H):
        for d in range(wide):
            for t in range(T):
                for j in range(n.shape[1]):
                    made[e * wide + d, j] += g[e, t, d] * n[t, j]
    return made


def plain_lists_of_heads(g, n):
    heads, rows = g.tolist(), n.tolist()
    made = []
    for head in heads:
        for d in range(len(head[0])):
            made.append([sum(head[t][d] * rows[t][j] for t in range(len(rows))) for j in range(len(rows[0]))])
    return made


def each_head_in_its_rows(g, n):
    H, _, wide = g.shape
    made = np.zeros((H * wide, n.shape[1]))
    for e in range(H):
        made[e * wide : (e + 1) * wide] = g[e].T @ n
    return made


def heads_side_by_side(x):
    return np.hstack(list(x))


def in_two_steps(g, n):
    side_by_side = heads_side_by_side(g)  # (T, D)
    return side_by_side.T @ n


def placed_by_a_table(g, n):
    H, _, wide = g.shape
    places = np.eye(H * wide).reshape(H, wide, H * wide)
    return np.einsum("edc,etd,tj->cj", places, g, n)


def heads_measured(g, n):
    H, T, wide = g.shape
    made = np.zeros((H * wide, n.shape[1]))
    for spot in np.ndindex(made.shape):
        W = np.zeros(made.shape)
        W[spot] = 1
        Q = (n @ W.T).reshape(T, H, wide).transpose(1, 0, 2)
        made[spot] = ((g * Q).sum() - (g * -Q).sum()) / 2
    return made


def head_and_component_of_a_row(g, n):
    wide = g.shape[2]
    rows = []
    for c in range(n.shape[1]):
        e, d = divmod(c, wide)
        rows.append(g[e, :, d] @ n)
    return np.array(rows)


IN_HEADS = [
    lambda g, n: merge_heads(g).T @ n,
    lambda g, n: (n.T @ merge_heads(g)).T,
    lambda g, n: np.einsum("etd,tj->edj", g, n).reshape(-1, n.shape[1]),
    lambda g, n: np.concatenate([head.T @ n for head in g]),
    lambda g, n: g.transpose(1, 0, 2).reshape(len(n), -1).T @ n,
    lambda g, n: np.vstack([np.einsum("td,tj->dj", head, n) for head in g]),
    lambda g, n: (g.swapaxes(1, 2) @ n).reshape(-1, n.shape[1]),
    lambda g, n: np.moveaxis(g, 0, 1).reshape(n.shape).T @ n,
    lambda g, n: np.tensordot(g, n, axes=(1, 0)).reshape(-1, n.shape[1]),
    lambda g, n: np.block([[head.T @ n] for head in g]),
    lambda g, n: g.transpose(0, 2, 1).reshape(-1, len(n)) @ n,
    lambda g, n: np.concatenate(g, axis=1).T @ n,
    lambda g, n: sum(np.outer(g[:, t].ravel(), n[t]) for t in range(len(n))),
    lambda g, n: np.einsum("etd,tj->jed", g, n).reshape(n.shape[1], -1).T,
    lambda g, n: (g[..., None] * n[None, :, None, :]).sum(axis=1).reshape(-1, n.shape[1]),
    lambda g, n: np.array([g[e, :, d] @ n for e in range(g.shape[0]) for d in range(g.shape[2])]),
    lambda g, n: np.einsum("tc,tj->cj", np.swapaxes(g, 0, 1).reshape(len(n), -1), n),
    lambda g, n: np.dstack([head @ np.eye(g.shape[2]) for head in g]).transpose(2, 1, 0).reshape(-1, len(n)) @ n,
    loops_over_heads,
    plain_lists_of_heads,
    each_head_in_its_rows,
    in_two_steps,
    placed_by_a_table,
    heads_measured,
    head_and_component_of_a_row,
]
FORMULAS = [
    "sum t: {g}[t,{i}] * {x}[t,{j}]",
    "Σ_t {x}[t,{j}] · {g}[t,{i}]",
    "T * mean t: {g}[t,{i}] {x}[t,{j}]",
    "sum q: {x}[q,{j}] * ({g}[q,{i}])",
]
