"""What an expression is worth, as far as reading can tell: module names and paths, both as text."""

from __future__ import annotations

import ast
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from dyncachekeys.pysource.bindings import absolute

_ABSOLUTE = re.compile(r"[/~]|[A-Za-z]:")
_CONSTANTS = {"os.curdir": ".", "os.pardir": "..", "os.sep": "/"}
_HERE = {"os.getcwd", "pathlib.Path.cwd"}
_SAME = {"os.path.abspath", "os.path.realpath", "os.path.normpath", "os.fspath", "str"}
_JOIN = {"os.path.join", "pathlib.Path", "pathlib.PurePath"}
_SAME_METHODS = {"resolve", "absolute", "as_posix"}


class Names(NamedTuple):
    """What the names of one file stand for."""

    origins: Mapping[str, str]
    """Imported names: ``im`` is ``importlib.import_module``."""
    values: Mapping[str, ast.expr | str]
    """Names that are bound exactly once, and ``__file__``, ``__name__`` and ``__package__``."""

    @classmethod
    def of(cls, nodes: Iterable[ast.AST], given: Mapping[str, str]) -> Names:
        """Collect the names of a file.

        A name that is bound twice is worth nothing: which value counts depends on the course of the
        program, and scopes are not told apart.
        """
        origins: dict[str, str] = {}
        values: dict[str, ast.expr | str] = {}
        bound: Counter[str] = Counter()
        for node in nodes:
            match node:
                case ast.Import(names=aliases):
                    for alias in aliases:
                        first = alias.name.partition(".")[0]
                        origins.setdefault(alias.asname or first, alias.name if alias.asname else first)
                case ast.ImportFrom(module=module, names=aliases, level=level):
                    if of := absolute("." * level + (module or ""), given.get("__package__", "")):
                        for alias in aliases:
                            origins.setdefault(alias.asname or alias.name, f"{of}.{alias.name}")
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    values[name] = value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    values[name] = value
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                    bound[name] += 1
        once = {name: value for name, value in values.items() if bound[name] == 1}
        return cls(origins, {**given, **once})

    def qualified(self, node: ast.AST) -> str:
        """Return the full name of what a name or an attribute refers to (``sys.path``), else ``""``."""
        match node:
            case ast.Name(id=name):
                return self.origins.get(name, name)
            case ast.Attribute(value=value, attr=attribute):
                owner = self.qualified(value)
                return f"{owner}.{attribute}" if owner else ""
        return ""

    def value(self, name: str) -> tuple[ast.expr | str | None, Names]:
        """Return what a name is bound to, and the names without it: ``x = f(x)`` must end."""
        rest = {other: value for other, value in self.values.items() if other != name}
        return self.values.get(name), Names(self.origins, rest)


def parent(path: str) -> str:
    """Return the directory of a project-relative path, which may lie above the project."""
    return posixpath.normpath(f"{path}/..")


def relative(path: str) -> str | None:
    """Return a path in its shortest form, or ``None`` for what is the machine's and not the tree's."""
    return None if _ABSOLUTE.match(path) or "\0" in path else posixpath.normpath(path)


def inside(path: str) -> str | None:
    """Return a path in its shortest form, or ``None`` if it does not lead to something in the project."""
    place = relative(path)
    return None if place is None or place.split("/")[0] in {"..", "."} else place


def text(node: ast.expr | str | None, names: Names) -> str | None:  # noqa: PLR0911  one per shape
    """Return an expression's text or path, or ``None`` if it can't be told.

    Paths are relative to the project, where build backends run (PEP 517: the working directory is
    the root of the source tree): ``os.getcwd()`` is ``.``, and being absolute changes nothing.
    """
    match node:
        case str() | ast.Constant(value=str()):
            return node if isinstance(node, str) else str(node.value)
        case ast.Name(id=name):
            return text(*names.value(name))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _together([left, right], names, "".join)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _together([left, right], names, _joined)
        case ast.JoinedStr(values=values):
            return _together(values, names, "".join)
        case ast.FormattedValue(value=value, format_spec=None):
            return text(value, names)
        case ast.Call():
            return _called(node, names)
        case ast.Attribute(value=value, attr="parent"):
            return _up(value, 1, names)
        case ast.Subscript(value=ast.Attribute(value=value, attr="parents"), slice=ast.Constant(value=int(n))):
            return _up(value, n + 1, names) if n >= 0 else None
    return _CONSTANTS.get(names.qualified(node)) if node else None


def joined(nodes: Iterable[ast.expr], names: Names) -> str | None:
    """Return the path that some parts make together, or ``None`` if one of them can't be told."""
    return _together(nodes, names, _joined)


def _called(call: ast.Call, names: Names) -> str | None:
    function = names.qualified(call.func)
    if function in _HERE:
        return "."
    if function in _JOIN or (function in _SAME and len(call.args) == 1):
        return _together(call.args, names, _joined)
    if function == "os.path.dirname" and len(call.args) == 1:
        return _up(call.args[0], 1, names)
    match call.func:
        case ast.Attribute(value=value, attr=method) if method in _SAME_METHODS:
            return text(value, names)
        case ast.Attribute(value=value, attr="joinpath"):
            return _together([value, *call.args], names, _joined)
    return None


def _together(nodes: Iterable[ast.expr], names: Names, join: Callable[[list[str]], str]) -> str | None:
    parts = [text(node, names) for node in _unpacked(nodes, names)]
    known = [part for part in parts if part is not None]
    return join(known) if len(known) == len(parts) else None


def _unpacked(nodes: Iterable[ast.expr], names: Names) -> Iterator[ast.expr]:
    """Yield expressions, and in place of ``*name`` what that stands for."""
    for node in nodes:
        match node:
            case ast.Starred(value=ast.Name(id=name)):
                value, _ = names.value(name)
                yield from value.elts if isinstance(value, (ast.Tuple, ast.List)) else [node]
            case _:
                yield node


def _joined(parts: list[str]) -> str:
    return posixpath.join(*parts) if parts else "."


def _up(node: ast.expr, levels: int, names: Names) -> str | None:
    path = text(node, names)
    for _ in range(levels if path is not None else 0):
        path = parent(str(path))
    return path
