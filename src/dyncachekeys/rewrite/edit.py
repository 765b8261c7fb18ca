"""A replacement as data, the errors of it, and reading what is compared."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class EditedError(Exception):
    """The file is not any more what it was when its new content was made; it was left as it is."""


class Edit(NamedTuple):
    """A replacement."""

    path: Path
    """As the user knows it."""
    target: Path
    """Where it is, links followed."""
    before: bytes
    after: bytes
    home: Path
    """The folder of stamp and state."""


def content(descriptor: int) -> bytes:
    """Return all that an open file holds."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb", closefd=False) as stream:
        return stream.read()
