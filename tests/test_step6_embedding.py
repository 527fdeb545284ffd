"""Step 6 on its own: reading words and places, and the messages that come back to their rows."""

import autograd.numpy as anp
import numpy as np
from alone import SEEDS, Draw, check

from gradwalk import step6_embedding as step


@SEEDS
def test_the_gradients_of_both_tables(seed):
    draw = Draw(seed)
    T, N, T_max = draw.T, draw.N, draw.T + 2
    tokens = draw.rng.integers(N, size=T)
    tokens[-1] = tokens[0]  # a word that comes twice
    places = np.concatenate([np.arange(2), np.arange(T - 2)])  # two sentences: places 0 and 1 come twice
    E, E_pos, dL_dx0 = draw("ND"), draw.rng.standard_normal((T_max, draw.D)), draw("TD")

    def plain(E, E_pos):
        return anp.array([E[word] + E_pos[place] for word, place in zip(tokens, places, strict=True)])

    def read(E, E_pos):
        return step.embed(tokens, places, E, E_pos)

    by_word, by_place = step.dL_dE_via_x0(dL_dx0, tokens, N), step.dL_dE_pos(dL_dx0, places, T_max)
    check(by_word, dL_dx0, lambda E: read(E, E_pos), lambda E: plain(E, E_pos), E)
    check(by_place, dL_dx0, lambda E_pos: read(E, E_pos), lambda E_pos: plain(E, E_pos), E_pos)
    assert not by_word[np.setdiff1d(np.arange(N), tokens)].any()
    assert not by_place[places.max() + 1 :].any()
    for gathered in (by_word, by_place):  # every message arrives once
        np.testing.assert_allclose(gathered.sum(axis=0), dL_dx0.sum(axis=0), rtol=0, atol=1e-14)


@SEEDS
def test_a_tied_table_has_two_uses(seed):
    draw = Draw(seed)
    tokens, places = draw.rng.integers(draw.N, size=draw.T), np.arange(draw.T)
    E, E_pos, h, to_x0, to_z = draw("ND"), draw("TD"), draw("TD"), draw("TD"), draw("TN")
    derived = step.dL_dE(step.dL_dE_via_x0(to_x0, tokens, draw.N), to_z.T @ h)

    def cost(E):
        return anp.sum(to_x0 * (E[tokens] + E_pos[places])) + anp.sum(to_z * anp.dot(h, E.T))

    check(derived, 1.0, cost, cost, E)
