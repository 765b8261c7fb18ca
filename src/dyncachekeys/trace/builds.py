"""The builds of one project that uv was seen to make: logs become records, of which the last of each step are kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from dyncachekeys.files import state_file
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.quick import atomic
from dyncachekeys.quick.atomic import opened_to_write
from dyncachekeys.quick.clear import remove
from dyncachekeys.trace import readers
from dyncachekeys.trace.choice import Chosen, choice, newest
from dyncachekeys.trace.inputs import Surroundings
from dyncachekeys.trace.log import Log, logs
from dyncachekeys.trace.merged import merged
from dyncachekeys.trace.observed import observed, with_later
from dyncachekeys.trace.record import BuildRecord, dump, load

PROBLEMS = "problems"
"""The file in which stands what went wrong: lines, each with what it is about, a tabulator, and a text."""
_OF_SYSTEM = tuple(f"/{name}/" for name in ["bin", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "usr"])
_ABANDONED_SECONDS = 600
"""Nobody who writes a record takes longer."""
KEPT = 8
"""How many records of each step are kept: enough for some branches."""


@dataclass
class Builds:
    """The records of one project's builds.

    Args:
        folder: ``.dyncachekeys/builds``.
        trusted: Whether what lies there may be believed.
    """

    folder: Path
    trusted: bool = True
    fresh: list[BuildRecord] = field(default_factory=list)
    """What was made of logs by this very run, to be stored."""
    done: list[Log] = field(default_factory=list)
    """The logs that are to go."""
    problems: list[tuple[str, str]] = field(default_factory=list)
    basis: tuple[str, ...] = ()
    """The ids of the records that the last sync chose."""
    built: tuple[int, int] | None = None
    """Between which times uv has made what is installed, if it did so since the last sync, in nanoseconds."""
    chosen: Chosen | None = None
    """What `choose` has chosen."""
    programs: bool = True
    """Whether programs other than Python are to be watched, too."""

    def __post_init__(self) -> None:
        self._records: list[BuildRecord] | None = None

    def records(self, around: Surroundings) -> list[BuildRecord]:
        """Return all records, the oldest first, those of new logs included."""
        if self._records is None:
            around.files.listing(around.files.relative(self.folder))  # so that the next run notices a new log
            self._records = [*self._stored()] if self.trusted else []
            self._take([*logs(self.folder)] if self.trusted else [], around)
        return self._records

    @property
    def sees_all(self) -> bool:
        """Whether a build was watched, and nothing of it was unseen."""
        chosen = self.chosen or Chosen()
        return any(record.step == "build" for record in chosen.records) and not chosen.trace.unseen

    def as_before(self) -> Builds:
        """Return the same builds, of which those records are chosen that the last sync chose."""
        return replace(self, chosen=Chosen(tuple(one for one in self._records or () if one.id in self.basis)))

    def choose(self, around: Surroundings) -> Chosen:
        """Choose a record of each step."""
        self.chosen = self.chosen or choice(self.records(around), self.basis, self.built, around)
        return self.chosen

    @property
    def newest(self) -> Chosen:
        """The newest record of each step, of those that are known."""
        return Chosen(tuple(newest(self._records or ()).values()))

    def dumped(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and content of each record that is to be written."""
        for record in self.fresh:
            yield f"{record.id}.json", dump(record)

    def clear(self) -> None:
        """Remove the logs that were taken, and all but the newest records; say what went wrong, for `doctor`."""
        for log in self.done:
            if problem := log.problem:
                self.problems.append(("refresh", problem))
            log.remove()
        self._report()
        atomic.sweep(os.fspath(self.folder), _ABANDONED_SECONDS)
        by_step: dict[str, list[str]] = {}
        for record in self._records or ():
            by_step.setdefault(record.step, []).append(record.id)
        for ids in by_step.values():
            for old in ids[:-KEPT]:
                remove(os.fspath(self.folder / f"{old}.json"))

    def _report(self) -> None:
        """Write down what went wrong since the last build that was watched."""
        path = self.folder / PROBLEMS
        if self.fresh:
            remove(os.fspath(path))
        try:
            known = state_file.content(path).decode("utf-8", "surrogateescape").splitlines()
        except OSError:
            known = []
        new = [line for code, text in self.problems if (line := f"{code}\t{text}") not in known]
        if new:
            lines = "".join(f"{line}\n" for line in dict.fromkeys(new))
            with os.fdopen(opened_to_write(os.fspath(path), os.O_WRONLY | os.O_APPEND), "ab") as stream:
                stream.write(lines.encode("utf-8", "surrogateescape"))

    def _stored(self) -> Iterator[BuildRecord]:
        for path in sorted(self.folder.glob("*.json")):
            record = load(path)
            if record is None:
                self.problems.append(("record", path.name))
            else:
                yield record

    def _take(self, found: list[Log], around: Surroundings) -> None:
        """Make records of logs, unless the step is still going on, failed, or was interrupted."""
        self.done += [log for log in found if not log.is_running]
        whole = [log for log in self.done if log.is_whole]
        files, environ = around.files, around.environ.whole()
        shown = [observed(log, files, environ, readers.facts_of(log.folder, files.root, _may_count)) for log in whole]
        for one in with_later(shown):
            known = self._records or []
            before = next((record for record in reversed(known) if record.step == one.record.step), BuildRecord())
            record = merged(one, before, around)
            self.fresh.append(record)
            self._records = sorted([*known, record], key=lambda each: each.id)


def _may_count(path: str) -> bool:
    """Tell whether a path may count at all: not one of the system's, nor one of our own."""
    return not path.startswith(_OF_SYSTEM) and f"/{HOME}/" not in f"{path}/".replace(os.sep, "/")
