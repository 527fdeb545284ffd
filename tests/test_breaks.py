# ruff: noqa: E501 (in the tables a mistake is one row)
"""A museum of mistakes: each is put into the source, one line of it, and the comparison must fail by far.

So every comparison of test_walk is proven able to fail. A wrong gradient is caught by central differences and by the
referee, a wrong forward pass, with which the gradients may well agree, by the referee.
"""

import pytest
from shapes import case
from test_walk import AGAINST_DIFFERENCES, AGAINST_REFEREE, differences_error, gradients_error, values_error

from gradwalk import (
    block,
    inputs,
    step1_output,
    step2_mlp,
    step3_layernorm,
    step4_residual,
    step5_attention,
    step6_embedding,
    walk,
)

pytestmark = pytest.mark.slow

# Several sentences and heads in each. ReLU, tied, a final norm; GELU, untied; two blocks.
CASES = (44, 49, 47)
FAR = 1e-4  # the measured slopes are held to 1e-6, the referee to 1e-10

EXACT_GELU_SLOPE = (  # the derivative of u Phi(u), Phi the normal distribution: GELU's other form
    "return np.vectorize(lambda x: 0.5 * (1 + __import__('math').erf(x / 2**0.5)))(u)"
    " + u * np.exp(-u * u / 2) / (2 * np.pi) ** 0.5"
)
LOGISTIC_GELU_SLOPE = "s = 1 / (1 + np.exp(-1.702 * u)); return s + 1.702 * u * s * (1 - s)"

NORM_BACK = "return (dL_dx_hat - mean - x_hat * along) / sigma"
GAMMA_OUTSIDE = (
    "dL_dx_hat = dL_dv; along = (dL_dx_hat * x_hat).mean(axis=-1, keepdims=True); "
    "return gamma * (dL_dx_hat - dL_dx_hat.mean(axis=-1, keepdims=True) - x_hat * along) / sigma"
)
GELU_SLOPE = "return 0.5 * (1 + w) + 0.5 * u * (1 - w * w) * GELU_SCALE * (1 + 3 * GELU_CUBIC * u * u)"

# what is wrong: the module, its line, what the line becomes
# fmt: off
BACKWARD = {
    "a flipped sign at the logits": (step1_output, "= p_y - 1", "= p_y + 1"),
    "a flipped sign at the scores": (step5_attention, "(dL_dalpha - average)", "(dL_dalpha + average)"),
    "the gradients of the sum with a mean loss": (step1_output, "minus_onehot(p, y) / M", "minus_onehot(p, y)"),
    "unscored positions pulled too": (step1_output, "less[y < 0] = 0", "pass"),
    "a dropped transpose at W_O, square": (step5_attention, "return dL_da @ W_O  #", "return dL_da @ W_O.T  #"),
    "a dropped transpose at dL/dW_O, square": (step5_attention, "return dL_da.T @ O  #", "return (dL_da.T @ O).T  #"),
    "a dropped transpose at W_Q, square": (step5_attention, "merge_heads(dL_dQ) @ W_Q  #", "merge_heads(dL_dQ) @ W_Q.T  #"),
    "a dropped transpose at alpha, square": (step5_attention, "return alpha.swapaxes(-1, -2) @", "return alpha @"),
    "a dropped transpose at dL/dS, square": (step5_attention, "return dL_dS.swapaxes(-1, -2) @ Q", "return dL_dS @ Q"),
    "1/sqrt(D/H) forgotten at Q": (step5_attention, "dL_dS @ K / K.shape[-1] ** 0.5", "dL_dS @ K"),
    "1/sqrt(D/H) forgotten at K": (step5_attention, " @ Q / Q.shape[-1] ** 0.5  # (H, T, D/H)", " @ Q"),
    "1/sqrt(D) for 1/sqrt(D/H)": (step5_attention, "K.shape[-1] ** 0.5", "(K.shape[-1] * len(K)) ** 0.5"),
    "softmax without its average": (step5_attention, "(dL_dalpha - average)", "dL_dalpha"),
    "the norm without the mean": (step3_layernorm, "(dL_dx_hat - mean - x_hat * along)", "(dL_dx_hat - x_hat * along)"),
    "the norm without x_hat": (step3_layernorm, " - x_hat * along)", ")"),
    "the norm without its spread": (step3_layernorm, " - x_hat * along) / sigma", " - x_hat * along)"),
    "gamma outside the means": (step3_layernorm, NORM_BACK, GAMMA_OUTSIDE),
    "gamma forgotten": (step3_layernorm, "dL_dx_hat = dL_dv * gamma", "dL_dx_hat = dL_dv"),
    "the direct road at x1 forgotten": (step4_residual, "return dL_dx1_via_h + dL_dx1_via_v", "return dL_dx1_via_v"),
    "the MLP's road at x1 forgotten": (step4_residual, "return dL_dx1_via_h + dL_dx1_via_v", "return dL_dx1_via_h"),
    "the roads at x1 averaged": (step4_residual, "return dL_dx1_via_h + dL_dx1_via_v", "return (dL_dx1_via_h + dL_dx1_via_v) / 2"),
    "the direct road at x0 forgotten": (step4_residual, "return dL_dx0_via_x1 + dL_dx0_via_n", "return dL_dx0_via_n"),
    "attention's road at x0 forgotten": (step4_residual, "return dL_dx0_via_x1 + dL_dx0_via_n", "return dL_dx0_via_x1"),
    "the query's road at n forgotten": (step5_attention, "return dL_dn_via_Q + dL_dn_via_K + dL_dn_via_V", "return dL_dn_via_K + dL_dn_via_V"),
    "the key's road at n forgotten": (step5_attention, "return dL_dn_via_Q + dL_dn_via_K + dL_dn_via_V", "return dL_dn_via_Q + dL_dn_via_V"),
    "the value's road at n forgotten": (step5_attention, "return dL_dn_via_Q + dL_dn_via_K + dL_dn_via_V", "return dL_dn_via_Q + dL_dn_via_K"),
    "repeated words not added": (step6_embedding, "np.add.at(gathered, tokens, dL_dx0)", "gathered[tokens] += dL_dx0"),
    "repeated places not added": (step6_embedding, "np.add.at(gathered, places, dL_dx0)", "gathered[places] += dL_dx0"),
    "the ReLU gate left open": (step2_mlp, "return (u > 0).astype(u.dtype)", "return np.ones_like(u)"),
    "the ReLU gate on r's message": (step2_mlp, "return dL_dr * slope(u)", "return np.maximum(dL_dr, 0)"),
    "GELU with the exact form's slope": (step2_mlp, GELU_SLOPE, EXACT_GELU_SLOPE),
    "GELU with the logistic form's slope": (step2_mlp, GELU_SLOPE, LOGISTIC_GELU_SLOPE),
    "tied weights, only read": (step6_embedding, "return dL_dE_via_x0 + dL_dE_via_z", "return dL_dE_via_x0"),
    "tied weights, only said": (step6_embedding, "return dL_dE_via_x0 + dL_dE_via_z", "return dL_dE_via_z"),
    "the final norm passed by": (walk, 'make("dL_dh", norm.pullback, grads.dL_dhf, values.h, weights.gammaf, eps)', "grads.dL_dh = grads.dL_dhf"),
    "LN1 back with LN2's stretch": (walk, "values.x0, weights.gamma1, eps)", "values.x0, weights.gamma2, eps)"),
    "the key's report with the query's weights": (walk, "grads.dL_dK, weights.W_K)", "grads.dL_dK, weights.W_Q)"),
    "the output weights told by what is not normed": (walk, "values.hf if normed else values.h", "values.h"),
    "blocks walked in the wrong order": (walk, "reversed(range(len(model.blocks)))", "range(len(model.blocks))"),
}

FORWARD = {
    "no mask at all": (step5_attention, "np.where(attends, S, -np.inf)", "np.where(True, S, -np.inf)"),
    "no causal border": (inputs, "(sentence[:, None] == sentence) & (places <= places[:, None])", "sentence[:, None] == sentence"),
    "no border between sentences": (inputs, "(sentence[:, None] == sentence) & (places <= places[:, None])", "np.tri(len(places), dtype=bool)"),
    "a causal border one place late": (inputs, "(places <= places[:, None])", "(places <= places[:, None] + 1)"),
    "a place may not look at itself, nor the first anywhere": (inputs, "(places <= places[:, None])", "(places < np.maximum(1, places[:, None]))"),
    "places that run on into the next sentence": (inputs, "[np.arange(length) for length in lengths]", "[np.arange(sum(lengths))]"),
    "no 1/sqrt(D/H) in the scores": (step5_attention, "S = Q @ K.swapaxes(-1, -2) / Q.shape[-1] ** 0.5", "S = Q @ K.swapaxes(-1, -2)"),
    "eps outside the root": (step3_layernorm, "np.sqrt(var + eps)", "np.sqrt(var) + eps"),
    "the sample variance in the norm": (step3_layernorm, "np.vecdot(away, away)[..., None] / D", "np.vecdot(away, away)[..., None] / (D - 1)"),
    "a sum in place of the mean loss": (step1_output, "return nats.sum(axis=-1) / len(t)", "return nats.sum(axis=-1)"),
    "heads cut the other way": (step5_attention, "x.reshape(*x.shape[:-1], H, -1).swapaxes(-3, -2)", "x.reshape(*x.shape[:-1], -1, H).swapaxes(-1, -2).swapaxes(-3, -2)"),
    "another GELU forward and back": (step2_mlp, "GELU_CUBIC = np.sqrt(2 / np.pi).item(), 0.044715", "GELU_CUBIC = np.sqrt(2 / np.pi).item(), 0.0447"),
    "V made of the queries' weights": (block, '("n", "W_V", "b_V", "H")', '("n", "W_Q", "b_V", "H")'),
    "Q made of what is not normed": (block, '("n", "W_Q", "b_Q", "H")', '("x0", "W_Q", "b_Q", "H")'),
    "LN2 before the adjustment is added": (block, 'norm.line("v", "x1", "2")', 'norm.line("v", "x0", "2")'),
    "no way past the MLP": (block, 'Line("h", step4_residual.add, ("x1", "m"))', 'Line("h", step4_residual.add, ("a", "m"))'),
    "the mute forgotten": (block, 'Line("m", step2_mlp.contract, ("r", "W2", "b2"))', 'Line("m", step2_mlp.contract, ("u", "W2", "b2"))'),
    "the final norm without what the MLP adds": (block, '.line("hf", "h", "f")', '.line("hf", "x1", "f")'),
}
# fmt: on


@pytest.mark.parametrize("mistake", BACKWARD)
def test_a_wrong_gradient_is_seen(breaks, mistake):
    breaks(*BACKWARD[mistake])
    assert any(differences_error(case(number), most=3)[0] > FAR for number in CASES)
    assert any(gradients_error(case(number))[0] > FAR for number in CASES)


@pytest.mark.parametrize("mistake", FORWARD)
def test_a_wrong_forward_pass_is_seen(breaks, mistake):
    breaks(*FORWARD[mistake])
    assert any(values_error(case(number))[0] > 100 * AGAINST_REFEREE for number in CASES)


def test_what_is_whole_is_seen_to_be_whole():
    for number in CASES:
        assert differences_error(case(number))[0] <= AGAINST_DIFFERENCES
        assert gradients_error(case(number))[0] <= AGAINST_REFEREE
        assert values_error(case(number))[0] <= AGAINST_REFEREE
