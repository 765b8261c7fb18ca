"""What a Python module assigns, as far as it says so in literals: read, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final

from dyncachekeys.pysource.syntax import tree_of

UNKNOWN: Final = object()
"""Stands for a value that only running the module could tell."""
_BY_NAME = frozenset({"globals", "vars", "locals", "exec", "eval", "setattr"})
"""What may bind a name without its standing there."""
_LARGEST = 2.0**63
_INSIDE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def assignments(source: bytes) -> dict[str, Any]:
    """Return the names that a module binds, each with its value.

    A value is known if the name is bound once in the whole module, by an assignment on the top level, of a
    literal that JSON can hold; tuples count as lists. All others are `UNKNOWN`: those that a function may
    rebind by ``global``, or that are bound under a condition, too; lists that are used; all of them, where a star
    import (a name ``*``) or ``globals()`` may bind any.

    Args:
        source: The module.

    Raises:
        UNREADABLE (`syntax`): this Python can't parse it.
    """
    tree = tree_of(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    found: dict[str, Any] = {}
    for statement in tree.body:
        simple = dict(_simple(statement))
        for name in simple or _bound(statement):
            value = _literal(simple[name]) if name in simple and name not in found else UNKNOWN
            # A list may be changed by whoever uses it, by whichever of its names.
            found[name] = UNKNOWN if isinstance(value, list | dict) and not used.isdisjoint(simple) else value
    anything = "*" in found or not _BY_NAME.isdisjoint(used) or any(map(_is_of_modules, ast.walk(tree)))
    return dict.fromkeys(found, UNKNOWN) if anything else found


def _is_of_modules(node: ast.AST) -> bool:
    """Tell whether this is ``sys.modules[__name__]`` or the like: the module itself, to be changed."""
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name) and node.slice.id == "__name__"


def _simple(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Yield names and their value, if a statement does nothing but assign it to them."""
    if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if all(isinstance(target, ast.Name) for target in targets) and not any(_bound(statement.value)):
            yield from ((target.id, statement.value) for target in targets if isinstance(target, ast.Name))


def _bound(node: ast.AST, *, inside: bool = False) -> Iterator[str]:
    """Yield the names of the module that a piece of code may bind or change, in whatever way.

    Args:
        node: The code.
        inside: Whether it stands in a function or a class, whose names are others.
    """
    match node:
        case ast.Global(names=names):
            yield from names
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) if not inside:
            yield name
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if not inside:
            yield name
        case ast.NamedExpr(target=ast.Name(id=name)):  # of the module even in a comprehension, or in a default
            yield name
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
            yield name
        case ast.alias(name=name, asname=asname) if not inside:
            yield asname or name.partition(".")[0]
        case (
            ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
        ) if not inside:
            yield name
    deeper = inside or isinstance(node, _INSIDE)
    for child in ast.iter_child_nodes(node):
        yield from _bound(child, inside=deeper)


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
        value.encode()  # a lone half of a surrogate pair is not text
        return value
    if value is None or (isinstance(value, int | float) and abs(value) < _LARGEST):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {name: _plain(one) for name, one in value.items()}
    message = "no JSON"
    raise TypeError(message)
