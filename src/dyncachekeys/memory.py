"""What was seen last time: the files by their stats, and what each key resolved to.

A memory is only ever a help. Whatever is damaged, of another format, tracked by git, owned by somebody
else or reached through a link is no memory, and costs at most one rebuild.
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from dyncachekeys import columns, statefile
from dyncachekeys.digest import file_state
from dyncachekeys.witnesses import EXECUTABLE, HASH, RACY_NS, Witnesses

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from dyncachekeys.folder import Folder


class FileMemory:
    """The files and folders that the last run looked at, each with the stat by which it is recognised.

    Args:
        known: What it kept; nothing where there is none that can be believed.
        places: What is known not to be as it was, if all was looked at a moment ago.
    """

    def __init__(self, known: Witnesses | None = None, places: Iterable[int] | None = None) -> None:
        self.known: Witnesses = known if known is not None and columns.read_on(known) else Witnesses()
        self._differing = set(places) if places is not None and self.known is known else None
        self._stats = memoryview(self.known.file_stats).cast("q")
        self._folder_stats = memoryview(self.known.folder_stats).cast("q")
        self._places = {path: place for place, path in enumerate(self.known.folders)}
        self._firsts = [0, *accumulate(self._folder_stats[3::4])]
        self._names: dict[int, list[str]] = {}
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

    def is_unchanged(self, folder: str) -> bool:
        """Tell whether a moment ago a folder stood as it was, and all files in it that are known."""
        place = self._places.get(folder)
        if self._differing is None or place is None or -1 - place in self._differing:
            return False
        return self._differing.isdisjoint(range(self._firsts[place], self._firsts[place + 1]))

    def columns(self, folder: str) -> tuple[list[str], memoryview, bytes, bytes, bytes]:
        """Return names, stats, contents and roles of a folder that is known, and the digest of its inputs.

        No digest, if other things than these files were inputs there.
        """
        place = self._places[folder]
        first, end = self._firsts[place], self._firsts[place + 1]
        return (
            self._names_in(place),
            self._stats[first * 4 : end * 4],
            bytes(self.known.contents[first * HASH : end * HASH]),
            bytes(self.known.roles[first:end]),
            bytes(self.known.digests[place * 2 * HASH : (place * 2 + 1) * HASH]) if self.known.plain[place] else b"",
        )

    def holds(self, folder: str, seen: Folder) -> bool:
        """Tell whether exactly the files that are there now were in a folder then, each with the same state."""
        place = self._places.get(folder)
        if place is None or self._names_in(place) != list(seen.names):
            return False
        first, end = self._firsts[place], self._firsts[place + 1]
        if self.known.contents[first * HASH : end * HASH] != seen.contents:
            return False
        then = self.known.roles[first:end]
        return all(not (one ^ other) & EXECUTABLE for one, other in zip(then, seen.roles, strict=True))

    def state(self, folder: str, name: str) -> str | None:
        """Return the state that a regular file had then; nothing if it was not read."""
        row = self._rows(folder).get(name)
        content = b"" if row is None else bytes(self.known.contents[row * HASH : (row + 1) * HASH])
        if row is None or not any(content):
            return None
        return file_state(content.hex(), executable=bool(self.known.roles[row] & EXECUTABLE))

    def content(self, folder: str, name: str) -> bytes | None:
        """Return the SHA-256 that a file had then; nothing if it was not read."""
        row = self._rows(folder).get(name)
        return None if row is None else bytes(self.known.contents[row * HASH : (row + 1) * HASH])

    def changed(self, folder: str, name: str) -> int | None:
        """Return when a file had been written then, in nanoseconds (U1); nothing if it was not looked at."""
        row = self._rows(folder).get(name)
        return None if row is None else self._stats[row * 4 + (1 if sys.platform == "win32" else 2)]

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
        place = self._places[folder]
        numbers = memoryview(self._units[signature].chosen).cast("H")
        here = numbers[self._firsts[place] : self._firsts[place + 1]]
        return [(name, number - 1) for name, number in zip(self._names_in(place), here, strict=True) if number]

    def _names_in(self, place: int) -> list[str]:
        """Return the names in a folder: the same objects each time, since there may be very many."""
        names = self._names.get(place)
        if names is None:
            names = self._names[place] = self.known.names_in(place)
        return names

    def _rows(self, folder: str) -> dict[str, int]:
        if self._open[0] != folder or not self._open[1]:
            place = self._places.get(folder)
            names = [] if place is None else self.known.names_in(place)
            first = 0 if place is None else self._firsts[place]
            self._open = (folder, {name: first + number for number, name in enumerate(names)})
        return self._open[1]


Known = dict[str, tuple[str, tuple[int, int]]]
"""By path: what was seen of a product, and the installed record's identity at that time. A pattern that
chose nothing stands for itself."""
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
    products: Mapping[str, Known] = field(default_factory=dict)
    """Of products that must be there, by pattern (`products`)."""
    links: Sequence[Any] | None = None
    """Of the link folder: what it stands for, and by which stat it is recognised (`emit.links`)."""
    written: tuple[str, ...] = ()
    """What builds were seen to write, though its content stayed: no links lead there."""
    writes: Mapping[str, int] = field(default_factory=dict)
    """By file: in how many builds running it was written (`loops`)."""
    moves: Mapping[str, int] = field(default_factory=dict)
    """By variable or value: in how many syncs running it moved the stamp (`loops`)."""
    tables: Mapping[str, str] = field(default_factory=dict)
    """Of ``pyproject.toml``: the sealed digest of each table (`pyproject_tables`)."""
    uv: tuple[str, ...] = ()
    """The uv that was found (`uv.Program`)."""
    fits: bool = False
    """Whether the record that was seen is the one that was expected."""
    due: bool = True
    """Whether uv had something to build when the sync had ended."""

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
            self.products,
            self.links,
            self.written,
            self.writes,
            self.moves,
            self.tables,
            self.uv,
            self.fits,
            self.due,
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
        products={pattern: _known(rows) for pattern, rows in data["products"].items()},
        links=data["links"],
        written=tuple(map(str, data["written"])),
        writes=_counts(data["writes"]),
        moves=_counts(data["moves"]),
        tables={str(name): str(seal) for name, seal in data["tables"].items()},
        uv=tuple(map(str, data["uv"])),
        fits=bool(data["fits"]),
        due=bool(data["due"]),
    )


def _counts(rows: Mapping[str, Any]) -> dict[str, int]:
    return {str(name): int(count) for name, count in rows.items()}


def _known(rows: Mapping[str, Any]) -> Known:
    return {str(path): (str(status), (int(inode), int(time))) for path, (status, (inode, time)) in rows.items()}


def _row(row: list[Any]) -> Row:
    kind, subject, state, reason = map(str, row)
    return (kind, subject, state, reason)
