"""What a walk leaves out: the repository's ``.gitignore`` files, and patterns to exclude.

Never the user's global ignore files, nor ``.git/info/exclude``: those differ between machines. What git tracks is not
ignored, whatever rule matches it.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

from dyncachekeys.errors import ResolverError
from dyncachekeys.files import refs, tracked
from dyncachekeys.files.folder import unreadable
from dyncachekeys.files.gitignore import FolderRules, Rules
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import join, split

IGNORE_FILE = ".gitignore"
GIT = ".git"


def nearest_file(files: Files) -> str | None:
    """Return the nearest ``.gitignore``, in a project's folder or above it; nothing if its repository has none there.

    hatchling takes that one, and no other, for the project's own, wherever it lies (1.33: utils/fs.py; U26).
    """
    for folder in (files.root, *files.root.parents):
        path = files.relative(folder / IGNORE_FILE)
        if files.is_file(path):
            return path
        if files.exists(files.relative(folder / GIT)):
            break
    return None


class Ignored:
    """What the ``.gitignore`` files from the repository's root down say in one folder; the deepest comes first.

    Args:
        repository: Whose files they are; nothing outside of any.
        folder: The folder, relative to the project; of no matter as long as there are no rules.
        stack: What each file says there, and which of its lines are negated.
        is_inside: Whether a rule matches the folder itself or one above it: then all that it holds is ignored.
    """

    __slots__ = ("_folder", "_is_inside", "_repository", "_stack")

    def __init__(
        self,
        repository: tracked.Repository | None = None,
        folder: str = "",
        stack: tuple[tuple[FolderRules, tuple[bool, ...]], ...] = (),
        *,
        is_inside: bool = False,
    ) -> None:
        self._repository, self._folder, self._stack, self._is_inside = repository, folder, stack, is_inside

    def ignores(self, name: str, *, is_dir: bool) -> bool:
        """Tell whether an entry of the folder is ignored, of a folder that holds something tracked: not all of it."""
        return self.matches(name, is_dir=is_dir) and not self.tracks(name)

    def matches(self, name: str, *, is_dir: bool) -> bool:
        """Tell whether a rule matches an entry of the folder. The deepest file that says anything decides."""
        if self._is_inside:
            return True
        for place, negated in self._stack:
            index = place.find(name, is_dir)
            if index >= 0:
                return not negated[index]
        return False

    def tracks(self, name: str) -> bool:
        """Tell whether git tracks an entry that a rule matches, or anything below it."""
        return self._repository is not None and self._repository.tracks(join(self._folder, name))

    def enter(self, name: str, path: str) -> Ignored:
        """Return what they say in a subfolder, whose path is relative to the project."""
        if not self._stack and not self._is_inside:
            return self
        is_entered = self._repository is not None and path in self._repository.entered
        is_inside = self._is_inside or (is_entered and self.matches(name, is_dir=True))
        stack = () if is_inside else tuple((place.enter(name), negated) for place, negated in self._stack)
        return Ignored(self._repository, path, stack, is_inside=is_inside)

    def with_file(self, text: bytes, folder: str) -> Ignored:
        """Return what they say together with a further file that lies in this folder."""
        if self._is_inside:  # what a rule matches, no rule below can take back
            return self
        rules = Rules(text.decode("utf-8-sig", "surrogateescape").split("\n"))
        return Ignored(self._repository, folder, ((rules.top, rules.negated), *self._stack))


class IgnoreRules:
    """Whether git ignores one file or another of a project, by its ``.gitignore`` files and its index."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._known: dict[str, Ignored] = {}

    def ignores(self, path: str) -> bool:
        """Tell whether git ignores a file.

        Raises:
            ResolverError: an ignore file can't be read.
        """
        folder, name = split(path)
        return self._in(folder).ignores(name, is_dir=False)

    def ignores_all_in(self, folder: str) -> bool:
        """Tell whether rules above a folder match all that it holds, tracked or not; its own ignore file does not count.

        Raises:
            ResolverError: an ignore file can't be read.
        """
        above, name = split(folder)
        rules = self._in(above)
        return rules.matches(name, is_dir=True) or rules.enter(name, folder).matches("a file", is_dir=False)

    def ignores_all(self, path: str) -> bool:
        """Tell whether git ignores what is at a path: a file, or a folder with all that it holds. Errors as `ignores`."""
        folder, name = split(path)
        return self.ignores(path) or (self.ignores(f"{path}/x") and not self._in(folder).tracks(name))

    def _in(self, folder: str) -> Ignored:
        if folder not in self._known:
            self._known[folder] = self._found(folder)
        return self._known[folder]

    def _found(self, folder: str) -> Ignored:
        above, name = split(folder)
        if name in {"", ".."}:
            rules, _ = ignored_from_above(self._files, folder)
        else:
            outer = self._in(above)
            if outer.ignores(name, is_dir=True):
                return Ignored(is_inside=True)
            rules = outer.enter(name, folder)
            if self._files.exists(join(folder, GIT)):
                rules = of_repository(self._files, folder)
        text = read_ignore_file(self._files, folder)
        return rules if text is None else rules.with_file(text, folder)


def of_repository(files: Files, folder: str) -> Ignored:
    """Return what is ignored at the root of a repository, before its own file is read: nothing from above counts."""
    repository = tracked.at(files, Path(os.path.normpath(files.full(folder))))
    repository.again.add(folder)
    return Ignored(repository, folder)


def read_ignore_file(files: Files, folder: str) -> bytes | None:
    """Return the ``.gitignore`` file of a folder; nothing if there is none.

    Raises:
        ResolverError: it can't be read.
    """
    path = join(folder, IGNORE_FILE)
    try:
        return files.read(path)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    except OSError as error:
        raise ResolverError([unreadable(path, error, "folder")]) from error


def ignored_from_above(files: Files, base: str) -> tuple[Ignored, bool]:
    """Return what the repository's files above the base of a walk say there, and whether all are as in the last run."""
    at = Path(os.path.normpath(files.full(base)))
    root = refs.work_tree(files, at)
    if root is None:
        return Ignored(), True  # only what lies below the base counts
    repository = tracked.at(files, root)
    ignored, same = Ignored(repository, base), True
    above = [folder for folder in at.parents if folder.is_relative_to(root)]
    for folder, below in pairwise([*reversed(above), at]):
        where = files.relative(folder)
        text = read_ignore_file(files, where)
        same &= is_same_ignore_file(files, where)
        ignored = ignored if text is None else ignored.with_file(text, where)
        if ignored.matches(below.name, is_dir=True):
            return Ignored(repository, base), same  # a project built in somebody's scratch folder is still looked at
        ignored = ignored.enter(below.name, files.relative(below))
    return ignored, same


def is_same_ignore_file(files: Files, folder: str) -> bool:
    """Tell whether the ``.gitignore`` file of a folder is as it was in the last run."""
    seen = files.folder(folder)
    if IGNORE_FILE in seen.non_regular_stats:
        return False
    now = seen.content(IGNORE_FILE) if IGNORE_FILE in seen.names else None
    return now == files.memory.content(folder, IGNORE_FILE)
