"""``resolver = "table"``: chosen tables of a TOML or JSON file, or names of a Python module, by value."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import tomli

from dyncachekeys.backends.tables import build_tables
from dyncachekeys.plugin import Checked, Context, Problem, ResolverError, Value, check_path, resolver
from dyncachekeys.pysource.assignments import UNKNOWN, assignments
from dyncachekeys.pysource.syntax import UNREADABLE

PYPROJECT = "pyproject.toml"
_ABSENT = object()


def _steps(dotted: str) -> list[str]:
    """Return the keys of a dotted name, written as in TOML: `tool."my.table".x`."""
    node: Any = tomli.loads(f"{dotted} = 0")
    steps = []
    while isinstance(node, dict):
        ((step, node),) = node.items()
        steps.append(step)
    return steps


def _dotted(path: Sequence[str]) -> str:
    """Return keys as a dotted name, quoted where TOML asks for it."""
    return ".".join(
        step if re.fullmatch(r"[\w-]+", step, re.ASCII) else json.dumps(step, ensure_ascii=False) for step in path
    )


def _check_dotted(dotted: str) -> str | None:
    try:
        _steps(dotted)
    except ValueError:
        return f'"{dotted}" is not a dotted key; write it as in TOML: tool."my.table".x'
    return None


Dotted = Annotated[str, Checked(_check_dotted)]


@resolver(machine=False)
def table(
    context: Context,
    *,
    file: Annotated[
        str, Checked(check_path), "a TOML file, a JSON file (`.json`), or a Python module (`.py`)"
    ] = PYPROJECT,
    tables: Annotated[
        list[Dotted] | None, "dotted names of what counts; everything, if neither this nor `preset` is given"
    ] = None,
    exclude: Annotated[list[Dotted], "dotted names of what does not count"] = [],  # noqa: B006  never changed
    preset: Annotated[
        Literal["build"] | None, "add what the build reads in `pyproject.toml`, going by its backend"
    ] = None,
) -> Iterable[Value]:
    """Yield each chosen table by value: layout, comments and the order of keys don't count.

    A missing file or table is a state. A file that can't be parsed is an error. In a Python module, a table is
    what a name is assigned; if that is not a literal, the whole module counts.
    """
    of_pyproject = posixpath.normpath(file) == PYPROJECT
    if preset and not of_pyproject:
        message = f"is about `{PYPROJECT}`, not `{file}`"
        remedy = "leave `file` out, or take `tables` instead, or write a key for each"
        raise ResolverError([Problem("invalid-option", message, f"{context.where}.preset", remedy)])
    data = context.pyproject if of_pyproject else _read(context, file, tables)
    left_out = [_steps(dotted) for dotted in exclude]
    if of_pyproject and tables is None:
        left_out.append(["tool", "dyncachekeys"])  # the build does not read the configuration of keys
    for dotted, (path, reason) in _chosen(context, file, tables, left_out, preset).items():
        yield Value(f"{file}:{dotted}" if dotted else file, _state(data, path, left_out), reason, tree=True)


def _chosen(
    context: Context, file: str, tables: Sequence[str] | None, left_out: Sequence[Sequence[str]], preset: str | None
) -> dict[str, tuple[list[str], str]]:
    """Return what counts, by dotted name: the keys that lead there, and the reason."""
    chosen = {}
    for path, reader in build_tables(context.pyproject).items() if preset else ():
        if not any(list(path[: len(steps)]) == steps for steps in left_out):
            chosen[_dotted(path)] = list(path), f"preset `{preset}`: read by {reader}"
    for dotted in tables or ():
        chosen[dotted] = _steps(dotted), f"table {dotted} of {file}"
    if tables is None and not preset:
        chosen[""] = [], f"table whole of {file}"
    return chosen


def _read(context: Context, file: str, tables: Sequence[str] | None) -> Any:
    try:
        content = context.read_bytes(file)
    except FileNotFoundError:
        context.warn("file-missing", f"there is no file `{file}`")
        return _ABSENT
    if file.endswith(".py"):
        return _assigned(context, file, content, tables)
    try:
        text = content.decode("utf-8-sig")
        return json.loads(text) if file.endswith(".json") else tomli.loads(text)
    except ValueError as error:
        message = f"{file} can't be parsed: {error}"
        raise ValueError(message) from error


def _assigned(context: Context, file: str, source: bytes, tables: Sequence[str] | None) -> Any:
    """Return what a module assigns; its text takes the place of what can't be known without running it."""
    wanted = [_steps(dotted)[0] for dotted in tables or ()]
    try:
        found = assignments(source)
    except UNREADABLE:  # the module may be for another Python than this one
        found = dict.fromkeys(wanted or [""], UNKNOWN)
    if "*" in found:  # any name may come from there
        found = {**dict.fromkeys(wanted, UNKNOWN), **found}
    _warn_of_unknown(context, file, wanted, found)
    whole = _Whole(source.decode("latin-1"))
    if tables is None and UNKNOWN in found.values():
        return whole
    return {name: whole if value is UNKNOWN else value for name, value in found.items()}


def _warn_of_unknown(context: Context, file: str, names: Iterable[str], assigned: Mapping[str, Any]) -> None:
    for name in names:
        if name not in assigned:
            context.warn("no-literal", f"{file} assigns no `{name}`")
        elif assigned[name] is UNKNOWN:
            message = f"`{name}` is not assigned just once, to a literal, in {file}: the whole file counts"
            context.warn("no-literal", message)


class _Whole(str):
    """The text of a module, for whatever is asked of it."""

    __slots__ = ()


def _state(data: Any, path: Sequence[str], left_out: Sequence[Sequence[str]]) -> list[Any]:
    """Return what a path leads to; in a list, so that a null in JSON differs from a table that is missing."""
    below = [steps[len(path) :] for steps in left_out if steps[: len(path)] == path]
    chosen = _without(_selected(data, path), below)
    return [] if chosen is _ABSENT else [chosen]


def _selected(data: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if isinstance(data, _Whole):
            break
        if not isinstance(data, Mapping) or step not in data:
            return _ABSENT
        data = data[step]
    return str(data) if isinstance(data, _Whole) else data


def _without(data: Any, left_out: Sequence[Sequence[str]]) -> Any:
    """Return the data without what the paths lead to."""
    if [] in left_out:
        return _ABSENT
    if not left_out or not isinstance(data, Mapping):
        return data
    below = {name: [path[1:] for path in left_out if path[0] == name] for name in data}
    rest = {name: _without(value, below[name]) for name, value in data.items()}
    return {name: value for name, value in rest.items() if value is not _ABSENT}
