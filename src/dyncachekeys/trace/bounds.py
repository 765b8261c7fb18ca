"""Which paths that a build asks for are of interest, and how they and who asked are named."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dyncachekeys.paths import check_path
from dyncachekeys.trace.in_build.tracer import PROJECT

METADATA = ("*.egg-info", "*.dist-info")
"""What backends leave of the last build."""
_LEFT_OUT = frozenset({".git", ".hg", ".svn", "__pycache__", ".dyncachekeys", ".venv", "-c"})
"""Folders whose files are no inputs by themselves: a git key watches commits, and the rest is made of something else.
``-c`` is the name under which uv starts a backend."""
_LONGEST_NAME = 255
"""No file system has longer ones, so nothing will ever be there."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the project is, and what around it is of no interest. All absolute, links resolved."""

    root: Path
    """The project."""
    repository: Path
    """The folder of its repository, or of its workspace, or its own."""
    left_out: tuple[str, ...] = ()
    """Folders outside the repository that hold nothing of a build's inputs: temporary folders and caches."""
    environments: tuple[str, ...] = ()
    """The build's environment and the interpreter's folders, wherever they are."""

    def relative(self, path: str, who: str) -> str | None:
        """Return a path relative to the project; nothing if it is of no interest.

        In the repository, whatever is asked for counts. Outside of it, what the project's own code asks for.
        """
        is_inside = self._is_inside(path)
        if not is_inside:  # it may be given by other links
            folder, name = os.path.split(path)
            path = os.path.join(os.path.realpath(folder), name)
            is_inside = self._is_inside(path)
        if _is_below(path, self.environments):
            return None
        if not is_inside and (_is_below(path, self.left_out) or not who.startswith(PROJECT)):
            return None
        relative = os.path.relpath(path, self.root).replace(os.sep, "/")
        if any(map(_is_left_out, relative.split("/"))):
            return None
        return relative if check_path(relative) is None else f"./{relative}"  # a folder may well be called `~`

    def _is_inside(self, path: str) -> bool:
        return _is_below(path, (os.fspath(self.repository),))

    def asker(self, who: str) -> str:
        """Return who asked, as it is shown: ``core.py:12``, the name of a requirement, or the build."""
        if not who.startswith(PROJECT):
            return who.partition(":")[2] or "the build"
        file, _, line = who.removeprefix(PROJECT).rpartition(":")
        return os.path.relpath(self.repository / file, self.root).replace(os.sep, "/") + f":{line}"


def is_like(name: str, patterns: Iterable[str]) -> bool:
    """Tell whether a name matches one of some patterns."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _is_left_out(name: str) -> bool:
    return len(name) > _LONGEST_NAME or name in _LEFT_OUT or is_like(name, METADATA)
