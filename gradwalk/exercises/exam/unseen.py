"""Part D: twelve lines that the course has not walked; the slope in both things that each of them takes."""

import numpy as np

from gradwalk.exercises.exam.slopes import Line, asked


@asked(
    {
        "x": (
            "r = np.sqrt((x**2).mean(axis=1, keepdims=True))\n"
            "(g * G - x * (g * G * x).mean(axis=1, keepdims=True) / r**2) / r"
        ),
        "g": "(G * Y).sum(axis=0) / g",
    },
    x="td",
    g="d",
)
def root_mean_square_norm(x, g):
    """A norm without the mean: the length alone is made 1."""
    return g * x / np.sqrt((x**2).mean(axis=1, keepdims=True))


@asked(
    {
        "x": (
            "r = np.abs(x).sum(axis=1, keepdims=True)\n"
            "(g * G - np.sign(x) * (g * G * x).sum(axis=1, keepdims=True) / r) / r"
        ),
        "g": "(G * Y).sum(axis=0) / g",
    },
    x="td",
    g="d",
)
def sum_norm(x, g):
    """A norm by the sum of the sizes."""
    return g * x / np.abs(x).sum(axis=1, keepdims=True)


@asked(
    {
        "x": (
            "r = np.abs(x).max(axis=1, keepdims=True)\n"
            "(g * G - (np.abs(x) == r) * np.sign(x) * (g * G * x).sum(axis=1, keepdims=True) / r) / r"
        ),
        "g": "(G * Y).sum(axis=0) / g",
    },
    x="td",
    g="d",
)
def largest_norm(x, g):
    """A norm by the largest size of the row."""
    return g * x / np.abs(x).max(axis=1, keepdims=True)


@asked({"x": "G / (1 + np.exp(-y))", "y": "G * Y / (1 + np.exp(y))"}, x="td", y="td")
def gate_by_another(x, y):
    """One value says how much of the other passes."""
    return x / (1 + np.exp(-y))


@asked({"x": "(1.5 * keep * G) @ A.T", "A": "x.T @ (1.5 * keep * G)"}, x="td", A="df", keep="tf?")
def muted_by_chance(x, A, keep):
    """A fixed mask of 0 and 1 mutes a third; what is left is made larger."""
    return 1.5 * keep * (x @ A)


@asked(
    {
        "x": (
            "n, a = (x**2).sum(axis=1, keepdims=True), G @ B.T\n"
            "2 * x / n * (a - (x**2 / n * a).sum(axis=1, keepdims=True))"
        ),
        "B": "(x**2 / (x**2).sum(axis=1, keepdims=True)).T @ G",
    },
    x="ts",
    B="sd",
)
def shared_by_squares(x, B):
    """Another way of sharing out: by the squares."""
    return x**2 / (x**2).sum(axis=1, keepdims=True) @ B


@asked({"x": "G / (1 + np.exp(-x - k))", "k": "(G / (1 + np.exp(-x - k))).sum(axis=0)"}, x="td", k="d")
def softened_mute(x, k):
    """A mute without a kink."""
    return np.log(1 + np.exp(x + k))


@asked({"x": "G * (1 - (Y / k) ** 2)", "k": "(G * (Y - x * (1 - (Y / k) ** 2)) / k).sum(axis=0)"}, x="td", k="d+")
def soft_cap(x, k):
    """No number beyond k, its row's cap."""
    return k * np.tanh(x / k)


@asked(
    {
        "x": (
            "m, n = (np.sqrt((one**2).sum(axis=1, keepdims=True)) for one in (x, y))\n"
            "(G @ (y / n) - x / m * (G * Y).sum(axis=1, keepdims=True)) / m"
        ),
        "y": (
            "m, n = (np.sqrt((one**2).sum(axis=1, keepdims=True)) for one in (x, y))\n"
            "(G.T @ (x / m) - y / n * (G * Y).sum(axis=0)[:, None]) / n"
        ),
    },
    x="td",
    y="sd",
)
def cosines(x, y):
    """Each row of one against each row of the other, whatever their lengths."""
    lengths = np.sqrt((x**2).sum(axis=1))[:, None] * np.sqrt((y**2).sum(axis=1))
    return x @ y.T / lengths


@asked({"x": "G * (1 + k * (1 - np.tanh(x) ** 2))", "k": "(G * np.tanh(x)).sum()"}, x="td", k="")
def residual_with_a_scale(x, k):
    """Handed on, and adjusted by as much as one dial says."""
    return x + k * np.tanh(x)


@asked(
    {
        "x": "S = G.copy()\nfor t in reversed(range(len(x) - 1)):\n    S[t] += k * S[t + 1]\nS",
        "k": (
            "S = G.copy()\n"
            "for t in reversed(range(len(x) - 1)):\n"
            "    S[t] += k * S[t + 1]\n"
            "(S[1:] * Y[:-1]).sum(axis=0)"
        ),
    },
    x="td",
    k="d",
)
def running_sum(x, k):
    """What came before is kept in part, and what is new is added."""
    rows = [x[0]]
    for row in x[1:]:
        rows.append(row + k * rows[-1])
    return np.stack(rows)


@asked(
    {
        "z": (
            "wanted = 0.9 * (c[:, None] == np.arange(z.shape[1])) + 0.1 / z.shape[1]\n"
            "G * k * (np.exp(k * z) / np.exp(k * z).sum(axis=1, keepdims=True) - wanted) / len(z)"
        ),
        "k": (
            "wanted = 0.9 * (c[:, None] == np.arange(z.shape[1])) + 0.1 / z.shape[1]\n"
            "G * (z * (np.exp(k * z) / np.exp(k * z).sum(axis=1, keepdims=True) - wanted)).sum() / len(z)"
        ),
    },
    z="tn",
    k="",
    c="t<n",
)
def loss_with_smooth_labels(z, k, c):
    """The true word has 0.9 and all words share the rest; the logits are stretched first."""
    wanted = 0.9 * (c[:, None] == np.arange(z.shape[1])) + 0.1 / z.shape[1]
    logs = k * z - np.log(np.exp(k * z).sum(axis=1, keepdims=True))
    return -(wanted * logs).sum(axis=1).mean()


FAMILIES: tuple[Line, ...] = (
    *(root_mean_square_norm, sum_norm, largest_norm, gate_by_another, muted_by_chance, shared_by_squares),
    *(softened_mute, soft_cap, cosines, residual_with_a_scale, running_sum, loss_with_smooth_labels),
)
