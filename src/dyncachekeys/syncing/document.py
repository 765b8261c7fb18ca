"""Writing ``pyproject.toml`` outside of a sync, and the errors of what can't be written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.pyproject.project import FILE, HOME
from dyncachekeys.quick import atomic
from dyncachekeys.quick.clear import remove
from dyncachekeys.quick.snapshot import STATE_FILE
from dyncachekeys.syncing import state
from dyncachekeys.watch import by_name
from dyncachekeys.watch.coverage import STAMP_ENTRIES


def clean(root: str | os.PathLike[str]) -> tuple[str, ...]:
    """Take the region and the state away again; works without a table and without state.

    Returns:
        What was written or removed, relative to the project.

    Raises:
        DyncachekeysError: ``pyproject.toml`` can't be parsed, edited or written.
    """
    root = Path(root).resolve()
    atomic.check_home(root / HOME)
    owned = state.load(root / HOME / STATE_FILE).entries or tuple(entry.as_toml() for entry in STAMP_ENTRIES)
    project = by_name.loaded(root, owned)
    done: list[str] = []
    try:
        if project.bare != project.raw:
            atomic.replace(root / FILE, project.bare, ours=False)
            done.append(FILE)
        if (root / HOME).exists():
            remove(os.fspath(root / HOME))
            done.append(HOME)
    except OSError as error:
        raise not_written(error, root, done) from error
    return tuple(done)


def replace_document(root: Path, before: bytes, after: bytes, written: Sequence[str] = ()) -> None:
    """Replace ``pyproject.toml``, unless it was edited since its new content was made.

    Args:
        root: The project's folder.
        before: The file as it was.
        after: The file as it shall be.
        written: What was written before it, to be reported if this fails.

    Raises:
        WriteError: it was edited meanwhile, or can't be written.
    """
    home = root / HOME
    atomic.check_home(home)
    try:
        with atomic.Lock(home):
            atomic.sweep(root / FILE, home)
            atomic.hide(home)
            if (root / FILE).read_bytes() != before:
                message = f"was edited meanwhile{_so_far(written)}"
                raise WriteError(Problem("edited-meanwhile", message, FILE, "run the command once more"), written)
            atomic.replace(root / FILE, after, ours=False)
    except OSError as error:
        raise not_written(error, root, written) from error


def not_written(error: OSError, root: Path, written: Sequence[str]) -> WriteError:
    """Return the error that says what can't be written in a project, and what was written before."""
    where = os.path.relpath(error.filename or root, root)
    message = f"can't be written: {error.strerror or error}{_so_far(written)}"
    return WriteError(Problem("not-written", message, where, "make it writable, and try again"), written)


def _so_far(written: Sequence[str]) -> str:
    return f"; written so far: {', '.join(written)}" if written else "; nothing was written"
