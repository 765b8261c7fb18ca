"""The one replacement of a user's file."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from dyncachekeys.quick import atomic
from dyncachekeys.rewrite import stage
from dyncachekeys.rewrite.attributes import Attributes
from dyncachekeys.rewrite.edit import READ, Edit, EditedError, content
from dyncachekeys.rewrite.exchange import move_to_new
from dyncachekeys.rewrite.swap import swap


def replace(path: Path, before: bytes, after: bytes, home: Path) -> None:
    """Replace a user's file, unless it was edited since its new content was made.

    At any instant it is the old one or the new one, through a link, and on disk when this returns. Mode, owner, group,
    access list and extended attributes stay.

    Args:
        path: The file. If it is not there, and was not, it is made.
        before: What it held when its new content was made.
        after: The new content.
        home: The folder of stamp and state of a project, whose lock is held: there lies what is not ready yet.

    Raises:
        EditedError: somebody else has edited, made or removed it meanwhile.
        WriteError: it has other names, or something that belongs to it can't be kept: nothing was written. Or two
            others have edited it at the same instant: the later edit is there, the other was kept, and is named.
        OSError: it can't be written.
    """
    edit = Edit(path, Path(os.path.realpath(path)), before, after, home)
    try:
        _replace(edit)
    except OSError as error:
        if before and not os.path.lexists(edit.target):
            raise EditedError from error
        error.filename = os.fspath(path)  # the temporary name tells nobody anything
        raise


def _replace(edit: Edit) -> None:
    try:
        old = os.open(edit.target, READ)
    except FileNotFoundError:
        if edit.before:
            raise
        _place(edit, None, lambda staged: _create(edit, staged))
        return
    try:
        if content(old) != edit.before:
            raise EditedError
        wanted = stage.to_keep(edit, old)
        if sys.platform == "win32":  # what is open can't be replaced
            os.close(old)
            old = -1
        _place(edit, wanted, lambda staged: swap(edit, staged, old))
    finally:
        if old >= 0:
            os.close(old)


def _place(edit: Edit, wanted: Attributes | None, put: Callable[[Path], None]) -> None:
    """Make the new file in the folder of our state and put it in its place; if that is another disk, beside it."""
    try:
        put(stage.staged(edit, edit.home, wanted))
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        put(stage.staged(edit, edit.target.parent, wanted))


def _create(edit: Edit, staged: Path) -> None:
    try:
        move_to_new(staged, edit.target)
    except FileExistsError:
        atomic.remove(os.fspath(staged))
        raise EditedError from None
    except OSError:
        atomic.remove(os.fspath(staged))
        raise
