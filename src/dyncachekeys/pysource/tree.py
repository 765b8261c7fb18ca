"""What is asked of a project; `dyncachekeys.plugin.Context` can answer it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

Derive: TypeAlias = Callable[[str, str, Callable[[bytes], str]], str]
"""Returns what a pure function makes of a file's content; as `dyncachekeys.plugin.Context.derived`."""


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
