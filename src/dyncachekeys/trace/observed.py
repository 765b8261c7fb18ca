"""What a log shows of one step of a build: the beginning of a record, and what else happened to files."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.files.tree import Files
from dyncachekeys.names import Mask
from dyncachekeys.trace.fact import Fact, by_kind
from dyncachekeys.trace.filter import filtered, paths
from dyncachekeys.trace.log import Log
from dyncachekeys.trace.model import BUILD, Bounds, Trace, parents
from dyncachekeys.trace.record import STEPS, BuildRecord
from dyncachekeys.trace.rules import rules_of
from dyncachekeys.uv import workspace

_SHORTEST_CREDENTIAL = 8
"""A shorter value is a part of many paths by chance, and those would not be watched."""
_WITHOUT_VALUES = frozenset({"variable", "environment", "value", "looped"})
"""Facts about variables, which hold names and seals."""


class Observed(NamedTuple):
    """One step of a build, as its log shows it."""

    record: BuildRecord
    """Without a seal."""
    touched: AbstractSet[str]
    """What got another change time from the build although it was not written."""
    dated: AbstractSet[str]
    """What got another modification time so."""
    stirred: AbstractSet[str]
    """Folders in which the build was seen to make, move or remove something, in this step or in one after it."""

    @property
    def trace(self) -> Trace:
        """What the step depends on and does."""
        return self.record.trace

    @property
    def started(self) -> int:
        """When it began, in nanoseconds of the file system's clock."""
        return self.record.started


def observed(log: Log, files: Files, environ: Mapping[str, str], more: Sequence[Fact] = ()) -> Observed:
    """Return what a log shows, with facts about programs that others have read off what these left."""
    root = files.root
    facts = [*_updated(_without_credentials([*log.facts, *more], environ), log.started)]
    bounds = Bounds(root, workspace.repository(files), left_out(environ, root), log.own_folders)
    is_of_wheel = log.kind == "wheel" and log.step == "build"
    trace = _without_ignored(_finished(filtered(facts, bounds, manifest=is_of_wheel), root), files)
    record = BuildRecord(
        id=log.folder.name,
        step=log.step,
        kind=log.kind,
        started=log.started,
        ended=log.ended,
        python=log.python,
        trace=trace,
        rules=rules_of(trace, files),
        salt=log.salt,
        variables={fact.subject: fact.who for fact in facts if fact.what == "value"},
    )
    kinds = by_kind(facts)
    stirred = {os.path.dirname(fact.subject) for fact in kinds["written"]}
    return Observed(
        record,
        touched=paths(kinds, bounds, "touched"),
        dated=paths(kinds, bounds, "dated"),
        stirred={os.path.relpath(folder, root).replace(os.sep, "/") for folder in stirred},
    )


def with_later(steps: Sequence[Observed]) -> Sequence[Observed]:
    """Return steps, the oldest first, each with what later ones of its build stir: that was no user, although it came after."""
    found = list[Observed]()
    for step in reversed(steps):
        is_before = found and STEPS.index(step.record.step) < STEPS.index(found[-1].record.step)
        found.append(step._replace(stirred=step.stirred | found[-1].stirred) if is_before else step)
    return found[::-1]


def _without_credentials(facts: Iterable[Fact], environ: Mapping[str, str]) -> Iterator[Fact]:
    """Yield facts. What holds the value of a credential in its name becomes ``hidden``: records are plain text."""
    mask = Mask(environ, shortest=_SHORTEST_CREDENTIAL)
    for fact in facts:
        if fact.what in _WITHOUT_VALUES or (shown := mask(fact.subject)) == fact.subject:
            yield fact
        else:
            yield Fact("hidden", shown.replace("\x1f", " "), fact.who)


def _without_ignored(trace: Trace, files: Files) -> Trace:
    """Return a trace without what git ignores and no code of the project names: earlier builds made that."""
    rules = IgnoreRules(files)

    def counts(path: str, who: str) -> bool:
        if ":" in who or path.startswith("../"):
            return True
        is_import = who == BUILD and path.endswith(".py")
        return is_import or not rules.ignores_all(path)

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
