"""What is where on disk: each answer is remembered as part of the run's snapshot."""

from __future__ import annotations

import os
from pathlib import Path

from dyncachekeys.files.folder import Folder, changed_ns
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.paths import split
from dyncachekeys.quick import snapshot


class Places:
    """The places of one project, and those around it.

    Args:
        root: The project's folder.
        memory: What the last run looked at.
    """

    def __init__(self, root: Path, memory: FileMemory | None = None) -> None:
        self.root = root
        self.memory: FileMemory = memory or FileMemory()
        self.folders: dict[str, Folder] = {}
        """By their path relative to the project, which is empty for the project's own."""
        self.facts: dict[str, None] = {}
        """What else was found out, as in `Snapshot.facts`."""
        self.elsewhere: dict[str, int] = {}
        """What lies on another file system than the project's folder, with its device; folders end in a slash."""
        self._base = os.fspath(root)
        self.device: int = device_of(self._base)
        """Of the project's folder."""

    def full(self, path: str) -> str:
        """Return the path on disk of a project-relative one."""
        return (
            os.path.join(self._base, path) if path else self._base
        )  # str is what os.scandir and os.stat are fast with

    def relative(self, full: str | os.PathLike[str]) -> str:
        """Return the project-relative path of one on disk, empty for the project's own."""
        path = os.path.relpath(full, self._base).replace(os.sep, "/")
        return "" if path == "." else path

    def folder(self, path: str) -> Folder:
        """Return what was seen in a folder."""
        return self.folders.setdefault(path, Folder())

    def is_file(self, path: str) -> bool:
        """Tell whether a regular file is there, links followed."""
        return self._fact("Ff", path, os.path.isfile(self.full(path)))

    def is_dir(self, path: str) -> bool:
        """Tell whether a directory is there, links followed."""
        return self._fact("Dd", path, os.path.isdir(self.full(path)))

    def is_real_folder(self, path: str) -> bool:
        """Tell whether a directory is there, and not a link to one."""
        full = self.full(path)
        return self._fact("R", path, answer=True) if os.path.isdir(full) and not os.path.islink(full) else False

    def exists(self, path: str) -> bool:
        """Tell whether anything at all is there, be it a broken link."""
        if not os.path.lexists(self.full(path)):
            return self._fact("x", path, answer=False)
        if not self.is_real_folder(path):
            folder, name = split(path)
            self._note_non_regular(self.folder(folder), name, self.full(path))
        return True

    def _fact(self, signs: str, path: str, answer: bool) -> bool:
        self.facts[signs[0 if answer else -1] + path] = None
        return answer

    @staticmethod
    def _note_non_regular(folder: Folder, name: str, full: str) -> None:
        folder.non_regular_stats.setdefault(name, snapshot.non_regular_stat(full))

    def entries(self, path: str) -> list[os.DirEntry[str]]:
        """Return what a folder holds.

        Raises:
            OSError: it can't be listed.
        """
        full = self.full(path)
        info = os.stat(full)
        with os.scandir(full) as scan:
            entries = list(scan)
        folder = self.folder(path)
        if folder.listed is None:
            folder.listed, folder.listing = _listed_stat(info), snapshot.listing(entries)
            self._note_device(f"{path}/", info)
        return entries

    def listing(self, path: str) -> list[os.DirEntry[str]]:
        """Return what a folder holds, sorted by name; nothing where there is none that can be listed."""
        try:
            return sorted(self.entries(path), key=lambda entry: entry.name) if self.is_dir(path) else []
        except OSError:
            return []

    def _note_device(self, path: str, info: os.stat_result) -> None:
        if info.st_dev != self.device:
            self.elsewhere[path] = info.st_dev

    def relist(self, path: str) -> None:
        """List a folder again that we have written to ourselves.

        Raises:
            OSError: it can't be listed.
        """
        self.folder(path).listed = None
        self.entries(path)

    def is_listed_as_before(self, path: str) -> bool:
        """Tell whether a folder holds what it held in the last run, going by its stat."""
        remembered = self.memory.listed(path)
        if remembered is None:
            return False
        if not self.memory.is_unchanged(path):
            info = os.stat(self.full(path))
            if _listed_stat(info) != remembered[0] or self.memory.is_racy(path):
                return False
        folder = self.folder(path)
        if folder.listed is None:
            folder.listed, folder.listing = remembered
        return True

    def changed_at(self, path: str) -> int:
        """Return when the path itself was last written, in nanoseconds of the file system's clock; else 0.

        The change time where there is one (U1), since the modification time can be set at will.
        """
        try:
            return changed_ns(os.lstat(self.full(path)))
        except OSError:
            return 0


def device_of(full: str) -> int:
    """Return the number of the device on which lies what a path leads to, or else the path itself; 0 if neither does."""
    try:
        return (os.stat if os.path.exists(full) else os.lstat)(full).st_dev
    except OSError:
        return 0


def _listed_stat(info: os.stat_result) -> tuple[int, int, int]:
    return (info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
