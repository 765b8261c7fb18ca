"""What is done where the lock can't be had at once: another process holds it, or the file system has no locks."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time

from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.quick.atomic import take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT = "DYNCACHEKEYS_LOCK_TIMEOUT"
"""The variable that says for how many seconds to wait."""
_TIMEOUT_SECONDS = 60.0
_SILENT_SECONDS = 1.0
_RETRY_SECONDS = 0.02
_HELD = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK})
"""Of which the last two are what Windows says."""
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})


def lock(
    descriptor: int, path: str, error: OSError, *, wait: bool = True, tell: Callable[[str], None] | None = None
) -> int:
    """Lock a file after all, or another one in its place.

    Args:
        descriptor: The lock file, in which its holder has noted itself.
        path: Where it lies.
        error: Why it could not be locked at once.
        wait: Whether to wait for another process.
        tell: Is called with who holds it, after a second.

    Returns:
        The descriptor of the file that was locked in its place, where the file system of the project has no locks: one
        of this machine, so that syncs of this user on this machine wait for each other all the same. Else -1.

    Raises:
        BlockingIOError: another process holds it, and nobody is to wait.
        OSError: it can't be locked, and nobody is to wait.
        WriteError: another process has held it for longer than `TIMEOUT` says, or nothing can be locked.
    """
    if error.errno not in _HELD | _NO_LOCKS:
        if not wait:
            raise error
        raise WriteError(_not_locked(path, error)) from error
    substitute, patience = -1, _patience() if wait else 0
    try:
        if error.errno in _NO_LOCKS:
            substitute = _substitute(descriptor)
        _wait(descriptor if substitute < 0 else substitute, descriptor, path, tell, patience=patience)
    except BaseException as reason:
        if substitute >= 0:
            os.close(substitute)
        if isinstance(reason, BlockingIOError) and wait:
            raise WriteError(_held(descriptor, path)) from None
        if isinstance(reason, OSError) and wait:
            raise WriteError(_not_locked(path, error)) from reason
        raise
    return substitute


def _wait(wanted: int, noted: int, path: str, tell: Callable[[str], None] | None, *, patience: float) -> None:
    """Wait for a lock, for some seconds; in another file stands who holds it."""
    began = time.monotonic()
    while not is_taken(wanted):
        waited = time.monotonic() - began
        if waited >= patience:
            raise BlockingIOError(errno.EAGAIN, "Another process is at work", path)
        if tell is not None and waited >= _SILENT_SECONDS:
            tell(f"waiting for {_holder(noted)}, which is at work on this project")
            tell = None
        time.sleep(min(_RETRY_SECONDS, patience - waited))


def is_taken(descriptor: int) -> bool:
    """Lock a file, and tell whether that was possible: not if another process holds the lock.

    Raises:
        OSError: the file can't be locked.
    """
    try:
        take(descriptor)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise
    return True


def _patience() -> float:
    try:
        return max(0.0, float(os.environ.get(TIMEOUT, "")))
    except ValueError:
        return _TIMEOUT_SECONDS


def _held(descriptor: int, path: str) -> Problem:
    message = f"{_holder(descriptor)} is at work on this project, and has not ended for {_patience():g} seconds"
    remedy = f"wait until it has ended, or end it; {TIMEOUT} says for how many seconds to wait"
    return Problem("locked", message, path, remedy)


def _holder(descriptor: int) -> str:
    """Return who holds the lock, as it has noted itself, and since when."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        number, _, command = os.fsdecode(os.read(descriptor, 4096)).partition(" ")
        since = time.strftime("%H:%M:%S", time.localtime(os.fstat(descriptor).st_mtime))
    except OSError:  # Windows lets nobody read what is locked
        return "another process"
    words = f" ({command})" if command and command.isprintable() else ""
    return f"process {number}{words}, since {since}," if number.isdecimal() else "another process"


def _substitute(descriptor: int) -> int:
    """Open the file of this machine that stands for a lock file."""
    import tempfile  # noqa: PLC0415  only where there are no locks

    user = os.geteuid() if sys.platform != "win32" else 0
    folder = os.path.join(tempfile.gettempdir(), f"dyncachekeys-{user}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user:
        raise PermissionError(errno.EPERM, "Belongs to somebody else", folder)
    info = os.fstat(descriptor)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    return os.open(f"{folder}/{info.st_dev:x}-{info.st_ino:x}.lock", flags, 0o600)


def _not_locked(path: str, error: OSError) -> Problem:
    message = f"can't be locked: {error.strerror or error}; nothing was written"
    remedy = "have the project on a file system with locks (for NFS, see the mount option `local_lock`)"
    return Problem("no-locks", message, path, remedy)
