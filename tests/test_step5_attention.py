"""Step 5 on its own: scores, shares, the blend, and their gradients on random upstream gradients."""

import autograd.numpy as anp
import numpy as np
from alone import SEEDS, Draw, check
from shapes import COUNT, case

from gradwalk import step5_attention as step
from gradwalk import walk
from gradwalk.telling.derivations import same


def by_head(rows, H):
    """(T, D) to (H, T, D/H), head by head."""
    wide = rows.shape[1] // H
    return anp.array([rows[:, e * wide : (e + 1) * wide] for e in range(H)])


def plain_project(n, weight, bias, H):
    return by_head(anp.einsum("tj,ij->ti", n, weight) + bias, H)


@SEEDS
def test_the_gradients_of_queries_keys_and_values(seed):
    draw = Draw(seed)
    n, W, b, up, H = draw("TD"), draw("DD"), draw("D"), draw("HTd"), draw.H
    for letter in "QKV":
        dL_dn, dL_dW, dL_db = (
            getattr(step, name) for name in (f"dL_dn_via_{letter}", f"dL_dW_{letter}", f"dL_db_{letter}")
        )
        check(dL_dn(up, W), up, lambda n: step.project(n, W, b, H), lambda n: plain_project(n, W, b, H), n)
        check(dL_dW(up, n), up, lambda W: step.project(n, W, b, H), lambda W: plain_project(n, W, b, H), W)
        check(dL_db(up), up, lambda b: step.project(n, W, b, H), lambda b: plain_project(n, W, b, H), b)


@SEEDS
def test_the_gradients_of_the_scores(seed):
    draw = Draw(seed)
    Q, K, dL_dS = draw("HTd"), draw("HTd"), draw("HTT")
    everywhere = np.ones((draw.T, draw.T), dtype=bool)

    def plain(Q, K):
        return anp.array([anp.einsum("td,sd->ts", Q[e], K[e]) for e in range(draw.H)]) / (draw.D / draw.H) ** 0.5

    check(step.dL_dQ(dL_dS, K), dL_dS, lambda Q: step.scores(Q, K, everywhere), lambda Q: plain(Q, K), Q)
    check(step.dL_dK(dL_dS, Q), dL_dS, lambda K: step.scores(Q, K, everywhere), lambda K: plain(Q, K), K)


@SEEDS
def test_the_gradient_of_the_shares(seed):
    draw = Draw(seed)
    attends = np.tri(draw.T, dtype=bool)
    S, dL_dalpha = np.where(attends, draw("HTT"), -np.inf), draw("HTT")
    alpha = step.attention_weights(S)
    same(alpha.sum(axis=-1), np.ones((draw.H, draw.T)), 1e-15)
    assert not alpha[:, ~attends].any()
    derived = step.dL_dS(dL_dalpha, alpha)
    assert not derived[:, ~attends].any()
    same(derived.sum(axis=-1), np.zeros((draw.H, draw.T)), 1e-14, least=1.0)
    check(derived, dL_dalpha, step.attention_weights, lambda S: anp.exp(S) / anp.sum(anp.exp(S), 2, keepdims=True), S)


@SEEDS
def test_the_gradients_of_the_blend(seed):
    draw = Draw(seed)
    alpha, V, dL_dO, H = draw("HTT"), draw("HTd"), draw("TD"), draw.H

    def plain(alpha, V):
        return anp.concatenate([anp.einsum("ts,sd->td", alpha[e], V[e]) for e in range(H)], axis=1)

    check(step.dL_dV(dL_dO, alpha), dL_dO, lambda V: step.blend(alpha, V), lambda V: plain(alpha, V), V)
    check(step.dL_dalpha(dL_dO, V), dL_dO, lambda alpha: step.blend(alpha, V), lambda alpha: plain(alpha, V), alpha)


@SEEDS
def test_the_gradients_of_the_adjustment(seed):
    draw = Draw(seed)
    O, W_O, b_O, dL_da = draw("TD"), draw("DD"), draw("D"), draw("TD")

    def plain(O, W_O, b_O):
        return anp.einsum("tc,jc->tj", O, W_O) + b_O

    check(step.dL_dO(dL_da, W_O), dL_da, lambda O: step.adjustment(O, W_O, b_O), lambda O: plain(O, W_O, b_O), O)
    check(step.dL_dW_O(dL_da, O), dL_da, lambda W: step.adjustment(O, W, b_O), lambda W: plain(O, W, b_O), W_O)
    check(step.dL_db_O(dL_da), dL_da, lambda b: step.adjustment(O, W_O, b), lambda b: plain(O, W_O, b), b_O)


@SEEDS
def test_the_gradient_of_the_normed_meaning_is_three_reports(seed):
    draw = Draw(seed)
    n, up, weights = draw("TD"), [draw("HTd") for _ in "QKV"], [draw("DD") for _ in "QKV"]
    reports = (step.dL_dn_via_Q, step.dL_dn_via_K, step.dL_dn_via_V)
    derived = step.dL_dn(*(report(u, W) for report, u, W in zip(reports, up, weights, strict=True)))

    def cost(n):
        return sum((u * plain_project(n, W, 0.0, draw.H)).sum() for u, W in zip(up, weights, strict=True))

    check(derived, 1.0, cost, cost, n)


def test_heads_are_split_and_merged_without_loss():
    draw = Draw(3)
    x = draw("TD")
    assert np.array_equal(step.split_heads(x, draw.H), by_head(x, draw.H))
    assert np.array_equal(step.merge_heads(step.split_heads(x, draw.H)), x)


def test_stretching_one_side_of_a_head_and_shrinking_the_other_changes_nothing():
    """So along such a stretch both sides have the same slope: queries against keys, values against W_O."""
    for number in range(0, COUNT, 3):
        model = case(number).model
        for w, g in zip(model.blocks, walk.backward(model, walk.forward(*case(number))).blocks, strict=True):
            rows = {name: (w[f"W_{name}"] * g[f"dL_dW_{name}"]).sum(axis=1) for name in "QKV"}  # (D,)
            rows = {name: rows[name] + w[f"b_{name}"] * g[f"dL_db_{name}"] for name in "QKV"}
            heads = {name: row.reshape(model.H, -1).sum(axis=1) for name, row in rows.items()}  # (H,)
            out = (w.W_O * g.dL_dW_O).sum(axis=0).reshape(model.H, -1).sum(axis=1)  # (H,)
            np.testing.assert_allclose(heads["Q"], heads["K"], rtol=0, atol=1e-14)
            np.testing.assert_allclose(heads["V"], out, rtol=0, atol=1e-14)
            norm = sum(w[name] * g[f"dL_d{name}"] for name in ("gamma2", "beta2") if name in w)  # (D,)
            np.testing.assert_allclose(norm, (w.W1 * g.dL_dW1).sum(axis=0), rtol=0, atol=1e-14)
