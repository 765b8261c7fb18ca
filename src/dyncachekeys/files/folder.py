"""The files of one folder that were looked at, in columns: a hundred thousand of them must fit into little memory.

A state is text that changes exactly when what the build may see of the file changes: its content, its
owner's executable bit, the text of a link; never its times.
"""

from __future__ import annotations

import os
import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dyncachekeys.errors import Problem
from dyncachekeys.quick.digest import file_state
from dyncachekeys.quick.snapshot import EXECUTABLE, HASH

Stat = tuple[int, int, int, int]
"""size, mtime_ns, ctime_ns, inode"""
CHANGED = 1 if sys.platform == "win32" else 2
"""Which number of a stat says when a file was written (U1)."""


def stat_of(info: os.stat_result) -> Stat:
    """Return what a file is recognised by."""
    return (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)


def changed_ns(info: os.stat_result) -> int:
    """Return the time by which uv judges a file, in nanoseconds: ``ctime`` on Unix, else ``mtime`` (U1)."""
    return stat_of(info)[CHANGED]


@dataclass(slots=True, eq=False)
class Folder:
    """What was seen in one folder; rows are never taken out or reordered."""

    names: dict[str, int] = field(default_factory=dict)
    """Regular files, each with the number of its row."""
    stats: array[int] = field(default_factory=lambda: array("q"))
    contents: bytearray = field(default_factory=bytearray)
    roles: bytearray = field(default_factory=bytearray)
    non_regular: dict[str, str] = field(default_factory=dict)
    """The states of all else, and of files that count as something else than what is on disk."""
    non_regular_stats: dict[str, str] = field(default_factory=dict)
    """How links and special files are recognised (`snapshot.non_regular_stat`)."""
    listed: tuple[int, int, int] | None = None
    """mtime, ctime and inode from before the folder was listed, if it was."""
    listing: bytes = b""
    digest: bytes = b""
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

    def replace(self, name: str, stat: Stat, content: bytes) -> None:
        """Put in a regular file as it is now, in place of what was seen first."""
        row = self.names[name]
        self.stats[row * 4 : row * 4 + 4] = array("q", stat)
        self.contents[row * HASH : (row + 1) * HASH] = content

    def adopt(self, names: Sequence[str], stats: bytes, contents: bytes, roles: Iterable[int], digest: bytes) -> None:
        """Take over all files of the folder at once; none is here yet."""
        self.names = {name: row for row, name in enumerate(names)}
        self.stats.frombytes(stats)
        self.contents += contents
        self.roles += bytes(roles)
        self.digest = digest

    def stat(self, name: str) -> Stat:
        """Return by what a regular file that was looked at is recognised."""
        row = self.names[name]
        size, mtime, ctime, inode = self.stats[row * 4 : row * 4 + 4]
        return size, mtime, ctime, inode

    def changed(self, name: str) -> int | None:
        """Return when a regular file was written, in nanoseconds (U1); nothing if it was not looked at."""
        row = self.names.get(name)
        return None if row is None else self.stats[row * 4 + CHANGED]

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


def unreadable(path: str, error: OSError, what: str = "file") -> Problem:
    """Return the problem of a file that can't be read, or a folder that can't be listed."""
    done = "listed" if what == "folder" else "read"
    remedy = "make it readable, or leave it out with `exclude`"
    return Problem(f"unreadable-{what}", f"can't be {done}: {error.strerror or error}", path, remedy)
