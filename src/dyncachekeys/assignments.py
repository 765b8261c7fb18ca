"""What a Python module assigns, as far as it says so in literals: read, never run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

from dyncachekeys.syntax import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN: Final = object()
"""Stands for a value that only running the module could tell."""
_LARGEST = 2.0**63
_INSIDE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def assignments(source: bytes) -> dict[str, Any]:
    """Return the names that a module binds outside of functions and classes, each with its value.

    A value is known if the name is bound once, by an assignment of a literal that JSON can hold; tuples count
    as lists. All others are `UNKNOWN`.

    Args:
        source: The module.

    Raises:
        UNREADABLE (`syntax`): this Python can't parse it.
    """
    found: dict[str, Any] = {}
    for name, value in _bindings(tree_of(source)):
        found[name] = UNKNOWN if name in found or value is None else _literal(value)
    return found


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield each name that is bound, with the expression for its value, if that is so simple."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        simple = [target.id for target in targets if isinstance(target, ast.Name)]
        if len(simple) == len(targets):
            yield from ((name, node.value) for name in simple if node.value is not None)
            return
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id, None
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0], None
    elif isinstance(node, _INSIDE):
        yield getattr(node, "name", ""), None
        return
    for child in ast.iter_child_nodes(node):
        yield from _bindings(child)


def _literal(expression: ast.expr) -> Any:
    try:
        return _plain(ast.literal_eval(expression))
    except (ValueError, TypeError):
        return UNKNOWN


def _plain(value: object) -> Any:
    """Return a literal as JSON has it.

    Raises:
        TypeError, ValueError: JSON has nothing like it.
    """
    if isinstance(value, str):
        value.encode()  # a lone half of a surrogate pair is no text
        return value
    if value is None or (isinstance(value, int | float) and abs(value) < _LARGEST):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {name: _plain(one) for name, one in value.items()}
    message = "no JSON"
    raise TypeError(message)
