"""Making a plan: all that a sync needs to know and would write is found out before anything is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dyncachekeys.model import Notice
from dyncachekeys.pyproject.project import HOME, Project
from dyncachekeys.pyproject.source import as_entry
from dyncachekeys.pyproject.tables import sealed_tables
from dyncachekeys.quick import atomic
from dyncachekeys.quick.check import QuickCheck
from dyncachekeys.syncing import diff, loops, notices, outputs, unlinked, unwatched
from dyncachekeys.syncing.decision import decide
from dyncachekeys.syncing.last_run import last_run
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.syncing.state import Known, State
from dyncachekeys.syncing.status import Status, status_of, without_lost_region
from dyncachekeys.uv import workspace
from dyncachekeys.uv.mtimes import newest_linked
from dyncachekeys.watch import by_name, links
from dyncachekeys.watch.coverage import Coverage
from dyncachekeys.watch.links import LinkFolder

_SEEN = 8
"""How many records are remembered: one for each environment that somebody may have for a project."""


def make_plan(
    root: Path, environ: Mapping[str, str], quick_check: QuickCheck | None = None, consumer: Path | None = None
) -> Plan:
    """Look at a project and plan what a sync would write.

    Args:
        root: The folder that holds ``pyproject.toml``.
        environ: The environment.
        quick_check: What the quiet path saw.
        consumer: The project that is synced, where this one is a path source of it.

    Raises:
        DyncachekeysError: what the user needs to fix, before anything is written.
    """
    root = root.resolve()
    atomic.check_home(root / HOME)
    status = status_of(root, last_run(root, quick_check), environ, consumer)
    state = status.state
    # What the stamp has to do is decided by what was linked and known of builds until now; that a link goes, or that
    # more is known, is no change.
    earlier = status.as_before()
    before = earlier.coverage((*state.written, *state.late), state.former)
    is_better_known = earlier is not status
    by_name.require_absence(before, status.files)
    status = dataclasses.replace(status, project=without_lost_region(status.project, before))
    written = tuple(
        sorted({*state.written, *loops.rewritten_in_build(before, status), *unlinked.made_anew(before, status)})
    )
    products = outputs.decide(status)
    asked = unwatched.why(status)
    decision = decide(before, (*products.why, *asked), status)
    late, former = unlinked.late(before, decision, status), unlinked.former(before, decision, status)
    changed = is_better_known or (written, late, former) != (state.written, state.late, state.former)
    coverage = status.coverage((*written, *late), former) if changed else before
    counted = loops.count(coverage, status)
    entries = _entries(status.project, coverage)
    remembered = _remembered(status, entries, products.known)
    return Plan(
        status,
        coverage,
        newest_linked(status.files, coverage.linked),
        entries,
        _document(status.project, entries),
        _links(status, coverage),
        decision,
        dataclasses.replace(
            remembered,
            written=written,
            writes=counted.writes,
            moves=counted.moves,
            others=coverage.others_digest,
            late=late,
            former=former,
            asked=bool(asked) or (state.asked and not unwatched.has_build(status)),
        ),
        (*_notices(status, coverage), *products.notices, *counted.notices),
        workspace.is_alone(status.files),
    )


def _entries(project: Project, coverage: Coverage) -> tuple[Mapping[str, Any], ...]:
    own = [as_entry(entry) for entry in project.user_entries]
    return tuple(table for table in (entry.as_toml() for entry in coverage.entries) if table not in own)


def _document(project: Project, entries: tuple[Mapping[str, Any], ...]) -> bytes:
    """Return ``pyproject.toml`` as it shall be; only a value that differs is worth a write (U21)."""
    same = sorted(map(repr, project.region)) == sorted(map(repr, entries))
    if project.marked and same and not project.conflict:
        return project.raw
    from dyncachekeys.pyproject.insert import put  # noqa: PLC0415  the region seldom changes

    return put(project.bare, entries)


def _links(status: Status, coverage: Coverage) -> Mapping[str, str] | None:
    """Return what the link folder shall hold; nothing if it holds that, or is not there and need not be."""
    folder = LinkFolder(status.home)
    if not coverage.has_links:
        return None if folder.stat is None else {}
    known = folder.known_as(links.mark(status.files, coverage.linked_digest))
    if known is not None and known == status.state.links:
        return None
    wanted = links.wanted(status.files, coverage.linked, with_stamp=coverage.links_stamp)
    return None if folder.holds(wanted) else wanted


def _remembered(status: Status, entries: tuple[Mapping[str, Any], ...], products: Mapping[str, Known]) -> State:
    """Return what the next sync shall know of what was found."""
    record, resolution, salt = status.record, status.resolution, status.last.salt
    return State(
        salt=status.state.salt,
        digest=resolution.digest,
        keys={key.name: diff.rows_of(key.inputs, salt) for key in resolution.keys},
        entries=entries,
        record={"identity": list(record.identity), "current": record.current} if record else None,
        seen=tuple(dict.fromkeys([record.identity, *status.state.seen]))[:_SEEN] if record else status.state.seen,
        products=products,
        tables=sealed_tables(status.project.pyproject, salt),
        uv=tuple(status.program.as_list()) if status.program is not None else (),
        basis=status.builds.chosen.ids if status.builds is not None and status.builds.chosen is not None else (),
    )


def _notices(status: Status, coverage: Coverage) -> Iterator[Notice]:
    yield from notices.notices(status.project, status.files, tracked=not status.last.believed)
    yield from notices.passwords((*status.project.user_entries, *_entries(status.project, coverage)), status.environ)
    refusal = LinkFolder(status.home).refusal
    if refusal and links.ENTRIES[0] in coverage.entries:
        yield notices.without_links(refusal)
    if coverage.naming is not None:
        yield from by_name.spoilers(status.project.user_entries)
    yield from status.resolution.notices
