"""The use cases: sync, check, resolve and clean one project. No output, no exit."""

from __future__ import annotations

import dataclasses
import os
import shutil
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyncachekeys import changes, memory, uv
from dyncachekeys.emit import write
from dyncachekeys.emit.plan import STAMP_ENTRIES
from dyncachekeys.emit.stamp import Stamps
from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.memory import HISTORY_LENGTH, State
from dyncachekeys.project import FILE, HOME, load
from dyncachekeys.survey import STATE_FILE, Survey, fingerprint_of, survey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dyncachekeys.report import ProjectReport
    from dyncachekeys.resolution import Resolution

_CHANGES_KEPT = 50
"""Of one sync, by key: the history is to stay small."""


def sync(root: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> ProjectReport:
    """Resolve a project's keys and write what differs: the region, then the stamp, then the state.

    Args:
        root: The folder that holds ``pyproject.toml``.
        environ: The environment; that of this process, if not given.

    Returns:
        What was found and what was written.

    Raises:
        DyncachekeysError: what is the user's to mend. Nothing was written, unless a `WriteError` says so.
    """
    environ = os.environ if environ is None else environ
    while True:
        found = survey(Path(root), environ)
        idle = found.verdict.move == "kept" and not found.region_differs
        if idle and not _is_news(found, _next_state(found)):
            return found.report()
        written: list[str] = []
        try:
            with write.lock(found.home):
                write.sweep(found.project.root / FILE, found.home)
                write.hide(found.home)
                # Whoever waited looks again: another sync may have done it, or the user edited the file.
                if fingerprint_of(found.project.root) == found.fingerprint:
                    return _apply(found, written)
        except OSError as error:
            if idle:
                return found.report()  # only what makes the next run faster could not be kept
            raise _unwritable(error, found.project.root, written) from error


def check(root: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> ProjectReport:
    """Return what `sync` would find and write. Writes nothing. Arguments and errors as `sync`."""
    return survey(Path(root), os.environ if environ is None else environ).report()


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
    project = load(root, owned)
    done: list[str] = []
    try:
        if project.bare != project.raw:
            write.replace(root / FILE, project.bare)
            done.append(FILE)
        if (root / HOME).exists():
            shutil.rmtree(root / HOME)
            done.append(HOME)
    except OSError as error:
        raise _unwritable(error, root, done) from error
    return tuple(done)


def _apply(found: Survey, written: list[str]) -> ProjectReport:
    """Write, in the order in which a crash at any instant costs one rebuild at most and hides none.

    The state comes last: a stamp without it is only moved once more; a state without its stamp would
    hide that the stamp has to be moved.
    """
    if found.region_differs:
        write.replace(found.project.root / FILE, found.document)
        written.append(FILE)
    stamps = Stamps(found.home)
    if found.verdict.move != "kept":
        written.append(_move(found, stamps))
    write.replace(found.home / STATE_FILE, memory.dump(_next_state(found)), through_links=False)
    folder = stamps.current()
    return dataclasses.replace(found.report(), written=tuple(written), stamp=folder.id if folder else None)


def _move(found: Survey, stamps: Stamps) -> str:
    digest = found.plan.stamp_digest
    if found.verdict.folder is not None:
        stamps.point_to(found.verdict.folder, found.named)
        return uv.CURRENT
    if stamps.move(digest, found.named) is not None:
        return uv.CURRENT
    stamps.write_file(digest, found.expected_record.timestamp)
    return uv.STAMP_FILE


def _next_state(found: Survey) -> State:
    """Return what is to be remembered of the project as it is at this instant."""
    old, salt = found.state, bytes.fromhex(found.state.salt)
    record = found.record
    facts = record.facts(salt) if record else None
    expected = found.expected_record.facts(salt)
    folder = Stamps(found.home).current()
    # The stamp file is one of the files whose times the facts hold; a folder is named apart.
    stamped = folder is None or folder.is_named(found.named)
    return State(
        started=found.started,
        salt=old.salt,
        digest=found.resolution.digest,
        keys={key.name: changes.rows_of(key.inputs, salt) for key in found.resolution.keys},
        entries=found.wanted,
        record={"identity": list(record.identity)} if record else None,
        expected=expected,
        due=facts != expected or not stamped,
        files=found.file_memory.rows,
        history=(*old.history, *_history(found))[-HISTORY_LENGTH:],
    )


def _history(found: Survey) -> list[Mapping[str, Any]]:
    report = found.report()
    if not report.changed:
        return []
    kept = {key.name: [dataclasses.astuple(one) for one in key.changes[:_CHANGES_KEPT]] for key in report.keys}
    return [
        {
            "at": datetime.fromtimestamp(found.started / 1e9, timezone.utc).isoformat(timespec="seconds"),
            "digest": report.digest,
            "previous": report.previous,
            "move": report.move,
            "why": list(report.why),
            "changes": {name: list(map(list, some)) for name, some in kept.items() if some},
        }
    ]


def _is_news(found: Survey, state: State) -> bool:
    """Tell whether a state is worth a write although neither region nor stamp changes."""
    return state.comparable != found.state.comparable or found.file_memory.learned


def _unwritable(error: OSError, root: Path, written: list[str]) -> WriteError:
    where = os.path.relpath(error.filename or root, root)
    done = f"; written so far: {', '.join(written)}" if written else "; nothing was written"
    message = f"can't be written: {error.strerror or error}{done}"
    return WriteError(Problem("not-written", message, where, "make it writable, and try again"), written)
