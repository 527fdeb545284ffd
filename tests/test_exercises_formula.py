"""The reader of index formulas: what it reads, how one may write it, and what it says of what it does not know."""

import re

import numpy as np
import pytest

from gradwalk.exercises import cases, formula
from gradwalk.exercises.check import check
from gradwalk.exercises.formula import NotRead
from gradwalk.exercises.tasks import named

X_HAT = "(mean c: gamma2[c] dL_dv[t,c] x_hat[t,c])"
TANH = "tanh(sqrt(2/pi) (u[t,f] + 0.044715 u[t,f]^3))"
RIGHT = {
    "dL_dz": [
        "1/M * [y[t] >= 0] * (p[t,i] - [i = y[t]])",
        "[y[t] ≥ 0] / M (p[t,i] − [i = y[t]])",
        "(p[t,i] - [y[t] == i]) [y[t] > −1] M^-1",
        "exp(log([y[t] >= 0] p[t,i])) / M − [i = y[t]] / M",
        "1/M [y[t] >= 0] (p[t,n] - [n = y[t]])",
    ],
    "dL_dW": [
        "sum t: dL_dz[t,i] * h[t,j]",
        "sum t: h[t,j] dL_dz[t,i]",
        "Σ_t dL_dz[t,i] · h[t,j]",
        "∑ s: dL_dz[s,i] × h[s,j]",
        "0,5 * 2 * sum t: dL_dz[t,i] h[t,j]",
        "-(sum t: −dL_dz[t,i] h[t,j])",
        "T * mean t: dL_dz[t,i] h[t,j]",
        "sum t': (dL_dz[t',i] * h[t',j] / 1)",
        "sum t: sum s: [t = s] dL_dz[t,i] h[s,j]",
        "sum t, k: [k = i] * dL_dz[t,k] * h[t,j]",
        # letters of one's own: a word is an n, a component an m, a position a q, or the course's letter for words
        "sum t: dL_dz[t,n] * h[t,j]",
        "sum q: dL_dz[q,n] * h[q,m]",
        "sum k: dL_dz[k,n] * h[k,j]",
        "sum t, b: [b = n] * dL_dz[t,b] * h[t,j]",
    ],
    "dL_db": ["sum t: dL_dz[t,i]", "sum t: dL_dz[t,i] ** 1"],
    "dL_dh": ["sum i: dL_dz[t,i] W[i,j]", "sum k: W[k,j] * dL_dz[t,k]", "sum_n dL_dz[t,n] W[n,j]"],
    "dL_dv": ["sum f: dL_du[t,f] W1[f,j]", "sum i: dL_du[t,i] W1[i,j]"],
    "dL_dW2": ["sum t: dL_dm[t,j] r[t,i]"],
    "dL_du": ["dL_dr[t,f] [u[t,f] > 0]", "dL_dr[t,f] - dL_dr[t,f] * [u[t,f] <= 0]"],
    "dL_dgamma2": ["sum t: dL_dv[t,j] x_hat[t,j]", "sum t: dL_dv[t,j] (x1[t,j] − mean c: x1[t,c]) / sigma[t]"],
    "dL_dx1_via_v": [
        f"1/sigma[t] * (gamma2[j] dL_dv[t,j] − (mean c: gamma2[c] dL_dv[t,c]) − x_hat[t,j] {X_HAT})",
        "1/σ[t] (γ[j] dL_dv[t,j] − 1/D Σ_c γ[c] dL_dv[t,c] − x_hat[t,j] 1/D Σ_c γ[c] dL_dv[t,c] x_hat[t,c])",
    ],
    "dL_dx0_via_n": [
        "1/sigma[t] (gamma1[j] dL_dn[t,j] − 1/D sum c: gamma1[c] dL_dn[t,c]"
        " − x_hat[t,j]/D sum c: gamma[c] dL_dn[t,c] x_hat[t,c])"
    ],
    "dL_dx1": ["dL_dx1_via_h[t,j] + dL_dx1_via_v[t,j]"],
    "dL_dm": ["dL_dh[t,j]"],
    "dL_dV": ["sum t: alpha[e,t,s] dL_dO[e,t,d]"],
    "dL_dalpha": ["sum d: dL_dO[e,t,d] V[e,s,d]", "sum j: dL_dO[h,t,j] V[h,s,j]"],
    "dL_dS": [
        "α[e,t,s] (dL_dalpha[e,t,s] − sum s': α[e,t,s'] dL_dalpha[e,t,s'])",
        "α[e,t,s] (dL_dalpha[e,t,s] − Σ_k α[e,t,k] dL_dalpha[e,t,k])",  # one more position
        "sum u: α[e,t,s] α[e,t,u] (dL_dalpha[e,t,s] − dL_dalpha[e,t,u])",
    ],
    "dL_dQ": ["1/√(D/H) sum s: dL_dS[e,t,s] K[e,s,d]"],
    "dL_dW_Q": ["sum t: dL_dQ[t,c] n[t,j]"],
    "dL_dE_via_x0": ["sum t: [tokens[t] = i] dL_dx0[t,j]", "sum t: [tokens[t] = w] dL_dx0[t,j]"],
    "dL_dE_pos": ["sum t: [places[t] = l] dL_dx0[t,j]"],
    "gelu_slope": [
        f"1/2 (1 + {TANH}) + 1/2 u[t,f] (1 − {TANH}²) sqrt(2/pi) (1 + 3 * 0,044715 u[t,f]²)",
        "1/2 (1 + ω[t,f]) + 1/2 u[t,f] (1 − omega[t,f]²) √(2/π) (1 + 3 * 0.044715 u[t,f]^2)",
    ],
    "p": ["exp(z[t,i]) / sum k: exp(z[t,k])"],
    "S": [
        "1/√(D/H) (sum d: Q[e,t,d] K[e,s,d]) + log(attends[t,s])",
        "1/√(D/H) (sum d: Q[e,t,d] K[e,s,d]) − 10^9 [attends[t,s] = 0]",
        "(sum d: Q[e,t,d] K[e,s,d]) / sqrt(D/H) − 10000 (1 − attends[t,s])",
    ],
    "alpha": ["exp(S[e,t,s]) / sum s': exp(S[e,t,s'])", "exp(S[e,t,s]) / sum k: exp(S[e,t,k])"],
}


@pytest.mark.parametrize(("task", "text"), [(task, one) for task, several in RIGHT.items() for one in several])
def test_what_is_right_passes_however_it_is_written(task, text):
    result = check(task, text)
    assert result.passed, result.said


REFUSED = [
    ("sum t: dL_dz[t,i", "wanted ]", 16),
    ("dL_dz.T @ h", "'.' is not understood", 5),
    ("__import__('os')", "there is no __import__ here", 0),
    ("sum t: dL_dz[t,i] * hh[t,j]", "there is no hh here; the nearest: h", 20),
    ("dL_dz[t,i] * h[t,j]", "t is neither in the answer's own indices (i, j) nor summed", 6),
    ("sum t: dL_dz[t,i] + h[t,j]", "t is neither in the answer's own indices (i, j) nor summed", 22),
    ("sum i: dL_dz[i,i]", "i is one of the answer's own indices; it cannot be summed", 4),
    ("sum t: sum t: dL_dz[t,i]", "t is summed already", 11),
    ("sum t, t: dL_dz[t,i]", "t is summed already", 7),
    ("sum t: dL_dz[t,j] * h[t,i]", "j does not run along this axis of dL_dz, which counts words in the vocabulary", 7),
    ("sum t: dL_dz[t] * h[t,j]", "dL_dz has 2 indices, 1 are written", 7),
    ("sum t: dL_dz[99,i]", "99 does not run along this axis", 7),
    ("sum t: dL_dz * h[t,j]", "dL_dz has 2 indices, 0 are written", 7),
    ("sum t: dL_dz[Q,i]", "wanted an index letter", 13),
    ("sum t: dL_dz[q,i]", "q is neither in the answer's own indices (i, j) nor summed", 13),
    ("sum t: dL_dz[t,a] * dL_dz[t,b]", "a is neither in the answer's own indices (i, j) nor summed", 15),
    ("sum q: 1", "q is no index of anything here", 4),
    ("sum: 1", "wanted one index to sum over", 0),
    ("sum t 1", "wanted :", 6),
    ("sum t, s, k, c, f: 1", "wanted one index to sum over, or a few", 0),
    ("i", "an index stands in square brackets", 0),
    ("h[t,j] $ 2", "neither", 2),
    ("2 $ 3", "'$' is not understood", 2),
    ("2 3 )", "the formula ends before this", 4),
    ("2 *", "wanted a number, a name or a bracket, the formula ends", 3),
    ("[i < ]", "wanted a number, a name or a bracket here", 5),
    ("[i]", "wanted =", 2),
    ("sum t: h[t,y[t]]", "y[t] does not run along this axis of h, which counts meaning components", 7),
    ("-" * 900 + "1", "too many brackets in brackets", 30),
    ("exp " * 240 + "1", "too many brackets in brackets", 120),
    ("(" * 40, "too many brackets in brackets", 30),
    ("1 +" * 500, "a formula has at most 1000 letters", 1000),
    ("lambda: 0", "there is no lambda here", 0),
    ("sum t: h[t,j].__class__", "'.' is not understood", 13),
]


@pytest.mark.parametrize(("text", "wrong", "place"), REFUSED, ids=[text[:24] for text, _, _ in REFUSED])
def test_what_is_not_known_is_refused_with_its_place(text, wrong, place):
    task = named("dL_dW")
    with pytest.raises(NotRead, match=re.escape(wrong)) as refused:
        formula.value(text, task, cases.draw(0))
    shown, caret = str(refused.value).splitlines()[-2:]
    if len(text) < 60:
        assert caret.index("^") - shown.index(text[0]) == place
    result = check("dL_dW", text)
    assert not result.passed
    assert wrong in result.said


@pytest.mark.parametrize("seed", range(5))
def test_random_text_is_answered_and_never_raises(seed):
    rng = np.random.default_rng(seed)
    pieces = [
        "sum t:",
        "dL_dz",
        "h",
        "[t,i]",
        "[t,j]",
        "*",
        "/",
        "+",
        "−",
        "(",
        ")",
        "[",
        "]",
        "2",
        "0,5",
        "exp",
        "^",
        "'",
    ]
    pieces += ["y[t]", "i", "=", ">", " ", "M", "D", "\n", "∞", "é", "\x00", ",", ":", "mean", "sqrt", "9" * 30, "tanh"]
    for _ in range(300):
        text = " ".join(rng.choice(pieces, size=rng.integers(1, 12)))
        assert not check("dL_dW", text).passed or "dL_dz" in text


def test_a_sum_of_nothing_that_moves_is_counted():
    task = named("dL_dW")
    case = cases.draw(0)
    made, used = formula.value("sum t: 1", task, case)
    assert (made == case["T"]).all()
    assert used == {}


@pytest.mark.parametrize("text", ["sum t: D^y[t]", "sum t: dL_dz[t,y[t]] h[t,j]", "-attends[t,s]"])
def test_whole_numbers_and_what_is_so_or_not_are_numbers_too(text):
    task = "S" if "attends" in text else "dL_dW"
    assert "wanted" in check(task, text).said


def test_a_digit_is_an_index_too():
    assert check("dL_dW", "dL_dz[0,i] h[0,j]").mistake == "first position only"
    assert check("dL_db", "dL_dz[0, i]").mistake == "bias of the first position only"
