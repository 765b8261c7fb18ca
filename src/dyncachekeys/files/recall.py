"""What the last run saw: the files and folders, each with the stat by which it is recognised."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from dyncachekeys.files.folder import CHANGED
from dyncachekeys.quick import snapshot_file
from dyncachekeys.quick.digest import file_state
from dyncachekeys.quick.snapshot import EXECUTABLE, HASH, LINKED, Snapshot

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from dyncachekeys.files.folder import Folder


class FileMemory:
    """The files and folders that the last run looked at, each with the stat by which it is recognised.

    Args:
        known: Its snapshot; nothing where none can be relied on.
        places: The places that have changed, if all were looked at a moment ago.
    """

    def __init__(self, known: Snapshot | None = None, places: Iterable[int] | None = None) -> None:
        self.known: Snapshot = known if known is not None and snapshot_file.read_on(known) else Snapshot()
        self._racy = frozenset(self.known.racy)
        self._differing = set(places) if places is not None and self.known is known else None
        self._stats = memoryview(self.known.file_stats).cast("q")
        self._folder_stats = memoryview(self.known.folder_stats).cast("q")
        self._places = {path: place for place, path in enumerate(self.known.folders)}
        self._firsts = [0, *accumulate(self._folder_stats[3::4])]
        self._names: dict[int, list[str]] = {}
        self._open: tuple[str, dict[str, int]] = ("", {})
        self._units = {unit.signature: unit for unit in self.known.units}

    def is_racy(self, folder: str) -> bool:
        """Tell whether a folder that was listed could have been written to again with the same times (`clock`)."""
        return -1 - self._places[folder] in self._racy

    def recall_in(self, folder: str) -> Callable[[str, os.stat_result], bytes | None]:
        """Return what recalls the content of the files of one folder.

        It takes a name and a stat, and returns the SHA-256 of a regular file that has not changed, or
        nothing if it must be read. A racy file, as new as the memory of it, is always read.
        """
        rows, stats, contents, racy = self._rows(folder), self._stats, self.known.contents, self._racy

        def recall(name: str, info: os.stat_result) -> bytes | None:
            row = rows.get(name)
            if row is None or row in racy:
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
        known, place = self.known, self._places[folder]
        first, end = self._firsts[place], self._firsts[place + 1]
        digest = bytes(known.digests[place * 2 * HASH : (place * 2 + 1) * HASH]) if known.plain[place] else b""
        contents, roles = bytes(known.contents[first * HASH : end * HASH]), bytes(known.roles[first:end])
        return self._names_in(place), self._stats[first * 4 : end * 4], contents, roles, digest

    def holds(self, folder: str, seen: Folder) -> bool:
        """Tell whether exactly the files that are there now were in a folder then, each with the same state."""
        place = self._places.get(folder)
        if place is None or self._names_in(place) != list(seen.names):
            return False
        first, end = self._firsts[place], self._firsts[place + 1]
        if self.known.contents[first * HASH : end * HASH] != seen.contents:
            return False
        roles = zip(self.known.roles[first:end], seen.roles, strict=True)
        return all(not (then ^ now) & EXECUTABLE for then, now in roles)

    def state(self, folder: str, name: str) -> str | None:
        """Return the state that a regular file had then; nothing if it was not read."""
        content = self.content(folder, name)
        if content is None or not any(content):
            return None
        return file_state(content.hex(), executable=bool(self.known.roles[self._rows(folder)[name]] & EXECUTABLE))

    def content(self, folder: str, name: str) -> bytes | None:
        """Return the SHA-256 that a file had then; nothing if it was not read."""
        row = self._rows(folder).get(name)
        return None if row is None else bytes(self.known.contents[row * HASH : (row + 1) * HASH])

    def linked(self) -> dict[str, set[str]]:
        """Return the regular files that uv saw through links, by folder."""
        found: dict[str, set[str]] = {}
        for place, folder in enumerate(self.known.folders):
            roles = self.known.roles[self._firsts[place] : self._firsts[place + 1]]
            if any(role & LINKED for role in roles):
                names = zip(self._names_in(place), roles, strict=True)
                found[folder] = {name for name, role in names if role & LINKED}
        return found

    def changed(self, folder: str, name: str) -> int | None:
        """Return when a file had been written then, in nanoseconds (U1); nothing if it was not looked at."""
        row = self._rows(folder).get(name)
        return None if row is None else self._stats[row * 4 + CHANGED]

    def listed(self, folder: str) -> tuple[tuple[int, int, int], bytes] | None:
        """Return by which stat a folder that was listed is recognised, and a hash of what it held."""
        place = self._places.get(folder)
        if place is None:
            return None
        mtime, ctime, inode, _ = self._folder_stats[place * 4 : place * 4 + 4]
        listing = bytes(self.known.listings[place * 16 : place * 16 + 16])
        return ((mtime, ctime, inode), listing) if inode else None

    def visited(self, signature: str) -> dict[str, int]:
        """Return the folders that a selection went through, each with `WALKED` or `LISTED_AGAIN`."""
        unit = self._units.get(signature)
        visited = unit.visited if unit is not None else b""
        return {self.known.folders[place]: how for place, how in enumerate(visited) if how}

    def chosen(self, signature: str, folder: str) -> list[tuple[str, int]]:
        """Return what a selection chose in a folder that it went through, each with the number of its pattern."""
        place = self._places[folder]
        numbers = memoryview(self._units[signature].chosen).cast("I")
        here = numbers[self._firsts[place] : self._firsts[place + 1]]
        return [(name, number - 1) for name, number in zip(self._names_in(place), here, strict=True) if number]

    def _names_in(self, place: int) -> list[str]:
        """Return the names in a folder: the same objects each time, since there may be very many."""
        names = self._names.get(place)
        if names is None:
            names = self._names[place] = self.known.names_in(place)
        return names

    def _rows(self, folder: str) -> dict[str, int]:
        place = self._places.get(folder)
        if place is None:
            return {}  # what is open stays so: who asks for absent files goes to and fro
        if self._open[0] != folder or not self._open[1]:
            first = self._firsts[place]
            names = self.known.names_in(place)
            self._open = (folder, {name: first + number for number, name in enumerate(names)})
        return self._open[1]
