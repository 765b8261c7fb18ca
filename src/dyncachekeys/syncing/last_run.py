"""What the last run left: its state and its snapshot, as far as they may be believed."""

from __future__ import annotations

import dataclasses
import os
import time
from dataclasses import dataclass
from pathlib import Path

from dyncachekeys.files.recall import FileMemory
from dyncachekeys.pyproject.project import FILE, HOME
from dyncachekeys.quick import snapshot
from dyncachekeys.quick.check import QuickCheck
from dyncachekeys.quick.snapshot import STATE_FILE, Snapshot
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.syncing import notices
from dyncachekeys.syncing import state as sync_state
from dyncachekeys.syncing.state import State

Fingerprint = tuple[bytes | None, bytes | None, str | None]
"""What a plan is based on: ``pyproject.toml``, the state, and where the stamp leads."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the last run left."""

    started: int
    """When this run began to look, in nanoseconds since the epoch."""
    believed: bool
    """Whether stamp and state may be believed: not if git tracks them."""
    raw: bytes | None
    """The state as it is on disk."""
    state: State
    memory: FileMemory

    @property
    def salt(self) -> bytes:
        """Seals what could tell a secret."""
        return bytes.fromhex(self.state.salt)


def last_run(root: Path, quick_check: QuickCheck | None) -> LastRun:
    """Return what the last run left in a project.

    Args:
        root: The project's folder.
        quick_check: What the quiet path saw.
    """
    started = time.time_ns() if quick_check is None else quick_check.started
    raw = _bytes(root / HOME / STATE_FILE)
    if notices.is_tracked(root):
        return LastRun(started, believed=False, raw=raw, state=State(), memory=FileMemory())
    state = sync_state.load(root / HOME / STATE_FILE)
    memory = _file_memory(root, quick_check) if state.digest else FileMemory()
    return LastRun(started, believed=True, raw=raw, state=_after_edits(root, state, memory.known), memory=memory)


def _file_memory(root: Path, quick_check: QuickCheck | None) -> FileMemory:
    if quick_check is not None:
        return FileMemory(quick_check.known, quick_check.places)
    return FileMemory(Snapshot.load(os.fspath(root / HOME)))


def _after_edits(root: Path, state: State, known: Snapshot) -> State:
    """Return the state as it is after the edits that the quiet path has applied since it was written (`quick.edit`)."""
    stamp = Stamps(root / HOME).current()
    if not known.digest or state.expected is None or stamp is None or known.stamp != f"stamps/{stamp.id}":
        return state
    newest = int(known.newest) if known.newest else None
    fits = state.fits and newest == state.expected["timestamp"]
    applied = known.digest != state.digest or fits != state.fits
    if not applied or snapshot.non_regular_stat(os.fspath(root / HOME / STATE_FILE)) != known.state:
        return state
    due = not (fits and known.named and stamp.is_named(int(known.named)))
    expected = {**state.expected, "timestamp": newest}
    return dataclasses.replace(state, digest=known.digest, started=known.taken, expected=expected, fits=fits, due=due)


def fingerprint(root: Path) -> Fingerprint:
    """Return what a plan of the project would be based on now."""
    return (_bytes(root / FILE), _bytes(root / HOME / STATE_FILE), stamp_link(root))


def stamp_link(root: Path) -> str | None:
    """Return where the link to the stamp leads; nothing if there is none."""
    try:
        return os.readlink(root / HOME / "current")
    except OSError:
        return None


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
