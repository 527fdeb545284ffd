"""Mistakes at a matrix: the slope in its weights, in its bias, and in what comes in."""

import numpy as np

from gradwalk.exercises.mistakes import mistake
from gradwalk.step1_output import dL_dh
from gradwalk.step2_mlp import dL_dr, dL_dv
from gradwalk.step5_attention import dL_dn_via_K, dL_dn_via_Q, dL_dn_via_V, dL_dO, dL_dW_K, dL_dW_Q, dL_dW_V

_INTO_HEADS = (dL_dn_via_Q, dL_dn_via_K, dL_dn_via_V)


@mistake("weight", look="the sum over t", question="At how many positions is this one weight used?")
def last_position_only(message, gear):
    """Only the last position counts: an assignment in a loop kept the last product, or no sum runs over t. Every
    position uses the same weight, so every position adds its part."""
    return np.outer(message[-1], gear[-1])


@mistake("weight", look="the sum over t", question="What does the second position say about this weight?")
def first_position_only(message, gear):
    """Only the first position counts. The weight is used at every position, and all of them add their part."""
    return np.outer(message[0], gear[0])


@mistake("weight", look="the factor in front of the sum", question="Who divided by the number of positions already?")
def averaged_over_positions(message, gear):
    """A mean over positions stands where a sum belongs. The loss's own 1/M is in the message already, so this divides
    twice."""
    return message.T @ gear / len(message)


@mistake("weight", look="the order of product and sum", question="Which message belongs to which gear?")
def summed_before_the_product(message, gear):
    """Message and gear were each summed over positions, then multiplied. The product comes first: a position's message
    meets that position's gear, and no other."""
    return np.outer(message.sum(axis=0), gear.sum(axis=0))


@mistake("weight", look="the second factor", question="By how much does the output move when this weight moves by 1?")
def gear_forgotten(message, gear):
    """The message alone was summed; what the weight is multiplied by on the way out is missing. That is the bias's
    slope, once for each column."""
    return np.repeat(message.sum(axis=0)[:, None], gear.shape[1], axis=1)


@mistake("weight", look="the first factor", question="Does the loss care equally about every output?")
def message_forgotten(message, gear):
    """The gears alone were summed; what the loss says about the output is missing."""
    return np.repeat(gear.sum(axis=0)[None], message.shape[1], axis=0)


@mistake("weight", look="which array gives the rows", question="Row i of the weight belongs to which output?")
def rows_and_columns_exchanged(message, gear):
    """The rows of the answer are its columns. A weight is (out, in): the message gives the row, the gear the column."""
    return gear.T @ message


@mistake("weight", look="the sign of the gear", question="Which way does the output go when the gear is negative?")
def sign_of_the_gear_lost(message, gear):
    """The gear was taken without its sign. A negative gear turns the output the other way."""
    return message.T @ np.abs(gear)


@mistake("weight", look="the sign of the message", question="May the loss ask for more of an output, and less?")
def sign_of_the_message_lost(message, gear):
    """The message was taken without its sign. It says up at one place, down at another, and they may cancel."""
    return np.abs(message).T @ gear


@mistake("weight", look="the second factor", question="Twice the gear: how much further does the output go?")
def gate_for_the_gear(message, gear):
    """1 stands for each gear above zero, and 0 for the others. A weight moves its output by the gear itself, however
    large it is."""
    return message.T @ (gear > 0)


@mistake(dL_dW_Q, dL_dW_K, dL_dW_V, look="how (H, T, D/H) becomes (T, D)", question="Which entries lie side by side?")
def heads_laid_out_by_reshape_alone(message, n):
    """(H, T, D/H) was reshaped to (T, D) as it lies in memory: that mixes positions with components. The axes of heads
    and positions must change places first."""
    return message.reshape(len(n), -1).T @ n


@mistake(dL_dW_Q, dL_dW_K, dL_dW_V, look="the axis of heads", question="Which rows of the weight does head 1 own?")
def first_head_for_all(message, n):
    """One head's slope stands in the rows of every head. Each head owns its own D/H rows."""
    return np.tile(message[0].T @ n, (len(message), 1))


@mistake(dL_dW_Q, dL_dW_K, dL_dW_V, look="the axis of heads", question="How many rows has the weight, and a head?")
def heads_added(message, n):
    """The heads were added, so that D/H rows are left. Each head has rows of its own: they lie below one another."""
    return message.sum(axis=0).T @ n


@mistake(dL_dW_Q, dL_dW_K, dL_dW_V, look="the axis of heads", question="Which rows of the weight does head 1 own?")
def first_head_alone(message, n):
    """One head's D/H rows are there. Each head has rows of its own: they lie below one another."""
    return message[0].T @ n


@mistake(
    dL_dW_Q, dL_dW_K, dL_dW_V, look="the order of the rows", question="Is row 1 head 0's second, or head 1's first?"
)
def heads_interleaved(message, n):
    """The rows of the heads are shuffled: component d of all heads stands together. Head e owns a block of rows."""
    return message.transpose(1, 2, 0).reshape(len(n), -1).T @ n


@mistake(dL_dW_Q, dL_dW_K, dL_dW_V, look="the columns", question="Which components of n does one head's row read?")
def own_columns_alone(message, n):
    """Each head met its own D/H columns of n alone, and zero stands beside these blocks. A head owns D/H rows of the
    weight, and each of its rows reads all D components of n."""
    H, _, wide = message.shape
    blocks = np.kron(np.eye(H), np.ones((wide, wide)))
    return blocks * (message.transpose(1, 0, 2).reshape(len(n), -1).T @ n)


@mistake("bias", look="the sum over t", question="At how many positions is the bias added?")
def bias_of_the_last_position_only(message):
    """Only the last position counts. The bias is added at every position, and all of them add their part."""
    return message[-1]


@mistake("bias", look="the sum over t", question="What does the second position say about the bias?")
def bias_of_the_first_position_only(message):
    """Only the first position counts. The bias is added at every position, and all of them add their part."""
    return message[0]


@mistake("bias", look="mean or sum", question="Who divided by the number of positions already?")
def bias_averaged_over_positions(message):
    """A mean over positions stands where a sum belongs. The loss's own 1/M is in the message already, so this divides
    twice."""
    return message.mean(axis=0)


@mistake("bias", look="the sum over t", question="The answer has the bias's own shape: which axis must go?")
def not_summed_over_positions(message):
    """Every position's message still stands for itself. One bias serves all positions, so they add up."""
    return message


@mistake("bias", look="the axis of the sum", question="Which axis counts what the bias does not have?")
def summed_over_the_wrong_axis(message):
    """The sum runs over the components, one number a position is left. The bias has one number a component."""
    return message.sum(axis=1)


@mistake("bias", look="the axis of the sum", question="How many numbers has the bias?")
def summed_over_everything(message):
    """One number is left. The sum runs over the positions alone: the bias has a number for each component."""
    return message.sum()


@mistake("bias", look="the sign of each message", question="What if two positions want opposite things?")
def sizes_added(message):
    """The messages were added without their signs. Two that pull opposite ways cancel."""
    return np.abs(message).sum(axis=0)


@mistake("input", look="the index that is summed", question="Which of the weight's two indices is the answer's own?")
def times_the_weight_as_on_the_way_out(message, weight):
    """The weight stands as on the way out, so that its other index is summed. The way back sums over the outputs:
    for a single column that is the transpose."""
    return message @ weight.T


@mistake("bias", look="the first term", question="What does the sum hold before its first term is added?")
def first_position_twice(message):
    """The first position counts twice: the sum began with it, and added it again."""
    return message.sum(axis=0) + message[0]


@mistake("input", look="the sum over the outputs", question="Which outputs move when this one input moves?")
def one_output_only(message, weight):
    """One output's term stands for all of them. One input moves every output, and each of them has a say."""
    return np.outer(message[:, 0], weight[0])


@mistake("input", look="the factor in front of the sum", question="Where on the way out were the outputs averaged?")
def averaged_over_outputs(message, weight):
    """The outputs' terms were averaged. Nothing divides by their number: each term is a whole effect, they add."""
    return message @ weight / len(weight)


@mistake("input", look="the index t", question="Does position 0's input move position 1's output?")
def positions_summed(message, weight):
    """The positions were added up, and each got the whole. An input moves the outputs of its own position alone."""
    return np.repeat((message @ weight).sum(axis=0)[None], len(message), axis=0)


@mistake("input", look="the index t", question="Which position's message belongs to position 1's input?")
def first_position_for_all(message, weight):
    """Position 0's slope stands at every position. Each has a message of its own."""
    return np.repeat(message[:1] @ weight, len(message), axis=0)


@mistake("input", look="the message", question="Does the loss care equally about every output?")
def message_left_out(message, weight):
    """The weights alone were summed; what the loss says about each output is missing."""
    return np.repeat(weight.sum(axis=0)[None], len(message), axis=0)


@mistake("input", look="the weight", question="By how much does an output move when this input moves by 1?")
def weight_left_out(message, weight):
    """The messages alone were summed; by how much each output moves, the weight's own entry, is missing."""
    return np.repeat(message.sum(axis=1)[:, None], weight.shape[1], axis=1)


@mistake("input", look="the weight", question="Is the input looked for here, or how the loss answers it?")
def line_solved_backwards(message, weight):
    """The line was solved for its input, by an inverse of the weight. No input is looked for: how far an output moves
    when the input moves by 1 is the weight itself."""
    return message @ np.linalg.pinv(weight).T


@mistake(dL_dr, dL_dv, dL_dO, *_INTO_HEADS, look="the message", question="May the loss ask for less of an output?")
def message_muted(message, weight):
    """The message was muted where it is negative. A gate belongs to the unit's own line; here what arrives counts with
    its sign."""  # not at dL_dh: of the logits' messages the true word's alone is negative, so that word would go
    return np.maximum(message, 0) @ weight


@mistake("input", look="the order of product and sum", question="Which message belongs to which weight?")
def sums_multiplied(message, weight):
    """Messages and weights were each summed, then multiplied. The product comes first, output by output."""
    return np.outer(message.sum(axis=1), weight.sum(axis=0))


@mistake("input", look="the sign of the weight", question="What does a negative weight do to the output?")
def sign_of_the_weight_lost(message, weight):
    """The weight was taken without its sign. A negative one turns the output the other way."""
    return message @ np.abs(weight)


@mistake("input", look="where the sum begins anew", question="What does the sum hold before its first term is added?")
def sum_never_set_to_zero(message, weight):
    """Each entry has all those before it added: the sum was not set to zero for the next one."""
    return np.cumsum(message @ weight, axis=1)


@mistake("input", look="the weight", question="Must an output's weights sum to 1?")
def weights_made_shares(message, weight):
    """Each output's weights were divided by their sum, as if it were shared out. A weight counts as it is."""
    return message @ (weight / weight.sum(axis=1, keepdims=True))


@mistake(dL_dO, *_INTO_HEADS, look="the sum over the outputs", question="Which outputs does one input reach?")
def own_output_alone(message, weight):
    """The message of the output with the same number was multiplied by a sum of weights. An input reaches every output,
    each by a weight of its own, and each has its own message."""
    return message * weight.sum(axis=0)


@mistake(dL_dh, look="the words that are summed", question="Do the wrong words' logits move when h moves?")
def true_word_only(dL_dz, W):
    """Only the true word's term is there. Every word's logit moves with h, and every word has a say."""
    return np.where(dL_dz < 0, dL_dz, 0) @ W


@mistake(dL_dh, look="the words that are summed", question="Does the true word's logit stand still when h moves?")
def true_word_left_out(dL_dz, W):
    """The true word's term is missing: only the wrong words push. The true one pulls, and most of all."""
    return np.where(dL_dz > 0, dL_dz, 0) @ W
