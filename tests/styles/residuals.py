"""Right messages where an addition copies them, and right sums where roads meet."""

from functools import reduce
from operator import add

import numpy as np


def loops(g):
    made = np.zeros(g.shape)
    for t in range(g.shape[0]):
        for j in range(g.shape[1]):
            made[t, j] = g[t, j]
    return made


def filled(g):
    made = np.empty_like(g)
    made[...] = g
    return made


def through_the_whole_jacobian(g):
    dh_dm = np.eye(g.size).reshape(g.shape + g.shape)
    return np.tensordot(g, dh_dm, axes=2)


def jacobian_of_a_row(g):
    J = np.diag(np.ones(g.shape[1]))  # dh_j/dm_i = 1 where j = i
    return np.stack([J.T @ row for row in g])


def copy_measured(g):
    made, held, step = np.zeros(g.shape), np.ones(g.shape), 1e-3
    for spot in np.ndindex(g.shape):
        nudge = np.zeros(g.shape)
        nudge[spot] = step
        made[spot] = ((g * (held + nudge)).sum() - (g * (held - nudge)).sum()) / (2 * step)
    return made


COPIES = [
    lambda g: g,
    lambda g: g.copy(),
    lambda g: 1 * g,
    lambda g: g + 0,
    lambda g: g @ np.eye(g.shape[1]),
    lambda g: np.eye(len(g)) @ g,
    lambda g: np.einsum("tj->tj", g),
    lambda g: np.einsum("tk,kj->tj", g, np.eye(g.shape[1])),
    lambda g: np.ones_like(g) * g,
    lambda g: [row for row in g],  # noqa: C416
    lambda g: [[g[t, j] for j in range(g.shape[1])] for t in range(len(g))],
    lambda g: np.array(g),
    lambda g: 0 - (0 - g),
    lambda g: g[:, :],
    lambda g: np.multiply(g, 1.0),
    lambda g: g / 1,
    lambda g: np.stack([*g]),
    lambda g: np.tensordot(g, np.eye(g.shape[1]), axes=1),
    lambda g: (g[:, :, None] * np.eye(g.shape[1])).sum(axis=1),
    lambda g: g.T.T,
    lambda g: np.column_stack(list(g.T)),
    lambda g: np.array([1 * number for number in g.flat]).reshape(g.shape),
    loops,
    filled,
    through_the_whole_jacobian,
    jacobian_of_a_row,
    copy_measured,
]
COPY_FORMULAS = ["{g}[{i},{j}]", "1 * {g}[{i},{j}]", "sum k: [k = {j}] {g}[{i},k]", "{g}[n,m]"]


def sums_in_loops(*roads):
    made = np.zeros(roads[0].shape)
    for t in range(made.shape[0]):
        for j in range(made.shape[1]):
            for road in roads:
                made[t, j] += road[t, j]
    return made


def added_up(*roads):
    total = np.zeros_like(roads[0])
    for road in roads:
        total += road
    return total


def first_copied(*roads):
    total = roads[0].copy()
    for road in roads[1:]:
        np.add(total, road, out=total)
    return total


def scattered(*roads):
    made = np.zeros(roads[0].shape)
    for road in roads:
        np.add.at(made, tuple(np.indices(road.shape)), road)
    return made


def sum_measured(*roads):
    made = np.zeros(roads[0].shape)
    for spot in np.ndindex(made.shape):
        nudge = np.zeros(made.shape)
        nudge[spot] = 0.5  # along every road at once
        made[spot] = sum((road * nudge).sum() - (road * -nudge).sum() for road in roads)
    return made


ROADS = [
    lambda *roads: sum(roads),
    lambda *roads: np.sum(roads, axis=0),
    lambda *roads: np.stack(roads).sum(axis=0),
    lambda *roads: np.einsum("rtj->tj", np.array(roads)),
    lambda *roads: reduce(add, roads),
    lambda *roads: np.add.reduce(roads),
    lambda *roads: len(roads) * np.mean(roads, axis=0),
    lambda *roads: np.dstack(roads).sum(axis=-1),
    lambda *roads: np.tensordot(np.ones(len(roads)), roads, axes=1),
    lambda *roads: np.hstack(roads) @ np.vstack([np.eye(roads[0].shape[1])] * len(roads)),
    lambda *roads: np.cumsum(roads, axis=0)[-1],
    lambda *roads: [[sum(numbers) for numbers in zip(*rows, strict=True)] for rows in zip(*roads, strict=True)],
    lambda *roads: np.stack([sum(rows) for rows in zip(*roads, strict=True)]),
    lambda *roads: np.array([sum(numbers) for numbers in zip(*map(np.ravel, roads), strict=True)]).reshape(
        roads[0].shape
    ),
    sums_in_loops,
    added_up,
    first_copied,
    scattered,
    sum_measured,
]
TWO_ROADS = [
    lambda a, b: a + b,
    lambda a, b: b + a,
    lambda a, b: np.add(a, b),
    lambda a, b: a - (-b),
    lambda a, b: np.add(a, b, out=np.empty_like(a)),
    lambda a, b: np.c_[a, b].reshape(len(a), 2, -1).sum(axis=1),
    lambda direct, other, **more: direct + other,
    *ROADS,
]
THREE_ROADS = [
    lambda a, b, c: a + b + c,
    lambda a, b, c: c + (b + a),
    lambda a, b, c: np.add(np.add(a, b), c),
    lambda a, b, c: a - (-b - c),
    lambda q, *others: q + sum(others),
    lambda a, b, c: np.c_[a, b, c].reshape(len(a), 3, -1).sum(axis=1),
    lambda q, k, v: 3 * (q + k + v) / 3,
    *ROADS,
]
TWO_FORMULAS = ["{g}[{i},{j}] + {x}[{i},{j}]", "{x}[{i},{j}] + {g}[{i},{j}]", "{g}[a,b] − (−{x}[a,b])"]
THREE_FORMULAS = [
    "{g}[t,j] + {x}[t,j] + {w}[t,j]",
    "{w}[t,j] + ({x}[t,j] + {g}[t,j])",
    "3 ({g}[t,m] + {x}[t,m] + {w}[t,m]) / 3",
]
