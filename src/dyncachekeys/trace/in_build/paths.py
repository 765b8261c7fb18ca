"""Looks at paths for the tracer, by what `os` was before it was wrapped: nobody notices."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FOLDER = 0o040000
_stat, _lstat, _readlink = os.stat, os.lstat, os.readlink


def is_folder(path: str) -> bool | None:
    """Tell whether a path is a folder; nothing if nothing is there."""
    try:
        return _stat(path).st_mode & 0o170000 == _FOLDER
    except OSError:
        return None


def exists(path: Any) -> bool:
    """Tell whether anything is there, without anybody noticing."""
    try:
        _lstat(path)
    except (OSError, ValueError):
        return False
    return True


def source_of(path: str) -> str:
    """Return the source of a file in ``__pycache__`` (PEP 3147); any other path as it is."""
    folder, name = os.path.split(path)
    if os.path.basename(folder) != "__pycache__" or ".pyc" not in name:
        return path
    return os.path.join(os.path.dirname(folder), name.split(".")[0] + ".py")


def behind(descriptor: int) -> str:
    """Return the path of what is open. Linux only: elsewhere it is an error, and what was asked for stays unknown."""
    return _readlink(f"/proc/self/fd/{descriptor}")


def unquoted(path: str) -> str:
    """Return the path of a URI without its percent signs."""
    first, *rest = os.fsencode(path).split(b"%")
    return os.fsdecode(first + b"".join(bytes([int(one[:2], 16)]) + one[2:] for one in rest))
