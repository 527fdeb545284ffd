"""Right answers to every task in the styles that people write: `answers_to(named("dL_dW_K"))` has thirty and more.

A module has those of a rule or two, as functions and as index formulas; below stands which task has which. What all
may wear, such as float32 or lists, is put on here.
"""

from collections.abc import Callable
from functools import wraps

import numpy as np

from gradwalk.exercises.tasks import Task
from styles import biases, blend, gates, inputs, lookups, loss, norms, residuals, scores, softmax, weights

# The functions and the formulas; in a formula {g}, {x} and {w} are what the task takes, {i} and {j} its own letters.
ANSWERS = {
    "dL_dz": (loss.DL_DZ, loss.DL_DZ_FORMULAS),
    **dict.fromkeys(("dL_dW", "dL_dE_via_z", "dL_dW2", "dL_dW1", "dL_dW_O"), (weights.SIDE_BY_SIDE, weights.FORMULAS)),
    **dict.fromkeys(("dL_dW_Q", "dL_dW_K", "dL_dW_V"), (weights.IN_HEADS, weights.FORMULAS)),
    **dict.fromkeys(("dL_db", "dL_db2", "dL_db1", "dL_db_O"), (biases.SIDE_BY_SIDE, biases.FORMULAS)),
    **dict.fromkeys(("dL_dbetaf", "dL_dbeta2", "dL_dbeta1"), (biases.SIDE_BY_SIDE, biases.FORMULAS)),
    **dict.fromkeys(("dL_db_Q", "dL_db_K", "dL_db_V"), (biases.IN_HEADS, biases.FORMULAS)),
    **dict.fromkeys(("dL_dh", "dL_dhf", "dL_dr", "dL_dv", "dL_dO"), (inputs.SIDE_BY_SIDE, inputs.FORMULAS)),
    **dict.fromkeys(("dL_dn_via_Q", "dL_dn_via_K", "dL_dn_via_V"), (inputs.IN_HEADS, inputs.FORMULAS)),
    **dict.fromkeys(("dL_dm", "dL_dx1_via_h", "dL_da", "dL_dx0_via_x1"), (residuals.COPIES, residuals.COPY_FORMULAS)),
    **dict.fromkeys(("dL_dx1", "dL_dx0", "dL_dE"), (residuals.TWO_ROADS, residuals.TWO_FORMULAS)),
    "dL_dn": (residuals.THREE_ROADS, residuals.THREE_FORMULAS),
    "dL_du": (gates.DL_DU, gates.DL_DU_FORMULAS),
    "relu_slope": (gates.RELU_SLOPE, gates.RELU_FORMULAS),
    "gelu_slope": (gates.GELU_SLOPE, gates.GELU_FORMULAS),
    **dict.fromkeys(("dL_dgammaf", "dL_dgamma2", "dL_dgamma1"), (norms.DL_DGAMMA, norms.GAMMA_FORMULAS)),
    **dict.fromkeys(("dL_dx1_via_v", "dL_dx0_via_n"), (norms.PULLBACK, norms.PULLBACK_FORMULAS)),
    "dL_dV": (blend.DL_DV, blend.DL_DV_FORMULAS),
    "dL_dalpha": (blend.DL_DALPHA, blend.DL_DALPHA_FORMULAS),
    "dL_dS": (softmax.DL_DS, softmax.DL_DS_FORMULAS),
    "dL_dQ": (scores.DL_DQ, scores.DL_DQ_FORMULAS),
    "dL_dK": (scores.DL_DK, scores.DL_DK_FORMULAS),
    "S": (scores.S, scores.S_FORMULAS),
    "alpha": (softmax.SOFTMAX, softmax.ALPHA_FORMULAS),
    "p": (softmax.SOFTMAX, softmax.P_FORMULAS),
    **dict.fromkeys(("dL_dE_via_x0", "dL_dE_pos"), (lookups.LOOK_UP, lookups.FORMULAS)),
}


def answers_to(task: Task) -> list[Callable | str]:
    """Its right answers: functions, index formulas, and the first functions dressed; none where it has none here."""
    functions, formulas = ANSWERS.get(task.name, ((), ()))
    known = dict(zip("gxw", task.takes, strict=False)) | dict(zip("ij", task.letters, strict=False))
    dressed = [_dressed(function, *dress) for function, dress in zip(functions, DRESSES, strict=False)]
    return [*functions, *(text.format(**known) for text in formulas), *dressed]


def _dressed(answer, into, out):
    @wraps(answer)
    def dressed(*given):
        return out(answer(*map(into, given)))

    return dressed


def _as_it_is(one):
    return one


def _single(one):
    return one.astype(np.float32) if isinstance(one, np.ndarray) and one.dtype == float else one


def _long(one):
    return np.longdouble(one) if isinstance(one, np.ndarray) and one.dtype == float else one


def _columns_first(one):
    return np.asfortranarray(one) if isinstance(one, np.ndarray) else one


def _lists(made):
    return np.asarray(made).tolist()


def _filled(made):
    result = np.empty(np.shape(made))
    result[...] = made
    return result


def _with_remarks(made):
    print("shape", np.shape(made))
    assert np.size(made)
    return made


# What goes in, and what comes out.
DRESSES = [
    (_single, _as_it_is),
    (_as_it_is, np.float32),
    (_as_it_is, _lists),
    (_columns_first, np.asfortranarray),
    (_as_it_is, tuple),
    (_as_it_is, _with_remarks),
    (_as_it_is, _filled),
    (_long, _as_it_is),
]
