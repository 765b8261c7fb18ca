"""What was seen last time: the files by their stats, and what each key resolved to.

A memory is only ever a help. Whatever is damaged, of another format, tracked by git, owned by somebody
else or reached through a link is no memory, and costs at most one rebuild.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from dyncachekeys import statefile
from dyncachekeys.witnesses import HASH, RACY_NS, Witnesses

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from pathlib import Path


class FileMemory:
    """The files and folders that the last run looked at, each with the stat by which it is recognised.

    Args:
        known: What it kept; nothing where there is none that can be believed.
    """

    def __init__(self, known: Witnesses | None = None) -> None:
        self.known = known if known is not None and known.read_on() else Witnesses()
        self._stats = memoryview(self.known.file_stats).cast("q")
        self._folder_stats = memoryview(self.known.folder_stats).cast("q")
        self._places = {path: place for place, path in enumerate(self.known.folders)}
        self._firsts = [0, *accumulate(self._folder_stats[3::4])]
        self._open: tuple[str, dict[str, int]] = ("", {})
        self._units = {unit.signature: unit for unit in self.known.units}

    def is_young(self, info: os.stat_result) -> bool:
        """Tell whether something could have been written again within one tick of the clock after the look at it."""
        return max(info.st_mtime_ns, info.st_ctime_ns) >= self.known.taken - RACY_NS

    def recall_in(self, folder: str) -> Callable[[str, os.stat_result], bytes | None]:
        """Return what recalls the content of the files of one folder.

        It takes a name and a stat, and returns the SHA-256 of a regular file that has not changed, or
        nothing if it must be read. A file as young as the memory of it is never believed.
        """
        rows, stats, contents = self._rows(folder), self._stats, self.known.contents
        limit = self.known.taken - RACY_NS

        def recall(name: str, info: os.stat_result) -> bytes | None:
            row = rows.get(name)
            if row is None or info.st_ctime_ns >= limit or info.st_mtime_ns >= limit:
                return None
            size, mtime, ctime, inode = stats[row * 4 : row * 4 + 4]
            if info.st_mtime_ns != mtime or info.st_ctime_ns != ctime or info.st_size != size or info.st_ino != inode:
                return None
            content = bytes(contents[row * HASH : (row + 1) * HASH])
            return content if any(content) else None

        return recall

    def content(self, folder: str, name: str) -> bytes | None:
        """Return the SHA-256 that a file had then; nothing if it was not read."""
        row = self._rows(folder).get(name)
        return None if row is None else bytes(self.known.contents[row * HASH : (row + 1) * HASH])

    def listed(self, folder: str) -> tuple[tuple[int, int, int], bytes] | None:
        """Return by which stat a folder that was listed is recognised, and a hash of what it held."""
        place = self._places.get(folder)
        if place is None:
            return None
        mtime, ctime, inode, _ = self._folder_stats[place * 4 : place * 4 + 4]
        listing = bytes(self.known.listings[place * 16 : place * 16 + 16])
        return ((mtime, ctime, inode), listing) if inode else None

    def visited(self, signature: str) -> dict[str, int]:
        """Return the folders that a selection went through, each with `WALKED` or `LISTED_ANEW`."""
        unit = self._units.get(signature)
        said = unit.visited if unit is not None else b""
        return {self.known.folders[place]: how for place, how in enumerate(said) if how}

    def chosen(self, signature: str, folder: str) -> list[tuple[str, int]]:
        """Return what a selection chose in a folder that it went through, each with the number of its pattern."""
        return self.known.chosen(self._units[signature], self._places[folder], self._firsts[self._places[folder]])

    def _rows(self, folder: str) -> dict[str, int]:
        if self._open[0] != folder or not self._open[1]:
            place = self._places.get(folder)
            names = [] if place is None else self.known.names_in(place)
            first = 0 if place is None else self._firsts[place]
            self._open = (folder, {name: first + number for number, name in enumerate(names)})
        return self._open[1]


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
    """The installed record as it was seen: its file's inode and time, and the stamp folder that it names."""
    expected: Mapping[str, Any] | None = None
    """What uv's next record must hold if it builds from what this sync saw."""
    fits: bool = False
    """Whether the record that was seen is the one that was expected."""
    due: bool = True
    """Whether uv had something to build when the sync had ended."""
    history: tuple[Mapping[str, Any], ...] = ()
    """The last syncs that changed something, the newest last."""

    @property
    def comparable(self) -> tuple[object, ...]:
        """All but the time, which changes when nothing did."""
        return (
            self.salt,
            self.digest,
            self.keys,
            self.entries,
            self.record,
            self.expected,
            self.fits,
            self.due,
            self.history,
        )


def load(path: Path) -> State:
    """Read a state; an empty one where there is none that can be trusted."""
    try:
        return _from_json(statefile.read(path))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, LookupError):
        return State()


def dump(state: State) -> bytes:
    """Return a state as it is written."""
    return statefile.dump({name: getattr(state, name) for name in State.__dataclass_fields__})


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
        fits=bool(data["fits"]),
        due=bool(data["due"]),
        history=tuple(dict(change) for change in data["history"]),
    )


def _row(row: list[Any]) -> Row:
    kind, subject, state, reason = map(str, row)
    return (kind, subject, state, reason)
