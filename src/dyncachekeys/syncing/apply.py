"""Applying a plan: the only writer of a sync, under the project's lock."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import replace

from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.files import derived
from dyncachekeys.pyproject.project import BUILDS, FILE
from dyncachekeys.quick import atomic, history, snapshot_file
from dyncachekeys.quick.clock import Began
from dyncachekeys.quick.snapshot import LINK_FOLDER, STATE_FILE, Snapshot
from dyncachekeys.quick.stamp import Stamps, links_refused
from dyncachekeys.syncing import capture, notices, state
from dyncachekeys.syncing.last_run import on_disk
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.syncing.planning import make_plan
from dyncachekeys.syncing.report import ProjectReport, report_of
from dyncachekeys.uv.entries import CURRENT, STAMP_FILE
from dyncachekeys.uv.record import Record
from dyncachekeys.watch.links import LinkFolder


def finish(plan: Plan, environ: Mapping[str, str]) -> ProjectReport:
    """Write what is planned; plan again first, if somebody else has written meanwhile.

    Result and errors as `use_cases.sync`.
    """
    while True:
        expected = plan.expected_record()
        now = plan.take_snapshot(expected)
        report = report_of(plan, now)
        if plan.is_idle and not _is_news(plan, expected, now):
            return report
        # What was seen is seen again after a write, unless none of it is written.
        seen = (expected, now) if plan.is_idle and plan.coverage.has_stamp else None
        del now  # a hundred thousand files are heavy
        written: list[str] = []
        try:
            if done := _locked(plan, report, seen, written):
                return done
            plan = make_plan(plan.root, environ, consumer=plan.status.consumer)
        except OSError as error:
            if plan.is_idle:
                return report  # only what makes the next run faster could not be stored
            from dyncachekeys.syncing.document import not_written  # noqa: PLC0415

            raise not_written(error, plan.root, written) from error


def _locked(
    plan: Plan, report: ProjectReport, seen: tuple[Record, Snapshot] | None, written: list[str]
) -> ProjectReport | None:
    """Write, if nobody else has; arguments and result as `_apply`."""
    with atomic.Lock(plan.home):
        atomic.sweep(plan.root / FILE, plan.home)
        atomic.hide(plan.home)
        # Whoever waited looks again: another sync may have done it, or the user edited the file.
        return _apply(plan, report, seen, written) if on_disk(plan.root) == plan.basis else None


def _is_news(plan: Plan, expected: Record, now: Snapshot) -> bool:
    """Tell whether what is to be remembered is worth a write although neither region nor stamp changes."""
    files, known = plan.status.files, plan.status.files.memory.known
    builds = plan.status.builds
    if (builds is not None and builds.done) or files.derived.is_news or known.racy or now.differs_from(known):
        return True
    return plan.next_state(expected).differs_from(plan.status.state)


def _apply(
    plan: Plan, report: ProjectReport, seen: tuple[Record, Snapshot] | None, written: list[str]
) -> ProjectReport | None:
    """Write, in the order in which a crash at any instant costs one rebuild at most and hides none.

    The state comes last: a stamp without it is only moved once more; a state without its stamp would
    hide that the stamp has to be moved. The snapshot comes after it: until it is there, no run is quiet.

    Returns:
        What was written; nothing if it was found out that no links can be made here, so that the stamp
        has to do it all, or that they can be made again.
    """
    if plan.decision.move != "kept" and LinkFolder(plan.home).are_back():  # uv builds anyway, so it costs nothing
        return None
    if plan.region_differs:
        atomic.replace(plan.root / FILE, plan.document, ours=False)
        written.append(FILE)
        plan.status.files.renew(FILE)
        left = tuple(notice for notice in plan.notices if notice.code not in notices.FIXED)
        plan = plan._replace(notices=left)  # else the next run would report it again
    if plan.status.watch_folder is not None:
        plan.status.watch_folder.make()
    if plan.links is not None:
        if not _fill(plan, plan.links):
            return None
        written.append(LINK_FOLDER)
    stamps = Stamps(plan.home)
    if plan.decision.move != "kept":
        written.append(_move(plan, stamps))
    elif not plan.coverage.has_stamp:
        stamps.remove()
    if stamps.digest() not in {plan.coverage.stamp_digest, None}:
        stamps.relabel(plan.coverage.stamp_digest)
    _remember(plan, report, seen)
    folder = stamps.current()
    return report._replace(written=tuple(written), stamp=folder.id if folder else None)


def _remember(plan: Plan, report: ProjectReport, seen: tuple[Record, Snapshot] | None) -> None:
    """Write the records of builds, the state, the history and the snapshot."""
    expected = seen[0] if seen else plan.expected_record()
    began = Began(os.fspath(plan.home), plan.status.last.started)
    builds = plan.status.builds
    for name, content in builds.dumped() if builds is not None else ():
        atomic.replace(plan.root / BUILDS / name, content)
    atomic.replace(plan.home / STATE_FILE, state.dump(replace(plan.next_state(expected), started=began.at)))
    if report.changed:
        digests = (report.previous, report.digest)
        history.add(os.fspath(plan.home), digests, report.move, report.why, report.changes)
    if builds is not None:
        builds.clear()
        plan.status.files.relist(BUILDS)
    with contextlib.suppress(OSError):  # without the snapshot the next run takes longer, and that is all
        if plan.status.files.derived.is_news:
            atomic.replace(plan.home / derived.FILE, plan.status.files.derived.dump())
        now = capture.date(seen[1] if seen else plan.take_snapshot(expected), plan.status.files, began)
        snapshot_file.write(now, os.fspath(plan.home))


def _fill(plan: Plan, links: Mapping[str, str]) -> bool:
    """Make the link folder what it shall be; tell whether links can be made here."""
    folder = LinkFolder(plan.home)
    if not plan.coverage.has_links:
        folder.remove()
        return True
    if not _filled(folder, links):
        return False
    plan.status.files.relist(LINK_FOLDER)
    return True


def _filled(folder: LinkFolder, links: Mapping[str, str]) -> bool:
    try:
        folder.fill(links)
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and not links_refused(error):
            raise
        if not folder.can_link():
            folder.give_up(getattr(error, "strerror", None) or "not implemented")
            return False
        folder.fill(links)  # it was for a moment only
    return True


def _move(plan: Plan, stamps: Stamps) -> str:
    """Move the stamp, or have it go back; return what was written."""
    digest = plan.coverage.stamp_digest
    if plan.decision.folder is not None:
        stamps.point_to(plan.decision.folder, plan.status.named)
        return CURRENT
    if stamps.move(digest, plan.status.named) is not None:
        return CURRENT
    if plan.coverage.naming is not None:
        stamps.remove()
        message = 'links can\'t be made here, and under `transport = "digest"` nothing else tells uv of the machine'
        remedy = 'set `transport = "stamp"`, or leave out the keys that ask the machine'
        raise WriteError(Problem("no-links", message, CURRENT, remedy), [])
    stamps.write_file(digest, plan.expected_record().timestamp)
    return STAMP_FILE
