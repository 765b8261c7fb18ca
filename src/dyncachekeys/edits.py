"""The edit of known files, and nothing else: answered from the columns of the last run.

That is what happens most while somebody works, so it must not cost what the full path costs. Whatever is
more than that steps aside; where this does answer, the full path would do the same.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys

from dyncachekeys import columns, digest, history, witnesses
from dyncachekeys.change import of_a_plain_file
from dyncachekeys.emit.stamp import Stamps
from dyncachekeys.emit.write import Lock
from dyncachekeys.quiet import HOME, Aside
from dyncachekeys.witnesses import EXECUTABLE, HASH, INPUT, LINKED, RACY_NS, READ, STAMPED, TIMED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dyncachekeys.change import Change
    from dyncachekeys.emit.stamp import Folder
    from dyncachekeys.quiet import Glance
    from dyncachekeys.witnesses import Witnesses

_CHUNK = 1 << 18
_MANY = 2_000
"""More differences than this are no edit by hand."""


class Edited:
    """What was found and done."""

    __slots__ = ("changes", "move")

    def __init__(self, move: str, changes: Mapping[str, Sequence[Change]]) -> None:
        self.move: str = move
        """What was done with the stamp: ``kept``, ``moved`` or ``returned``."""
        self.changes: Mapping[str, Sequence[Change]] = changes
        """By key."""


def settle(root: str, glance: Glance) -> Edited:
    """Look at what differs, and if that is edits of stamped and linked files only, do what a sync does.

    Args:
        root: The project's folder, absolute.
        glance: What differs from the last run. What it knows is changed, if something is written.

    Raises:
        Aside: it is more than that. Nothing was written.
        OSError: something can't be looked at, or written.
    """
    known = glance.known
    if len(glance.places) > _MANY:
        raise Aside
    if not columns.read_on(known):
        raise Aside
    look = _Look(root, known, glance.started)
    for place in glance.places:
        look.at_folder(-1 - place) if place < 0 else look.at_file(place)
    home = f"{root}/{HOME}"
    with Lock(home):
        if not known.is_current():
            raise Aside  # another sync was here meanwhile
        if not look.edited:
            columns.write(look.keep(), home)
            return Edited("kept", {})
        return _apply(home, look)


def _apply(home: str, look: _Look) -> Edited:
    stamps = Stamps(home)
    # What belongs together must be together: otherwise somebody has been at it.
    if stamps.digest() != look.known.stamp_digest:
        raise Aside
    changes, before = look.changes(), look.known.digest
    kept = look.keep()
    kept.digest, kept.stamp_digest = _whole_digests(kept)
    move = "kept"
    if kept.stamp_digest != stamps.digest():
        move, folder = _moved(stamps, kept.stamp_digest, int(kept.named) if kept.named else None)
        kept.stamp = f"stamps/{folder.id}"
    history.add(home, (before, kept.digest), move, (), changes, at=look.started)
    kept.see_stamp()
    columns.write(kept, home)
    return Edited(move, changes)


def _whole_digests(known: Witnesses) -> tuple[str, str]:
    """Return the digest over all inputs, and the one over what moves the stamp."""
    of_all: dict[str, bytes] = {}
    of_stamp: dict[str, bytes] = {}
    nothing, digests, size = bytes(HASH), bytes(known.digests), 2 * HASH
    for at, folder in zip(range(0, len(digests), size), known.folders):  # noqa: B905
        found, of_it = digests[at : at + HASH], digests[at + HASH : at + size]
        if found != nothing:
            of_all[folder] = found
        if of_it != nothing:
            of_stamp[folder] = of_it
    whole = digest.combined(known.rests[0], of_all)
    if known.rests[0] == known.rests[1] and of_all == of_stamp:
        return whole, whole
    return whole, digest.combined(known.rests[1], of_stamp)


def _moved(stamps: Stamps, wanted: str, named: int | None) -> tuple[str, Folder]:
    former = stamps.former(wanted, named)
    if former is not None:
        stamps.point_to(former, named)
        return "returned", former
    made = stamps.move(wanted, named)
    if made is None:  # no links here
        raise Aside
    return "moved", made


class _Look:
    """Places that differ, looked at."""

    def __init__(self, root: str, known: Witnesses, started: int) -> None:
        self.root, self.known, self.started = root, known, started
        self.edited: dict[int, tuple[bytes, bool]] = {}
        """The rows of files whose content or executable bit is another, with what it was."""
        self._folder_stats = bytearray(known.folder_stats)
        self._file_stats = bytearray(known.file_stats)
        self._contents, self._roles = bytearray(known.contents), bytearray(known.roles)
        self._newest = 0
        self._young: list[int] = []
        self._firsts = known.firsts()

    def at_folder(self, place: int) -> None:
        """Look whether a folder that was written to still holds what it held."""
        full = f"{self.root}/{self.known.folders[place]}"
        info = os.stat(full)
        with os.scandir(full) as scan:
            holds = witnesses.listing(scan)
        if holds != self.known.listings[place * 16 : place * 16 + 16]:
            raise Aside
        row = memoryview(self._folder_stats).cast("q")
        row[place * 4], row[place * 4 + 1], row[place * 4 + 2] = info.st_mtime_ns, info.st_ctime_ns, info.st_ino
        self._note_young(-1 - place, info)

    def at_file(self, place: int) -> None:
        """Read a file that differs or is young."""
        folder = self._folder_of(place)
        name = self.known.names_in(folder)[place - self._firsts[folder]]
        path = self.known.folders[folder]
        info, content = _read(f"{self.root}/{path}/{name}" if path else f"{self.root}/{name}")
        rows = memoryview(self._file_stats).cast("q")
        now = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
        role = self._roles[place]
        same = tuple(rows[place * 4 : place * 4 + 4]) == now
        if role & TIMED and not same:
            raise Aside
        if role & LINKED and not same:
            self._note_time(info)
        executable = sys.platform != "win32" and bool(info.st_mode & stat.S_IXUSR)
        was = (bytes(self._contents[place * HASH : (place + 1) * HASH]), bool(role & EXECUTABLE))
        if was != (content, executable) and any(was[0]):
            if role & (TIMED | READ) or not (role & INPUT and role & (STAMPED | LINKED)):
                raise Aside
            if not self.known.plain[folder]:
                raise Aside
            self.edited[place] = was
            self._contents[place * HASH : (place + 1) * HASH] = content
            self._roles[place] = role & ~EXECUTABLE | (EXECUTABLE if executable else 0)
        for number, value in enumerate(now):
            rows[place * 4 + number] = value
        self._note_young(place, info)

    def _note_time(self, info: os.stat_result) -> None:
        """Note that uv sees an edit through a link, since its maximum rises (U1); else the stamp would have to move."""
        changed = info.st_mtime_ns if sys.platform == "win32" else info.st_ctime_ns
        if not self.known.newest or changed <= int(self.known.newest):
            raise Aside
        self._newest = max(self._newest, changed)

    def changes(self) -> dict[str, list[Change]]:
        """Return the changes by key."""
        found: dict[str, list[Change]] = {key: [] for key in self.known.keys}
        for unit in self.known.units:
            numbers = memoryview(unit.chosen).cast("H")
            for place, was in self.edited.items():
                if numbers[place]:
                    folder = self._folder_of(place)
                    name = self.known.names_in(folder)[place - self._firsts[folder]]
                    path = f"{self.known.folders[folder]}/{name}" if self.known.folders[folder] else name
                    now = (
                        bytes(self._contents[place * HASH : (place + 1) * HASH]),
                        bool(self._roles[place] & EXECUTABLE),
                    )
                    reason = f"matches {unit.patterns[numbers[place] - 1]}"
                    found[unit.key].append(of_a_plain_file(path, was, now, reason))
        for some in found.values():
            some.sort(key=lambda one: one.subject)
        return found

    def keep(self) -> Witnesses:
        """Return what is known now; the same object as before."""
        known = self.known
        known.changed = True
        known.taken, known.young = self.started, self._young
        known.newest = str(self._newest) if self._newest else known.newest
        known.folder_stats, known.file_stats = self._folder_stats, self._file_stats
        known.contents, known.roles = self._contents, self._roles
        digests = bytearray(known.digests)
        for folder in {self._folder_of(place) for place in self.edited}:
            for number, role in enumerate((INPUT, STAMPED)):
                at = (folder * 2 + number) * HASH
                digests[at : at + HASH] = self._digest_of(folder, role)
        known.digests = digests
        return known

    def _digest_of(self, folder: int, role: int) -> bytes:
        names, states = [], []
        for place, name in enumerate(self.known.names_in(folder), self._firsts[folder]):
            if self._roles[place] & role:
                content = self._contents[place * HASH : (place + 1) * HASH].hex()
                names.append(name)
                states.append(digest.file_state(content, executable=bool(self._roles[place] & EXECUTABLE)))
        return digest.folder_digest(names, states) if names else bytes(HASH)

    def _folder_of(self, place: int) -> int:
        low, high = 0, len(self._firsts) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._firsts[middle] <= place else (low, middle)
        return low

    def _note_young(self, place: int, info: os.stat_result) -> None:
        if max(info.st_mtime_ns, info.st_ctime_ns) >= self.started - RACY_NS:
            self._young.append(place)


def _read(full: str) -> tuple[os.stat_result, bytes]:
    """Return a regular file's stat, taken from the very file that is read, and its SHA-256."""
    descriptor = os.open(full, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise Aside
        content = hashlib.sha256()
        while chunk := os.read(descriptor, min(info.st_size + 1, _CHUNK)):
            content.update(chunk)
    finally:
        os.close(descriptor)
    return info, content.digest()
