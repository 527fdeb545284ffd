"""Right slopes of a bias: the messages summed over the positions, since every position has the same one."""

import math
from functools import reduce
from operator import add

import numpy as np

from gradwalk.step5_attention import merge_heads


def loops(g):
    made = np.zeros(g.shape[1])
    for t in range(g.shape[0]):
        for i in range(g.shape[1]):
            made[i] += g[t, i]
    return made


def running_sum(g):
    total = g[0].copy()
    for row in g[1:]:
        total += row
    return total


def plain_lists(g):
    made = [0.0] * g.shape[1]
    for row in g.tolist():
        made = [so_far + one for so_far, one in zip(made, row, strict=True)]
    return made


def through_the_whole_jacobian(g):
    T, N = g.shape
    dz_db = np.broadcast_to(np.eye(N), (T, N, N))
    return np.einsum("tk,tki->i", g, dz_db)


def measured(g):
    made = []
    for b in np.eye(g.shape[1]):
        up, down = (g * b).sum(), (g * -b).sum()
        made.append((up - down) / 2)
    return made


def counted_by_number(g):
    T, N = g.shape
    return np.bincount(np.tile(np.arange(N), T), weights=g.ravel())


def scattered(g):
    made = np.zeros(g.shape[1])
    np.add.at(made, np.nonzero(np.ones_like(g))[1], g.ravel())
    return made


def by_halves(g):
    return g[0] if len(g) == 1 else by_halves(g[: len(g) // 2]) + by_halves(g[len(g) // 2 :])


SIDE_BY_SIDE = [
    lambda g: g.sum(axis=0),
    lambda g: np.sum(g, 0),
    lambda g: np.ones(len(g)) @ g,
    lambda g: np.einsum("ti->i", g),
    lambda g: g.T.sum(axis=-1),
    lambda g: g.T @ np.ones(len(g)),
    lambda g: np.add.reduce(g),
    lambda g: len(g) * g.mean(axis=0),
    lambda g: np.cumsum(g, axis=0)[-1],
    lambda g: np.dot(np.ones((1, len(g))), g)[0],
    lambda g: sum(g),
    lambda g: [sum(column) for column in g.T],
    lambda g: reduce(add, g),
    lambda g: np.array([g[:, i].sum() for i in range(g.shape[1])]),
    lambda g: [math.fsum(column) for column in zip(*g.tolist(), strict=True)],
    lambda g: np.tensordot(np.ones(len(g)), g, axes=1),
    lambda g: np.apply_along_axis(np.sum, 0, g),
    lambda g: g.sum(axis=0, keepdims=True).squeeze(0),
    lambda g: np.einsum("ti,t->i", g, np.ones(len(g))),
    lambda g: np.average(g, axis=0) * g.shape[0],
    lambda g: np.diag(np.ones(g.shape).T @ g),
    lambda g: np.add.reduceat(g, [0])[0],
    loops,
    running_sum,
    plain_lists,
    through_the_whole_jacobian,
    measured,
    counted_by_number,
    scattered,
    by_halves,
]


def loops_over_heads(g):
    H, T, wide = g.shape
    made = np.zeros(H * wide)
    for e in range(H):
        for t in range(T):
            for d in range(wide):
                made[e * wide + d] += g[e, t, d]
    return made


def each_head_in_its_place(g):
    H, _, wide = g.shape
    made = np.zeros(H * wide)
    for e in range(H):
        made[e * wide : (e + 1) * wide] = g[e].sum(axis=0)
    return made


def plain_lists_of_heads(g):
    made = []
    for head in g.tolist():
        made += [sum(column) for column in zip(*head, strict=True)]
    return made


def head_and_component_of_an_entry(g):
    H, _, wide = g.shape
    return [g[c // wide, :, c % wide].sum() for c in range(H * wide)]


def side_by_side(x):
    return np.moveaxis(x, 0, 1).reshape(x.shape[1], -1)


def in_two_steps(g):
    return side_by_side(g).sum(axis=0)


def heads_measured(g):
    H, T, wide = g.shape
    made = np.zeros(H * wide)
    for c in range(H * wide):
        b = np.zeros(H * wide)
        b[c] = 1e-2
        heads = np.broadcast_to(b, (T, H * wide)).reshape(T, H, wide).transpose(1, 0, 2)
        made[c] = ((g * heads).sum() - (g * -heads).sum()) / 2e-2
    return made


def heads_counted_by_number(g):
    H, T, wide = g.shape
    numbers = (np.arange(H)[:, None, None] * wide + np.arange(wide)).repeat(T, axis=1)
    return np.bincount(numbers.ravel(), g.ravel())


IN_HEADS = [
    lambda g: merge_heads(g).sum(axis=0),
    lambda g: g.sum(axis=1).ravel(),
    lambda g: np.einsum("etd->ed", g).flatten(),
    lambda g: np.concatenate([head.sum(axis=0) for head in g]),
    lambda g: np.hstack([np.ones(len(head)) @ head for head in g]),
    lambda g: np.concatenate(g, axis=1).sum(axis=0),
    lambda g: g.transpose(1, 0, 2).reshape(g.shape[1], -1).sum(0),
    lambda g: np.sum(g, axis=-2).reshape(-1),
    lambda g: (np.ones(g.shape[1]) @ g).ravel(),
    lambda g: (g.mean(axis=1) * g.shape[1]).ravel(),
    lambda g: g.cumsum(axis=1)[:, -1].ravel(),
    lambda g: sum(g[:, t].ravel() for t in range(g.shape[1])),
    lambda g: sum(g.swapaxes(0, 1)).reshape(-1),
    lambda g: np.tensordot(np.ones(g.shape[1]), g, axes=(0, 1)).ravel(),
    lambda g: [g[e, :, d].sum() for e in range(len(g)) for d in range(g.shape[2])],
    lambda g: np.add.reduce(g, axis=1).reshape(len(g) * g.shape[2]),
    lambda g: g.transpose(0, 2, 1).reshape(-1, g.shape[1]).sum(axis=1),
    lambda g: np.apply_along_axis(np.sum, 1, g).ravel(),
    lambda g: np.hstack(list(g)).T @ np.ones(g.shape[1]),
    lambda g: reduce(np.add, np.split(merge_heads(g), g.shape[1]))[0],
    loops_over_heads,
    each_head_in_its_place,
    plain_lists_of_heads,
    head_and_component_of_an_entry,
    in_two_steps,
    heads_measured,
    heads_counted_by_number,
]
FORMULAS = ["sum t: {g}[t,{i}]", "Σ_t {g}[t,{i}]", "T * mean s: {g}[s,{i}]", "sum t, t': [t' = t] {g}[t,{i}]"]
