"""Settings of a folder above a project, which uv reads for it until its own ``pyproject.toml`` has ``[tool.uv]`` (U43)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.files.tree import Files
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.source import parse
from dyncachekeys.pyproject.tables import at, table_at
from dyncachekeys.uv import workspace
from dyncachekeys.uv.build_variables import OPTION, VARIABLE, WATCH_FOLDER

_OF_ONE_PROJECT = frozenset(
    (
        *("build-backend", "cache-keys", "conflicts", "default-groups", "dependency-groups", "dev-dependencies"),
        *("environments", "managed", "package", "required-environments", "sources", "workspace"),
    )
)
"""What holds for the project alone in whose ``pyproject.toml`` it stands (uv 0.13.9)."""


class Above(NamedTuple):
    """A file of settings, by its path from the project, and what it sets that uv would take for the project."""

    path: str
    names: tuple[str, ...]

    @property
    def remedy(self) -> str:
        """What to do."""
        return f"copy what this project needs of its settings ({', '.join(self.names)}) to `[tool.uv]`"


def masked(files: Files, pyproject: Mapping[str, Any]) -> Above | None:
    """Return the settings that uv no longer reads for a project, if ``[tool.uv]`` there is nobody's but ours.

    Args:
        files: The project's files.
        pyproject: Its ``pyproject.toml`` without our region, parsed.
    """
    root = files.root
    if not _is_ours(table_at(pyproject, "tool.uv")) or workspace.home(files) != root or (root / "uv.toml").is_file():
        return None
    for folder in root.parents:
        for name, table in (("uv.toml", ()), (FILE, ("tool", "uv"))):
            found = _settings(folder / name, table)
            if found is not None:
                names = tuple(sorted(found.keys() - _OF_ONE_PROJECT))
                return Above(files.relative(folder / name), names) if names else None
    return None


def _is_ours(settings: Mapping[str, Any]) -> bool:
    """Tell whether they hold nothing but what makes builds watched."""
    variables = table_at(settings, OPTION)
    return settings.keys() <= {OPTION} and all(one == {VARIABLE: WATCH_FOLDER} for one in variables.values())


def _settings(path: Path, table: Sequence[str]) -> Mapping[str, Any] | None:
    """Return what a file sets; nothing if it is not there, or has no such table. Not noted: it is asked for seldom."""
    try:
        found = at(parse(path.read_bytes()), table)
    except (OSError, DyncachekeysError):
        return None
    return found if isinstance(found, dict) else None
