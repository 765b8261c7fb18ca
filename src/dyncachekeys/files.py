"""Looking at the file system: one place for paths, states and content, relative to the project.

A state is text that changes exactly when what the build may see of the file changes: its content,
its owner's executable bit, the text of a link; never its times.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import stat
import sys
from typing import TYPE_CHECKING

from dyncachekeys.errors import Problem, ResolverError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dyncachekeys.memory import FileMemory

MISSING = "missing"
DIRECTORY = "directory"
SPECIAL = "special"
LINK = " -> "
EXECUTABLE_BIT_COUNTS = sys.platform != "win32"
_ABSOLUTE = re.compile(r"[/~]|[A-Za-z]:")
_CHUNK = 1 << 18


class PathError(ValueError):
    """A path that is not relative to the project. The message says what to write instead."""


def normalised(path: str) -> str:
    """Return a project-relative path with ``/``, without ``.`` and without inner ``..``.

    Raises:
        PathError: absolute, with a drive or with ``~``: those differ between machines.
    """
    posix = path.replace("\\", "/") if sys.platform == "win32" else path
    if not posix or "\0" in posix:
        message = "an empty path names nothing" if not posix else "a path can't hold a NUL character"
        raise PathError(message)
    if _ABSOLUTE.match(posix):
        message = f"`{path}` is absolute, and so differs between machines; write it relative to the project"
        raise PathError(message)
    return posixpath.normpath(posix)


def check_path(path: str) -> str | None:
    """Return what is wrong with a project-relative path, or nothing: for the checking of options."""
    try:
        normalised(path)
    except ValueError as error:
        return str(error)
    return None


class Files:
    """The files of one project as they are during one run: each is looked at and read once at most.

    Args:
        root: The project's folder.
        memory: What earlier runs read, so that an unchanged file need not be read again.
        substitutes: Content to be taken for a path instead of what is on disk: for the project's own
            ``pyproject.toml``, which counts without our region, since writing that would be a change.
    """

    def __init__(
        self, root: Path, memory: FileMemory, substitutes: dict[str, Callable[[], bytes]] | None = None
    ) -> None:
        self.root = root
        self._base = os.fspath(root)
        self._memory = memory
        self._substitutes = substitutes or {}
        self._states: dict[str, str] = {}

    def full(self, path: str) -> str:
        """Return the path on disk of a project-relative one."""
        return os.path.join(self._base, path)  # str is what os.scandir and os.stat are fast with

    def state(self, path: str) -> str:
        """Return the state of a file, link or whatever else stands at the path.

        Raises:
            ResolverError: it can't be looked at or read.
        """
        known = self._states.get(path)
        if known is None:
            try:
                known = self._look(path)
            except OSError as error:
                raise ResolverError([_unreadable(path, error)]) from error
            self._states[path] = known
        return known

    def directory_state(self, path: str) -> str:
        """Return whether a directory stands there, with a link's target; what it holds does not count."""
        state = self.state(path) if not self.is_dir(path) else DIRECTORY + self._link_text(path)
        return state if state.startswith((DIRECTORY, MISSING)) else "not a directory"

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            OSError: as from the operating system.
        """
        substitute = self._substitutes.get(path)
        if substitute is not None:
            return substitute()
        with open(self.full(path), "rb", buffering=0) as stream:
            return stream.read()

    def is_file(self, path: str) -> bool:
        """Tell whether a regular file stands there, links followed."""
        return os.path.isfile(self.full(path))

    def is_dir(self, path: str) -> bool:
        """Tell whether a directory stands there, links followed."""
        return os.path.isdir(self.full(path))

    def changed_at(self, path: str) -> int:
        """Return when the path itself was last written, in nanoseconds of the file system's clock; else 0.

        The change time where there is one (U1), since the modification time can be set at will.
        """
        try:
            return changed_ns(os.lstat(self.full(path)))
        except OSError:
            return 0

    def _look(self, path: str) -> str:
        link = self._link_text(path)
        try:
            info = os.stat(self.full(path))
        except (FileNotFoundError, NotADirectoryError):
            return ("broken" if link else MISSING) + link
        except OSError:
            if link:  # a link that leads back to itself is as broken as one that leads nowhere
                return "broken" + link
            raise
        if stat.S_ISDIR(info.st_mode):
            return DIRECTORY + link
        if not stat.S_ISREG(info.st_mode):
            return SPECIAL + link
        executable = "x" if EXECUTABLE_BIT_COUNTS and info.st_mode & stat.S_IXUSR else "-"
        return f"file {executable} {self._content_digest(path, info)}{link}"

    def _link_text(self, path: str) -> str:
        full = self.full(path)
        return LINK + os.readlink(full).replace(os.sep, "/") if os.path.islink(full) else ""

    def _content_digest(self, path: str, info: os.stat_result) -> str:
        substitute = self._substitutes.get(path)
        if substitute is not None:
            return hashlib.sha256(substitute()).hexdigest()
        known = self._memory.recall(path, info)
        return known if known is not None else self._memory.keep(path, *_hashed(self.full(path)))


def changed_ns(info: os.stat_result) -> int:
    """Return the time by which uv judges a file, in nanoseconds: ``ctime`` on Unix, else ``mtime`` (U1)."""
    return info.st_mtime_ns if sys.platform == "win32" else info.st_ctime_ns


def _hashed(full: str) -> tuple[os.stat_result, str]:
    """Return the SHA-256 of a file's content, and its stat taken from the very file that was read."""
    digest = hashlib.sha256()
    with open(full, "rb", buffering=0) as stream:
        info = os.fstat(stream.fileno())
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return info, digest.hexdigest()


def _unreadable(path: str, error: OSError) -> Problem:
    return Problem(
        "unreadable-file",
        f"can't be read: {error.strerror or error}",
        path,
        "make it readable, or leave it out with `exclude`",
    )
