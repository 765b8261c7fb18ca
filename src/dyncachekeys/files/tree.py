"""Looking at the file system: every question about it passes through here, once, and is remembered.

What was asked, and what the answer was, makes the snapshot of the run.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from array import array
from typing import TYPE_CHECKING

from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.files import prefetch
from dyncachekeys.files.derived import Derived
from dyncachekeys.files.folder import Folder, stat_of
from dyncachekeys.files.prefetch import Prefetch
from dyncachekeys.files.read import read
from dyncachekeys.paths import split
from dyncachekeys.quick import snapshot
from dyncachekeys.quick.digest import file_state
from dyncachekeys.quick.snapshot import EXECUTABLE, INPUT, READ, TIMED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from dyncachekeys.files.recall import FileMemory

MISSING = "missing"
DIRECTORY = "directory"
SPECIAL = "special"
LINK = " -> "
EXECUTABLE_BIT_COUNTS = sys.platform != "win32"
_PYPROJECT = "pyproject.toml"
_ENOUGH = 8
"""From how many files on it pays to take a folder as a whole."""
CHANGED = 1 if sys.platform == "win32" else 2
"""Which number of a stat tells when a file was written (U1)."""


class Files:
    """The files of one project as they are during one run: each is looked at and read once at most.

    Args:
        root: The project's folder.
        memory: What the last run looked at, so that an unchanged file need not be read again.
        substitutes: Content to be taken for a path instead of what is on disk: for the project's own
            ``pyproject.toml``, which counts without our region, since writing that would be a change.
        stripped: Returns what counts of any other ``pyproject.toml``.
    """

    def __init__(
        self,
        root: Path,
        memory: FileMemory,
        substitutes: dict[str, Callable[[], bytes]] | None = None,
        stripped: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.root = root
        self.memory = memory
        self.folders: dict[str, Folder] = {}
        """By their path relative to the project, which is empty for the project's own."""
        self.facts: dict[str, None] = {}
        """What else was found out, as in `Snapshot.facts`."""
        self.settled = True
        """Whether nothing was seen to change during the run."""
        self.ahead: Callable[[str, str, os.stat_result], bytes | None] | None = None
        """Tells the SHA-256 of files that another process has read just now, where nothing was remembered."""
        self.derived: Derived = Derived()
        """What was made of the content of files."""
        self._recalls: dict[str, Callable[[str, os.stat_result], bytes | None]] = {}
        self._base = os.fspath(root)
        self._substitutes = substitutes or {}
        self._stripped = stripped

    def full(self, path: str) -> str:
        """Return the path on disk of a project-relative one."""
        return os.path.join(self._base, path)  # str is what os.scandir and os.stat are fast with

    def relative(self, full: str) -> str:
        """Return the project-relative path of one on disk, empty for the project's own."""
        path = os.path.relpath(full, self._base).replace(os.sep, "/")
        return "" if path == "." else path

    def folder(self, path: str) -> Folder:
        """Return what was seen in a folder."""
        return self.folders.setdefault(path, Folder())

    def state(self, path: str) -> str:
        """Return the state of a file, link or whatever else stands at the path.

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
        folder, full = self.folder(path), self._folder_on_disk(path)
        if not folder.names and not folder.non_regular and self._adopt(folder, path, names, role):
            return folder
        recall = None
        for name in names:
            row = folder.names.get(name)
            if row is not None:
                folder.roles[row] |= role
            elif name not in folder.non_regular:
                recall = recall or self._recall_in(path, full)
                self._look(folder, f"{path}/{name}" if path else name, f"{full}/{name}", recall, role)
        return folder

    def look_at_all(self, folders: Mapping[str, Sequence[str]]) -> None:
        """Look at the files of many folders; the first time with a second process, if there are very many.

        Raises:
            ResolverError: one can't be looked at or read.
        """
        paths = list(folders)
        middle = len(paths) // 2
        if self.memory.known.folders or not prefetch.pays(sum(map(len, folders.values()))):
            middle = len(paths)
        if middle == len(paths):
            for path in paths:
                self.look(path, folders[path])
            return
        with Prefetch([(self._folder_on_disk(path), folders[path]) for path in paths[middle:]]) as other:
            for path in paths[:middle]:
                self.look(path, folders[path])
            self.ahead = other.recall()
        for path in paths[middle:]:
            self.look(path, folders[path])
        self.ahead = None

    def _folder_on_disk(self, path: str) -> str:
        return self.full(path) if path else self._base

    def _recall_in(self, path: str, full: str) -> Callable[[str, os.stat_result], bytes | None]:
        others = self.ahead
        return self.memory.recall_in(path) if others is None else lambda name, info: others(full, name, info)

    def _adopt(self, folder: Folder, path: str, names: Sequence[str], role: int) -> bool:
        """Take a whole folder as it was in the last run, if a moment ago it was so, and the same is asked of it."""
        if len(names) < _ENOUGH or not self.memory.is_unchanged(path):
            return False
        known, stats, contents, roles, digest = self.memory.columns(path)
        if known != names or not all(role & INPUT for role in roles):
            return False
        folder.names = {name: row for row, name in enumerate(known)}
        folder.stats.frombytes(stats.tobytes())
        folder.contents += contents
        folder.roles += bytes(role | executable & EXECUTABLE for executable in roles)
        folder.digest = digest
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
            raise ResolverError([_unreadable(path, error)]) from error
        folder.non_regular[name] = self._non_regular_state(folder, path, full)

    def _add(self, folder: Folder, path: str, info: os.stat_result, content: bytes, role: int) -> None:
        name = path.rpartition("/")[2]
        folder.add(name, stat_of(info), content, role | _executable(info))
        counted = self._counted(path, name)
        if counted is not None:
            content = hashlib.sha256(counted).digest()
            folder.non_regular.setdefault(name, file_state(content.hex(), executable=bool(_executable(info))))

    def _counted(self, path: str, name: str) -> bytes | None:
        """Return what counts of a file, if that is something else than what it holds."""
        substitute = self._substitutes.get(path)
        if substitute is not None:
            return substitute()
        if name != _PYPROJECT or self._stripped is None:
            return None
        try:
            _, _, data = read(self.full(path), keep=True)
        except OSError:
            return None
        counted = self._stripped(data)
        return None if counted == data else counted

    def _non_regular_state(self, folder: Folder, path: str, full: str) -> str:
        try:
            folder.non_regular_stats[split(path)[1]] = snapshot.non_regular_stat(full)
            link = LINK + os.readlink(full).replace(os.sep, "/") if os.path.islink(full) else ""
            info = os.stat(full)
            if stat.S_ISREG(info.st_mode):
                info, content, _ = read(full)
                return file_state(content.hex(), executable=bool(_executable(info))) + link
        except (FileNotFoundError, NotADirectoryError):
            return "broken" + link
        except OSError as error:
            if link:  # a link that leads back to itself is as broken as one that leads nowhere
                return "broken" + link
            raise ResolverError([_unreadable(path, error)]) from error
        return (DIRECTORY if stat.S_ISDIR(info.st_mode) else SPECIAL) + link

    def directory_state(self, path: str) -> str:
        """Return whether a directory stands there, with a link's target; what it holds does not count."""
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
            self.folder(folder).non_regular_stats.setdefault(name, snapshot.non_regular_stat(full))
        else:
            self._add(self.folder(folder), path, info, content, READ)
        substitute = self._substitutes.get(path)
        if substitute is not None:
            return substitute()
        return self._stripped(data) if self._stripped is not None and name == _PYPROJECT else data

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
        if path in self._substitutes or name == _PYPROJECT:
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
            role: `READ`: its content counts; `TIMED`: only its times.
        """
        folder, name = split(path)
        seen, full = self.folder(folder), self.full(path)
        try:
            info = os.lstat(full)
            if not stat.S_ISREG(info.st_mode):
                seen.non_regular_stats.setdefault(name, snapshot.non_regular_stat(full))
            elif name in seen.names or role == TIMED:
                self._add(seen, path, info, bytes(snapshot.HASH), role)
            else:
                info, content, _ = read(full)
                self._add(seen, path, info, content, role)
        except OSError:
            self.facts["x" + path] = None

    def renew(self, path: str, role: int = READ) -> None:
        """Look anew at a file that was written meanwhile. Arguments as `note`."""
        folder, name = split(path)
        seen = self.folder(folder)
        row = seen.names.get(name)
        seen.non_regular_stats.pop(name, None)
        if seen.non_regular.get(name) == MISSING:
            del seen.non_regular[name]
        self.facts.pop("x" + path, None)
        if row is None:
            self.note(path, role)
            return
        info, content, _ = read(self.full(path))
        seen.stats[row * 4 : row * 4 + 4] = array("q", stat_of(info))
        seen.contents[row * snapshot.HASH : (row + 1) * snapshot.HASH] = content

    def is_file(self, path: str) -> bool:
        """Tell whether a regular file stands there, links followed."""
        return self._fact("Ff", path, os.path.isfile(self.full(path)))

    def is_dir(self, path: str) -> bool:
        """Tell whether a directory stands there, links followed."""
        return self._fact("Dd", path, os.path.isdir(self.full(path)))

    def is_real_folder(self, path: str) -> bool:
        """Tell whether a directory, and no link to one, stands there."""
        full = self.full(path)
        return self._fact("R", path, answer=True) if os.path.isdir(full) and not os.path.islink(full) else False

    def exists(self, path: str) -> bool:
        """Tell whether anything at all stands there, be it a broken link."""
        full = self.full(path)
        if not os.path.lexists(full):
            return self._fact("x", path, answer=False)
        if self.is_real_folder(path):
            return True
        folder, name = split(path)
        self.folder(folder).non_regular_stats.setdefault(name, snapshot.non_regular_stat(full))
        return True

    def _fact(self, signs: str, path: str, answer: bool) -> bool:
        self.facts[signs[0 if answer else -1] + path] = None
        return answer

    def entries(self, path: str) -> list[os.DirEntry[str]]:
        """Return what a folder holds.

        Raises:
            OSError: it can't be listed.
        """
        full = self._folder_on_disk(path)
        info = os.stat(full)
        with os.scandir(full) as scan:
            entries = list(scan)
        folder = self.folder(path)
        if folder.listed is None:
            stat = (info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
            self._set_listed(path, stat, snapshot.listing(entries))
        return entries

    def relist(self, path: str) -> None:
        """List a folder anew that we have written to ourselves.

        Raises:
            OSError: it can't be listed.
        """
        self.folder(path).listed = None
        self.entries(path)

    def stands(self, path: str) -> bool:
        """Tell whether a folder holds what it held in the last run, going by its stat."""
        remembered = self.memory.listed(path)
        if remembered is None:
            return False
        stat_then, listing = remembered
        if self.memory.is_unchanged(path):
            self._set_listed(path, stat_then, listing)
            return True
        info = os.stat(self._folder_on_disk(path))
        if (info.st_mtime_ns, info.st_ctime_ns, info.st_ino) != stat_then or self.memory.is_racy(info):
            return False
        self._set_listed(path, stat_then, listing)
        return True

    def _set_listed(self, path: str, stat: tuple[int, int, int], listing: bytes) -> None:
        folder = self.folder(path)
        if folder.listed is None:
            folder.listed, folder.listing = stat, listing

    def content(self, path: str) -> bytes | None:
        """Return the SHA-256 of a regular file that was looked at; nothing if it is none."""
        folder, name = split(path)
        seen = self.folders.get(folder)
        return seen.content(name) if seen is not None and name in seen.names else None

    def changed_at(self, path: str) -> int:
        """Return when the path itself was last written, in nanoseconds of the file system's clock; else 0.

        The change time where there is one (U1), since the modification time can be set at will.
        """
        try:
            return changed_ns(os.lstat(self.full(path)))
        except OSError:
            return 0

    def changed_in(self, folders: Mapping[str, Iterable[tuple[str, int]]]) -> Iterator[tuple[str, int]]:
        """Yield files that were looked at, each with when it was last written (as `changed_at`)."""
        for folder, some in folders.items():
            seen = self.folders[folder]
            for name, _ in some:
                path = f"{folder}/{name}" if folder else name
                row = seen.names.get(name)
                yield path, self.changed_at(path) if row is None else seen.stats[row * 4 + CHANGED]

    def read_since_the_last_run(self) -> Iterator[tuple[str, int]]:
        """Yield files of the tree that a resolver read and that were written since the last run, each with when."""
        for folder, seen in self.folders.items():
            if not snapshot.LEFT_OUT.isdisjoint(folder.split("/")):
                continue
            for name, row in seen.names.items():
                changed = seen.stats[row * 4 + CHANGED]
                if seen.roles[row] & READ and self.memory.changed(folder, name) != changed:
                    yield f"{folder}/{name}" if folder else name, changed


def changed_ns(info: os.stat_result) -> int:
    """Return the time by which uv judges a file, in nanoseconds: ``ctime`` on Unix, else ``mtime`` (U1)."""
    return info.st_mtime_ns if sys.platform == "win32" else info.st_ctime_ns


def _executable(info: os.stat_result) -> int:
    return EXECUTABLE if EXECUTABLE_BIT_COUNTS and info.st_mode & stat.S_IXUSR else 0


def _unreadable(path: str, error: OSError) -> Problem:
    return Problem(
        "unreadable-file",
        f"can't be read: {error.strerror or error}",
        path,
        "make it readable, or leave it out with `exclude`",
    )
