"""Finding and reading the project: its ``pyproject.toml``, with and without our region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.source import entry_tables, listed
from dyncachekeys.pyproject.tables import at

FILE = "pyproject.toml"
HOME = ".dyncachekeys"
"""Where stamp and state live, below the project's folder."""
BUILD_RESOLVER = "build"
"""The resolver that knows what uv's builds were seen to depend on."""
BUILDS = f"{HOME}/builds"
"""Where uv's builds leave their logs, and syncs what they made of them."""


class Project(NamedTuple):
    """A project as it was when it was read."""

    root: Path
    """Its folder, links resolved: uv takes ``..`` as the operating system does."""
    raw: bytes
    """``pyproject.toml`` as it is on disk."""
    bare: bytes
    """The same with our region taken away."""
    pyproject: Mapping[str, Any]
    """``bare``, parsed."""
    region: tuple[Mapping[str, Any], ...]
    """The entries that were in the region."""
    marked: bool
    """Whether the region had its markers."""
    sound: bool
    """Whether they were where a sync puts them, and nowhere else."""
    conflict: bool
    """Whether a merge left a conflict in it."""
    user_entries: tuple[Any, ...]
    """The rest of ``tool.uv.cache-keys``."""
    inherited: Mapping[str, Any] = MappingProxyType({})
    """The keys that the root of its workspace declares for the members, as they stand there."""
    home: Path | None = None
    """The root of its workspace, if the project inherits keys from there."""

    @property
    def name(self) -> str:
        """The project's name; its folder's if it has none."""
        name = at(self.pyproject, "project.name")
        return name if isinstance(name, str) else self.root.name

    @property
    def is_package(self) -> bool:
        """Whether uv builds it: as ``tool.uv.package`` says, else if there is a ``build-system``."""
        package = at(self.pyproject, "tool.uv.package")
        return package if isinstance(package, bool) else "build-system" in self.pyproject

    @property
    def own_files(self) -> list[str]:
        """The files and globs of the user's own entries."""
        return [str(entry["file"]) for entry in entry_tables(self.user_entries) if "file" in entry]

    @property
    def table(self) -> Mapping[str, Any] | None:
        """``[tool.dyncachekeys]``, if there is one.

        Raises:
            ConfigurationError: it is not a table.
        """
        table = at(self.pyproject, "tool.dyncachekeys")
        if table is not None and not isinstance(table, dict):
            problem = Problem("wrong-type", "must be a table", "tool.dyncachekeys", "write `[tool.dyncachekeys]`")
            raise ConfigurationError([problem])
        return table


def without_region(pyproject: bytes) -> bytes:
    """Return a ``pyproject.toml`` without our region; as it is, if it can't be taken apart."""
    try:
        return cut(pyproject).data
    except DyncachekeysError:
        return pyproject


def find(start: Path) -> Path:
    """Return the folder of the nearest ``pyproject.toml`` upwards.

    Raises:
        ConfigurationError: there is none.
    """
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder
    problem = Problem(
        "no-pyproject", f"there is no {FILE} here or above", str(here), "go to the project, or give `--project DIR`"
    )
    raise ConfigurationError([problem])


def load(root: Path, owned: Sequence[Mapping[str, Any]] = ()) -> Project:
    """Read a project.

    Args:
        root: The folder that holds ``pyproject.toml``.
        owned: What we wrote last time: ours even in a region that lost its markers.

    Raises:
        ConfigurationError: the file can't be read or parsed, or ``cache-keys`` is not a list.
        EditError: there is a region that can't be taken apart safely.
    """
    path = root / FILE
    try:
        raw = path.read_bytes()
    except OSError as error:
        remedy = "make it readable" if path.exists() else "give the project's folder with `--project DIR`"
        problem = Problem("unreadable-file", f"can't be read: {error.strerror or error}", str(path), remedy)
        raise ConfigurationError([problem]) from error
    taken = cut(raw, owned)
    return Project(
        root=root.resolve(),
        raw=raw,
        bare=taken.data,
        pyproject=taken.document,
        region=tuple(taken.entries),
        marked=taken.marked,
        sound=taken.sound,
        conflict=taken.conflict,
        user_entries=tuple(listed(taken.document)),
    )
