"""The edit of known files, and nothing else: answered from the columns of the last run.

That is what happens most while somebody works, so it must not cost what the full path costs. Whatever is
more than that is `NotQuick`; where this does answer, the full path would do the same.
"""

from __future__ import annotations

import os
import stat
import sys

from dyncachekeys.quick import digest, history, snapshot, snapshot_file
from dyncachekeys.quick.atomic import Lock, sweep
from dyncachekeys.quick.change import of_a_plain_file
from dyncachekeys.quick.check import HOME, NotQuick
from dyncachekeys.quick.clock import Began
from dyncachekeys.quick.read import read
from dyncachekeys.quick.snapshot import EXECUTABLE, HASH, INPUT, LINKED, READ, SEARCHED, STAMPED, TIMED
from dyncachekeys.quick.stamp import Stamps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dyncachekeys.quick.change import Change
    from dyncachekeys.quick.check import QuickCheck
    from dyncachekeys.quick.snapshot import Snapshot
    from dyncachekeys.quick.stamp import StampFolder

_MANY = 2_000
"""More differences than this are not an edit by hand."""


class AppliedEdit:
    """What was found and done."""

    __slots__ = ("changes", "move")

    def __init__(self, move: str, changes: Mapping[str, Sequence[Change]]) -> None:
        self.move: str = move
        """What was done with the stamp: ``kept``, ``moved`` or ``returned``."""
        self.changes: Mapping[str, Sequence[Change]] = changes
        """By key."""


def apply_edit(root: str, quick_check: QuickCheck) -> AppliedEdit:
    """Look at what differs, and if that is edits of stamped and linked files only, do what a sync does.

    Args:
        root: The project's folder, absolute.
        quick_check: What differs from the last run. What it knows is changed, if something is written.

    Raises:
        NotQuick: it is more than that. Nothing was written.
        OSError: something can't be looked at, or written.
    """
    known = quick_check.known
    if len(quick_check.places) > _MANY:
        raise NotQuick
    if not snapshot_file.read_on(known):
        raise NotQuick
    look = _Differing(root, known)
    for place in quick_check.places:
        look.at_folder(-1 - place) if place < 0 else look.at_file(place)
    home = f"{root}/{HOME}"
    with Lock(home, wait=False):  # whoever has it writes a snapshot, and then this is not quick
        sweep(home)
        if not known.is_current():
            raise NotQuick  # another sync was here at the same time
        try:
            if not look.edited:
                snapshot_file.write(look.keep(Began(home, quick_check.started)), home)
                return AppliedEdit("kept", {})
            return _apply(home, look, Began(home, quick_check.started))
        except KeyboardInterrupt as stop:
            stop.args = (home,)  # as `rewrite.interrupted`, above here, has it
            raise


def _apply(home: str, look: _Differing, began: Began) -> AppliedEdit:
    stamps = Stamps(home)
    # What belongs together must be together: otherwise somebody has been at it.
    if stamps.digest() != look.known.stamp_digest:
        raise NotQuick
    changes, before = look.changes(), look.known.digest
    now = look.keep(began)
    now.digest, now.stamp_digest = _whole_digests(now)
    move = "kept"
    if now.stamp_digest != stamps.digest():
        if snapshot.STAMP_LINK in now.folders:  # uv sees a file in the stamp's folder, so the record comes to differ
            raise NotQuick
        move, folder = _moved(stamps, now.stamp_digest, int(now.named) if now.named else None)
        now.stamp = f"stamps/{folder.id}"
    history.add(home, (before, now.digest), move, (), changes)
    now.see_stamp()
    snapshot_file.write(now, home)
    return AppliedEdit(move, changes)


def _whole_digests(known: Snapshot) -> tuple[str, str]:
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


def _moved(stamps: Stamps, wanted: str, named: int | None) -> tuple[str, StampFolder]:
    former = stamps.former(wanted, named)
    if former is not None:
        stamps.point_to(former, named)
        return "returned", former
    made = stamps.move(wanted, named)
    if made is None:  # no links here
        raise NotQuick
    return "moved", made


class _Differing:
    """Places that differ, looked at."""

    def __init__(self, root: str, known: Snapshot) -> None:
        self.root, self.known = root, known
        self.edited: dict[int, tuple[bytes, bool]] = {}
        """The rows of files whose content or executable bit is another, with what it was."""
        self._folder_stats = bytearray(known.folder_stats)
        self._file_stats = bytearray(known.file_stats)
        self._contents, self._roles = bytearray(known.contents), bytearray(known.roles)
        self._newest = 0
        self._looked_at: list[tuple[int, int, int]] = []
        """The places, each with its latest time and its device."""
        self._firsts = known.firsts()

    def at_folder(self, place: int) -> None:
        """Look whether a folder that was written to still holds what it held."""
        full = f"{self.root}/{self.known.folders[place]}"
        info = os.stat(full)
        with os.scandir(full) as scan:
            holds = snapshot.listing(scan)
        if holds != self.known.listings[place * 16 : place * 16 + 16]:
            raise NotQuick
        row = memoryview(self._folder_stats).cast("q")
        row[place * 4], row[place * 4 + 1], row[place * 4 + 2] = info.st_mtime_ns, info.st_ctime_ns, info.st_ino
        self._note(-1 - place, info)

    def at_file(self, place: int) -> None:
        """Read a file that differs or is racy."""
        folder = self._folder_of(place)
        name = self.known.names_in(folder)[place - self._firsts[folder]]
        path = self.known.folders[folder]
        role = self._roles[place]
        full = f"{self.root}/{path}/{name}" if path else f"{self.root}/{name}"
        info, content, data = read(full, keep=bool(role & SEARCHED), follow=False)
        rows = memoryview(self._file_stats).cast("q")[place * 4 : place * 4 + 4]
        now = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
        if tuple(rows) != now:
            if role & TIMED or (role & SEARCHED and self._may_hold(f"{path}/{name}", data)):
                raise NotQuick
            if role & LINKED:
                self._note_time(info)
        executable = sys.platform != "win32" and bool(info.st_mode & stat.S_IXUSR)
        before = self._state(place)
        if before != (content, executable) and any(before[0]):
            if not (self.known.plain[folder] and _is_simple(role)):
                raise NotQuick
            self.edited[place] = before
            self._contents[place * HASH : (place + 1) * HASH] = content
            self._roles[place] = role & ~EXECUTABLE | (EXECUTABLE if executable else 0)
        for number, value in enumerate(now):
            rows[number] = value
        self._note(place, info)

    def _state(self, place: int) -> tuple[bytes, bool]:
        """Return the SHA-256 of a file's content, and whether its owner may execute it."""
        return bytes(self._contents[place * HASH : (place + 1) * HASH]), bool(self._roles[place] & EXECUTABLE)

    def _may_hold(self, path: str, index: bytes) -> bool:
        """Tell whether an index of git's may hold by now what it did not hold."""
        from dyncachekeys.quick.git_index import may_hold, names_in_full  # noqa: PLC0415  git seldom writes it

        names = (name for one, name in self.known.searched if one == path)
        return not names_in_full(index) or any(may_hold(index, snapshot.encoded(name)) for name in names)

    def _note_time(self, info: os.stat_result) -> None:
        """Note that uv sees an edit through a link, since its maximum rises (U1); else the stamp would have to move."""
        changed = info.st_mtime_ns if sys.platform == "win32" else info.st_ctime_ns
        if not self.known.newest or changed <= int(self.known.newest):
            raise NotQuick
        self._newest = max(self._newest, changed)

    def changes(self) -> dict[str, list[Change]]:
        """Return the changes by key."""
        found: dict[str, list[Change]] = {key: [] for key in self.known.keys}
        for unit in self.known.units:
            numbers = memoryview(unit.chosen).cast("I")
            for place, was in self.edited.items():
                if numbers[place]:
                    folder = self._folder_of(place)
                    name = self.known.names_in(folder)[place - self._firsts[folder]]
                    path = f"{self.known.folders[folder]}/{name}" if self.known.folders[folder] else name
                    reason = f"matches {unit.patterns[numbers[place] - 1]}"
                    found[unit.key].append(of_a_plain_file(path, was, self._state(place), reason))
        for some in found.values():
            some.sort(key=lambda one: one.subject)
        return found

    def keep(self, began: Began) -> Snapshot:
        """Return what is known now, if the look began then; the same object as before."""
        known = self.known
        known.changed = True
        known.taken = began.at
        known.racy = [place for place, time, device in self._looked_at if time >= began.limit(device)]
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
                content, executable = self._state(place)
                names.append(name)
                states.append(digest.file_state(content.hex(), executable=executable))
        return digest.folder_digest(names, states) if names else bytes(HASH)

    def _folder_of(self, place: int) -> int:
        low, high = 0, len(self._firsts) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._firsts[middle] <= place else (low, middle)
        return low

    def _note(self, place: int, info: os.stat_result) -> None:
        self._looked_at.append((place, max(info.st_mtime_ns, info.st_ctime_ns), info.st_dev))


def _is_simple(role: int) -> bool:
    """Tell whether an edit of a file can only move the stamp, or is seen by uv through a link."""
    return bool(role & INPUT and role & (STAMPED | LINKED) and not role & (TIMED | READ))
