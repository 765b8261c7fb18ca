"""Where something has to happen before a sync has anything to do, as far as that can be known."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from dyncachekeys.pyproject.project import FILE, HOME
from dyncachekeys.quick.snapshot import LEFT_OUT, SCOPE_FILE, Snapshot
from dyncachekeys.syncing.scope import Scope

_NOT_ENTERED = LEFT_OUT | {"node_modules"}
_NOT_ENTERED_WITH = frozenset({"pyvenv.cfg", "CACHEDIR.TAG"})
"""Files by which a virtual environment, and a cache, are known."""


class Places:
    """Folders that are there, and of each the names that count; none of them stands for any name."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}
        self._whole: set[str] = set()

    @property
    def folders(self) -> frozenset[str]:
        """The folders to watch: themselves, and not what lies below."""
        return frozenset(self._whole | self._names.keys())

    def has(self, path: str) -> bool:
        """Tell whether it counts that something happened to a path."""
        folder, name = os.path.split(path)
        if name in LEFT_OUT:
            return False
        return folder in self._whole or name in self._names.get(folder, ())

    def add(self, path: str, top: str) -> None:
        """Have a path count, and each folder on the way to it from another on: it may come, go, or be renamed.

        Whoever watches a folder is not told that it was renamed; whoever watches the one that holds it is.
        """
        folder, name = os.path.split(path)
        while not os.path.isdir(folder):
            folder, name = os.path.split(folder)
        self._add(folder, name)
        while folder.startswith(f"{top}{os.sep}"):
            folder, name = os.path.split(folder)
            self._add(folder, name)

    def add_all(self, folder: str, top: str) -> None:
        """Have all count that happens in a folder."""
        self.add(folder, top)
        if os.path.isdir(folder) and HOME not in Path(folder).parts:
            self._whole.add(folder)

    def _add(self, folder: str, name: str) -> None:
        if HOME not in Path(folder).parts:  # what we write ourselves
            self._names.setdefault(folder, set()).add(name)


def places(scope: Scope, *, everywhere: bool) -> Places:
    """Return what is worth watching: what the last run looked at, and what it looked for and did not find.

    A project of which that is not known, and one with keys that may look anywhere, is watched in full, but for git's
    own folders, virtual environments and caches.

    Args:
        scope: The projects.
        everywhere: Watch all of them in full: a sync failed, and what it did not come to may be what has to change.
    """
    found = Places()
    _add_looked_at(found, scope.root, Snapshot.load(os.fspath(scope.root / HOME), SCOPE_FILE))
    for root in scope.all:
        known = Snapshot.load(os.fspath(root / HOME))
        _add_looked_at(found, root, known)
        if everywhere or known is None or known.always:
            for folder in _below(root):
                found.add_all(folder, os.fspath(root))
    return found


def _add_looked_at(found: Places, root: Path, known: Snapshot | None) -> None:
    top = os.fspath(root)
    found.add(top, top)
    found.add(os.path.join(top, FILE), top)
    if known is None:
        return
    for path in (*(fact[1:] for fact in known.facts), *(path for path, _ in known.non_regular)):
        found.add(os.path.normpath(root / path), top)
    for path, _ in known.non_regular:
        found.add(os.path.realpath(root / path), top)
    for path, names, is_listed in _folders(known):
        folder = os.path.normpath(root / path)
        if is_listed:
            found.add_all(folder, top)
        for name in names:
            found.add(os.path.join(folder, name), top)


def _folders(known: Snapshot) -> Iterable[tuple[str, list[str], bool]]:
    """Yield each folder of a run, with the names of the files looked at there, and whether it was listed."""
    inodes = memoryview(known.folder_stats).cast("q")[2::4]
    for place, (path, inode) in enumerate(zip(known.folders, inodes, strict=True)):
        yield path, [] if inode else known.names_in(place), bool(inode)


def _below(root: Path) -> Iterator[str]:
    for folder, names, files in os.walk(root):
        if not _NOT_ENTERED_WITH.isdisjoint(files):
            names.clear()
            continue
        yield folder
        names[:] = [name for name in names if name not in _NOT_ENTERED]
