"""What a file holds, where one that can't be read is as good as none. Nobody remembers that it was looked at."""

from __future__ import annotations

from pathlib import Path

from dyncachekeys.files import state_file
from dyncachekeys.quick.read import read


def content_of(path: Path) -> bytes | None:
    """Return what a file of ours holds; nothing if it can't be read, or is no file that we can have written."""
    try:
        return state_file.content(path)
    except OSError:
        return None


def text_of(path: Path) -> str:
    """Return what a file of ours holds as text, each byte that is not UTF-8 as a surrogate; empty as `content_of`."""
    return (content_of(path) or b"").decode("utf-8", "surrogateescape")


def script_of(full: str) -> str:
    """Return what a file of the user's holds, as `text_of`; empty if it can't be read."""
    try:
        return read(full, keep=True)[2].decode("utf-8", "surrogateescape")
    except OSError:
        return ""


def digest_of(full: str) -> bytes | None:
    """Return the SHA-256 of what a file holds; nothing if it can't be read."""
    try:
        return read(full)[1]
    except OSError:
        return None
