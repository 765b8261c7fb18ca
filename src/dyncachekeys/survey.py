"""All that a sync needs to know and would write, found out before anything is written."""

from __future__ import annotations

import dataclasses
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dyncachekeys import advice, document, environment, keeping, loops, memory, uv, witnesses, workspace
from dyncachekeys.config import read
from dyncachekeys.emit import links, transport_digest, transport_stamp, write
from dyncachekeys.emit.links import LinkFolder
from dyncachekeys.emit.plan import STAMP_ENTRIES, Plan
from dyncachekeys.emit.stamp import Stamps
from dyncachekeys.errors import ConfigurationError, OrphanedRegionError, Problem
from dyncachekeys.files import Files
from dyncachekeys.loops import Loops
from dyncachekeys.memory import FileMemory, State
from dyncachekeys.model import Notice
from dyncachekeys.products import judge
from dyncachekeys.project import FILE, HOME, Project, without_region
from dyncachekeys.report import Named, ProjectReport, key_reports
from dyncachekeys.resolution import Resolution, resolve
from dyncachekeys.tracing.traces import Traces
from dyncachekeys.verdict import Verdict, on_stamp, written_by_build
from dyncachekeys.witnesses import LINK_FOLDER, STATE_FILE, Witnesses

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from dyncachekeys.environment import Environment
    from dyncachekeys.quiet import Glance
    from dyncachekeys.tracing.kept import Kept

Fingerprint = tuple[bytes | None, bytes | None, str | None]


@dataclass(frozen=True, slots=True)
class Survey:
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
    plan: Plan
    wanted: tuple[Mapping[str, Any], ...]
    """The region's entries: the plan's, without those that the user has."""
    document: bytes
    """``pyproject.toml`` as it shall be."""
    record: uv.Record | None
    verdict: Verdict
    program: uv.Program | None
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
    trace: Kept | None
    """A new trace of the build, to be kept."""

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

    def expected_record(self) -> uv.Record:
        """Return what uv would record if it built from the project as it is at this instant."""
        return uv.expected_record(self.files, self.all_entries, self.environ, self.newest_linked)

    def witnesses(self) -> Witnesses:
        """Return what was looked at, in columns. To be called when all has been looked at."""
        stamp, newest = keeping.note_stamp(self.files), self.expected_record().timestamp
        if self.plan.has_links and LinkFolder(self.home).stat and not self.files.stands(LINK_FOLDER):
            self.files.entries(LINK_FOLDER)
        kept = keeping.witnesses_of(self.files, self.resolution, self.plan, taken=self.started, salt=self.state.salt)
        named = [str(entry["env"]) for entry in self.all_entries if isinstance(entry, dict) and "env" in entry]
        keeping.seal_environment(kept, self.environ, self.seen, [*named, "UV_PROJECT_ENVIRONMENT"])
        kept.always = [] if self.believed else [HOME]
        kept.always += [] if self.files.settled else ["what changed during the run"]
        kept.always += [key.name for key in self.resolution.keys if key.runs_each_time]
        kept.warnings = [(notice.where, notice.message) for notice in self.notices]
        kept.name, kept.keys = self.project.name, [key.name for key in self.resolution.keys]
        kept.alone, kept.inputs = "alone" if self.alone else "", self.resolution.digests.count
        kept.stamp, kept.named, kept.newest = stamp, str(self.named or ""), str(newest or "")
        kept.digest, kept.stamp_digest = self.resolution.digest, self.plan.stamp_digest
        return kept

    def _doubts(self) -> Iterator[Notice]:
        """Yield what can't be mended where there is no stamp; said once, since the next run knows no more."""
        if not self.plan.has_stamp and not self.region_differs:
            for why in self.verdict.why:
                remedy = f"if it was, run `uv sync --reinstall-package {self.project.name}`"
                yield Notice("built-unsynced", f"{why}; {remedy}", self.project.name)

    def _named(self) -> Named | None:
        """Return what is to be said of the name; nothing under the transport `stamp`."""
        if self.plan.naming is None:
            return None
        before = transport_digest.names((*self.project.region, *self.project.user_entries))
        return Named(
            digest=self.plan.naming.digest,
            before=before[0] if before else None,
            installed=self.record is not None and self.record.name == self.plan.naming.path,
        )

    def report(self, now: Witnesses) -> ProjectReport:
        """Return what is to be said; ``written`` is what would be.

        Args:
            now: The witnesses of this run.
        """
        stamp = Stamps(self.home).current()
        written = [*([FILE] if self.region_differs else []), *([LINK_FOLDER] if self.links is not None else [])]
        return ProjectReport(
            name=self.project.name,
            root=os.fspath(self.project.root),
            transport=self.resolution.transport,
            digest=self.resolution.digest,
            previous=self.state.digest,
            stamp=stamp.id if stamp and self.believed and self.plan.has_stamp else None,
            move=self.verdict.move,
            why=self.verdict.why if self.plan.has_stamp else (),
            written=tuple(written if self.verdict.move == "kept" else [*written, uv.CURRENT]),
            entries=self.wanted,
            keys=key_reports(self.resolution, self.plan, self.files, self.state, now),
            warnings=(*self.notices, *self._doubts()),
            region_differs=self.region_differs,
            input_count=now.inputs,
            named=self._named(),
        )


def survey(root: Path, environ: Mapping[str, str], glance: Glance | None = None) -> Survey:
    """Look at a project and plan what a sync would write.

    Args:
        root: The folder that holds ``pyproject.toml``.
        environ: The environment.
        glance: What the quiet path saw.

    Raises:
        DyncachekeysError: what is the user's to mend, before anything is written.
    """
    root = root.resolve()
    write.check_home(root / HOME)
    started = time.time_ns() if glance is None else glance.started
    believed = not advice.is_tracked(root)
    state_before = _bytes(root / HOME / STATE_FILE)
    state = memory.load(root / HOME / STATE_FILE) if believed else State()
    memory_of_files = _file_memory(root, glance) if believed and state.digest else FileMemory()
    state = _with_edits(root, state, memory_of_files.known)
    project = transport_digest.loaded(root, state.entries)
    files = Files(root, memory_of_files, {FILE: lambda: project.bare}, without_region)
    project = workspace.with_inherited(project, files)
    _demand_keys(project)
    program = uv.find(files, environ, state.uv)
    seen = environment.for_keys(environ)
    traces = Traces(project, files, seen, believed=believed)
    resolution = resolve(project, seen, files, traces=traces)
    links_work = LinkFolder(root / HOME).works and (program is None or program.follows_links)
    planned = _plan(resolution, files, state.written, links_work=links_work)
    transport_digest.demand_absence(planned, files)
    fingerprint = (project.raw, state_before, _link(root / HOME))
    project = _without_lost_region(project, planned)
    wanted = tuple(e.as_toml() for e in planned.entries if e.as_toml() not in map(_as_table, project.user_entries))
    record = uv.installed_record(files, project.name, environ)
    stamps = Stamps(root / HOME)
    outputs = [(key.where, output) for key in resolution.keys for output in key.outputs]
    judged = judge(outputs, state.products, record, files)
    verdict = Verdict("moved", products=judged)
    if believed or not planned.has_stamp:
        verdict = on_stamp(planned, judged, state, files, stamps, record)
    written = tuple(sorted({*state.written, *written_by_build(planned, state, files, record)}))
    # What the stamp has to do is judged by what was linked until now; that a link goes is no change.
    final = planned if written == state.written else _plan(resolution, files, written, links_work=links_work)
    own = [str(one["file"]) for one in map(_as_table, project.user_entries) if isinstance(one, dict) and "file" in one]
    looping = loops.look(final, resolution, own, state, files, record)
    return Survey(
        project=project,
        environ=environ,
        started=started,
        fingerprint=fingerprint,
        state=state,
        believed=believed,
        files=files,
        seen=seen,
        resolution=resolution,
        plan=final,
        written=written,
        wanted=wanted,
        document=_with_region(project, wanted),
        record=record,
        verdict=verdict,
        program=program,
        links=_links(final, files, state, LinkFolder(root / HOME)),
        newest_linked=uv.newest_linked(files, final.linked),
        loops=looping,
        notices=(
            *advice.notices(project, files, tracked=not believed),
            *(transport_digest.spoilers(project.user_entries) if planned.naming is not None else ()),
            *resolution.notices,
            *judged.notices,
            *looping.notices,
        ),
        alone=workspace.is_alone(files),
        trace=traces.fresh,
    )


def _with_edits(root: Path, state: State, known: Witnesses) -> State:
    """Return the state as the edits left it that were answered since it was written (`edits`)."""
    stamp = Stamps(root / HOME).current()
    if not known.digest or state.expected is None or stamp is None or known.stamp != f"stamps/{stamp.id}":
        return state
    newest = int(known.newest) if known.newest else None
    fits = state.fits and newest == state.expected["timestamp"]
    if known.digest == state.digest and fits == state.fits:
        return state
    if witnesses.odd_stat(os.fspath(root / HOME / STATE_FILE)) != known.state:
        return state
    due = not (fits and known.named and stamp.is_named(int(known.named)))
    expected = {**state.expected, "timestamp": newest}
    return dataclasses.replace(state, digest=known.digest, started=known.taken, expected=expected, fits=fits, due=due)


def _plan(resolution: Resolution, files: Files, written: Collection[str], *, links_work: bool) -> Plan:
    if resolution.transport == "digest":
        return transport_digest.plan(resolution, files)
    return transport_stamp.plan(resolution, files, written, links_work=links_work)


def _links(planned: Plan, files: Files, state: State, folder: LinkFolder) -> Mapping[str, str] | None:
    """Return what the link folder shall hold; nothing if it holds that, or is not there and need not be."""
    if not planned.has_links:
        return None if folder.stat is None else {}
    known = folder.known_as(links.mark(files, planned.linked_digest))
    if known is not None and known == state.links:
        return None
    wanted = links.wanted(files, planned.linked)
    return None if folder.holds(wanted) else wanted


def _file_memory(root: Path, glance: Glance | None) -> FileMemory:
    if glance is not None:
        return FileMemory(glance.known, glance.places)
    return FileMemory(Witnesses.load(os.fspath(root / HOME)))


def fingerprint_of(root: Path) -> Fingerprint:
    """Return what a survey of the project would be built on now."""
    return (_bytes(root / FILE), _bytes(root / HOME / STATE_FILE), _link(root / HOME))


def _demand_keys(project: Project) -> None:
    if workspace.has_keys(project):
        return
    if project.table:
        _, problems = read(project.table)
        if problems:  # `key` instead of `keys` is a better answer than that there are none
            raise ConfigurationError(problems)
    if project.region:
        remedy = "run `dyncachekeys clean` to take it away, or declare keys"
        problem = Problem(
            "region-without-table", "there is a generated region, but no key", "tool.uv.cache-keys", remedy
        )
        raise OrphanedRegionError([problem])
    remedy = "run `dyncachekeys init` to have them written, or declare one in `[tool.dyncachekeys.keys.NAME]`"
    raise ConfigurationError([Problem("no-keys", "the project declares no key", "tool.dyncachekeys.keys", remedy)])


def _without_lost_region(project: Project, planned: Plan) -> Project:
    """Return the project without our entries where both the markers and the memory of them are gone.

    Our stamp's entry gives it away: then what equals the present plan is ours.
    """
    if STAMP_ENTRIES[0].as_toml() not in project.user_entries:
        return project
    taken = document.cut(project.bare, [entry.as_toml() for entry in (*planned.entries, *STAMP_ENTRIES)])
    return dataclasses.replace(
        project,
        bare=taken.data,
        region=tuple(taken.entries),
        marked=False,
        user_entries=tuple(document.user_entries(taken.data)),
    )


def _with_region(project: Project, wanted: tuple[Mapping[str, Any], ...]) -> bytes:
    """Return ``pyproject.toml`` as it shall be; only a value that differs is worth a write (U21)."""
    same = sorted(map(repr, project.region)) == sorted(map(repr, wanted))
    return project.raw if project.marked and same and not project.conflict else document.put(project.bare, wanted)


def _as_table(entry: object) -> object:
    return {"file": entry} if isinstance(entry, str) else entry


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _link(home: Path) -> str | None:
    try:
        return os.readlink(home / "current")
    except OSError:
        return None
