"""What stands where ours is to be: it makes way. Imported only where something strange lies."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat

_DEEP = 100
"""So many folders in each other are more than we ever make; far more are too many for `shutil.rmtree`."""


def remove(path: str, *, quietly: bool = False) -> None:
    """Remove whatever stands at a path, whatever lies in it; nothing, if nothing is there. Follows no links.

    Raises:
        OSError: it can't be removed; not if what can't be removed does no harm.
    """
    with contextlib.suppress(*([OSError] if quietly else [])):
        _remove(path)


def _remove(path: str) -> None:
    try:
        is_folder = stat.S_ISDIR(os.lstat(path).st_mode)
    except FileNotFoundError:
        return
    if not is_folder:
        os.unlink(path)
        return
    try:
        shutil.rmtree(path)
    except RecursionError:
        _flatten(path)
        shutil.rmtree(path)


def _flatten(folder: str) -> None:
    """Bring up what lies deeper in a folder than `_DEEP`, so that nothing does."""
    fresh = [folder]
    while fresh:
        for deep in _at_depth(fresh.pop()):
            fresh.append(f"{folder}/{os.urandom(8).hex()}")
            os.rename(deep, fresh[-1])


def _at_depth(top: str) -> list[str]:
    level = [top]
    for _ in range(_DEEP):
        level = [entry.path for path in level for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False)]
    return level


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder of ours, if it is not there; what else stands there, makes way.

    Raises:
        OSError: it can't be made.
    """
    if os.path.islink(path) or not os.path.isdir(path):
        remove(os.fspath(path))
    os.makedirs(path, mode=0o700, exist_ok=True)
