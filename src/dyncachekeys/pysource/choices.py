"""What a name may stand for where it is bound more than once: the items of a loop, the arguments of calls."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from dyncachekeys.pysource.values import Names

Choice: TypeAlias = Mapping[str, ast.expr]
"""Names and what they stand for together, as the parameters of a function in one call of it."""
_MOST = 100
"""So many combinations are gone through."""


def choices(nodes: Sequence[ast.AST]) -> list[list[Choice]]:
    """Return for each loop over items that stand there, and for each function that is called, what its names stand for.

    Args:
        nodes: The loops, calls and functions of a module.
    """
    found = [list(_items(node)) for node in nodes if isinstance(node, (ast.For, ast.comprehension))]
    calls: dict[str, list[ast.Call]] = {}
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            calls.setdefault(node.func.id if isinstance(node.func, ast.Name) else node.func.attr, []).append(node)
    functions = (node for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    found += [[_arguments(one.args, call) for call in calls[one.name]] for one in functions if one.name in calls]
    return [some for some in found if any(some)]


def variants(expressions: Iterable[ast.expr], names: Names, known: Iterable[list[Choice]]) -> Iterator[Names]:
    """Yield what names stand for in expressions, once for each combination of choices."""
    free = _free(expressions, names)
    told = [some for some in known if any(not free.isdisjoint(one) for one in some)]
    for combination in itertools.islice(itertools.product(*told), _MOST):
        chosen = {name: value for one in combination for name, value in one.items()}
        yield names._replace(values={**names.values, **chosen})


def _items(loop: ast.For | ast.comprehension) -> Iterator[Choice]:
    """Yield the names of a loop for each item that stands there."""
    if isinstance(loop.iter, (ast.List, ast.Tuple, ast.Set)):
        for item in loop.iter.elts:
            match loop.target, item:
                case ast.Name(id=name), _:
                    yield {name: item}
                case ast.Tuple(elts=targets), ast.Tuple(elts=values):
                    pairs = zip(targets, values, strict=False)
                    yield {target.id: value for target, value in pairs if isinstance(target, ast.Name)}


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


def _free(expressions: Iterable[ast.expr], names: Names) -> set[str]:
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
