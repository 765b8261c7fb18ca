"""What asks for builds without end: a build that writes its own input, a value that differs each time.

One build, or one change, is not a loop: the user may have been quicker than we. So builds and syncs in a
row are counted, and it is reported when it comes again; what stays away once is forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from dyncachekeys.files.tree import MISSING, Files
from dyncachekeys.model import Notice
from dyncachekeys.paths import join, split
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.syncing.diff import by_identity, remembered
from dyncachekeys.syncing.edited import was_edited
from dyncachekeys.syncing.status import Status
from dyncachekeys.uv.mtimes import newest
from dyncachekeys.uv.record import Record
from dyncachekeys.watch.coverage import Coverage

_BUILDS_SEEN, _BUILDS_STAMPED = 2, 3
"""In how many builds in a row a file must be written before it is reported. Of a file that uv watches it is known
that uv had looked before (U15). Of one behind the stamp it is not: an edit between sync and build looks the same."""
_SYNCS = 3
"""In how many syncs in a row a value must differ."""
_MOST_COUNTED = 50
"""Of many files written at once, some are enough to know."""


class Loops(NamedTuple):
    """What was counted, to be remembered, and what is to be reported."""

    writes: Mapping[str, int]
    """By file, or glob of the user's: in how many builds in a row it was written."""
    moves: Mapping[str, int]
    """By kind and name of a variable or value: in how many syncs in a row it moved the stamp."""
    notices: tuple[Notice, ...]


def rewritten_in_build(coverage: Coverage, status: Status) -> Iterator[str]:
    """Yield linked files that a build made, or rewrote with the same content: uv would build again for them (U15)."""
    if status.new_record is not None:
        for folder, name in status.written_in_build(coverage, status.new_record):
            if status.state_then(folder, name) in {None, status.files.folders[folder].state(name)}:
                yield join(folder, name)


def count(coverage: Coverage, status: Status) -> Loops:
    """Count again what was written in builds and moved the stamp in syncs."""
    seen = {*status.project.own_files, *(one.subject for one in coverage.watched if one.kind == "file")}
    writes = status.state.writes
    if status.new_record is not None:
        written = {*_written_seen(coverage, seen, status, status.new_record)}
        written |= {*_written_stamped(coverage, status, status.new_record)}
        # Those that were counted before come first, so that they are not lost among many.
        counted = sorted(written, key=lambda path: (-writes.get(path, 0), path))[:_MOST_COUNTED]
        writes = {path: writes.get(path, 0) + 1 for path in counted}
    moved = dict(_moved(coverage, status))
    moves = {name: status.state.moves.get(name, 0) + 1 for name in moved}
    if max(moves.values(), default=0) >= _SYNCS and was_edited(status.files, _last_build(status)):
        moves = {name: min(syncs, _SYNCS - 1) for name, syncs in moves.items()}
    return Loops(writes, moves, (*_of_writes(coverage, seen, writes), *_of_moves(moved, moves)))


def _written_seen(coverage: Coverage, seen: Collection[str], status: Status, record: Record) -> Iterator[str]:
    """Yield what uv watches and was written after uv had looked, and before the build had ended."""
    for path in sorted(seen):
        time = newest(status.files, [path])
        if time is not None and record.missed(time):
            yield path
    for folder, name in status.written_in_build(coverage, record):
        yield join(folder, name)


def _written_stamped(coverage: Coverage, status: Status, record: Record) -> Iterator[str]:
    """Yield what moves the stamp, was written after the last sync and before the build had ended, and differs."""
    began = max(status.state.started, record.timestamp or 0)
    for path, time in _times_of_content(coverage, status.files):
        in_time = began < time <= record.identity[1]
        if in_time and status.state_then(*split(path)) != status.files.state(path):
            yield path


def _times_of_content(coverage: Coverage, files: Files) -> Iterator[tuple[str, int]]:
    """Yield the files whose content counts, each with when it was written."""
    inputs, selections = coverage.by_content
    for path in sorted({one.subject for one in inputs if one.kind == "file" and one.state != MISSING}):
        yield path, files.changed_at(path)
    for selected in selections:
        yield from files.changed_in(selected.folders)


def _moved(coverage: Coverage, status: Status) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield variables and values that differ from the last sync and move the stamp, each with its key and name."""
    for key in status.resolution.keys:
        old = by_identity(status.state.keys.get(key.name, ()))
        for one in key.inputs.single:
            known = old.get(one.identity) if one.is_secret and one in coverage.stamped else None
            if known is not None and remembered(one, status.last.salt) not in known:
                yield f"{one.kind} {one.subject}", (key.where, one.subject)


def _last_build(status: Status) -> int:
    """Return when the last build ended or, if it was before that, the last sync began, in nanoseconds."""
    return max(status.state.started, status.record.identity[1] if status.record is not None else 0)


def _of_writes(coverage: Coverage, seen: Collection[str], writes: Mapping[str, int]) -> Iterator[Notice]:
    linked = coverage.seen_through_links if writes else {}
    for path, builds in sorted(writes.items()):
        folder, name = split(path)
        if path in seen or name in linked.get(folder, ()):
            enough = builds >= _BUILDS_SEEN
            why = f"written during each of the last {builds} builds, after uv had looked at it"
            remedy = "have it write only content that differs, or elsewhere, or take the file out of the key"
            if path == FILE:
                remedy = (
                    "have it leave the file alone, or write `defaults = false` into [tool.dyncachekeys] and add a key "
                    'with `resolver = "table"` and `preset = "build"`, so that its content counts and not its times'
                )
        else:
            enough = builds >= _BUILDS_STAMPED
            why = f"written with other content between sync and the end of the build, in {builds} builds in a row"
            remedy = "take it out of the key; if you do, put `dyncachekeys run --` before the uv command"
        if enough:
            message = f"{why}; if the build writes it, every build asks for the next one: {remedy}"
            yield Notice("written-by-build", message, path)


def _of_moves(moved: Mapping[str, tuple[str, str]], moves: Mapping[str, int]) -> Iterator[Notice]:
    for name, syncs in sorted(moves.items()):
        if syncs >= _SYNCS:
            where, subject = moved[name]
            why = f"`{subject}` differed in each of the last {syncs} syncs, now although no file was edited"
            remedy = (
                "each time uv has to build; if it always differs, as a date or what a build leaves in a folder, ask "
                "for less of it (a command has `pattern`; have git ignore what is left behind), or drop the key"
            )
            yield Notice("always-differs", f"{why}; {remedy}", where)
