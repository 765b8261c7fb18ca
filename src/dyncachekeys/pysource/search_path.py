"""Which directories a file adds to ``sys.path``, in the shapes that build scripts use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from dyncachekeys.pysource.values import Names, relative, text


class SearchDirectory(NamedTuple):
    """A directory of ``sys.path``, relative to the project; ``front`` if it comes before what was there."""

    path: str
    front: bool


def additions(node: ast.AST, names: Names) -> Iterator[SearchDirectory | int]:
    """Yield what one node adds to ``sys.path``; a line number for what can't be told.

    Absolute directories are the machine's and not in the tree: they are left out.
    """
    for value, front in _added(node, names):
        path = text(value, names)
        if path is None:
            yield value.lineno
        elif (directory := relative(path)) is not None:
            yield SearchDirectory(directory, front)


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
