"""Reading the files of a tree, each once, and saying what can't be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyncachekeys.imports.reading import Reading, read
from dyncachekeys.syntax import UNREADABLE

if TYPE_CHECKING:
    from dyncachekeys.imports.tree import Tree

_REMEDY = "add a files key or trace = true"


class Reader:
    """Files as read, kept by path and module name; complains once about what can't be told."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._kept: dict[tuple[str, str], Reading] = {}

    def __call__(self, path: str, name: str) -> Reading:
        """Return what a file imports as the module ``name``; nothing if it can't be read."""
        if (path, name) not in self._kept:
            self._kept[path, name] = self._read(path, name)
        return self._kept[path, name]

    def _read(self, path: str, name: str) -> Reading:
        try:
            reading = read(self._tree.read_bytes(path), path, name)
        except (OSError, *UNREADABLE) as error:
            line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            what = error.msg if isinstance(error, SyntaxError) else getattr(error, "strerror", None) or str(error)
            self._tree.warn("imports-not-followed", f"{path}{line}: {what}; its imports are not followed")
            return Reading()
        for number, code, what in reading.doubts:
            self._tree.warn(code, f"{path}:{number} {what}; {_REMEDY}")
        return reading
