"""Mistakes at the look-up: which row of a table a message belongs to."""

import numpy as np

from gradwalk.exercises.mistakes import mistake
from gradwalk.step6_embedding import dL_dE_pos, dL_dE_via_x0


def _counts(numbers, rows):
    return np.bincount(numbers, minlength=rows)[:, None]


def _added(message, numbers, rows):
    table = np.zeros((rows, message.shape[1]))
    np.add.at(table, numbers, message)
    return table


@mistake("look-up", look="the rows that are read twice", question="What does += do when a row is named twice?")
def repeats_overwritten(message, numbers, rows):
    """Where a row is read several times the last message alone was kept: numpy's += by a list writes each row once.
    All of them add."""
    table = np.zeros((rows, message.shape[1]))
    table[numbers] = message
    return table


@mistake("look-up", look="the rows that are read twice", question="Is the second message worth less than the first?")
def first_of_the_repeats_kept(message, numbers, rows):
    """Where a row is read several times the first message alone was kept. All of them add."""
    table = np.zeros((rows, message.shape[1]))
    table[numbers[::-1]] = message[::-1]
    return table


@mistake("look-up", look="the rows that are read twice", question="Mean or sum?")
def averaged_over_the_repeats(message, numbers, rows):
    """Where a row is read several times its messages were averaged. They add."""
    return _added(message, numbers, rows) / np.maximum(_counts(numbers, rows), 1)


@mistake("look-up", look="the rows that are read twice", question="Does the row forget its first message?")
def running_mean_of_the_repeats(message, numbers, rows):
    """Each new message was averaged with what stood there, so that every message is halved again and again. They
    add."""
    table = np.zeros((rows, message.shape[1]))
    for row, arrived in zip(numbers, message, strict=True):
        table[row] = (table[row] + arrived) / 2
    return table


@mistake("look-up", look="the end of the loop over rows", question="Is the last row that is read written too?")
def last_row_left_out(message, numbers, rows):
    """The highest row that is read has nothing: a range ends before its end."""
    table = _added(message, numbers, rows)
    table[numbers.max()] = 0
    return table


@mistake("look-up", look="the rows that are never read", question="Nudge an entry that nobody reads: what happens?")
def every_row_gets_all(message, numbers, rows):
    """Every row got the sum of all messages. A row hears only of the positions where it is read."""
    return np.repeat(message.sum(axis=0)[None], rows, axis=0)


@mistake("look-up", look="the factor", question="How often is it counted?")
def counted_once_too_often(message, numbers, rows):
    """The sum was multiplied by how often the row is read. Adding all messages has counted them already."""
    return _added(message, numbers, rows) * _counts(numbers, rows)


@mistake("look-up", look="which row is written", question="Position, or what stands there?")
def rows_by_position(message, numbers, rows):
    """Row t got position t's message. It belongs to the row that was read there."""
    return _added(message, np.arange(len(message)) % rows, rows)


@mistake("look-up", look="the factor", question="Who divided by the number of positions already?")
def look_up_averaged_over_positions(message, numbers, rows):
    """Divided by the number of positions. The loss's own 1/M is in the message already."""
    return _added(message, numbers, rows) / len(message)


@mistake(dL_dE_via_x0, dL_dE_pos, look="the shape", question="Has the answer the table's shape, or the sentence's?")
def not_gathered(message, numbers, rows):
    """The messages are still in the order of the sentence. Each belongs to a row of the table."""
    return message + 0.0
