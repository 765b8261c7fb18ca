"""By which functions and classes of a module one gets to a line of it."""

from __future__ import annotations

import ast
import bisect
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def leading_to(tree: ast.Module, nodes: Iterable[ast.AST]) -> Callable[[int], tuple[str, ...]]:
    """Return what tells for a line by which functions and classes of the module one gets there, its own included.

    None, if it is not in a function, or in one that is called when the module is imported.

    Args:
        tree: The module.
        nodes: Those of its nodes that may run (`bindings.that_run`), names among them.
    """
    outer = sorted(outermost(tree), key=lambda one: one.lineno)
    starts = [one.lineno for one in outer]

    def around(line: int) -> str:
        place = bisect.bisect_right(starts, line) - 1
        return outer[place].name if place >= 0 and line <= (outer[place].end_lineno or 0) else ""

    mentioned: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Name):
            mentioned.setdefault(around(node.lineno), set()).add(node.id)
    at_import = mentioned.pop("", set())

    def leading(line: int) -> tuple[str, ...]:
        found = {around(line)} - {""}
        while more := {name for name, others in mentioned.items() if not others.isdisjoint(found)} - found:
            found |= more
        return () if found & at_import else tuple(sorted(found))

    return leading


def outermost(node: ast.AST) -> Iterator[Definition]:
    """Yield the functions and classes of a module that stand in no other."""
    for child in getattr(node, "body", []) + getattr(node, "orelse", []) + getattr(node, "finalbody", []):
        if isinstance(child, Definition):
            yield child
        else:
            yield from outermost(child)
    for handler in getattr(node, "handlers", []):
        yield from outermost(handler)
