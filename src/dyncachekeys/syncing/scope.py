"""What a command is about: what `uv sync` there would build, as far as it has keys."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem, nearest
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.names import normalised_name
from dyncachekeys.pyproject import project
from dyncachekeys.quick import clock, snapshot_file
from dyncachekeys.quick.atomic import Lock
from dyncachekeys.quick.snapshot import SCOPE_FILE
from dyncachekeys.syncing.home import hide
from dyncachekeys.uv import workspace


class Scope:
    """Projects that have keys, each once.

    Args:
        root: The folder of the nearest ``pyproject.toml``.
        names: Only these packages, if there are any.

    Raises:
        ConfigurationError: a ``pyproject.toml`` can't be read, or there is no such package.
    """

    def __init__(self, root: Path, names: Sequence[str] = ()) -> None:
        self.root: Path = root.resolve()
        self._started = clock.monotonic()
        self._files = Files(self.root, FileMemory())
        self._all = workspace.scope(self._files)
        self._whole = not names
        self.all: list[Path] = self._all if self._whole else self._called(names)
        """The folders of all projects, with or without keys."""
        with_keys = [folder for folder in self.all if self._has_keys(folder)]
        self.has_keys: bool = bool(with_keys)
        self.roots: list[Path] = with_keys or [self.root]
        """The folders of those with keys; that of the nearest ``pyproject.toml``, if none has any."""

    def _called(self, names: Sequence[str]) -> list[Path]:
        """Return the folders of the packages with these names."""
        packages = {name: folder for folder in self._all if (name := workspace.name(self._files, folder)) is not None}
        known = {normalised_name(name): folder for name, folder in packages.items()}
        problems = [_unknown(name, packages) for name in names if normalised_name(name) not in known]
        if problems:
            raise ConfigurationError(problems)
        wanted = {known[normalised_name(name)] for name in names}
        return [folder for folder in self._all if folder in wanted]

    def _has_keys(self, folder: Path) -> bool:
        """Tell whether a project has keys, or a ``pyproject.toml`` that has to be reported."""
        if workspace.pyproject(self._files, folder) is None:
            return True
        try:
            files = Files(folder, FileMemory())
            return workspace.has_keys(workspace.with_inherited(project.load(folder), files))
        except DyncachekeysError:
            return True

    def place(self, folder: Path) -> str:
        """Return what stands before a path in a project: its folder, relative to this one."""
        way = os.path.relpath(folder, self.root).replace(os.sep, "/")
        return "" if way == "." else f"{way}/"

    def placed(self, folder: Path, problems: Iterable[Problem]) -> Iterable[Problem]:
        """Yield problems so that their place says in which of several projects it is."""
        if len(self._all) == 1:
            return problems
        where = f"{self.place(folder)}{project.FILE}"
        return (Problem(one.code, one.message, f"{where}: {one.where}", one.remedy) for one in problems)

    def keep(self) -> None:
        """Remember which projects there are, and by what that is known, for the quiet path."""
        if not self._whole or self._all == [self.root]:
            return
        from dyncachekeys.syncing import capture  # noqa: PLC0415  needless where no project has keys

        found = capture.looked_at(self._files)
        found.keys = [os.path.relpath(folder, self.root) for folder in self.roots]
        home = self.root / project.HOME
        with contextlib.suppress(OSError), Lock(home, wait=False):
            hide(home)
            began = clock.Began(os.fspath(home), self._started)
            snapshot_file.write(capture.date(found, self._files, began), os.fspath(home), SCOPE_FILE)


def _unknown(name: str, known: Iterable[str]) -> Problem:
    return Problem("unknown-package", f"there is no package `{name}` here", "--package", nearest(name, known))
