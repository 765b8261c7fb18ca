"""Applying a plan: the only writer of a sync, under the project's lock."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable, Mapping

from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.files import derived
from dyncachekeys.pyproject.project import BUILDS, FILE
from dyncachekeys.quick import atomic, history, snapshot_file
from dyncachekeys.quick.clock import Began
from dyncachekeys.quick.snapshot import STATE_FILE, Snapshot
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.rewrite.edit import EditedError
from dyncachekeys.rewrite.interrupted import noting, replaced
from dyncachekeys.syncing import capture, notices, state
from dyncachekeys.syncing.fill_links import fill_links
from dyncachekeys.syncing.home import PAUSE_SECONDS, TRIES, edited_all_the_while, not_written, prepare
from dyncachekeys.syncing.last_run import on_disk
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.syncing.planning import make_plan
from dyncachekeys.syncing.report import ProjectReport, report_of
from dyncachekeys.uv.entries import CURRENT, STAMP_FILE
from dyncachekeys.uv.record import Record
from dyncachekeys.watch.links import LinkFolder


def finish(plan: Plan, environ: Mapping[str, str], tell: Callable[[str], None] | None = None) -> ProjectReport:
    """Write what is planned; plan again first, if somebody else has written meanwhile.

    Args:
        plan: What is planned.
        environ: The environment.
        tell: Is called with who is waited for.

    Returns:
        As `use_cases.sync`, which has its errors, too.
    """
    for number in range(TRIES):
        expected = plan.expected_record()
        now = _snapshot(plan, expected)
        report = report_of(plan, now)
        # Whoever finds all in order after somebody else has written need not write it down, too.
        if plan.is_idle and (number or not _is_news(plan, expected, now)):
            return report
        # What was seen is seen again after a write, unless none of it is written.
        seen = (expected, now) if plan.is_idle and plan.coverage.has_stamp else None
        del now  # a hundred thousand files are heavy
        written: list[str] = []
        try:
            with atomic.Lock(plan.home, wait=not plan.is_idle or report.changed, tell=tell):
                if done := _locked(plan, report, seen, written):
                    return done
        except EditedError:
            time.sleep(PAUSE_SECONDS)
        except OSError as error:
            if plan.is_idle:
                return report  # only what makes the next run faster could not be stored
            raise not_written(error, plan.root, written) from error
        plan = make_plan(plan.root, environ, consumer=plan.status.consumer, by_hook=plan.status.consent.asks)
    raise edited_all_the_while()


def _snapshot(plan: Plan, expected: Record) -> Snapshot:
    """Return what was looked at, as `Plan.take_snapshot`, with what the import guard asks first."""
    fresh = ""
    if plan.status.guard is not None:
        from dyncachekeys.syncing.forecast import FRESH, forecast  # noqa: PLC0415  only where there is a guard

        fresh = "fresh" if forecast(plan, expected).outcome in FRESH else ""
    taken = plan.take_snapshot(expected)  # of what the forecast looks at, too
    taken.fresh = fresh
    return taken


def _locked(
    plan: Plan, report: ProjectReport, seen: tuple[Record, Snapshot] | None, written: list[str]
) -> ProjectReport | None:
    """Write, if nobody else has; arguments and result as `_apply`."""
    prepare(plan.root)
    # Whoever waited looks again: another sync may have done it, or the user edited the file.
    if on_disk(plan.root) != plan.basis:
        return None
    with noting(lambda: [*replaced(plan.root / FILE, plan.status.project.raw, plan.document), plan.home]):
        return _apply(plan, report, seen, written)


def _is_news(plan: Plan, expected: Record, now: Snapshot) -> bool:
    """Tell whether what is to be remembered is worth a write although neither region nor stamp changes."""
    files, known = plan.status.files, plan.status.files.memory.known
    builds = plan.status.builds
    if (
        (builds is not None and builds.done)
        or plan.status.consent.is_news
        or files.derived.is_news
        or known.racy
        or now.differs_from(known)
    ):
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
        from dyncachekeys.rewrite.replace import replace  # noqa: PLC0415  the region seldom changes

        replace(plan.root / FILE, plan.status.project.raw, plan.document, plan.home)
        written.append(FILE)
        plan.status.files.renew(FILE)
        left = tuple(notice for notice in plan.notices if notice.code not in notices.FIXED)
        plan = plan._replace(notices=left)  # else the next run would report it again
    for beside in (plan.status.watch_folder, plan.status.guard):
        if beside is not None:
            beside.make()
    linked = fill_links(plan)
    if linked is None:
        return None
    written += linked
    stamps = Stamps(plan.home)
    _write_stamp(plan, stamps, written)
    _remember(plan, report, seen)
    folder = stamps.current()
    return report._replace(written=tuple(written), stamp=folder.id if folder else None)


def _write_stamp(plan: Plan, stamps: Stamps, written: list[str]) -> None:
    """Have the stamp stand for what was found, or take it away where none is watched."""
    if plan.decision.move != "kept":
        written.append(_move(plan, stamps))
    elif plan.coverage.has_stamp:
        stamps.tidy(plan.status.named)
    else:
        stamps.remove()
    if stamps.digest() not in {plan.coverage.stamp_digest, None}:
        stamps.relabel(plan.coverage.stamp_digest)


def _remember(plan: Plan, report: ProjectReport, seen: tuple[Record, Snapshot] | None) -> None:
    """Write the records of builds, the state, the history and the snapshot."""
    expected, home = seen[0] if seen else plan.expected_record(), os.fspath(plan.home)
    began = Began(home, plan.status.last.started)
    builds = plan.status.builds
    for name, content in builds.dumped() if builds is not None else ():
        atomic.replace(plan.root / BUILDS / name, content, home=home)
    if plan.status.consent.is_news:
        name, content = plan.status.consent.dumped()
        atomic.replace(plan.home / name, content, home=home)
    known = dataclasses.replace(plan.next_state(expected), started=began.at)
    atomic.replace(plan.home / STATE_FILE, state.dump(known), home=home)
    if report.changed:
        digests = (report.previous, report.digest)
        history.add(home, digests, report.move, report.why, report.changes)
    if builds is not None:
        builds.clear()
        plan.status.files.relist(BUILDS)
    with contextlib.suppress(OSError):  # without the snapshot the next run takes longer, and that is all
        if plan.status.files.derived.is_news:
            atomic.replace(plan.home / derived.FILE, plan.status.files.derived.dump(), home=home)
        now = seen[1] if seen else _snapshot(plan, expected)
        snapshot_file.write(capture.date(now, plan.status.files, began), home)


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
