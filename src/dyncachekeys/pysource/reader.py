"""Reading the files of a tree, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyncachekeys.pysource.module import Doubt, Reading, read
from dyncachekeys.pysource.syntax import UNREADABLE

if TYPE_CHECKING:
    from dyncachekeys.pysource.tree import Tree


class Reader:
    """Files as read, kept by path and module name."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._kept: dict[tuple[str, str], Reading] = {}

    @property
    def doubts(self) -> list[tuple[str, Doubt]]:
        """What can't be told by reading, each with the file's path."""
        return [(path, doubt) for (path, _), reading in self._kept.items() for doubt in reading.doubts]

    def __call__(self, path: str, name: str) -> Reading:
        """Return what a file imports as the module ``name``; nothing if it can't be read."""
        if (path, name) not in self._kept:
            self._kept[path, name] = self._read(path, name)
        return self._kept[path, name]

    def _read(self, path: str, name: str) -> Reading:
        try:
            return read(self._tree.read_bytes(path), path, name)
        except (OSError, *UNREADABLE) as error:
            line = (error.lineno if isinstance(error, SyntaxError) else None) or 0
            what = error.msg if isinstance(error, SyntaxError) else getattr(error, "strerror", None) or str(error)
            return Reading(doubts=[Doubt(line, "imports-not-followed", f"{what}; its imports are not followed")])
