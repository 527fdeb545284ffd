"""`check_walk(walk_back)`: a whole walk back of the learner's own. Which message is the first that is wrong?"""

from __future__ import annotations

from functools import cache

import numpy as np

from gradwalk import arguments, walk
from gradwalk.exercises import answers, process, record, report, tasks
from gradwalk.exercises.cases import Case
from gradwalk.exercises.check import Checked
from gradwalk.exercises.judging import CLOSE, CLOSE_SINGLE, judge
from gradwalk.exercises.shipping import Refusal
from gradwalk.model import Model
from gradwalk.names import Named
from gradwalk.step3_layernorm import EPS

COUNT = 3  # walks an answer is tried on
_SENTENCES = [[0, 1, 2, 0, 3], [4, 1, 1]]  # a word stands twice in each, and one in both


def check_walk(walk_back: object, seed: int = 0) -> Checked:
    """Is this the walk back? If not: which message is the first that is wrong, and which mistake is it?

    walk_back: a function of the weights and the values of a walk out, both by name (`w.W_O`, `v.alpha`); it returns
    every gradient by name, as `Gradients` or a dictionary. It never raises for an answer. ValueError for a seed that
    is none.
    """
    seed = arguments.whole("seed", seed, least=0)
    refused = None
    try:
        with np.errstate(all="ignore"):
            name, mistake, paragraphs = _answered(walk_back, _cases(seed))
    except Refusal as refusal:
        name, mistake, paragraphs, refused = "", None, [refusal.said], refusal.kind
    passed = name is None
    record.note("check walk", passed=passed, first_wrong=name, mistake=mistake, seed=seed)
    return Checked("walk_back", passed, mistake, paragraphs, seed, refused)


def _answered(walk_back, cases):
    """The first wrong message, None if there is none; the mistake in it, if it has a name; and what is said."""
    if walk_back is None or walk_back is ...:
        raise Refusal("blank", "There is nothing here yet. Write what you have: a wrong one is answered too.")
    given = [(case["weights"], case["values"]) for case in cases]
    came = process.run(answers.function(walk_back), given)
    if not all(isinstance(result, dict) for result in came.results):
        raise Refusal("kind", "It returns no gradients by name. Wanted is Gradients, filled, or a dictionary.")
    close = CLOSE_SINGLE if came.single else CLOSE
    for count, task in enumerate(_lines()):
        results = [result.get(task.name) for result in came.results]
        before = f"{count} messages are right." if count else ""
        if any(result is None for result in results):
            return task.name, None, [*filter(None, [before]), f"{task.name} is not there yet."]
        if any(isinstance(result, tuple) for result in results):
            raise Refusal("large", f"{task.name} is far too large; wanted is ({', '.join(task.shape)}).")
        verdict = judge(task, cases, results, close)
        if not verdict.passed:
            said = f"{before} The first that is wrong is {task.name}.".strip()
            return task.name, verdict.mistake, [said, *report.wrong(task, cases, results, verdict)]
    return None, None, [f"Right: all {len(_lines())} messages of the walk back, on {len(cases)} sentences' walks."]


@cache
def _lines():
    """The messages of the walk back, in its order."""
    return tasks.walked()


@cache
def _cases(seed: int) -> list[Case]:
    """Walks of random models: all sizes different, two sentences, one position that is not scored."""
    return [_case(np.random.default_rng([seed, k])) for k in range(COUNT)]


def _case(rng):
    words = [f"word{i}" for i in range(7)]
    model = Model.random(int(rng.integers(1 << 30)), words, D=6, F=5, H=2, T_max=9)
    tokens = [rng.permutation(len(words))[sentence] for sentence in _SENTENCES]
    y = [rng.integers(len(words), size=len(sentence)) for sentence in _SENTENCES]
    y[0][1] = -1
    values = walk.forward(model, tokens, y)
    weights, made = Named(model.weights), Named({name: one for name, one in values.items() if name != "blocks"})
    sizes = {"T": len(values.y), "D": 6, "F": 5, "H": 2, "N": len(words), "M": int((values.y >= 0).sum()), "T_max": 9}
    known = {**sizes, "activation": "relu", "eps": EPS, **weights, **made, **walk.backward(model, values)}
    return {"weights": weights, "values": made, **known}
