"""Part C: the ten rules in other letters and layouts, two lines each; the slope in one thing that they take.

Each is the course's rule, and none is the course's line: columns are examples, or the bias stands elsewhere.
"""

import numpy as np

from gradwalk.exercises.exam.slopes import Line, asked


@asked({"A": "G @ X.T"}, A="mn", X="nb")
def weight_on_columns(A, X):
    """Columns are examples: the message's columns meet the gear's."""
    return A @ X


@asked({"M": "x.T @ G"}, x="bn", M="nk")
def weight_on_rows(x, M):
    """(in, out): the course's weight, transposed."""
    return x @ M


@asked({"c": "G.sum(axis=1)"}, A="mn", X="nb", c="m")
def bias_of_columns(A, X, c):
    """One number a row, added to every column."""
    return A @ X + c[:, None]


@asked({"k": "G.sum(axis=(1, 2))"}, P="cxy", k="c")
def bias_of_channels(P, k):
    """One number a channel, added at each of its places."""
    return P + k[:, None, None]


@asked({"X": "A.T @ G"}, A="mn", X="nb")
def input_in_columns(A, X):
    """What comes in stands on the right."""
    return A @ X


@asked({"x": "G.T @ M.T"}, x="bn", M="nk")
def input_turned(x, M):
    """The outputs lie in columns."""
    return (x @ M).T


@asked({"X": "A.T @ G[: len(A)] + 3 * G[len(A) :]"}, A="mn", X="nb")
def two_uses_side_by_side(A, X):
    """Handed on three times as large, and read once more."""
    return np.concatenate([A @ X, 3 * X])


@asked({"s": "(G * (Q - 2)).sum(axis=1)"}, s="n", Q="nb")
def two_uses_in_a_sum(s, Q):
    """One number a row with two uses: it multiplies, and it is added."""
    return s[:, None] * Q - 2 * s[:, None]


@asked({"Z": "G * np.where(Z > 0, 1, 0.25)"}, Z="fb")
def gate_that_leaks(Z):
    """Below zero a quarter passes."""
    return np.where(Z > 0, Z, Z / 4)


@asked({"x": "G * (x > y)"}, x="bn", y="bn")
def gate_between_two(x, y):
    """Only the larger of the two passes."""
    return np.maximum(x, y)


@asked(
    {"Z": "shares = np.exp(Z) / np.exp(Z).sum(axis=0)\nG * (shares - (np.arange(len(Z))[:, None] == c)) / len(c)"},
    Z="kb",
    c="b<k",
)
def loss_of_columns(Z, c):
    """A mean over columns of minus the log of the true share."""
    shares = np.exp(Z) / np.exp(Z).sum(axis=0)
    return -np.log(shares[c, np.arange(len(c))]).mean()


@asked({"s": "G * (1 / (1 + np.exp(-s)) - c)"}, s="b", c="b<2")
def loss_of_yes_or_no(s, c):
    """Two words, one score: a sum over examples."""
    return np.log(1 + np.exp(np.where(c == 1, -s, s))).sum()


@asked({"X": "(G - G.mean(axis=0) - Y * (G * Y).mean(axis=0)) / X.std(axis=0)"}, X="fb")
def norm_of_columns(X):
    """Each column with mean 0 and spread 1."""
    return (X - X.mean(axis=0)) / X.std(axis=0)


@asked({"x": "q * G - (q * G).mean(axis=1, keepdims=True)"}, x="bn", q="n")
def mean_taken_out(x, q):
    """The mean goes, the spread stays, a stretch behind it."""
    return q * (x - x.mean(axis=1, keepdims=True))


@asked({"A": "B @ G.T"}, A="nm", B="nb")
def product_over_rows(A, B):
    """Both are values: the first is read by its columns."""
    return A.T @ B


@asked({"y": "G.T @ x"}, x="bn", y="kn")
def product_of_rows(x, y):
    """Each row of one meets each row of the other."""
    return x @ y.T


@asked({"S": "Y * (G - (Y * G).sum(axis=0))"}, S="kb")
def shares_of_columns(S):
    """Each column is shared out."""
    return np.exp(S) / np.exp(S).sum(axis=0)


@asked({"s": "G - np.exp(Y) * G.sum(axis=1, keepdims=True)"}, s="bk")
def log_of_shares(s):
    """The log of each row's shares."""
    return s - np.log(np.exp(s).sum(axis=1, keepdims=True))


@asked({"E": "G @ (c[:, None] == np.arange(E.shape[1]))"}, E="dn", c="b<n")
def columns_looked_up(E, c):
    """Columns of a table, some of them twice."""
    return E[:, c]


@asked({"x": "G[c]"}, x="bd", c="b<3")
def rows_gathered(x, c):
    """Each row is added to the sum that it belongs to."""
    return (c == np.arange(3)[:, None]) @ x


LINES: dict[str, tuple[Line, ...]] = {
    "weight": (weight_on_columns, weight_on_rows),
    "bias": (bias_of_columns, bias_of_channels),
    "input": (input_in_columns, input_turned),
    "join": (two_uses_side_by_side, two_uses_in_a_sum),
    "gate": (gate_that_leaks, gate_between_two),
    "p − onehot": (loss_of_columns, loss_of_yes_or_no),
    "norm": (norm_of_columns, mean_taken_out),
    "product": (product_over_rows, product_of_rows),
    "softmax": (shares_of_columns, log_of_shares),
    "look-up": (columns_looked_up, rows_gathered),
}
