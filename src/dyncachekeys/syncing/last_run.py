"""What the last run left: its state and its snapshot, as far as they may be believed."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.files import state_file
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.pyproject.project import FILE, HOME
from dyncachekeys.quick import clock, snapshot
from dyncachekeys.quick.check import QuickCheck
from dyncachekeys.quick.snapshot import STATE_FILE, Snapshot
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.syncing import notices
from dyncachekeys.syncing import state as sync_state
from dyncachekeys.syncing.state import State


class LastRun(NamedTuple):
    """What the last run left."""

    started: int
    """When this run began to look, in nanoseconds (`clock.monotonic`)."""
    believed: bool
    """Whether stamp and state may be believed: not if git tracks them."""
    basis: tuple[bytes | None, str | None, int | None]
    """The state, where the stamp led, and which snapshot there was: if they differ later, plan again (`on_disk`)."""
    state: State
    memory: FileMemory

    @property
    def salt(self) -> bytes:
        """Seals what could tell a secret."""
        return bytes.fromhex(self.state.salt)


def last_run(root: Path, quick_check: QuickCheck | None) -> LastRun:
    """Return what the last run left in a project, or what the quiet path saw of that."""
    started = clock.monotonic() if quick_check is None else quick_check.started
    basis = _home_on_disk(root)
    if notices.is_tracked(root):
        return LastRun(started, believed=False, basis=basis, state=State(), memory=FileMemory())
    state = sync_state.load(root / HOME / STATE_FILE)
    memory = _file_memory(root, quick_check) if state.digest else FileMemory()
    return LastRun(started, believed=True, basis=basis, state=_after_edits(root, state, memory.known), memory=memory)


def _file_memory(root: Path, quick_check: QuickCheck | None) -> FileMemory:
    if quick_check is not None and quick_check.known.is_current():  # else another sync was here meanwhile
        return FileMemory(quick_check.known, quick_check.places)
    return FileMemory(Snapshot.load(os.fspath(root / HOME)))


def _after_edits(root: Path, state: State, known: Snapshot) -> State:
    """Return the state as it is after the edits that the quiet path has applied since it was written (`quick.edit`)."""
    stamp, expected = Stamps(root / HOME).current(), state.expected
    if not known.digest or expected is None or stamp is None or known.stamp != f"stamps/{stamp.id}":
        return state
    newest = _number(known.newest)
    fits = state.fits and newest == expected["timestamp"]
    applied = known.digest != state.digest or fits != state.fits
    if not applied or snapshot.non_regular_stat(os.fspath(root / HOME / STATE_FILE)) != known.state:
        return state
    due = not (fits and stamp.is_named(_number(known.named)))
    expected = {**expected, "timestamp": newest}
    if known.stamp_digest != state.stamped:  # the parts of the digest are those of what was there before
        state = dataclasses.replace(state, stamped=known.stamp_digest, others="", rest="")
    return dataclasses.replace(state, digest=known.digest, started=known.taken, expected=expected, fits=fits, due=due)


def _number(text: str) -> int | None:
    return int(text) if text else None


def on_disk(root: Path) -> tuple[bytes | None, bytes | None, str | None, int | None]:
    """Return what a plan is based on, as it is now: ``pyproject.toml``, the state, where the stamp leads, the snapshot."""
    return (_bytes(Path.read_bytes, root / FILE), *_home_on_disk(root))


def _home_on_disk(root: Path) -> tuple[bytes | None, str | None, int | None]:
    stamp = snapshot_inode = None
    with contextlib.suppress(OSError):
        stamp = os.readlink(root / HOME / "current")
    with contextlib.suppress(OSError):
        snapshot_inode = os.stat(root / HOME / snapshot.FILE).st_ino
    return (_bytes(state_file.content, root / HOME / STATE_FILE), stamp, snapshot_inode)


def _bytes(read: Callable[[Path], bytes], path: Path) -> bytes | None:
    try:
        return read(path)
    except OSError:
        return None
