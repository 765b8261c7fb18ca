"""Paths as keys name them: relative to the project, with ``/``."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterable, Iterator, Mapping

_ABSOLUTE = re.compile(r"[/~]|[A-Za-z]:")


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


def split(path: str) -> tuple[str, str]:
    """Return the folder (empty for the project's own) and the name of a path."""
    folder, _, name = path.rpartition("/")
    return folder, name


def by_folder(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the names of paths by the folder that they lie in (`split`), in the order of the paths."""
    found: dict[str, list[str]] = {}
    for path in paths:
        folder, name = split(path)
        found.setdefault(folder, []).append(name)
    return found


def flat(folders: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Yield the paths of names that are given by folder: `by_folder` the other way round."""
    yield from (join(folder, name) for folder, names in folders.items() for name in names)


def join(folder: str, name: str) -> str:
    """Return the path of what a folder (empty for the project's own) holds: `split` the other way round."""
    return f"{folder}/{name}" if folder else name
