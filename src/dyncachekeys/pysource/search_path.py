"""Which directories a file adds to ``sys.path``, in the shapes that build scripts use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias, TypeGuard

from dyncachekeys.pysource.values import Names, relative, text

Place: TypeAlias = Literal["", "top", "always"]


class SearchDirectory(NamedTuple):
    """A directory of ``sys.path``, relative to the project."""

    path: str
    front: bool
    """Whether it comes before what was there."""
    file: str = ""
    """The file that adds it."""
    line: int = 0
    place: Place = ""
    """Where that stands: in a function; or at the top of the module, if it runs ``always`` and not under a condition."""
    function: str = ""
    """The function of the module, without a decorator, in whose body it stands, if it does."""


def additions(node: ast.AST, names: Names) -> Iterator[SearchDirectory | int]:
    """Yield what one node adds to ``sys.path``; a line number for what can't be told.

    Absolute directories are the machine's and not in the tree: they are left out.
    """
    for value, front in _added(node, names):
        path = text(value, names)
        if path is None:
            yield value.lineno
        elif (directory := relative(path)) is not None:
            yield SearchDirectory(directory, front, line=getattr(node, "lineno", 0))


def _added(node: ast.AST, names: Names) -> Iterator[tuple[ast.expr, bool]]:
    match node:
        case ast.Call(func=function, args=args):
            match names.qualified(function), args:
                case "sys.path.insert", [_, value]:
                    yield value, True
                case "sys.path.append", [value]:
                    yield value, False
                case "sys.path.extend", [value]:
                    yield from ((each, False) for each in elements(value, names))
        case ast.AugAssign(target=target, value=value) if _is_path(target, names):
            yield from ((each, False) for each in elements(value, names))
        case ast.Assign(targets=[target], value=value) if _is_path(target, names):
            yield from ((each, True) for each in elements(value, names))


def _is_path(node: ast.expr, names: Names) -> bool:
    """Tell ``sys.path``, ``sys.path[:]`` and ``sys.path[:0]`` from the rest."""
    return names.qualified(node.value if isinstance(node, ast.Subscript) else node) == "sys.path"


def elements(value: ast.expr, names: Names) -> Iterator[ast.expr]:
    """Yield what a list that stands there holds; what is none is yielded as it is."""
    match value:
        case ast.List(elts=held) | ast.Tuple(elts=held):
            for each in held:
                yield from elements(each.value, names) if isinstance(each, ast.Starred) else [each]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from elements(left, names)
            yield from elements(right, names)
        case (
            ast.BinOp(left=ast.List() | ast.Tuple() as items, op=ast.Mult())
            | ast.BinOp(op=ast.Mult(), right=ast.List() | ast.Tuple() as items)
        ):
            yield from elements(items, names)  # ``condition * [path]``
        case ast.IfExp(body=body, orelse=orelse):
            yield from elements(body, names)
            yield from elements(orelse, names)
        case ast.Name(id=name):
            bound, rest = names.value(name)
            yield from elements(bound, rest) if isinstance(bound, ast.expr) else [value]
        case _ if not any(names.qualified(each) == "sys.path" for each in ast.walk(value)):
            # A copy or a filtered ``sys.path``, often put back after a change, adds nothing.
            yield value


class Layout:
    """Where the lines of a module stand.

    Args:
        tree: The module.
        path: Its file.
    """

    def __init__(self, tree: ast.Module, path: str) -> None:
        self._path = path
        self.functions: list[range] = [*map(_lines, filter(_is_function, ast.walk(tree)))]
        """The lines of all functions, methods included."""
        self._named = {one.name: _lines(one) for one in tree.body if _is_function(one) and not one.decorator_list}
        self._always = {one.lineno for one in tree.body if _adds_always(one)}

    def placed(self, found: SearchDirectory) -> SearchDirectory:
        """Return a directory with where it is added."""
        line = found.line
        if any(line in lines for lines in self.functions):
            name = next((name for name, lines in self._named.items() if line in lines), "")
            return found._replace(file=self._path, function=name)
        return found._replace(file=self._path, place="always" if line in self._always else "top")


def _is_function(node: ast.AST) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> range:
    return range(function.lineno, (function.end_lineno or function.lineno) + 1)


def _adds_always(statement: ast.stmt) -> bool:
    """Tell whether a statement is on one line, and adds at the very front or at the end, whatever happens."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="insert"), args=[ast.Constant(value=0), _])):
            return statement.lineno == statement.end_lineno
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append" | "extend"))) | ast.AugAssign():
            return statement.lineno == statement.end_lineno
    return False
