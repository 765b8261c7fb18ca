"""Whether somebody has a file open to write it: then what it holds is not what it will hold. Linux."""

from __future__ import annotations

import errno
import sys
import time

_PATIENCE_SECONDS = 1.0
_RETRY_SECONDS = 0.002


def are_done(descriptor: int) -> bool:
    """Wait a moment until nobody has a file open to write it; tell whether that came about.

    The kernel says so when it is asked for a read lease (``fcntl(2)``, ``F_SETLEASE``): for files of our own, if we
    have them open to read them. Where it can't be asked, the answer is yes.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while _is_written(descriptor):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_RETRY_SECONDS)
    return True


def _is_written(descriptor: int) -> bool:
    if sys.platform != "linux":
        return False
    import fcntl  # noqa: PLC0415  not on Windows
    import signal  # noqa: PLC0415

    try:
        # Whoever opens it while we hold the lease has us told by a signal: by one that is ignored, unless it is handled.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False
