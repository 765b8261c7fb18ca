"""The builds of one project that uv was seen to make: logs become records, and of each step one record is chosen.

A record is chosen that stands: nothing that it names has changed. If there is none, something changed, and the newest
says what.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from dyncachekeys.files import state_file
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import split
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.quick.atomic import opened_to_write
from dyncachekeys.quick.clear import remove
from dyncachekeys.trace import readers
from dyncachekeys.trace.concurrent import attribute
from dyncachekeys.trace.in_build import tracer
from dyncachekeys.trace.inputs import Surroundings
from dyncachekeys.trace.log import Log, Observed, logs
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.record import STEPS, BuildRecord, dump, load
from dyncachekeys.trace.seals import differing, stands, unchanged_products, with_seals

PROBLEMS = "problems"
"""The file in which stands what went wrong: lines, each with what it is about, a tabulator, and a text."""
_OF_SYSTEM = tuple(f"/{name}/" for name in ["bin", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "usr"])
KEPT = 8
"""How many records of each step are kept: enough for some branches."""


@dataclass(frozen=True)
class Chosen:
    """The record of each step that tells what the build depends on."""

    records: tuple[BuildRecord, ...] = ()
    standing: bool = False
    """Whether all of them stand."""
    vouched: bool = False
    """Whether what is installed was built in the newest of them, and nothing has changed since."""
    differing: frozenset[tuple[str, str]] = frozenset()
    """The inputs, by kind and subject, that are not as the build saw them that made what is installed."""
    known: frozenset[tuple[str, str]] = frozenset()
    """Those of which is known that what is installed was built from them as they are now."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The names of the records."""
        return tuple(record.id for record in self.records)

    @property
    def trace(self) -> Trace:
        """What all steps together depend on and do."""
        found = Trace()
        for record in self.records:
            found = record.trace.with_earlier(found)
        return found


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
            for log in logs(self.folder) if self.trusted else ():
                self._take(log, around)
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
        self.chosen = self.chosen or self._choice(around)
        return self.chosen

    def _choice(self, around: Surroundings) -> Chosen:
        by_step: dict[str, list[BuildRecord]] = {step: [] for step in STEPS}
        for record in self.records(around):
            by_step.setdefault(record.step, []).append(record)
        installed = self._installed(by_step["build"][-1:])
        known = _known(installed, around) if installed is not None else frozenset()
        if installed is not None and stands(installed, around):
            newest = [records[-1] for step in STEPS if (records := by_step[step])]
            counting = [one for one in newest if one is installed or not _is_superseded(one, installed, around)]
            if all(stands(record, around) for record in counting):
                known = known.union(*(_known(record, around) for record in counting))
                return Chosen(tuple(counting), standing=True, vouched=True, known=known)
        chosen = [_chosen(records, self.basis, around) for step in STEPS if (records := by_step[step])]
        standing = bool(chosen) and all(ok for _, ok in chosen)
        differs = _split(differing(installed, around)) if installed is not None else frozenset()
        return Chosen(tuple(record for record, _ in chosen), standing=standing, differing=differs, known=known)

    def _installed(self, of_build: list[BuildRecord]) -> BuildRecord | None:
        """Return the newest build, if that has made what is installed."""
        since, until = self.built or (0, 0)
        return next((one for one in of_build if since <= one.started and one.ended <= until), None)

    @property
    def newest(self) -> Chosen:
        """The newest record of each step, of those that are known."""
        by_step = {record.step: record for record in self._records or ()}
        return Chosen(tuple(by_step[step] for step in STEPS if step in by_step))

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

    def _take(self, log: Log, around: Surroundings) -> None:
        """Make a record of a log, unless the step is still going on, failed, or was interrupted."""
        if log.is_running:
            return
        self.done.append(log)
        if log.is_whole and self._records is not None:
            more = readers.facts_of(log.folder, around.files.root, _may_count)
            observed = log.observed(around.files, around.environ.whole(), more)
            before = next((one for one in reversed(self._records) if one.step == log.step), BuildRecord())
            record = _attributed(observed, before, around)
            self.fresh.append(record)
            self._records.append(record)
            self._records.sort(key=lambda one: one.id)


def _chosen(records: list[BuildRecord], basis: tuple[str, ...], around: Surroundings) -> tuple[BuildRecord, bool]:
    """Return one of a step's records, and whether it stands: the last sync's, else the newest that does."""
    ordered = sorted(records, key=lambda record: (record.id in basis, record.id), reverse=True)
    standing = next((record for record in ordered if stands(record, around)), None)
    return (standing, True) if standing is not None else (records[-1], False)


def _known(installed: BuildRecord, around: Surroundings) -> frozenset[tuple[str, str]]:
    """Return the inputs of a build, by kind and subject, that are as it saw them."""
    names = {*installed.seals, *(f"env {name}" for name in installed.trace.variables)} if installed.vouched else set()
    return _split(names - differing(installed, around))


def _split(names: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Return inputs by kind and subject, as seals name them."""
    return frozenset((kind, subject) for kind, _, subject in (name.partition(" ") for name in names))


def _is_superseded(record: BuildRecord, by: BuildRecord, around: Surroundings) -> bool:
    """Tell whether a later build has seen all that is not as an earlier step of another one saw it.

    uv does not ask for the metadata again if it takes them from the wheel.
    """
    differs = differing(record, around)
    known = {*by.seals, *(f"env {name}" for name in by.trace.variables)}
    return record.started < by.started and record.vouched and bool(differs) and differs <= known


def _may_count(path: str) -> bool:
    """Tell whether a path may count at all: not one of the system's, nor one of our own."""
    return not path.startswith(_OF_SYSTEM) and f"/{HOME}/" not in f"{path}/".replace(os.sep, "/")


def _attributed(observed: Observed, before: BuildRecord, around: Surroundings) -> BuildRecord:
    """Return the record of a step: who has changed what meanwhile, and what earlier ones know of it.

    If nothing has changed that the last record names, the step depends on that still: where it finds up to date what
    it makes, it may ask for less.
    """
    files = around.files
    attribution = attribute(observed, files, before.suspects, frozenset(before.trace.written))
    _renew((*observed.trace.read, *attribution.trace.products), observed.started, files)
    trace = _with_products(attribution.trace, before, around)
    looked_at = trace.there.keys() & before.trace.read.keys()
    if looked_at:
        earlier = {path: before.trace.read[path] for path in looked_at}
        trace = replace(trace, read={**earlier, **trace.read})
    record = replace(observed.record, trace=trace, suspects=attribution.suspects)
    if before.id and stands(before, around):
        trace = trace.with_earlier(before.trace)
        then = {name: tracer.seal(record.salt, around.environ.get(name)) for name in before.trace.variables}
        rules, variables = _joined(before.rules, record.rules), {**then, **record.variables}
        record = replace(record, trace=trace, rules=rules, variables=variables)
    # Of what programs look up by themselves, only the name is known: its value is what it is now.
    others = {name: tracer.seal(record.salt, around.environ.get(name)) for name in trace.variables}
    record = replace(record, variables={**others, **record.variables})
    outputs = (path for path in trace.written if not path.startswith(("../", "./")) and files.is_file(path))
    record = replace(record, outputs=tuple(outputs))
    return with_seals(record, around, vouched=attribution.stands)


def _joined(first: Mapping[str, tuple[str, ...]], second: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {folder: tuple(sorted({*first.get(folder, ()), *second.get(folder, ())})) for folder in {**first, **second}}


def _renew(paths: tuple[str, ...], since: int, files: Files) -> None:
    """Look again at files that were looked at, to know whether an earlier record stands, and written since."""
    for path in paths:
        folder, name = split(path)
        if files.folder(folder).state(name) is not None and files.changed_at(path) >= since:
            files.renew(path)


def _with_products(trace: Trace, before: BuildRecord, around: Surroundings) -> Trace:
    """Return a trace with what an earlier record saw the build write: it is the build's until somebody changes it."""
    files, same = around.files, unchanged_products(before, around) if before.id else set()
    written = {path for path in before.trace.written if files.is_file(path)} - (trace.read.keys() - same)
    made = {path for path in before.trace.made if files.is_dir(path)}
    return trace.without(written).with_folders(made)
