"""What is asked of a project; `dyncachekeys.plugin.Context` can answer it."""

from __future__ import annotations

from typing import Protocol


class Look(Protocol):
    """A tree that is asked for names."""

    def is_file(self, path: str) -> bool:
        """Tell whether a regular file stands there."""

    def is_dir(self, path: str) -> bool:
        """Tell whether a directory stands there."""


class Tree(Look, Protocol):
    """A tree that is read."""

    def read_bytes(self, path: str) -> bytes:
        """Return a file's content, or raise `OSError`."""
