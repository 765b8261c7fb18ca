"""Which names a module has for sure, which it exports, and what a relative name means in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def absolute(name: str, package: str) -> str | None:
    """Resolve leading dots, as `importlib.util.resolve_name`; beyond the top there is nothing."""
    level = len(name) - len(name.lstrip("."))
    if level == 0:
        return name
    parts = package.split(".") if package else []
    if level > len(parts):
        return None
    return ".".join([*parts[: len(parts) - level + 1], *filter(None, [name[level:]])])


def binds(statement: ast.stmt, name: str, package: str) -> Iterator[str]:
    """Yield the names that a top-level statement certainly binds; those below ``if`` or ``try`` are not."""
    match statement:
        case ast.FunctionDef(name=bound) | ast.AsyncFunctionDef(name=bound) | ast.ClassDef(name=bound):
            yield bound
        case ast.Import(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case ast.ImportFrom(module=module, names=aliases, level=level):
            # ``from . import core`` in the package itself is what looks for the submodule.
            if absolute("." * level + (module or ""), package) != name:
                yield from (alias.asname or alias.name for alias in aliases)
        case ast.Assign(targets=targets):
            nodes = (node for each in targets for node in ast.walk(each))
            yield from (node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        case ast.AnnAssign(target=ast.Name(id=bound), value=ast.expr()):
            yield bound


def exports(node: ast.AST) -> list[str]:
    """Return the literal strings that a node assigns or adds to ``__all__``."""
    match node:
        case (
            ast.Assign(targets=[ast.Name(id="__all__")], value=ast.expr() as value)
            | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
            | ast.AugAssign(target=ast.Name(id="__all__"), value=value)
        ):
            return strings(value)
    return []


def strings(node: ast.expr) -> list[str]:
    """Return all literal strings of an expression."""
    return [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
