"""Widgets: the dial board, and the learner's own sentence on one."""
