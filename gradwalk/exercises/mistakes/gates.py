"""Mistakes at a gate: ReLU, and GELU's slope."""

import math

import numpy as np

from gradwalk.exercises.mistakes import mistake
from gradwalk.step2_mlp import GELU_CUBIC, GELU_SCALE, dL_du, gelu_slope, relu_slope


@mistake(dL_du, look="the muted units", question="Nudge a u below zero: what does r do?")
def gate_left_open(dL_dr, u, activation="relu"):
    """What arrives goes on as it is, where u is muted too. A muted unit does not move, so its slope is zero."""
    return dL_dr


@mistake(dL_du, look="the comparison", question="Which units did the way out let through?")
def gate_on_the_wrong_side(dL_dr, u, activation="relu"):
    """The muted units pass, and the others are stopped."""
    return dL_dr * (u < 0)


@mistake(dL_du, look="what is compared with zero", question="What did the mute look at on the way out?")
def gate_on_the_message(dL_dr, u, activation="relu"):
    """The message was muted where it is negative itself. What decides is u, as it was on the way out."""
    return np.maximum(dL_dr, 0)


@mistake(dL_du, look="what is compared with zero", question="How many times was something muted on the way out?")
def gated_twice(dL_dr, u, activation="relu"):
    """Muted where u is below zero, and where the message is. The way out has one gate, and it looked at u."""
    return np.maximum(dL_dr, 0) * (u > 0)


@mistake(dL_du, look="the factor", question="Double u above zero: does the slope of r double?")
def value_for_slope(dL_dr, u, activation="relu"):
    """Multiplied by r, the value. The gate's slope is wanted: 1 where it is open."""
    return dL_dr * np.maximum(u, 0)


@mistake(dL_du, look="the factor", question="Which factor has r = max(u, 0) when u is above zero?")
def times_u(dL_dr, u, activation="relu"):
    """Multiplied by u itself. The gate's slope is 1 or 0, however large u is."""
    return dL_dr * u


@mistake(dL_du, look="the muted units", question="Does r fall, or stand still, below zero?")
def sign_for_gate(dL_dr, u, activation="relu"):
    """Below zero the message is reversed. ReLU is flat there: the slope is 0, not −1."""
    return dL_dr * np.sign(u)


@mistake(dL_du, look="the muted units", question="Does ReLU leak?")
def leak_below_zero(dL_dr, u, activation="relu"):
    """A hundredth passes below zero, as in a leaky ReLU. This one is flat there: nothing passes."""
    return dL_dr * np.where(u > 0, 1, 0.01)


@mistake(dL_du, look="what arrives", question="How much does the loss care about r?")
def message_missing_at_the_gate(dL_dr, u, activation="relu"):
    """The gate alone: 1 or 0. What arrives at r has to be multiplied by it."""
    return (u > 0) * 1.0


@mistake(dL_du, look="the entries with u = 0", question="At the kink: which slope has the course agreed on?")
def open_at_the_kink(dL_dr, u, activation="relu"):
    """At u = 0 exactly the gate is taken as open. There is no one slope at the kink; the course takes 0, as PyTorch
    does."""
    return dL_dr * (u >= 0)


@mistake(relu_slope, look="the comparison", question="Which units did the way out let through?")
def slope_on_the_wrong_side(u):
    """1 where the unit is muted, 0 where it passes."""
    return (u < 0) * 1.0


@mistake(relu_slope, look="the entries with u = 0", question="At the kink: which slope has the course agreed on?")
def slope_open_at_the_kink(u):
    """At u = 0 exactly the slope is taken as 1. There is no one slope at the kink; the course takes 0."""
    return (u >= 0) * 1.0


@mistake(relu_slope, look="value or slope", question="Double u above zero: does the slope double?")
def relu_itself(u):
    """That is r, the value. Its slope is 1 where u is above zero."""
    return np.maximum(u, 0)


@mistake(relu_slope, look="below zero", question="Does r fall, or stand still, below zero?")
def sign_of_u(u):
    """Below zero this is −1. ReLU is flat there: the slope is 0."""
    return np.sign(u)


def _omega(u):  # step 2 has it too; here a repair can show it, with the mistake that calls it
    return np.tanh(GELU_SCALE * (u + GELU_CUBIC * u**3))


def _inner(u):
    return GELU_SCALE * (1 + 3 * GELU_CUBIC * u**2)


@mistake(gelu_slope, look="the product rule", question="u stands twice in the product: where else than in front?")
def gate_held_still(u):
    """½ (1 + ω) is the first term alone. The gate ω moves with u too: the product rule has a second term."""
    return 0.5 * (1 + _omega(u))


@mistake(gelu_slope, look="the chain rule inside tanh", question="What is in the tanh, and what is its own slope?")
def inner_slope_forgotten(u):
    """The second term lacks the slope of what is inside the tanh."""
    return 0.5 * (1 + _omega(u)) + 0.5 * u * (1 - _omega(u) ** 2)


@mistake(gelu_slope, look="the cubic term's slope", question="What is the slope of u³?")
def three_forgotten(u):
    """u³ was differentiated to u²: the factor 3 is missing."""
    return 0.5 * (1 + _omega(u)) + 0.5 * u * (1 - _omega(u) ** 2) * GELU_SCALE * (1 + GELU_CUBIC * u**2)


@mistake(gelu_slope, look="the slope of tanh", question="tanh' in terms of tanh: which power?")
def tanh_not_squared(u):
    """1 − ω stands where 1 − ω² belongs."""
    return 0.5 * (1 + _omega(u)) + 0.5 * u * (1 - _omega(u)) * _inner(u)


@mistake(gelu_slope, look="the slope of tanh", question="Is tanh steepest at 0, or far from it?")
def tanh_square_added(u):
    """1 + ω² stands where 1 − ω² belongs: tanh grows flat where ω comes near 1."""
    return 0.5 * (1 + _omega(u)) + 0.5 * u * (1 + _omega(u) ** 2) * _inner(u)


@mistake(gelu_slope, look="the second term's factor", question="Where did the ½ of the second term go?")
def half_forgotten(u):
    """The ½ in front of the second term is missing."""
    return 0.5 * (1 + _omega(u)) + u * (1 - _omega(u) ** 2) * _inner(u)


@mistake(gelu_slope, look="the second term", question="Product rule: does the first factor stay in the second term?")
def u_forgotten(u):
    """The second term lacks the factor u."""
    return 0.5 * (1 + _omega(u)) + 0.5 * (1 - _omega(u) ** 2) * _inner(u)


@mistake(gelu_slope, look="which GELU", question="Which form did the way out compute?")
def slope_of_the_exact_form(u):
    """This is the slope of u Φ(u), with the error function. The way out computed the tanh form, which differs a
    little."""
    phi = 0.5 * (1 + np.vectorize(math.erf)(u / math.sqrt(2)))
    return phi + u * np.exp(-(u**2) / 2) / math.sqrt(2 * math.pi)


@mistake(gelu_slope, look="which GELU", question="Which form did the way out compute?")
def slope_of_the_sigmoid_form(u):
    """This is the slope of u · sigmoid(1.702 u). The way out computed the tanh form."""
    s = 1 / (1 + np.exp(-1.702 * u))
    return s + 1.702 * u * s * (1 - s)


@mistake(gelu_slope, look="which activation", question="Is GELU's slope ever above 1, or below 0?")
def relu_for_gelu(u):
    """This is ReLU's slope, 1 or 0. GELU's runs from about −0.13 to 1.13."""
    return (u > 0) * 1.0


@mistake(gelu_slope, look="value or slope", question="At u = 0 the value is 0. And the slope?")
def gelu_itself(u):
    """That is GELU's value, not its slope."""
    return 0.5 * u * (1 + _omega(u))
