"""Mistakes on the way out: the mask and the softmax, where a gradient check agrees with what is wrong."""

import numpy as np

from gradwalk.exercises.mistakes import mistake
from gradwalk.step1_output import softmax
from gradwalk.step5_attention import scores


def _T(x):
    return x.swapaxes(-1, -2)


def _unmasked(z):
    """Zero for minus infinity. ValueError where nothing is masked: of p there is no such mistake."""
    if np.isfinite(z).all():
        raise ValueError("z: nothing is masked")
    return np.where(np.isneginf(z), 0.0, z)


@mistake(scores, look="the mask", question="May position 0 look at position 1?")
def mask_forgotten(Q, K, attends):
    """Nothing is masked. A position looks at itself and at earlier places of its own sentence alone."""
    return Q @ _T(K) / np.sqrt(Q.shape[-1])


@mistake(scores, look="the side of the mask", question="attends[t, s]: which of the two looks?")
def mask_the_other_way(Q, K, attends):
    """The mask is transposed: each position looks ahead."""
    return np.where(attends.T, Q @ _T(K) / np.sqrt(Q.shape[-1]), -np.inf)


@mistake(scores, look="what is true in attends", question="attends[t, s] is true: may t look at s, or not?")
def mask_inverted(Q, K, attends):
    """Minus infinity stands where t may look, the scores where it may not. True in attends means: may look."""
    return np.where(attends, -np.inf, Q @ _T(K) / np.sqrt(Q.shape[-1]))


@mistake(scores, look="what stands in a masked place", question="What share does softmax give to a score of 0?")
def masked_with_zero(Q, K, attends):
    """Masked scores are 0. That still gets a share: e⁰ is 1. Minus infinity gets none."""
    return np.where(attends, Q @ _T(K) / np.sqrt(Q.shape[-1]), 0.0)


@mistake(scores, look="the mask and the sentences", question="May a sentence's first word look at the last sentence?")
def sentences_run_together(Q, K, attends):
    """Every earlier position is looked at, those of other sentences too. Nobody attends into another sentence."""
    return np.where(np.tri(len(attends), dtype=bool), Q @ _T(K) / np.sqrt(Q.shape[-1]), -np.inf)


@mistake(scores, look="the mask's diagonal", question="May a position look at itself?")
def not_at_itself(Q, K, attends):
    """The diagonal is masked too. A position may look at itself; the first one could look nowhere else."""
    return np.where(attends & ~np.eye(len(attends), dtype=bool), Q @ _T(K) / np.sqrt(Q.shape[-1]), -np.inf)


@mistake(scores, look="how the key's axes change places", question="After the reshape: whose numbers fill a column?")
def keys_reshaped(Q, K, attends):
    """K was reshaped to (H, D/H, T) as it lies in memory, which mixes positions. Its last two axes change places."""
    H, T, wide = K.shape
    return np.where(attends, Q @ K.reshape(H, wide, T) / np.sqrt(wide), -np.inf)


@mistake(scores, look="the scale", question="How does q · k grow with the number of its terms?")
def scores_not_scaled(Q, K, attends):
    """The 1/√(D/H) is missing."""
    return np.where(attends, Q @ _T(K), -np.inf)


@mistake(scores, look="what stands under the root", question="How many terms has q · k in one head?")
def scores_scaled_by_the_root_of_D(Q, K, attends):
    """Divided by √D. In a head q · k has D/H terms: √(D/H)."""
    return np.where(attends, Q @ _T(K) / np.sqrt(len(Q) * Q.shape[-1]), -np.inf)


@mistake(scores, look="which position is which", question="S[t, s]: whose query, whose key?")
def query_and_key_exchanged(Q, K, attends):
    """Query and key are exchanged. Row t is the query's position, column s the key's."""
    return np.where(attends, K @ _T(Q) / np.sqrt(Q.shape[-1]), -np.inf)


@mistake(softmax, look="the axis", question="Whose shares sum to 1?")
def softmax_along_the_wrong_axis(z):
    """The shares sum to 1 down a column. They are one position's: each row sums to 1. A gradient check agrees with
    this mistake, since the way back makes it too."""
    return _T(softmax(_T(z)))


@mistake(softmax, look="the axis", question="How many sums are there to divide by?")
def shares_of_the_whole_table(z):
    """One sum over everything. Each row has its own, so that it sums to 1."""
    return np.exp(z) / np.exp(z).sum()


@mistake(softmax, look="the masked places", question="What is e to the power of minus infinity, and of 0?")
def masked_taken_for_zero(z):
    """Minus infinity became 0 before the exponential, so a masked place has e⁰ = 1 to share with. Minus infinity gives
    0 by itself: nothing is to be replaced."""
    return softmax(_unmasked(z))


@mistake(softmax, look="the divisor", question="After some shares were set to zero: what does the row sum to?")
def masked_left_in_the_divisor(z):
    """The masked shares were set to zero at the end, yet they are in the sum that all are divided by, so that a row
    sums to less than 1."""
    return np.where(np.isneginf(z), 0.0, softmax(_unmasked(z)))


@mistake(softmax, look="the divisor", question="What do the numbers of a row sum to?")
def not_divided_by_the_sum(z):
    """The exponentials alone. Divided by their row's sum they are shares."""
    return np.exp(z)


@mistake(softmax, look="before the division", question="Can a share be negative?")
def exponential_forgotten(z):
    """The numbers themselves were divided by their sum. Their exponentials are wanted."""
    return z / z.sum(axis=-1, keepdims=True)


@mistake(softmax, look="the last step", question="Shares, or their logarithms?")
def logarithm_of_the_shares(z):
    """These are the logs of the shares."""
    return np.log(softmax(z))
