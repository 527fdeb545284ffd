r"""Step 2, the MLP: the feed-forward step. Expand, mute, contract. m = act(v W1^T + b1) W2^T + b2.

Going forward each position is on its own here; going back, the weights' slopes add over the positions.
"""

import numpy as np


def expand(v, W1, b1):
    """u = v W1^T + b1, shape (T, F)."""
    return v @ W1.T + b1  # (T, F)


def relu(u):
    """Mute what is negative: r = max(u, 0)."""
    return np.maximum(u, 0)  # (T, F)


def relu_slope(u):
    r"""1 where relu lets through, 0 where it mutes; at u = 0 exactly, at the kink, it is taken as 0.

    Where u is positive r moves by as much, elsewhere not at all:
    $$\frac{\partial r_{tf}}{\partial u_{tf}} = [u_{tf} > 0]$$
    >>> same(einsum("tftf->tf", dr_du), relu_slope(u))
    """
    return (u > 0).astype(u.dtype)  # (T, F)


GELU_SCALE, GELU_CUBIC = np.sqrt(2 / np.pi).item(), 0.044715  # GPT-2's tanh form (Hendrycks and Gimpel, 2016)


def gelu(u):
    """GPT-2's tanh form: u/2 (1 + tanh(c (u + 0.044715 u^3))) with c = sqrt(2/pi)."""
    return 0.5 * u * (1 + np.tanh(GELU_SCALE * (u + GELU_CUBIC * u * u * u)))  # (T, F)


def gelu_slope(u):
    r"""u times a factor that moves with u: two parts, by the product rule, and in the second the chain rule.

    GPT-2's own form; the factor is half of 1 + omega:
    $$r_{tf} = \frac{1}{2} u_{tf} (1 + \omega_{tf}), \qquad \omega_{tf} = \tanh\left( \sqrt{2/\pi} \, (u_{tf} + 0.044715 \, u_{tf}^3) \right)$$
    >>> same(gelu(u), u / 2 * (1 + tanh(sqrt(2 / pi) * (u + 0.044715 * u**3))))

    Product rule. Nudge u: the one in front moves, the factor held; and the factor moves, the one in front held:
    $$\frac{\partial r_{tf}}{\partial u_{tf}} = \frac{1}{2} (1 + \omega_{tf}) + \frac{1}{2} u_{tf} \frac{\partial \omega_{tf}}{\partial u_{tf}}$$
    >>> same(gelu_slope(u), (1 + omega) / 2 + u / 2 * einsum("tftf->tf", domega_du))

    Chain rule: tanh has the slope 1 - tanh², times the slope of what stands in it, where u³ has 3 u²:
    $$\frac{\partial \omega_{tf}}{\partial u_{tf}} = (1 - \omega_{tf}^2) \sqrt{2/\pi} \, (1 + 3 \cdot 0.044715 \, u_{tf}^2)$$
    >>> same(einsum("tftf->tf", domega_du), (1 - omega**2) * sqrt(2 / pi) * (1 + 3 * 0.044715 * u**2))

    Put the second into the first:
    $$\frac{\partial r_{tf}}{\partial u_{tf}} = \frac{1}{2} (1 + \omega_{tf}) + \frac{1}{2} u_{tf} (1 - \omega_{tf}^2) \sqrt{2/\pi} \, (1 + 3 \cdot 0.044715 \, u_{tf}^2)$$
    >>> same((gelu(u + 1e-5) - gelu(u - 1e-5)) / 2e-5, gelu_slope(u))
    """
    w = np.tanh(GELU_SCALE * (u + GELU_CUBIC * u * u * u))  # (T, F)
    return 0.5 * (1 + w) + 0.5 * u * (1 - w * w) * GELU_SCALE * (1 + 3 * GELU_CUBIC * u * u)  # (T, F)


def omega(u):
    """How far GELU lets u through, from -1, not at all, to 1, wholly. Shape (T, F)."""
    return np.tanh(GELU_SCALE * (u + GELU_CUBIC * u * u * u))  # (T, F)


def _domega_du(u):
    """Measured: nudge each u both ways; it moves its own omega alone."""
    slope = (omega(u + 1e-5) - omega(u - 1e-5)) / 2e-5  # (T, F)
    return np.einsum("tf,ts,fg->tfsg", slope, *map(np.eye, u.shape))  # (T, F, T, F)


# What only a derivation speaks of, from the values of the worked example.
ASIDES = {"omega": lambda values: omega(values.u), "domega_du": lambda values: _domega_du(values.u)}
ACTIVATIONS = {"relu": (relu, relu_slope), "gelu": (gelu, gelu_slope)}


def contract(r, W2, b2):
    """m = r W2^T + b2, shape (T, D)."""
    return r @ W2.T + b2  # (T, D)


def dL_dW2(dL_dm, r):
    r"""Turn W2[j, f]: only component j of m moves, by r[t, f]; every position adds its part.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial W2_{jf}} = \sum_{t,c} \frac{\partial L}{\partial m_{tc}} \frac{\partial m_{tc}}{\partial W2_{jf}}$$
    >>> same(dL_dW2(dL_dm, r), einsum("tc,tcjf->jf", dL_dm, dm_dW2))

    Only component j of m contains W2_jf, with the factor r_tf:
    $$= \sum_{t} \frac{\partial L}{\partial m_{tj}} r_{tf}$$
    >>> same(dL_dW2(dL_dm, r), einsum("tj,tf->jf", dL_dm, r))
    """
    return dL_dm.T @ r  # (D, F)


def dL_db2(dL_dm):
    r"""Turn b2[j]: component j of m moves by as much, at every position.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial b2_{j}} = \sum_{t,c} \frac{\partial L}{\partial m_{tc}} \frac{\partial m_{tc}}{\partial b2_{j}}$$
    >>> same(dL_db2(dL_dm), einsum("tc,tcj->j", dL_dm, dm_db2))

    Only component j of m contains b2_j, with the factor 1:
    $$= \sum_{t} \frac{\partial L}{\partial m_{tj}}$$
    >>> same(dL_db2(dL_dm), einsum("tj->j", dL_dm))
    """
    return dL_dm.sum(axis=0)  # (D,)


def dL_dr(dL_dm, W2):
    r"""Nudge r[t, f]: every component of m at position t moves, component j by W2[j, f].

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial r_{tf}} = \sum_{s,j} \frac{\partial L}{\partial m_{sj}} \frac{\partial m_{sj}}{\partial r_{tf}}$$
    >>> same(dL_dr(dL_dm, W2), einsum("sj,sjtf->tf", dL_dm, dm_dr))

    Only position t itself contains r_tf, component j of it with the factor W2_jf:
    $$= \sum_{j} \frac{\partial L}{\partial m_{tj}} W2_{jf}$$
    >>> same(dL_dr(dL_dm, W2), einsum("tj,jf->tf", dL_dm, W2))
    """
    return dL_dm @ W2  # (T, F)


def dL_du(dL_dr, u, activation="relu"):
    r"""What arrives passes the gate: times the activation's slope at u, entry by entry.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial u_{tf}} = \sum_{s,f'} \frac{\partial L}{\partial r_{sf'}} \frac{\partial r_{sf'}}{\partial u_{tf}}$$
    >>> same(dL_du(dL_dr, u), einsum("sF,sFtf->tf", dL_dr, dr_du))

    No r but r_tf contains u_tf:
    $$= \frac{\partial L}{\partial r_{tf}} \frac{\partial r_{tf}}{\partial u_{tf}}$$
    >>> same(dL_du(dL_dr, u), einsum("tf,tftf->tf", dL_dr, dr_du))

    With ReLU that slope is 1 or 0, let through or muted:
    $$= \frac{\partial L}{\partial r_{tf}} [u_{tf} > 0]$$
    >>> same(dL_du(dL_dr, u), [[dL_dr[t, f] * (u[t, f] > 0) for f in range(F)] for t in range(T)])
    """
    _, slope = ACTIVATIONS[activation]
    return dL_dr * slope(u)  # (T, F)


def dL_dW1(dL_du, v):
    r"""Turn W1[f, j]: only unit f moves, by v[t, j]; every position adds its part.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial W1_{fj}} = \sum_{t,f'} \frac{\partial L}{\partial u_{tf'}} \frac{\partial u_{tf'}}{\partial W1_{fj}}$$
    >>> same(dL_dW1(dL_du, v), einsum("tF,tFfj->fj", dL_du, du_dW1))

    Only unit f contains W1_fj, with the factor v_tj:
    $$= \sum_{t} \frac{\partial L}{\partial u_{tf}} v_{tj}$$
    >>> same(dL_dW1(dL_du, v), einsum("tf,tj->fj", dL_du, v))
    """
    return dL_du.T @ v  # (F, D)


def dL_db1(dL_du):
    r"""Turn b1[f]: unit f moves by as much, at every position.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial b1_{f}} = \sum_{t,f'} \frac{\partial L}{\partial u_{tf'}} \frac{\partial u_{tf'}}{\partial b1_{f}}$$
    >>> same(dL_db1(dL_du), einsum("tF,tFf->f", dL_du, du_db1))

    Only unit f contains b1_f, with the factor 1:
    $$= \sum_{t} \frac{\partial L}{\partial u_{tf}}$$
    >>> same(dL_db1(dL_du), einsum("tf->f", dL_du))
    """
    return dL_du.sum(axis=0)  # (F,)


def dL_dv(dL_du, W1):
    r"""Nudge v[t, j]: every unit at position t moves, unit f by W1[f, j].

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial v_{tj}} = \sum_{s,f} \frac{\partial L}{\partial u_{sf}} \frac{\partial u_{sf}}{\partial v_{tj}}$$
    >>> same(dL_dv(dL_du, W1), einsum("sf,sftj->tj", dL_du, du_dv))

    Only position t itself contains v_tj, unit f of it with the factor W1_fj:
    $$= \sum_{f} \frac{\partial L}{\partial u_{tf}} W1_{fj}$$
    >>> same(dL_dv(dL_du, W1), einsum("tf,fj->tj", dL_du, W1))
    """
    return dL_du @ W1  # (T, D)
