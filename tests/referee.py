"""The referee: the same block written a second time, as plainly as can be, and differentiated by `autograd`.

None of gradwalk's formulas is used here. Attention takes one head and one position at a time and looks at the places
of its own sentence so far, so there is no mask to forget. Every value gets a probe, an array of zeros that is added
to it; the slope of the loss in the probe is the value's gradient. A road has a probe of its own.
"""

from __future__ import annotations

import autograd.numpy as np
from autograd import grad, make_vjp

VALUES = ("x0", "n", "O", "a", "x1", "v", "m", "h")  # each (T, D)
ROADS = ("x0_via_x1", "x0_via_n", "n_via_Q", "n_via_K", "n_via_V", "x1_via_h", "x1_via_v")  # each (T, D)


def walk(model, tokens, y):
    """(values, grads) of a model on a list of sentences, each a dictionary: "L", "blocks.0.x1", "blocks.0.dL_dx1"."""
    blocks = [dict(block) for block in model.blocks]
    top = {name: array for name, array in model.weights.items() if name.split(".")[-1] not in blocks[0]}
    probes = _probes(model, sum(map(len, tokens)))

    def loss(weights, probes):
        return forward(weights, probes, tokens, y, **model.settings)["L"]

    weights = {"top": top, "blocks": blocks}
    values = forward(weights, probes, tokens, y, **model.settings)
    by_weight, by_probe = grad(loss, argnum=(0, 1))(weights, probes)
    grads = {}
    for slopes in (by_weight, by_probe):
        grads |= {f"dL_d{name}": slope for name, slope in slopes["top"].items()}
        for q, block in enumerate(slopes["blocks"]):
            grads |= {f"blocks.{q}.dL_d{name}": slope for name, slope in block.items()}
    if "W" in top:
        del grads["dL_dE_via_z"]
    return values, grads


def _probes(model, T):
    """Zeros of the shape of every value and of every road."""
    D, F, H, N = model.D, model.F, model.H, model.N
    top = {"z": np.zeros((T, N)), "E_via_x0": np.zeros((N, D)), "E_via_z": np.zeros((N, D))}
    if "gammaf" in model.weights:
        top["hf"] = np.zeros((T, D))
    shapes = dict.fromkeys(VALUES + ROADS, (T, D)) | dict.fromkeys(("u", "r"), (T, F))
    shapes |= dict.fromkeys(("Q", "K", "V"), (H, T, D // H)) | dict.fromkeys(("S", "alpha"), (H, T, T))
    return {"top": top, "blocks": [{name: np.zeros(shapes[name]) for name in shapes} for _ in model.blocks]}


def forward(weights, probes, tokens, y, H, activation, norm, eps):
    """Every value by its name, the loss too."""
    assert norm == "layer"
    top, probe = weights["top"], probes["top"]
    begins = []  # for each position, where its sentence begins
    for sentence in tokens:
        begins += [len(begins)] * len(sentence)
    read = top["E"] + probe["E_via_x0"]
    said = top.get("W", top["E"] + probe["E_via_z"])
    x = np.array([read[word] + top["E_pos"][place] for sentence in tokens for place, word in enumerate(sentence)])
    values = {}
    for q, (block, at) in enumerate(zip(weights["blocks"], probes["blocks"], strict=True)):
        x, inner = _block(block, at, x, begins, H, activation, eps)
        values |= {f"blocks.{q}.{name}": array for name, array in inner.items()}
    if "gammaf" in top:
        x = values["hf"] = layernorm(x, top["gammaf"], top["betaf"], eps) + probe["hf"]
    z = values["z"] = np.dot(x, said.T) + top.get("b", 0.0) + probe["z"]
    p = values["p"] = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
    true = [word for sentence in y for word in sentence]
    costs = [-np.log(p[t, word]) for t, word in enumerate(true) if word != -1]
    return values | {"L": sum(costs) / len(costs)}


def _block(w, at, x, begins, H, activation, eps):
    """One block on the rows of x; `at` holds its probes."""
    values = {}

    def keep(name, array):
        values[name] = array + at[name]
        return values[name]

    x0 = keep("x0", x)
    n = keep("n", layernorm(x0 + at["x0_via_n"], w["gamma1"], w["beta1"], eps))
    T, wide = len(n), len(n[0]) // H
    for name in ("Q", "K", "V"):
        rows = np.dot(n + at[f"n_via_{name}"], w[f"W_{name}"].T) + w[f"b_{name}"]
        keep(name, np.array([rows[:, e * wide : (e + 1) * wide] for e in range(H)]))
    looks = [[_look(e, t, begins[t], values, at) for t in range(T)] for e in range(H)]
    values["S"] = np.array([[look[0] for look in head] for head in looks])
    values["alpha"] = np.array([[look[1] for look in head] for head in looks])
    O = keep("O", np.array([np.concatenate([looks[e][t][2] for e in range(H)]) for t in range(T)]))
    a = keep("a", np.dot(O, w["W_O"].T) + w["b_O"])
    x1 = keep("x1", x0 + at["x0_via_x1"] + a)
    v = keep("v", layernorm(x1 + at["x1_via_v"], w["gamma2"], w["beta2"], eps))
    u = keep("u", np.dot(v, w["W1"].T) + w["b1"])
    r = keep("r", ACTIVATIONS[activation](u))
    m = keep("m", np.dot(r, w["W2"].T) + w["b2"])
    return keep("h", x1 + at["x1_via_h"] + m), values


def _look(e, t, begin, values, at):
    """Head e at position t: its scores, its shares of the sentence so far, and the blend by these shares."""
    Q, K, V = (values[name][e] for name in ("Q", "K", "V"))
    S = np.dot(K[begin : t + 1], Q[t]) / Q.shape[1] ** 0.5 + at["S"][e, t, begin : t + 1]
    shares = np.exp(S) / np.sum(np.exp(S))
    before, after = np.zeros(begin), np.zeros(len(Q) - t - 1)
    alpha = np.concatenate([before, shares, after]) + at["alpha"][e, t]
    return np.concatenate([before - np.inf, S, after - np.inf]), alpha, np.dot(alpha, V)


def layernorm(x, gamma, beta, eps=1e-5):
    """Each row: mean out, spread to 1, stretched and shifted."""
    centred = x - np.mean(x, axis=1, keepdims=True)
    return centred / (np.mean(centred**2, axis=1, keepdims=True) + eps) ** 0.5 * gamma + beta


def gelu(u):
    """GPT-2's GELU through the logistic function: (1 + tanh(w)) / 2 = 1 / (1 + exp(-2 w))."""
    return u / (1 + np.exp(-2 * (2 / np.pi) ** 0.5 * (u + 0.044715 * u**3)))


ACTIVATIONS = {"relu": lambda u: np.where(u > 0, u, 0.0), "gelu": gelu}


def pulled_back(function, array, upstream):
    """The slope of sum(upstream * function(array)) in every entry of `array`."""
    pull, _ = make_vjp(function)(array)
    return pull(upstream)
