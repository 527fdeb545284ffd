"""Right slopes of a gate, and right messages through one: where u is above 0 the message passes."""

import math

import numpy as np

C, CUBIC = math.sqrt(2 / math.pi), 0.044715


def positive(x):
    return 1.0 if x > 0 else 0.0


def loops(dL_dr, u):
    made = np.zeros(u.shape)
    for t in range(len(u)):
        for f in range(u.shape[1]):
            if u[t, f] > 0:
                made[t, f] = dL_dr[t, f]
    return made


def set_to_zero(dL_dr, u):
    made = dL_dr.copy()
    made[u <= 0] = 0
    return made


def chosen(dL_dr, u):
    made = np.zeros_like(dL_dr)
    np.copyto(made, dL_dr, where=u > 0)
    return made


def at_the_open_places(dL_dr, u):
    made, places = np.zeros(u.shape), np.nonzero(u > 0)
    made[places] = dL_dr[places]
    return made


def with_both_gates(dL_dr, u, activation="relu"):
    slope = u > 0 if activation == "relu" else gelu_steps(u)
    return dL_dr * slope


def row_by_row(dL_dr, u):
    return np.stack([np.diag((row > 0).astype(float)) @ message for message, row in zip(dL_dr, u, strict=True)])


def kept_from_the_way_out(dL_dr, u):
    r = np.maximum(u, 0)
    return dL_dr * (r != 0)


DL_DU = [
    lambda dL_dr, u: dL_dr * (u > 0),
    lambda dL_dr, u: np.where(u > 0, dL_dr, 0),
    lambda dL_dr, u: dL_dr * np.heaviside(u, 0),
    lambda dL_dr, u: np.where(u <= 0, 0, dL_dr),
    lambda dL_dr, u, activation: dL_dr * (np.maximum(u, 0) > 0),
    lambda dL_dr, u, activation="relu": dL_dr * (np.sign(u) == 1),
    lambda dL_dr, u: np.multiply(dL_dr, np.array(u > 0, dtype=int)),
    lambda dL_dr, u: np.einsum("tf,tf->tf", dL_dr, (u > 0).astype(float)),
    lambda dL_dr, u: dL_dr - dL_dr * (u <= 0),
    lambda dL_dr, u: dL_dr * np.sign(np.maximum(u, 0)),
    lambda dL_dr, u: dL_dr * np.ceil((np.sign(u) + 1) / 2 - 0.5),
    lambda dL_dr, u: dL_dr * np.clip(np.sign(u), 0, 1),
    lambda dL_dr, u: dL_dr * ~(u <= 0),
    lambda dL_dr, u: np.select([u > 0, u <= 0], [dL_dr, 0 * dL_dr]),
    lambda dL_dr, u: dL_dr * (np.sign(u) * (np.sign(u) + 1) / 2),
    lambda dL_dr, u: np.choose((u > 0).astype(int), [np.zeros(u.shape), dL_dr]),
    lambda dL_dr, u: dL_dr * np.vectorize(positive)(u),
    lambda dL_dr, u: (u > 0) * dL_dr + (u < 0) * 0,
    lambda dL_dr, u: (dL_dr[:, :, None] * ((u > 0)[:, :, None] * np.eye(u.shape[1]))).sum(axis=1),
    lambda dL_dr, u: dL_dr * np.not_equal(np.fmax(u, 0.0), 0.0),
    lambda dL_dr, u: [[a if b > 0 else 0 for a, b in zip(*rows, strict=True)] for rows in zip(dL_dr, u, strict=True)],
    lambda dL_dr, u: dL_dr * np.array([[positive(x) for x in row] for row in u]),
    lambda dL_dr, u: dL_dr * np.greater(u, 0),
    loops,
    set_to_zero,
    chosen,
    at_the_open_places,
    with_both_gates,
    row_by_row,
    kept_from_the_way_out,
]
DL_DU_FORMULAS = [
    "{g}[t,f] [{x}[t,f] > 0]",
    "{g}[t,f] − {g}[t,f] [{x}[t,f] <= 0]",
    "{g}[t,k] * (1 − [0 >= {x}[t,k]])",
    "[u[n,m] > 0] · dL_dr[n,m]",
]


def relu_loops(u):
    made = np.zeros(u.shape)
    for t in range(len(u)):
        for f in range(u.shape[1]):
            made[t, f] = 1 if u[t, f] > 0 else 0
    return made


def relu_set(u):
    made = np.ones_like(u)
    made[u <= 0] = 0
    return made


def relu_set_where_open(u):
    made = np.zeros(u.shape, dtype=int)
    made[np.where(u > 0)] = 1
    return made


def relu_by_kind(u):
    kinds = np.sign(u).astype(int)  # -1, 0, 1
    return np.array([0.0, 1.0, 0.0])[kinds]


def relu_measured_from_below(u):
    step = 1e-7  # to the left: at the kink itself the slope is taken as 0
    return np.round((np.maximum(u, 0) - np.maximum(u - step, 0)) / step)


RELU_SLOPE = [
    lambda u: (u > 0).astype(u.dtype),
    lambda u: u > 0,
    lambda u: np.where(u > 0, 1, 0),
    lambda u: np.heaviside(u, 0),
    lambda u: 1 * (u > 0),
    lambda u: np.maximum(np.sign(u), 0),
    lambda u: (np.sign(u) == 1) + 0.0,
    lambda u: 1 - (u <= 0),
    lambda u: np.ceil(np.clip(u, 0, 1e-300) * 1e300),
    lambda u: np.sign(np.maximum(u, 0)),
    lambda u: np.sign(u) * (np.sign(u) + 1) / 2,
    lambda u: np.array(u > 0, dtype=float),
    lambda u: (np.maximum(u, 0) > 0).astype(int),
    lambda u: np.greater(u, np.zeros_like(u)),
    lambda u: [[float(x > 0) for x in row] for row in u],
    lambda u: [[1 if x > 0 else 0 for x in row] for row in u.tolist()],
    lambda u: np.vectorize(positive)(u),
    lambda u: np.select([u > 0], [1.0], default=0.0),
    lambda u: np.piecewise(u, [u > 0, u <= 0], [1, 0]),
    lambda u: ~(u <= 0),
    lambda u: np.minimum(np.floor(np.sign(u) + 1) // 2, 1),
    lambda u: np.divide(u, np.abs(u), out=np.zeros_like(u), where=u > 0),
    lambda u: np.nan_to_num(np.maximum(u, 0) / u),
    lambda u: np.array(list(map(positive, u.ravel()))).reshape(u.shape),
    lambda u: np.apply_along_axis(lambda row: row > 0, 1, u),
    lambda u: np.logical_and(u >= 0, u != 0),
    relu_loops,
    relu_set,
    relu_set_where_open,
    relu_by_kind,
    relu_measured_from_below,
]
RELU_FORMULAS = ["[u[t,f] > 0]", "1 − [u[t,f] <= 0]", "[0 < u[t,f]]", "[u[t,f] >= 0] [u[t,f] != 0]"]


def gelu(u):
    return 0.5 * u * (1 + np.tanh(np.sqrt(2 / np.pi) * (u + 0.044715 * u**3)))


def gelu_steps(u):
    inner = C * (u + CUBIC * u**3)
    d_inner = C * (1 + 3 * CUBIC * u**2)
    w = np.tanh(inner)
    d_w = (1 - w**2) * d_inner
    return 0.5 * (1 + w) + 0.5 * u * d_w


def gelu_as_a_product(u):
    first, second = 0.5 * u, 1 + np.tanh(C * (u + CUBIC * u**3))
    d_first, d_second = 0.5, C * (1 + 3 * CUBIC * u**2) / np.cosh(C * (u + CUBIC * u**3)) ** 2
    return d_first * second + first * d_second


def gelu_by_sigmoid(u):
    a = 2 * C * (u + CUBIC * u**3)  # (1 + tanh(x)) / 2 = sigmoid(2 x)
    s = 1 / (1 + np.exp(-a))
    return s + u * s * (1 - s) * 2 * C * (1 + 3 * CUBIC * u**2)


def gelu_of_one(x):
    w = math.tanh(C * (x + CUBIC * x**3))
    return (1 + w) / 2 + x / 2 * (1 - w * w) * C * (1 + 3 * CUBIC * x * x)


def gelu_loops(u):
    made = np.zeros(u.shape)
    for t in range(u.shape[0]):
        for f in range(u.shape[1]):
            made[t, f] = gelu_of_one(u[t, f])
    return made


def gelu_by_exponentials(u):
    up, down = np.exp(C * (u + CUBIC * u**3)), np.exp(-C * (u + CUBIC * u**3))
    w = (up - down) / (up + down)
    return 0.5 + 0.5 * w + 2 * u / (up + down) ** 2 * (C + 3 * C * CUBIC * u * u)


def gelu_multiplied_out(u):
    w = np.tanh(0.7978845608028654 * u + 0.035677408136300125 * u**3)
    return 0.5 * w + (0.0535161122044502 * u**3 + 0.3989422804014327 * u) * (1 - w**2) + 0.5


def gelu_backward_in_place(u):
    made = np.tanh(C * (u + CUBIC * u * u * u))
    bent = 1 - made * made
    bent *= 0.5 * u * C * (1 + 3 * CUBIC * u * u)
    made += 1
    made *= 0.5
    made += bent
    return made


def gelu_by_a_complex_step(u):
    return gelu(u + 1e-20j).imag / 1e-20


def gelu_with_four_points(u, step=1e-3):
    return (8 * (gelu(u + step) - gelu(u - step)) - gelu(u + 2 * step) + gelu(u - 2 * step)) / (12 * step)


def gelu_extrapolated(u):
    def slope(step):
        return (gelu(u + step) - gelu(u - step)) / (2 * step)

    return (4 * slope(5e-4) - slope(1e-3)) / 3


def gelu_by_polynomials(u):
    inside = np.poly1d([C * CUBIC, 0, C, 0])
    w = np.tanh(inside(u))
    return 0.5 * (1 + w) + 0.5 * u * (1 - w**2) * inside.deriv()(u)


GELU_SLOPE = [
    gelu_steps,
    gelu_as_a_product,
    gelu_by_sigmoid,
    lambda u: (
        0.5 * (1 + np.tanh(C * (u + CUBIC * u**3)))
        + 0.5 * u * (1 - np.tanh(C * (u + CUBIC * u**3)) ** 2) * C * (1 + 3 * CUBIC * u**2)
    ),
    gelu_by_exponentials,
    gelu_multiplied_out,
    gelu_backward_in_place,
    gelu_by_polynomials,
    lambda u: (gelu(u + 1e-5) - gelu(u - 1e-5)) / 2e-5,
    gelu_loops,
    gelu_by_a_complex_step,
    gelu_with_four_points,
    gelu_extrapolated,
    lambda u: [[gelu_of_one(x) for x in row] for row in u.tolist()],
    lambda u: np.vectorize(gelu_of_one)(u),
    lambda u: np.where(u == 0, 0.5, gelu(u) / np.where(u == 0, 1, u) + u * 0.5 * d_tanh(u)),
    lambda u: np.stack([gelu_by_sigmoid(row) for row in u]),
    lambda u: np.array([gelu_of_one(x) for x in u.flat]).reshape(u.shape),
    lambda u: np.apply_along_axis(gelu_steps, 0, u),
    lambda u: 1 - gelu_steps(-u),  # gelu(u) − gelu(−u) = u
]


def d_tanh(u):
    return C * (1 + 3 * CUBIC * np.square(u)) * np.power(np.cosh(C * (u + CUBIC * np.power(u, 3))), -2)


_TANH = "tanh(sqrt(2/pi) (u[t,f] + 0.044715 u[t,f]^3))"
GELU_FORMULAS = [
    f"1/2 (1 + {_TANH}) + 1/2 u[t,f] (1 − {_TANH}²) sqrt(2/pi) (1 + 3 * 0,044715 u[t,f]²)",
    f"0.5 + 0.5 {_TANH} + 0.5 u[t,f] (2/pi)^0.5 (1 + 0.134145 u[t,f]^2) (1 − {_TANH}^2)",
    f"0.5 (1 + {_TANH}) + 0.5 u[t,f] (1 − {_TANH}) (1 + {_TANH}) √(2/π) (1 + 0.134145 u[t,f] u[t,f])",
]
