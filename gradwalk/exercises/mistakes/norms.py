"""Mistakes at the layer norm: its pullback, and its stretch."""

import numpy as np

from gradwalk.exercises.mistakes import mistake
from gradwalk.step3_layernorm import EPS, dL_dgamma, normed, pullback, spread


def _mean(x):
    return x.mean(axis=-1, keepdims=True)


def _pullback(arriving, x_hat, sigma):
    """The three terms, of whatever stands for the message, the normed rows and the spread."""
    return (arriving - _mean(arriving) - x_hat * _mean(arriving * x_hat)) / sigma


@mistake(pullback, look="the mean and the spread", question="Move one number of the row: which others of v move?")
def norm_as_an_elementwise_factor(dL_dv, x1, gamma, eps=EPS):
    """Times gamma, over sigma, entry by entry. But each number also moves the row's mean and its spread, and by them
    every other: two terms are missing."""
    return gamma * dL_dv / spread(x1, eps)


@mistake(pullback, look="the sums over c", question="Move one number of the row: do the others of v stand still?")
def diagonal_alone(dL_dv, x1, gamma, eps=EPS):
    """What each number does to itself, by way of mean and spread too: the Jacobian's diagonal. It also moves the others
    of its row, and what they say is missing: two sums."""
    x_hat = normed(x1, eps)
    return gamma * dL_dv * (1 - (1 + x_hat**2) / x1.shape[-1]) / spread(x1, eps)


@mistake(pullback, look="the second term", question="Shift the whole row: v stays. What must the answer's row sum to?")
def mean_term_missing(dL_dv, x1, gamma, eps=EPS):
    """The term of the mean is missing. A shift of the whole row changes nothing, so each row of the slope sums to 0."""
    arriving = gamma * dL_dv
    return (arriving - normed(x1, eps) * _mean(arriving * normed(x1, eps))) / spread(x1, eps)


@mistake(pullback, look="the third term", question="Stretch the row about its mean: v stays. What follows?")
def spread_term_missing(dL_dv, x1, gamma, eps=EPS):
    """The term of the spread is missing. A stretch of the row about its mean changes next to nothing, so the slope has
    no part along x_hat."""
    arriving = gamma * dL_dv
    return (arriving - _mean(arriving)) / spread(x1, eps)


@mistake(pullback, look="where gamma stands", question="Is gamma in the first step of the way back, or in the last?")
def gamma_outside_the_means(dL_dv, x1, gamma, eps=EPS):
    """All three terms are there, but gamma comes last. That is the Jacobian where its transpose is wanted: on the way
    back gamma comes first, inside the means."""
    return gamma * _pullback(dL_dv, normed(x1, eps), spread(x1, eps))


@mistake(pullback, look="gamma", question="What is the last thing that the way out does to x_hat?")
def gamma_missing(dL_dv, x1, gamma, eps=EPS):
    """Gamma is missing: the message to v was taken for the message to x_hat."""
    return _pullback(dL_dv, normed(x1, eps), spread(x1, eps))


@mistake(pullback, look="gamma inside the two means", question="Which message do the means average?")
def gamma_in_the_first_term_only(dL_dv, x1, gamma, eps=EPS):
    """Gamma stands in the first term, and not inside the means. All three terms are of gamma times the message."""
    x_hat = normed(x1, eps)
    return (gamma * dL_dv - _mean(dL_dv) - x_hat * _mean(dL_dv * x_hat)) / spread(x1, eps)


@mistake(pullback, look="the spread", question="Does the way out divide by D, or by D − 1?")
def divided_by_D_minus_1(dL_dv, x1, gamma, eps=EPS):
    """The variance was taken with D − 1. The norm on the way out divides by D."""
    sigma = np.sqrt(x1.var(axis=-1, ddof=1, keepdims=True) + eps)
    return _pullback(gamma * dL_dv, (x1 - _mean(x1)) / sigma, sigma)


@mistake(pullback, look="where eps stands", question="Is eps added to the variance, or to its root?")
def eps_outside_the_root(dL_dv, x1, gamma, eps=EPS):
    """Eps was added after the root. It stands inside, beside the variance; on a level row that shows."""
    sigma = x1.std(axis=-1, keepdims=True) + eps
    return _pullback(gamma * dL_dv, (x1 - _mean(x1)) / sigma, sigma)


@mistake(pullback, look="the spread", question="What is added to the variance before the root is taken?")
def eps_left_out(dL_dv, x1, gamma, eps=EPS):
    """Eps is missing. It stands beside the variance, inside the root; on a level row that shows."""
    sigma = x1.std(axis=-1, keepdims=True)
    return _pullback(gamma * dL_dv, (x1 - _mean(x1)) / sigma, sigma)


@mistake(pullback, look="the divisor", question="Does the norm divide by the spread or by its square?")
def divided_by_the_variance(dL_dv, x1, gamma, eps=EPS):
    """Divided by the variance. The way out divides by its root, and the way back once more by the same."""
    return _pullback(gamma * dL_dv, normed(x1, eps), spread(x1, eps) ** 2)


@mistake(pullback, look="the divisor", question="A row with twice the spread: how much does x_hat move for a nudge?")
def spread_not_divided_by(dL_dv, x1, gamma, eps=EPS):
    """The division by sigma is missing."""
    return _pullback(gamma * dL_dv, normed(x1, eps), 1.0)


@mistake(pullback, look="the third term", question="Is it x_hat that stands there, or x1 less its mean?")
def not_divided_in_the_third_term(dL_dv, x1, gamma, eps=EPS):
    """In the third term x1 less its mean stands where x_hat belongs."""
    return _pullback(gamma * dL_dv, x1 - _mean(x1), spread(x1, eps))


@mistake(pullback, look="the axis of the means", question="Over what does a layer norm take its mean?")
def means_over_positions(dL_dv, x1, gamma, eps=EPS):
    """The means run over the positions, as in a batch norm. A layer norm norms each position's row by itself."""
    x_hat, arriving = normed(x1, eps), gamma * dL_dv
    return (arriving - arriving.mean(axis=0) - x_hat * (arriving * x_hat).mean(axis=0)) / spread(x1, eps)


@mistake(pullback, look="the 1/D of the two terms", question="Sum or mean over the components?")
def sums_for_means(dL_dv, x1, gamma, eps=EPS):
    """Sums stand where means belong: the 1/D of the second and third term is missing."""
    x_hat, arriving = normed(x1, eps), gamma * dL_dv
    total = arriving.sum(axis=-1, keepdims=True), (arriving * x_hat).sum(axis=-1, keepdims=True)
    return (arriving - total[0] - x_hat * total[1]) / spread(x1, eps)


@mistake(pullback, look="the sign of the two terms", question="Do the two terms add to the message, or take from it?")
def terms_added(dL_dv, x1, gamma, eps=EPS):
    """The two means were added. They are taken away: what a row has in common goes out with them."""
    x_hat, arriving = normed(x1, eps), gamma * dL_dv
    return (arriving + _mean(arriving) + x_hat * _mean(arriving * x_hat)) / spread(x1, eps)


@mistake(pullback, look="whose gear x_hat is", question="What does gamma multiply, and what does x1?")
def times_x_hat(dL_dv, x1, gamma, eps=EPS):
    """Multiplied by x_hat. That is gamma's gear; x1 moves v by gamma over sigma, and by the mean and the spread."""
    return dL_dv * gamma * normed(x1, eps)


@mistake(pullback, look="what the way back asks", question="Are you norming the message, or walking it back?")
def message_normed(dL_dv, x1, gamma, eps=EPS):
    """The message itself was sent through the norm. LN* is no norm of the message: it is the norm's transposed slope,
    at x1."""
    return gamma * normed(dL_dv, eps)


@mistake(dL_dgamma, look="the second factor", question="What does gamma multiply on the way out?")
def not_normed(dL_dv, x1, eps=EPS):
    """Multiplied by x1 itself. Gamma stretches x_hat, x1 with its mean out and its spread made 1."""
    return (dL_dv * x1).sum(axis=0)


@mistake(dL_dgamma, look="the second factor", question="What does gamma multiply on the way out?")
def spread_not_made_1(dL_dv, x1, eps=EPS):
    """Multiplied by x1 less its mean. Gamma stretches x_hat, whose spread is 1 too."""
    return (dL_dv * (x1 - _mean(x1))).sum(axis=0)


@mistake(dL_dgamma, look="the second factor", question="Which of gamma and beta is added, which multiplies?")
def betas_slope(dL_dv, x1, eps=EPS):
    """That is beta's slope, the messages alone. Gamma multiplies x_hat, so x_hat is its gear."""
    return dL_dv.sum(axis=0)


@mistake(dL_dgamma, look="the sum over t", question="At how many positions is gamma used?")
def gamma_averaged_over_positions(dL_dv, x1, eps=EPS):
    """A mean over positions stands where a sum belongs."""
    return (dL_dv * normed(x1, eps)).mean(axis=0)


@mistake(dL_dgamma, look="the sum over t", question="Gamma has one number a component: which axis must go?")
def gamma_not_summed_over_positions(dL_dv, x1, eps=EPS):
    """Every position's part still stands for itself. One gamma serves all positions, so they add up."""
    return dL_dv * normed(x1, eps)


@mistake(dL_dgamma, look="the sum over t", question="At how many positions is gamma used?")
def gamma_of_the_last_position_only(dL_dv, x1, eps=EPS):
    """Only the last position counts. Every position adds its part."""
    return (dL_dv * normed(x1, eps))[-1]


@mistake(dL_dgamma, look="the axis of the sum", question="Which axis counts what gamma does not have?")
def gamma_summed_over_components(dL_dv, x1, eps=EPS):
    """The sum runs over the components. Gamma has one number a component, so it runs over the positions."""
    return (dL_dv * normed(x1, eps)).sum(axis=1)


@mistake(dL_dgamma, look="the axis of the sum", question="How many numbers has gamma?")
def gamma_summed_over_everything(dL_dv, x1, eps=EPS):
    """One number is left. The sum runs over the positions alone: gamma has a number for each component."""
    return (dL_dv * normed(x1, eps)).sum()


@mistake(dL_dgamma, look="the spread", question="Does the way out divide by D, or by D − 1?")
def gamma_with_D_minus_1(dL_dv, x1, eps=EPS):
    """The variance was taken with D − 1. The norm on the way out divides by D."""
    return (dL_dv * (x1 - _mean(x1)) / np.sqrt(x1.var(axis=-1, ddof=1, keepdims=True) + eps)).sum(axis=0)


@mistake(dL_dgamma, look="where eps stands", question="Is eps added to the variance, or to its root?")
def gamma_with_eps_outside_the_root(dL_dv, x1, eps=EPS):
    """Eps was added after the root. It stands inside, beside the variance; on a level row that shows."""
    return (dL_dv * (x1 - _mean(x1)) / (x1.std(axis=-1, keepdims=True) + eps)).sum(axis=0)


@mistake(dL_dgamma, look="the spread", question="What is added to the variance before the root is taken?")
def gamma_with_eps_left_out(dL_dv, x1, eps=EPS):
    """Eps is missing. It stands beside the variance, inside the root; on a level row that shows."""
    return (dL_dv * (x1 - _mean(x1)) / x1.std(axis=-1, keepdims=True)).sum(axis=0)


@mistake(dL_dgamma, look="the axis of the mean", question="Over what does a layer norm take its mean?")
def normed_over_positions(dL_dv, x1, eps=EPS):
    """x1 was normed over the positions, as in a batch norm. A layer norm norms each position's row by itself."""
    return (dL_dv * normed(x1.T, eps).T).sum(axis=0)
