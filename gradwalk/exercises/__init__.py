"""Exercises: the learner calls an answer before it is shown, or writes a gradient, and hears what is right in it."""
