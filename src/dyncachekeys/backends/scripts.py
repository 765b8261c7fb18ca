"""Which scripts a build backend runs from the tree because ``pyproject.toml`` says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from dyncachekeys.backends.files import list_at
from dyncachekeys.backends.tables import is_built_with
from dyncachekeys.pyproject.tables import at


class Script(NamedTuple):
    """A script that a backend runs."""

    path: object
    """As the user wrote it, of whatever type."""
    key: str
    """The key path that names it."""
    name: str
    """``__main__`` if it is run by an interpreter of its own, else as it is imported."""
    optional: bool = False
    """Run only if it is there."""
    directories: tuple[str, ...] = ()
    """Where the backend has its imports looked for first."""


class _Hook(NamedTuple):
    table: str
    """``*`` stands for any key."""
    option: str
    default: str | None = None
    name: str = ""
    only: tuple[str, str] | None = None
    """What another option must say."""
    search: str = ""
    """The option that lists search directories."""

    def applies(self, table: Mapping[str, Any]) -> bool:
        """Whether a table asks for the script."""
        return self.only is None or table.get(self.only[0]) == self.only[1]


_HOOKS = (
    # hatchling 1.33: builders/hooks/custom.py, builders/custom.py, metadata/custom.py. For an
    # installation uv builds the target `wheel` alone; the others count too, as they mostly share its hook.
    _Hook("tool.hatch.build.hooks.custom", "path", "hatch_build.py"),
    _Hook("tool.hatch.build.targets.*.hooks.custom", "path", "hatch_build.py"),
    _Hook("tool.hatch.build.targets.custom", "path", "hatch_build.py"),
    _Hook("tool.hatch.metadata.hooks.custom", "path", "hatch_build.py"),
    # hatchling: version/source/code.py.
    _Hook("tool.hatch.version", "path", only=("source", "code"), search="search-paths"),
    # pdm-backend 2.4: base.py.
    _Hook("tool.pdm.build", "custom-hook"),
    # poetry-core: masonry/builders/wheel.py starts `python build.py`; a string replaces the table.
    _Hook("tool.poetry", "build", name="__main__"),
    _Hook("tool.poetry.build", "script", name="__main__"),
)


def scripts(pyproject: Mapping[str, Any]) -> Iterator[Script]:
    """Yield the scripts that the backend runs, in the order of the table above."""
    for hook in _HOOKS:
        if not is_built_with(pyproject, ".".join(hook.table.split(".")[:2])):
            continue
        for key, table in _tables(pyproject, hook.table.split(".")):
            path = table.get(hook.option, hook.default)
            if path is not None and not isinstance(path, Mapping) and hook.applies(table):
                name = hook.name or PurePosixPath(str(path)).stem
                directories = tuple(map(str, list_at(table, [hook.search])))
                yield Script(path, f"{key}.{hook.option}", name, directories=directories)
    # pdm-backend: config.py takes this script if it is there and no other is named.
    unnamed = at(pyproject, "tool.pdm.build.custom-hook") is None
    if unnamed and at(pyproject, "build-system.build-backend") == "pdm.backend":
        yield Script("pdm_build.py", "hook of pdm.backend", "pdm_build", optional=True)


def _tables(table: Mapping[str, Any], keys: list[str], where: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the tables at a key path, each with its full path; what is not a table is left out."""
    if not keys:
        yield where, table
        return
    for key in sorted(table) if keys[0] == "*" else [keys[0]]:
        if isinstance(below := table.get(key), Mapping):
            yield from _tables(below, keys[1:], f"{where}.{key}" if where else key)
