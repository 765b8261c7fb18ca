"""Renames that Python's library does not have: two names exchanged, and a name that must be new. Linux."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

_HERE = -100
"""``AT_FDCWD``."""
_NO_REPLACE, _EXCHANGE = 1, 2
"""``RENAME_NOREPLACE`` and ``RENAME_EXCHANGE`` of ``renameat2(2)``."""
_NOT_SUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM})
"""EPERM is what a sandbox says that does not know the call."""


def exchange(one: Path, other: Path) -> bool:
    """Exchange two files at one instant; tell whether that can be done here.

    Raises:
        OSError: one of them is not there, or they can't be renamed.
    """
    return _rename(one, other, _EXCHANGE)


def move_to_new(source: Path, target: Path) -> None:
    """Rename a file; on Windows, and where there is no better way, somebody else's may be replaced in that instant.

    Raises:
        FileExistsError: there is something at the target.
        OSError: it can't be renamed.
    """
    if _rename(source, target, _NO_REPLACE):
        return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
    source.rename(target)


def _rename(source: Path, target: Path, flags: int) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415  seldom needed

    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # a C library that does not know it
        return False
    if call(_HERE, os.fsencode(source), _HERE, os.fsencode(target), flags) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_SUPPORTED:
        return False
    raise OSError(code, os.strerror(code), os.fspath(target))
