"""A task's own code, or a mistake's at it, in the names of that task: as a function, and as lines of a walk back."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import cache

from gradwalk.exercises.mistakes import Mistake
from gradwalk.exercises.tasks import Task


@cache
def as_function(task: Task, mistake: Mistake) -> str:
    """A mistake's formula as one would write it for this task, and below it the helpers that it calls."""
    return "\n\n".join(map(ast.unparse, [_renamed(task, mistake), *map(_tree, _helpers(mistake.formula))]))


@cache
def as_lines(task: Task, mistake: Mistake | None = None) -> str:
    """A task's own lines, or a mistake's at it, as they stand in a walk back, where the result is kept by its name."""
    return "\n".join(map(ast.unparse, _Kept(task.name).visit(_renamed(task, mistake)).body))


def _renamed(task, mistake):
    """The function's own code: all that it takes, and what it is called, by the names of the ledger."""
    tree = _tree(mistake.formula if mistake else task.right)
    parameters = [one.arg for one in tree.args.args]
    called = dict(zip(parameters, task.takes, strict=False))
    if tree.args.vararg:
        called[tree.args.vararg.arg] = f"({', '.join(task.takes[len(parameters) :])})"
    if mistake and mistake.merges(task):
        called[parameters[0]] = f"merge_heads({task.takes[0]})"
    tree = _Called({old: ast.parse(new, mode="eval").body for old, new in called.items()}).visit(tree)
    tree.name, tree.args = task.name, ast.parse(f"lambda {', '.join(task.takes)}: 0", mode="eval").body.args
    return tree


def _tree(function: Callable) -> ast.FunctionDef:
    """A function's own code, without what is said of it."""
    (tree,) = ast.parse(inspect.getsource(function)).body
    tree.body = tree.body[ast.get_docstring(tree) is not None :]
    tree.decorator_list = []
    return tree


def _helpers(function):
    """The functions of its own module that a function calls, and those that these call."""
    found = {}
    for name in function.__code__.co_names:
        inner = function.__globals__.get(name)
        if inspect.isfunction(inner) and inner.__module__ == function.__module__:
            found |= {inner: None} | dict.fromkeys(_helpers(inner))
    return [*found]


class _Called(ast.NodeTransformer):
    """Other names in place of some."""

    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        return self.names.get(node.id, node)

    def visit_Subscript(self, node):
        """One of several roads, by its name."""
        node = self.generic_visit(node)
        return node.value.elts[ast.literal_eval(node.slice)] if isinstance(node.value, ast.Tuple) else node

    def visit_Call(self, node):
        """The product of several roads, with its signs."""
        node = self.generic_visit(node)
        if ast.unparse(node.func) == "np.prod" and isinstance(node.args[0], ast.Tuple):
            return ast.parse(" * ".join(map(ast.unparse, node.args[0].elts)), mode="eval").body
        return node


class _Kept(ast.NodeTransformer):
    """A result that is kept in place of one that is returned."""

    def __init__(self, result):
        self.result = result

    def visit_Return(self, node):
        return ast.Assign([ast.Name(self.result, ast.Store())], node.value, lineno=0)
