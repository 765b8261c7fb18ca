"""The use cases: sync, check, resolve and clean one project. No output, no exit."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys import advice, changes, columns, derived, history, memory, uv
from dyncachekeys.emit import links, transport_digest, write
from dyncachekeys.emit.links import LinkFolder
from dyncachekeys.emit.plan import STAMP_ENTRIES
from dyncachekeys.emit.stamp import Stamps, links_refused
from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.memory import State
from dyncachekeys.project import FILE, HOME
from dyncachekeys.pyproject_tables import sealed_tables
from dyncachekeys.survey import fingerprint_of, survey
from dyncachekeys.tracing import kept
from dyncachekeys.witnesses import LINK_FOLDER, STATE_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dyncachekeys.quiet import Glance
    from dyncachekeys.report import ProjectReport
    from dyncachekeys.resolution import Resolution
    from dyncachekeys.surveyed import Survey
    from dyncachekeys.witnesses import Witnesses


def sync(
    root: str | os.PathLike[str], environ: Mapping[str, str] | None = None, *, glance: Glance | None = None
) -> ProjectReport:
    """Resolve a project's keys and write what differs: the region, then the stamp, then the state.

    Args:
        root: The folder that holds ``pyproject.toml``.
        environ: The environment; that of this process, if not given.
        glance: What the quiet path saw; what it found unchanged is not looked at again.

    Returns:
        What was found and what was written.

    Raises:
        DyncachekeysError: what is the user's to mend. Nothing was written, unless a `WriteError` says so.
    """
    environ = os.environ if environ is None else environ
    return finish(survey(Path(root), environ, glance), environ)


def finish(found: Survey, environ: Mapping[str, str]) -> ProjectReport:
    """Write what a survey has planned; look again first, if somebody else has written meanwhile.

    Result and errors as `sync`.
    """
    while True:
        now = found.witnesses()
        report = found.report(now)
        idle = report.move == "kept" and not report.region_differs and found.links is None
        if idle and not _is_news(found, now):
            return report
        del now  # a hundred thousand files are heavy
        written: list[str] = []
        try:
            with write.Lock(found.home):
                write.sweep(found.project.root / FILE, found.home)
                write.hide(found.home)
                # Whoever waited looks again: another sync may have done it, or the user edited the file.
                if fingerprint_of(found.project.root) == found.fingerprint:
                    done = _apply(found, report, written)
                    if done is not None:
                        return done
            found = survey(found.project.root, environ)
        except OSError as error:
            if idle:
                return report  # only what makes the next run faster could not be kept
            raise _unwritable(error, found.project.root, written) from error


def check(
    root: str | os.PathLike[str], environ: Mapping[str, str] | None = None, *, glance: Glance | None = None
) -> ProjectReport:
    """Return what `sync` would find and write. Writes nothing. Arguments and errors as `sync`."""
    found = survey(Path(root), os.environ if environ is None else environ, glance)
    return found.report(found.witnesses())


def resolve(root: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Resolution:
    """Return the inputs of a project's keys. Writes nothing. Arguments and errors as `sync`."""
    return survey(Path(root), os.environ if environ is None else environ).resolution


def clean(root: str | os.PathLike[str]) -> tuple[str, ...]:
    """Take the region and the state away again; works without a table and without state.

    Returns:
        What was written or removed, relative to the project.

    Raises:
        DyncachekeysError: ``pyproject.toml`` can't be parsed, edited or written.
    """
    root = Path(root).resolve()
    write.check_home(root / HOME)
    owned = memory.load(root / HOME / STATE_FILE).entries or tuple(entry.as_toml() for entry in STAMP_ENTRIES)
    project = transport_digest.loaded(root, owned)
    done: list[str] = []
    try:
        if project.bare != project.raw:
            write.replace(root / FILE, project.bare, ours=False)
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
    write.check_home(home)
    try:
        with write.Lock(home):
            write.sweep(root / FILE, home)
            write.hide(home)
            if (root / FILE).read_bytes() != before:
                remedy = "run the command once more"
                message = f"was edited meanwhile{_so_far(written)}"
                raise WriteError(Problem("edited-meanwhile", message, FILE, remedy), written)
            write.replace(root / FILE, after, ours=False)
    except OSError as error:
        raise _unwritable(error, root, written) from error


def _apply(found: Survey, report: ProjectReport, written: list[str]) -> ProjectReport | None:
    """Write, in the order in which a crash at any instant costs one rebuild at most and hides none.

    The state comes last: a stamp without it is only moved once more; a state without its stamp would
    hide that the stamp has to be moved. The witnesses come after it: until they are there, no run is quiet.

    Returns:
        What was written; nothing if it was found out that no links can be made here, so that the stamp
        has to do it all.
    """
    if found.region_differs:
        write.replace(found.project.root / FILE, found.document, ours=False)
        written.append(FILE)
        found.files.renew(FILE)
        left = tuple(notice for notice in found.notices if notice.code not in advice.MENDED)
        found = dataclasses.replace(found, notices=left)  # else the next run would say it again
    if found.links is not None:
        if not _fill(found):
            return None
        written.append(LINK_FOLDER)
    stamps = Stamps(found.home)
    if found.verdict.move != "kept":
        written.append(_move(found, stamps))
    elif not found.plan.has_stamp:
        stamps.remove()
    if stamps.digest() not in {found.plan.stamp_digest, None}:
        stamps.relabel(found.plan.stamp_digest)
    for name, trace in found.traces.items():
        write.replace(found.home / name, kept.dump(trace))
    write.replace(found.home / STATE_FILE, memory.dump(_next_state(found)))
    if report.changed:
        by_key = {key.name: key.changes for key in report.keys}
        digests = (report.previous, report.digest)
        history.add(os.fspath(found.home), digests, report.move, report.why, by_key, at=found.started)
    with contextlib.suppress(OSError):  # without them the next run takes longer, and that is all
        if found.files.derived.is_news:
            write.replace(found.home / derived.FILE, found.files.derived.dump())
        columns.write(found.witnesses(), os.fspath(found.home))
    folder = stamps.current()
    return dataclasses.replace(report, written=tuple(written), stamp=folder.id if folder else None)


def _fill(found: Survey) -> bool:
    """Make the link folder what it shall be; tell whether links can be made here."""
    folder = LinkFolder(found.home)
    if not found.plan.has_links:
        folder.remove()
        return True
    try:
        folder.fill(found.links or {})
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and not links_refused(error):
            raise
        folder.give_up()
        return False
    found.files.relist(LINK_FOLDER)
    return True


def _move(found: Survey, stamps: Stamps) -> str:
    digest = found.plan.stamp_digest
    if found.verdict.folder is not None:
        stamps.point_to(found.verdict.folder, found.named)
        return uv.CURRENT
    if stamps.move(digest, found.named) is not None:
        return uv.CURRENT
    if found.plan.naming is not None:
        stamps.remove()
        message = 'links can\'t be made here, and under `transport = "digest"` nothing else tells uv of the machine'
        remedy = 'set `transport = "stamp"`, or leave out the keys that ask the machine'
        raise WriteError(Problem("no-links", message, uv.CURRENT, remedy), [])
    stamps.write_file(digest, found.expected_record().timestamp)
    return uv.STAMP_FILE


def _next_state(found: Survey) -> State:
    """Return what is to be remembered of the project as it is at this instant."""
    old, salt = found.state, bytes.fromhex(found.state.salt)
    record = found.record
    expected = found.expected_record().facts(salt)
    fits = record is not None and record.fits(expected, salt)
    folder = Stamps(found.home).current()
    # The stamp file is one of the files whose times the facts hold; a folder is named apart.
    stamped = folder is None or folder.is_named(found.named)
    return State(
        started=found.started,
        salt=old.salt,
        digest=found.resolution.digest,
        keys={key.name: changes.rows_of(key.inputs, salt) for key in found.resolution.keys},
        entries=found.wanted,
        record={"identity": list(record.identity), "current": record.current} if record else None,
        expected=expected,
        products=found.verdict.products.known if found.verdict.products is not None else {},
        links=LinkFolder(found.home).known_as(links.mark(found.files, found.plan.linked_digest)),
        written=found.written,
        writes=found.loops.writes,
        moves=found.loops.moves,
        tables=sealed_tables(found.project.pyproject, salt),
        uv=tuple(found.program.as_list()) if found.program is not None else (),
        fits=fits,
        due=not (fits and stamped),
    )


def _is_news(found: Survey, now: Witnesses) -> bool:
    """Tell whether what is to be remembered is worth a write although neither region nor stamp changes."""
    known = found.files.memory.known
    if found.traces or found.files.derived.is_news or known.young or now.differs_from(known):
        return True
    return _next_state(found).comparable != found.state.comparable


def _so_far(written: Sequence[str]) -> str:
    return f"; written so far: {', '.join(written)}" if written else "; nothing was written"


def _unwritable(error: OSError, root: Path, written: Sequence[str]) -> WriteError:
    where = os.path.relpath(error.filename or root, root)
    message = f"can't be written: {error.strerror or error}{_so_far(written)}"
    return WriteError(Problem("not-written", message, where, "make it writable, and try again"), written)
