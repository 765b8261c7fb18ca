"""Old and new exchanged, and what comes out looked at: an edit of that very instant goes back."""

from __future__ import annotations

import os
from pathlib import Path

from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.quick import atomic
from dyncachekeys.rewrite import leftovers, writers
from dyncachekeys.rewrite.edit import READ, Edit, EditedError, content
from dyncachekeys.rewrite.exchange import exchange

_ROUNDS = 8
"""Exchanges after which it is not somebody who saves by hand."""


def swap(edit: Edit, staged: Path, old: int) -> None:
    """Put the new file in the place of the old one, unless that was edited.

    Args:
        edit: The replacement.
        staged: The new file. It is there no more when this ends, however that comes about.
        old: The descriptor of the old file, or -1 where a file that is open can't be replaced.

    Raises:
        EditedError: somebody else has edited it; it was left as it is.
        WriteError: two others have edited it at the same instant: the later edit is there, the other was kept.
        OSError: they can't be exchanged; nothing was changed.
    """
    try:
        _require_unedited(edit, old)
        exchanged = exchange(staged, edit.target)
        if not exchanged:  # by name alone: what is saved by a rename between these two lines is lost
            staged.replace(edit.target)
    except BaseException:
        atomic.remove(os.fspath(staged))
        raise
    if exchanged:
        _look(edit, staged)
    elif old >= 0 and _final(old) != edit.before:
        staged.write_bytes(content(old))
        raise _kept(edit, staged)


def _require_unedited(edit: Edit, old: int) -> None:
    if not writers.are_done(old) or _final_of(edit.target) != edit.before:
        raise EditedError


def _look(edit: Edit, staged: Path) -> None:
    """Look what came out; as long as that is not what it has to be, it is somebody's edit, and goes back in."""
    inside: bytes | None = edit.after
    out = _final_of(staged)
    if out == edit.before:
        atomic.remove(os.fspath(staged))
        return
    for _ in range(_ROUNDS):
        try:
            exchange(staged, edit.target)
        except OSError as error:  # the file was removed, or the disk fails: what came out is the only copy
            raise _kept(edit, staged) from error
        inside, expected = out, inside
        out = _final_of(staged)
        if out is not None and out == expected:
            break
    if out != edit.after:
        raise _kept(edit, staged)
    atomic.remove(os.fspath(staged))
    raise EditedError


def _kept(edit: Edit, staged: Path) -> WriteError:
    """Give what came out a name, and return the error that says it."""
    kept = leftovers.keep(staged, edit.target)
    message = f"was edited while it was replaced; what stood there before the last edit is in `{kept}`"
    return WriteError(Problem("kept", message, os.fspath(edit.path), leftovers.remedy(kept)))


def _final_of(path: Path) -> bytes | None:
    descriptor = os.open(path, READ)
    try:
        return _final(descriptor)
    finally:
        os.close(descriptor)


def _final(descriptor: int) -> bytes | None:
    """Return what a file holds when nobody has it open to write it; nothing if that does not come about."""
    return content(descriptor) if writers.are_done(descriptor) else None
