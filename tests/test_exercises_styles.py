"""Right answers in the styles that people write: each passes."""

import numpy as np
import pytest

from gradwalk import check
from gradwalk.exercises import process
from gradwalk.step5_attention import merge_heads, split_heads

process.warm()


def outer(a, b):
    """A helper of the page, as one has it."""
    return np.outer(a, b)


def W_loops(dL_dz, h):
    made = np.zeros((dL_dz.shape[1], h.shape[1]))
    for t in range(len(h)):
        for i in range(dL_dz.shape[1]):
            for j in range(h.shape[1]):
                made[i, j] += dL_dz[t, i] * h[t, j]
    return made


def W_lists(dL_dz, h):
    dL_dz, h = dL_dz.tolist(), h.tolist()
    T, N, D = len(h), len(dL_dz[0]), len(h[0])
    return [[sum(dL_dz[t][i] * h[t][j] for t in range(T)) for j in range(D)] for i in range(N)]


def W_with_remarks(dL_dz, h):
    print("dL_dz", dL_dz.shape)
    made = dL_dz.T @ h
    assert made.shape == (dL_dz.shape[1], h.shape[1])
    return made


STYLES = {
    "dL_dW": [
        lambda dL_dz, h: dL_dz.T @ h,
        lambda a, b: np.einsum("ti,tj->ij", a, b),
        lambda dL_dz, h: sum(outer(dL_dz[t], h[t]) for t in range(len(h))),
        lambda dL_dz, h: (dL_dz[:, :, None] * h[:, None, :]).sum(axis=0),
        lambda dL_dz, h: np.tensordot(dL_dz, h, axes=(0, 0)),
        lambda dL_dz, h: (h.T @ dL_dz).T,
        lambda dL_dz, h: dL_dz.astype(np.float32).T @ h.astype(np.float32),
        lambda dL_dz, h: np.stack([h.T @ column for column in dL_dz.T]),
        lambda dL_dz, h: np.transpose(dL_dz).dot(h),
        lambda dL_dz, h, **more: np.matmul(dL_dz.T, h),
        W_loops,
        W_lists,
        W_with_remarks,
    ],
    "dL_dz": [
        lambda p, y: (p - (np.arange(p.shape[1]) == y[:, None])) * (y >= 0)[:, None] / (y >= 0).sum(),
        lambda p, y: np.where((y >= 0)[:, None], p - np.eye(p.shape[1])[y], 0) / np.count_nonzero(y + 1),
        lambda p, y: (
            np.stack([(p[t] - np.eye(p.shape[1])[y[t]]) * (y[t] >= 0) for t in range(len(y))]) / len(y[y >= 0])
        ),
        lambda p, y: (y[:, None] >= 0) * (p - np.equal.outer(y, np.arange(p.shape[1]))) / sum(y >= 0),
        lambda p, y: (np.einsum("ti,t->ti", p, y >= 0) - np.equal.outer(y, np.arange(p.shape[1]))) / (y >= 0).sum(),
        lambda p, y: ((p - (np.arange(p.shape[1]) == y[:, None])) * (y >= 0)[:, None] / (y >= 0).sum()).astype("f4"),
        lambda p, y: [
            [(y[t] >= 0) * (p[t, i] - (i == y[t])) / (y >= 0).sum() for i in range(p.shape[1])] for t in range(len(y))
        ],
        lambda p, y: -((np.arange(p.shape[1]) == y[:, None]) * 1.0 - p) * (y >= 0)[:, None] / (y > -1).sum(),
        lambda p, y: np.diag((y >= 0) / (y >= 0).sum()) @ (p - (np.arange(p.shape[1]) == y[:, None])),
        lambda p, y: (
            np.apply_along_axis(
                lambda row: (row[:-1] - (np.arange(p.shape[1]) == row[-1])) * (row[-1] >= 0), 1, np.c_[p, y]
            )
            / (y >= 0).sum()
        ),
    ],
    "dL_dh": [
        lambda dL_dz, W: dL_dz @ W,
        lambda dL_dz, W: (W.T @ dL_dz.T).T,
        lambda dL_dz, W: np.einsum("ti,ij->tj", dL_dz, W),
        lambda dL_dz, W: np.stack([g @ W for g in dL_dz]),
        lambda dL_dz, W: np.stack([W.T @ g for g in dL_dz]),
        lambda dL_dz, W: sum(np.outer(dL_dz[:, i], W[i]) for i in range(len(W))),
        lambda dL_dz, W: (dL_dz[:, :, None] * W).sum(axis=1),
        lambda dL_dz, W: np.inner(dL_dz, W.T),
        lambda dL_dz, W: np.float32(dL_dz) @ np.float32(W),
        lambda dL_dz, W: (dL_dz @ W).tolist(),
        lambda dL_dz, W: [[sum(dL_dz[t, :] * W[:, j]) for j in range(W.shape[1])] for t in range(len(dL_dz))],
    ],
    "dL_du": [
        lambda dL_dr, u: dL_dr * (u > 0),
        lambda dL_dr, u: np.where(u > 0, dL_dr, 0),
        lambda dL_dr, u: dL_dr * np.heaviside(u, 0),
        lambda dL_dr, u: np.where(u <= 0, 0, dL_dr),
        lambda dL_dr, u, activation: dL_dr * (np.maximum(u, 0) > 0),
        lambda dL_dr, u, activation="relu": dL_dr * (np.sign(u) == 1),
        lambda dL_dr, u: dL_dr * (1 + np.sign(u)) // 1 * 0 + dL_dr * (u > 0),
        lambda dL_dr, u: (dL_dr * (u > 0)).astype(np.float32),
        lambda dL_dr, u: [
            [a if b > 0 else 0 for a, b in zip(*rows, strict=True)] for rows in zip(dL_dr, u, strict=True)
        ],
        lambda dL_dr, u: np.multiply(dL_dr, np.array(u > 0, dtype=int)),
    ],
    "dL_dx1_via_v": [
        lambda dL_dv, x1, gamma, eps: three_terms(dL_dv, x1, gamma, eps),
        lambda dL_dv, x1, gamma: three_terms(dL_dv, x1, gamma, 1e-5),
        lambda dL_dv, x1, gamma2, eps: by_jacobian(dL_dv, x1, gamma2, eps),
        lambda dL_dv, x1, gamma, eps: as_in_libraries(dL_dv, x1, gamma, eps),
        lambda dL_dv, x1, gamma, eps: step_by_step(dL_dv, x1, gamma, eps),
        lambda dL_dv, x1, gamma, eps: measured(dL_dv, x1, gamma, eps),
        lambda dL_dv, x1, gamma, eps: three_terms(dL_dv, x1, gamma, eps).astype(np.float32),
        lambda dL_dv, x1, gamma, eps: three_terms(dL_dv, x1, gamma, eps).tolist(),
        lambda dL_dv, x1, gamma, eps: np.stack(
            [three_terms(dL_dv[t : t + 1], x1[t : t + 1], gamma, eps)[0] for t in range(len(x1))]
        ),
        lambda dL_dv, x1, gamma, eps: three_terms(*map(np.float32, (dL_dv, x1, gamma)), eps),
    ],
    "dL_dS": [
        lambda dL_dalpha, alpha: alpha * (dL_dalpha - (alpha * dL_dalpha).sum(axis=-1, keepdims=True)),
        lambda dL_dalpha, alpha: alpha * dL_dalpha - alpha * (alpha * dL_dalpha).sum(-1)[..., None],
        lambda d, alpha: np.einsum(
            "ets,etsS->etS", d, alpha[..., None] * (np.eye(alpha.shape[-1]) - alpha[:, :, None])
        ),
        lambda d, alpha: alpha * (d - np.einsum("ets,ets->et", alpha, d)[:, :, None]),
        lambda d, alpha: np.stack(
            [
                [(np.diag(a) - np.outer(a, a)) @ g for a, g in zip(*head, strict=True)]
                for head in zip(alpha, d, strict=True)
            ]
        ),
        lambda d, alpha: (alpha * (d - (alpha * d).sum(axis=2, keepdims=True))).astype(np.float32),
        lambda d, alpha: alpha * (d - np.sum(alpha * d, 2).reshape(*d.shape[:2], 1)),
        lambda d, alpha: (lambda w: w - alpha * w.sum(axis=-1, keepdims=True))(alpha * d),
        lambda d, alpha: [
            [(a * (g - a @ g)).tolist() for a, g in zip(x, y, strict=True)] for x, y in zip(alpha, d, strict=True)
        ],
        lambda d, alpha: np.where(alpha > 0, alpha * (d - (alpha * d).sum(axis=-1, keepdims=True)), 0),
    ],
    "dL_dW_Q": [
        lambda dL_dQ, n: merge_heads(dL_dQ).T @ n,
        lambda dL_dQ, n: np.einsum("etd,tj->edj", dL_dQ, n).reshape(n.shape[1], -1),
        lambda dL_dQ, n: np.concatenate([head.T @ n for head in dL_dQ]),
        lambda dL_dQ, n: dL_dQ.transpose(1, 0, 2).reshape(len(n), -1).T @ n,
        lambda dL_dQ, n: np.vstack([np.einsum("td,tj->dj", head, n) for head in dL_dQ]),
    ],
    "dL_dV": [
        lambda dL_dO, alpha: alpha.swapaxes(1, 2) @ split_heads(dL_dO, len(alpha)),
        lambda dL_dO, alpha: np.stack(
            [a.T @ g for a, g in zip(alpha, np.split(dL_dO, len(alpha), axis=1), strict=True)]
        ),
        lambda dL_dO, alpha: np.einsum("ets,ted->esd", alpha, dL_dO.reshape(len(dL_dO), len(alpha), -1)),
    ],
    "dL_dE_via_x0": [
        lambda dL_dx0, tokens, N: (np.arange(N)[:, None] == tokens) @ dL_dx0,
        lambda dL_dx0, tokens, N: np.eye(N)[tokens].T @ dL_dx0,
        lambda dL_dx0, tokens, N: np.stack([dL_dx0[tokens == i].sum(axis=0) for i in range(N)]),
    ],
    "S": [
        lambda Q, K, attends: np.where(attends, Q @ K.swapaxes(1, 2) / np.sqrt(Q.shape[2]), -np.inf),
        lambda Q, K, attends: np.where(attends, np.einsum("etd,esd->ets", Q, K) / Q.shape[-1] ** 0.5, -1e9),
    ],
    "gelu_slope": [
        lambda u: (gelu(u + 1e-5) - gelu(u - 1e-5)) / 2e-5,
    ],
}


def gelu(u):
    return 0.5 * u * (1 + np.tanh(np.sqrt(2 / np.pi) * (u + 0.044715 * u**3)))


def of_a_row(a, g):
    return (np.diag(a) - np.outer(a, a)) @ g


def three_terms(dL_dv, x1, gamma, eps):
    sigma = np.sqrt(x1.var(axis=1, keepdims=True) + eps)
    x_hat, g = (x1 - x1.mean(axis=1, keepdims=True)) / sigma, dL_dv * gamma
    return (g - g.mean(axis=1, keepdims=True) - x_hat * (g * x_hat).mean(axis=1, keepdims=True)) / sigma


def by_jacobian(dL_dv, x1, gamma, eps):
    D, rows = x1.shape[1], []
    for g, x in zip(dL_dv, x1, strict=True):
        sigma = np.sqrt(x.var() + eps)
        x_hat = (x - x.mean()) / sigma
        rows.append((gamma[:, None] / sigma * (np.eye(D) - 1 / D - np.outer(x_hat, x_hat) / D)).T @ g)
    return np.array(rows)


def as_in_libraries(dL_dv, x1, gamma, eps):
    D = x1.shape[1]
    mean = x1.sum(axis=1, keepdims=True) / D
    rstd = (((x1 - mean) ** 2).sum(axis=1, keepdims=True) / D + eps) ** -0.5
    g, x_hat = dL_dv * gamma, (x1 - mean) * rstd
    return rstd / D * (D * g - g.sum(axis=1, keepdims=True) - x_hat * (g * x_hat).sum(axis=1, keepdims=True))


def step_by_step(dL_dv, x1, gamma, eps):
    D, centred = x1.shape[1], x1 - x1.mean(axis=1, keepdims=True)
    sigma = np.sqrt((centred**2).mean(axis=1, keepdims=True) + eps)
    to_x_hat = dL_dv * gamma
    to_sigma = (-to_x_hat * centred / sigma**2).sum(axis=1, keepdims=True)
    to_centred = to_x_hat / sigma + to_sigma / sigma * centred / D
    return to_centred - to_centred.mean(axis=1, keepdims=True)


def measured(dL_dv, x1, gamma, eps):
    made = np.empty(x1.shape)
    for t, row in enumerate(x1):
        for j in range(len(row)):
            ends = []
            for step in (1e-6, -1e-6):
                x = row + step * (np.arange(len(row)) == j)
                ends.append(dL_dv[t] @ (gamma * (x - x.mean()) / np.sqrt(x.var() + eps)))
            made[t, j] = (ends[0] - ends[1]) / 2e-6
    return made


CASES = [
    pytest.param(task, answer, id=f"{task}-{k}", marks=[pytest.mark.slow] * (k > 1))
    for task, answers in STYLES.items()
    for k, answer in enumerate(answers)
]


@pytest.mark.parametrize(("task", "answer"), CASES)
def test_a_right_answer_passes_in_any_style(task, answer):
    result = check(task, answer, seed=1)
    assert result.passed, result.said


def test_ten_styles_stand_here_for_six_tasks():
    assert sum(len(answers) >= 10 for answers in STYLES.values()) >= 6
