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
from typing import NoReturn, TypeAlias

from dyncachekeys.files.folder import stat_of
from dyncachekeys.files.read import read
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
    source, target = os.pipe()
    child = os.fork()
    if not child:
        _serve(target, folders)
    os.close(target)
    try:
        yield lambda: _received(source, folders)
    finally:
        os.close(source)  # whoever still writes there ends by that
        os.waitpid(child, 0)


def _received(source: int, folders: Sequence[tuple[str, Sequence[str]]]) -> Recall:
    with open(source, "rb", closefd=False) as stream:
        data = stream.read()
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
    return files >= _ENOUGH and alone and hasattr(os, "fork") and (os.cpu_count() or 1) > 1


def _serve(writing: int, folders: Sequence[tuple[str, Sequence[str]]]) -> NoReturn:
    """Read the files, answer with a row for each, and end this process."""
    try:
        found = bytearray()
        for folder, names in folders:
            for name in names:
                found += _row(f"{folder}/{name}")
        with open(writing, "wb") as stream:
            stream.write(found)
    finally:
        os._exit(0)


def _row(full: str) -> bytes:
    try:
        if not stat.S_ISREG(os.lstat(full).st_mode):
            return _NO_FILE
        info, digest, _ = read(full)
    except OSError:
        return _NO_FILE
    return array("q", stat_of(info)).tobytes() + digest
