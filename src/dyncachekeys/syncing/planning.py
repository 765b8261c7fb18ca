"""All that a sync needs to know and would write, found out before anything is written."""

from __future__ import annotations

import dataclasses
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dyncachekeys.config.model import read
from dyncachekeys.errors import ConfigurationError, OrphanedRegionError, Problem
from dyncachekeys.files import derived
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.process import environ as process_environ
from dyncachekeys.pyproject.insert import put
from dyncachekeys.pyproject.project import FILE, HOME, Project
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.source import as_entry, entry_tables, user_entries
from dyncachekeys.quick import atomic, snapshot
from dyncachekeys.quick.snapshot import STATE_FILE, Snapshot
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.resolving.engine import Resolution, resolve
from dyncachekeys.syncing import loops, notices
from dyncachekeys.syncing import state as sync_state
from dyncachekeys.syncing.decision import Decision, decide, written_by_build
from dyncachekeys.syncing.outputs import judge
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.syncing.state import State
from dyncachekeys.trace.store import Depfiles
from dyncachekeys.uv import workspace
from dyncachekeys.uv.mtimes import newest_linked
from dyncachekeys.uv.program import find
from dyncachekeys.uv.record import installed_record
from dyncachekeys.watch import by_name, by_stamp, links
from dyncachekeys.watch.coverage import STAMP_ENTRIES, Coverage
from dyncachekeys.watch.links import LinkFolder

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from dyncachekeys.quick.check import QuickCheck
    from dyncachekeys.syncing.plan import Fingerprint


def make_plan(root: Path, environ: Mapping[str, str], quick_check: QuickCheck | None = None) -> Plan:
    """Look at a project and plan what a sync would write.

    Args:
        root: The folder that holds ``pyproject.toml``.
        environ: The environment.
        quick_check: What the quiet path saw.

    Raises:
        DyncachekeysError: what is the user's to mend, before anything is written.
    """
    root = root.resolve()
    atomic.check_home(root / HOME)
    known = _remember(root, quick_check)
    state = known.state
    project = by_name.loaded(root, state.entries)
    files = Files.of(project, known.files)
    if known.believed:
        files.derived = derived.load(root / HOME / derived.FILE)
    project = workspace.with_inherited(project, files)
    _require_keys(project)
    program = find(files, environ, state.uv)
    seen = process_environ.for_keys(environ)
    depfiles = Depfiles(root, lambda folder: known.believed if folder == root else not notices.is_tracked(folder))
    resolution = resolve(project, seen, files, depfiles=depfiles)
    links_work = LinkFolder(root / HOME).works and (program is None or program.follows_links)
    coverage = _coverage(resolution, files, state.written, links_work=links_work)
    by_name.require_absence(coverage, files)
    fingerprint = (project.raw, known.raw, _link(root / HOME))
    project = _without_lost_region(project, coverage)
    record = installed_record(files, project.name, environ)
    judged = judge([(key.where, one) for key in resolution.keys for one in key.outputs], state.products, record, files)
    written = tuple(sorted({*state.written, *written_by_build(coverage, state, files, record)}))
    # What the stamp has to do is judged by what was linked until now; that a link goes is no change.
    final = coverage if written == state.written else _coverage(resolution, files, written, links_work=links_work)
    looping = loops.look(final, resolution, _own_files(project), state, files, record)
    wanted = tuple(e.as_toml() for e in coverage.entries if e.as_toml() not in map(as_entry, project.user_entries))
    decision = Decision("moved", products=judged)
    if known.believed or not coverage.has_stamp:
        decision = decide(coverage, judged, state, files, Stamps(root / HOME), record)
    return Plan(
        project=project,
        environ=environ,
        started=known.started,
        fingerprint=fingerprint,
        state=state,
        believed=known.believed,
        files=files,
        seen=seen,
        resolution=resolution,
        coverage=final,
        written=written,
        wanted=wanted,
        document=_with_region(project, wanted),
        record=record,
        decision=decision,
        program=program,
        links=_links(final, files, state, LinkFolder(root / HOME)),
        newest_linked=newest_linked(files, final.linked),
        loops=looping,
        notices=(
            *notices.notices(project, files, tracked=not known.believed),
            *(by_name.spoilers(project.user_entries) if coverage.naming is not None else ()),
            *resolution.notices,
            *judged.notices,
            *looping.notices,
        ),
        alone=workspace.is_alone(files),
        traces=depfiles.fresh,
    )


@dataclass(frozen=True, slots=True)
class _LastRun:
    """What the last run left."""

    started: int
    """When this run began to look, in nanoseconds since the epoch."""
    believed: bool
    """Whether it may be believed: not if git tracks it."""
    raw: bytes | None
    """The state as it stands there."""
    state: State
    files: FileMemory


def _remember(root: Path, quick_check: QuickCheck | None) -> _LastRun:
    started = time.time_ns() if quick_check is None else quick_check.started
    believed = not notices.is_tracked(root)
    raw = _bytes(root / HOME / STATE_FILE)
    state = sync_state.load(root / HOME / STATE_FILE) if believed else State()
    files = _file_memory(root, quick_check) if believed and state.digest else FileMemory()
    return _LastRun(started, believed, raw, _with_edits(root, state, files.known), files)


def _own_files(project: Project) -> list[str]:
    """Return the paths and globs that the user's own entries name."""
    return [str(one["file"]) for one in entry_tables(project.user_entries) if "file" in one]


def _with_edits(root: Path, state: State, known: Snapshot) -> State:
    """Return the state as the edits left it that were answered since it was written (`edits`)."""
    stamp = Stamps(root / HOME).current()
    if not known.digest or state.expected is None or stamp is None or known.stamp != f"stamps/{stamp.id}":
        return state
    newest = int(known.newest) if known.newest else None
    fits = state.fits and newest == state.expected["timestamp"]
    if known.digest == state.digest and fits == state.fits:
        return state
    if snapshot.non_regular_stat(os.fspath(root / HOME / STATE_FILE)) != known.state:
        return state
    due = not (fits and known.named and stamp.is_named(int(known.named)))
    expected = {**state.expected, "timestamp": newest}
    return dataclasses.replace(state, digest=known.digest, started=known.taken, expected=expected, fits=fits, due=due)


def _coverage(resolution: Resolution, files: Files, written: Collection[str], *, links_work: bool) -> Coverage:
    if resolution.transport == "digest":
        return by_name.cover(resolution, files)
    return by_stamp.cover(resolution, files, written, links_work=links_work)


def _links(coverage: Coverage, files: Files, state: State, folder: LinkFolder) -> Mapping[str, str] | None:
    """Return what the link folder shall hold; nothing if it holds that, or is not there and need not be."""
    if not coverage.has_links:
        return None if folder.stat is None else {}
    known = folder.known_as(links.mark(files, coverage.linked_digest))
    if known is not None and known == state.links:
        return None
    wanted = links.wanted(files, coverage.linked)
    return None if folder.holds(wanted) else wanted


def _file_memory(root: Path, quick_check: QuickCheck | None) -> FileMemory:
    if quick_check is not None:
        return FileMemory(quick_check.known, quick_check.places)
    return FileMemory(Snapshot.load(os.fspath(root / HOME)))


def fingerprint_of(root: Path) -> Fingerprint:
    """Return what a survey of the project would be built on now."""
    return (_bytes(root / FILE), _bytes(root / HOME / STATE_FILE), _link(root / HOME))


def _require_keys(project: Project) -> None:
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


def _without_lost_region(project: Project, coverage: Coverage) -> Project:
    """Return the project without our entries where both the markers and the memory of them are gone.

    Our stamp's entry gives it away: then what equals the present plan is ours.
    """
    if STAMP_ENTRIES[0].as_toml() not in project.user_entries:
        return project
    taken = cut(project.bare, [entry.as_toml() for entry in (*coverage.entries, *STAMP_ENTRIES)])
    return dataclasses.replace(
        project,
        bare=taken.data,
        region=tuple(taken.entries),
        marked=False,
        user_entries=tuple(user_entries(taken.data)),
    )


def _with_region(project: Project, wanted: tuple[Mapping[str, Any], ...]) -> bytes:
    """Return ``pyproject.toml`` as it shall be; only a value that differs is worth a write (U21)."""
    same = sorted(map(repr, project.region)) == sorted(map(repr, wanted))
    return project.raw if project.marked and same and not project.conflict else put(project.bare, wanted)


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
