r"""Step 5, causal attention with several heads: where positions mix. a = O W_O^T + b_O, O the blend of values.

Head e owns the components e D/H to (e + 1) D/H - 1 of Q, K, V and O. `attends[t, s]` says whether position t may
look at position s: only at itself and at earlier places of its own sentence.
"""

import numpy as np

from gradwalk.step1_output import softmax
from gradwalk.step3_layernorm import dL_dbeta, dL_dgamma, pullback


def split_heads(x, H):
    """(T, D) to (H, T, D/H): head e takes its own D/H components."""
    return x.reshape(*x.shape[:-1], H, -1).swapaxes(-3, -2)  # (H, T, D/H)


def merge_heads(x):
    """(H, T, D/H) back to (T, D)."""
    x = x.swapaxes(-3, -2)  # (T, H, D/H)
    return x.reshape(*x.shape[:-2], -1)  # (T, D)


def project(n, weight, bias, H):
    """Q, K or V: n W^T + b, one slice a head. Shape (H, T, D/H)."""
    return split_heads(n @ weight.T + bias, H)  # (H, T, D/H)


def scores(Q, K, attends):
    """S = Q K^T / sqrt(D/H); minus infinity where position t must not look. Shape (H, T, T)."""
    S = Q @ K.swapaxes(-1, -2) / np.sqrt(Q.shape[-1]).item()  # (H, T, T)
    return np.where(attends, S, -np.inf)  # (H, T, T)


attention_weights = softmax  # alpha = softmax(S), each row sums to 1


def blend(alpha, V):
    """O: each position's own mixture of the values, the heads side by side. Shape (T, D)."""
    return merge_heads(alpha @ V)  # (T, D)


def adjustment(O, W_O, b_O):
    """a = O W_O^T + b_O, shape (T, D)."""
    return O @ W_O.T + b_O  # (T, D)


def dL_dW_O(dL_da, O):
    r"""Turn W_O[j, c]: only component j of a moves, by O[t, c].

    $$\frac{\partial L}{\partial W_{O,jc}} = \sum_{t} \frac{\partial L}{\partial a_{tj}} O_{tc}$$
    >>> same(dL_dW_O(dL_da, O), einsum("tj,tc->jc", dL_da, O))
    """
    return dL_da.T @ O  # (D, D)


def dL_db_O(dL_da):
    r"""Turn b_O[j]: component j of a moves by as much, at every position.

    $$\frac{\partial L}{\partial b_{O,j}} = \sum_{t} \frac{\partial L}{\partial a_{tj}}$$
    >>> same(dL_db_O(dL_da), einsum("tj->j", dL_da))
    """
    return dL_da.sum(axis=0)  # (D,)


def dL_dO(dL_da, W_O):
    r"""Turn O[t, c]: every component of a at position t moves, component j by W_O[j, c].

    $$\frac{\partial L}{\partial O_{tc}} = \sum_{j} \frac{\partial L}{\partial a_{tj}} W_{O,jc}$$
    >>> same(dL_dO(dL_da, W_O), einsum("tj,jc->tc", dL_da, W_O))
    """
    return dL_da @ W_O  # (T, D)


def dL_dV(dL_dO, alpha):
    r"""Position s's value is blended into every later position t, with weight alpha[e, t, s].

    $$\frac{\partial L}{\partial V_{esd}} = \sum_{t} \alpha_{ets} \frac{\partial L}{\partial O_{etd}}$$
    >>> same(dL_dV(dL_dO, alpha), einsum("ets,etd->esd", alpha, split_heads(dL_dO, H)))
    """
    return alpha.swapaxes(-1, -2) @ split_heads(dL_dO, len(alpha))  # (H, T, D/H)


def dL_dalpha(dL_dO, V):
    r"""Turn alpha[e, t, s]: the blend of head e at t moves along the value of s.

    $$\frac{\partial L}{\partial \alpha_{ets}} = \sum_{d} \frac{\partial L}{\partial O_{etd}} V_{esd}$$
    >>> same(dL_dalpha(dL_dO, V), einsum("etd,esd->ets", split_heads(dL_dO, H), V))
    """
    return split_heads(dL_dO, len(V)) @ V.swapaxes(-1, -2)  # (H, T, T)


def dL_dS(dL_dalpha, alpha):
    r"""The shares of a row sum to 1: a score gains by how much its place beats the row's own average.

    $$\frac{\partial L}{\partial S_{ets}} = \alpha_{ets} \left( \frac{\partial L}{\partial \alpha_{ets}} - \sum_{q} \alpha_{etq} \frac{\partial L}{\partial \alpha_{etq}} \right)$$
    >>> same(dL_dS(dL_dalpha, alpha), alpha * (dL_dalpha - einsum("etq,etq->et", alpha, dL_dalpha)[:, :, None]))
    """
    average = (alpha * dL_dalpha).sum(axis=-1, keepdims=True)  # (H, T, 1)
    return alpha * (dL_dalpha - average)  # (H, T, T)


def dL_dQ(dL_dS, K):
    r"""Turn Q[e, t, d]: the scores of row t move, the one at s by K[e, s, d] over the scale.

    $$\frac{\partial L}{\partial Q_{etd}} = \frac{1}{\sqrt{D/H}} \sum_{s} \frac{\partial L}{\partial S_{ets}} K_{esd}$$
    >>> same(dL_dQ(dL_dS, K), einsum("ets,esd->etd", dL_dS, K) / sqrt(D / H))
    """
    return dL_dS @ K / np.sqrt(K.shape[-1]).item()  # (H, T, D/H)


def dL_dK(dL_dS, Q):
    r"""Turn K[e, s, d]: the scores of column s move, the one at t by Q[e, t, d] over the scale.

    $$\frac{\partial L}{\partial K_{esd}} = \frac{1}{\sqrt{D/H}} \sum_{t} \frac{\partial L}{\partial S_{ets}} Q_{etd}$$
    >>> same(dL_dK(dL_dS, Q), einsum("ets,etd->esd", dL_dS, Q) / sqrt(D / H))
    """
    return dL_dS.swapaxes(-1, -2) @ Q / np.sqrt(Q.shape[-1]).item()  # (H, T, D/H)


def dL_dW_Q(dL_dQ, n):
    r"""Turn W_Q[i, j]: component i of every query moves, by n[t, j].

    $$\frac{\partial L}{\partial W_{Q,ij}} = \sum_{t} \frac{\partial L}{\partial Q_{ti}} n_{tj}$$
    >>> same(dL_dW_Q(dL_dQ, n), einsum("ti,tj->ij", merge_heads(dL_dQ), n))
    """
    return merge_heads(dL_dQ).T @ n  # (D, D)


def dL_db_Q(dL_dQ):
    r"""Turn b_Q[i]: component i of every query moves by as much.

    $$\frac{\partial L}{\partial b_{Q,i}} = \sum_{t} \frac{\partial L}{\partial Q_{ti}}$$
    >>> same(dL_db_Q(dL_dQ), einsum("ti->i", merge_heads(dL_dQ)))
    """
    return merge_heads(dL_dQ).sum(axis=0)  # (D,)


def dL_dW_K(dL_dK, n):
    r"""Turn W_K[i, j]: component i of every key moves, by n[t, j].

    $$\frac{\partial L}{\partial W_{K,ij}} = \sum_{t} \frac{\partial L}{\partial K_{ti}} n_{tj}$$
    >>> same(dL_dW_K(dL_dK, n), einsum("ti,tj->ij", merge_heads(dL_dK), n))
    """
    return merge_heads(dL_dK).T @ n  # (D, D)


def dL_db_K(dL_dK):
    r"""Turn b_K[i]: every key moves alike, each row of scores moves as one, and softmax does not notice: zero.

    $$\frac{\partial L}{\partial b_{K,i}} = \sum_{t} \frac{\partial L}{\partial K_{ti}}$$
    >>> same(dL_db_K(dL_dK), einsum("ti->i", merge_heads(dL_dK)))
    """
    return merge_heads(dL_dK).sum(axis=0)  # (D,)


def dL_dW_V(dL_dV, n):
    r"""Turn W_V[i, j]: component i of every value moves, by n[t, j].

    $$\frac{\partial L}{\partial W_{V,ij}} = \sum_{t} \frac{\partial L}{\partial V_{ti}} n_{tj}$$
    >>> same(dL_dW_V(dL_dV, n), einsum("ti,tj->ij", merge_heads(dL_dV), n))
    """
    return merge_heads(dL_dV).T @ n  # (D, D)


def dL_db_V(dL_dV):
    r"""Turn b_V[i]: component i of every value moves by as much.

    $$\frac{\partial L}{\partial b_{V,i}} = \sum_{t} \frac{\partial L}{\partial V_{ti}}$$
    >>> same(dL_db_V(dL_dV), einsum("ti->i", merge_heads(dL_dV)))
    """
    return merge_heads(dL_dV).sum(axis=0)  # (D,)


def dL_dn_via_Q(dL_dQ, W_Q):
    r"""Turn n[t, j]: every component of the query at t moves, component i by W_Q[i, j].

    $$\left. \frac{\partial L}{\partial n_{tj}} \right|_{Q} = \sum_{i} \frac{\partial L}{\partial Q_{ti}} W_{Q,ij}$$
    >>> same(dL_dn_via_Q(dL_dQ, W_Q), einsum("ti,ij->tj", merge_heads(dL_dQ), W_Q))
    """
    return merge_heads(dL_dQ) @ W_Q  # (T, D)


def dL_dn_via_K(dL_dK, W_K):
    r"""The same for the key at t.

    $$\left. \frac{\partial L}{\partial n_{tj}} \right|_{K} = \sum_{i} \frac{\partial L}{\partial K_{ti}} W_{K,ij}$$
    >>> same(dL_dn_via_K(dL_dK, W_K), einsum("ti,ij->tj", merge_heads(dL_dK), W_K))
    """
    return merge_heads(dL_dK) @ W_K  # (T, D)


def dL_dn_via_V(dL_dV, W_V):
    r"""The same for the value at t.

    $$\left. \frac{\partial L}{\partial n_{tj}} \right|_{V} = \sum_{i} \frac{\partial L}{\partial V_{ti}} W_{V,ij}$$
    >>> same(dL_dn_via_V(dL_dV, W_V), einsum("ti,ij->tj", merge_heads(dL_dV), W_V))
    """
    return merge_heads(dL_dV) @ W_V  # (T, D)


def dL_dn(dL_dn_via_Q, dL_dn_via_K, dL_dn_via_V):
    r"""n is used three times, as query, key and value: three reports, one sum.

    $$\frac{\partial L}{\partial n_{tj}} = \left. \frac{\partial L}{\partial n_{tj}} \right|_{Q} + \left. \frac{\partial L}{\partial n_{tj}} \right|_{K} + \left. \frac{\partial L}{\partial n_{tj}} \right|_{V}$$
    >>> same(dL_dn(dL_dn_via_Q, dL_dn_via_K, dL_dn_via_V), dL_dn_via_Q + dL_dn_via_K + dL_dn_via_V)
    """
    return dL_dn_via_Q + dL_dn_via_K + dL_dn_via_V  # (T, D)


def backward(weights, values, grads):
    """From the contextual adjustment a to the original meaning x0, along attention's road."""
    grads.dL_dW_O = dL_dW_O(grads.dL_da, values.O)
    grads.dL_db_O = dL_db_O(grads.dL_da)
    grads.dL_dO = dL_dO(grads.dL_da, weights.W_O)
    grads.dL_dV = dL_dV(grads.dL_dO, values.alpha)
    grads.dL_dalpha = dL_dalpha(grads.dL_dO, values.V)
    grads.dL_dS = dL_dS(grads.dL_dalpha, values.alpha)
    grads.dL_dQ = dL_dQ(grads.dL_dS, values.K)
    grads.dL_dK = dL_dK(grads.dL_dS, values.Q)
    grads.dL_dW_Q = dL_dW_Q(grads.dL_dQ, values.n)
    grads.dL_db_Q = dL_db_Q(grads.dL_dQ)
    grads.dL_dW_K = dL_dW_K(grads.dL_dK, values.n)
    grads.dL_db_K = dL_db_K(grads.dL_dK)
    grads.dL_dW_V = dL_dW_V(grads.dL_dV, values.n)
    grads.dL_db_V = dL_db_V(grads.dL_dV)
    grads.dL_dn_via_Q = dL_dn_via_Q(grads.dL_dQ, weights.W_Q)
    grads.dL_dn_via_K = dL_dn_via_K(grads.dL_dK, weights.W_K)
    grads.dL_dn_via_V = dL_dn_via_V(grads.dL_dV, weights.W_V)
    grads.dL_dn = dL_dn(grads.dL_dn_via_Q, grads.dL_dn_via_K, grads.dL_dn_via_V)
    grads.dL_dgamma1 = dL_dgamma(grads.dL_dn, values.x0)
    grads.dL_dbeta1 = dL_dbeta(grads.dL_dn)
    grads.dL_dx0_via_n = pullback(grads.dL_dn, values.x0, weights.gamma1)
