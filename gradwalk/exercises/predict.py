"""`predict(question, choices, page, answer=...)`: a page that stays shut until the learner has called its answer.

>>> predict("One more nudge: does the loss rise or fall?",
...         {"rise": "the last one raised it too", "fall": "the true word gains"},
...         "the loss goes from 2.0794 to 2.0541", answer="rise" if 2.0541 > 2.0794 else "fall")
One more nudge: does the loss rise or fall?
A rise: the last one raised it too
B fall: the true word gains
Answer: B fall
<BLANKLINE>
the loss goes from 2.0794 to 2.0541
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from numbers import Real

import numpy as np

from gradwalk import arguments
from gradwalk.telling.page import Page
from gradwalk.telling.tables import number
from gradwalk.telling.verbatim import verbatim
from gradwalk.widgets.practice import practice

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# What a number says as an answer where the choices are words: above zero, below it, zero.
SIGNS = (("rise", "positive", "larger", "up"), ("fall", "negative", "smaller", "down"), ("stay", "zero", "equal"))
STILL = 1e-12  # so near to zero a slope is rounding alone


class Prediction(Page):
    """A question with its lettered choices, and a page behind it.

    `asked` is what is in sight of it as text; `answer` the right choice, or the right number.
    """

    def __init__(self, question: str, choices: Mapping, page: object, answer: object, rule: str | None = None):
        """See `predict`. rule: which of `tasks.RULES` it asks for, by which it returns; None for none."""
        wanted = "a question in words"
        if not arguments.words("question", question, wanted).strip():
            raise arguments.refused("question", wanted, question)
        if not isinstance(choices, Mapping):
            raise arguments.refused("choices", "a dictionary, from each choice to why one might say so", choices)
        reasons = {_label(choice): _reason(choice, why) for choice, why in choices.items()}
        of_number = isinstance(answer, Real) and all(isinstance(choice, Real) for choice in choices)
        of_number = of_number and not any(isinstance(one, (bool, np.bool_)) for one in (answer, *choices))
        if of_number:
            self.answer = _near(arguments.number("answer", answer))
            told, right = number(self.answer), self.answer
        else:
            self.answer = told = _right(choices, answer)
            right = [*reasons].index(told)
            told = f"{LETTERS[right]}, {told}"
        behind = [_shown(thing) for thing in (page if isinstance(page, (list, tuple)) else [page])]
        if not behind:
            raise arguments.refused("page", "something to look at, at least one", page)
        calls = [f"{choice if of_number else f'{LETTERS[k]} {choice}'}" for k, choice in enumerate(reasons)]
        plain = [question, *(f"{call}: {why}" for call, why in zip(calls, reasons.values(), strict=True))]
        plain = "\n".join(
            [*plain, f"Answer: {told.replace(', ', ' ', 1)}", "", "\n\n".join(text for _, text in behind)]
        )
        asked = {"id": sha256(plain.encode()).hexdigest()[:12], "question": question, "choices": [*reasons.items()]}
        asked |= {"answer": right, "number": of_number, "told": told}
        asked |= {"rule": rule} if rule else {}
        calls = [] if of_number else calls
        self.asked = "\n".join([question, *calls])
        html = _html(asked, calls, [html for html, _ in behind])
        super().__init__(None, plain, html, practice("predict"))


def together(predictions: Iterable[Page]) -> str:
    """The HTML of several pages with predictions in them, whose script comes once."""
    return "".join(page.html.replace(practice("predict"), "") for page in predictions) + practice("predict")


def predict(question: str, choices: Mapping, page: object, *, answer: object) -> Prediction:
    """A page that stays shut until its answer was called. One click; what was called goes into the learner's record.

    choices: from each call to why one might say so, in words that follow a colon; a wrong call gets them to read.
    page: what stays shut, one thing or a list: text, a number, a page of `show`, a picture, a table. answer: the right
    choice, computed; or a number, which says rise or fall (positive or negative, larger or smaller) by its sign, stay
    (zero, equal) where it is none; True or False for "yes" and "no". Where all choices are numbers, or there are none,
    the learner writes a number: the choices are then those that tempt, and near enough is right. ValueError for fewer
    than two choices, for an answer that is none of them, for what cannot be shown.
    """
    return Prediction(question, choices, page, answer)


def _right(choices, answer):
    """The label of the right choice."""
    if not 2 <= len(choices) <= len(LETTERS):
        raise ValueError(f"choices: wanted 2 to {len(LETTERS)}, got {len(choices)}")
    labels = [_label(choice) for choice in choices]
    if len({*labels}) < len(labels):
        raise ValueError(f"choices: wanted each once, got {', '.join(labels)}")
    found = [_label(choice) for choice in choices if _same(choice, answer)]
    if not found and isinstance(answer, (bool, np.bool_)):
        found = [label for label in labels if label == number(answer)]
    elif not found and isinstance(answer, Real) and np.isfinite(answer):
        words = SIGNS[2 if abs(answer) <= STILL else int(answer < 0)]
        found = [label for label in labels if label in words]
    if len(found) != 1:
        raise arguments.refused("answer", f"one of the choices, {', '.join(labels)}", answer)
    return found[0]


def _same(choice, answer):
    return type(answer) is not np.ndarray and bool(np.array_equal(choice, answer))


def _label(choice):
    """A choice as it is read; a place in a table, (0, 2), by its numbers."""
    if isinstance(choice, (tuple, list)):
        return f"({', '.join(map(_label, choice))})"
    return number(choice)


def _reason(choice, why):
    wanted = f"words that say why one might say {_label(choice)}"
    if not arguments.words("choices", why, wanted).strip():
        raise arguments.refused("choices", wanted, why)
    return why.strip()


def _near(answer):
    """A number that is the same on every processor."""
    return 0.0 if abs(answer) <= STILL else float(f"{answer:.6g}")


def _shown(thing):
    """One thing behind the question, as HTML and as plain text."""
    if isinstance(thing, (str, Real)):
        text = thing if isinstance(thing, str) else number(thing)
        return "".join(f"<p>{verbatim(line)}</p>" for line in text.splitlines()), text
    if type(thing).__module__.startswith("matplotlib"):
        raise ValueError(
            "page: wanted show.picture(figure, alt), which has words for who sees no picture, got a figure"
        )
    bundle = thing._repr_mimebundle_() if hasattr(thing, "_repr_mimebundle_") else {}
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    plain = bundle.get("text/plain") or repr(thing)
    html = bundle.get("text/html") or (thing._repr_html_() if hasattr(thing, "_repr_html_") else None)
    if html:
        return html.replace(practice("predict"), ""), plain  # one of its own inside: the script is the same
    if isinstance(thing, Page):
        return f'<pre tabindex="0">{escape(plain)}</pre>', plain
    raise arguments.refused("page", "text, a number, or something that a notebook shows as HTML", thing)


def _html(asked, calls, behind):
    """A folded block, which the script makes a question with buttons."""
    question = f'<span class="gw-question">{verbatim(asked["question"])}</span>'
    offered = f" ({' · '.join(map(verbatim, calls))})" if calls else ""
    named = zip(calls or [choice for choice, _ in asked["choices"]], asked["choices"], strict=True)
    reasons = "".join(f"<li>{verbatim(f'{call}: {why}')}</li>" for call, (_, why) in named)
    why = f"<p>Why one might say so:</p><ul>{reasons}</ul>" if reasons else ""
    data = escape(json.dumps(asked, ensure_ascii=False), quote=True)
    return (
        f'<div class="gw-predict" data-asked="{data}"><details><summary>{question}{offered}</summary>'
        f'<div class="gw-behind"><p><strong>{verbatim(asked["told"])}</strong></p>{"".join(behind)}{why}</div>'
        "</details></div>"
    )
