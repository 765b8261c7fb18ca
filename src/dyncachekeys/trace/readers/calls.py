"""What a system call of a program means for a build, as strace shows it. Pure.

Facts: the Linux manual, section 2; strace 6.1, which names flags and errors.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from typing import NamedTuple

from dyncachekeys.trace.in_build.git_queries import depends_on_repository

_ABSENT = frozenset({"ENOENT", "ENOTDIR"})
_LOOKS_AT_TIMES = frozenset({"make", "gmake", "ninja", "ninja-build", "samu", "cargo"})
"""Programs for which to look at a file is to depend on what is in it."""
_NOT_OF_GIT = frozenset({"listed", "there", "missing", "link"})
"""It looks at the whole work tree; what it says is asked anew."""
_WRITES = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC")


class Call(NamedTuple):
    """One call that has returned."""

    name: str
    program: str
    """The name of the program that called."""
    paths: list[str]
    """Those among the arguments, absolute and normalised; empty for one that says nothing."""
    texts: list[str]
    """All texts among the arguments."""
    arguments: str
    error: str
    """Its name; empty if there was none."""

    @property
    def is_absent(self) -> bool:
        """Whether nothing was there."""
        return self.error in _ABSENT


class Seen(NamedTuple):
    """One thing that happened: what (as in the tracer's log), to which path, and where it leads if it is a link."""

    what: str
    subject: str
    aim: str = ""


def meaning(call: Call, folder: str) -> Iterator[Seen]:
    """Yield what a call in a working folder did; nothing for calls of no interest."""
    handle = _MEANINGS.get(call.name)
    if handle is None or not call.paths or not call.paths[0]:
        return
    for seen in handle(call):
        if call.program != "git" or seen.what not in _NOT_OF_GIT:
            yield seen
    is_asked = call.program != "git" and posixpath.basename(call.paths[0]) == "git"  # git itself starts more of it
    if is_asked and call.name.startswith("execve") and not call.error:
        arguments = call.texts[2:]
        if depends_on_repository(arguments):
            yield Seen("git", "\x1f".join([folder, *arguments]))


def _open(call: Call) -> Iterator[Seen]:
    flags, path = call.arguments.rpartition('"')[2], call.paths[0]
    if call.error:
        yield Seen("missing" if call.is_absent and "O_CREAT" not in flags else "there", path)
    elif "O_PATH" in flags:
        yield Seen("there", path)
    elif "O_RDWR" in flags and "O_TRUNC" not in flags:
        yield Seen("updated", path)
    elif any(flag in flags for flag in _WRITES):
        yield Seen("written", path)
    elif "O_DIRECTORY" not in flags:  # else it is to be listed, or a place to begin at
        yield Seen("read", path)


def _look(call: Call) -> Iterator[Seen]:
    if call.is_absent:
        yield Seen("missing", call.paths[0])
        return
    yield Seen("there", call.paths[0])
    if call.name.startswith("readlink") and not call.error:
        yield Seen("link", call.paths[0])
    if "_mode=S_IFREG" in call.arguments and call.program in _LOOKS_AT_TIMES:
        yield Seen("read", call.paths[0])


def _link(call: Call) -> Iterator[Seen]:
    yield from (Seen("touched", call.paths[0]), Seen("read", call.paths[0]), Seen("written", call.paths[-1]))


def _symlink(call: Call) -> Iterator[Seen]:
    link = call.paths[-1]
    yield Seen("written", link)
    yield Seen("led", link, posixpath.normpath(posixpath.join(posixpath.dirname(link), call.texts[0])))


def _make(call: Call) -> Iterator[Seen]:
    yield Seen("made", call.paths[0])
    if not call.error:
        yield Seen("written", call.paths[0])


def _write(call: Call) -> Iterator[Seen]:
    yield from (Seen("written", path) for path in call.paths if path)


def _touch(call: Call) -> Iterator[Seen]:
    yield Seen("touched", call.paths[0])


def _date(call: Call) -> Iterator[Seen]:
    yield Seen("dated", call.paths[0])


def _execute(call: Call) -> Iterator[Seen]:
    if not call.error:
        yield from (Seen("program", call.paths[0]), Seen("read", call.paths[0]))


_MEANINGS: dict[str, Callable[[Call], Iterator[Seen]]] = {
    **dict.fromkeys(("open", "openat", "openat2", "creat"), _open),
    **dict.fromkeys(("stat", "lstat", "newfstatat", "statx", "stat64", "lstat64", "fstatat64"), _look),
    **dict.fromkeys(("access", "faccessat", "faccessat2", "readlink", "readlinkat", "chdir"), _look),
    **dict.fromkeys(("link", "linkat"), _link),
    **dict.fromkeys(("symlink", "symlinkat"), _symlink),
    **dict.fromkeys(("mkdir", "mkdirat"), _make),
    **dict.fromkeys(("rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "truncate"), _write),
    **dict.fromkeys(("chmod", "fchmodat"), _touch),
    "utimensat": _date,
    **dict.fromkeys(("execve", "execveat"), _execute),
}
