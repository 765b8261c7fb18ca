"""What a name may stand for where it is bound more than once: the items of a loop, the arguments of calls."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from dyncachekeys.pysource.values import Names

Choice: TypeAlias = Mapping[str, ast.expr]
"""Names and what they stand for together, as the parameters of a function in one call of it."""
_MOST = 100
"""So many combinations are gone through."""


class Choices(NamedTuple):
    """What names may stand for on some lines."""

    of: list[Choice]
    lines: range | None = None
    """Those of a function, for its parameters; nothing if it is everywhere."""


def choices(nodes: Sequence[ast.AST], names: Names) -> list[Choices]:
    """Return for each loop over items that stand there, and for each function that is called, what its names stand for.

    Args:
        nodes: The loops, calls and functions of a module.
        names: What its names stand for that are bound once.
    """
    calls: dict[str, list[ast.Call]] = {}
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            calls.setdefault(node.func.id if isinstance(node.func, ast.Name) else node.func.attr, []).append(node)
    functions = (node for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    found = [
        Choices([_arguments(one.args, call) for call in calls[one.name]], range(one.lineno, (one.end_lineno or 0) + 1))
        for one in functions
        if one.name in calls
    ]
    for loop in (node for node in nodes if isinstance(node, (ast.For, ast.comprehension))):
        given = [one for some in found if _are_for(some, loop.iter.lineno) for one in some.of]
        items = [one for some in _iterated(loop.iter, names, given) for one in some]
        found.append(Choices([*_items(loop.target, items)]))
    return [some for some in found if any(some.of)]


def variants(expressions: Sequence[ast.expr], names: Names, known: Iterable[Choices], line: int) -> Iterator[Names]:
    """Yield what names stand for in expressions on a line, once for each combination of choices."""
    wanted = free(expressions, names)
    some = [one.of for one in known if _are_for(one, line) and any(not wanted.isdisjoint(each) for each in one.of)]
    for combination in itertools.islice(itertools.product(*some), _MOST):
        chosen = {name: value for one in combination for name, value in one.items()}
        yield names._replace(values={**names.values, **chosen})


def _are_for(choices: Choices, line: int) -> bool:
    return choices.lines is None or line in choices.lines


def _iterated(what: ast.expr, names: Names, given: Iterable[Choice]) -> Iterator[Sequence[ast.expr]]:
    """Yield the items that a loop goes over, if they stand there: by themselves, under a name, or in a call."""
    found: Iterable[ast.expr | str | None] = [what]
    if isinstance(what, ast.Name):
        found = [names.values.get(what.id), *(one.get(what.id) for one in given)]
    yield from (one.elts for one in found if isinstance(one, (ast.List, ast.Tuple, ast.Set)))


def _items(target: ast.expr, items: Iterable[ast.expr]) -> Iterator[Choice]:
    """Yield the names of a loop for each item."""
    for item in items:
        match target, item:
            case ast.Name(id=name), _:
                yield {name: item}
            case ast.Tuple(elts=targets), ast.Tuple(elts=values):
                pairs = zip(targets, values, strict=False)
                yield {one.id: value for one, value in pairs if isinstance(one, ast.Name)}


def _arguments(parameters: ast.arguments, call: ast.Call) -> Choice:
    """Return what the parameters of a function are in a call; one of a method begins with the object."""
    named = [one.arg for one in (*parameters.posonlyargs, *parameters.args)]
    if isinstance(call.func, ast.Attribute) and named[:1] in (["self"], ["cls"]):
        named = named[1:]
    found = dict(zip(reversed(named), reversed(parameters.defaults), strict=False))
    keywords = zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True)
    found |= {one.arg: value for one, value in keywords if value is not None}
    found |= dict(zip(named, call.args, strict=False))
    found |= {one.arg: one.value for one in call.keywords if one.arg is not None}
    if parameters.vararg is not None:
        found[parameters.vararg.arg] = ast.Tuple(elts=call.args[len(named) :], ctx=ast.Load())
    return found


def free(expressions: Iterable[ast.expr], names: Names) -> set[str]:
    """Return the names in expressions, and in what these stand for."""
    found: set[str] = set()
    todo: list[ast.AST] = list(expressions)
    while todo:
        for node in ast.walk(todo.pop()):
            if isinstance(node, ast.Name) and node.id not in found:
                found.add(node.id)
                value = names.values.get(node.id)
                todo += [value] if isinstance(value, ast.AST) else []
    return found
