# ruff: noqa: E501 (an answer is one line)
"""What Python's check says of index formulas and numbers, for the page's own (widgets/exercise/*.js) to be held to."""

import random

import numpy as np
from test_exercises_formula import REFUSED, RIGHT

from gradwalk.exercises import cases, page_check, tasks
from gradwalk.exercises.check import check

# Wrong as learners are wrong: by a mistake of the bank, turned, by a factor, with a sign; two at once; by none of these.
WRONG = {
    "dL_dW": [
        *("sum t: dL_dz[t,i]", "sum t: h[t,j]", "mean t: dL_dz[t,i] h[t,j]", "(sum t: dL_dz[t,i]) (sum t: h[t,j])"),
        *("sum t: -dL_dz[t,i] h[t,j]", "2 sum t: dL_dz[t,i] h[t,j]", "1/M sum t: dL_dz[t,i] h[t,j]", "dL_dz[0,i] h[0,j]"),
        *("√(D/H) sum t: dL_dz[t,i] h[t,j]", "0.37 sum t: dL_dz[t,i] h[t,j]", "-3 sum t: dL_dz[t,i]", "-D sum t: h[t,j]"),
        *("sum t: (dL_dz[t,i]^2)^(1/2) h[t,j]", "sum t: dL_dz[t,i] (h[t,j]^2)^0.5", "1/0", "log(0-1)", "0", "0 h[0,0]"),
        *("sum t: exp(1000 dL_dz[t,i]) h[t,j]", "1 / (i)", "sum t: dL_dz[t,i] h[t,j] + [i = 1]", "sum t: D^y[t]"),
        *("sum t: [y[t] = i] h[t,j]", "sum t: dL_dz[t,y[t]] h[t,j]", "1e9", "123456789 sum t: dL_dz[t,i]", "1/32"),
        *("sum t: dL_dz[t,i] h[t,j] + 0.00001", "1.0000001 sum t: dL_dz[t,i] h[t,j]", "1.00001 sum t: dL_dz[t,i] h[t,j]"),
        *("1^(0/0)", "10^22", "-[i = j] / 32", "nope(3)", "T_ma * 2", "W[i,j]", "DL_dZ[t,i]", "x" * 70, "é[i]", "\t 2 \u2028 $", "½ + 1"),
        *("sum t: dL_dz[t,n] h[t,j] / T", "sum n, q: dL_dz[q,n]", "sum q: dL_dz[t,i]", "sum i: h[i,j]", "sum_ab: h[a,b]"),
        *("2" * 400, "2_000", "sum_t' dL_dz[t',i]", "sum_ t: 1", "mean_tk: dL_dz[t,k]", "sum t': [t' = t''] 1", "'", '"', "\\"),
    ],
    "dL_dz": [
        *("1/M [y[t] >= 0] p[t,i]", "[y[t] >= 0] (p[t,i] - [i = y[t]])", "1/T [y[t] >= 0] (p[t,i] - [i = y[t]])"),
        *("1/M (p[t,i] - [i = y[t]])", "1/M [y[t] >= 0] ([i = y[t]] - p[t,i])", "1/M [y[t] >= 0] (p[t,i] - 1)"),
        *("1/M [y[t] >= 0] (p[t,i] + [i = y[t]])", "1/M [y[t] >= 0] p[t,i] (1 - p[t,i])", "p[t,y[t]]", "y[t]", "[y != 2]"),
        "1/M [y[t] >= 0] (log(p[t,i]) - [i = y[t]])",
    ],
    "dL_du": [
        *("dL_dr[t,f]", "dL_dr[t,f] [u[t,f] >= 0]", "dL_dr[t,f] [u[t,f] < 0]", "[u[t,f] > 0]", "dL_dr[t,f] u[t,f]"),
        *("-2 dL_dr[t,f] [u[t,f] >= 0]", "dL_dr[t,f] [dL_dr[t,f] > 0]", "dL_dr[t,f] (1 - 2 [u[t,f] <= 0])"),
        *("dL_dr[t,f] [u[t,f] > 0] + 5 [u[t,f] = 0]", "dL_dr[t,f] [u[t,f] != 0]"),
    ],
    "dL_dx1_via_v": [
        *("dL_dv[t,j] gamma2[j] / sigma[t]", "1/sigma[t] (gamma2[j] dL_dv[t,j] − mean c: gamma2[c] dL_dv[t,c])"),
        *("1/sigma[t] dL_dv[t,j]", "x_hat[t,j] / sigma[t]", "dL_dv[t,j] (x1[t,j] - mean c: x1[t,c])"),
        "1/sqrt((mean c: (x1[t,c] − mean c': x1[t,c'])^2)) (gamma2[j] dL_dv[t,j] − (mean c: gamma2[c] dL_dv[t,c]) − "
        "x_hat[t,j] (mean c: gamma2[c] dL_dv[t,c] x_hat[t,c]))",
    ],
    "dL_dS": [
        *("alpha[e,t,s] dL_dalpha[e,t,s]", "alpha[e,t,s] (1 - alpha[e,t,s]) dL_dalpha[e,t,s]", "alpha[e,s,t] dL_dalpha[e,t,s]"),
        "alpha[e,s,t] (dL_dalpha[e,s,t] − sum s': alpha[e,s,s'] dL_dalpha[e,s,s'])",
        *("dL_dalpha[e,s,t]", "alpha[0,t,s] dL_dalpha[e,t,s]", "alpha[9,t,s]", "-alpha[e,t,s] dL_dalpha[e,t,s] / √(D/H)"),
    ],
    "dL_dV": ["sum t: alpha[e,s,t] dL_dO[e,t,d]", "sum t: alpha[0,t,s] dL_dO[e,t,d]", "dL_dO[e,s,d]", "dL_dO[s,d]"],
    "dL_dW_Q": ["sum t: dL_dQ[t,j] n[t,c]", "dL_dQ[0,0,0]", "mean t: dL_dQ[t,c] n[t,j]", "-sum t: dL_dQ[t,c] n[t,j]"],
    "dL_dW_O": ["sum t: dL_da[t,a] O[t,b]", "sum t: dL_da[t,a] O[t,j]", "sum t: dL_da[t,c] O[t,j]", "-sum t: dL_da[t,c] O[t,j]", "2 sum t: dL_da[t,c] O[t,j]"],
    "dL_db": ["dL_dz[0,i]", "mean t: dL_dz[t,i]", "sum t: (dL_dz[t,i]^2)^0.5", "i", "sum t: dL_dz[t,i] + [i < 2]"],
    "dL_db_K": ["0", "[c < 0]", "sum t: dL_dK[t,c]", "mean t: dL_dK[t,c]"],
    "dL_dx1": ["dL_dx1_via_h[t,j]", "dL_dx1_via_h[t,j] − dL_dx1_via_v[t,j]", "dL_dx1_via_h[t,j] dL_dx1_via_v[t,j]"],
    "dL_dE_via_x0": ["sum t: [t = i] dL_dx0[t,j]", "sum t: dL_dx0[t,j]", "mean t: [tokens[t] = i] dL_dx0[t,j]"],
    "S": [
        *("sum d: Q[e,t,d] K[e,s,d]", "[attends[t,s] = 1] sum d: Q[e,t,d] K[e,s,d] / √(D/H)", "-attends[t,s]"),
        *("1/√(D/H) sum d: Q[e,t,d] K[e,s,d]", "1/√(D/H) (sum d: Q[e,t,d] K[e,s,d]) + log(attends[t,s])"),
        "1/√(D/H) (sum d: Q[e,t,d] K[e,s,d]) − 10^9 (1 − attends[t,s]) ^ 0.5 * 2",
    ],
    "p": ["exp(z[t,i])", "z[t,i] / sum k: z[t,k]", "exp(z[t,i]) / sum t': exp(z[t',i])", "log(exp(z[t,i]) / sum k: exp(z[t,k]))"],
}  # fmt: skip
BLANKS = ["", " ", "None", "...", "…", "TODO"]
PIECES = [
    *("sum t:", "mean t:", "dL_dz", "h", "[t,i]", "[t,j]", "*", "/", "+", "−", "(", ")", "[", "]", "2", "0,5", "exp", "^", "'"),
    *("y[t]", "i", "=", ">", " ", "M", "D", "\n", "∞", "é", "\x00", ",", ":", "sqrt", "9" * 30, "tanh", "sum_t", "tt", "🐕"),
]  # fmt: skip
NUMBERS = [
    "0",
    "1",
    "nan",
    "inf",
    "-1e999",
    "1_0",
    "x",
    "2 3",
    "None",
    "",
    "−1",
    "+2,5",
    ".5",
    "5.",
    "1e-3",
    "infinity",
]


def mutated(rng, text):
    """A formula with one or two letters or words of it gone, doubled, exchanged or others."""
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(text) or 1)
        other = rng.choice(["", text[at : at + 1] * 2, rng.choice("tsijkcfed2*+-/()[]=>,: '"), rng.choice(PIECES)])
        text = text[:at] + other + text[at + 1 :]
    return text


def answers(rng, task, count, first):
    """Right and wrong ones, right on the first case alone, of each refusal, and such as are put together by chance."""
    yield from (*RIGHT.get(task, []), *WRONG.get(task, []), *BLANKS)
    yield from (f"{first['T']}/T ({one})" for one in RIGHT.get(task, [])[:1])
    if task == "dL_dW":
        yield from (text for text, _, _ in REFUSED)
        for _ in range(count):
            yield " ".join(rng.choices(PIECES, k=rng.randint(1, 9)))
    for _ in range(count):
        yield mutated(rng, rng.choice(RIGHT.get(task) or WRONG[task]))


def said_of(result):
    return {"passed": result.passed, "mistake": result.mistake, "said": result.said}


def checked_here(count=12):
    """For each task what the page is sent, and what Python says of the answers; then of some entries and numbers."""
    rng = random.Random(5)
    for k, name in enumerate({**RIGHT, **WRONG}):
        task, seed = tasks.named(name), k % 3
        told = [
            {"answer": text, **said_of(check(name, text, seed=seed))}
            for text in answers(rng, name, count, cases.cases(task, seed)[0])
        ]
        yield {"told": page_check.told(task, seed), "answers": told}
    for name in ("dL_dW", "dL_dz", "dL_dS", "dL_db", "S"):
        task, case = tasks.named(name), cases.cases(tasks.named(name), 0)[0]
        right = task.right(*task.of(case))
        for _ in range(4):
            at = tuple(map(int, rng.choice(np.argwhere(np.isfinite(right)))))
            near = [
                right[at],
                -right[at],
                round(float(right[at]), 3),
                *(m["made"] for m in page_check.number(task, at, case)["mistakes"]),
            ]
            written = [*NUMBERS, *(str(float(x)).replace("-", rng.choice("-−")) for x in near)]
            told = [
                {"answer": text, **said_of(check(name, text, at=at))} for text in written if text not in ("x", "2 3")
            ]
            yield {"told": page_check.number(task, at, case), "answers": told}
