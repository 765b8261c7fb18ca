"""What one module gives to functions of another, as far as it stands there: `flag("USE_X")`, with `flag` from a helper.

A module is read by itself, so that what was read of it can be kept. What its functions read under a name that a caller
gives is found here, once the callers are known.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from dyncachekeys.pysource.choices import Choices, choices, variants
from dyncachekeys.pysource.functions import leading_to
from dyncachekeys.pysource.module import parsed
from dyncachekeys.pysource.reads import Read, reads
from dyncachekeys.pysource.syntax import UNREADABLE, uncollected
from dyncachekeys.pysource.values import Names, text

_Argument: TypeAlias = "str | tuple[str | None, ...] | None"
"""A text or path, several, or what can't be told."""


class Given(NamedTuple):
    """A call of a function of another module."""

    function: str
    """Its full name."""
    arguments: tuple[_Argument, ...]
    keywords: tuple[tuple[str, _Argument], ...]
    functions: tuple[str, ...]
    """The functions and classes of the calling module that lead there."""

    @property
    def node(self) -> ast.Call:
        """The call as it would stand in the module of the function."""
        keywords = [ast.keyword(arg=name, value=_node(value)) for name, value in self.keywords]
        function = ast.Name(id=self.function.rpartition(".")[2], ctx=ast.Load())
        return ast.Call(func=function, args=[*map(_node, self.arguments)], keywords=keywords)


def dumped(given: Iterable[Given]) -> str:
    """Return calls as text."""
    return json.dumps(list(given), separators=(",", ":"))


def loaded(stored: str) -> list[Given]:
    """Return calls that were text."""
    return [Given(name, *map(_hashable, rest)) for name, *rest in json.loads(stored)]


def _hashable(stored: Any) -> Any:
    return tuple(map(_hashable, stored)) if isinstance(stored, list) else stored


@uncollected()
def given_to(functions: Collection[str], source: bytes, path: str, name: str) -> list[Given]:
    """Return the calls of some functions in a module that give them a text; none, if it can't be parsed.

    Args:
        functions: Their full names.
        source: The module's source.
        path: Where it is, relative to the project.
        name: As what it is imported.
    """
    try:
        tree, nodes, names = parsed(source, path, name)
    except UNREADABLE:
        return []
    known, leading = choices(nodes, names), leading_to(tree, nodes)
    found = (node for node in nodes if isinstance(node, ast.Call))
    calls = [(call, function) for call in found if (function := names.qualified(call.func)) in functions]
    return [
        Given(function, arguments, keywords, leading(call.lineno))
        for call, function in calls
        for arguments, keywords in _told(call, names, known)
    ]


@uncollected()
def read_when_called(given: Iterable[Given], source: bytes, path: str, name: str) -> list[Read]:
    """Return what a module reads if it is called like this, beside what it reads in any case.

    Args:
        given: The calls.
        source: The module's source, which can be parsed.
        path: Where it is, relative to the project.
        name: As what it is imported.
    """
    tree, nodes, names = parsed(source, path, name)
    before = {*reads(tree, nodes, names).reads}
    return [one for one in reads(tree, nodes, names, [one.node for one in given]).reads if one not in before]


def _told(
    call: ast.Call, names: Names, known: Iterable[Choices]
) -> Iterator[tuple[tuple[_Argument, ...], tuple[tuple[str, _Argument], ...]]]:
    """Yield the arguments of a call, once for each combination of what its names may stand for."""
    named = [(one.arg, one.value) for one in call.keywords if one.arg is not None]
    if any(isinstance(one, ast.Starred) for one in call.args):
        return
    for some in variants([*call.args, *(value for _, value in named)], names, known, call.lineno):
        arguments = tuple(_told_of(one, some) for one in call.args)
        keywords = tuple((name, _told_of(value, some)) for name, value in named)
        if any(arguments) or any(value for _, value in keywords):
            yield arguments, keywords


def _told_of(value: ast.expr, names: Names) -> _Argument:
    if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
        return tuple(text(one, names) for one in value.elts)
    return text(value, names)


def _node(value: _Argument) -> ast.expr:
    if isinstance(value, tuple):
        return ast.Tuple(elts=[*map(_node, value)], ctx=ast.Load())
    return ast.Constant(value=value)
