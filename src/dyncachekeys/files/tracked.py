"""What git tracks although an ignore rule matches it: git does not ignore that (gitignore(5)).

Most repositories hold nothing of the kind, and their index shows it without git (`quick.git_index`). Else git is asked,
once in a run. Either way the next run notices another index.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.files import git, refs
from dyncachekeys.paths import split
from dyncachekeys.quick import git_index
from dyncachekeys.quick.snapshot import SEARCHED, TIMED, encoded

if TYPE_CHECKING:
    from dyncachekeys.files.tree import Files

_MOST_SEARCHED = 500
"""For so many names the quiet path searches an index that has changed."""
_QUESTION = ("ls-files", "--cached", "--ignored", "--exclude-per-directory=.gitignore", "-z")


class Repository:
    """A repository, asked about paths that an ignore rule matches.

    Args:
        files: The project's files.
        root: The root of its work tree.
    """

    def __init__(self, files: Files, root: Path) -> None:
        self._files, self._root = files, root
        self._index: bytes | None = None
        self._path = ""
        self._tracked: frozenset[str] | None = None
        self._is_asked = False
        self.entered: set[str] = set()
        """What was found to be tracked; of a folder, what it holds."""
        self.again: set[str] = set()
        """The folders that the next run has to list again: what counts there hangs on an index, too."""

    def tracks(self, path: str) -> bool:
        """Tell whether git tracks what is at a path that an ignore rule matches, or anything below it.

        ``path`` is relative to the project.
        """
        if path.startswith("../"):  # the shortest way, by which each file has one name only
            path = self._files.relative(os.path.normpath(self._files.full(path)))
        if not self._may_track(path):
            return False
        if not self._is_asked:
            self._is_asked, self._tracked = True, self._ask()
        # Where git can't be asked, its index is believed, in which the path stands.
        found = git_index.names_in_full(self._index or b"") if self._tracked is None else path in self._tracked
        if found:
            self.entered.add(path)
            self.again.add(split(path)[0])
        return found

    def _may_track(self, path: str) -> bool:
        """Tell whether the index may hold a path; no is certain."""
        if self._index is None:
            self._index = self._read()
        if not self._index:
            return False
        searched = self._files.searched.setdefault(self._path, set())
        if len(searched) < _MOST_SEARCHED and git_index.names_in_full(self._index):
            name = os.path.relpath(self._files.full(path), self._root).replace(os.sep, "/")
            if not git_index.may_hold(self._index, encoded(name)):
                searched.add(name)
                return False
        self._files.note(self._path, TIMED)
        return True

    def _read(self) -> bytes:
        """Return the index; nothing where nothing was added yet."""
        folder = refs.kept_in(self._files, self._files.relative(self._root / ".git"))
        if folder is None:
            return b""
        self._path = f"{folder.own}/index"
        self._files.note(self._path, SEARCHED)
        try:
            return Path(self._files.full(self._path)).read_bytes()
        except OSError:
            return b""

    def _ask(self) -> frozenset[str] | None:
        """Return all that git tracks although a rule matches it, with the folders above; nothing if it gives no answer."""
        printed = git.ask(self._root, *_QUESTION)
        return None if printed is None else frozenset(self._with_folders(printed))

    def _with_folders(self, printed: str) -> Iterator[str]:
        """Yield paths, and each folder above one, relative to the project."""
        seen = {""}
        for path in printed.split("\0"):
            while path not in seen:
                seen.add(path)
                yield self._files.relative(self._root / path)
                path = split(path)[0]  # noqa: PLW2901  from the file up


def at(files: Files, root: Path) -> Repository:
    """Return the repository of a work tree; in one run the same each time."""
    return files.repositories.get(root) or files.repositories.setdefault(root, Repository(files, root))
