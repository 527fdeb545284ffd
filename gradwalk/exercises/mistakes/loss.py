"""Mistakes at p − onehot: the slope of the loss in the logits."""

import numpy as np

from gradwalk.exercises.mistakes import mistake
from gradwalk.step1_output import dL_dz, onehot


def _mean(slopes, y):
    """Over the scored positions; the others have nothing to say."""
    scored = y >= 0
    return slopes * scored[:, None] / scored.sum()


@mistake(dL_dz, look="the true word's entry", question="What does raising the true word's logit do to the loss?")
def one_not_taken_away(p, y):
    """p stands where p − 1 belongs: the pull on the true word is missing. Its slope is p − 1, below zero."""
    return _mean(p, y)


@mistake(dL_dz, look="which words get p and which p − 1", question="Should the true word go up or down?")
def labels_swapped(p, y):
    """The two are exchanged: the true word has p, the wrong ones p − 1. The true one is pulled, the wrong ones are
    pushed."""
    return _mean(p - ~onehot(y, p.shape[1]), y)


@mistake(dL_dz, look="which words lose the 1", question="For how many words of a row is [i = y] 1?")
def one_taken_from_every_word(p, y):
    """Every word has p − 1. The 1 belongs to the true word alone."""
    return _mean(p - 1, y)


@mistake(dL_dz, look="the sign in front of the onehot", question="Does the true word pull up, or push down too?")
def onehot_added(p, y):
    """The true word has p + 1. It is pulled up by 1, and L wants −z_y: p − 1."""
    return _mean(p + onehot(y, p.shape[1]), y)


@mistake(dL_dz, look="p, or its logarithm", question="What is the slope of log of the sum of exp in one of its terms?")
def logarithm_of_p(p, y):
    """log p stands where p belongs. The log is in the loss; its slope in a logit has none left."""
    return _mean(np.log(p) - onehot(y, p.shape[1]), y)


@mistake(dL_dz, look="the wrong words' entries", question="p_y is a share: what else is in its denominator?")
def only_the_true_word_moves(p, y):
    """Only the true word's entry is there. The loss names p_y alone, but every logit is in its denominator."""
    return _mean((p - 1) * onehot(y, p.shape[1]), y)


@mistake(dL_dz, look="the true word's entry", question="The pushes of a position sum to what?")
def only_the_wrong_words_move(p, y):
    """The true word's entry is zero. It too is pushed by its p, and pulled by 1."""
    return _mean(p * ~onehot(y, p.shape[1]), y)


@mistake(dL_dz, look="the factor in front", question="L is a mean of how many terms?")
def sum_for_mean(p, y):
    """The 1/M is missing: this is the slope of the summed loss. The loss is a mean over the M scored positions."""
    return (p - onehot(y, p.shape[1])) * (y >= 0)[:, None]


@mistake(dL_dz, look="the factor in front", question="How many positions does the mean run over?")
def mean_over_all_positions(p, y):
    """Divided by T, the number of positions. The mean runs over the M that are scored."""
    return (p - onehot(y, p.shape[1])) * (y >= 0)[:, None] / len(y)


@mistake(dL_dz, look="the rows with y = −1", question="What does the loss hear of a position that is not scored?")
def unscored_positions_push(p, y):
    """Where nothing is scored p still pushes. Such a position is not in the loss, its whole row is zero."""
    return (p - onehot(y, p.shape[1])) / (y >= 0).sum()


@mistake(dL_dz, look="the rows with y = −1", question="Which word does numpy take for index −1?")
def minus_one_taken_for_the_last_word(p, y):
    """Where y is −1 the last word of the vocabulary was taken for the true one: numpy counts from the end. Such a
    position is not scored, its row is zero."""
    return (p - onehot(y % p.shape[1], p.shape[1])) / (y >= 0).sum()


@mistake(dL_dz, look="the true word's sign", question="Is it in need of more or less?")
def size_of_the_error(p, y):
    """The true word has 1 − p, a size. The slope has a sign: p − 1, since raising that logit lowers the loss."""
    return _mean(np.abs(p - onehot(y, p.shape[1])), y)


@mistake(dL_dz, look="the chain through the softmax", question="When one share rises, what do the others do?")
def softmax_entry_by_entry(p, y):
    """p (1 − p) is how a share answers its own logit, and nothing of the loss is in it. The log of the loss meets it:
    −1/p times that, and the other words' shares answer too."""
    return _mean(p * (1 - p), y)


@mistake(dL_dz, look="the chain through the softmax", question="This is a slope in p. How does p answer z?")
def slope_in_the_share(p, y):
    """−1/p at the true word is the slope in p, one step before. The way on, through the softmax, is missing."""
    return _mean(-1.0 * onehot(y, p.shape[1]) / p, y)


@mistake(dL_dz, look="the part with log of the sum", question="What does the denominator do when a logit rises?")
def pull_without_push(p, y):
    """Only the −1 at the true word is there. The log of the sum answers every logit, word by word with p."""
    return _mean(-1.0 * onehot(y, p.shape[1]), y)


@mistake(dL_dz, look="one factor too many", question="Is the p of the softmax's own slope still there after the log?")
def error_times_its_share(p, y):
    """The error p − onehot was multiplied by p once more, or by p (1 − p) as for a squared error. The log has
    cancelled that factor."""
    return _mean((p - onehot(y, p.shape[1])) * p * (1 - p), y)


@mistake(dL_dz, look="the rows and columns of the 1", question="Which entries does p[:, y] choose in numpy?")
def one_taken_from_every_row(p, y):
    """Whole columns lost the 1: each word that is true anywhere in the text lost it in every row. In a row only the
    word that is true there does, p[np.arange(T), y]."""
    return _mean(p - np.isin(np.arange(p.shape[1]), y[y >= 0]), y)


@mistake(dL_dz, look="the true word's entry", question="The true word is pulled by 1. Is it pushed as well?")
def minus_one_for_the_true_word(p, y):
    """The true word has −1, its own p is gone. It is pulled by 1 and pushed by its p like every other: p − 1."""
    return _mean(np.where(onehot(y, p.shape[1]), -1.0, p), y)


@mistake(dL_dz, look="what the mean divides", question="L is a mean of −z_y + log Σ exp z: of both terms, or of one?")
def mean_of_the_pull_alone(p, y):
    """Only the 1 was divided by M. The mean is over the whole loss of a position, so it divides p as well."""
    return p * (y >= 0)[:, None] - onehot(y, p.shape[1]) / (y >= 0).sum()
