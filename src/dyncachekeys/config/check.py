"""Checking values against options: types, further checks, and what is not built yet."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from dyncachekeys.config.options import Checked, Option, options_of
from dyncachekeys.errors import Problem, nearest

_PLAIN = {
    str: ("text", '"..."'),
    bool: ("true or false", "true"),
    int: ("a whole number", "1"),
    float: ("a number", "1.5"),
}


class Gone(NamedTuple):
    """An option that there was once."""

    instead: str
    """What there is in its place."""
    remedy: str


def check_options(
    function: Callable[..., object],
    given: Mapping[str, Any],
    where: str,
    gone: Mapping[str, Gone] = MappingProxyType({}),
) -> list[Problem]:
    """Return what is wrong with a key's options: unknown, missing, of a wrong type or value.

    Args:
        function: The resolver.
        given: The options by their names in Python.
        where: The key's path, such as ``tool.dyncachekeys.keys.sources``.
        gone: What the resolver took in earlier versions.
    """
    known, open_ended = options_of(function)
    problems = [
        Problem("missing-option", "is missing", f"{where}.{option.spelled}", f"add `{option.spelled} = ...`")
        for option in known.values()
        if option.required and option.name not in given
    ]
    for name, value in given.items():
        spelled = name.replace("_", "-")
        if name in known:
            problems += mismatches(value, known[name], f"{where}.{spelled}")
        elif name in gone:
            message = f"the resolver no longer has this option: {gone[name].instead}"
            problems.append(Problem("option-gone", message, f"{where}.{spelled}", gone[name].remedy))
        elif not open_ended:
            remedy = nearest(spelled, (option.spelled for option in known.values()))
            problems.append(Problem("unknown-option", "the resolver has no such option", f"{where}.{spelled}", remedy))
    return problems


def mismatches(value: object, option: Option, where: str) -> list[Problem]:
    """Return what is wrong with the value of an option at a key path."""
    return _mismatches(value, option.annotation, where)


def _mismatches(value: object, annotation: Any, where: str) -> list[Problem]:
    check = _BY_ORIGIN.get(get_origin(annotation) or annotation, _plain)
    return check(value, annotation, where)


def _annotated(value: object, annotation: Any, where: str) -> list[Problem]:
    inner, *notes = get_args(annotation)
    found = _mismatches(value, inner, where)
    if found or not isinstance(value, str):
        return found
    messages = filter(None, (note.check(value) for note in notes if isinstance(note, Checked)))
    return [Problem("invalid-option", message, where, "write another value") for message in messages]


def _either(value: object, annotation: Any, where: str) -> list[Problem]:
    tries = [_mismatches(value, one, where) for one in get_args(annotation)]
    return [] if [] in tries else tries[0]


def _literal(value: object, annotation: Any, where: str) -> list[Problem]:
    allowed = [shown(one) for one in get_args(annotation)]
    if any(value == one and type(value) is type(one) for one in get_args(annotation)):
        return []
    return [_wrong_type(value, f"one of {', '.join(allowed)}", where, allowed[0])]


def _list(value: object, annotation: Any, where: str) -> list[Problem]:
    if not isinstance(value, list):
        return [_wrong_type(value, "a list", where, "[...]")]
    (inner, *_) = get_args(annotation) or (Any,)
    return [problem for n, one in enumerate(value) for problem in _mismatches(one, inner, f"{where}[{n}]")]


def _table(value: object, annotation: Any, where: str) -> list[Problem]:
    if not isinstance(value, dict):
        return [_wrong_type(value, "a table", where, "{ ... }")]
    (_, inner) = get_args(annotation) or (str, Any)
    return [problem for name, one in value.items() for problem in _mismatches(one, inner, f"{where}.{name}")]


def _plain(value: object, annotation: Any, where: str) -> list[Problem]:
    if annotation not in _PLAIN:
        return []  # anything goes
    fits = isinstance(value, (int, float) if annotation is float else annotation)
    if isinstance(value, bool) and annotation is not bool:  # bool is an int only in Python
        fits = False
    return [] if fits else [_wrong_type(value, _PLAIN[annotation][0], where, _PLAIN[annotation][1])]


def _nothing(value: object, _: Any, where: str) -> list[Problem]:
    return [_wrong_type(value, "left out", where, "nothing")]  # TOML has no null


_BY_ORIGIN: dict[Any, Callable[[object, Any, str], list[Problem]]] = {
    Annotated: _annotated,
    Union: _either,
    types.UnionType: _either,
    Literal: _literal,
    **dict.fromkeys((list, tuple, Sequence, set, frozenset), _list),
    **dict.fromkeys((dict, Mapping), _table),
    type(None): _nothing,
}


def _wrong_type(value: object, wanted: str, where: str, example: str) -> Problem:
    return Problem("wrong-type", f"must be {wanted}, not {shown(value)}", where, f"write it as `{example}`")


def shown(value: object) -> str:
    """Return a value as messages show it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return "a list" if isinstance(value, list) else "a table" if isinstance(value, dict) else str(value)
