r"""Step 6, the embedding: x0 = E[tokens] + E_pos[places]. The walk back ends here.

`places` counts 0, 1, 2, ... within each sentence.
"""

import numpy as np


def embed(tokens, places, E, E_pos):
    """x0: the word's entry for being read, plus its place. Shape (T, D)."""
    return E[tokens] + E_pos[places]  # (T, D)


def dL_dE_via_x0(dL_dx0, tokens, N):
    r"""Word i's entry is read wherever word i stands: the messages of all those positions add up.

    The chain rule, with every index written out:
    $$\left. \frac{\partial L}{\partial E_{ij}} \right|_{\mathrm{via}\,x0} = \sum_{t,c} \frac{\partial L}{\partial x0_{tc}} \frac{\partial x0_{tc}}{\partial E_{ij}}$$
    >>> same(dL_dE_via_x0(dL_dx0, tokens, N), einsum("tc,tcij->ij", dL_dx0, dx0_dE))

    Component j of x0 contains E_ij wherever word i stands, with the factor 1, and nowhere else:
    $$= \sum_{t} [\mathrm{tokens}_{t} = i] \, \frac{\partial L}{\partial x0_{tj}}$$
    >>> same(dL_dE_via_x0(dL_dx0, tokens, N), [sum((tokens[t] == i) * dL_dx0[t] for t in range(T)) for i in range(N)])
    """
    gathered = np.zeros((N, dL_dx0.shape[-1]), dL_dx0.dtype)  # (N, D)
    np.add.at(gathered, tokens, dL_dx0)  # repeated words add up; += would keep the last alone
    return gathered  # (N, D)


def dL_dE_pos(dL_dx0, places, T_max):
    r"""Place s has its entry added once in every sentence that is long enough: their messages add up.

    The chain rule, with every index written out:
    $$\frac{\partial L}{\partial E_{pos,sj}} = \sum_{t,c} \frac{\partial L}{\partial x0_{tc}} \frac{\partial x0_{tc}}{\partial E_{pos,sj}}$$
    >>> same(dL_dE_pos(dL_dx0, places, T_max), einsum("tc,tcsj->sj", dL_dx0, dx0_dE_pos))

    Component j of x0 contains E_pos,sj wherever the place is s, with the factor 1, and nowhere else:
    $$= \sum_{t} [\mathrm{places}_{t} = s] \, \frac{\partial L}{\partial x0_{tj}}$$
    >>> same(dL_dE_pos(dL_dx0, places, T_max), [
    ...     sum((places[t] == s) * dL_dx0[t] for t in range(T)) for s in range(T_max)])
    """
    gathered = np.zeros((T_max, dL_dx0.shape[-1]), dL_dx0.dtype)  # (T_max, D)
    np.add.at(gathered, places, dL_dx0)
    return gathered  # (T_max, D)


def dL_dE(dL_dE_via_x0, dL_dE_via_z):
    r"""Tied weights: one array with two uses, reading a word and saying it. Two reports, one sum.

    Nudge E by little. The change by way of x0 and the change by way of z add:
    $$\frac{\partial L}{\partial E_{ij}} = \left. \frac{\partial L}{\partial E_{ij}} \right|_{\mathrm{via}\,x0} + \left. \frac{\partial L}{\partial E_{ij}} \right|_{\mathrm{via}\,z}$$
    >>> same(dL_dE(dL_dE_via_x0, dL_dE_via_z), measured("E"))
    """
    return dL_dE_via_x0 + dL_dE_via_z  # (N, D)
