"""Whether the stamp must move, and why: the digest, and where equal digests would vouch for too much."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from dyncachekeys.files.folder import CHANGED
from dyncachekeys.files.tree import MISSING
from dyncachekeys.paths import join
from dyncachekeys.uv.mtimes import newest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dyncachekeys.files.selection import Selected
    from dyncachekeys.files.tree import Files
    from dyncachekeys.model import Input
    from dyncachekeys.quick.stamp import StampFolder, Stamps
    from dyncachekeys.syncing.outputs import OutputDecision
    from dyncachekeys.syncing.state import State
    from dyncachekeys.uv.record import Record
    from dyncachekeys.watch.coverage import Coverage

Move = Literal["kept", "moved", "returned"]
_UNSEEN = "{} changed, but older files than the newest are nothing to uv"
_TICK_NS = 10_000_000
"""More than a tick of the kernel's coarse clock (4 ms), from which change times are taken."""
_WHOLE_SECONDS_NS = 2_000_000_000
"""For file systems that keep no fractions of a second."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with the stamp."""

    move: Move
    folder: StampFolder | None = None
    """The folder to go back to, if that is it."""
    why: tuple[str, ...] = ()
    """Why it moves although the digest is the same; where there is no stamp, why it would."""
    products: OutputDecision | None = None
    """What is to be remembered of products, and said of them."""


def decide(  # noqa: PLR0913
    coverage: Coverage, products: OutputDecision, state: State, files: Files, stamps: Stamps, record: Record | None
) -> Decision:
    """Decide whether the stamp moves.

    Args:
        coverage: What was resolved now.
        products: What is to be done about products.
        state: What the last sync left.
        files: The project's files.
        stamps: The stamp folders.
        record: The installed record as it is now.
    """
    if not coverage.has_stamp:
        # Nothing can be done about a doubt but to tell the user.
        doubts = tuple(_reasons(coverage, state, files, record)) if state.digest is not None else ()
        return Decision("kept", why=doubts, products=products)
    known = stamps.digest()
    absent = known is None and coverage.needs_no_stamp
    forced: tuple[str, ...] = ()
    if known is not None or (absent and state.digest is not None):
        forced = tuple(_reasons(coverage, state, files, record))
    if known is not None or absent:
        forced += products.why
    if forced:
        return Decision("moved", why=forced, products=products)
    if absent or known == coverage.stamp_digest:
        return Decision("kept", products=products)
    named = record.current if record else None
    former = stamps.former(coverage.stamp_digest, named) if state.digest is not None and not products.why else None
    return Decision("returned", former, products=products) if former else Decision("moved", products=products)


def written_by_build(coverage: Coverage, state: State, files: Files, record: Record | None) -> Iterator[str]:
    """Yield linked files that a build made, or wrote anew with what they held: uv would build again for them (U15).

    Args:
        coverage: What was resolved now.
        state: What the last sync left.
        files: The project's files.
        record: The installed record as it is now.
    """
    if state.digest is None or record is None or not record.is_another(state.record):
        return
    old = {row[1]: row[2] for rows in state.keys.values() for row in rows if row[0] == "file"}
    for folder, names in coverage.linked.items():
        seen = files.folders[folder]
        for name in names:
            row = seen.names.get(name)
            if row is None or not record.missed(seen.stats[row * 4 + CHANGED]):
                continue
            path = join(folder, name)
            if (old.get(path) or files.memory.state(folder, name)) in {None, seen.state(name)}:
                yield path


def _reasons(coverage: Coverage, state: State, files: Files, record: Record | None) -> Iterator[str]:
    if state.digest is None:
        yield "the memory of the last sync is gone"
        return
    yield from _unseen_edits(coverage, state, files)
    if record is None or state.expected is None or not record.is_another(state.record):
        return
    since = state.started
    vouched = _vouched_for(coverage, state, record)
    if not record.fits(state.expected, bytes.fromhex(state.salt)):
        # What is no younger than the newest file that uv saw is still as it was when uv looked.
        seen = record.timestamp if record.timestamp is not None else 0
        yield from _doubts("uv built without a sync", _touched(vouched, files, since, seen, with_folders=True))
        yield from _doubts("uv built without a sync", _unknowable(coverage))
    elif not state.due:
        yield from _doubts(
            "uv built although nothing had changed", _touched(vouched, files, since, 0, with_folders=False)
        )


def _unseen_edits(coverage: Coverage, state: State, files: Files) -> Iterator[str]:
    """Rule (a): a watched file changed, but its time can't have raised uv's maximum (U1, U22, U28)."""
    before = state.expected.get("timestamp") if state.expected else None
    if before is None:
        return
    old = {(kind, subject): known for rows in state.keys.values() for kind, subject, known, _ in rows}
    for one in sorted(coverage.watched, key=lambda one: one.subject):
        if one.kind != "file" or old.get(one.identity, one.state) == one.state:
            continue
        time = newest(files, [one.subject])
        if time is not None and time <= before:
            yield _UNSEEN.format(one.subject)
    yield from map(_UNSEEN.format, _linked_unseen(coverage, old, files, before))


def _linked_unseen(coverage: Coverage, old: Mapping[tuple[str, str], str], files: Files, before: int) -> Iterator[str]:
    """Yield the linked files that are another than at the last sync, but no younger than uv's maximum then."""
    for folder, names in coverage.linked.items():
        seen = files.folders[folder]
        if not seen.non_regular and files.memory.holds(folder, seen):
            continue
        for name in names:
            path = join(folder, name)
            known = old.get(("file", path)) or files.memory.state(folder, name)
            if known is None or known == seen.state(name):
                continue
            time = newest(files, [path]) if name in seen.non_regular else seen.stats[seen.names[name] * 4 + CHANGED]
            if time is not None and time <= before:
                yield path


def _doubts(what: str, subjects: Iterable[str]) -> Iterator[str]:
    """Rule (b): the record is not the one that the last sync led to, so it may come from what no stamp names."""
    first = next(iter(subjects), None)
    if first is not None:
        yield f"{what}, and {first} may have been another then"


class _Vouched(NamedTuple):
    """What the stamp vouches for."""

    inputs: Iterable[Input]
    selections: Sequence[Selected]
    walked: Sequence[Selected]
    """Those that chose files which uv sees by itself: only which there are counts."""


def _vouched_for(coverage: Coverage, state: State, record: Record) -> _Vouched:
    """Return the inputs and selections for which the stamp vouches.

    So does a name, once uv has built under the same one again. Under another one than the last sync's uv
    built from what somebody else had named: after a checkout that is the rule, and no reason to doubt.
    """
    if coverage.naming is None or state.expected is None or record.name != state.expected.get("name"):
        return _Vouched(coverage.stamped, coverage.selections, coverage.walked)
    return _Vouched(
        coverage.stamped | coverage.naming.inputs, (*coverage.selections, *coverage.naming.selections), coverage.walked
    )


def _touched(vouched: _Vouched, files: Files, since: int, seen: int, *, with_folders: bool) -> Iterator[str]:
    """Yield stamped files written since an instant; with folders, also what was added, removed or moved there.

    A file that came and went leaves its trace in its folder, a folder that was moved in its own change
    time. The project's folder itself tells nothing: uv writes there, too.

    Args:
        vouched: What counts.
        files: The project's files.
        since: The instant, in nanoseconds.
        seen: What is no younger than this, in nanoseconds, does not count.
        with_folders: Whether folders count.
    """
    inputs = list(vouched.inputs)
    paths = sorted(one.subject for one in inputs if one.kind in {"file", "directory"} and one.state != MISSING)
    chosen = (selected.folders.items() for selected in (*vouched.selections, *vouched.walked))
    of_selections = [folder for folders in chosen for folder, some in folders if some]
    inside = {folder for path in paths for folder in _above(path)}
    inside |= {folder for path in of_selections for folder in (path, *_above(path)) if _tells(folder)}
    for path in (*paths, *(sorted(inside) if with_folders else [])):
        if _written_since(files.changed_at(path), since, seen):
            yield path
    if any(one.kind == "value" and one.tree for one in inputs):
        yield from (path for path, changed in files.read_since_the_last_run() if changed > seen)
    for selected in vouched.selections:
        for path, changed in files.changed_in(selected.folders):
            if _written_since(changed, since, seen):
                yield path


def _above(path: str) -> Iterator[str]:
    while _tells(path := posixpath.dirname(path)):
        yield path


def _tells(folder: str) -> bool:
    return bool(folder) and posixpath.basename(folder) != ".."


def _unknowable(coverage: Coverage) -> Iterator[str]:
    """Yield stamped inputs that leave no trace: nobody knows what they were when uv built."""
    some = sorted(coverage.stamped, key=lambda one: one.identity)
    return (one.subject for one in some if (one.is_secret and not one.tree) or one.kind == "git")


def _written_since(changed: int, instant: int, seen: int) -> bool:
    whole_seconds = not changed % 1_000_000_000
    if changed <= seen - (_WHOLE_SECONDS_NS if whole_seconds else 0):
        return False
    return changed >= instant - (_WHOLE_SECONDS_NS if whole_seconds else _TICK_NS)
