"""Right slopes of a norm: of its stretch gamma, and of what it was fed."""

import numpy as np


def normed(x, eps=1e-5):
    return (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + eps)


def centred(x):
    return x - x.mean(axis=-1, keepdims=True)


def of_one_row(x, eps):
    mean = sum(x) / len(x)
    sigma = (sum((one - mean) ** 2 for one in x) / len(x) + eps) ** 0.5
    return [(one - mean) / sigma for one in x]


def gamma_loops(dL_dv, x1, eps):
    T, D = x1.shape
    made = np.zeros(D)
    for t in range(T):
        mean = x1[t].mean()
        sigma = np.sqrt(((x1[t] - mean) ** 2).mean() + eps)
        for j in range(D):
            made[j] += dL_dv[t, j] * (x1[t, j] - mean) / sigma
    return made


def gamma_lists(dL_dv, x1, eps):
    rows = [of_one_row(row, eps) for row in x1.tolist()]
    return [sum(g[j] * x[j] for g, x in zip(dL_dv.tolist(), rows, strict=True)) for j in range(x1.shape[1])]


def gamma_measured(dL_dv, x1, eps):
    made = []
    for nudge in np.eye(x1.shape[1]):
        up, down = (1 + nudge) * normed(x1, eps), (1 - nudge) * normed(x1, eps)
        made.append(((dL_dv * up).sum() - (dL_dv * down).sum()) / 2)
    return np.array(made)


def gamma_by_jacobian(dL_dv, x1, eps):
    x_hat, D = normed(x1, eps), x1.shape[1]
    dv_dgamma = np.stack([np.diag(row) for row in x_hat])  # (T, D, D)
    return np.tensordot(dL_dv, dv_dgamma, axes=([0, 1], [0, 1])).reshape(D)


def gamma_with_rstd(dL_dv, x1, eps=1e-5):
    mean = np.mean(x1, axis=-1)
    rstd = 1 / np.sqrt(np.mean(x1**2, axis=-1) - mean**2 + eps)
    return np.einsum("tj,tj,t->j", dL_dv, x1 - mean[:, None], rstd)


def gamma_row_by_row(dL_dv, x1, eps):
    made = np.zeros(x1.shape[1])
    for message, row in zip(dL_dv, x1, strict=True):
        made += message * (row - row.mean()) / np.sqrt(row.var() + eps)
    return made


def gamma_with_a_centring_matrix(dL_dv, x1, eps):
    D = x1.shape[1]
    away = x1 @ (np.eye(D) - np.ones((D, D)) / D)
    sigma = np.sqrt(np.einsum("tj,tj->t", away, away) / D + eps)
    return np.diag(dL_dv.T @ (away / sigma[:, None]))


DL_DGAMMA = [
    lambda dL_dv, x1, eps: (dL_dv * normed(x1, eps)).sum(axis=0),
    lambda dL_dv, x1, eps: np.einsum("tj,tj->j", dL_dv, normed(x1, eps)),
    lambda dL_dv, x1: np.sum(dL_dv * normed(x1), axis=0),
    gamma_row_by_row,
    lambda dL_dv, x1, eps=1e-5: (dL_dv * centred(x1) / np.sqrt(x1.var(-1, keepdims=True) + eps)).sum(0),
    lambda dL_dv, x1, eps: np.diag(dL_dv.T @ normed(x1, eps)),
    lambda dL_dv, x1, eps: np.ones(len(x1)) @ (dL_dv * normed(x1, eps)),
    gamma_with_a_centring_matrix,
    gamma_with_rstd,
    gamma_loops,
    gamma_lists,
    gamma_measured,
    gamma_by_jacobian,
    lambda dL_dv, x1, eps: [g @ x for g, x in zip(dL_dv.T, normed(x1, eps).T, strict=True)],
    lambda dL_dv, x1, eps: sum(g * x for g, x in zip(dL_dv, normed(x1, eps), strict=True)),
    lambda dL_dv, x1, eps: len(x1) * (dL_dv * normed(x1, eps)).mean(axis=0),
    lambda dL_dv, x1, eps: (1 / np.sqrt(x1.var(axis=1) + eps)) @ (dL_dv * centred(x1)),
    lambda dL_dv, x1, eps: ((dL_dv.T * centred(x1).T) / np.sqrt(np.var(x1, 1) + eps)).sum(axis=1),
    lambda dL_dv, x1, eps: np.add.reduce(dL_dv * np.array([of_one_row(row, eps) for row in x1])),
    lambda dL_dv, x1, eps: (dL_dv * centred(x1) * np.power(x1.std(1, keepdims=True) ** 2 + eps, -0.5)).sum(0),
    lambda dL_dv, x1, eps: np.cumsum(dL_dv * normed(x1, eps), axis=0)[-1],
    lambda dL_dv, x1, eps: np.apply_along_axis(
        lambda pair: pair[: len(x1)] @ pair[len(x1) :], 0, np.r_[dL_dv, normed(x1, eps)]
    ),
    lambda dL_dv, x1, eps: (np.eye(len(x1))[:, :, None] * dL_dv * normed(x1, eps)[:, None]).sum(axis=(0, 1)),
]
GAMMA_FORMULAS = [
    "sum t: {g}[t,j] x_hat[t,j]",
    "sum t: {g}[t,j] ({x}[t,j] − mean c: {x}[t,c]) / sigma[t]",
    "Σ_t {g}[t,j] x_hat[t,j]",
    "sum t: {g}[t,j] ({x}[t,j] − 1/D sum c: {x}[t,c]) / √((mean c: {x}[t,c]^2) − (mean c: {x}[t,c])^2 + eps)",
]


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
    D, away = x1.shape[1], x1 - x1.mean(axis=1, keepdims=True)
    sigma = np.sqrt((away**2).mean(axis=1, keepdims=True) + eps)
    to_x_hat = dL_dv * gamma
    to_sigma = (-to_x_hat * away / sigma**2).sum(axis=1, keepdims=True)
    to_away = to_x_hat / sigma + to_sigma / sigma * away / D
    return to_away - to_away.mean(axis=1, keepdims=True)


def as_batch_norm_is_taught(dL_dv, x1, gamma, eps):
    """Every node of the graph backward: mean, difference, square, variance, root, inverse, product."""
    D = x1.shape[1]
    mu = 1 / D * np.sum(x1, axis=1, keepdims=True)
    xmu = x1 - mu
    var = 1 / D * np.sum(xmu**2, axis=1, keepdims=True)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1 / sqrtvar
    dxhat = dL_dv * gamma
    divar = np.sum(dxhat * xmu, axis=1, keepdims=True)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1 / sqrtvar**2 * divar
    dvar = 0.5 / np.sqrt(var + eps) * dsqrtvar
    dsq = 1 / D * np.ones(x1.shape) * dvar
    dxmu2 = 2 * xmu * dsq
    dmu = -np.sum(dxmu1 + dxmu2, axis=1, keepdims=True)
    return dxmu1 + dxmu2 + 1 / D * np.ones(x1.shape) * dmu


def by_mean_and_variance(dL_dv, x1, gamma, eps):
    D, mean, var = x1.shape[1], x1.mean(1, keepdims=True), x1.var(1, keepdims=True)
    dxhat = dL_dv * gamma
    dvar = (dxhat * (x1 - mean) * -0.5 * (var + eps) ** -1.5).sum(1, keepdims=True)
    dmean = (-dxhat / np.sqrt(var + eps)).sum(1, keepdims=True) + dvar * (-2 * (x1 - mean)).mean(1, keepdims=True)
    return dxhat / np.sqrt(var + eps) + dvar * 2 * (x1 - mean) / D + dmean / D


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


def by_a_complex_step(dL_dv, x1, gamma, eps):
    made = np.empty(x1.shape)
    for j in range(x1.shape[1]):
        x = x1 + 1e-30j * (np.arange(x1.shape[1]) == j)
        away = x - x.mean(axis=1, keepdims=True)
        v = gamma * away / np.sqrt((away**2).mean(axis=1, keepdims=True) + eps)
        made[:, j] = (dL_dv * v).sum(axis=1).imag / 1e-30
    return made


def loops(dL_dv, x1, gamma, eps):
    T, D = x1.shape
    made = np.zeros((T, D))
    for t in range(T):
        x_hat, sigma = of_one_row(x1[t], eps), (np.var(x1[t]) + eps) ** 0.5
        for i in range(D):
            for j in range(D):
                dx_hat = ((i == j) - 1 / D - x_hat[i] * x_hat[j] / D) / sigma
                made[t, i] += dL_dv[t, j] * gamma[j] * dx_hat
    return made


def plain_lists(dL_dv, x1, gamma, eps):
    made = []
    for message, row in zip(dL_dv.tolist(), x1.tolist(), strict=True):
        D, mean = len(row), sum(row) / len(row)
        sigma = (sum((x - mean) ** 2 for x in row) / D + eps) ** 0.5
        x_hat, g = [(x - mean) / sigma for x in row], [m * s for m, s in zip(message, gamma, strict=True)]
        level, along = sum(g) / D, sum(a * b for a, b in zip(g, x_hat, strict=True)) / D
        made.append([(a - level - b * along) / sigma for a, b in zip(g, x_hat, strict=True)])
    return made


def by_matrices(dL_dv, x1, gamma, eps):
    D = x1.shape[1]
    P, rows = np.eye(D) - np.full((D, D), 1 / D), []  # takes the mean out
    for g, x in zip(dL_dv, x1, strict=True):
        away = P @ x
        sigma = np.sqrt(away @ away / D + eps)
        J = np.diag(gamma) @ (np.eye(D) / sigma - np.outer(away, away) / (D * sigma**3)) @ P
        rows.append(g @ J)
    return np.stack(rows)


def projected(dL_dv, x1, gamma, eps):
    """Take out of the message what lies along (1, …, 1), then what lies along x̂; eps keeps a little of the second."""
    away = centred(x1)
    square = (away**2).sum(axis=1, keepdims=True)
    sigma = np.sqrt(square / x1.shape[1] + eps)
    g = centred(dL_dv * gamma)
    kept = square / x1.shape[1] / sigma**2
    return (g - kept * away * (g * away).sum(axis=1, keepdims=True) / square) / sigma


def of_one_position(g, x, eps):
    away = x - x.mean()
    sigma = np.sqrt((away**2).mean() + eps)
    return (g - g.mean() - away * (g * away).mean() / sigma**2) / sigma


def by_einsum(dL_dv, x1, gamma, eps):
    D, x_hat = x1.shape[1], normed(x1, eps)
    sigma = np.sqrt(np.var(x1, axis=1) + eps)
    along = np.einsum("tc,c,tc->t", dL_dv, gamma, x_hat) / D
    level = np.einsum("tc,c->t", dL_dv, gamma) / D
    return np.einsum("tj,t->tj", np.einsum("tj,j->tj", dL_dv, gamma) - level[:, None], 1 / sigma) - np.einsum(
        "tj,t,t->tj", x_hat, along, 1 / sigma
    )


def in_place(dL_dv, x1, gamma, eps):
    x_hat, made = normed(x1, eps), dL_dv * gamma
    made -= made.mean(axis=-1, keepdims=True) + x_hat * np.mean(made * x_hat, axis=-1, keepdims=True)
    made /= np.sqrt(x1.var(axis=-1, keepdims=True) + eps)
    return made


def through_the_whole_jacobian(dL_dv, x1, gamma, eps):
    D, x_hat = x1.shape[1], normed(x1, eps)
    sigma = np.sqrt(x1.var(axis=1) + eps)
    J = gamma[:, None] * (np.eye(D) - 1 / D - x_hat[:, :, None] * x_hat[:, None, :] / D) / sigma[:, None, None]
    return np.einsum("ti,tij->tj", dL_dv, J)


PULLBACK = [
    three_terms,
    lambda dL_dv, x1, gamma: three_terms(dL_dv, x1, gamma, 1e-5),
    as_in_libraries,
    by_jacobian,
    step_by_step,
    as_batch_norm_is_taught,
    by_mean_and_variance,
    in_place,
    measured,
    by_a_complex_step,
    loops,
    plain_lists,
    by_matrices,
    projected,
    by_einsum,
    through_the_whole_jacobian,
    lambda dL_dv, x1, gamma, eps: np.stack(
        [three_terms(dL_dv[t : t + 1], x1[t : t + 1], gamma, eps)[0] for t in range(len(x1))]
    ),
    lambda dL_dv, x1, gamma, eps=1e-5: [of_one_position(g * gamma, x, eps) for g, x in zip(dL_dv, x1, strict=True)],
    lambda dL_dv, x1, gamma, eps: np.array(list(map(of_one_position, dL_dv * gamma, x1, [eps] * len(x1)))),
    lambda dL_dv, x1, gamma, eps, **more: (
        centred(dL_dv * gamma - normed(x1, eps) * (dL_dv * gamma * normed(x1, eps)).mean(1)[:, None])
        / np.sqrt(x1.var(1)[:, None] + eps)
    ),
    lambda dL_dv, x1, gamma, eps: (
        centred(dL_dv * gamma) / np.sqrt(x1.var(1) + eps)[:, None]
        - centred(x1) * ((dL_dv * gamma * centred(x1)).mean(1) / (x1.var(1) + eps) ** 1.5)[:, None]
    ),
]
_ALONG = "x_hat[t,j] (mean c: {w}[c] {g}[t,c] x_hat[t,c])"
PULLBACK_FORMULAS = [
    "1/sigma[t] * ({w}[j] {g}[t,j] − (mean c: {w}[c] {g}[t,c]) − " + _ALONG + ")",
    "({w}[j] {g}[t,j] − mean c: {w}[c] {g}[t,c]) / sigma[t] − " + _ALONG + " / sigma[t]",
    "1/σ[t] (γ[j] {g}[t,j] − 1/D Σ_c γ[c] {g}[t,c] − x_hat[t,j] 1/D Σ_c γ[c] {g}[t,c] x_hat[t,c])",
    "sum c: {g}[t,c] {w}[c] ([c = j] − 1/D − x_hat[t,c] x_hat[t,j] / D) / sigma[t]",
]
