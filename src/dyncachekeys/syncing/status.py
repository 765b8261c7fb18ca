"""A project before anything is planned: what the last run left, what its keys find, and what uv has installed."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.config.model import read
from dyncachekeys.errors import ConfigurationError, OrphanedRegionError, Problem
from dyncachekeys.files import derived
from dyncachekeys.files.tree import Files
from dyncachekeys.guard import setting
from dyncachekeys.paths import join
from dyncachekeys.process.environ import Environment, for_keys
from dyncachekeys.pyproject.project import BUILD_RESOLVER, BUILDS, HOME, Project
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.source import user_entries
from dyncachekeys.quick.snapshot import FOLDER_LINKS
from dyncachekeys.resolving.consent import Consent
from dyncachekeys.resolving.engine import Resolution, resolve
from dyncachekeys.syncing.last_run import LastRun
from dyncachekeys.syncing.state import State
from dyncachekeys.uv import workspace
from dyncachekeys.uv.program import Program, find
from dyncachekeys.uv.record import Record, installed_record
from dyncachekeys.watch import by_name, by_stamp
from dyncachekeys.watch.coverage import STAMP_ENTRIES, Coverage
from dyncachekeys.watch.in_force import Basis
from dyncachekeys.watch.links import REFUSED, LinkFolder

if TYPE_CHECKING:
    from dyncachekeys.guard.place import Guard
    from dyncachekeys.trace.builds import Builds
    from dyncachekeys.trace.setup import WatchFolder


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
    builds: Builds | None
    """What is known of uv's builds; nothing if no key asks for that."""
    resolution: Resolution
    record: Record | None
    """The installed one."""
    consent: Consent
    """What its keys were allowed to run."""
    consumer: Path | None = None
    """The project that has this one as a path source, and in whose environment it is, if that is what is synced."""

    @property
    def state(self) -> State:
        """What the last sync left."""
        return self.last.state

    @property
    def home(self) -> Path:
        """The folder of stamp and state."""
        return self.project.root / HOME

    @property
    def venv(self) -> Path:
        """The folder of the environment in which the project is, or will be."""
        return _environment(self.files, self.environ, self.consumer)

    @property
    def reads_packed_refs(self) -> bool:
        """Whether uv reads packed refs and linked worktrees (U9)."""
        return self.program is None or self.program.reads_packed_refs

    @property
    def named(self) -> int | None:
        """The birth time or inode of the stamp folder that the installed record names."""
        return self.record.current if self.record else None

    @property
    def new_record(self) -> Record | None:
        """The installed record, if uv has made it since the last sync."""
        return _if_new(self.record, self.state)

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
        for folder, names in coverage.seen_through_links.items():
            seen = self.files.folders[folder]
            for name in names:
                changed = seen.changed(name)
                if changed is not None and record.missed(changed) and changed >= self.build_began:
                    yield folder, name

    @cached_property
    def build_began(self) -> int:
        """When the build of what is installed began, in nanoseconds; zero if that was not watched.

        What was written before that, uv may have missed for no other reason than that it was not linked yet.
        """
        if self.builds is None or self.builds.chosen is None or not self.is_vouched:
            return 0
        since, _ = self.builds.built or (0, 0)
        return min((one.started for one in self.builds.chosen.records if one.started >= since), default=0)

    def as_before(self) -> Status:
        """Return the status by the records of builds that the last sync knew, where others are chosen by now.

        Not where what is installed was made in the newest: then all is known of that, and where none stands.
        """
        if self.builds is None or not self.is_better_known:
            return self
        before = self.builds.as_before()
        resolution = resolve(self.project, self.seen, self.files, builds=before, venv=self.venv, consent=self.consent)
        return replace(self, resolution=resolution)

    @property
    def is_better_known(self) -> bool:
        """Whether another record stands than the last sync knew, although what is installed is not known to be of it."""
        chosen = self.builds.chosen if self.builds is not None else None
        if chosen is None or self.is_vouched or not chosen.standing:
            return False
        return chosen.ids != self.state.basis and self.state.digest is not None

    @cached_property
    def is_vouched(self) -> bool:
        """Whether what is installed was built from what the build depends on as it is now.

        A watched build has shown it; or, where there is none to watch since uv builds by itself (U42), uv has built
        since the last sync, and nothing has been written since that began.
        """
        if self.builds is None:
            return False
        if self.builds.chosen is not None:
            return self.builds.chosen.vouched
        inputs = [one for key in self.resolution.keys if key.resolver == BUILD_RESOLVER for one in key.inputs]
        paths = (one.subject for one in inputs if one.kind == "file")
        is_old = all(self.files.changed_at(path) < self.state.started for path in paths)
        return self.new_record is not None and bool(inputs) and is_old

    @cached_property
    def vouched(self) -> frozenset[tuple[str, str]]:
        """The inputs, by kind and subject, of which is known that what is installed was built from them as they are."""
        chosen = self.builds.chosen if self.builds is not None else None
        if chosen is not None:
            return chosen.known
        inputs = (one for key in self.resolution.keys if key.resolver == BUILD_RESOLVER for one in key.inputs)
        return frozenset(one.identity for one in inputs) if self.is_vouched else frozenset()

    @cached_property
    def made_by_build(self) -> frozenset[str]:
        """What a build that was watched has written since the last sync, and the folders in which that lies."""
        if self.builds is None or self.builds.chosen is None or not self.vouched:
            return frozenset()
        written = self.builds.chosen.trace.written
        return frozenset(written) | {posixpath.dirname(path) for path in written}

    @cached_property
    def watch_folder(self) -> WatchFolder | None:
        """What uv's builds are watched with; nothing if no key asks for that."""
        if self.builds is None:
            return None
        from dyncachekeys.trace.setup import WatchFolder  # noqa: PLC0415  only where builds are watched

        return WatchFolder(self.files, programs=self.builds.programs)

    @cached_property
    def guard(self) -> Guard | None:
        """What asks before the package is imported; nothing if there is none, and was none."""
        mode = setting.mode_of(self.project, self.files)
        if mode is None and not self.state.guarded:
            return None
        from dyncachekeys.guard.place import Guard  # noqa: PLC0415  only where there is one

        return Guard(
            self.project,
            self.files,
            self.venv,
            self.environ,
            mode=mode,
            former=self.state.guarded,
            consumer=self.consumer,
        )

    def coverage(self, written: Sequence[str], former: Sequence[str] = ()) -> Coverage:
        """Return who watches what, if builds are known to write some files, and links to others are to stay."""
        if self.resolution.transport == "digest":
            return by_name.cover(self.resolution, self.files, packed=self.reads_packed_refs)
        self.files.exists(REFUSED)  # so that the next run notices that it came or went
        return by_stamp.cover(self.resolution, self.files, written, former, self._basis)

    @cached_property
    def _basis(self) -> Basis:
        """What decides about links to whole folders, besides the tree."""
        folder_links = LinkFolder(self.home, FOLDER_LINKS)
        return Basis(
            works=folder_links.works and (self.program is None or self.program.follows_links),
            built=self.record is not None,
            there=folder_links.texts(),
            new_build=self.new_record.identity[1] if self.new_record is not None else 0,
            strays=self.state.strays,
            globs=self.project.own_files,
            packed=self.reads_packed_refs,
        )


def status_of(  # noqa: PLR0913
    root: Path,
    last: LastRun,
    environ: Mapping[str, str],
    consumer: Path | None = None,
    *,
    by_hook: bool = False,
    doing: Callable[[str], None] | None = None,
) -> Status:
    """Read a project and run its keys. Arguments and errors as `planning.make_plan`."""
    project = by_name.loaded(root, last.state.entries)
    files = Files.of(project, last.memory)
    if last.believed:
        files.derived = derived.load(root / HOME / derived.FILE)
    inheriting = workspace.with_inherited(project, files)
    _require_keys(inheriting)
    program = find(files, environ, last.state.uv)
    seen = for_keys(environ)
    venv = _environment(files, environ, consumer)
    record = installed_record(files, project.name, venv)
    builds = _builds_of(inheriting, last, record)
    consent = Consent(root / HOME, last.salt, asks=by_hook, believed=last.believed)
    resolution = resolve(inheriting, seen, files, builds=builds, venv=venv, consent=consent, doing=doing)
    return Status(last, inheriting, files, environ, seen, program, builds, resolution, record, consent, consumer)


def _environment(files: Files, environ: Mapping[str, str], consumer: Path | None) -> Path:
    """Return the environment in which a project is: that of its workspace, or of whoever has it as a path source."""
    own = workspace.project_environment(files, environ)
    if consumer is None:
        return own
    theirs = workspace.project_environment(Files(consumer), environ)
    is_own = workspace.home(files) == workspace.home(Files(consumer)) or own.exists()
    return own if is_own else theirs


def _builds_of(project: Project, last: LastRun, record: Record | None) -> Builds | None:
    """Return what is known of uv's builds of a project, if a key asks for that."""
    if BUILD_RESOLVER not in workspace.resolvers(project):
        return None
    from dyncachekeys.trace.builds import Builds  # noqa: PLC0415  only where builds are watched

    new = _if_new(record, last.state)
    built = (last.state.started, new.identity[1]) if new is not None else None
    return Builds(project.root / BUILDS, trusted=last.believed, basis=last.state.basis, built=built)


def _if_new(record: Record | None, state: State) -> Record | None:
    """Return the installed record, if no sync has seen it: in another environment, it may well be older than the last."""
    is_new = state.digest is not None and record is not None and not record.is_among(state.seen)
    return record if is_new else None


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
    return project._replace(bare=taken.data, region=region, marked=False, sound=False, user_entries=own)
