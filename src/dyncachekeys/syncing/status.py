"""A project before anything is planned: what the last run left, what its keys find, and what uv has installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dyncachekeys.config.model import read
from dyncachekeys.errors import ConfigurationError, OrphanedRegionError, Problem
from dyncachekeys.files import derived
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import join
from dyncachekeys.process.environ import Environment, for_keys
from dyncachekeys.pyproject.project import HOME, Project
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.source import user_entries
from dyncachekeys.resolving.engine import Resolution, resolve
from dyncachekeys.syncing import notices
from dyncachekeys.syncing.last_run import LastRun
from dyncachekeys.syncing.state import State
from dyncachekeys.trace.depfiles import Depfiles
from dyncachekeys.uv import workspace
from dyncachekeys.uv.program import Program, find
from dyncachekeys.uv.record import Record, installed_record
from dyncachekeys.watch import by_name, by_stamp
from dyncachekeys.watch.coverage import STAMP_ENTRIES, Coverage
from dyncachekeys.watch.links import LinkFolder


@dataclass(frozen=True)
class Status:
    """What the last run left, what the keys find now, and what uv has installed."""

    last: LastRun
    project: Project
    files: Files
    environ: Mapping[str, str]
    """As uv will see it."""
    seen: Environment
    """As keys saw it."""
    program: Program | None
    """The uv on PATH; the one that was known, if there is none."""
    depfiles: Depfiles
    resolution: Resolution
    record: Record | None
    """The installed one."""

    @property
    def state(self) -> State:
        """What the last sync left."""
        return self.last.state

    @property
    def home(self) -> Path:
        """The folder of stamp and state."""
        return self.project.root / HOME

    @property
    def named(self) -> int | None:
        """The birth time or inode of the stamp folder that the installed record names."""
        return self.record.current if self.record else None

    @property
    def new_record(self) -> Record | None:
        """The installed record, if uv has made it since the last sync."""
        is_new = self.state.digest is not None and self.record is not None and self.record.is_another(self.state.record)
        return self.record if is_new else None

    @cached_property
    def single_files(self) -> Mapping[str, str]:
        """The states that files had at the last sync, as far as they were remembered one by one."""
        rows = (row for rows in self.state.keys.values() for row in rows)
        return {subject: state for kind, subject, state, _ in rows if kind == "file"}

    def state_then(self, folder: str, name: str) -> str | None:
        """Return the state that a file had at the last sync; nothing if it was not looked at."""
        return self.single_files.get(join(folder, name)) or self.files.memory.state(folder, name)

    def written_in_build(self, coverage: Coverage, record: Record) -> Iterator[tuple[str, str]]:
        """Yield the linked files (folder and name) that were written after uv had looked, before its build had ended."""
        for folder, names in coverage.linked.items():
            seen = self.files.folders[folder]
            for name in names:
                changed = seen.changed(name)
                if changed is not None and record.missed(changed):
                    yield folder, name

    def coverage(self, written: Sequence[str]) -> Coverage:
        """Return who watches what, if builds are known to write some files."""
        if self.resolution.transport == "digest":
            return by_name.cover(self.resolution, self.files)
        works = LinkFolder(self.home).works and (self.program is None or self.program.follows_links)
        return by_stamp.cover(self.resolution, self.files, written, links_work=works)


def status_of(root: Path, last: LastRun, environ: Mapping[str, str]) -> Status:
    """Read a project and run its keys. Errors as `planning.make_plan`."""
    project = by_name.loaded(root, last.state.entries)
    files = Files.of(project, last.memory)
    if last.believed:
        files.derived = derived.load(root / HOME / derived.FILE)
    inheriting = workspace.with_inherited(project, files)
    _require_keys(inheriting)
    program = find(files, environ, last.state.uv)
    seen = for_keys(environ)
    depfiles = Depfiles(root, lambda folder: last.believed if folder == root else not notices.is_tracked(folder))
    resolution = resolve(inheriting, seen, files, depfiles=depfiles)
    record = installed_record(files, project.name, environ)
    return Status(last, inheriting, files, environ, seen, program, depfiles, resolution, record)


def _require_keys(project: Project) -> None:
    if workspace.has_keys(project):
        return
    if project.table:
        _, problems = read(project.table)
        if problems:  # `key` instead of `keys` is a better answer than that there are none
            raise ConfigurationError(problems)
    if project.region:
        message = "there is a generated region, but no key"
        remedy = "run `dyncachekeys clean` to take it away, or declare keys"
        raise OrphanedRegionError([Problem("region-without-table", message, "tool.uv.cache-keys", remedy)])
    remedy = "run `dyncachekeys init` to have them written, or declare one in `[tool.dyncachekeys.keys.NAME]`"
    raise ConfigurationError([Problem("no-keys", "the project declares no key", "tool.dyncachekeys.keys", remedy)])


def without_lost_region(project: Project, coverage: Coverage) -> Project:
    """Return the project without our entries where both the markers and the memory of them are gone.

    The entry of our stamp shows it: then what equals the present entries is ours.
    """
    if STAMP_ENTRIES[0].as_toml() not in project.user_entries:
        return project
    taken = cut(project.bare, [entry.as_toml() for entry in (*coverage.entries, *STAMP_ENTRIES)])
    region, own = tuple(taken.entries), tuple(user_entries(taken.data))
    return project._replace(bare=taken.data, region=region, marked=False, user_entries=own)
