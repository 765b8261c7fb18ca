"""The new file, made where nobody sees it: with its content, with all that belongs to it, and on disk."""

from __future__ import annotations

import os
from pathlib import Path

from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.quick import atomic
from dyncachekeys.rewrite import attributes, leftovers
from dyncachekeys.rewrite.attributes import Attributes
from dyncachekeys.rewrite.edit import Edit

_NEW_MODE = 0o644


def to_keep(edit: Edit, descriptor: int) -> Attributes:
    """Return what the new file has to take over from the old one.

    Raises:
        WriteError: it has other names, which would stay with the old content.
        OSError: it can't be read.
    """
    names = os.fstat(descriptor).st_nlink
    if names > 1:
        message = f"has {names} names (hard links), and would be cut off from the others; nothing was written"
        remedy = "give it content of its own: copy it, and rename the copy over it"
        raise WriteError(Problem("hard-link", message, os.fspath(edit.path), remedy))
    return attributes.of(descriptor)


def staged(edit: Edit, folder: Path, wanted: Attributes | None) -> Path:
    """Make the new file in a folder, and return its path.

    Args:
        edit: The replacement.
        folder: The folder.
        wanted: What it takes over; nothing if there is no old one.

    Raises:
        WriteError: something can't be taken over.
        OSError: it can't be written. Either way nothing is left.
    """
    written = leftovers.temporary_path(edit.home, folder, edit.target.name)
    ready = leftovers.ready_path(edit.home, folder, edit.target.name, edit.before, edit.after)
    try:
        with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(edit.after)
            stream.flush()
            _dress(edit, stream.fileno(), wanted)
            os.fsync(stream.fileno())
        written.rename(ready)
    except BaseException:
        atomic.remove(os.fspath(written))
        raise
    return ready


def _dress(edit: Edit, descriptor: int, wanted: Attributes | None) -> None:
    if wanted is None:
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, _NEW_MODE)
        return
    lost = attributes.give(descriptor, wanted)
    if lost:
        message = f"would lose {', '.join(lost)}; nothing was written"
        remedy = "run the command as the file's owner, who may set that; or take it away from the file"
        raise WriteError(Problem("cannot-keep", message, os.fspath(edit.path), remedy))
