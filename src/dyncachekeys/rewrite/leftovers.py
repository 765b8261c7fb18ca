"""What a killed run has left of a file that it was replacing."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.quick import atomic
from dyncachekeys.rewrite.exchange import move_to_new

_READY = re.compile(r"(?:\.dyncachekeys-[0-9a-f]{8}\.)?(.+)\.([0-9a-f]{16})\.([0-9a-f]{16})\.[0-9a-f]{8}\.swap")


def temporary_path(home: Path, folder: Path, name: str) -> Path:
    """Return where the new content of a file is written: the next run removes it, whatever it holds."""
    return Path(atomic.temporary_name(f"{folder}/{_prefix(home, folder)}{name}"))


def ready_path(home: Path, folder: Path, name: str, before: bytes, after: bytes) -> Path:
    """Return where the new content lies until it is exchanged, and then the old: so the name says what both are."""
    digests = f"{_digest(before)}.{_digest(after)}"
    return folder / f"{_prefix(home, folder)}{name}.{digests}.{os.urandom(4).hex()}.swap"


def _prefix(home: Path, folder: Path) -> str:
    """Return how a name begins beside a user's file, so that nobody else's is taken for ours."""
    return "" if folder == home else f".dyncachekeys-{_digest(os.fsencode(home))[:8]}."


def settle(home: Path, folder: Path) -> None:
    """Remove what killed runs have left in a folder. Only under the lock: nobody else writes.

    What is neither the content that was to be replaced nor the one that was to come is somebody's edit of that very
    instant: it is kept, under a name of its own.

    Args:
        home: The folder of stamp and state.
        folder: It, or the folder of the user's file.

    Raises:
        WriteError: something was kept; the next run will say nothing of it.
        OSError: the folder can't be listed.
    """
    mine, kept = _prefix(home, folder), ""
    with os.scandir(folder) as scan:
        names = [entry.name for entry in scan if entry.name.startswith(mine)]
    for name in names:
        if name.endswith(".swap"):
            kept = _settled(home, folder, name) or kept
        elif mine and atomic.is_temporary(name):
            atomic.remove(os.fspath(folder / name))
    if kept:
        message = f"an earlier run was killed while it replaced this; what was edited in that instant is in `{kept}`"
        raise WriteError(Problem("kept", message, kept.rpartition(".kept-")[0], remedy(kept)))


def _settled(home: Path, folder: Path, name: str) -> str:
    """Remove a file that lay ready to be exchanged, or keep it; return the name of what was kept."""
    known, path = _READY.fullmatch(name), folder / name
    if known is None:
        return ""
    if _digest(path.read_bytes()) in known.groups()[1:]:
        atomic.remove(os.fspath(path))
        return ""
    return keep(path, (home.parent if folder == home else folder) / known[1])


def keep(path: Path, beside: Path) -> str:
    """Give a file a name that its owner sees, beside the one whose content it was; return that name."""
    kept = beside.with_name(f"{beside.name}.kept-{os.urandom(4).hex()}")
    move_to_new(path, kept)
    return kept.name


def remedy(kept: str) -> str:
    """Return what to do about a file that was kept."""
    return f"compare `{kept}` with it, then remove `{kept}` and run the command again"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
