r"""Step 2, the feed-forward step (MLP): expand, mute, contract. m = act(v W1^T + b1) W2^T + b2.

Each position is on its own here: no line below mixes two values of t.
"""

import numpy as np


def expand(v, W1, b1):
    """u = v W1^T + b1, shape (T, F)."""
    return v @ W1.T + b1  # (T, F)


def relu(u):
    """Mute what is negative: r = max(u, 0)."""
    return np.maximum(u, 0)  # (T, F)


def relu_slope(u):
    """1 where relu lets through, 0 where it mutes. At u = 0 exactly the slope is taken as 0."""
    return (u > 0).astype(u.dtype)  # (T, F)


GELU_SCALE, GELU_CUBIC = np.sqrt(2 / np.pi).item(), 0.044715  # GPT-2's tanh form (Hendrycks and Gimpel, 2016)


def gelu(u):
    """GPT-2's tanh form: u/2 (1 + tanh(c (u + 0.044715 u^3))) with c = sqrt(2/pi)."""
    return 0.5 * u * (1 + np.tanh(GELU_SCALE * (u + GELU_CUBIC * u * u * u)))  # (T, F)


def gelu_slope(u):
    """The exact derivative of that same tanh form, product rule and chain rule."""
    w = np.tanh(GELU_SCALE * (u + GELU_CUBIC * u * u * u))  # (T, F)
    return 0.5 * (1 + w) + 0.5 * u * (1 - w * w) * GELU_SCALE * (1 + 3 * GELU_CUBIC * u * u)  # (T, F)


ACTIVATIONS = {"relu": (relu, relu_slope), "gelu": (gelu, gelu_slope)}


def contract(r, W2, b2):
    """m = r W2^T + b2, shape (T, D)."""
    return r @ W2.T + b2  # (T, D)


def dL_dW2(dL_dm, r):
    r"""Turn W2[j, f]: only component j of m moves, by r[t, f].

    $$\frac{\partial L}{\partial W2_{jf}} = \sum_{t} \frac{\partial L}{\partial m_{tj}} r_{tf}$$
    >>> same(dL_dW2(dL_dm, r), einsum("tj,tf->jf", dL_dm, r))
    """
    return dL_dm.T @ r  # (D, F)


def dL_db2(dL_dm):
    r"""Turn b2[j]: component j of m moves by as much, at every position.

    $$\frac{\partial L}{\partial b2_{j}} = \sum_{t} \frac{\partial L}{\partial m_{tj}}$$
    >>> same(dL_db2(dL_dm), einsum("tj->j", dL_dm))
    """
    return dL_dm.sum(axis=0)  # (D,)


def dL_dr(dL_dm, W2):
    r"""Turn r[t, f]: every component of m at position t moves, component j by W2[j, f].

    $$\frac{\partial L}{\partial r_{tf}} = \sum_{j} \frac{\partial L}{\partial m_{tj}} W2_{jf}$$
    >>> same(dL_dr(dL_dm, W2), einsum("tj,jf->tf", dL_dm, W2))
    """
    return dL_dm @ W2  # (T, F)


def dL_du(dL_dr, u, activation="relu"):
    r"""What arrives passes the gate: times the activation's slope at u, entry by entry.

    $$\frac{\partial L}{\partial u_{tf}} = \frac{\partial L}{\partial r_{tf}} [u_{tf} > 0]$$
    >>> same(dL_du(dL_dr, u), [[dL_dr[t, f] * (u[t, f] > 0) for f in range(F)] for t in range(T)])
    """
    _, slope = ACTIVATIONS[activation]
    return dL_dr * slope(u)  # (T, F)


def dL_dW1(dL_du, v):
    r"""Turn W1[f, j]: only unit f moves, by v[t, j].

    $$\frac{\partial L}{\partial W1_{fj}} = \sum_{t} \frac{\partial L}{\partial u_{tf}} v_{tj}$$
    >>> same(dL_dW1(dL_du, v), einsum("tf,tj->fj", dL_du, v))
    """
    return dL_du.T @ v  # (F, D)


def dL_db1(dL_du):
    r"""Turn b1[f]: unit f moves by as much, at every position.

    $$\frac{\partial L}{\partial b1_{f}} = \sum_{t} \frac{\partial L}{\partial u_{tf}}$$
    >>> same(dL_db1(dL_du), einsum("tf->f", dL_du))
    """
    return dL_du.sum(axis=0)  # (F,)


def dL_dv(dL_du, W1):
    r"""Turn v[t, j]: every unit at position t moves, unit f by W1[f, j].

    $$\frac{\partial L}{\partial v_{tj}} = \sum_{f} \frac{\partial L}{\partial u_{tf}} W1_{fj}$$
    >>> same(dL_dv(dL_du, W1), einsum("tf,fj->tj", dL_du, W1))
    """
    return dL_du @ W1  # (T, D)


def backward(weights, values, grads, activation):
    """From the response adjustment m to the normed contextual meaning v."""
    grads.dL_dW2 = dL_dW2(grads.dL_dm, values.r)
    grads.dL_db2 = dL_db2(grads.dL_dm)
    grads.dL_dr = dL_dr(grads.dL_dm, weights.W2)
    grads.dL_du = dL_du(grads.dL_dr, values.u, activation)
    grads.dL_dW1 = dL_dW1(grads.dL_du, values.v)
    grads.dL_db1 = dL_db1(grads.dL_du)
    grads.dL_dv = dL_dv(grads.dL_du, weights.W1)
