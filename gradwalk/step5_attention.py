r"""Step 5, attention: where positions mix. Causal, with several heads: a = O W_O^T + b_O, O the blend of values.

Head e owns the components e D/H to (e + 1) D/H - 1 of Q, K, V and O. `attends[t, s]` says whether position t may
look at position s: only at itself and at earlier places of its own sentence.
"""

import numpy as np

from gradwalk.step1_output import softmax


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
    S = Q @ K.swapaxes(-1, -2) / Q.shape[-1] ** 0.5  # (H, T, T)
    return np.where(attends, S, -np.inf)  # (H, T, T)


attention_weights = softmax  # alpha = softmax(S), each row sums to 1


def blend(alpha, V):
    """O: each position's own mixture of the values, the heads side by side. Shape (T, D)."""
    return merge_heads(alpha @ V)  # (T, D)


def adjustment(O, W_O, b_O):
    """a = O W_O^T + b_O, shape (T, D)."""
    return O @ W_O.T + b_O  # (T, D)


def dL_dW_O(dL_da, O):
    r"""Turn W_O[j, c]: only component j of a moves, by O[t, c]; every position adds its part.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial W_{O,jc}} = \sum_{t,j'} \frac{\partial L}{\partial a_{tj'}} \frac{\partial a_{tj'}}{\partial W_{O,jc}}$$
    >>> same(dL_dW_O(dL_da, O), einsum("tJ,tJjc->jc", dL_da, da_dW_O))

    Only component j of a contains W_O,jc, with the factor O_tc:
    $$= \sum_{t} \frac{\partial L}{\partial a_{tj}} O_{tc}$$
    >>> same(dL_dW_O(dL_da, O), einsum("tj,tc->jc", dL_da, O))
    """
    return dL_da.T @ O  # (D, D)


def dL_db_O(dL_da):
    r"""Turn b_O[j]: component j of a moves by as much, at every position.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial b_{O,j}} = \sum_{t,c} \frac{\partial L}{\partial a_{tc}} \frac{\partial a_{tc}}{\partial b_{O,j}}$$
    >>> same(dL_db_O(dL_da), einsum("tc,tcj->j", dL_da, da_db_O))

    Only component j of a contains b_O,j, with the factor 1:
    $$= \sum_{t} \frac{\partial L}{\partial a_{tj}}$$
    >>> same(dL_db_O(dL_da), einsum("tj->j", dL_da))
    """
    return dL_da.sum(axis=0)  # (D,)


def dL_dO(dL_da, W_O):
    r"""Nudge O[t, c]: every component of a at position t moves, component j by W_O[j, c].

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial O_{tc}} = \sum_{s,j} \frac{\partial L}{\partial a_{sj}} \frac{\partial a_{sj}}{\partial O_{tc}}$$
    >>> same(dL_dO(dL_da, W_O), einsum("sj,sjtc->tc", dL_da, da_dO))

    Only position t itself contains O_tc, component j of it with the factor W_O,jc:
    $$= \sum_{j} \frac{\partial L}{\partial a_{tj}} W_{O,jc}$$
    >>> same(dL_dO(dL_da, W_O), einsum("tj,jc->tc", dL_da, W_O))
    """
    return dL_da @ W_O  # (T, D)


def dL_dV(dL_dO, alpha):
    r"""Nudge V[e, s, d]: head e's blend moves at s and at every later position t of its sentence, by alpha[e, t, s].

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial V_{esd}} = \sum_{t,c} \frac{\partial L}{\partial O_{tc}} \frac{\partial O_{tc}}{\partial V_{esd}}$$
    >>> same(dL_dV(dL_dO, alpha), einsum("tc,tcesd->esd", dL_dO, dO_dV))

    Of position t's blend only number d of head e contains V_esd, with the factor alpha_ets:
    $$= \sum_{t} \alpha_{ets} \frac{\partial L}{\partial O_{etd}}$$
    >>> same(dL_dV(dL_dO, alpha), einsum("ets,etd->esd", alpha, split_heads(dL_dO, H)))
    """
    return alpha.swapaxes(-1, -2) @ split_heads(dL_dO, len(alpha))  # (H, T, D/H)


def dL_dalpha(dL_dO, V):
    r"""Nudge alpha[e, t, s]: the blend of head e at position t moves along the value of s.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial \alpha_{ets}} = \sum_{t',c} \frac{\partial L}{\partial O_{t'c}} \frac{\partial O_{t'c}}{\partial \alpha_{ets}}$$
    >>> same(dL_dalpha(dL_dO, V), einsum("Tc,Tcets->ets", dL_dO, dO_dalpha))

    Only head e's numbers of the blend at t contain it, number d with the factor V_esd:
    $$= \sum_{d} \frac{\partial L}{\partial O_{etd}} V_{esd}$$
    >>> same(dL_dalpha(dL_dO, V), einsum("etd,esd->ets", split_heads(dL_dO, H), V))
    """
    return split_heads(dL_dO, len(V)) @ V.swapaxes(-1, -2)  # (H, T, T)


def dL_dS(dL_dalpha, alpha):
    r"""A score's slope is its share times how far that share's slope lies above the row's own average.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial S_{ets}} = \sum_{e',t',s'} \frac{\partial L}{\partial \alpha_{e't's'}} \frac{\partial \alpha_{e't's'}}{\partial S_{ets}}$$
    >>> same(dL_dS(dL_dalpha, alpha), einsum("ETS,ETSets->ets", dL_dalpha, dalpha_dS))

    A row of shares is made from its own row of scores alone. Raise S_ets: its own share rises, all shares of the row pay:
    $$\frac{\partial \alpha_{ets'}}{\partial S_{ets}} = \alpha_{ets'} \left( [s' = s] - \alpha_{ets} \right)$$
    >>> same(einsum("etSets->etSs", dalpha_dS), alpha[:, :, :, None] * (eye(T) - alpha[:, :, None, :]))

    Put it in. The first part keeps s' = s alone, the second is the average over the row. A masked share is 0, so the slope in its score is 0 too:
    $$\frac{\partial L}{\partial S_{ets}} = \alpha_{ets} \left( \frac{\partial L}{\partial \alpha_{ets}} - \sum_{s'} \alpha_{ets'} \frac{\partial L}{\partial \alpha_{ets'}} \right)$$
    >>> same(dL_dS(dL_dalpha, alpha), alpha * (dL_dalpha - einsum("etS,etS->et", alpha, dL_dalpha)[:, :, None]))
    """
    average = (alpha * dL_dalpha).sum(axis=-1, keepdims=True)  # (H, T, 1)
    return alpha * (dL_dalpha - average)  # (H, T, T)


def dL_dQ(dL_dS, K):
    r"""Nudge Q[e, t, d]: the scores of row t move, the one at s by K[e, s, d] over the scale.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial Q_{etd}} = \sum_{e',t',s} \frac{\partial L}{\partial S_{e't's}} \frac{\partial S_{e't's}}{\partial Q_{etd}}$$
    >>> same(dL_dQ(dL_dS, K), einsum("ETs,ETsetd->etd", dL_dS, dS_dQ))

    Only row t of head e contains Q_etd, the score at s with the factor K_esd over √(D/H):
    $$= \frac{1}{\sqrt{D/H}} \sum_{s} \frac{\partial L}{\partial S_{ets}} K_{esd}$$
    >>> same(dL_dQ(dL_dS, K), einsum("ets,esd->etd", dL_dS, K) / sqrt(D / H))
    """
    return dL_dS @ K / K.shape[-1] ** 0.5  # (H, T, D/H)


def dL_dK(dL_dS, Q):
    r"""Nudge K[e, s, d]: the scores of column s move, the one at t by Q[e, t, d] over the scale.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial K_{esd}} = \sum_{e',t,s'} \frac{\partial L}{\partial S_{e'ts'}} \frac{\partial S_{e'ts'}}{\partial K_{esd}}$$
    >>> same(dL_dK(dL_dS, Q), einsum("EtS,EtSesd->esd", dL_dS, dS_dK))

    Only column s of head e contains K_esd, the score at t with the factor Q_etd over √(D/H):
    $$= \frac{1}{\sqrt{D/H}} \sum_{t} \frac{\partial L}{\partial S_{ets}} Q_{etd}$$
    >>> same(dL_dK(dL_dS, Q), einsum("ets,etd->esd", dL_dS, Q) / sqrt(D / H))
    """
    return dL_dS.swapaxes(-1, -2) @ Q / Q.shape[-1] ** 0.5  # (H, T, D/H)


def dL_dW_Q(dL_dQ, n):
    r"""Turn W_Q[c, j]: number c of every query moves, by n[t, j]. Number c is number d of its head e.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial W_{Q,cj}} = \sum_{e,t,d} \frac{\partial L}{\partial Q_{etd}} \frac{\partial Q_{etd}}{\partial W_{Q,cj}}$$
    >>> same(dL_dW_Q(dL_dQ, n), einsum("etd,etdcj->cj", dL_dQ, dQ_dW_Q))

    Only number c of each query contains W_Q,cj, with the factor n_tj; the heads laid side by side again:
    $$= \sum_{t} \frac{\partial L}{\partial Q_{tc}} n_{tj}$$
    >>> same(dL_dW_Q(dL_dQ, n), einsum("tc,tj->cj", merge_heads(dL_dQ), n))
    """
    return merge_heads(dL_dQ).T @ n  # (D, D)


def dL_db_Q(dL_dQ):
    r"""Turn b_Q[c]: number c of every query moves by as much.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial b_{Q,c}} = \sum_{e,t,d} \frac{\partial L}{\partial Q_{etd}} \frac{\partial Q_{etd}}{\partial b_{Q,c}}$$
    >>> same(dL_db_Q(dL_dQ), einsum("etd,etdc->c", dL_dQ, dQ_db_Q))

    Only number c of each query contains b_Q,c, with the factor 1:
    $$= \sum_{t} \frac{\partial L}{\partial Q_{tc}}$$
    >>> same(dL_db_Q(dL_dQ), einsum("tc->c", merge_heads(dL_dQ)))
    """
    return merge_heads(dL_dQ).sum(axis=0)  # (D,)


def dL_dW_K(dL_dK, n):
    r"""Turn W_K[c, j]: number c of every key moves, by n[t, j]. Number c is number d of its head e.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial W_{K,cj}} = \sum_{e,t,d} \frac{\partial L}{\partial K_{etd}} \frac{\partial K_{etd}}{\partial W_{K,cj}}$$
    >>> same(dL_dW_K(dL_dK, n), einsum("etd,etdcj->cj", dL_dK, dK_dW_K))

    Only number c of each key contains W_K,cj, with the factor n_tj; the heads laid side by side again:
    $$= \sum_{t} \frac{\partial L}{\partial K_{tc}} n_{tj}$$
    >>> same(dL_dW_K(dL_dK, n), einsum("tc,tj->cj", merge_heads(dL_dK), n))
    """
    return merge_heads(dL_dK).T @ n  # (D, D)


def dL_db_K(dL_dK):
    r"""Turn b_K[c]: every key moves alike, each row of scores moves as one, softmax does not notice: it is zero.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial b_{K,c}} = \sum_{e,t,d} \frac{\partial L}{\partial K_{etd}} \frac{\partial K_{etd}}{\partial b_{K,c}}$$
    >>> same(dL_db_K(dL_dK), einsum("etd,etdc->c", dL_dK, dK_db_K))

    Only number c of each key contains b_K,c, with the factor 1:
    $$= \sum_{t} \frac{\partial L}{\partial K_{tc}}$$
    >>> same(dL_db_K(dL_dK), einsum("tc->c", merge_heads(dL_dK)))
    """
    return merge_heads(dL_dK).sum(axis=0)  # (D,)


def dL_dW_V(dL_dV, n):
    r"""Turn W_V[c, j]: number c of every value moves, by n[t, j]. Number c is number d of its head e.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial W_{V,cj}} = \sum_{e,t,d} \frac{\partial L}{\partial V_{etd}} \frac{\partial V_{etd}}{\partial W_{V,cj}}$$
    >>> same(dL_dW_V(dL_dV, n), einsum("etd,etdcj->cj", dL_dV, dV_dW_V))

    Only number c of each value contains W_V,cj, with the factor n_tj; the heads laid side by side again:
    $$= \sum_{t} \frac{\partial L}{\partial V_{tc}} n_{tj}$$
    >>> same(dL_dW_V(dL_dV, n), einsum("tc,tj->cj", merge_heads(dL_dV), n))
    """
    return merge_heads(dL_dV).T @ n  # (D, D)


def dL_db_V(dL_dV):
    r"""Turn b_V[c]: number c of every value moves by as much, and so does every blend: each row of alpha sums to 1.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial b_{V,c}} = \sum_{e,t,d} \frac{\partial L}{\partial V_{etd}} \frac{\partial V_{etd}}{\partial b_{V,c}}$$
    >>> same(dL_db_V(dL_dV), einsum("etd,etdc->c", dL_dV, dV_db_V))

    Only number c of each value contains b_V,c, with the factor 1:
    $$= \sum_{t} \frac{\partial L}{\partial V_{tc}}$$
    >>> same(dL_db_V(dL_dV), einsum("tc->c", merge_heads(dL_dV)))
    """
    return merge_heads(dL_dV).sum(axis=0)  # (D,)


def dL_dn_via_Q(dL_dQ, W_Q):
    r"""Nudge n[t, j] as the query reads it: every number of the query at t moves, number c by W_Q[c, j].

    The chain rule, with every index written out:
    $$\left. \frac{\partial L}{\partial n_{tj}} \right|_{\mathrm{via}\,Q} = \sum_{e,s,d} \frac{\partial L}{\partial Q_{esd}} \frac{\partial Q_{esd}}{\partial n_{tj}}$$
    >>> same(dL_dn_via_Q(dL_dQ, W_Q), einsum("esd,esdtj->tj", dL_dQ, dQ_dn))

    Only the query at t itself contains n_tj, number c of it with the factor W_Q,cj:
    $$= \sum_{c} \frac{\partial L}{\partial Q_{tc}} W_{Q,cj}$$
    >>> same(dL_dn_via_Q(dL_dQ, W_Q), einsum("tc,cj->tj", merge_heads(dL_dQ), W_Q))
    """
    return merge_heads(dL_dQ) @ W_Q  # (T, D)


def dL_dn_via_K(dL_dK, W_K):
    r"""Nudge n[t, j] as the key reads it: every number of the key at t moves, number c by W_K[c, j].

    The chain rule, with every index written out:
    $$\left. \frac{\partial L}{\partial n_{tj}} \right|_{\mathrm{via}\,K} = \sum_{e,s,d} \frac{\partial L}{\partial K_{esd}} \frac{\partial K_{esd}}{\partial n_{tj}}$$
    >>> same(dL_dn_via_K(dL_dK, W_K), einsum("esd,esdtj->tj", dL_dK, dK_dn))

    Only the key at t itself contains n_tj, number c of it with the factor W_K,cj:
    $$= \sum_{c} \frac{\partial L}{\partial K_{tc}} W_{K,cj}$$
    >>> same(dL_dn_via_K(dL_dK, W_K), einsum("tc,cj->tj", merge_heads(dL_dK), W_K))
    """
    return merge_heads(dL_dK) @ W_K  # (T, D)


def dL_dn_via_V(dL_dV, W_V):
    r"""Nudge n[t, j] as the value reads it: every number of the value at t moves, number c by W_V[c, j].

    The chain rule, with every index written out:
    $$\left. \frac{\partial L}{\partial n_{tj}} \right|_{\mathrm{via}\,V} = \sum_{e,s,d} \frac{\partial L}{\partial V_{esd}} \frac{\partial V_{esd}}{\partial n_{tj}}$$
    >>> same(dL_dn_via_V(dL_dV, W_V), einsum("esd,esdtj->tj", dL_dV, dV_dn))

    Only the value at t itself contains n_tj, number c of it with the factor W_V,cj:
    $$= \sum_{c} \frac{\partial L}{\partial V_{tc}} W_{V,cj}$$
    >>> same(dL_dn_via_V(dL_dV, W_V), einsum("tc,cj->tj", merge_heads(dL_dV), W_V))
    """
    return merge_heads(dL_dV) @ W_V  # (T, D)


def dL_dn(dL_dn_via_Q, dL_dn_via_K, dL_dn_via_V):
    r"""n is used three times, as query, key and value: three reports, one sum.

    Nudge n by little. The changes by way of Q, of K and of V add:
    $$\frac{\partial L}{\partial n_{tj}} = \left. \frac{\partial L}{\partial n_{tj}} \right|_{\mathrm{via}\,Q} + \left. \frac{\partial L}{\partial n_{tj}} \right|_{\mathrm{via}\,K} + \left. \frac{\partial L}{\partial n_{tj}} \right|_{\mathrm{via}\,V}$$
    >>> same(dL_dn(dL_dn_via_Q, dL_dn_via_K, dL_dn_via_V), measured("n"))
    """
    return dL_dn_via_Q + dL_dn_via_K + dL_dn_via_V  # (T, D)
