"""The tables of a parsed ``pyproject.toml``: looked up by their path, and compared by digests that hide their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dyncachekeys.encoding import sealed, value_digest


def at(document: Any, path: str | Sequence[str]) -> Any:
    """Return the value under nested keys, or a dotted key, of parsed TOML; nothing if it is not there."""
    for name in path.split(".") if isinstance(path, str) else path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def table_at(document: Any, path: str | Sequence[str]) -> dict[str, Any]:
    """Return the table under nested keys; an empty one if none is there. Arguments as `at`."""
    found = at(document, path)
    return found if isinstance(found, dict) else {}


def sealed_tables(pyproject: Mapping[str, Any], salt: bytes) -> dict[str, str]:
    """Return for each table, such as ``project`` or ``tool.ruff``, the sealed digest of its values."""
    return {name: sealed(salt, value_digest(value)) for name, value in _tables(pyproject)}


def _tables(pyproject: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in pyproject.items():
        if name == "tool" and isinstance(value, dict):
            yield from ((f"tool.{tool}", settings) for tool, settings in value.items())
        else:
            yield name, value


def differing(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Return the names of the tables that are not the same, sorted."""
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def without_our_table(pyproject: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parsed ``pyproject.toml`` without ``tool.dyncachekeys``, which decides what is watched and builds nothing."""
    if not isinstance(pyproject.get("tool"), dict):
        return dict(pyproject)
    tools = {name: table for name, table in pyproject["tool"].items() if name != "dyncachekeys"}
    others = {name: table for name, table in pyproject.items() if name != "tool"}
    return {**others, "tool": tools} if tools else others
