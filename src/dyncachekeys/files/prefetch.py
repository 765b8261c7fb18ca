"""Reading a great many files with a second process: only where nothing is remembered, and nobody else runs here.

Threads were measured not to pay: most of the time goes to system calls for small files, between which
they wait for each other.
"""

from __future__ import annotations

import os
import stat
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import TypeAlias

from dyncachekeys.files.folder import stat_of
from dyncachekeys.quick import child
from dyncachekeys.quick.child import Child
from dyncachekeys.quick.read import read
from dyncachekeys.quick.snapshot import HASH

_ENOUGH = 4_000
"""From how many files on it pays."""
_ROW = 32 + HASH
_NO_FILE = bytes(_ROW)
Recall: TypeAlias = "Callable[[str, str, os.stat_result], bytes | None]"
"""Returns the SHA-256 of a file by folder, name and stat, if it is known."""


@contextmanager
def reading(folders: Sequence[tuple[str, Sequence[str]]]) -> Iterator[Callable[[], Recall | None]]:
    """Have another process read files: of folders, by their absolute paths, those of the given names.

    Yields a function that waits for that process and returns what it has read. At the end the process is gone.
    """
    if not folders:
        yield lambda: None
        return
    second = Child(lambda: b"".join(_row(f"{folder}/{name}") for folder, names in folders for name in names))
    try:
        yield lambda: _received(second.answer() or b"", folders)
    finally:
        second.end()


def _received(data: bytes, folders: Sequence[tuple[str, Sequence[str]]]) -> Recall:
    places = count(0, _ROW)
    rows = {folder: dict(zip(names, places, strict=False)) for folder, names in folders}

    def recall(folder: str, name: str, info: os.stat_result) -> bytes | None:
        at = rows.get(folder, {}).get(name, len(data))
        return data[at + 32 : at + _ROW] if data[at : at + 32] == array("q", stat_of(info)).tobytes() else None

    return recall


def pays(files: int) -> bool:
    """Tell whether a second process pays for so many files, and may be made here."""
    threads = sys.modules.get("threading")
    alone = threads is None or threads.active_count() == 1
    return files >= _ENOUGH and alone and child.pays()


def _row(full: str) -> bytes:
    try:
        if not stat.S_ISREG(os.lstat(full).st_mode):
            return _NO_FILE
        info, digest, _ = read(full)
    except OSError:
        return _NO_FILE
    return array("q", stat_of(info)).tobytes() + digest
