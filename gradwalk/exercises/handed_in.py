"""What a learner's notebook hands in: the answers' functions alone are made, and no other line of it is run.

An answer is what stands in a call `check("dL_dW", answer)` or `hand_in(A1=answer)` of a cell: a number, text, a tuple,
a lambda, or the name of a function that was defined above. What was typed into an exercise of the page counts where no
cell has an answer. Of each name the last one counts. A number with its place, `at=`, is the page's, and stays there.
"""

from __future__ import annotations

import ast
import json
import operator
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from gradwalk import arguments
from gradwalk.exercises.tasks import all_tasks

LARGEST = 50 * 2**20  # bytes of a notebook: one with pictures and saved boards has a few
LONGEST = 10**5  # letters of a cell
STATE = "application/vnd.jupyter.widget-state+json"
# What an answer may import: nothing that does anything when it is imported.
MODULES = {"numpy", "numpy.linalg", "math", "itertools", "functools", "operator", "gradwalk", "gradwalk.walk"}
STEPS = "gradwalk.step"  # so that the package's own function is known for what it is

_OF_IPYTHON = re.compile(r"\s*(%{1,2}[A-Za-z]|!|\?|[\w.]+\?{1,2}\s*$)")  # %time, !ls, ?len, len?

_SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


class Answer(NamedTuple):
    """An answer: of which exercise, "dL_dW" or "A1", and what it is."""

    name: str
    given: object


class Unseen(NamedTuple):
    """An answer that does not stand in the notebook: one would have to run it."""

    code: str


class Unreadable(ValueError):
    """Why a notebook is none."""


def cells(path: Path) -> tuple[list[str], dict]:
    """The sources of a notebook's code cells, and the states of its widgets. Unreadable, with a word for it."""
    if not path.is_file():
        raise Unreadable("it is no file")
    if path.stat().st_size > LARGEST:
        raise Unreadable(f"it is larger than {LARGEST >> 20} MB")
    try:
        notebook = json.loads(path.read_bytes())
        found = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        sources = ["".join(cell["source"]) for cell in found]
        states = notebook.get("metadata", {}).get("widgets", {}).get(STATE, {}).get("state", {})
    except OSError as error:
        raise Unreadable(error.strerror or "it cannot be read") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Unreadable("it is no notebook") from None
    return sources, states if isinstance(states, dict) else {}


def answers(sources: list[str], states: dict) -> Iterator[Answer]:
    """The answers, in the order of the notebook, each of an exercise's once: the last.

    A function's helpers are those that stand above it while it is handed out.
    """
    trees = [tree for tree in map(_tree, sources) if tree]
    last = {name: node for tree in trees for name, node in _calls(tree)}
    typed = dict(_typed(states))
    scope = {"__name__": "__main__"}
    for tree in trees:
        for statement in tree.body:
            _define(statement, scope)
        for name, node in _calls(tree):
            if last[name] is node:
                typed.pop(name, None)
                yield Answer(name, _value(node, scope))
    yield from (Answer(name, text) for name, text in typed.items())


def unread(sources: list[str]) -> int:
    """How many cells are no Python, and are passed over."""
    return sum(_tree(source) is None for source in sources)


def seeds(sources: list[str]) -> set[int]:
    """By which numbers the exams in it were drawn, where they stand there as numbers."""
    calls = [node for tree in map(_tree, sources) if tree for node in ast.walk(tree) if isinstance(node, ast.Call)]
    drawn = [node.args[0] for node in calls if _called(node) == "Exam" and node.args]
    drawn += [one.value for node in calls if _called(node) == "Exam" for one in node.keywords if one.arg == "seed"]
    return {one.value for one in drawn if isinstance(one, ast.Constant) and type(one.value) is int}


def names(sources: list[str]) -> list[str]:
    """The exercises that a notebook asks for, in its order: those of the page too."""
    found = {}
    for tree in filter(None, map(_tree, sources)):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node) == "Exercise" and (name := _task(node)):
                found[name] = None
        found |= dict.fromkeys(name for name, _ in _calls(tree))
    return list(found)


def _tree(source):
    """A cell's code, without the lines that are IPython's own; None for one that is no Python."""
    if len(source) > LONGEST:
        return None
    lines = ["" if _OF_IPYTHON.match(line) else line for line in source.splitlines()]
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError), warnings.catch_warnings(action="ignore"):
        return ast.parse("\n".join(lines))  # what Python would warn the learner of is no word for a teacher
    return None


def _calls(tree):
    """Each answer's name with the part of the code that is the answer."""
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue  # it is not called yet
        for node in ast.walk(statement):
            if not isinstance(node, ast.Call):
                continue
            if _called(node) == "check" and (name := _task(node)):
                if len(node.args) == 2 and not {"at", "given"} & {one.arg for one in node.keywords}:
                    yield name, node.args[1]
            elif _called(node) == "hand_in":
                yield from ((one.arg, one.value) for one in node.keywords if one.arg)


def _typed(states):
    """What was typed into exercises of the page, and asked there: each one's name, and a formula."""

    def entry(name, key):
        """What the widget of that name has under `key`; {} where a file has something else there."""
        state = states.get(name) if isinstance(name, str) else None
        state = state.get("state") if isinstance(state, dict) else None
        return state.get(key, {}) if isinstance(state, dict) else {}

    for one in states:
        task = entry(one, "exercise")  # another widget, which several exercises may share: "IPY_MODEL_" and its name
        told = entry(task.removeprefix("IPY_MODEL_"), "told") if isinstance(task, str) else {}
        if not isinstance(told, dict) or "at" in told or entry(one, "asked") is not True:
            continue
        name, answer = told.get("name"), entry(one, "answer")
        if isinstance(name, str) and name in all_tasks() and isinstance(answer, str):
            yield name, answer


def _called(node):
    """What is called, by its last name: "hand_in" of `exam.hand_in`."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)


def _task(node):
    """The task that stands first in a call."""
    first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    return first if isinstance(first, str) and first in all_tasks() else None


def _define(statement, scope):
    """Put a function, an import or a plain number of a cell where the answers find it. Nothing of it is run by that."""
    with suppress(SyntaxError, ValueError, TypeError, RecursionError, MemoryError, ImportError, AttributeError):
        if isinstance(statement, ast.FunctionDef):
            scope[statement.name] = _made(statement, scope)
        elif isinstance(statement, ast.Import):
            kept = [name for name in statement.names if _known(name.name)]
            if kept:
                _run(ast.Import(kept), scope)
        elif isinstance(statement, ast.ImportFrom) and not statement.level and _known(statement.module):
            _run(statement, scope)
        elif isinstance(statement, ast.Assign) and all(isinstance(one, ast.Name) for one in statement.targets):
            value = _value(statement.value, scope)
            for target in statement.targets:
                scope.pop(target.id, None)
                if not isinstance(value, Unseen):
                    scope[target.id] = value


def _known(module):
    return module in MODULES or module.startswith(STEPS)


def _value(node, scope):
    """What stands there: something plain, a lambda, or what has that name; `Unseen` for what would have to be run."""
    try:
        if isinstance(node, ast.Lambda):
            plain = ast.FunctionDef("answer", node.args, [ast.Return(node.body)], [])
            return _made(ast.copy_location(plain, node), scope)
        if isinstance(node, ast.Name) and node.id in scope:
            return scope[node.id]
        return _fraction(node) if isinstance(node, ast.BinOp) else ast.literal_eval(node)
    except (ArithmeticError, SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return Unseen(_code(node))


def _fraction(node):
    """What one writes for a number by hand, -3/8 or 1 + 1/4; ValueError for anything else."""
    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        return _SIGNS[type(node.op)](_fraction(node.left), _fraction(node.right))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_fraction(node.operand)
    return float(ast.literal_eval(node))


def _code(node):
    """A piece of code in a few letters."""
    with suppress(RecursionError, ValueError):
        return arguments.shown(ast.unparse(node))
    return "it"


def _made(definition, scope):
    """The function, without decorators and annotations, which would be run; ValueError for a default that would be."""
    given = definition.args
    for one in [*given.defaults, *filter(None, given.kw_defaults)]:
        ast.literal_eval(one)
    for one in [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, [given.vararg, given.kwarg])]:
        one.annotation = None
    definition.decorator_list, definition.returns = [], None
    own = {}
    _run(definition, scope, own)
    return own[definition.name]


def _run(statement, scope, own=None):
    tree = ast.fix_missing_locations(ast.Module([statement], []))
    with warnings.catch_warnings(action="ignore"):
        made = compile(tree, "<a notebook>", "exec", dont_inherit=True)
    exec(made, scope, own)
