"""Which names a module has for sure, which it exports, what a relative name means in it, and which branches run."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator


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


_ONLY_STATEMENTS = ("body", "orelse", "handlers", "finalbody", "cases")
"""What of a statement holds statements, in the order of the source."""
_NEVER_TELLING = {"ctx", "op", "ops", "type_comment", "type_ignores"}


def _classes(base: type[ast.AST]) -> Iterator[type[ast.AST]]:
    for one in base.__subclasses__():
        yield one
        yield from _classes(one)


def _fields(one: type[ast.AST]) -> tuple[str, ...]:
    """Return what of a node may hold others that say anything."""
    return () if issubclass(one, ast.Constant | ast.Name) else tuple(f for f in one._fields if f not in _NEVER_TELLING)


_BELOW = {one: _fields(one) for one in _classes(ast.AST)}
_STATEMENTS_BELOW = {
    one: tuple(name for name in _ONLY_STATEMENTS if name in one._fields)
    for one in _classes(ast.AST)
    if not issubclass(one, ast.expr)
}


def that_run(
    tree: ast.AST, name: str, wanted: Container[type[ast.AST]], *, only_statements: bool = False
) -> Iterator[ast.AST]:
    """Yield the nodes that may run when the module does, in the order of the source.

    Args:
        tree: The module.
        name: As what it runs.
        wanted: The classes of the nodes that are yielded.
        only_statements: Expressions are passed over, which are most of a module.
    """
    fields = _STATEMENTS_BELOW if only_statements else _BELOW
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        kind = node.__class__
        if kind in wanted:
            yield node
        below: list[ast.AST] = []
        for field in fields.get(kind, ()):  # a list may hold names, and nothing at all
            value = getattr(node, field, None)
            if value.__class__ is list:
                below += value
            elif isinstance(value, ast.AST):
                below.append(value)
        if isinstance(node, ast.If) and (true := _truth(node.test, name)) is not None:
            below = [node.test, *(node.body if true else node.orelse)]
        below.reverse()
        stack += below


def _truth(test: ast.expr, name: str) -> bool | None:
    """Decide ``TYPE_CHECKING`` and ``__name__ == "__main__"``; ``None`` for all else."""
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return False
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            true = _truth(operand, name)
            return None if true is None else not true
        case ast.BoolOp(op=ast.And(), values=values) if any(_truth(each, name) is False for each in values):
            return False
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return name == "__main__"
    return None
