"""What a file holds, where one that can't be read is as good as none. Nobody remembers that it was looked at."""

from __future__ import annotations

from pathlib import Path

from dyncachekeys.quick.read import read


def content_of(path: Path) -> bytes | None:
    """Return what a file holds; nothing if it can't be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def text_of(path: Path) -> str:
    """Return what a file holds as text, each byte that is not UTF-8 as a surrogate; empty if it can't be read."""
    return (content_of(path) or b"").decode("utf-8", "surrogateescape")


def digest_of(full: str) -> bytes | None:
    """Return the SHA-256 of what a file holds; nothing if it can't be read."""
    try:
        return read(full)[1]
    except OSError:
        return None
