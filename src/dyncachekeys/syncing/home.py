"""The folder of stamp and state as every writer finds it, and the errors of what can't be written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.pyproject.project import FILE, HOME
from dyncachekeys.quick import atomic

TRIES = 8
"""Of one write. Between them passes a second and a half in all, so that whoever saves now and then is waited for."""
PAUSE_SECONDS = 0.2
_IGNORE = b"# made by dyncachekeys\n*\n"


def prepare(root: Path) -> None:
    """Take away what killed runs have left in a project, and hide the folder of stamp and state. Only under the lock.

    Raises:
        WriteError: an edit was found that a killed run has taken out; it was kept.
        OSError: something can't be listed or written.
    """
    from dyncachekeys.rewrite import leftovers  # noqa: PLC0415

    home = root / HOME
    atomic.sweep(os.fspath(home))
    for folder in (home, (root / FILE).resolve().parent):
        leftovers.settle(home, folder)
    hide(home)


def hide(home: Path) -> None:
    """Give the folder of stamp and state its own ignore file, if it has none. Only under the lock.

    Raises:
        OSError: it can't be written.
    """
    ignore = home / ".gitignore"
    if not ignore.is_file() or ignore.is_symlink():
        atomic.replace(ignore, _IGNORE, 0o644, home=os.fspath(home))


def check_home(home: Path) -> None:
    """Refuse a home that is not a folder of its own: what is written or removed there would be elsewhere.

    Raises:
        WriteError: it is a link or a file.
    """
    for folder in (home, home / "stamps"):
        # os.path says no where another user may not look: then nothing is there that we could use.
        is_file = os.path.exists(folder) and not os.path.isdir(folder)
        if is_file or os.path.islink(folder):
            what = "a link" if os.path.islink(folder) else "not a folder"
            where = folder.relative_to(home.parent).as_posix()
            raise WriteError(Problem("not-a-folder", f"is {what}", where, f"remove `{where}`, and try again"))


def not_written(error: OSError, root: Path, written: Sequence[str]) -> WriteError:
    """Return the error that says what can't be written in a project, and what was written before."""
    where = os.path.relpath(error.filename or root, root)
    message = f"can't be written: {error.strerror or error}{so_far(written)}"
    return WriteError(Problem("not-written", message, where, "make it writable, and try again"), written)


def edited_meanwhile(written: Sequence[str] = ()) -> WriteError:
    """Return the error that says that ``pyproject.toml`` was edited since its new content was made."""
    message = f"was edited meanwhile{so_far(written)}"
    return WriteError(Problem("edited-meanwhile", message, FILE, "run the command once more"), written)


def edited_all_the_while() -> WriteError:
    """Return the error that says that ``pyproject.toml``, or our state, was edited in each of several tries."""
    message = "was edited by somebody else each time before it could be written; nothing was written"
    remedy = "find what writes it all the time, and run the command again when that has ended"
    return WriteError(Problem("edited-meanwhile", message, FILE, remedy))


def so_far(written: Sequence[str]) -> str:
    """Return what to say of what was written before a failure."""
    return f"; written so far: {', '.join(written)}" if written else "; nothing was written"
