"""Exercises: the learner writes a gradient, and hears what is right, what is wrong by name, and where to look."""
