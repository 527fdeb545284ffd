r"""Step 1, the output: h W^T + b, softmax, and the loss. The walk back begins here.

Row i of W is word i's entry in the vocabulary, column j a meaning component. The loss is the mean over the
M scored positions; y_t = -1 says "not scored here".
"""

import numpy as np

NEARLY_ALL = 1 - 1e-4  # of a share: p - 1 has lost four digits by then
MOST = 0.9  # of a share: above it -log p loses more than a digit
AT_ONCE = 2**16  # numbers: rows of so many together stay in the processor's cache from one line to the next


def logits(h, W, b=0.0):
    """How well every word fits the intended meaning: z = h W^T + b, shape (T, N)."""
    return h @ W.T + b  # (T, N)


def softmax(z):
    """Numbers to shares that sum to 1 along the last axis. The largest is subtracted first: exp cannot overflow."""
    rows = z.reshape(-1, z.shape[-1])
    if rows.size <= AT_ONCE or len(rows) == 1:
        return shares(z)
    made = np.empty(rows.shape, np.result_type(z, 1.0))
    for some in pieces(*rows.shape):
        shares(rows[some], out=made[some])
    return made.reshape(z.shape)


def shares(z, axis=-1, out=None):
    """The same of few numbers at once, and along any axis."""
    e = z - 1.0 * z.max(axis=axis, keepdims=True)
    np.exp(e, out=e)  # of -inf it is 0: what is hidden has no share
    return np.divide(e, e.sum(axis=axis, keepdims=True), out=e if out is None else out)


def pieces(rows, numbers):
    """Slices of so many rows, of `numbers` each, as are walked together."""
    step = max(1, AT_ONCE // numbers)
    return [slice(first, first + step) for first in range(0, rows, step)]


def logsumexp(z):
    """log sum_k exp(z_k) along the last axis, safe for large z. Shape: that of z without its last axis."""
    top = np.maximum(z.max(axis=-1, keepdims=True), np.finfo(z.dtype).min)  # a row of -inf has no largest to subtract
    less = z - top  # like z
    return np.log(np.exp(less, out=less).sum(axis=-1)) + top[..., 0]


def loss(z, y, p=None):
    """Mean of -log p[t, y_t] over the scored positions, in nats.

    p: softmax(z), where it has been made. Where it is tiny or large at the true word, the row is walked from z.
    """
    (t,) = (y >= 0).nonzero()  # (M,)
    if p is None:
        return _nats(z, t, y).sum(axis=-1) / len(t)  # one number
    p_y = p[..., t, y[t]]  # (M,)
    nats, least = -np.log(p_y), np.finfo(p.dtype).tiny  # (M,)
    if not (p_y.min() > least and p_y.max() < MOST):
        plain = ((p_y > least) & (p_y < MOST)).all(axis=tuple(range(p_y.ndim - 1)))  # (M,)
        nats[..., ~plain] = _nats(z, t[~plain], y)
    return nats.sum(axis=-1) / len(t)  # one number


def _nats(z, t, y):
    """-log p[t, y_t] at the positions t, as log(1 + what the others have / what the true word has). Shape (len(t),).

    With the true word's own term as the 1: exact where p is tiny, and where it is nearly 1.
    """
    odds = np.empty((*z.shape[:-2], len(t)), z.dtype)  # their logarithms
    for some in pieces(len(t), z[..., 0, :].size):
        true, others = (..., np.arange(len(t[some])), y[t[some]]), z[..., t[some], :]  # (some, N), a copy
        z_y = others[true]  # (some,)
        others[true] = -np.inf
        odds[..., some] = logsumexp(others) - z_y
    return np.logaddexp(0, odds)


def minus_onehot(p, y):
    """p - onehot(y), shape (T, N), and 0 where nothing is scored.

    Where the true word has nearly all, p_y - 1 has no digits left. The shares sum to 1, so it is minus the sum of the
    others'.
    """
    less, (scored,) = p.copy(), (y >= 0).nonzero()  # (T, N), (M,)
    p_y = p[scored, y[scored]]  # (M,)
    if len(scored) < len(y):
        less[y < 0] = 0
    less[scored, y[scored]] = p_y - 1
    for t in scored[p_y > NEARLY_ALL]:
        less[t, y[t]] = -np.delete(p[t], y[t]).sum()
    return less  # (T, N)


def onehot(y, N):
    """One row a position: True, which counts as 1, at the true word; nowhere, if nothing is scored. Shape (T, N)."""
    return np.arange(N) == y[:, None]  # (T, N)


def dL_dz(p, y):
    r"""Where a position is scored, every word is pushed down by its own p, the true one pulled up by 1; elsewhere 0.

    The loss is minus the log of the true word's share, averaged over the M scored positions:
    $$L = \frac{1}{M} \sum_{t\,\mathrm{scored}} \left( \log \sum_{k} \exp(z_{tk}) - z_{t y_t} \right)$$
    >>> same(L, sum(log(sum(exp(z[t]))) - z[t, y[t]] for t in scored) / M)

    Raise z_ti alone, by a little. The first term answers with word i's part of the sum:
    $$\frac{\partial}{\partial z_{ti}} \log \sum_{k} \exp(z_{tk}) = \frac{\exp(z_{ti})}{\sum_{k} \exp(z_{tk})}$$
    >>> same([[exp(z[t, i]) / sum(exp(z[t])) for i in range(N)] for t in range(T)],
    ...     [[slope_of(lambda z_ti: log(sum(exp(where(arange(N) == i, z_ti, z[t])))), z[t, i])
    ...         for i in range(N)] for t in range(T)])

    That part is word i's share, since softmax is made so:
    $$\frac{\exp(z_{ti})}{\sum_{k} \exp(z_{tk})} = p_{ti}$$
    >>> same([[exp(z[t, i]) / sum(exp(z[t])) for i in range(N)] for t in range(T)], p)

    The second term, -z, answers only when word i is the true one, and then with exactly -1:
    $$\frac{\partial L}{\partial z_{ti}} = \frac{[y_t \ge 0]}{M} \left( p_{ti} - [i = y_t] \right)$$
    >>> same(dL_dz(p, y), [[(y[t] >= 0) / M * (p[t, i] - (i == y[t])) for i in range(N)] for t in range(T)])
    """
    M = int(np.count_nonzero(y >= 0))
    return minus_onehot(p, y) / M  # (T, N)


def dL_dW(dL_dz, h):
    r"""Turn W[i, j]: only word i's logit moves, by h[t, j]; every scored position adds its part.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial W_{ij}} = \sum_{t,k} \frac{\partial L}{\partial z_{tk}} \frac{\partial z_{tk}}{\partial W_{ij}}$$
    >>> same(dL_dW(dL_dz, h), einsum("tk,tkij->ij", dL_dz, dz_dW))

    Only word i's logit contains W_ij, with the factor h_tj:
    $$= \sum_{t} \frac{\partial L}{\partial z_{ti}} h_{tj}$$
    >>> same(dL_dW(dL_dz, h), einsum("ti,tj->ij", dL_dz, h))
    """
    return dL_dz.T @ h  # (N, D)


def dL_db(dL_dz):
    r"""The bias is a dial on a component that is always 1: turn b[i], and word i's logit moves by as much, everywhere.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial b_{i}} = \sum_{t,k} \frac{\partial L}{\partial z_{tk}} \frac{\partial z_{tk}}{\partial b_{i}}$$
    >>> same(dL_db(dL_dz), einsum("tk,tki->i", dL_dz, dz_db))

    Only word i's logit contains b_i, with the factor 1:
    $$= \sum_{t} \frac{\partial L}{\partial z_{ti}}$$
    >>> same(dL_db(dL_dz), einsum("ti->i", dL_dz))
    """
    return dL_dz.sum(axis=0)  # (N,)


def dL_dh(dL_dz, W):
    r"""Nudge h[t, j]: every word's logit at position t moves, word k's by W[k, j]. All words have a say.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial h_{tj}} = \sum_{s,k} \frac{\partial L}{\partial z_{sk}} \frac{\partial z_{sk}}{\partial h_{tj}}$$
    >>> same(dL_dh(dL_dz, W), einsum("sk,sktj->tj", dL_dz, dz_dh))

    Only the logits of position t itself contain h_tj, word k's with the factor W_kj:
    $$= \sum_{k} \frac{\partial L}{\partial z_{tk}} W_{kj}$$
    >>> same(dL_dh(dL_dz, W), einsum("tk,kj->tj", dL_dz, W))
    """
    return dL_dz @ W  # (T, D)
