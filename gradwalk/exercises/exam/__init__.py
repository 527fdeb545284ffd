"""The exam: at home the whole walk, wired by the learner; then 90 minutes, drawn by a number, with nothing named."""

from gradwalk.exercises.exam.sheet import Exam, ShortTest
from gradwalk.exercises.exam.whole_walk import check_walk

__all__ = ["Exam", "ShortTest", "check_walk"]
