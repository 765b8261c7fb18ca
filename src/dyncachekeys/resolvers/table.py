"""``resolver = "table"``: chosen tables of a TOML or JSON file, or names of a Python module, by value."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import tomli

from dyncachekeys.backends.tables import build_tables
from dyncachekeys.plugin import Checked, Context, Problem, ResolverError, Value, check_path, resolver
from dyncachekeys.pysource.assignments import UNKNOWN, assignments
from dyncachekeys.pysource.syntax import UNREADABLE
from dyncachekeys.resolvers.nested import ABSENT, Whole, check_dotted, dotted_name, state_of, steps_of

PYPROJECT = "pyproject.toml"
Dotted = Annotated[str, Checked(check_dotted)]


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
    left_out = [steps_of(dotted) for dotted in exclude]
    if of_pyproject and tables is None:
        left_out.append(["tool", "dyncachekeys"])  # the build does not read the configuration of keys
    for dotted, (path, reason) in _chosen(context, file, tables, left_out, preset).items():
        yield Value(f"{file}:{dotted}" if dotted else file, state_of(data, path, left_out), reason, tree=True)


def _chosen(
    context: Context, file: str, tables: Sequence[str] | None, left_out: Sequence[Sequence[str]], preset: str | None
) -> dict[str, tuple[list[str], str]]:
    """Return what counts, by dotted name: the keys that lead there, and the reason."""
    chosen = {}
    for path, reader in build_tables(context.pyproject).items() if preset else ():
        if not any(list(path[: len(steps)]) == steps for steps in left_out):
            chosen[dotted_name(path)] = list(path), f"preset `{preset}`: read by {reader}"
    for dotted in tables or ():
        chosen[dotted] = steps_of(dotted), f"table {dotted} of {file}"
    if tables is None and not preset:
        chosen[""] = [], f"table whole of {file}"
    return chosen


def _read(context: Context, file: str, tables: Sequence[str] | None) -> Any:
    try:
        content = context.read_bytes(file)
    except FileNotFoundError:
        context.warn(
            "file-missing", f"there is no file `{file}`: fix the name, or make it; until then it counts as missing"
        )
        return ABSENT
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
    wanted = [steps_of(dotted)[0] for dotted in tables or ()]
    try:
        found = assignments(source)
    except UNREADABLE:  # the module may be for another Python than this one
        found = dict.fromkeys(wanted or [""], UNKNOWN)
    if "*" in found:  # any name may come from there
        found = {**dict.fromkeys(wanted, UNKNOWN), **found}
    _warn_of_unknown(context, file, wanted, found)
    whole = Whole(source.decode("latin-1"))
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
