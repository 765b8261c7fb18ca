"""Making a plan: all that a sync needs to know and would write is found out before anything is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dyncachekeys.model import Notice
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.pyproject.source import apart, hashable
from dyncachekeys.pyproject.tables import sealed_tables
from dyncachekeys.quick.check import QuickCheck
from dyncachekeys.quick.snapshot import FOLDER_LINKS
from dyncachekeys.syncing import diff, loops, notices, outputs, unlinked, unwatched
from dyncachekeys.syncing.decision import Decision, decide
from dyncachekeys.syncing.home import check_home
from dyncachekeys.syncing.last_run import last_run
from dyncachekeys.syncing.outputs import OutputDecision
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.syncing.state import State
from dyncachekeys.syncing.status import Status, status_of, without_lost_region
from dyncachekeys.uv import workspace
from dyncachekeys.uv.mtimes import newest_linked
from dyncachekeys.watch import by_name, folders, hard_links, links
from dyncachekeys.watch.coverage import Coverage
from dyncachekeys.watch.links import LinkFolder

_SEEN = 8
"""How many records are remembered: one for each environment that somebody may have for a project."""


def make_plan(  # noqa: PLR0913
    root: Path,
    environ: Mapping[str, str],
    quick_check: QuickCheck | None = None,
    consumer: Path | None = None,
    *,
    by_hook: bool = False,
    doing: Callable[[str], None] | None = None,
) -> Plan:
    """Look at a project and plan what a sync would write.

    Args:
        root: The folder that holds ``pyproject.toml``.
        environ: The environment.
        quick_check: What the quiet path saw.
        consumer: The project that is synced, where this one is a path source of it.
        by_hook: Nobody has asked for it by hand: what was not allowed is not run (`resolving.consent`).
        doing: Is called with what begins, and with nothing at the end.

    Raises:
        DyncachekeysError: what the user needs to fix, before anything is written.
    """
    check_home((root := root.resolve()) / HOME)
    status = status_of(root, last_run(root, quick_check), environ, consumer, by_hook=by_hook, doing=doing)
    status, seen, coverage = _covered(status)
    counted, entries = loops.count(coverage, status), _entries(status, coverage)
    hard = hard_links.wanted(coverage, status.files)
    return Plan(
        status,
        coverage,
        newest_linked(status.files, coverage.seen_through_links),
        entries,
        _document(status, entries),
        _links(status, coverage),
        _folder_links(status, coverage),
        hard,
        unlinked.lost(coverage, seen.decision, status),
        seen.decision,
        _remembered(status, coverage, entries, seen, counted),
        (*_notices(status, coverage, entries), *seen.products.notices, *counted.notices),
        workspace.is_alone(status.files),
    )


def _covered(status: Status) -> tuple[Status, _Seen, Coverage]:
    """Return the status without a region that was lost, what the last builds have shown, and who watches what by that.

    What the stamp has to do is decided by what was linked and known of builds until now: that a link goes, or that more
    is known, is no change.
    """
    state, earlier = status.state, status.as_before()
    before = earlier.coverage((*state.written, *state.late), state.former)
    by_name.require_absence(before, status.files)
    is_better_known = earlier is not status
    status = dataclasses.replace(status, project=without_lost_region(status.project, before))
    seen = _seen_in_builds(before, status)
    is_as_before = not is_better_known and not seen.differs_from(state)
    coverage = before if is_as_before else status.coverage((*seen.written, *seen.late), seen.former)
    return status, seen, coverage


class _Seen(NamedTuple):
    """What the last builds have shown, and what becomes of the stamp."""

    written: tuple[str, ...]
    """Files that builds were seen to write (`loops`, `unlinked`)."""
    products: OutputDecision
    decision: Decision
    late: tuple[str, ...]
    """What uv has not seen yet through a link (`unlinked`)."""
    former: tuple[str, ...]
    """Links that are to stay (`unlinked`)."""
    asked: bool
    """Whether a build was asked for, only so that it is watched."""

    def differs_from(self, state: State) -> bool:
        """Tell whether other links are wanted than the last sync knew."""
        return (self.written, self.late, self.former) != (state.written, state.late, state.former)


def _seen_in_builds(before: Coverage, status: Status) -> _Seen:
    state = status.state
    written = {*state.written, *loops.rewritten_in_build(before, status), *unlinked.made_anew(before, status)}
    products = outputs.decide(status)
    asked = unwatched.why(status)
    decision = decide(before, (*products.why, *asked), status)
    return _Seen(
        tuple(sorted(written)),
        products,
        decision,
        unlinked.late(before, decision, status),
        unlinked.former(before, decision, status),
        bool(asked) or (state.asked and not unwatched.has_build(status)),
    )


def _entries(status: Status, coverage: Coverage) -> tuple[Mapping[str, Any], ...]:
    project = status.project
    if status.consent.held:  # what their entries are, nobody knows
        return tuple(project.region)
    own = set(map(hashable, apart(project.user_entries)))
    return tuple(table for table in (entry.as_toml() for entry in coverage.entries) if hashable(table) not in own)


def _document(status: Status, entries: tuple[Mapping[str, Any], ...]) -> bytes:
    """Return ``pyproject.toml`` as it shall be; only a value that differs is worth a write (U21)."""
    project = status.project
    if status.consent.held:
        return project.raw
    is_sound = project.sound and not project.conflict
    if is_sound and sorted(map(repr, project.region)) == sorted(map(repr, entries)):
        return project.raw
    from dyncachekeys.pyproject import insert, renew  # noqa: PLC0415  the region seldom changes

    return renew.renew(project.raw, entries) if is_sound and entries else insert.put(project.bare, entries)


def _links(status: Status, coverage: Coverage) -> Mapping[str, str] | None:
    """Return what the link folder shall hold; nothing if it holds that, or is not there and need not be."""
    folder = LinkFolder(status.home)
    if not coverage.has_links:
        return None if folder.stat is None else {}
    known = folder.known_as(coverage.mark(status.files))
    if known is not None and known == status.state.links:
        return None
    wanted = links.wanted(status.files, coverage.single_links, with_stamp=coverage.links_stamp)
    return None if folder.holds(wanted) else wanted


def _folder_links(status: Status, coverage: Coverage) -> Mapping[str, str] | None:
    """Return the folder links that there shall be; nothing if there are just these."""
    folder = LinkFolder(status.home, FOLDER_LINKS)
    wanted = links.to_folders(status.files, coverage.folder_links.folders)
    is_right = folder.holds(wanted) if wanted else not folder.is_there
    return None if is_right else wanted


def _remembered(
    status: Status, coverage: Coverage, entries: tuple[Mapping[str, Any], ...], seen: _Seen, counted: loops.Loops
) -> State:
    """Return what the next sync shall know of what was found."""
    record, resolution, salt = status.record, status.resolution, status.last.salt
    return State(
        salt=status.state.salt,
        digest=resolution.digest,
        keys={key.name: diff.rows_of(key.inputs, salt) for key in resolution.keys},
        entries=entries,
        record={"identity": list(record.identity), "current": record.current} if record else None,
        seen=tuple(dict.fromkeys([record.identity, *status.state.seen]))[:_SEEN] if record else status.state.seen,
        products=seen.products.known,
        tables=sealed_tables(status.project.pyproject, salt),
        uv=tuple(status.program.as_list()) if status.program is not None else (),
        guarded=status.guard.environments if status.guard is not None else (),
        written=seen.written,
        late=seen.late,
        former=seen.former,
        asked=seen.asked,
        writes=counted.writes,
        moves=counted.moves,
        stamped=coverage.stamp_digest,
        others=coverage.others_digest,
        rest=coverage.rest_digest,
        strays=coverage.folder_links.strays,
        aside=folders.aside(resolution.keys),
        basis=status.builds.chosen.ids if status.builds is not None and status.builds.chosen is not None else (),
    )


def _notices(status: Status, coverage: Coverage, entries: tuple[Mapping[str, Any], ...]) -> Iterator[Notice]:
    yield from notices.notices(status.project, status.files, tracked=not status.last.believed)
    yield from notices.passwords((*status.project.user_entries, *entries), status.environ)
    refusal = LinkFolder(status.home).refusal
    if refusal and links.ENTRIES[0] in coverage.entries:
        yield notices.without_links(refusal)
    if coverage.naming is not None:
        yield from by_name.spoilers(status.project.user_entries)
    if status.guard is not None and status.guard.mode is not None and status.guard.blocker is not None:
        message = f"the import guard can't be put into the environment: {status.guard.blocker}; make one that it can be put into, or take `guard` out"
        yield Notice("guard-not-placed", message, "tool.dyncachekeys.guard")
    yield from unwatched.notices(status)
    if status.state.digest is None:
        yield from notices.masked(status.project, status.files)
    yield from status.resolution.notices
    yield from status.consent.held.values()
