"""Which of the paths that a build names belong to the tree."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from dyncachekeys.plugin import Context

_NEVER = frozenset({".git", ".dyncachekeys", ".venv", "venv", "site-packages", "dist-packages"})
"""Folders whose files are not written by the project's people: what git stores, and what is installed."""


class Tree:
    """The repository that the project lies in, or the project where there is none, less all build folders.

    Args:
        context: What is asked.
        tops: The tops of the build folders.
        outside: Whether files elsewhere count too.
    """

    def __init__(self, context: Context, tops: Iterable[str], *, outside: bool) -> None:
        self._context, self._outside = context, outside
        self._tops = list(tops)
        self._root = context.root.as_posix()
        self._repository = posixpath.normpath(posixpath.join(self._root, self._up()))
        self._known: dict[tuple[str, str], str | None] = {}
        self.products: set[str] = set()
        """Files that the build makes elsewhere than in its folder."""

    def _up(self) -> str:
        folders = [posixpath.join(*[".."] * depth, ".") for depth in range(1, len(self._context.root.parts))]
        for folder in [".", *folders]:
            git = posixpath.normpath(posixpath.join(folder, ".git"))
            if self._context.is_dir(git) or self._context.is_file(git):  # a file in a linked worktree
                return folder
        return "."

    def placed(self, *parts: str) -> str:
        """Join paths and return the result relative to the project, in the one way it can be written."""
        return posixpath.relpath(posixpath.join(self._root, *parts), self._root)

    def holds(self, path: str) -> bool:
        """Tell whether a path may be one of an input, going by where it is."""
        if path in self.products or any(f"{path}/".startswith(f"{top}/") or top == "." for top in self._tops):
            return False
        if not _NEVER.isdisjoint(path.split("/")):
            return False
        full = posixpath.normpath(posixpath.join(self._root, path))
        return self._outside or f"{full}/".startswith(f"{self._repository.rstrip('/')}/")

    def top_of(self, path: str) -> str:
        """Return the top of the build folder that a file lies in, else its own folder."""
        above = [top for top in self._tops if f"{path}/".startswith(f"{top}/") or top == "."]
        return max(above, key=len, default=posixpath.dirname(path) or ".")

    def files(self, top: str, paths: Iterable[str]) -> Iterator[str]:
        """Yield those of the paths that are files of the tree and not products; missing ones are left out.

        A file that is gone leaves the inputs, which is a change. The records of the next build do not name
        it, so that build does not change the inputs once more.
        """
        for path in paths:
            key = (top, path)
            if key not in self._known:  # depfiles name the same headers over and over
                target = self.placed(top, path)
                self._known[key] = target if self.holds(target) and self._context.is_file(target) else None
            if (file := self._known[key]) is not None:
                yield file
