"""Reading the files of a tree, each once; and a reading as text, in which it is stored between runs."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from typing import Any

from dyncachekeys.pysource.calls import Given, dumped, given_to, loaded, read_when_called
from dyncachekeys.pysource.module import Doubt, Import, Reading, Run, read
from dyncachekeys.pysource.reads import Read
from dyncachekeys.pysource.search_path import SearchDirectory
from dyncachekeys.pysource.syntax import UNREADABLE, Derive, Tree


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
    def paths(self) -> set[str]:
        """The files that were read."""
        return {path for path, _ in self._kept}

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
        question = f"imports {FORMAT} {path}\0{name}"
        try:
            answer = self._derive(path, question, functools.partial(_answer, path, name))
        except (OSError, *UNREADABLE) as error:  # what the machine has too little of may not lack the next time
            return _unread(error)
        return load(answer)

    def given(self, path: str, name: str, functions: Iterable[str]) -> list[Given]:
        """Return what a file gives to functions of other modules, by their full names."""
        wanted = sorted(functions)
        question = f"calls {FORMAT} {path}\0{name}\0{' '.join(wanted)}"
        return loaded(self._derive(path, question, lambda source: dumped(given_to(wanted, source, path, name))))

    def read_when_called(self, path: str, name: str, given: Iterable[Given]) -> list[Read]:
        """Return what a file reads beside `Reading.reads`, if its functions are called like this."""
        calls = list(given)
        question = f"called {FORMAT} {path}\0{name}\0{dumped(calls)}"
        return [
            *map(_read, json.loads(self._derive(path, question, lambda source: _as_text(calls, source, path, name))))
        ]


def _as_text(calls: Iterable[Given], source: bytes, path: str, name: str) -> str:
    return json.dumps(read_when_called(calls, source, path, name), ensure_ascii=False, separators=(",", ":"))


def _answer(path: str, name: str, source: bytes) -> str:
    """Return what there is to know of a module as text, also if it can't be parsed.

    Raises:
        RecursionError, MemoryError: it may be parsed another time.
    """
    try:
        return dump(read(source, path, name))
    except (SyntaxError, ValueError) as error:
        return dump(_unread(error))


def _unread(error: BaseException) -> Reading:
    line = (error.lineno if isinstance(error, SyntaxError) else None) or 0
    what = error.msg if isinstance(error, SyntaxError) else getattr(error, "strerror", None) or str(error)
    return Reading(doubts=[Doubt(line, "imports-not-followed", f"{what}; its imports are not followed")])


def _reading_each(tree: Tree) -> Derive:
    def derive(path: str, _: str, function: Callable[[bytes], str]) -> str:
        return function(tree.read_bytes(path))

    return derive


FORMAT = 4
"""To be raised with every change of what is read or of how it is written here."""


def dump(reading: Reading) -> str:
    """Return a reading as text."""
    data = [
        reading.imports,
        reading.directories,
        sorted(reading.bound),
        reading.exported,
        [[one.line, one.code, one.what, one.function and _ends(one.function)] for one in reading.doubts],
        reading.reads,
        reading.awaiting,
        [*map(_ends, reading.functions)],
    ]
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Reading:
    """Return a reading that was text."""
    imports, directories, bound, exported, doubts, reads, awaiting, functions = json.loads(text)
    return Reading(
        imports=[_loaded(*one) for one in imports],
        directories=[SearchDirectory(*one) for one in directories],
        bound=set(bound),
        exported=exported,
        doubts=[Doubt(line, code, what, lines and range(*lines)) for line, code, what, lines in doubts],
        reads=[*map(_read, reads)],
        awaiting=awaiting,
        functions=[range(*lines) for lines in functions],
    )


def _read(stored: list[Any]) -> Read:
    line, kind, subject, functions = stored
    return Read(line, kind, subject, tuple(functions))


def _loaded(line: int, subject: str, rest: str | list[str]) -> Import | Run:
    return Run(line, subject, rest) if isinstance(rest, str) else Import(line, subject, tuple(rest))


def _ends(lines: range) -> list[int]:
    return [lines.start, lines.stop]
