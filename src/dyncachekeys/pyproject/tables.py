"""The tables of ``pyproject.toml``, told apart by digests that tell nothing of their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dyncachekeys.encoding import sealed, value_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def sealed_tables(pyproject: Mapping[str, Any], salt: bytes) -> dict[str, str]:
    """Return for each table, such as ``project`` or ``tool.ruff``, the sealed digest of its values.

    Args:
        pyproject: The parsed file.
        salt: Of this checkout.
    """
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
    tool = pyproject.get("tool")
    if not isinstance(tool, dict):
        return dict(pyproject)
    kept = {name: table for name, table in tool.items() if name != "dyncachekeys"}
    others = {name: table for name, table in pyproject.items() if name != "tool"}
    return {**others, "tool": kept} if kept else others
