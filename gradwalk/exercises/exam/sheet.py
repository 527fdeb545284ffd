"""A sheet of questions that takes answers: the exam in its four parts, and the two short tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradwalk import arguments
from gradwalk.exercises.exam import by_hand, other_letters, slopes, unseen, wrong_walks
from gradwalk.exercises.exam.question import NOTHING, Question, Told, told
from gradwalk.exercises.exam.slopes import Line
from gradwalk.telling.page import Page
from gradwalk.telling.tables import table
from gradwalk.telling.verbatim import verbatim

NEEDED = {"A": 4, "B": 3, "C": 4, "D": 2}  # right answers of each part; D's two are one line's
OPENING = {
    "A": "A. Six numbers by hand. dL_dX is the slope of the loss in X; what arrives is given. Take eps as 0.",
    "B": 'B. Four walks back, each with one wrong line. Wanted of each: ("dL_d…", "letter", case), the place, '
    "the mistake and the one case that exposes it.",
    "C": "C. Five gradients. Write each as a numpy function of the message G, of the shape of what the line returns, "
    "and of what the line takes, in its order.",
    "D": "D. A line that you have not seen. Write both of its gradients, as in C.",
}
MINUTES, WEEKS = 90, 2
MEANS = "You can differentiate such lines: most of your answers to C and D agreed with measured slopes."
# What the short tests ask: two minutes each, one of every rule that most of the walk is made of.
SHORT = ("dL_dz", "dL_dW", "dL_du", "dL_dx1", "dL_dS")


class Sheet:
    """Questions by their keys, and what was handed in for each."""

    def __init__(self, questions: Sequence[Question]):
        self.questions = {question.key: question for question in questions}
        self.answers: dict[str, object] = {}

    def hand_in(self, **answers: object) -> Page:
        """Hand in answers by their questions' keys, A1=2.5: a number, three things, a function. The last one counts.

        ValueError for a key that the sheet does not have.
        """
        for key in answers:
            arguments.one_of("answer", key, self.questions, "question")
        self.answers |= answers
        return table({"question": list(answers), "it is": [_received(answer) for answer in answers.values()]})

    def told(self, answers: dict[str, object] | None = None) -> dict[str, Told]:
        """What is said of each question's answer: of those handed in, or of these."""
        given = self.answers if answers is None else answers
        return {key: told(question, given.get(key)) for key, question in self.questions.items()}

    def result(self) -> Page:
        """How many answers are right, and what is said of those that are not."""
        said = self.told()
        return _page([f"{sum(one.right for one in said.values())} of {len(said)} right.", *_notes(said)])

    def key(self) -> Page:
        """What is right, for a teacher."""
        return _page([f"{key}. {question.right}" for key, question in self.questions.items()])


class Exam(Sheet):
    """The exam of a number: the same number draws the same exam everywhere. Ninety minutes, open book."""

    def __init__(self, seed: int = 0):
        """ValueError for a seed that is no whole number of at least 0."""
        self.seed = arguments.whole("seed", seed, least=0)
        rng = np.random.default_rng([self.seed, *b"exam"])
        rules = sorted(rng.permutation(list(by_hand.TASKS))[:6].tolist(), key=list(by_hand.TASKS).index)
        names = [str(rng.choice(by_hand.TASKS[rule])) for rule in rules]
        questions = [by_hand.question(f"A{k}", name, rng) for k, name in enumerate(names, 1)]
        self.mistakes, walks = wrong_walks.questions(rng)
        questions += walks
        rules = rng.permutation(list(other_letters.LINES))[:5].tolist()
        for k, rule in enumerate(rules, 1):
            line = other_letters.LINES[rule][rng.integers(2)]
            questions.append(_of_line(f"C{k}", line, next(iter(line.back)), self.seed))
        line = unseen.FAMILIES[rng.integers(len(unseen.FAMILIES))]
        one, other = (_of_line(f"D{k}", line, name, self.seed) for k, name in enumerate(line.back, 1))
        questions += [one, other._replace(asks=f"D2. The same line.\n{other.asks.splitlines()[-1]}")]
        super().__init__(questions)

    def __repr__(self):
        return f"Exam {self.seed}: {MINUTES} minutes, open book, nothing named; {len(self.questions)} questions"

    def part(self, letter: str) -> Page:
        """The questions of a part, "A" to "D"."""
        arguments.one_of("letter", letter, NEEDED, "part")
        asks = [question.asks for question in self.questions.values() if question.part == letter]
        offered = [f"Mistakes: {self.mistakes}."] if letter == "B" else []
        return _page([OPENING[letter], *offered, *asks])

    def page(self) -> Page:
        """All four parts, to be printed."""
        pages = [_page([repr(self)]), *(self.part(letter) for letter in NEEDED)]
        return Page(None, "\n\n".join(page.plain for page in pages), "".join(page.html for page in pages))

    def result(self) -> Page:
        """What became of it, part by part, and what is said of each answer that is not right."""
        said = self.told()
        rows = {letter: [one.right for key, one in said.items() if key[0] == letter] for letter in NEEDED}
        parts = {
            "part": list(rows),
            "right": [f"{sum(row)} of {len(row)}" for row in rows.values()],
            "wanted": list(NEEDED.values()),
            "passed": self.passed(said).values(),
        }
        missing = [letter for letter, passed in self.passed(said).items() if not passed]
        verdict = f"Not passed yet: {', '.join(missing)}." if missing else f"Passed. {MEANS}"
        again = f"In {WEEKS} weeks do {', '.join(missing) or 'A and C'} of Exam({self.seed + 1})."
        shown, behind = table(parts), _page([f"{verdict} {again}", *_notes(said)])
        return Page(None, f"{shown.plain}\n\n{behind.plain}", shown.html + behind.html)

    @staticmethod
    def passed(said: dict[str, Told]) -> dict[str, bool]:
        """Of each part whether it is passed, by what is said of the answers."""
        right = {letter: sum(one.right for key, one in said.items() if key[0] == letter) for letter in NEEDED}
        return {letter: right[letter] >= needed for letter, needed in NEEDED.items()}


class ShortTest(Sheet):
    """Ten minutes, before the course or after it: the same five questions, with other numbers."""

    def __init__(self, when: str, seed: int = 0):
        """when: "before" or "after". ValueError for another, or for a seed that is no whole number of at least 0."""
        arguments.one_of("when", when, ("before", "after"), "test")
        self.when, self.seed = when, arguments.whole("seed", seed, least=0)
        rng = np.random.default_rng([self.seed, *when.encode()])
        super().__init__([by_hand.question(f"{when}{k}", name, rng) for k, name in enumerate(SHORT, 1)])

    def page(self) -> Page:
        """The questions, to be printed or answered."""
        opening = f"Ten minutes, {self.when} the course. dL_dX is the slope of the loss in X; what arrives is given."
        return _page([opening, *(question.asks for question in self.questions.values())])


def _received(answer):
    """What is said of an answer before it is judged: whether a function returns anything, only its run can say."""
    if answer is None or answer is ...:
        return NOTHING
    return "handed in; it is run for the result" if callable(answer) else "handed in"


def _of_line(key: str, line: Line, name: str, seed: int) -> Question:
    asks = f"{key}. Takes {line.given}.\n{line.code('line')}\nWanted: the slope in {name}, of its shape."

    def judge(answer):
        slopes.judge(line, name, answer, seed)

    return Question(key, asks, f"the slope in {name}, with Y what the line makes:\n{line.back[name]}", judge)


def _notes(said):
    """Which questions are not answered, and what is said of each answer that is not right."""
    left = ", ".join(key for key, one in said.items() if one.said == NOTHING)
    wrong = [f"{key}: {one.said}" for key, one in said.items() if not one.right and one.said != NOTHING]
    return [f"Not yet answered: {left}.", *wrong] if left else wrong


def _page(paragraphs):
    """Paragraphs as a page; one of several lines keeps them, and scrolls where it is too wide."""
    html = "".join(
        '<pre tabindex="0" style="margin:1em 0">' + "\n".join(map(verbatim, paragraph.split("\n"))) + "</pre>"
        if "\n" in paragraph
        else f"<p>{verbatim(paragraph)}</p>"
        for paragraph in paragraphs
    )
    return Page(None, "\n\n".join(paragraphs), f"<div>{html}</div>")
