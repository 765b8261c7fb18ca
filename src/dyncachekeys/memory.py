"""What was seen last time: the content digests of files, and what each key resolved to.

A memory is only ever a help. Whatever is damaged, of another format, tracked by git, owned by somebody
else or reached through a link is no memory, and costs at most one rebuild.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = 1
HISTORY_LENGTH = 20
_RACY_NS = 2_000_000_000
"""How much older than the memory of it a file must be to be believed: the coarsest clock of a file system."""

Witness = tuple[int, int, int, int, str]
"""size, mtime_ns, ctime_ns, inode, SHA-256 in hexadecimal"""


class FileMemory:
    """The content digests of files, each with the stat by which it is recognised.

    Args:
        rows: What an earlier run kept.
        taken: When that run began, in nanoseconds since the epoch.
    """

    def __init__(self, rows: Mapping[str, Witness] | None = None, taken: int = 0) -> None:
        self._old = dict(rows or {})
        self._taken = taken
        self.rows: dict[str, Witness] = {}
        """What this run used: what the next one may believe."""
        self.learned = False
        """Whether a file was read in this run."""

    def recall(self, path: str, info: os.stat_result) -> str | None:
        """Return the digest of a file that has not changed, or nothing if it must be read.

        A file as young as the memory of it could have been written again within one tick of the
        clock, so it is never believed.
        """
        row = self._old.get(path)
        if row is None or row[:4] != _stat_row(info):
            return None
        if max(info.st_mtime_ns, info.st_ctime_ns) >= self._taken - _RACY_NS:
            return None
        self.rows[path] = row
        return row[4]

    def keep(self, path: str, info: os.stat_result, digest: str) -> str:
        """Remember a digest together with the stat that was taken before the file was read; return it."""
        self.rows[path] = (*_stat_row(info), digest)
        self.learned = True
        return digest


def _stat_row(info: os.stat_result) -> tuple[int, int, int, int]:
    return (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)


Row = tuple[str, str, str, str]
"""kind, subject, state (sealed where it could tell a secret), reason"""


@dataclass(frozen=True, slots=True)
class State:
    """What a sync leaves for the next one, in ``.dyncachekeys/state.json``."""

    started: int = 0
    """When the run began, in nanoseconds since the epoch."""
    salt: str = field(default_factory=lambda: secrets.token_hex(32))
    """Seals what could tell a secret; of this checkout only."""
    digest: str | None = None
    """Over all inputs; nothing before the first sync."""
    keys: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    entries: tuple[Mapping[str, Any], ...] = ()
    """The last plan: what is ours in a region that lost its markers."""
    record: Mapping[str, Any] | None = None
    """The installed record as it was seen, with its file's inode and time."""
    expected: Mapping[str, Any] | None = None
    """What uv's next record must hold if it builds from what this sync saw."""
    due: bool = True
    """Whether uv had something to build when the sync had ended."""
    files: Mapping[str, Witness] = field(default_factory=dict)
    history: tuple[Mapping[str, Any], ...] = ()
    """The last syncs that changed something, the newest last."""

    @property
    def comparable(self) -> tuple[object, ...]:
        """All but the time and the files' stats, which change when nothing did."""
        return (self.salt, self.digest, self.keys, self.entries, self.record, self.expected, self.due, self.history)


def load(path: Path) -> State:
    """Read a state; an empty one where there is none that can be trusted."""
    try:
        data = json.loads(_trusted_bytes(path))
        return _from_json(data) if data.get("format") == FORMAT else State()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, LookupError):
        return State()


def dump(state: State) -> bytes:
    """Return a state as it is written."""
    data = {name: getattr(state, name) for name in State.__dataclass_fields__}
    return json.dumps({"format": FORMAT, **data}, separators=(",", ":")).encode("ascii")


def _from_json(data: Mapping[str, Any]) -> State:
    bytes.fromhex(data["salt"])
    return State(
        started=int(data["started"]),
        salt=data["salt"],
        digest=data["digest"],
        keys={name: tuple(_row(row) for row in rows) for name, rows in data["keys"].items()},
        entries=tuple(dict(entry) for entry in data["entries"]),
        record=data["record"],
        expected=data["expected"],
        due=bool(data["due"]),
        files={path: _witness(row) for path, row in data["files"].items()},
        history=tuple(dict(change) for change in data["history"]),
    )


def _row(row: list[Any]) -> Row:
    kind, subject, state, reason = map(str, row)
    return (kind, subject, state, reason)


def _witness(row: list[Any]) -> Witness:
    size, mtime, ctime, inode, digest = row
    return (int(size), int(mtime), int(ctime), int(inode), str(digest))


def _trusted_bytes(path: Path) -> bytes:
    """Read a regular file of our own, not through a link.

    Raises:
        OSError: there is none, or it is somebody else's.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as stream:  # noqa: PTH123
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise OSError
        if hasattr(os, "geteuid") and info.st_uid != os.geteuid():
            raise OSError
        return stream.read()
