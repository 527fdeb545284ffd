"""The walk out written once more, in long double and line by line: a hand of its own to hold accepted calls to."""

from __future__ import annotations

import numpy as np

WIDE = np.longdouble


def loss(model, tokens, y, **turned) -> float:
    """The loss of one or several sentences. `turned`: arrays that stand in for the model's weights, by name."""
    w = {name: np.asarray(array, WIDE) for name, array in {**model.weights, **turned}.items()}
    several = isinstance(tokens, (list, tuple)) and not np.isscalar(tokens[0])
    losses = []
    for sentence, following in zip(*((tokens, y) if several else ([tokens], [y])), strict=True):
        z = _logits(model, w, np.asarray(sentence))
        for t in np.flatnonzero(np.asarray(following) >= 0):
            others = np.delete(z[t], following[t])
            top = max(others.max(), z[t, following[t]])
            losses.append(np.log1p(np.exp(others - z[t, following[t]]).sum()) if top == z[t, following[t]] else (
                np.log(np.exp(z[t] - top).sum()) + top - z[t, following[t]]
            ))  # fmt: skip
    return np.mean(losses)


def slope(model, tokens, y, name, index, step=1e-6) -> float:
    """The slope of the loss in one number of a weight, by central differences of the above."""
    losses = []
    for nudge in (step, -step):
        array = model.weights[name].astype(WIDE)
        array[index] += WIDE(nudge)
        losses.append(loss(model, tokens, y, **{name: array}))
    return float((losses[0] - losses[1]) / (2 * WIDE(step)))


def _logits(model, w, tokens):
    T, D, H = len(tokens), model.D, model.H
    x = w["E"][tokens] + w["E_pos"][:T]
    for q in range(len(model.blocks)):
        b = {n.split(".")[-1]: a for n, a in w.items() if n.startswith(f"blocks.{q}.")} if len(model.blocks) > 1 else w
        n, heads = _norm(x, b["gamma1"], b["beta1"]), []
        for e in range(H):
            own = slice(e * D // H, (e + 1) * D // H)
            Q, K, V = (n @ b[f"W_{k}"][own].T + b[f"b_{k}"][own] for k in "QKV")
            S = np.where(np.tri(T, dtype=bool), Q @ K.T / np.sqrt(WIDE(D // H)), -np.inf)
            S = np.exp(S - S.max(-1, keepdims=True))
            heads.append(S / S.sum(-1, keepdims=True) @ V)
        x = x + np.concatenate(heads, axis=1) @ b["W_O"].T + b["b_O"]
        u = _norm(x, b["gamma2"], b["beta2"]) @ b["W1"].T + b["b1"]
        x = x + _mute(u, model.activation) @ b["W2"].T + b["b2"]
    if "gammaf" in w:
        x = _norm(x, w["gammaf"], w["betaf"])
    return x @ w.get("W", w["E"]).T + w.get("b", 0)


def _norm(x, gamma, beta):
    off = x - x.mean(-1, keepdims=True)
    return gamma * off / np.sqrt((off * off).mean(-1, keepdims=True) + WIDE("1e-5")) + beta


def _mute(u, activation):
    if activation == "relu":
        return np.where(u > 0, u, 0)
    # its tanh form: 2 / sqrt(pi) / sqrt(2) is sqrt(2 / pi)
    return u * (1 + np.tanh(np.sqrt(WIDE(2) / WIDE("3.14159265358979323846")) * (u + WIDE("0.044715") * u**3))) / 2
