"""A plan: what a sync would write, as data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dyncachekeys.model import Notice
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.quick.snapshot import FOLDER_LINKS, LINK_FOLDER, Snapshot
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.syncing import capture
from dyncachekeys.syncing.decision import Decision
from dyncachekeys.syncing.state import State
from dyncachekeys.syncing.status import Status
from dyncachekeys.uv.record import Record, expected_record
from dyncachekeys.watch import links
from dyncachekeys.watch.coverage import Coverage
from dyncachekeys.watch.hard_links import HardLinks
from dyncachekeys.watch.links import LinkFolder


class Plan(NamedTuple):
    """What a sync would write, as data, and what it was made of."""

    status: Status
    coverage: Coverage
    newest_linked: int | None
    """The latest time of what is linked, in nanoseconds."""
    entries: tuple[Mapping[str, Any], ...]
    """The region's entries: the coverage's, without those that the user has."""
    document: bytes
    """``pyproject.toml`` as it shall be."""
    links: Mapping[str, str] | None
    """What the link folder shall hold, by name; nothing if it holds just that."""
    folder_links: Mapping[str, str] | None
    """The same of the links to whole folders."""
    hard_links: Mapping[str, str]
    """The hard links that there should be, by name, each with its file."""
    lost: frozenset[str]
    """The hard links that go although no build is due, by name: no input is behind (`unlinked.lost`)."""
    decision: Decision
    """What becomes of the stamp."""
    remembered: State
    """What the next sync shall know, but for what depends on what is on disk when it is written (`next_state`)."""
    notices: tuple[Notice, ...]
    """What the user should know."""
    alone: bool
    """Whether `uv sync` in the project's folder would build nothing else."""

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.status.project.root

    @property
    def home(self) -> Path:
        """The folder of stamp and state."""
        return self.status.home

    @property
    def region_differs(self) -> bool:
        """Whether ``pyproject.toml`` has to be written."""
        return self.document != self.status.project.raw

    @property
    def basis(self) -> tuple[Any, ...]:
        """What the plan is based on: if it differs from `on_disk` later, plan again."""
        return (self.status.project.raw, *self.status.last.basis)

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is written by which uv would come to build."""
        return self.decision.move == "kept" and not self.region_differs

    @property
    def is_idle(self) -> bool:
        """Whether nothing that uv watches has to be written."""
        beside = (one for one in (self.status.watch_folder, self.status.guard) if one is not None)
        is_linked = self.links is None and self.folder_links is None
        return self.is_at_rest and is_linked and not self.lost and all(one.is_ready() for one in beside)

    @property
    def all_entries(self) -> tuple[Any, ...]:
        """The whole list ``tool.uv.cache-keys``, as it shall be."""
        return (*self.status.project.user_entries, *self.entries)

    def expected_record(self) -> Record:
        """Return what uv would record if it built from the project as it is at this instant.

        It is another one once ``pyproject.toml`` or the stamp has been written.
        """
        linked = self.newest_linked
        if gone := self.gone():
            linked = max(*gone.values(), linked or 0)
        if self.coverage.links_stamp and (of_stamp := links.of_stamp(self.status.files)) is not None:
            linked = max(of_stamp, linked or 0)
        status = self.status
        return expected_record(status.files, self.all_entries, status.environ, linked, packed=status.reads_packed_refs)

    def gone(self) -> dict[str, int]:
        """Return the hard links by which uv sees at this instant that files are gone, by name (`HardLinks.others`)."""
        others = HardLinks(self.home).others(self.hard_links, self.status.files)
        return {name: changed for name, changed in others.items() if name not in self.lost}

    def take_snapshot(self, expected: Record) -> Snapshot:
        """Return what was looked at, in columns. To be called when all has been looked at."""
        status, files = self.status, self.status.files
        stamp = capture.note_stamp(files)
        for path in (LINK_FOLDER, FOLDER_LINKS) if self.coverage.has_links else ():
            if LinkFolder(self.home, path).stat and not files.is_listed_as_before(path):
                files.entries(path)
        taken = capture.snapshot_of(status, self.coverage)
        capture.seal_environment(taken, status.environ, status.seen, [*expected.env, "UV_PROJECT_ENVIRONMENT"])
        taken.always = list(self._never_quiet())
        taken.warnings = [(notice.where, notice.message) for notice in self.notices]
        taken.alone = "alone" if self.alone else ""
        taken.stamp, taken.named, taken.newest = stamp, str(self.status.named or ""), str(expected.timestamp or "")
        return taken

    def _never_quiet(self) -> Iterator[str]:
        """Yield what keeps the next run from being quiet."""
        if not self.status.last.believed:
            yield HOME
        if not self.status.files.settled:
            yield "what changed during the run"
        yield from (key.name for key in self.status.resolution.keys if key.runs_each_time)

    def next_state(self, expected: Record) -> State:
        """Return what is to be remembered of the project as it is at this instant."""
        record, salt = self.status.record, self.status.last.salt
        facts = expected.facts(salt)
        fits = record is not None and record.fits(facts, salt)
        folder = Stamps(self.home).current()
        # The stamp file is one of the files whose times the facts hold; a folder is named apart.
        stamped = folder is None or folder.is_named(self.status.named)
        known = LinkFolder(self.home).known_as(self.coverage.mark(self.status.files))
        return dataclasses.replace(self.remembered, expected=facts, links=known, fits=fits, due=not (fits and stamped))
