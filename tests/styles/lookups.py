"""Right slopes of a table that rows are read from: each message goes to the row that was read, and adds there."""

from collections import defaultdict
from functools import reduce

import numpy as np


def added_at(dL_dx0, numbers, N):
    made = np.zeros((N, dL_dx0.shape[1]))
    np.add.at(made, numbers, dL_dx0)
    return made


def one_position_after_another(dL_dx0, numbers, N):
    made = np.zeros((N, dL_dx0.shape[1]))
    for t, i in enumerate(numbers):
        made[i] += dL_dx0[t]
    return made


def loops(dL_dx0, numbers, N):
    T, D = dL_dx0.shape
    made = np.zeros((N, D))
    for i in range(N):
        for t in range(T):
            if numbers[t] == i:
                for j in range(D):
                    made[i, j] += dL_dx0[t, j]
    return made


def plain_lists(dL_dx0, numbers, N):
    made = [[0.0] * dL_dx0.shape[1] for _ in range(N)]
    for row, i in zip(dL_dx0.tolist(), numbers.tolist(), strict=True):
        made[i] = [a + b for a, b in zip(made[i], row, strict=True)]
    return made


def in_a_dictionary(dL_dx0, numbers, N):
    rows = defaultdict(lambda: np.zeros(dL_dx0.shape[1]))
    for i, row in zip(numbers.tolist(), dL_dx0, strict=True):
        rows[i] = rows[i] + row
    return np.array([rows[i] for i in range(N)])


def sorted_first(dL_dx0, numbers, N):
    order = np.argsort(numbers, kind="stable")
    read, first = np.unique(numbers[order], return_index=True)
    made = np.zeros((N, dL_dx0.shape[1]))
    made[read] = np.add.reduceat(dL_dx0[order], first)
    return made


def counted(dL_dx0, numbers, N):
    return np.column_stack([np.bincount(numbers, weights=column, minlength=N) for column in dL_dx0.T])


def onehot_filled(dL_dx0, numbers, N):
    X = np.zeros((len(numbers), N))
    X[np.arange(len(numbers)), numbers] = 1
    return X.T @ dL_dx0


def through_the_whole_jacobian(dL_dx0, numbers, N):
    D = dL_dx0.shape[1]
    read = (numbers[:, None] == np.arange(N)).astype(float)
    dx0_dE = np.einsum("ti,cj->tcij", read, np.eye(D))
    return np.einsum("tc,tcij->ij", dL_dx0, dx0_dE)


def measured(dL_dx0, numbers, N):
    made = np.zeros((N, dL_dx0.shape[1]))
    for spot in np.ndindex(made.shape):
        E = np.zeros(made.shape)
        E[spot] = 1
        made[spot] = ((dL_dx0 * E[numbers]).sum() - (dL_dx0 * -E[numbers]).sum()) / 2
    return made


def rows_read_alone(dL_dx0, numbers, N):
    made = np.zeros((N, dL_dx0.shape[1]))
    for i in set(numbers.tolist()):
        made[i] = dL_dx0[numbers == i].sum(axis=0)
    return made


def flat(dL_dx0, numbers, N):
    D = dL_dx0.shape[1]
    places = (numbers[:, None] * D + np.arange(D)).ravel()
    return np.bincount(places, dL_dx0.ravel(), N * D).reshape(N, D)


def by_the_inverse(dL_dx0, numbers, N):
    read, inverse = np.unique(numbers, return_inverse=True)
    sums = np.eye(len(read))[inverse.ravel()].T @ dL_dx0
    return np.array([sums[list(read).index(i)] if i in read else 0 * sums[0] for i in range(N)])


LOOK_UP = [
    added_at,
    lambda dL_dx0, numbers, N: (np.arange(N)[:, None] == numbers) @ dL_dx0,
    lambda dL_dx0, numbers, N: np.eye(N)[numbers].T @ dL_dx0,
    lambda dL_dx0, numbers, N: np.stack([dL_dx0[numbers == i].sum(axis=0) for i in range(N)]),
    lambda dL_dx0, numbers, N: np.einsum("ti,tj->ij", numbers[:, None] == np.arange(N), dL_dx0),
    lambda dL_dx0, numbers, N: np.tensordot(np.eye(N)[numbers], dL_dx0, axes=(0, 0)),
    one_position_after_another,
    onehot_filled,
    counted,
    lambda dL_dx0, numbers, N: sum(np.outer(np.arange(N) == i, row) for i, row in zip(numbers, dL_dx0, strict=True)),
    lambda dL_dx0, numbers, N: (dL_dx0.T @ np.eye(N)[numbers]).T,
    lambda dL_dx0, numbers, N: np.eye(N)[:, numbers] @ dL_dx0,
    lambda dL_dx0, numbers, N: ((np.arange(N)[:, None] == numbers)[:, :, None] * dL_dx0).sum(axis=1),
    lambda dL_dx0, numbers, N: np.array([(numbers == i) @ dL_dx0 for i in range(N)]),
    lambda dL_dx0, numbers, N: [np.where((numbers == i)[:, None], dL_dx0, 0).sum(0) for i in range(N)],
    lambda dL_dx0, numbers, N: np.equal.outer(range(N), numbers).dot(dL_dx0),
    lambda dL_dx0, numbers, N: np.array([sum(dL_dx0[np.nonzero(numbers == i)], 0 * dL_dx0[0]) for i in range(N)]),
    lambda dL_dx0, numbers, N: reduce(
        np.add, (np.eye(N)[:, [i]] * row for i, row in zip(numbers, dL_dx0, strict=True))
    ),
    lambda dL_dx0, numbers, N: [
        [sum(dL_dx0[t, j] for t in range(len(numbers)) if numbers[t] == i) for j in range(dL_dx0.shape[1])]
        for i in range(N)
    ],
    loops,
    plain_lists,
    in_a_dictionary,
    sorted_first,
    through_the_whole_jacobian,
    measured,
    rows_read_alone,
    flat,
    by_the_inverse,
]
FORMULAS = [
    "sum t: [{x}[t] = {i}] {g}[t,j]",
    "Σ_t {g}[t,j] [{i} = {x}[t]]",
    "sum s: {g}[s,j] · [{x}[s] == {i}]",
    "T mean t: [{x}[t] = {i}] * {g}[t,j]",
]
