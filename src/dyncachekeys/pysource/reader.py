"""Reading the files of a tree, each once."""

from __future__ import annotations

import functools
from collections.abc import Callable

from dyncachekeys.pysource import stored
from dyncachekeys.pysource.module import Doubt, Reading, read
from dyncachekeys.pysource.syntax import UNREADABLE
from dyncachekeys.pysource.tree import Derive, Tree


class Reader:
    """Files as read, kept by path and module name.

    Args:
        tree: Where they are.
        derive: Knows what was read of them in earlier runs.
    """

    def __init__(self, tree: Tree, derive: Derive | None = None) -> None:
        self._derive = derive or _reading_each(tree)
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
        question = f"imports {stored.FORMAT} {path}\0{name}"
        try:
            answer = self._derive(path, question, functools.partial(_answer, path, name))
        except (OSError, *UNREADABLE) as error:  # what the machine has too little of may not lack the next time
            return _unread(error)
        return stored.load(answer)


def _answer(path: str, name: str, source: bytes) -> str:
    """Return what there is to know of a module as text, also if it can't be parsed.

    Raises:
        RecursionError, MemoryError: it may be parsed another time.
    """
    try:
        return stored.dump(read(source, path, name))
    except (SyntaxError, ValueError) as error:
        return stored.dump(_unread(error))


def _unread(error: BaseException) -> Reading:
    line = (error.lineno if isinstance(error, SyntaxError) else None) or 0
    what = error.msg if isinstance(error, SyntaxError) else getattr(error, "strerror", None) or str(error)
    return Reading(doubts=[Doubt(line, "imports-not-followed", f"{what}; its imports are not followed")])


def _reading_each(tree: Tree) -> Derive:
    def derive(path: str, _: str, function: Callable[[bytes], str]) -> str:
        return function(tree.read_bytes(path))

    return derive
