"""Reading a file once: its stat, its SHA-256, and if wanted what it holds."""

from __future__ import annotations

import errno
import hashlib
import os
import stat

_CHUNK = 1 << 18
_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""Opening a pipe does not wait for a writer."""


def read(full: str, *, keep: bool = False, follow: bool = True) -> tuple[os.stat_result, bytes, bytes]:
    """Return a file's stat, taken from the very file that is read, its SHA-256, and if wanted its content.

    Raises:
        OSError: there is none, it can't be read, or it is a pipe or a device, which might never end; or a link, if
            links are not to be followed.
    """
    digest, chunks = hashlib.sha256(), []
    descriptor = os.open(full, os.O_RDONLY | _FLAGS | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) and not stat.S_ISDIR(info.st_mode):  # a folder fails by itself
            raise OSError(errno.EINVAL, "Not a regular file", full)
        # One byte more than there should be: a large buffer costs more than a small file, and less that
        # comes tells the end without asking again.
        size = min(info.st_size + 1, _CHUNK)
        while True:
            chunk = os.read(descriptor, size)
            digest.update(chunk)
            if keep:
                chunks.append(chunk)
            if len(chunk) < size:
                break
    finally:
        os.close(descriptor)
    return info, digest.digest(), b"".join(chunks)
