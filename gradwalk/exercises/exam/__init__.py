"""The exam: at home the whole walk, wired by the learner; then 90 minutes, drawn by a number, with nothing named."""
