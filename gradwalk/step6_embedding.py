r"""Step 6, the embedding: x0 = E[tokens] + E_pos[places]. The last stop of the walk back.

`places` counts 0, 1, 2, ... within each sentence.
"""

import numpy as np


def embed(tokens, places, E, E_pos):
    """x0: the word's entry for being read, plus its place. Shape (T, D)."""
    return E[tokens] + E_pos[places]  # (T, D)


def dL_dE_via_x0(dL_dx0, tokens, N):
    r"""Word i's entry is read wherever word i stands: the messages of all those positions add up.

    $$\left. \frac{\partial L}{\partial E_{ij}} \right|_{x0} = \sum_{t} [i = tokens_t] \frac{\partial L}{\partial x0_{tj}}$$
    >>> same(dL_dE_via_x0(dL_dx0, tokens, N), [sum(dL_dx0[t] * (tokens[t] == i) for t in range(T)) for i in range(N)])
    """
    gathered = np.zeros((N, dL_dx0.shape[-1]), dL_dx0.dtype)  # (N, D)
    np.add.at(gathered, tokens, dL_dx0)  # repeated words add up; plain indexing would keep the last alone
    return gathered  # (N, D)


def dL_dE_pos(dL_dx0, places, T_max):
    r"""Place q's entry is added once in every sentence that is long enough.

    $$\frac{\partial L}{\partial E_{pos,qj}} = \sum_{t} [q = places_t] \frac{\partial L}{\partial x0_{tj}}$$
    >>> same(dL_dE_pos(dL_dx0, places, T_max), [sum(dL_dx0[t] * (places[t] == q) for t in range(T)) for q in range(T_max)])
    """
    gathered = np.zeros((T_max, dL_dx0.shape[-1]), dL_dx0.dtype)  # (T_max, D)
    np.add.at(gathered, places, dL_dx0)
    return gathered  # (T_max, D)


def dL_dE(dL_dE_via_x0, dL_dE_via_z):
    r"""Tied weights: one array with two uses, reading a word and saying it. Two reports, one sum.

    $$\frac{\partial L}{\partial E_{ij}} = \left. \frac{\partial L}{\partial E_{ij}} \right|_{x0} + \left. \frac{\partial L}{\partial E_{ij}} \right|_{z}$$
    >>> same(dL_dE(dL_dE_via_x0, dL_dE_via_z), dL_dE_via_x0 + dL_dE_via_z)
    """
    return dL_dE_via_x0 + dL_dE_via_z  # (N, D)


def backward(weights, values, grads):
    """From the original meaning to the two tables that made it. Untied, E has one road, and its share is the whole."""
    N, T_max = len(weights.E), len(weights.E_pos)
    grads.dL_dE_via_x0 = dL_dE_via_x0(grads.dL_dx0, values.tokens, N)
    grads.dL_dE_pos = dL_dE_pos(grads.dL_dx0, values.places, T_max)
    tied = "dL_dE_via_z" in grads
    grads.dL_dE = dL_dE(grads.dL_dE_via_x0, grads.dL_dE_via_z) if tied else grads.dL_dE_via_x0
