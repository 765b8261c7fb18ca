"""Reading a great many files with a second process: only where nothing is remembered, and nobody else runs here.

Threads were measured not to pay: most of the time goes to system calls for small files, between which
they wait for each other.
"""

from __future__ import annotations

import os
import stat
import sys
from array import array
from typing import TYPE_CHECKING, NoReturn

from dyncachekeys.files.folder import stat_of
from dyncachekeys.files.read import read
from dyncachekeys.quick.snapshot import HASH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from typing_extensions import Self

_ENOUGH = 4_000
"""From how many files on it pays."""
_ROW = 32 + HASH
_NO_FILE = bytes(_ROW)


class Prefetch:
    """Files that another process reads meanwhile. A context manager, at whose end that process is gone.

    Args:
        folders: Absolute paths, each with the names of the files to read.
    """

    def __init__(self, folders: Sequence[tuple[str, Sequence[str]]]) -> None:
        self._folders = folders
        self._reading, writing = os.pipe()
        self._child = os.fork()
        if not self._child:
            _serve(writing, folders)
        os.close(writing)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._reading)  # whoever still writes there ends by that
        os.waitpid(self._child, 0)

    def recall(self) -> Callable[[str, str, os.stat_result], bytes | None]:
        """Wait for the other process, and return what tells a file's SHA-256 by folder, name and stat, if it is known."""
        with open(self._reading, "rb", closefd=False) as stream:
            data = stream.read()
        rows: dict[str, tuple[int, dict[str, int]]] = {}
        first = 0
        for folder, names in self._folders:
            rows[folder] = (first, {name: number for number, name in enumerate(names)})
            first += len(names)

        def recalled(folder: str, name: str, info: os.stat_result) -> bytes | None:
            begin, numbers = rows.get(folder, (0, {}))
            if name not in numbers:
                return None
            at = (begin + numbers[name]) * _ROW
            return data[at + 32 : at + _ROW] if data[at : at + 32] == array("q", stat_of(info)).tobytes() else None

        return recalled


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
