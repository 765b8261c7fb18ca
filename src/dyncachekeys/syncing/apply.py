"""The use cases: sync, check, resolve and clean one project. No output, no exit."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.files import derived
from dyncachekeys.pyproject.project import FILE, HOME
from dyncachekeys.pyproject.tables import sealed_tables
from dyncachekeys.quick import atomic, history, snapshot_file
from dyncachekeys.quick.snapshot import LINK_FOLDER, STATE_FILE
from dyncachekeys.quick.stamp import Stamps, links_refused
from dyncachekeys.syncing import diff, notices, state
from dyncachekeys.syncing.planning import fingerprint_of, make_plan
from dyncachekeys.syncing.state import State
from dyncachekeys.trace import store
from dyncachekeys.uv.entries import CURRENT, STAMP_FILE
from dyncachekeys.watch import by_name, links
from dyncachekeys.watch.coverage import STAMP_ENTRIES
from dyncachekeys.watch.links import LinkFolder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dyncachekeys.quick.check import QuickCheck
    from dyncachekeys.quick.snapshot import Snapshot
    from dyncachekeys.resolving.engine import Resolution
    from dyncachekeys.syncing.plan import Plan
    from dyncachekeys.syncing.report import ProjectReport


def sync(
    root: str | os.PathLike[str], environ: Mapping[str, str] | None = None, *, quick_check: QuickCheck | None = None
) -> ProjectReport:
    """Resolve a project's keys and write what differs: the region, then the stamp, then the state.

    Args:
        root: The folder that holds ``pyproject.toml``.
        environ: The environment; that of this process, if not given.
        quick_check: What the quiet path saw; what it found unchanged is not looked at again.

    Returns:
        What was found and what was written.

    Raises:
        DyncachekeysError: what is the user's to mend. Nothing was written, unless a `WriteError` says so.
    """
    environ = os.environ if environ is None else environ
    return finish(make_plan(Path(root), environ, quick_check), environ)


def finish(plan: Plan, environ: Mapping[str, str]) -> ProjectReport:
    """Write what a survey has planned; look again first, if somebody else has written meanwhile.

    Result and errors as `sync`.
    """
    while True:
        now = plan.take_snapshot()
        report = plan.report(now)
        idle = report.move == "kept" and not report.region_differs and plan.links is None
        if idle and not _is_news(plan, now):
            return report
        del now  # a hundred thousand files are heavy
        written: list[str] = []
        try:
            with atomic.Lock(plan.home):
                atomic.sweep(plan.project.root / FILE, plan.home)
                atomic.hide(plan.home)
                # Whoever waited looks again: another sync may have done it, or the user edited the file.
                if fingerprint_of(plan.project.root) == plan.fingerprint:
                    done = _apply(plan, report, written)
                    if done is not None:
                        return done
            plan = make_plan(plan.project.root, environ)
        except OSError as error:
            if idle:
                return report  # only what makes the next run faster could not be kept
            raise _unwritable(error, plan.project.root, written) from error


def check(
    root: str | os.PathLike[str], environ: Mapping[str, str] | None = None, *, quick_check: QuickCheck | None = None
) -> ProjectReport:
    """Return what `sync` would find and write. Writes nothing. Arguments and errors as `sync`."""
    plan = make_plan(Path(root), os.environ if environ is None else environ, quick_check)
    return plan.report(plan.take_snapshot())


def resolve(root: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Resolution:
    """Return the inputs of a project's keys. Writes nothing. Arguments and errors as `sync`."""
    return make_plan(Path(root), os.environ if environ is None else environ).resolution


def clean(root: str | os.PathLike[str]) -> tuple[str, ...]:
    """Take the region and the state away again; works without a table and without state.

    Returns:
        What was written or removed, relative to the project.

    Raises:
        DyncachekeysError: ``pyproject.toml`` can't be parsed, edited or written.
    """
    root = Path(root).resolve()
    atomic.check_home(root / HOME)
    owned = state.load(root / HOME / STATE_FILE).entries or tuple(entry.as_toml() for entry in STAMP_ENTRIES)
    project = by_name.loaded(root, owned)
    done: list[str] = []
    try:
        if project.bare != project.raw:
            atomic.replace(root / FILE, project.bare, ours=False)
            done.append(FILE)
        if (root / HOME).exists():
            shutil.rmtree(root / HOME)
            done.append(HOME)
    except OSError as error:
        raise _unwritable(error, root, done) from error
    return tuple(done)


def replace_document(root: Path, before: bytes, after: bytes, written: Sequence[str] = ()) -> None:
    """Write another ``pyproject.toml``, unless it is not any more what the other one was made of.

    Args:
        root: The project's folder.
        before: The file as it was.
        after: The file as it shall be.
        written: What was written before it, to be told if this fails.

    Raises:
        WriteError: it was edited meanwhile, or can't be written.
    """
    home = root / HOME
    atomic.check_home(home)
    try:
        with atomic.Lock(home):
            atomic.sweep(root / FILE, home)
            atomic.hide(home)
            if (root / FILE).read_bytes() != before:
                remedy = "run the command once more"
                message = f"was edited meanwhile{_so_far(written)}"
                raise WriteError(Problem("edited-meanwhile", message, FILE, remedy), written)
            atomic.replace(root / FILE, after, ours=False)
    except OSError as error:
        raise _unwritable(error, root, written) from error


def _apply(plan: Plan, report: ProjectReport, written: list[str]) -> ProjectReport | None:
    """Write, in the order in which a crash at any instant costs one rebuild at most and hides none.

    The state comes last: a stamp without it is only moved once more; a state without its stamp would
    hide that the stamp has to be moved. The snapshot comes after it: until it is there, no run is quiet.

    Returns:
        What was written; nothing if it was found out that no links can be made here, so that the stamp
        has to do it all.
    """
    if plan.region_differs:
        atomic.replace(plan.project.root / FILE, plan.document, ours=False)
        written.append(FILE)
        plan.files.renew(FILE)
        left = tuple(notice for notice in plan.notices if notice.code not in notices.FIXED)
        plan = dataclasses.replace(plan, notices=left)  # else the next run would say it again
    if plan.links is not None:
        if not _fill(plan):
            return None
        written.append(LINK_FOLDER)
    stamps = Stamps(plan.home)
    if plan.decision.move != "kept":
        written.append(_move(plan, stamps))
    elif not plan.coverage.has_stamp:
        stamps.remove()
    if stamps.digest() not in {plan.coverage.stamp_digest, None}:
        stamps.relabel(plan.coverage.stamp_digest)
    for name, trace in plan.traces.items():
        atomic.replace(plan.home / name, store.dump(trace))
    atomic.replace(plan.home / STATE_FILE, state.dump(_next_state(plan)))
    if report.changed:
        by_key = {key.name: key.changes for key in report.keys}
        digests = (report.previous, report.digest)
        history.add(os.fspath(plan.home), digests, report.move, report.why, by_key, at=plan.started)
    with contextlib.suppress(OSError):  # without them the next run takes longer, and that is all
        if plan.files.derived.is_news:
            atomic.replace(plan.home / derived.FILE, plan.files.derived.dump())
        snapshot_file.write(plan.take_snapshot(), os.fspath(plan.home))
    folder = stamps.current()
    return dataclasses.replace(report, written=tuple(written), stamp=folder.id if folder else None)


def _fill(plan: Plan) -> bool:
    """Make the link folder what it shall be; tell whether links can be made here."""
    folder = LinkFolder(plan.home)
    if not plan.coverage.has_links:
        folder.remove()
        return True
    try:
        folder.fill(plan.links or {})
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and not links_refused(error):
            raise
        folder.give_up()
        return False
    plan.files.relist(LINK_FOLDER)
    return True


def _move(plan: Plan, stamps: Stamps) -> str:
    digest = plan.coverage.stamp_digest
    if plan.decision.folder is not None:
        stamps.point_to(plan.decision.folder, plan.named)
        return CURRENT
    if stamps.move(digest, plan.named) is not None:
        return CURRENT
    if plan.coverage.naming is not None:
        stamps.remove()
        message = 'links can\'t be made here, and under `transport = "digest"` nothing else tells uv of the machine'
        remedy = 'set `transport = "stamp"`, or leave out the keys that ask the machine'
        raise WriteError(Problem("no-links", message, CURRENT, remedy), [])
    stamps.write_file(digest, plan.expected_record().timestamp)
    return STAMP_FILE


def _next_state(plan: Plan) -> State:
    """Return what is to be remembered of the project as it is at this instant."""
    old, salt = plan.state, bytes.fromhex(plan.state.salt)
    record = plan.record
    expected = plan.expected_record().facts(salt)
    fits = record is not None and record.fits(expected, salt)
    folder = Stamps(plan.home).current()
    # The stamp file is one of the files whose times the facts hold; a folder is named apart.
    stamped = folder is None or folder.is_named(plan.named)
    return State(
        started=plan.started,
        salt=old.salt,
        digest=plan.resolution.digest,
        keys={key.name: diff.rows_of(key.inputs, salt) for key in plan.resolution.keys},
        entries=plan.wanted,
        record={"identity": list(record.identity), "current": record.current} if record else None,
        expected=expected,
        products=plan.decision.products.known if plan.decision.products is not None else {},
        links=LinkFolder(plan.home).known_as(links.mark(plan.files, plan.coverage.linked_digest)),
        written=plan.written,
        writes=plan.loops.writes,
        moves=plan.loops.moves,
        tables=sealed_tables(plan.project.pyproject, salt),
        uv=tuple(plan.program.as_list()) if plan.program is not None else (),
        fits=fits,
        due=not (fits and stamped),
    )


def _is_news(plan: Plan, now: Snapshot) -> bool:
    """Tell whether what is to be remembered is worth a write although neither region nor stamp changes."""
    known = plan.files.memory.known
    if plan.traces or plan.files.derived.is_news or known.racy or now.differs_from(known):
        return True
    return _next_state(plan).comparable != plan.state.comparable


def _so_far(written: Sequence[str]) -> str:
    return f"; written so far: {', '.join(written)}" if written else "; nothing was written"


def _unwritable(error: OSError, root: Path, written: Sequence[str]) -> WriteError:
    where = os.path.relpath(error.filename or root, root)
    message = f"can't be written: {error.strerror or error}{_so_far(written)}"
    return WriteError(Problem("not-written", message, where, "make it writable, and try again"), written)
