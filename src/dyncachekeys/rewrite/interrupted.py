"""Ctrl-C in the midst of writing: the exception carries what was written before it, as ``args``."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


@contextlib.contextmanager
def noting(written: Callable[[], Iterable[str | Path]]) -> Iterator[None]:
    """Have an interruption carry what was written before it.

    Args:
        written: Returns absolute paths; called when it has come.

    Raises:
        KeyboardInterrupt: with these paths in front of those that it carries already.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.args = (*dict.fromkeys([*(os.fspath(path) for path in written()), *stop.args]),)
        raise


def replaced(path: Path, before: bytes, after: bytes) -> list[Path]:
    """Return a file that was being replaced, if it holds its new content already; else nothing."""
    now = path.read_bytes() if path.is_file() else b""
    return [path] if now == after != before else []
