"""Which tables of a project's ``pyproject.toml`` its build reads, going by its backend and requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dyncachekeys.backends.tables import BACKENDS, NOT_READ, OF_UV, OF_UV_BY_PROJECT, READ
from dyncachekeys.names import normalised_name, required_name
from dyncachekeys.pyproject.tables import at, table_at

Path = tuple[str, ...]
"""The keys that lead to a table."""


def build_tables(pyproject: Mapping[str, Any]) -> dict[Path, str]:
    """Return the tables that the build reads, sorted, none inside another, each with who reads it.

    ``project`` and ``build-system`` are always among them, all others only if they are there. What is not
    of the right type is passed over: that is the build's to report.
    """
    found: dict[Path, str] = {("build-system",): "uv", ("project",): "every backend"}
    names = distributions(pyproject)
    for name in names:
        for path in _of_distribution(pyproject, name):
            found.setdefault(path, name)
    for path in _of_uv(pyproject, names):
        found.setdefault(path, "uv")
    return {
        path: reader
        for path, reader in sorted(found.items())
        if not any(path[:length] in found for length in range(1, len(path)))
    }


def distributions(pyproject: Mapping[str, Any]) -> list[str]:
    """Return the normalised names of the backend and of all that is installed for the build."""
    backend = at(pyproject, "build-system.build-backend")
    first = _of_module(backend) if isinstance(backend, str) else "setuptools"  # PEP 517: the default
    wanted = [*_list(at(pyproject, "build-system.requires")), *_dependencies(at(pyproject, "tool.hatch.build"))]
    for path in _named(pyproject, "tool.uv.extra-build-dependencies", _own(pyproject)):
        extra = _list(at(pyproject, path))
        wanted += [one.get("requirement") if isinstance(one, Mapping) else one for one in extra]
    return list(dict.fromkeys([first, *filter(None, map(required_name, wanted))]))


def _of_module(backend: str) -> str:
    """Return the distribution of a backend, going by its module's name; a setuptools wrapper is its own."""
    known = (name for module, name in BACKENDS.items() if f"{backend}.".startswith(f"{module}."))
    return next(known, normalised_name(re.split(r"[.:]", backend.strip(), maxsplit=1)[0]))


def _of_distribution(pyproject: Mapping[str, Any], name: str) -> Iterator[Path]:
    """Yield the tables that a distribution reads and that are there."""
    if name not in READ:
        yield from _named(pyproject, "tool", [name])
        return
    for dotted in READ[name]:
        value, path = at(pyproject, dotted), tuple(dotted.split("."))
        if dotted in NOT_READ and isinstance(value, Mapping):
            yield from ((*path, key) for key in value if key not in NOT_READ[dotted])
        elif value is not None:
            yield path


def _of_uv(pyproject: Mapping[str, Any], names: Sequence[str]) -> Iterator[Path]:
    """Yield what uv reads to make the build's environment and to call the backend."""
    yield from (tuple(dotted.split(".")) for dotted in OF_UV if at(pyproject, dotted) is not None)
    yield from _named(pyproject, "tool.uv.sources", names)
    for dotted in OF_UV_BY_PROJECT:
        yield from _named(pyproject, dotted, _own(pyproject))


def _dependencies(table: object) -> Iterator[object]:
    """Yield what a table and those inside it list as `dependencies`: so hatchling's hooks ask for packages."""
    if isinstance(table, Mapping):
        yield from _list(table.get("dependencies"))
        for inner in table.values():
            yield from _dependencies(inner)


def _named(pyproject: Mapping[str, Any], dotted: str, names: Sequence[str]) -> list[Path]:
    """Return the paths to what a table holds under one of the names, however it is spelled."""
    return [(*dotted.split("."), key) for key in table_at(pyproject, dotted) if normalised_name(key) in names]


def _own(pyproject: Mapping[str, Any]) -> list[str]:
    name = at(pyproject, "project.name")
    return [normalised_name(name)] if isinstance(name, str) else []


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
