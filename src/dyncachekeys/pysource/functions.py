"""By which functions and classes of a module one gets to a line of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

_Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def leading_to(tree: ast.Module) -> Callable[[int], tuple[str, ...]]:
    """Return what tells for a line by which functions and classes of the module one gets there, its own included.

    None, if it is not in a function, or in one that is called when the module is imported.
    """
    outer = [(range(node.lineno, (node.end_lineno or node.lineno) + 1), node) for node in _outermost(tree)]
    mentioned = {node.name: _mentioned([node]) for _, node in outer}
    at_import = _mentioned(one for one in tree.body if not isinstance(one, _Definition) and not _is_of_main(one))

    def leading(line: int) -> tuple[str, ...]:
        found = {node.name for lines, node in outer if line in lines}
        while more := {name for name, others in mentioned.items() if not others.isdisjoint(found)} - found:
            found |= more
        return () if found & at_import else tuple(sorted(found))

    return leading


def _is_of_main(statement: ast.stmt) -> bool:
    """Tell whether a statement is ``if __name__ == "__main__"``."""
    return isinstance(statement, ast.If) and "__name__" in _mentioned([statement.test])


def _outermost(node: ast.AST) -> Iterator[_Definition]:
    """Yield the functions and classes of a module that stand in no other."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Definition):
            yield child
        elif isinstance(child, ast.stmt | ast.ExceptHandler):
            yield from _outermost(child)


def _mentioned(nodes: Iterable[ast.AST]) -> set[str]:
    return {one.id for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name)}
