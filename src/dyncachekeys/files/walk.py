"""One walk below one folder: what patterns choose there, going only where something can match.

A folder that is as it was in the last run is not listed again.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from dyncachekeys.errors import ResolverError
from dyncachekeys.files.folder import unreadable
from dyncachekeys.files.ignore import GIT, IGNORE_FILE, Ignored, is_same_ignore_file, of_repository, read_ignore_file
from dyncachekeys.paths import join
from dyncachekeys.quick.snapshot import LEFT_OUT, WALKED

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dyncachekeys.files.gitignore import FolderRules, Rules
    from dyncachekeys.files.tree import Files

_VENV_MARK = "pyvenv.cfg"
_CACHE, _CACHED = "__pycache__", "module.cpython-313.pyc"
"""A folder that stands in very many others, and what it holds."""
Names = list[tuple[str, int]]
"""Chosen names of one folder, each with the number of the pattern that chose it."""
Chosen = tuple[str, Names]
"""A folder relative to the project, and its chosen names."""


_Visit: TypeAlias = "tuple[Here, bool, Names, Sequence[str]]"
"""What all rules say in a folder, whether its ignore files are as before, what is chosen there, what is to be entered."""


class LastWalk:
    """What the same walk went through and chose in the last run."""

    def __init__(self, files: Files, signature: str) -> None:
        self._memory, self._signature = files.memory, signature
        self._below: dict[str, list[str]] = {}
        self._visited = files.memory.visited(signature)
        for folder in self._visited:
            if folder:
                self._below.setdefault(posixpath.dirname(folder), []).append(posixpath.basename(folder))

    def visit(self, folder: str) -> tuple[Names, Sequence[str]] | None:
        """Return what it chose in a folder, and which subfolders it entered; nothing if that is not remembered."""
        if self._visited.get(folder) != WALKED:
            return None
        return self._memory.chosen(self._signature, folder), self._below.get(folder, ())


@dataclass(slots=True, eq=False)
class Here:
    """What all rules say in one folder of a walk."""

    choose: FolderRules
    exclude: tuple[FolderRules, ...]
    later: Mapping[str, tuple[Rules, ...]]
    """Rules of a folder further down, by its path."""
    ignored: Ignored

    def leaves_out(self, name: str, *, is_dir: bool) -> bool:
        """Tell whether an entry is excluded or ignored."""
        return self.excludes(name, is_dir=is_dir) or self.ignored.ignores(name, is_dir=is_dir)

    def excludes(self, name: str, *, is_dir: bool = False) -> bool:
        """Tell whether an entry is excluded, by itself or with a folder above it."""
        return any(place.below >= 0 or place.find(name, is_dir) >= 0 for place in self.exclude)

    def enter(self, name: str, path: str) -> Here:
        """Return what they say in a subfolder."""
        exclude = tuple(place.enter(name) for place in self.exclude) if self.exclude else ()
        if self.later and path in self.later:
            exclude += tuple(rules.top for rules in self.later[path])
        return Here(self.choose.enter(name), exclude, self.later, self.ignored.enter(name, path))


class Walk:
    """A walk. ``last`` is the same walk of the last run, if it may be relied on."""

    def __init__(self, files: Files, *, gitignore: bool, last: LastWalk | None) -> None:
        self._files, self._gitignore, self._last = files, gitignore, last
        self.passed: dict[str, list[str]] = {}
        """By folder, the names that were passed over although a pattern matches them, or may match below them: ignored,
        excluded, or never entered. An empty name is the folder itself. Of folders that were not listed there are none."""

    def below(self, folder: str, here: Here, *, same: bool, top: bool = True) -> Iterator[Chosen]:
        """Yield each folder that is gone through, with what is chosen there.

        Args:
            folder: Where to begin, relative to the project.
            here: What the rules say there.
            same: Whether all ignore files from above are as they were in the last run.
            top: Whether this is the walk's own beginning, which may be a virtual environment.

        Raises:
            ResolverError: a folder can't be listed.
        """
        try:
            visit = self._remembered_in(folder, here) if same else None
            here, same, chosen, subfolders = visit or self._listed(folder, here, same=same, top=top)
        except OSError as error:
            raise ResolverError([unreadable(folder or ".", error, "folder")]) from error
        yield folder, chosen
        for name in subfolders:
            path = child(folder, name, self._files.root.parts)
            yield from self.below(path, here.enter(name, path), same=same, top=False)

    def _listed(self, folder: str, here: Here, *, same: bool, top: bool) -> _Visit:
        """Return what a folder holds now."""
        entries = self._files.entries(folder)
        names = {entry.name for entry in entries}
        if self._gitignore and GIT in names and not top:
            here = Here(here.choose, here.exclude, here.later, of_repository(self._files, folder))
        if self._gitignore and IGNORE_FILE in names:
            here = self._with_ignore_file(here, folder)
        same = same and is_same_ignore_file(self._files, folder)
        if not top and _VENV_MARK in names:
            self.passed[folder] = [""]
            return here, same, [], []
        chosen, below, passed = self._partitioned(entries, here)
        if passed:
            self.passed[folder] = passed
        return here, same, chosen, below

    def _remembered_in(self, folder: str, here: Here) -> _Visit | None:
        """Return what a folder held in the last run; nothing if it, or its ignore file, is not as it was then."""
        visit = self._last.visit(folder) if self._last else None
        if visit is None or not self._files.is_listed_as_before(folder):
            return None
        if self._gitignore and self._files.memory.content(folder, IGNORE_FILE) is not None:
            here = self._with_ignore_file(here, folder)
            if not is_same_ignore_file(self._files, folder):
                return None
        return (here, True, *visit)

    @staticmethod
    def _partitioned(entries: Iterable[os.DirEntry[str]], here: Here) -> tuple[Names, list[str], list[str]]:
        """Return what is chosen of a folder's entries, which are to be entered, and which of either are passed over."""
        chosen: Names = []
        below: list[str] = []
        passed: list[str] = []
        all_from, find = here.choose.below, here.choose.find
        for entry in entries:
            name = entry.name
            if name in LEFT_OUT:
                if _may_hold(here.choose, name):
                    passed.append(name)
                continue
            if entry.is_dir(follow_symlinks=False):
                if here.choose.enter(name).can_match:
                    (passed if here.leaves_out(name, is_dir=True) else below).append(name)
                continue
            number = max(all_from, find(name, is_dir=False))
            if number < 0 or not (entry.is_file(follow_symlinks=False) or entry.is_symlink()):
                continue
            if here.leaves_out(name, is_dir=False):
                passed.append(name)
            else:
                chosen.append((name, number))
        return sorted(chosen), sorted(below), sorted(passed)

    def _with_ignore_file(self, here: Here, folder: str) -> Here:
        text = read_ignore_file(self._files, folder)
        if text is None:
            return here
        return Here(here.choose, here.exclude, here.later, here.ignored.with_file(text, folder))


def _may_hold(choose: FolderRules, name: str) -> bool:
    """Tell whether a pattern may match in a folder that is never entered."""
    inside = choose.enter(name)
    return inside.can_match if name != _CACHE else max(inside.below, inside.find(_CACHED, False)) >= 0


def child(folder: str, name: str, root: Sequence[str]) -> str:
    """Return the path of what a folder holds, both relative to the project.

    A path that leads up and down again is made shorter, so that a file has one name only. ``root`` holds the
    parts of the project's absolute path.
    """
    if not folder:
        return name
    ups = folder.count("..")
    if folder == "/".join([".."] * ups) and root[-ups] == name:
        return folder[3:]
    return join(folder, name)
