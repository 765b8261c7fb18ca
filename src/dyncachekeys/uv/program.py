"""Which uv is on PATH, and what it can do; it is asked for its version once, and again only if it was replaced."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.files.tree import Files
from dyncachekeys.process.programs import on_path
from dyncachekeys.quick.snapshot import TIMED

OLDEST = (0, 6, 17)
"""The oldest uv with which everything was measured (``docs/uv-facts.md``)."""
_FOLLOWS_LINKS = (0, 7, 21)
"""From which uv on a glob follows a link to a file (U13)."""
SINCE = (0, 8, 10)
"""The first uv that knows ``extra-build-variables``, and so can have its builds watched (U36)."""
_READS_PACKED_REFS = (0, 11, 20)
"""The first uv that reads packed refs, and the refs of a linked worktree (U9)."""
_VERSION = re.compile(rb"uv (\d+)\.(\d+)\.(\d+)")
_LONGEST = 10
"""Seconds that it may take to print its version."""
_MOST_OUTPUT = 4_096


class Program(NamedTuple):
    """A uv."""

    path: str
    stat: str
    """Size, times and inode, by which it is recognised."""
    version: tuple[int, ...]
    """Empty if it is not known."""

    @property
    def follows_links(self) -> bool:
        """Whether it sees a file through a link behind a glob; assumed of one whose version is not known."""
        return not self.version or self.version >= _FOLLOWS_LINKS

    @property
    def watches(self) -> bool:
        """Whether builds that it makes can be watched (U36); assumed of one whose version is not known."""
        return not self.version or self.version >= SINCE

    @property
    def reads_packed_refs(self) -> bool:
        """Whether it reads packed refs and linked worktrees (U9); assumed of one whose version is not known."""
        return not self.version or self.version >= _READS_PACKED_REFS

    def as_list(self) -> list[str]:
        """Return it as it is remembered."""
        return [self.path, self.stat, ".".join(map(str, self.version))]


def find(files: Files, environ: Mapping[str, str], known: Sequence[str]) -> Program | None:
    """Return the uv on PATH; the one that was known, if there is none any more.

    ``known`` is the one that was found before, as `Program.as_list`, if there was one.

    Raises:
        ConfigurationError: it is too old.
    """
    before = Program(known[0], known[1], _parsed(known[2])) if len(known) == len(Program._fields) else None
    path = on_path("uv", environ.get("PATH", os.defpath))
    if path is None:
        return before
    try:
        info = os.stat(path)
    except OSError:  # it is being replaced just now
        return before
    files.note(files.relative(os.path.abspath(path)), TIMED)
    stat = f"{info.st_size} {info.st_mtime_ns} {info.st_ino}"
    if before is not None and (before.path, before.stat) == (path, stat):
        found = before
    else:
        found = Program(path, stat, _version(path, stat))
    if found.version and found.version < OLDEST:
        version, oldest = (".".join(map(str, numbers)) for numbers in (found.version, OLDEST))
        message = f"uv {version} is too old: it does not know all that the keys need"
        raise ConfigurationError([Problem("uv-too-old", message, path, f"install uv {oldest} or newer")])
    return found


def off_path(environ: Mapping[str, str]) -> str | None:
    """Return a uv that is not on PATH: the one that started this, beside our interpreter, or where its installer puts it.

    For processes that an editor or a desktop has started, whose PATH is often not that of a shell.
    """
    name = "uv.exe" if sys.platform == "win32" else "uv"
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or os.curdir)
    folders = (Path(sys.executable).parent, home / ".local/bin", home / ".cargo/bin")
    paths = (environ.get("UV"), *(os.fspath(folder / name) for folder in folders))
    return next((path for path in paths if path and os.path.isfile(path) and os.access(path, os.X_OK)), None)


@functools.cache
def _version(path: str, stat: str) -> tuple[int, ...]:  # noqa: ARG001  another stat is another uv
    from dyncachekeys.process import run  # noqa: PLC0415  seldom needed

    folder = Path(path).parent  # not the project's: its settings have no say in this
    try:
        done = run.run(
            (path, "--version"), folder=folder, environ=os.environ, timeout=_LONGEST, max_output=_MOST_OUTPUT
        )
    except OSError:
        return ()
    match = _VERSION.match(done.output)
    return tuple(map(int, match.groups())) if match else ()


def _parsed(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split("."))) if version else ()
