"""Writing ``pyproject.toml`` outside of a sync."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from dyncachekeys.files.tree import Files
from dyncachekeys.guard import place
from dyncachekeys.pyproject.project import FILE, HOME, Project
from dyncachekeys.quick import atomic, clear, snapshot
from dyncachekeys.quick.snapshot import STATE_FILE
from dyncachekeys.rewrite.edit import EditedError
from dyncachekeys.rewrite.interrupted import noting, replaced
from dyncachekeys.rewrite.replace import replace
from dyncachekeys.syncing import state
from dyncachekeys.syncing.home import (
    PAUSE_SECONDS,
    TRIES,
    check_home,
    edited_all_the_while,
    edited_meanwhile,
    not_written,
    prepare,
)
from dyncachekeys.uv import workspace
from dyncachekeys.watch import by_name
from dyncachekeys.watch.coverage import STAMP_ENTRIES


def clean(root: str | os.PathLike[str], tell: Callable[[str], None] | None = None) -> tuple[str, ...]:
    """Take the region and the state away again; works without a table and without state.

    Args:
        root: The project's folder.
        tell: Is called with who is waited for.

    Returns:
        What was written or removed, relative to the project.

    Raises:
        DyncachekeysError: ``pyproject.toml`` can't be parsed, edited or written.
    """
    root = Path(root).resolve()
    home = root / HOME
    check_home(home)
    if not home.exists() and not _has_region(root):
        return tuple(_without_guard(root))
    had_home = home.exists()
    done: list[str] = []
    try:
        with noting(lambda: [root / path for path in done]), atomic.Lock(home, tell=tell):
            prepare(root)
            done += _without_guard(root)
            if _without_region(root):
                done.append(FILE)
            with noting(lambda: [home]):
                _remove(home)
            if had_home:
                done.append(HOME)
    except OSError as error:
        raise not_written(error, root, done) from error
    return tuple(done)


def _without_guard(root: Path) -> Iterator[str]:
    """Take the import guard out of the environments in which it may be; yield what was changed or removed."""
    guarded = state.load(root / HOME / STATE_FILE).guarded
    own = workspace.project_environment(Files.of(_loaded(root)), os.environ)
    for venv in dict.fromkeys([own, *map(Path, guarded)]):
        yield from (os.path.relpath(path, root).replace(os.sep, "/") for path in place.remove(root, venv))


def _has_region(root: Path) -> bool:
    project = _loaded(root)
    return project.bare != project.raw


def _loaded(root: Path) -> Project:
    owned = state.load(root / HOME / STATE_FILE).entries or tuple(entry.as_toml() for entry in STAMP_ENTRIES)
    return by_name.loaded(root, owned)


def _without_region(root: Path) -> bool:
    """Take the region away, also from what somebody saves meanwhile; tell whether there was one."""
    for _ in range(TRIES):
        project = _loaded(root)
        if project.bare == project.raw:
            return False
        try:
            with noting(lambda: replaced(root / FILE, project.raw, project.bare)):  # noqa: B023
                replace(root / FILE, project.raw, project.bare, root / HOME)
        except EditedError:
            time.sleep(PAUSE_SECONDS)
        else:
            return True
    raise edited_all_the_while()


def _remove(home: Path) -> None:
    """Remove the folder of stamp and state: first what vouches for the rest, so that being killed does no harm.

    A build that ends meanwhile may put its record there; whoever waits for the lock sees that it is gone.
    """
    for name in (snapshot.FILE, STATE_FILE):
        atomic.remove(os.fspath(home / name))
    for _ in range(TRIES - 1):
        with contextlib.suppress(OSError):
            clear.remove(os.fspath(home))
            return
    clear.remove(os.fspath(home))


def replace_document(
    root: Path,
    before: bytes,
    after: bytes,
    written: Sequence[str] = (),
    tell: Callable[[str], None] | None = None,
) -> None:
    """Replace ``pyproject.toml``, unless it was edited since its new content was made.

    Args:
        root: The project's folder.
        before: The file as it was.
        after: The file as it shall be.
        written: What was written before it, to be reported if this fails.
        tell: Is called with who is waited for.

    Raises:
        WriteError: it was edited meanwhile, or can't be written.
    """
    home = root / HOME
    check_home(home)
    try:
        with atomic.Lock(home, tell=tell):
            prepare(root)
            with noting(lambda: replaced(root / FILE, before, after)):
                replace(root / FILE, before, after, home)
    except EditedError:
        raise edited_meanwhile(written) from None
    except OSError as error:
        raise not_written(error, root, written) from error
