r"""What strace writes of some processes, put together to calls, each with who called. Pure.

Facts: strace 6.1 with ``-f -y``. A line is ``PID CALL(ARGUMENTS) = RESULT``; without ``-f`` there is no PID. A call
that others come between is written in two parts. ``AT_FDCWD<FOLDER>`` says where a relative path begins, also
``3<FOLDER>``. Texts have C's escapes. ``execve`` shows the arguments, never the variables.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dyncachekeys.trace.readers.calls import Call, Seen, meaning

_LINE = re.compile(r"(?:(\d+) +)?(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)")
_RESULT = re.compile(r"\) += (-?\d+|\?)(?:<(?:[^>\\]|\\.)*>(?:\(deleted\))?)?(?: ([A-Z]+) \([^\"]*)?$")
_TEXT = r'"((?:[^"\\]|\\.)*)"'
_PLACE = re.compile(rf"(?:(AT_FDCWD|-?\d+)(?:<((?:[^>\\]|\\.)*)>(?:\(deleted\))?)?, )?{_TEXT}")
_OPEN = re.compile(r"-?\d+<((?:[^>\\]|\\.)*)>")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "f": "\f", "a": "\a", "b": "\b"}
_ABSOLUTE = re.compile(r'(?:\d+ +)?(?!exec|chdir|rename|link|symlink)\w+\((?:AT_FDCWD<[^>]*>, )?"(/[^"\\]*)"')
"""A call with one path, which is all there is to know if that is of no interest."""
_UNFINISHED = " <unfinished ...>"
_FORKS = frozenset({"clone", "clone3", "fork", "vfork"})
_ALWAYS = frozenset({"program", "git"})
"""What is of interest wherever it lies."""


@dataclass(eq=False)
class _Image:
    """A program that runs in a process, and in those that it forks, until they become others."""

    program: str = ""
    parent: _Image | None = None
    """That of the process which forked this one, if that was seen only later."""
    is_traced: bool = False
    """Whether it is a Python that reports by itself."""

    def reports(self) -> bool:
        return self.is_traced or (self.parent is not None and self.parent.reports())


@dataclass(eq=False)
class _Process:
    image: _Image
    folder: str
    forked: _Image | None = None
    """What it began as, while nobody is known to have forked it."""
    pending: str = ""
    """The first part of a call."""


@dataclass
class Strace:
    """Reads one output.

    Args:
        log: The tracer's log: who writes there is a Python that reports by itself, and is left out.
        folder: Where the first program was started.
        keep: Which paths are of interest.
    """

    log: str
    folder: str
    keep: Callable[[str], bool] = lambda _: True
    _processes: dict[str, _Process] = field(default_factory=dict)
    _seen: dict[tuple[_Image, Seen], None] = field(default_factory=dict)
    _kept: dict[str, bool] = field(default_factory=dict)

    def read(self, lines: Iterable[str]) -> list[Seen]:
        """Return what happened, each thing once, in order. Lines that can't be understood are left out."""
        for line in lines:
            quick = _ABSOLUTE.match(line)
            if quick is not None and quick[1] != self.log and not self._is_kept(quick[1]):
                continue
            found = _LINE.fullmatch(line.rstrip("\n"))
            if found is not None:
                self._part(found[1] or "", found[3] or "", found[4])
        return list(dict.fromkeys(seen for image, seen in self._seen if not image.reports()))

    def _part(self, number: str, call: str, rest: str) -> None:
        """Take a line: a call, or the beginning or the end of one."""
        process = self._processes.get(number) or self._new(number)
        if call and rest.endswith(_UNFINISHED):
            process.pending = f"{call}({rest.removesuffix(_UNFINISHED)}"
            return
        if not call:
            call, _, before = process.pending.partition("(")
            rest, process.pending = before + rest, ""
        result = _RESULT.search(rest)
        if call and result is not None:
            self._call(process, call, rest[: result.start()], result)

    def _new(self, number: str) -> _Process:
        """Return a process that is not known yet: the first one, or one that another is just forking."""
        forking = [one for one in self._processes.values() if one.pending.partition("(")[0] in _FORKS]
        image = _Image(forking[0].image.program if forking else "")
        folder = forking[0].folder if forking else self.folder
        process = self._processes[number] = _Process(image, folder, image if self._processes else None)
        return process

    def _call(self, process: _Process, name: str, arguments: str, result: re.Match[str]) -> None:
        """Take a whole call."""
        is_done, error = not result[1].startswith("-") and result[1] != "?", result[2] or ""
        if name in _FORKS:
            self._fork(process, result[1])
            return
        place = _OPEN.match(arguments)
        if name in {"getdents", "getdents64"} and place is not None and process.image.program != "git":
            self._add(process, Seen("listed", _plain(place[1])))
        elif name == "fchdir" and place is not None and is_done:
            process.folder = _plain(place[1])
        elif is_done or error:
            found = _PLACE.findall(arguments)
            paths, texts = [self._path(process, *one) for one in found], [_plain(text) for *_, text in found]
            for seen in meaning(Call(name, process.image.program, paths, texts, arguments, error), process.folder):
                self._add(process, seen)
            if paths and is_done:
                self._become(process, name, paths[0])

    def _become(self, process: _Process, name: str, path: str) -> None:
        if name == "chdir":
            process.folder = path
        elif name in {"execve", "execveat"}:
            process.image = _Image(posixpath.basename(path))

    def _fork(self, process: _Process, number: str) -> None:
        """Take that a process has forked: another may have that number now, or have been seen already."""
        child = self._processes.get(number)
        if child is not None and child.forked is not None:
            child.forked.parent, child.forked = process.image, None
        elif number.isdigit():
            self._processes[number] = _Process(process.image, process.folder)

    def _path(self, process: _Process, descriptor: str, folder: str, path: str) -> str:
        """Return an absolute path; empty for what a descriptor stands for."""
        if not path:
            return ""
        if descriptor == "AT_FDCWD" and folder:
            process.folder = _plain(folder)
        base = process.folder if descriptor in {"", "AT_FDCWD"} else _plain(folder)
        return posixpath.normpath(posixpath.join(base, _plain(path)))

    def _add(self, process: _Process, seen: Seen) -> None:
        path = seen.subject
        if path == self.log and seen.what in {"written", "updated"}:
            process.image.is_traced = True
        if seen.what in _ALWAYS or self._is_kept(path):
            self._seen[process.image, seen] = None

    def _is_kept(self, path: str) -> bool:
        if path not in self._kept:
            self._kept[path] = self.keep(posixpath.normpath(path))
        return self._kept[path]


def _plain(text: str) -> str:
    """Return a text without its escapes, which stand for bytes."""
    if "\\" not in text:
        return text
    parts, at = b"", 0
    for found in _ESCAPE.finditer(text):
        octal, hexadecimal, letter = found.groups()
        number = int(octal, 8) if octal else int(hexadecimal or "0", 16)
        byte = os.fsencode(_LETTERS.get(letter, letter)) if letter else bytes([number & 255])
        parts += os.fsencode(text[at : found.start()]) + byte
        at = found.end()
    return os.fsdecode(parts + os.fsencode(text[at:]))
