"""Whether the stamp must move, and why: the digest, and where equal digests would vouch for too much."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from dyncachekeys.files.selection import Selected
from dyncachekeys.files.tree import MISSING, Files
from dyncachekeys.model import Input
from dyncachekeys.paths import join
from dyncachekeys.quick.stamp import StampFolder, Stamps
from dyncachekeys.syncing.diff import rows_of
from dyncachekeys.syncing.status import Status
from dyncachekeys.uv.mtimes import latest
from dyncachekeys.uv.record import Record
from dyncachekeys.watch.coverage import Coverage

Move = Literal["kept", "moved", "returned"]
_UNSEEN = "{} changed, but older files than the newest are nothing to uv"
_TICK_NS = 10_000_000
"""More than a tick of the kernel's coarse clock (4 ms), from which change times are taken."""
_WHOLE_SECONDS_NS = 2_000_000_000
"""For file systems that store no fractions of a second."""


class Decision(NamedTuple):
    """What is to be done with the stamp."""

    move: Move
    folder: StampFolder | None = None
    """The folder to go back to, if that is it."""
    why: tuple[str, ...] = ()
    """Why it moves although the digest is the same; where there is no stamp, why it would."""


def decide(coverage: Coverage, missing: Sequence[str], status: Status) -> Decision:
    """Decide whether the stamp moves.

    Args:
        coverage: Who watches what.
        missing: Why missing products ask for a build.
        status: The project, and what the last sync left.
    """
    doubts = tuple(_doubts(coverage, status))
    if not coverage.has_stamp:
        return Decision("kept", why=doubts)  # nothing can be done about a doubt but to report it
    if not status.last.believed:
        return Decision("moved")
    stamps = Stamps(status.home)
    known = stamps.digest()
    if known is None and not coverage.needs_no_stamp:
        return _other_folder(coverage, missing, status, stamps)
    if known is not None and status.state.digest is None:
        doubts = ("the memory of the last sync is gone",)
    if why := (*doubts, *missing):
        return Decision("moved", why=why)
    is_built = _is_only_known_better(coverage, status) or _is_built_with(coverage, status)
    if known in {None, coverage.stamp_digest} or is_built:
        others = tuple(_built_from_others(coverage, status))
        return Decision("moved" if others else "kept", why=others)
    return _other_folder(coverage, missing, status, stamps)


def _built_from_others(coverage: Coverage, status: Status) -> Iterator[str]:
    """Yield what was another when what is installed was built, although it is what the last sync saw.

    As where uv was forced to build with a variable that was set for that command alone.
    """
    chosen = status.builds.chosen if status.builds is not None else None
    differing = chosen.differing if chosen is not None else frozenset()
    found = sorted({one.subject for one in coverage.stamped if one.identity in differing})
    yield from (f"uv built without a sync, when {subject} was another" for subject in found)


def _is_only_known_better(coverage: Coverage, status: Status) -> bool:
    """Tell whether the digest is another for no other reason than that a build was watched.

    What is installed was made from what that build was seen to depend on, as it is now, and nothing else has changed.
    """
    return status.is_vouched and bool(status.state.others) and coverage.others_digest == status.state.others


def _is_built_with(coverage: Coverage, status: Status) -> bool:
    """Tell whether the digest is another only by what uv has seen through links, and has built since then.

    That is that linked files came or went, and values of which it sees each change. Each file that came, each folder
    from which one went, and each file by which these values are found is then no younger than the newest that uv saw.
    """
    record, state, files = status.new_record, status.state, status.files
    if record is None or not state.rest or state.rest != coverage.rest_digest or not files.memory.known.folders:
        return False
    seen = record.timestamp or 0
    ways = [(path, *_above(path)) for path in _come_and_gone(coverage, files)]
    if seen > record.identity[1] or not all(files.changed_at(way[-1]) for way in ways):
        return False  # the clock went back (U22); or it went from the project's own folder, where uv writes too
    paths = {path for way in ways for path in way} | {*_consulted_anew(coverage, status)}
    return all(files.changed_at(path) <= seen + _TICK_NS for path in paths)


def _consulted_anew(coverage: Coverage, status: Status) -> Iterator[str]:
    """Yield the linked files by which values are found that are others than at the last sync."""
    for key in status.resolution.keys:
        before, now = status.state.keys.get(key.name, ()), rows_of(key.inputs, status.last.salt)
        if {row for row in before if row[0] == "value"} != {row for row in now if row[0] == "value"}:
            yield from coverage.consulted & key.consulted


def _come_and_gone(coverage: Coverage, files: Files) -> Iterator[str]:
    """Yield the linked files, if they are regular, that were not linked at the last sync, and those that are not now."""
    before = files.memory.linked()
    for folder in before.keys() | coverage.linked.keys():
        then, now = before.get(folder, set()), {*coverage.linked.get(folder, ())}
        others = files.folders[folder].non_regular if now else {}
        yield from (join(folder, name) for name in (now - then - others.keys()) | (then - now))


def _other_folder(coverage: Coverage, missing: Sequence[str], status: Status, stamps: Stamps) -> Decision:
    if status.state.digest is not None and not missing:
        former = stamps.former(coverage.stamp_digest, status.named)
        if former is not None:
            return Decision("returned", former)
    return Decision("moved")


def _doubts(coverage: Coverage, status: Status) -> Iterator[str]:
    """Yield why uv may have built from other inputs than those for which an equal digest stands.

    Nothing where there is no memory of the last sync.
    """
    vouched = status.vouched
    if vouched:  # nobody need doubt what that build was made from
        known = (one for one in coverage.stamped if one.identity not in vouched)
        coverage = coverage._replace(stamped=frozenset(known))
    vouched_files = frozenset(subject for kind, subject in vouched if kind == "file") | status.made_by_build
    yield from _unseen_edits(coverage, status, vouched_files)
    if status.new_record is not None:
        yield from _unexpected_build(coverage, status, status.new_record, vouched_files)


def _unseen_edits(coverage: Coverage, status: Status, vouched: frozenset[str]) -> Iterator[str]:
    """Rule (a): a watched file changed, but its time can't have raised uv's maximum (U1, U22, U28)."""
    before = status.state.expected.get("timestamp") if status.state.expected else None
    if before is None:
        return
    for one in sorted(coverage.watched, key=lambda one: one.subject):
        is_same = one.kind != "file" or status.single_files.get(one.subject, one.state) == one.state
        if is_same or one.subject in vouched:
            continue
        time = latest(status.files, [one.subject])
        if time is not None and time <= before:
            yield _UNSEEN.format(one.subject)
    unseen = (path for path in _linked_unseen(coverage, status, before) if path not in vouched)
    yield from map(_UNSEEN.format, unseen)


def _linked_unseen(coverage: Coverage, status: Status, before: int) -> Iterator[str]:
    """Yield the linked files that differ from the last sync, but are no younger than uv's maximum then."""
    for folder, names in coverage.linked.items():
        seen = status.files.folders[folder]
        if not seen.non_regular and status.files.memory.holds(folder, seen):
            continue
        for name in names:
            if status.state_then(folder, name) not in {None, seen.state(name)}:
                time = _time_of_linked(status.files, folder, name)
                if time is not None and time <= before:
                    yield join(folder, name)


def _time_of_linked(files: Files, folder: str, name: str) -> int | None:
    seen = files.folders[folder]
    return latest(files, [join(folder, name)]) if name in seen.non_regular else seen.changed(name)


def _unexpected_build(coverage: Coverage, status: Status, record: Record, vouched: frozenset[str]) -> Iterator[str]:
    """Rule (b): the record is not the one that the last sync led to, so it may come from what no stamp names."""
    state, expected = status.state, status.state.expected
    if expected is None:
        return
    # A name vouches as the stamp does, once uv has built under the same one again. Under another one than the last
    # sync's, uv built from what somebody else had named: after a checkout that is the rule, and no reason to doubt.
    same_name = record.name == expected.get("name")
    inputs, selections = coverage.by_content if same_name else (coverage.stamped, coverage.selections)
    paths = _paths(inputs)
    has_values = any(one.kind == "value" and one.tree for one in inputs)
    if not record.fits(expected, status.last.salt):
        # What is no younger than the newest file that uv saw is still as it was when uv looked.
        written = _Written(state.started, record.timestamp or 0, vouched)
        paths += _folders_of(paths, (*selections, *coverage.walked))
        yield from _first_doubt("uv built without a sync", written.among(paths, has_values, selections, status.files))
        yield from _first_doubt("uv built without a sync", _unknowable(coverage))
    elif not state.due:
        touched = _Written(state.started, 0, vouched).among(paths, has_values, selections, status.files)
        yield from _first_doubt("uv built although nothing had changed", touched)


def _first_doubt(what: str, subjects: Iterable[str]) -> Iterator[str]:
    first = next(iter(subjects), None)
    if first is not None:
        yield f"{what}, and {first} may have had other content then"


class _Written(NamedTuple):
    """When a file must have been written for it to count, in nanoseconds."""

    began: int
    """When the last sync began: older files count no more."""
    seen: int
    """Files that are no younger than this had been seen by uv."""
    vouched: frozenset[str]
    """Files of which a watched build has seen what they hold now."""

    def holds(self, changed: int) -> bool:
        """Tell whether a file that was written at a time counts, as far as the file system's clock can tell."""
        whole_seconds = not changed % 1_000_000_000
        # uv takes longer than a tick from its look to the build; a rename gives file and folder times of their own.
        if changed <= self.seen + (-_WHOLE_SECONDS_NS if whole_seconds else _TICK_NS):
            return False
        return changed >= self.began - (_WHOLE_SECONDS_NS if whole_seconds else _TICK_NS)

    def among(
        self, paths: Iterable[str], has_values: bool, selections: Iterable[Selected], files: Files
    ) -> Iterator[str]:
        """Yield what was written of some paths, of the files from which values were read, and of selections."""
        found = [path for path in paths if self.holds(files.changed_at(path))]
        if has_values:
            found += (path for path, changed in files.read_since_the_last_run() if changed > self.seen)
        for selected in selections:
            found += (path for path, changed in files.changed_in(selected.folders) if self.holds(changed))
        yield from (path for path in found if path not in self.vouched)


def _paths(inputs: Iterable[Input]) -> list[str]:
    return sorted(one.subject for one in inputs if one.kind in {"file", "directory"} and one.state != MISSING)


def _folders_of(paths: Iterable[str], selections: Iterable[Selected]) -> list[str]:
    """Return the folders that tell of what was added, removed or moved there, sorted.

    A file that came and went leaves its trace in its folder, a folder that was moved in its own change
    time. The project's folder itself tells nothing: uv writes there, too.
    """
    chosen = {folder for selected in selections for folder, names in selected.folders.items() if names}
    above = {folder for path in (*paths, *chosen) for folder in _above(path)}
    return sorted(above | set(filter(_tells, chosen)))


def _above(path: str) -> Iterator[str]:
    while _tells(path := posixpath.dirname(path)):
        yield path


def _tells(folder: str) -> bool:
    return bool(folder) and posixpath.basename(folder) != ".."


def _unknowable(coverage: Coverage) -> Iterator[str]:
    """Yield stamped inputs that leave no trace: nobody knows what they were when uv built."""
    stamped = sorted(coverage.stamped, key=lambda one: one.identity)
    return (one.subject for one in stamped if (one.is_secret and not one.tree) or one.kind == "git")
