"""Reading a file once: its stat, its SHA-256, and if wanted what it holds."""

from __future__ import annotations

import hashlib
import os

_CHUNK = 1 << 18


def read(full: str, *, keep: bool = False) -> tuple[os.stat_result, bytes, bytes]:
    """Return a file's stat, taken from the very file that is read, its SHA-256, and if wanted its content."""
    digest, kept = hashlib.sha256(), []
    descriptor = os.open(full, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        info = os.fstat(descriptor)
        # One byte more than there should be: a large buffer costs more than a small file, and less that
        # comes tells the end without asking again.
        size = min(info.st_size + 1, _CHUNK)
        while True:
            chunk = os.read(descriptor, size)
            digest.update(chunk)
            if keep:
                kept.append(chunk)
            if len(chunk) < size:
                break
    finally:
        os.close(descriptor)
    return info, digest.digest(), b"".join(kept)
