"""The files of one folder that were looked at, in columns: a hundred thousand of them must fit into little memory.

A state is text that changes exactly when what the build may see of the file changes: its content, its
owner's executable bit, the text of a link; never its times.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from dyncachekeys.quick.digest import file_state
from dyncachekeys.quick.snapshot import EXECUTABLE, HASH

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

Stat = tuple[int, int, int, int]
"""size, mtime_ns, ctime_ns, inode"""


def stat_of(info: os.stat_result) -> Stat:
    """Return what a file is recognised by."""
    return (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)


class Folder:
    """What was seen in one folder; rows are never taken out or reordered."""

    __slots__ = (
        "contents",
        "digest",
        "listed",
        "listing",
        "names",
        "non_regular",
        "non_regular_stats",
        "roles",
        "stats",
    )

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        """Regular files, each with the number of its row."""
        self.stats: array[int] = array("q")
        self.contents: bytearray = bytearray()
        self.roles: bytearray = bytearray()
        self.non_regular: dict[str, str] = {}
        """The states of all else, and of files that count as something else than what is on disk."""
        self.non_regular_stats: dict[str, str] = {}
        """How links and special files are recognised (`snapshot.non_regular_stat`)."""
        self.listed: tuple[int, int, int] | None = None
        """mtime, ctime and inode from before the folder was listed, if it was."""
        self.listing: bytes = b""
        self.digest: bytes = b""
        """Over exactly these files, if it is known from the last run."""

    def add(self, name: str, stat: Stat, content: bytes, role: int) -> None:
        """Add a regular file, or another role to one that is there: what was seen first stays."""
        if name in self.names:
            self.roles[self.names[name]] |= role
            return
        self.digest = b""
        self.names[name] = len(self.roles)
        self.stats.extend(stat)
        self.contents += content
        self.roles.append(role)

    def state(self, name: str) -> str | None:
        """Return the state of a name; nothing if it was not looked at."""
        known = self.non_regular.get(name)
        if known is not None or name not in self.names:
            return known
        row = self.names[name]
        digest = self.contents[row * HASH : (row + 1) * HASH].hex()
        return file_state(digest, executable=bool(self.roles[row] & EXECUTABLE))

    def states(self, names: Iterable[str]) -> list[str]:
        """Return the states of names that were all looked at."""
        return [self.state(name) or "" for name in names]

    def content(self, name: str) -> bytes:
        """Return the SHA-256 of a regular file that was looked at."""
        row = self.names[name]
        return bytes(self.contents[row * HASH : (row + 1) * HASH])
