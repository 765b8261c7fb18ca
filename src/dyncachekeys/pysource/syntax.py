"""The syntax tree of somebody's Python module, which is read and never run."""

from __future__ import annotations

import ast
import contextlib
import gc
import warnings
from collections.abc import Iterator

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
