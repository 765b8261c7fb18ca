"""The syntax tree of somebody's Python module, which is read and never run; and what is asked of a project's tree."""

from __future__ import annotations

import ast
import contextlib
import gc
import warnings
from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What `tree_of` raises of a module that this Python can't parse; it may be for another one."""


def tree_of(source: bytes) -> ast.Module:
    """Return the syntax tree of a module.

    Args:
        source: Its bytes; a declaration of their encoding counts (PEP 263).

    Raises:
        UNREADABLE: it can't be parsed.
    """
    with warnings.catch_warnings():
        # The user's invalid escapes are not ours to report, and an error under ``-W error``.
        warnings.simplefilter("ignore")
        return ast.parse(source)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: none of the nodes of a tree is any, and a sixth of the time would go there."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


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
