"""What a walk leaves out: the repository's ``.gitignore`` files, and patterns to exclude.

Never the user's global ignore files, nor ``.git/info/exclude``: those differ between machines.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

from dyncachekeys.errors import ResolverError
from dyncachekeys.files import refs
from dyncachekeys.files.folder import unreadable
from dyncachekeys.files.gitignore import FolderRules, Rules
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import join, split

IGNORE_FILE = ".gitignore"


class Ignored:
    """What the ``.gitignore`` files from the repository's root down say in one folder; the deepest comes first."""

    __slots__ = ("_stack",)

    def __init__(self, stack: tuple[tuple[FolderRules, tuple[bool, ...]], ...] = ()) -> None:
        self._stack = stack

    def ignores(self, name: str, *, is_dir: bool) -> bool:
        """Tell whether an entry of the folder is ignored. The deepest file that says anything decides."""
        for place, negated in self._stack:
            index = place.find(name, is_dir)
            if index >= 0:
                return not negated[index]
        return False

    def enter(self, name: str) -> Ignored:
        """Return what they say in a subfolder."""
        return Ignored(tuple((place.enter(name), negated) for place, negated in self._stack)) if self._stack else self

    def with_file(self, text: bytes) -> Ignored:
        """Return what they say together with a further file that lies in this folder."""
        rules = Rules(text.decode("utf-8-sig", "surrogateescape").split("\n"))
        return Ignored(((rules.top, rules.negated), *self._stack))


class IgnoreRules:
    """Whether git ignores one file or another of a project, by its ``.gitignore`` files."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._known: dict[str, Ignored | None] = {}
        """By folder; nothing for one that is ignored itself."""

    def ignores(self, path: str) -> bool:
        """Tell whether git ignores a file.

        Raises:
            ResolverError: an ignore file can't be read.
        """
        folder, name = split(path)
        rules = self._in(folder)
        return rules is None or rules.ignores(name, is_dir=False)

    def ignores_all_in(self, folder: str) -> bool:
        """Tell whether git ignores what lies in a folder, by the files above it; what the folder's own says, does not count.

        Raises:
            ResolverError: an ignore file can't be read.
        """
        above, name = split(folder)
        rules = self._in(above)
        return rules is None or rules.ignores(name, is_dir=True) or rules.enter(name).ignores("a file", is_dir=False)

    def _in(self, folder: str) -> Ignored | None:
        if folder not in self._known:
            self._known[folder] = self._found(folder)
        return self._known[folder]

    def _found(self, folder: str) -> Ignored | None:
        above, name = split(folder)
        if name in {"", ".."}:
            rules, _ = ignored_from_above(self._files, folder)
        else:
            outer = self._in(above)
            if outer is None or outer.ignores(name, is_dir=True):
                return None
            rules = outer.enter(name)
        text = read_ignore_file(self._files, folder)
        return rules if text is None else rules.with_file(text)


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
    ignored, same = Ignored(), True
    above = [folder for folder in at.parents if folder.is_relative_to(root)]
    for folder, below in pairwise([*reversed(above), at]):
        where = files.relative(folder)
        text = read_ignore_file(files, where)
        same &= is_same_ignore_file(files, where)
        ignored = ignored if text is None else ignored.with_file(text)
        if ignored.ignores(below.name, is_dir=True):
            return Ignored(), same  # a project built in somebody's scratch folder is still looked at
        ignored = ignored.enter(below.name)
    return ignored, same


def is_same_ignore_file(files: Files, folder: str) -> bool:
    """Tell whether the ``.gitignore`` file of a folder is as it was in the last run."""
    seen = files.folder(folder)
    if IGNORE_FILE in seen.non_regular_stats:
        return False
    now = seen.content(IGNORE_FILE) if IGNORE_FILE in seen.names else None
    return now == files.memory.content(folder, IGNORE_FILE)
