"""What a script gives to a function by keyword, as far as that is a literal: for ``setup()`` of a ``setup.py``."""

from __future__ import annotations

import ast
from typing import Any

from dyncachekeys.pysource.bindings import that_run
from dyncachekeys.pysource.syntax import UNREADABLE, tree_of
from dyncachekeys.pysource.values import Names

_WANTED = frozenset({ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Name, ast.arg, ast.Call})


def arguments(source: bytes, function: str) -> dict[str, Any]:
    """Return the arguments of the calls of a function, whatever module it is of; `None` for what is no literal.

    Args:
        source: The script; nothing is returned if it can't be parsed.
        function: The name of the function.
    """
    try:
        nodes = list(that_run(tree_of(source), "__main__", _WANTED))
    except UNREADABLE:
        return {}
    names = Names.of(nodes, {})
    calls = (node for node in nodes if isinstance(node, ast.Call))
    found = (call for call in calls if names.qualified(call.func).rpartition(".")[2] == function)
    return {one.arg: _literal(one.value, names) for call in found for one in call.keywords if one.arg is not None}


def _literal(value: ast.expr, names: Names) -> Any:
    if isinstance(value, ast.Name):
        bound, rest = names.value(value.id)
        return _literal(bound, rest) if isinstance(bound, ast.expr) else None
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None
