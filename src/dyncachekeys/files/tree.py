"""The files of a project as one run sees them: each is looked at and read once at most.

What was asked, and what the answer was, makes the snapshot of the run.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.errors import ResolverError
from dyncachekeys.files import prefetch
from dyncachekeys.files.derived import Derived
from dyncachekeys.files.folder import CHANGED, Folder, stat_of, unreadable
from dyncachekeys.files.places import Places
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.paths import join, split
from dyncachekeys.pyproject.project import FILE, Project, without_region
from dyncachekeys.quick import snapshot
from dyncachekeys.quick.digest import file_state
from dyncachekeys.quick.read import read
from dyncachekeys.quick.snapshot import EXECUTABLE, INPUT, READ, SEARCHED, TIMED

if TYPE_CHECKING:
    from dyncachekeys.files.tracked import Repository

MISSING = "missing"
DIRECTORY = "directory"
SPECIAL = "special"
LINK = " -> "
EXECUTABLE_BIT_COUNTS = sys.platform != "win32"
_ENOUGH = 8
"""From how many files on it pays to take a folder as a whole."""


class Files(Places):
    """The files of one project as they are during one run.

    Args:
        root: The project's folder.
        memory: What the last run looked at, so that an unchanged file need not be read again.
        bare: The project's own ``pyproject.toml`` without our region, which counts instead of what is on
            disk: else writing the region would be a change. Then no region of another project counts either.
    """

    def __init__(self, root: Path, memory: FileMemory | None = None, bare: bytes | None = None) -> None:
        super().__init__(root, memory)
        self.settled: bool = True
        """Whether nothing was seen to change during the run."""
        self._prefetched: prefetch.Recall | None = None
        """Knows the files that another process has read just now, where nothing was remembered."""
        self.derived: Derived = Derived()
        """What was made of the content of files."""
        self.consulted: dict[str, None] = {}
        """The regular files that were read, by path; whoever wants to know of what for, empties it before."""
        self._recalls: dict[str, Callable[[str, os.stat_result], bytes | None]] = {}
        self._bare = bare
        self.repositories: dict[Path, Repository] = {}
        """Those that were asked what they track, by the roots of their work trees (`tracked`)."""
        self.searched: dict[str, set[str]] = {}
        """By index of git's, the paths in its repository that it does not hold."""

    @classmethod
    def of(cls, project: Project, memory: FileMemory | None = None) -> Files:
        """Return the files of a project."""
        return cls(project.root, memory, project.bare)

    def state(self, path: str) -> str:
        """Return the state of a file, link or whatever else is at the path.

        Raises:
            ResolverError: it can't be looked at or read.
        """
        folder, name = split(path)
        self.look(folder, [name])
        return self.folders[folder].state(name) or MISSING

    def look(self, path: str, names: Sequence[str], role: int = INPUT) -> Folder:
        """Look at files of one folder, and return what is known of them.

        Raises:
            ResolverError: one can't be looked at or read.
        """
        folder, full = self.folder(path), self.full(path)
        if not folder.names and not folder.non_regular and self._adopt(folder, path, names, role):
            return folder
        recall = None
        for name in names:
            row = folder.names.get(name)
            if row is not None:
                folder.roles[row] |= role
            elif name not in folder.non_regular:
                recall = recall or self._recall_in(path, full)
                self._look(folder, join(path, name), f"{full}/{name}", recall, role)
        return folder

    def look_at_all(self, folders: Mapping[str, Sequence[str]]) -> None:
        """Look at the files of many folders; the first time with a second process, if there are very many.

        Raises:
            ResolverError: one can't be looked at or read.
        """
        others: list[str] = []
        here = list(folders)
        if not self.memory.known.folders and prefetch.pays(sum(map(len, folders.values()))):
            here, others = here[: len(here) // 2], here[len(here) // 2 :]
        with prefetch.reading([(self.full(path), folders[path]) for path in others]) as recall:
            for path in here:
                self.look(path, folders[path])
            self._prefetched = recall()
        for path in others:
            self.look(path, folders[path])
        self._prefetched = None

    def _recall_in(self, path: str, full: str) -> Callable[[str, os.stat_result], bytes | None]:
        prefetched = self._prefetched
        return self.memory.recall_in(path) if prefetched is None else lambda name, info: prefetched(full, name, info)

    def _adopt(self, folder: Folder, path: str, names: Sequence[str], role: int) -> bool:
        """Take a whole folder as it was in the last run, if a moment ago it was so, and the same is asked of it."""
        if len(names) < _ENOUGH or not self.memory.is_unchanged(path):
            return False
        known, stats, contents, roles, digest = self.memory.columns(path)
        if known != names or not all(before & INPUT for before in roles):
            return False
        folder.adopt(known, stats.tobytes(), contents, (role | before & EXECUTABLE for before in roles), digest)
        return True

    def _look(
        self, folder: Folder, path: str, full: str, recall: Callable[[str, os.stat_result], bytes | None], role: int
    ) -> None:
        name = full[full.rindex("/") + 1 :]
        try:
            info = os.lstat(full)
            if stat.S_ISREG(info.st_mode):
                content = recall(name, info)
                if content is None:
                    info, content, _ = read(full)
                self._add(folder, path, info, content, role)
                return
        except (FileNotFoundError, NotADirectoryError):
            self.facts["x" + path] = None
            folder.non_regular[name] = MISSING
            return
        except OSError as error:
            raise ResolverError([unreadable(path, error)]) from error
        folder.non_regular[name] = self._non_regular_state(folder, path, full)

    def _add(self, folder: Folder, path: str, info: os.stat_result, content: bytes, role: int) -> None:
        name = path.rpartition("/")[2]
        folder.add(name, stat_of(info), content, role | _executable(info))
        if role & READ:
            self.consulted[path] = None
        self._note_device(path, info)
        counted = self._counted(path, name)
        if counted is not None:
            content = hashlib.sha256(counted).digest()
            folder.non_regular.setdefault(name, file_state(content.hex(), executable=bool(_executable(info))))

    def _counted(self, path: str, name: str) -> bytes | None:
        """Return what counts of a file, if that is something else than what it holds."""
        if self._bare is None or name != FILE or path == FILE:
            return self._bare if path == FILE else None
        try:
            _, _, data = read(self.full(path), keep=True)
        except OSError:
            return None
        counted = without_region(data)
        return None if counted == data else counted

    def _non_regular_state(self, folder: Folder, path: str, full: str) -> str:
        link = ""
        try:
            folder.non_regular_stats[split(path)[1]] = snapshot.non_regular_stat(full)
            if os.path.islink(full):
                link = LINK + os.readlink(full).replace(os.sep, "/")
            info = os.stat(full)
            if stat.S_ISREG(info.st_mode):
                info, content, _ = read(full)
                return file_state(content.hex(), executable=bool(_executable(info))) + link
        except (FileNotFoundError, NotADirectoryError):
            return "broken" + link
        except OSError as error:
            if link:  # a link that leads back to itself is as broken as one that leads nowhere
                return "broken" + link
            raise ResolverError([unreadable(path, error)]) from error
        return (DIRECTORY if stat.S_ISDIR(info.st_mode) else SPECIAL) + link

    def directory_state(self, path: str) -> str:
        """Return whether a directory is there, with a link's target; what it holds does not count."""
        if self.is_real_folder(path):
            return DIRECTORY
        state = self.state(path)
        return state if state.startswith((DIRECTORY, MISSING)) else "not a directory"

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            OSError: as from the operating system.
        """
        folder, name = split(path)
        full = self.full(path)
        try:
            info, content, data = read(full, keep=True)
        except OSError:
            self.exists(path)
            raise
        if os.path.islink(full):
            self._note_non_regular(self.folder(folder), name, full)
        else:
            self._add(self.folder(folder), path, info, content, READ)
        if self._bare is None or name != FILE:
            return data
        return self._bare if path == FILE else without_region(data)

    def derive(self, path: str, question: str, function: Callable[[bytes], str]) -> str:
        """Return what a function makes of a file's content, which is not even read if that is known.

        Arguments as `Derived.answer`, errors as `read` and of the function.
        """
        content = self._recalled(path)
        known = self.derived.recall(question, content) if content is not None else None
        return self.derived.answer(question, self.read(path), function) if known is None else known

    def _recalled(self, path: str) -> bytes | None:
        """Return the SHA-256 of what a file holds, if the last run knows it, and note that it counts."""
        folder, name = split(path)
        if name == FILE:  # without a region, it holds something else
            return None
        recall = self._recalls.get(folder)
        if recall is None:
            recall = self._recalls[folder] = self.memory.recall_in(folder)
        try:
            info = os.lstat(self.full(path))
        except OSError:
            return None
        content = recall(name, info) if stat.S_ISREG(info.st_mode) else None
        if content is not None:
            self._add(self.folder(folder), path, info, content, READ)
        return content

    def note(self, path: str, role: int = READ) -> None:
        """Remember a file that is looked at by other means, links followed. To be called after all else.

        Args:
            path: Relative to the project.
            role: `READ`: its content counts; `TIMED`: only its times; `SEARCHED`: only what `searched` says of it.
        """
        folder, name = split(path)
        seen, full = self.folder(folder), self.full(path)
        try:
            info = os.lstat(full)
            if not stat.S_ISREG(info.st_mode):
                self._note_non_regular(seen, name, full)
            elif name in seen.names or role in {TIMED, SEARCHED}:
                self._add(seen, path, info, bytes(snapshot.HASH), role)
            else:
                info, content, _ = read(full)
                self._add(seen, path, info, content, role)
        except OSError:
            self.facts["x" + path] = None

    def renew(self, path: str, role: int = READ) -> None:
        """Look again at a file that was written or removed during the run. Arguments as `note`."""
        folder, name = split(path)
        seen = self.folder(folder)
        seen.non_regular_stats.pop(name, None)
        if seen.non_regular.get(name) == MISSING:
            del seen.non_regular[name]
        self.facts.pop("x" + path, None)
        if name not in seen.names:
            self.note(path, role)
            return
        full = self.full(path)
        try:
            info, content, _ = read(full) if role != TIMED else (os.lstat(full), seen.content(name), b"")
            seen.replace(name, stat_of(info), content)
        except FileNotFoundError:  # as the stamp's file, once links can be made: no run is quiet by this row
            seen.replace(name, (0, 0, 0, 0), bytes(snapshot.HASH))

    def content(self, path: str) -> bytes | None:
        """Return the SHA-256 of a regular file that was looked at; nothing for all else."""
        folder, name = split(path)
        seen = self.folders.get(folder)
        return seen.content(name) if seen is not None and name in seen.names else None

    def changed_in(self, folders: Mapping[str, Iterable[tuple[str, int]]]) -> Iterator[tuple[str, int]]:
        """Yield files that were looked at, each with when it was last written (as `changed_at`)."""
        for folder, chosen in folders.items():
            seen = self.folders[folder]
            for name, _ in chosen:
                path, changed = join(folder, name), seen.changed(name)
                yield path, self.changed_at(path) if changed is None else changed

    def read_since_the_last_run(self) -> Iterator[tuple[str, int]]:
        """Yield files of the tree that a resolver read and that were written since the last run, each with when."""
        for folder, seen in self.folders.items():
            if not snapshot.LEFT_OUT.isdisjoint(folder.split("/")):
                continue
            for name, row in seen.names.items():
                changed = seen.stats[row * 4 + CHANGED]
                if seen.roles[row] & READ and self.memory.changed(folder, name) != changed:
                    yield join(folder, name), changed


def _executable(info: os.stat_result) -> int:
    return EXECUTABLE if EXECUTABLE_BIT_COUNTS and info.st_mode & stat.S_IXUSR else 0
