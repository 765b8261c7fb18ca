"""What `init` writes, taken out of a file again: text to text, and proved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dyncachekeys.config.model import WHERE
from dyncachekeys.errors import DyncachekeysError, EditError, Problem
from dyncachekeys.names import normalised_name
from dyncachekeys.propose.set_up import COMMENT, canonical
from dyncachekeys.pyproject.assign import Assignment, assign
from dyncachekeys.pyproject.project import FILE, HOME
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.source import decode, parse
from dyncachekeys.pyproject.tables import at, table_at
from dyncachekeys.pyproject.take_away import take_away
from dyncachekeys.uv import build_variables
from dyncachekeys.uv.build_variables import OPTION, VARIABLE, Place

TABLE = tuple(WHERE.split("."))


def without_keys(data: bytes, paths: Iterable[Sequence[str]], is_ours: Callable[[str], bool]) -> bytes:
    """Return a ``pyproject.toml`` without some keys, or our whole table.

    Args:
        data: The document.
        paths: What goes.
        is_ours: Tells of a comment right above it whether it goes, too.

    Raises:
        EditError: it can't be done safely.
    """
    for path in paths:
        data = _without(data, tuple(path), is_ours, FILE)
    return data


def without_lines(data: bytes, names: Iterable[str], place: Place) -> bytes:
    """Return uv's settings without the lines that make builds of some packages watched; another ``PYTHONPATH`` stays.

    Raises:
        ConfigurationError: the file can't be parsed.
        EditError: it can't be done safely.
    """
    where = place.path.name
    for name in dict.fromkeys(map(normalised_name, names)):
        for own in build_variables.spellings(table_at(parse(data, where), place.prefix), name):
            path = (*place.prefix, OPTION, own, VARIABLE)
            paths = at(parse(data, where), path)
            if not build_variables.leads_to_watch(paths):
                continue
            if rest := build_variables.without_watch(paths):
                bom, text = decode(data, where)
                data = bom + assign(text, Assignment(path, rest, len(path), "")).encode()
            else:
                top = _highest(parse(data, where), path, len(place.prefix) + 1)
                data = _without(data, top, f"# {COMMENT}".__eq__, where)
    return data


def without_ignore_line(data: bytes) -> bytes:
    """Return an ignore file without the line that names our folder."""
    ours = {f"/{HOME}/".encode(), f"{HOME}/".encode()}
    return b"".join(line for line in data.splitlines(keepends=True) if line.rstrip() not in ours)


def _highest(document: Any, path: Sequence[str], least: int) -> Sequence[str]:
    """Return the path of the highest table that holds nothing else than what is at a path."""
    while len(path) > least and len(table_at(document, path[:-1])) == 1:
        path = path[:-1]
    return path


def _without(data: bytes, path: Sequence[str], is_ours: Callable[[str], bool], where: str) -> bytes:
    bom, text = decode(data, where)
    after = bom + take_away(text, tuple(path), is_ours).encode()
    try:
        expected = _pruned(_less(parse(data, where), path))
        proved = canonical(_pruned(parse(after, where))) == canonical(expected)
        proved = proved and cut(after).entries == cut(data).entries
    except DyncachekeysError:
        proved = False
    if not proved:
        remedy = f"remove it by hand, then run `dyncachekeys clean`: {'.'.join(path)}"
        message = "it can't be taken away safely, so the file was left as it was"
        raise EditError([Problem("edit-not-proved", message, f"{where}: {'.'.join(path)}", remedy)])
    return after


def _less(table: Any, path: Sequence[str]) -> Any:
    name, *rest = path
    if not isinstance(table, dict) or name not in table:
        return table
    return {key: _less(value, rest) if key == name else value for key, value in table.items() if key != name or rest}


def _pruned(table: Any) -> Any:
    """Return a table without the tables in it that hold nothing: they may be there for what went."""
    if not isinstance(table, dict):
        return table
    pruned = {name: _pruned(value) for name, value in table.items()}
    return {name: value for name, value in pruned.items() if value != {} or not isinstance(value, dict)}
