"""Mistakes at attention, on the way back: the products of each head, and the softmax."""

import numpy as np

from gradwalk.exercises.mistakes import mistake
from gradwalk.step5_attention import dL_dalpha, dL_dK, dL_dQ, dL_dS, dL_dV, split_heads


def _T(x):
    return x.swapaxes(-1, -2)


def _cut_otherwise(x, H):
    """(T, D) to (H, T, D/H) as it lies in memory."""
    return x.reshape(H, len(x), -1)


def _interleaved(x, H):
    """(T, D) to (H, T, D/H), component d of all heads side by side."""
    return x.reshape(len(x), -1, H).transpose(2, 0, 1)


@mistake(dL_dV, look="which index of alpha is summed", question="V[s] is looked at: by whom?")
def alpha_as_on_the_way_out(dL_dO, alpha):
    """Alpha stands as on the way out, so that row s was read. A value is handed to all who look at it: column s."""
    return alpha @ split_heads(dL_dO, len(alpha))


@mistake(dL_dV, look="how (T, D) becomes (H, T, D/H)", question="Which components does head 1 own?")
def heads_cut_the_other_way(dL_dO, alpha):
    """(T, D) was reshaped to (H, T, D/H) as it lies in memory: that mixes positions. Split D first, then exchange the
    axes."""
    return _T(alpha) @ _cut_otherwise(dL_dO, len(alpha))


@mistake(dL_dV, look="which components a head owns", question="Is component 1 head 0's second, or head 1's first?")
def every_Hth_component_to_a_head(dL_dO, alpha):
    """Each head was given every H-th component. A head owns D/H that stand side by side."""
    return _T(alpha) @ _interleaved(dL_dO, len(alpha))


@mistake(dL_dV, look="what stands below the sum", question="Must one value's shares in many blends sum to 1?")
def divided_by_the_columns_sum(dL_dO, alpha):
    """The messages were averaged by the column's shares. Only a row sums to 1; a value's shares in many blends add,
    each with its message, and nothing is divided."""
    return _T(alpha) @ split_heads(dL_dO, len(alpha)) / _T(alpha).sum(axis=-1, keepdims=True)


@mistake(dL_dV, look="where a head's components begin", question="Head 1's first component: number 1, or D/H?")
def heads_of_the_message_overlapping(dL_dO, alpha):
    """Head e was cut from component e on, so that the heads overlap. It begins at e times D/H."""
    wide = dL_dO.shape[1] // len(alpha)
    return np.stack([shares.T @ dL_dO[:, e : e + wide] for e, shares in enumerate(alpha)])


@mistake(dL_dV, look="alpha's head", question="Does head 1 look where head 0 looks?")
def first_heads_shares_for_all(dL_dO, alpha):
    """Head 0's shares stand for every head's. Each head blends by its own."""
    return _T(alpha[:1]) @ split_heads(dL_dO, len(alpha))


@mistake(dL_dV, look="alpha's head", question="Are the heads averaged anywhere on the way out?")
def heads_averaged(dL_dO, alpha):
    """The heads' shares were averaged. Each head blends by its own."""
    return _T(alpha.mean(axis=0, keepdims=True)) @ split_heads(dL_dO, len(alpha))


@mistake(dL_dV, look="the axis of heads", question="Which components does head 1 own?")
def heads_forgotten(dL_dO, alpha):
    """One table of shares, the heads' mean, was used for all components. Each head blends its own D/H by its own."""
    return alpha.mean(axis=0).T @ dL_dO


@mistake(dL_dV, look="alpha", question="Who looks at this value, and how much?")
def shares_left_out(dL_dO, alpha):
    """The message was handed on as it is. A value moves each blend that has a share of it, by that share."""
    return split_heads(dL_dO, len(alpha)) + 0.0


@mistake(dL_dalpha, look="which position is which", question="alpha[t, s]: whose blend, and whose value?")
def asker_and_asked_exchanged(dL_dO, V):
    """The two positions are exchanged: the value of t met the message to s. Row t looks, column s is looked at."""
    return V @ _T(split_heads(dL_dO, len(V)))


@mistake(dL_dalpha, look="how (T, D) becomes (H, T, D/H)", question="Which components does head 1 own?")
def message_cut_the_other_way(dL_dO, V):
    """(T, D) was reshaped to (H, T, D/H) as it lies in memory: that mixes positions. Split D first, then exchange the
    axes."""
    return _cut_otherwise(dL_dO, len(V)) @ _T(V)


@mistake(dL_dalpha, look="which components a head owns", question="Is component 1 head 0's second, or head 1's first?")
def every_Hth_component_of_the_message(dL_dO, V):
    """Each head was given every H-th component. A head owns D/H that stand side by side."""
    return _interleaved(dL_dO, len(V)) @ _T(V)


@mistake(dL_dalpha, look="the sum over the heads", question="Does head 1's value reach head 0's share?")
def heads_summed(dL_dO, V):
    """The heads were added up, and each got the whole. A share belongs to one head."""
    return np.repeat((split_heads(dL_dO, len(V)) @ _T(V)).sum(axis=0)[None], len(V), axis=0)


@mistake(dL_dalpha, look="what is set to zero", question="Where is the mask on the way out: before, or behind alpha?")
def masked_above_the_diagonal(dL_dO, V):
    """The entries above the diagonal were set to zero. The mask stands before the softmax: a share of zero there makes
    the scores' slopes zero by itself, the slope in the share is a number like any other."""
    return np.tril(split_heads(dL_dO, len(V)) @ _T(V))


@mistake(dL_dalpha, look="where a head's components begin", question="Head 1's first component: number 1, or D/H?")
def heads_overlapping(dL_dO, V):
    """Head e was cut from component e on, so that the heads overlap. It begins at e times D/H."""
    H, _, wide = V.shape
    return np.stack([dL_dO[:, e : e + wide] @ V[e].T for e in range(H)])


@mistake(dL_dalpha, look="the mean over d", question="Is anything divided by D/H here?")
def averaged_over_the_components(dL_dO, V):
    """The sum over the head's components became a mean."""
    return split_heads(dL_dO, len(V)) @ _T(V) / V.shape[-1]


@mistake(dL_dS, look="what the other shares do", question="One share of a row rises: where does it come from?")
def softmax_elementwise(dL_dalpha, alpha):
    """alpha (1 − alpha) is how a share answers its own score. All other shares of the row answer too, and they pay."""
    return alpha * (1 - alpha) * dL_dalpha


@mistake(dL_dS, look="the row's average", question="One share of a row rises: where does it come from?")
def average_not_taken_away(dL_dalpha, alpha):
    """Share times slope is the first half. A row of shares sums to 1: when one rises the others pay, so the row's
    average goes."""
    return alpha * dL_dalpha


@mistake(dL_dS, look="what multiplies the message", question="Where does the message come in?")
def alpha_one_minus_alpha_alone(dL_dalpha, alpha):
    """alpha (1 − alpha) without any message: nothing that the loss says is in it."""
    return alpha * (1 - alpha)


@mistake(dL_dS, look="how the average is weighted", question="Whose average: does a small share count as much?")
def average_unweighted(dL_dalpha, alpha):
    """A plain mean was taken away. The average counts each share's slope by the share itself."""
    return alpha * (dL_dalpha - dL_dalpha.mean(axis=-1, keepdims=True))


@mistake(dL_dS, look="the average", question="Which weights count in the average, and what stands in front of it?")
def plain_mean_of_share_times_slope(dL_dalpha, alpha):
    """From each share times slope their plain mean was taken away. Their sum is the average, and each place pays of
    it by its own share."""
    return alpha * dL_dalpha - (alpha * dL_dalpha).mean(axis=-1, keepdims=True)


@mistake(dL_dS, look="the second share of each pair", question="Share t answers score s: whose shares are multiplied?")
def own_share_twice(dL_dalpha, alpha):
    """Each pair of places was given the own share squared. A share answers another score by minus the product of both
    shares."""
    return alpha * (dL_dalpha - alpha * dL_dalpha.sum(axis=-1, keepdims=True))


@mistake(dL_dS, look="the sign of the other shares", question="One share of a row rises: do the others rise too?")
def others_gain(dL_dalpha, alpha):
    """The own share's term is right, those of the others have the wrong sign: they pay when one rises."""
    own = alpha * dL_dalpha
    return alpha * (dL_dalpha - own) + alpha * (own.sum(axis=-1, keepdims=True) - own)


@mistake(dL_dS, look="where the average is laid", question="Row t has one average: for which entries is it?")
def average_of_another_row(dL_dalpha, alpha):
    """The rows' averages are right, but they were laid along the columns: entry (t, s) paid the average of row s. All
    entries of row t pay the average of row t."""
    return alpha * (dL_dalpha - (alpha * dL_dalpha).sum(axis=-1)[:, None, :])


@mistake(dL_dS, look="the axis of the average", question="Which shares sum to 1: a row's, or a column's?")
def average_over_the_column(dL_dalpha, alpha):
    """The average runs over t. It is a row of shares that sums to 1, so it runs over s."""
    return alpha * (dL_dalpha - (alpha * dL_dalpha).sum(axis=-2, keepdims=True))


@mistake(dL_dS, look="the axis of the average", question="Which shares sum to 1: a row's, or those of all heads?")
def average_over_the_heads(dL_dalpha, alpha):
    """The average runs over the heads. Each head shares out by itself: it runs over s."""
    return alpha * (dL_dalpha - (alpha * dL_dalpha).sum(axis=0))


@mistake(dL_dS, look="the factor", question="Is there a true position here, as there is a true word?")
def share_minus_one(dL_dalpha, alpha):
    """alpha − 1 as for the true word's logit. Nothing is true or false among positions: what arrives is a message."""
    return dL_dalpha * (alpha - 1)


@mistake(dL_dS, look="the share in front", question="A share of 0: does its score matter?")
def share_in_front_missing(dL_dalpha, alpha):
    """Own minus average, but the share in front is missing. A score matters in proportion to its share."""
    return dL_dalpha - (alpha * dL_dalpha).sum(axis=-1, keepdims=True)


@mistake(dL_dS, look="the average", question="Which of the two is multiplied by the share: own, average, or both?")
def share_on_the_first_term_only(dL_dalpha, alpha):
    """The share multiplies the first term alone. It multiplies own minus average."""
    return alpha * dL_dalpha - (alpha * dL_dalpha).sum(axis=-1, keepdims=True)


@mistake(dL_dS, look="the sign of the average", question="Do the others pay, or gain?")
def average_added(dL_dalpha, alpha):
    """The average was added. The others pay: it is taken away."""
    return alpha * (dL_dalpha + (alpha * dL_dalpha).sum(axis=-1, keepdims=True))


@mistake(dL_dQ, look="the scale", question="By what is a score divided on the way out?")
def query_without_the_scale(dL_dS, K):
    """The 1/√(D/H) is missing. It divides every score, so it divides every slope through a score."""
    return dL_dS @ K


@mistake(dL_dQ, look="what stands under the root", question="How many components has a head's query?")
def query_with_the_root_of_D(dL_dS, K):
    """Divided by √D. A head's query has D/H components: √(D/H)."""
    return dL_dS @ K / np.sqrt(len(K) * K.shape[-1])


@mistake(dL_dQ, look="the scale", question="The root, or the number itself?")
def query_without_the_root(dL_dS, K):
    """Divided by D/H. The scale is its root."""
    return dL_dS @ K / K.shape[-1]


@mistake(dL_dQ, look="which index of the message is summed", question="A query's scores: a row, or a column?")
def query_as_if_a_key(dL_dS, K):
    """The message was transposed: a column was summed, as for a key. A query moves its own row of scores."""
    return _T(dL_dS) @ K / np.sqrt(K.shape[-1])


@mistake(dL_dQ, look="the axis of heads", question="Does head 1's key reach head 0's query?")
def queries_of_all_heads_summed(dL_dS, K):
    """The heads were added up. Each head's query meets its own keys alone."""
    return np.repeat((dL_dS @ K).sum(axis=0)[None], len(K), axis=0) / np.sqrt(K.shape[-1])


@mistake(dL_dK, look="the scale", question="By what is a score divided on the way out?")
def key_without_the_scale(dL_dS, Q):
    """The 1/√(D/H) is missing. It divides every score, so it divides every slope through a score."""
    return _T(dL_dS) @ Q


@mistake(dL_dK, look="what stands under the root", question="How many components has a head's key?")
def key_with_the_root_of_D(dL_dS, Q):
    """Divided by √D. A head's key has D/H components: √(D/H)."""
    return _T(dL_dS) @ Q / np.sqrt(len(Q) * Q.shape[-1])


@mistake(dL_dK, look="the scale", question="The root, or the number itself?")
def key_without_the_root(dL_dS, Q):
    """Divided by D/H. The scale is its root."""
    return _T(dL_dS) @ Q / Q.shape[-1]


@mistake(dL_dK, look="which index of the message is summed", question="A key's scores: a row, or a column?")
def key_as_if_a_query(dL_dS, Q):
    """The message stands as it is: a row was summed, as for a query. A key moves its column of scores."""
    return dL_dS @ Q / np.sqrt(Q.shape[-1])


@mistake(dL_dK, look="the axis of heads", question="Does head 1's query reach head 0's key?")
def keys_of_all_heads_summed(dL_dS, Q):
    """The heads were added up. Each head's key meets its own queries alone."""
    return np.repeat((_T(dL_dS) @ Q).sum(axis=0)[None], len(Q), axis=0) / np.sqrt(Q.shape[-1])


@mistake(dL_dQ, look="which scores hold the query", question="Does a query stand in its column of scores as well?")
def query_and_key_together(dL_dS, K):
    """Row and column of the message were added. A query moves its own row of scores alone; the column is its key's."""
    return (dL_dS + _T(dL_dS)) @ K / np.sqrt(K.shape[-1])


@mistake(dL_dK, look="which scores hold the key", question="Does a key stand in its row of scores as well?")
def key_and_query_together(dL_dS, Q):
    """Row and column of the message were added. A key moves its own column of scores alone; the row is its query's."""
    return (dL_dS + _T(dL_dS)) @ Q / np.sqrt(Q.shape[-1])


@mistake(dL_dK, look="what is set to zero", question="Which positions look at the first key?")
def masked_after_the_turn(dL_dS, Q):
    """The message was turned over, and then what stands above the diagonal was set to zero: all that is left is what a
    key hears of itself. The scores were masked before; their slopes need no mask."""
    return np.tril(_T(dL_dS)) @ Q / np.sqrt(Q.shape[-1])


@mistake(dL_dK, look="the end of the inner loop", question="Does a position look at its own key?")
def own_position_left_out(dL_dS, Q):
    """A key does not hear of its own position: the sum ends one too early. Each position looks at itself too."""
    return np.tril(dL_dS, -1).swapaxes(-1, -2) @ Q / np.sqrt(Q.shape[-1])
