"""What asks for builds without end: a build that writes its own input, a value that differs each time.

One build, or one change, is no loop: the user may have been quicker than we. So it is counted over builds
and syncs running, and told where it comes again; whatever stays away once is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dyncachekeys.files.folder import CHANGED
from dyncachekeys.files.tree import MISSING
from dyncachekeys.model import Notice
from dyncachekeys.paths import join, split
from dyncachekeys.syncing.diff import remembered
from dyncachekeys.uv.mtimes import newest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from dyncachekeys.files.tree import Files
    from dyncachekeys.resolving.engine import Resolution
    from dyncachekeys.syncing.state import State
    from dyncachekeys.uv.record import Record
    from dyncachekeys.watch.coverage import Coverage

_BUILDS_SEEN, _BUILDS_STAMPED = 2, 3
"""How many builds running must write a file before it is told. Of a file that uv watches it is known that
uv had looked before (U15). Of one behind the stamp it is not: an edit between sync and build looks the same."""
_SYNCS = 3
"""How many syncs running a value must differ."""
_MOST_KEPT = 50
"""Of many files written at once one needs to know some."""


@dataclass(frozen=True, slots=True)
class Loops:
    """What was counted, to be remembered, and what is to be told."""

    writes: Mapping[str, int]
    """By file, or glob of the user's: in how many builds running it was written."""
    moves: Mapping[str, int]
    """By kind and name of a variable or value: in how many syncs running it moved the stamp."""
    notices: tuple[Notice, ...] = ()


def look(  # noqa: PLR0913
    coverage: Coverage, resolution: Resolution, own: Iterable[str], state: State, files: Files, record: Record | None
) -> Loops:
    """Count anew.

    Args:
        coverage: Who watches what.
        resolution: What the keys found.
        own: The paths and globs of the user's own file entries.
        state: What the last sync left.
        files: The project's files.
        record: The installed record.
    """
    seen = {*own, *(one.subject for one in coverage.watched if one.kind == "file")}
    writes = state.writes
    if state.digest is not None and record is not None and record.is_another(state.record):
        written = [*_written_seen(coverage, seen, files, record), *_written_stamped(coverage, state, files, record)]
        # Those that were counted before come first, so that they are not lost among many.
        some = sorted(set(written), key=lambda path: (-writes.get(path, 0), path))[:_MOST_KEPT]
        writes = {path: writes.get(path, 0) + 1 for path in some}
    moved = dict(_moved(coverage, resolution, state))
    moves = {name: state.moves.get(name, 0) + 1 for name in moved}
    return Loops(writes, moves, (*_told_writes(coverage, seen, writes), *_told_moves(moved, moves)))


def _written_seen(coverage: Coverage, seen: Collection[str], files: Files, record: Record) -> Iterator[str]:
    """Yield what uv watches and was written after uv had looked, and before the build had ended."""
    for path in sorted(seen):
        time = newest(files, [path])
        if time is not None and record.missed(time):
            yield path
    for folder, names in coverage.linked.items():
        here = files.folders[folder]
        for name in names:
            row = here.names.get(name)
            if row is not None and record.missed(here.stats[row * 4 + CHANGED]):
                yield join(folder, name)


def _written_stamped(coverage: Coverage, state: State, files: Files, record: Record) -> Iterator[str]:
    """Yield what moves the stamp, was written after the last sync and before the build had ended, and differs."""
    since = max(state.started, record.timestamp or 0)
    old = {row[1]: row[2] for rows in state.keys.values() for row in rows if row[0] == "file"}
    named, selections = (coverage.naming.inputs, coverage.naming.selections) if coverage.naming else (frozenset(), ())
    single = {one.subject for one in coverage.stamped | named if one.kind == "file" and one.state != MISSING}
    times = [(path, files.changed_at(path)) for path in sorted(single)]
    for selected in (*coverage.selections, *selections):
        times += files.changed_in(selected.folders)
    for path, time in times:
        in_time = since < time <= record.identity[1]
        if in_time and (old.get(path) or files.memory.state(*split(path))) != files.state(path):
            yield path


def _moved(coverage: Coverage, resolution: Resolution, state: State) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield variables and values that differ from the last sync and move the stamp, each with its key and name."""
    salt = bytes.fromhex(state.salt)
    for key in resolution.keys:
        old = {(kind, subject): known for kind, subject, known, _ in state.keys.get(key.name, ())}
        for one in key.inputs.single:
            known = old.get(one.identity) if one.is_secret and one in coverage.stamped else None
            if known is not None and known != remembered(one, salt):
                yield f"{one.kind} {one.subject}", (key.where, one.subject)


def _told_writes(coverage: Coverage, seen: Collection[str], writes: Mapping[str, int]) -> Iterator[Notice]:
    for path, builds in sorted(writes.items()):
        folder, name = split(path)
        if path in seen or name in coverage.linked.get(folder, ()):
            if builds >= _BUILDS_SEEN:
                why = f"written during each of the last {builds} builds, after uv had looked at it"
                remedy = (
                    "if the build writes it, every build asks for the next one: "
                    "have it write only content that differs, or elsewhere, or take the file out of the key"
                )
                yield Notice("written-by-build", f"{why}; {remedy}", path)
        elif builds >= _BUILDS_STAMPED:
            why = f"written with other content between sync and the end of the build, in {builds} builds running"
            remedy = (
                "if the build writes it, every build asks for the next one: take it out of the key; "
                "if you do, put `dyncachekeys run --` before the uv command"
            )
            yield Notice("written-by-build", f"{why}; {remedy}", path)


def _told_moves(moved: Mapping[str, tuple[str, str]], moves: Mapping[str, int]) -> Iterator[Notice]:
    for name, syncs in sorted(moves.items()):
        if syncs >= _SYNCS:
            where, subject = moved[name]
            why = f"`{subject}` differed in each of the last {syncs} syncs, and each time uv has to build"
            remedy = (
                "if it always does, as a date or what a build leaves in a folder, ask for less of it "
                "(a command has `pattern`; have git ignore what is left behind), or drop the key"
            )
            yield Notice("always-differs", f"{why}; {remedy}", where)
