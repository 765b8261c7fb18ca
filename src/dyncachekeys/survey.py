"""All that a sync needs to know and would write, found out before anything is written."""

from __future__ import annotations

import dataclasses
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dyncachekeys import advice, derived, document, environment, loops, memory, uv, witnesses, workspace
from dyncachekeys.config import read
from dyncachekeys.emit import links, transport_digest, transport_stamp, write
from dyncachekeys.emit.links import LinkFolder
from dyncachekeys.emit.plan import STAMP_ENTRIES, Plan
from dyncachekeys.emit.stamp import Stamps
from dyncachekeys.errors import ConfigurationError, OrphanedRegionError, Problem
from dyncachekeys.files import Files
from dyncachekeys.memory import FileMemory, State
from dyncachekeys.products import judge
from dyncachekeys.project import FILE, HOME, Project, without_region
from dyncachekeys.resolution import Resolution, resolve
from dyncachekeys.surveyed import Survey
from dyncachekeys.tracing.kept import Depfiles
from dyncachekeys.verdict import Verdict, on_stamp, written_by_build
from dyncachekeys.witnesses import STATE_FILE, Witnesses

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from dyncachekeys.quiet import Glance
    from dyncachekeys.surveyed import Fingerprint


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
    known = _remember(root, glance)
    state = known.state
    project = transport_digest.loaded(root, state.entries)
    files = Files(root, known.files, {FILE: lambda: project.bare}, without_region)
    if known.believed:
        files.derived = derived.load(root / HOME / derived.FILE)
    project = workspace.with_inherited(project, files)
    _demand_keys(project)
    program = uv.find(files, environ, state.uv)
    seen = environment.for_keys(environ)
    depfiles = Depfiles(root, lambda folder: known.believed if folder == root else not advice.is_tracked(folder))
    resolution = resolve(project, seen, files, depfiles=depfiles)
    links_work = LinkFolder(root / HOME).works and (program is None or program.follows_links)
    planned = _plan(resolution, files, state.written, links_work=links_work)
    transport_digest.demand_absence(planned, files)
    fingerprint = (project.raw, known.raw, _link(root / HOME))
    project = _without_lost_region(project, planned)
    record = uv.installed_record(files, project.name, environ)
    judged = judge([(key.where, one) for key in resolution.keys for one in key.outputs], state.products, record, files)
    written = tuple(sorted({*state.written, *written_by_build(planned, state, files, record)}))
    # What the stamp has to do is judged by what was linked until now; that a link goes is no change.
    final = planned if written == state.written else _plan(resolution, files, written, links_work=links_work)
    looping = loops.look(final, resolution, _own_files(project), state, files, record)
    wanted = tuple(e.as_toml() for e in planned.entries if e.as_toml() not in map(_as_table, project.user_entries))
    verdict = Verdict("moved", products=judged)
    if known.believed or not planned.has_stamp:
        verdict = on_stamp(planned, judged, state, files, Stamps(root / HOME), record)
    return Survey(
        project=project,
        environ=environ,
        started=known.started,
        fingerprint=fingerprint,
        state=state,
        believed=known.believed,
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
            *advice.notices(project, files, tracked=not known.believed),
            *(transport_digest.spoilers(project.user_entries) if planned.naming is not None else ()),
            *resolution.notices,
            *judged.notices,
            *looping.notices,
        ),
        alone=workspace.is_alone(files),
        traces=depfiles.fresh,
    )


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What the last run left."""

    started: int
    """When this run began to look, in nanoseconds since the epoch."""
    believed: bool
    """Whether it may be believed: not if git tracks it."""
    raw: bytes | None
    """The state as it stands there."""
    state: State
    files: FileMemory


def _remember(root: Path, glance: Glance | None) -> _Remembered:
    started = time.time_ns() if glance is None else glance.started
    believed = not advice.is_tracked(root)
    raw = _bytes(root / HOME / STATE_FILE)
    state = memory.load(root / HOME / STATE_FILE) if believed else State()
    files = _file_memory(root, glance) if believed and state.digest else FileMemory()
    return _Remembered(started, believed, raw, _with_edits(root, state, files.known), files)


def _own_files(project: Project) -> list[str]:
    """Return the paths and globs that the user's own entries name."""
    return [str(one["file"]) for one in map(_as_table, project.user_entries) if isinstance(one, dict) and "file" in one]


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
