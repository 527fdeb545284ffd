"""The learner's record on a page: the page itself reads it, in the browser's storage and in a Jupyter server's file."""

from __future__ import annotations

from gradwalk.arguments import place
from gradwalk.exercises import record
from gradwalk.telling.page import Page, once_run
from gradwalk.telling.verbatim import verbatim
from gradwalk.widgets.practice import practice


class RecordPage(Page):
    """Where was I, what surprised me, where something is done; in text how much is kept, and where."""

    def __init__(self):
        """Reads the file, where one is kept: ValueError if a newer gradwalk wrote it."""
        path = record.where()
        lines = record.read(path) if path and path.exists() else []
        surprised = [line for line in lines if line["kind"] == "call" and line.get("right") is False]
        told = [f"{line.get('question')} I said {line.get('said')}, it is {line.get('answer')}" for line in surprised]
        plain = (
            f"{len(lines)} lines in {place(path)}" if path else "No record is kept here: no Jupyter server says where."
        )
        plain = "\n".join([plain, *(["What surprised me:", *told[::-1]] if told else [])])
        still = once_run("where you were and what surprised you stands here")
        super().__init__(None, plain, f'<div class="gw-record"><p>{verbatim(still)}</p></div>', practice("panel"))
