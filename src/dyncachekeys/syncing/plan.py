"""A project, looked at: all that a sync needs to know and would write, and what there is to say of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dyncachekeys.model import Notice
from dyncachekeys.pyproject.project import FILE, HOME
from dyncachekeys.quick.snapshot import LINK_FOLDER
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.syncing import capture
from dyncachekeys.syncing.report import Named, ProjectReport, key_reports
from dyncachekeys.uv.entries import CURRENT
from dyncachekeys.uv.program import Program
from dyncachekeys.uv.record import Record, expected_record
from dyncachekeys.watch import by_name
from dyncachekeys.watch.links import LinkFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from dyncachekeys.files.tree import Files
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.pyproject.project import Project
    from dyncachekeys.quick.snapshot import Snapshot
    from dyncachekeys.resolving.engine import Resolution
    from dyncachekeys.syncing.decision import Decision
    from dyncachekeys.syncing.loops import Loops
    from dyncachekeys.syncing.state import State
    from dyncachekeys.trace.store import StoredTrace
    from dyncachekeys.watch.coverage import Coverage

Fingerprint = tuple[bytes | None, bytes | None, str | None]
"""What a survey is built on: ``pyproject.toml``, the state, and where the stamp leads."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A project, looked at."""

    project: Project
    environ: Mapping[str, str]
    """As uv will see it."""
    started: int
    """When the look began, in nanoseconds since the epoch."""
    fingerprint: Fingerprint
    """What the survey is built on: if it differs later, look again."""
    state: State
    believed: bool
    """Whether stamp and state may be believed: not if git tracks them."""
    files: Files
    seen: Environment
    """The environment as keys saw it."""
    resolution: Resolution
    coverage: Coverage
    wanted: tuple[Mapping[str, Any], ...]
    """The region's entries: the plan's, without those that the user has."""
    document: bytes
    """``pyproject.toml`` as it shall be."""
    record: Record | None
    decision: Decision
    program: Program | None
    """The uv on PATH; the one that was known, if there is none."""
    links: Mapping[str, str] | None
    """What the link folder shall hold, by name, if it holds anything else."""
    newest_linked: int | None
    """The latest time of what is linked, in nanoseconds."""
    written: tuple[str, ...]
    """What builds were seen to write though its content stayed."""
    loops: Loops
    """What asks for builds without end."""
    notices: tuple[Notice, ...]
    """What the user should know."""
    alone: bool
    """Whether `uv sync` in the project's folder would build nothing else."""
    traces: Mapping[str, StoredTrace]
    """New traces of builds, to be kept, each by the name of its file."""

    @property
    def home(self) -> Path:
        """The folder of stamp and state."""
        return self.project.root / HOME

    @property
    def region_differs(self) -> bool:
        """Whether ``pyproject.toml`` has to be written."""
        return self.document != self.project.raw

    @property
    def named(self) -> int | None:
        """The birth time or inode of the stamp folder that the installed record names."""
        return self.record.current if self.record else None

    @property
    def all_entries(self) -> tuple[Any, ...]:
        """The whole list ``tool.uv.cache-keys``, as it shall be."""
        return (*self.project.user_entries, *self.wanted)

    def expected_record(self) -> Record:
        """Return what uv would record if it built from the project as it is at this instant."""
        return expected_record(self.files, self.all_entries, self.environ, self.newest_linked)

    def take_snapshot(self) -> Snapshot:
        """Return what was looked at, in columns. To be called when all has been looked at."""
        stamp, newest = capture.note_stamp(self.files), self.expected_record().timestamp
        if self.coverage.has_links and LinkFolder(self.home).stat and not self.files.is_listed_as_before(LINK_FOLDER):
            self.files.entries(LINK_FOLDER)
        kept = capture.snapshot_of(self.files, self.resolution, self.coverage, taken=self.started, salt=self.state.salt)
        named = [str(entry["env"]) for entry in self.all_entries if isinstance(entry, dict) and "env" in entry]
        capture.seal_environment(kept, self.environ, self.seen, [*named, "UV_PROJECT_ENVIRONMENT"])
        kept.always = [] if self.believed else [HOME]
        kept.always += [] if self.files.settled else ["what changed during the run"]
        kept.always += [key.name for key in self.resolution.keys if key.runs_each_time]
        kept.warnings = [(notice.where, notice.message) for notice in self.notices]
        kept.name, kept.keys = self.project.name, [key.name for key in self.resolution.keys]
        kept.alone, kept.inputs = "alone" if self.alone else "", self.resolution.digests.count
        kept.stamp, kept.named, kept.newest = stamp, str(self.named or ""), str(newest or "")
        kept.digest, kept.stamp_digest = self.resolution.digest, self.coverage.stamp_digest
        return kept

    def _doubts(self) -> Iterator[Notice]:
        """Yield what can't be mended where there is no stamp; said once, since the next run knows no more."""
        if not self.coverage.has_stamp and not self.region_differs:
            for why in self.decision.why:
                remedy = f"if it was, run `uv sync --reinstall-package {self.project.name}`"
                yield Notice("built-unsynced", f"{why}; {remedy}", self.project.name)

    def _named(self) -> Named | None:
        """Return what is to be said of the name; nothing under the transport `stamp`."""
        if self.coverage.naming is None:
            return None
        before = by_name.names((*self.project.region, *self.project.user_entries))
        return Named(
            digest=self.coverage.naming.digest,
            before=before[0] if before else None,
            installed=self.record is not None and self.record.name == self.coverage.naming.path,
        )

    def report(self, now: Snapshot) -> ProjectReport:
        """Return what is to be said; ``written`` is what would be.

        Args:
            now: The snapshot of this run.
        """
        stamp = Stamps(self.home).current()
        written = [*([FILE] if self.region_differs else []), *([LINK_FOLDER] if self.links is not None else [])]
        return ProjectReport(
            name=self.project.name,
            root=os.fspath(self.project.root),
            transport=self.resolution.transport,
            digest=self.resolution.digest,
            previous=self.state.digest,
            stamp=stamp.id if stamp and self.believed and self.coverage.has_stamp else None,
            move=self.decision.move,
            why=self.decision.why if self.coverage.has_stamp else (),
            written=tuple(written if self.decision.move == "kept" else [*written, CURRENT]),
            entries=self.wanted,
            keys=key_reports(self.resolution, self.coverage, self.files, self.state, now),
            warnings=(*self.notices, *self._doubts()),
            region_differs=self.region_differs,
            input_count=now.inputs,
            named=self._named(),
        )
