"""Mistakes at a residual: where a message is copied, and where roads meet."""

import numpy as np

from gradwalk.exercises.mistakes import mistake
from gradwalk.step4_residual import dL_dx0, dL_dx1
from gradwalk.step5_attention import dL_dn
from gradwalk.step6_embedding import dL_dE


@mistake("copy", look="the factor", question="Move this term of the sum by 1: by how much does the sum move?")
def shared_out_between_the_terms(message):
    """The message was split in halves. A sum does not share out: each of its terms gets the message whole."""
    return message / 2


@mistake("copy", look="the positions", question="Does position 0 move position 1's sum?")
def summed_over_the_positions(message):
    """The positions were added up. An addition copies entry by entry."""
    return np.repeat(message.sum(axis=0)[None], len(message), axis=0)


@mistake("copy", look="the factor", question="By what was the term multiplied on the way out?")
def multiplied_by_itself(message):
    """The message was squared. Nothing multiplies in an addition: the factor is 1."""
    return message**2


@mistake("join", look="how the roads meet", question="Both roads always run: what does a nudge do by both at once?")
def roads_averaged(*roads):
    """The roads were averaged. The value is used on each road, and each use does its whole work: the reports add."""
    return sum(roads) / len(roads)


@mistake("join", look="the terms", question="How many uses does this value have?")
def first_road_only(*roads):
    """Only the first road reports. The value is used elsewhere too, and what that use reports must be added."""
    return roads[0]


@mistake("join", look="the terms", question="How many uses does this value have?")
def last_road_only(*roads):
    """Only the last road reports. The value is used elsewhere too, and what those uses report must be added."""
    return roads[-1]


@mistake("join", look="how the roads meet", question="Do two effects at once multiply, or add?")
def roads_multiplied(*roads):
    """The roads were multiplied. That is for steps one after the other; uses side by side add."""
    return np.prod(roads, axis=0)


@mistake(dL_dx1, dL_dx0, dL_dE, look="the sign", question="Do both reports speak of the same nudge?")
def roads_taken_from_each_other(first, second):
    """One road was taken from the other. Both speak of the same nudge: they add."""
    return first - second


@mistake("join", look="how the roads meet", question="If both roads say up, is one of them enough?")
def larger_road_kept(*roads):
    """At each entry only the larger report was kept. All of them add."""
    return np.max(roads, axis=0)


@mistake(dL_dn, look="the third road", question="n is read three times: as query, as key, and as what?")
def value_road_missing(via_Q, via_K, via_V):
    """The road by way of V is missing: n is also what is handed over."""
    return via_Q + via_K


@mistake(dL_dn, look="the second road", question="Is n also looked at, when others look?")
def key_road_missing(via_Q, via_K, via_V):
    """The road by way of K is missing: n is also what others compare themselves with."""
    return via_Q + via_V


@mistake(dL_dn, look="the first road", question="Is n also what looks?")
def query_road_missing(via_Q, via_K, via_V):
    """The road by way of Q is missing: n is also what looks at the others."""
    return via_K + via_V


@mistake("join", look="how the roads meet", question="Does the second road pass through the first?")
def second_road_by_way_of_the_first(*roads):
    """The second road was multiplied by the first before they were added. Neither passes through the other: each has
    walked its own way already, and they add."""
    return roads[0] + np.prod(roads, axis=0)


@mistake("copy", look="the message", question="Does the loss care equally about every entry of the sum?")
def factor_without_the_message(message):
    """1 everywhere: that is how far the sum moves. How much the loss cares about the sum, the message, is missing."""
    return np.ones_like(message)
