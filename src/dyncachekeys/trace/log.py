"""The log that a build left: its facts, and what they say of one step of the build."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from dyncachekeys.files import refs, state_file
from dyncachekeys.files.folder import changed_ns
from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.files.tree import Files
from dyncachekeys.trace.filter import Fact, filtered, parsed, paths
from dyncachekeys.trace.likeness import rules_of
from dyncachekeys.trace.model import BUILD, Bounds, Trace, parents
from dyncachekeys.trace.record import BuildRecord
from dyncachekeys.uv import workspace

_HEAD = ("build", "python", "prefix", "result", "salt", "stamp", "done", "ended")


class Observed(NamedTuple):
    """One step of a build, as its log shows it."""

    record: BuildRecord
    """Without a seal."""
    touched: AbstractSet[str]
    """What got another change time from the build although it was not written."""
    dated: AbstractSet[str]
    """What got another modification time so."""
    stirred: AbstractSet[str]
    """Folders in which the build was seen to make, move or remove something."""

    @property
    def trace(self) -> Trace:
        """What the step depends on and does."""
        return self.record.trace

    @property
    def started(self) -> int:
        """When it began, in nanoseconds of the file system's clock."""
        return self.record.started


class Log:
    """A folder in which a build leaves its log.

    Args:
        folder: ``.dyncachekeys/builds/ID``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._facts = [*_until_the_end(parsed(_content(folder / "log")))]
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
    def started(self) -> int:
        """When it began, in nanoseconds of the file system's clock."""
        return _time_of(self.folder / "start")

    def observed(self, files: Files, environ: Mapping[str, str], more: Sequence[Fact] = ()) -> Observed:
        """Return what it shows, with facts about programs that others have read off what these left."""
        started, root = self.started, files.root
        facts = [*_updated([*(fact for fact in self._facts if fact.what not in self._head), *more], started)]
        of_build = [fact.subject for what in ("prefix", "result") for fact in self._head[what]]
        bounds = Bounds(root, repository(files), left_out(environ, root), tuple(of_build))
        trace = _finished(
            filtered(facts, bounds, manifest=self._head["build"][0].who == "wheel" and self.step == "build"), root
        )
        trace = without_ignored(trace, files)
        record = BuildRecord(
            id=self.folder.name,
            step=self.step,
            kind=self._head["build"][0].who,
            started=started,
            ended=_time_of(self.folder / "log"),
            python=self._head["python"][0].subject if self._head["python"] else "",
            trace=trace,
            rules=rules_of(trace, files),
            salt=self._head["salt"][0].subject,
            variables={fact.subject: fact.who for fact in facts if fact.what == "value"},
        )
        stirred = {os.path.dirname(fact.subject) for fact in facts if fact.what == "written"}
        return Observed(
            record,
            touched=paths(facts, bounds, "touched"),
            dated=paths(facts, bounds, "dated"),
            stirred={os.path.relpath(folder, root).replace(os.sep, "/") for folder in stirred},
        )

    @property
    def problem(self) -> str:
        """The last line of what the refresh at the end of the build said; empty if all went well."""
        lines = _content(self.folder / "refresh").decode("utf-8", "replace").strip().splitlines()
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


def repository(files: Files) -> Path:
    """Return the folder of the repository that a project is in; without one, its workspace's."""
    return refs.work_tree(files) or workspace.home(files)


def without_ignored(trace: Trace, files: Files) -> Trace:
    """Return a trace without what git ignores and no code of the project names: earlier builds made that."""
    rules = IgnoreRules(files)

    def counts(path: str, who: str) -> bool:
        if ":" in who or path.startswith("../"):
            return True
        is_import = who == BUILD and path.endswith(".py")
        return is_import or not (rules.ignores(path) or rules.ignores(f"{path}/x"))

    kept: dict[str, Any] = {
        name: {path: who for path, who in getattr(trace, name).items() if counts(path, who)}
        for name in ("read", "listed", "missing", "there")
    }
    return replace(trace, **kept)


def left_out(environ: Mapping[str, str], root: Path) -> tuple[str, ...]:
    """Return folders that hold temporary files and caches, but none in which the project itself lies."""
    home = os.path.expanduser("~")
    folders = [tempfile.gettempdir(), "/tmp", "/var/tmp", "/proc", "/sys", "/dev"]  # noqa: S108
    folders += [os.path.join(home, ".cache"), os.path.join(home, "Library", "Caches")]
    folders += [environ[name] for name in ("UV_CACHE_DIR", "XDG_CACHE_HOME", "PIP_CACHE_DIR") if environ.get(name)]
    real = dict.fromkeys(os.path.realpath(one) for one in folders)
    return tuple(one for one in real if not root.is_relative_to(one))


def _until_the_end(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Yield facts; what follows is not the build's, but ours."""
    for fact in facts:
        yield fact
        if fact.what == "ended":
            return


def _updated(facts: Iterable[Fact], started: int) -> Iterator[Fact]:
    """Yield facts; of what could be read and written, which of it was done."""
    for fact in facts:
        if fact.what == "updated":
            with contextlib.suppress(OSError):
                what = "written" if os.stat(fact.subject).st_mtime_ns >= started else "read"
                yield fact._replace(what=what)
        else:
            yield fact


def _finished(trace: Trace, root: Path) -> Trace:
    """Return a trace with what the build left in folders that it made: what is there now is its own."""
    new_folders = trace.new_folders
    trace = trace.without_folders({path for path in new_folders if not (root / path).is_dir()})
    new = [path for path in trace.listed if not new_folders.isdisjoint([path, *parents(path)])]
    inside = {f"{path}/{name}" for path in new if (root / path).is_dir() for name in os.listdir(root / path)}
    folders = {path for path in inside if (root / path).is_dir()}
    return trace.without(inside - folders).with_folders(folders)


def _time_of(path: Path) -> int:
    try:
        return changed_ns(path.stat())
    except OSError:
        return 0


def _content(path: Path) -> bytes:
    try:
        return state_file.content(path)
    except OSError:
        return b""
