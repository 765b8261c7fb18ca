"""The log that a build left of one step: its facts, and what it says of the step itself."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from dyncachekeys.files.content import content_of
from dyncachekeys.files.folder import changed_ns
from dyncachekeys.trace.fact import Fact, parsed

_HEAD = ("build", "python", "prefix", "result", "salt", "stamp", "done", "ended")


class Log:
    """A folder in which a build leaves its log.

    Args:
        folder: ``.dyncachekeys/builds/ID``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._facts = [*_until_the_end(parsed(content_of(folder / "log") or b""))]
        self._head: dict[str, list[Fact]] = {what: [] for what in _HEAD}
        for fact in self._facts:
            if fact.what in self._head:
                self._head[fact.what].append(fact)

    @property
    def is_whole(self) -> bool:
        """Whether the step has ended as it should."""
        return all(self._head[what] for what in ("build", "salt", "done", "ended"))

    @property
    def is_running(self) -> bool:
        """Whether the step may still be going on."""
        if self._head["ended"] or sys.platform == "win32":  # there the question would end the process
            return False
        try:
            os.kill(int(self.folder.name.rpartition("-")[2]), 0)
        except (ValueError, OverflowError, ProcessLookupError):
            return False
        except OSError:
            return True
        return True

    @property
    def step(self) -> str:
        """Which step of a build it is; empty if the log does not say so."""
        return self._head["build"][0].subject if self._head["build"] else ""

    @property
    def kind(self) -> str:
        """What is built: ``editable`` or ``wheel``."""
        return self._head["build"][0].who if self._head["build"] else ""

    @property
    def started(self) -> int:
        """When it began, in nanoseconds of the file system's clock."""
        return _time_of(self.folder / "start")

    @property
    def ended(self) -> int:
        """When it ended, likewise."""
        return _time_of(self.folder / "log")

    @property
    def python(self) -> str:
        """The version of the interpreter that ran it."""
        return self._head["python"][0].subject if self._head["python"] else ""

    @property
    def salt(self) -> str:
        """What seals the values of variables."""
        return self._head["salt"][0].subject

    @property
    def own_folders(self) -> tuple[str, ...]:
        """The build's environment, the interpreter's folders, and where uv has results put: absolute paths."""
        return tuple(fact.subject for what in ("prefix", "result") for fact in self._head[what])

    @property
    def facts(self) -> list[Fact]:
        """What happened, without what is said of the build itself."""
        return [fact for fact in self._facts if fact.what not in self._head]

    @property
    def problem(self) -> str:
        """The last line of what the refresh at the end of the build said; empty if all went well."""
        lines = (content_of(self.folder / "refresh") or b"").decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    def remove(self) -> None:
        """Take it away; what can't be removed stays."""
        shutil.rmtree(self.folder, ignore_errors=True)


def logs(builds: Path) -> list[Log]:
    """Return the logs in ``.dyncachekeys/builds``, the oldest first."""
    try:
        names = sorted(entry.name for entry in os.scandir(builds) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
    return [Log(builds / name) for name in names]


def _until_the_end(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Yield facts; what follows is not the build's, but ours."""
    for fact in facts:
        yield fact
        if fact.what == "ended":
            return


def _time_of(path: Path) -> int:
    try:
        return changed_ns(path.stat())
    except OSError:
        return 0
