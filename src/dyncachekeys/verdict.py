"""Whether the stamp must move, and why: the digest, and where equal digests would vouch for too much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dyncachekeys.emit.plan import Plan
    from dyncachekeys.emit.stamp import Folder, Stamps
    from dyncachekeys.files import Files
    from dyncachekeys.memory import State
    from dyncachekeys.uv import Record

Move = Literal["kept", "moved", "returned"]
_TICK_NS = 10_000_000
"""More than a tick of the kernel's coarse clock (4 ms), from which change times are taken."""
_WHOLE_SECONDS_NS = 2_000_000_000
"""For file systems that keep no fractions of a second."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done with the stamp."""

    move: Move
    folder: Folder | None = None
    """The folder to go back to, if that is it."""
    why: tuple[str, ...] = ()
    """Why it moves although the digest is the same."""


def on_stamp(  # noqa: PLR0913  all that the decision rests on
    plan: Plan, state: State, files: Files, stamps: Stamps, record: Record | None, newest: int | None
) -> Verdict:
    """Decide whether the stamp moves.

    Args:
        plan: What was resolved now.
        state: What the last sync left.
        files: The project's files.
        stamps: The stamp folders.
        record: The installed record as it is now.
        newest: uv's maximum over the file entries as it is now, in nanoseconds.
    """
    known = stamps.digest()
    forced = tuple(_reasons(plan, state, files, record, newest)) if known is not None else ()
    if forced:
        return Verdict("moved", why=forced)
    if known == plan.stamp_digest:
        return Verdict("kept")
    named = record.current if record else None
    former = stamps.former(plan.stamp_digest, named) if state.digest is not None else None
    return Verdict("returned", former) if former else Verdict("moved")


def _reasons(plan: Plan, state: State, files: Files, record: Record | None, newest: int | None) -> Iterator[str]:
    if state.digest is None:
        yield "the memory of the last sync is gone"
        return
    yield from _unseen_edits(plan, state, newest)
    if _built_on_its_own(state, record):
        since = state.started
        for one in sorted(plan.stamped, key=lambda one: one.subject):
            if one.kind == "file" and _written_since(files.changed_at(one.subject), since):
                yield f"uv built without a sync, and {one.subject} was written since the last one"


def _unseen_edits(plan: Plan, state: State, newest: int | None) -> Iterator[str]:
    """Rule (a): a watched file changed, but the maximum to which uv compares did not rise (U1, U22, U28)."""
    before = state.expected.get("timestamp") if state.expected else None
    if before is None or (newest is not None and newest > before):
        return
    old = {(kind, subject): known for rows in state.keys.values() for kind, subject, known, _ in rows}
    for one in sorted(plan.watched, key=lambda one: one.subject):
        if one.kind == "file" and old.get(one.identity, one.state) != one.state:
            yield f"{one.subject} changed, but its time is not the newest, so uv would not see it"


def _built_on_its_own(state: State, record: Record | None) -> bool:
    """Rule (b): the installed record is not the one that the last sync led to."""
    if record is None or state.expected is None:
        return False
    seen = state.record
    if seen is not None and tuple(seen["identity"]) == record.identity:
        return False  # nothing was built since
    facts = record.facts(bytes.fromhex(state.salt))
    nothing_to_build = seen is not None and seen["facts"] == state.expected
    return facts != state.expected or nothing_to_build


def _written_since(changed: int, instant: int) -> bool:
    slack = _TICK_NS if changed % 1_000_000_000 else _WHOLE_SECONDS_NS
    return changed >= instant - slack
