"""``hatch.toml``, whose tables hatchling takes in place of those of ``tool.hatch``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tomli

from dyncachekeys.backends.files import built_with
from dyncachekeys.pyproject.tables import table_at

_OF_HATCHLING = frozenset({"build", "metadata", "version"})
"""What hatchling reads of `tool.hatch`, as of ``hatch.toml``; all else is the command line's."""


def has_hatch_toml(pyproject: Mapping[str, Any], is_file: Callable[[str], bool]) -> bool:
    """Tell whether hatchling builds the project and reads a ``hatch.toml``."""
    return built_with(pyproject, "hatchling") and is_file("hatch.toml")


def counts_hatch_toml(
    pyproject: Mapping[str, Any], is_file: Callable[[str], bool], read: Callable[[str], bytes]
) -> bool:
    """Tell whether hatchling reads a ``hatch.toml`` that says anything of the build, and not only of environments."""
    if not has_hatch_toml(pyproject, is_file):
        return False
    try:
        return not _OF_HATCHLING.isdisjoint(tomli.loads(read("hatch.toml").decode()))
    except (OSError, ValueError):  # it has to be right for the build
        return True


def with_hatch_toml(
    pyproject: Mapping[str, Any], is_file: Callable[[str], bool], read: Callable[[str], bytes]
) -> Mapping[str, Any]:
    """Return ``pyproject.toml`` as hatchling reads it: tables of ``hatch.toml`` replace those of ``tool.hatch``."""
    if not has_hatch_toml(pyproject, is_file):
        return pyproject
    try:
        own = tomli.loads(read("hatch.toml").decode())
    except (OSError, ValueError):
        return pyproject
    hatch = {**table_at(pyproject, "tool.hatch"), **own}
    return {**pyproject, "tool": {**table_at(pyproject, "tool"), "hatch": hatch}}
