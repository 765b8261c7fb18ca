"""Whether the stamp must move, and why: the digest, and where equal digests would vouch for too much."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dyncachekeys.files import MISSING
from dyncachekeys.uv import newest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dyncachekeys.emit.plan import Plan
    from dyncachekeys.emit.stamp import Folder, Stamps
    from dyncachekeys.files import Files
    from dyncachekeys.memory import State
    from dyncachekeys.model import Input
    from dyncachekeys.products import Judgement
    from dyncachekeys.selection import Selected
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
    """Why it moves although the digest is the same; where there is no stamp, why it would."""
    products: Judgement | None = None
    """What is to be remembered of products, and said of them."""


def on_stamp(  # noqa: PLR0913
    plan: Plan, products: Judgement, state: State, files: Files, stamps: Stamps, record: Record | None
) -> Verdict:
    """Decide whether the stamp moves.

    Args:
        plan: What was resolved now.
        products: What is to be done about products.
        state: What the last sync left.
        files: The project's files.
        stamps: The stamp folders.
        record: The installed record as it is now.
    """
    if not plan.has_stamp:
        # Nothing can be done about a doubt but to tell the user.
        doubts = tuple(_reasons(plan, state, files, record)) if state.digest is not None else ()
        return Verdict("kept", why=doubts, products=products)
    known = stamps.digest()
    absent = known is None and plan.needs_no_stamp
    forced: tuple[str, ...] = ()
    if known is not None or (absent and state.digest is not None):
        forced = tuple(_reasons(plan, state, files, record))
    if known is not None or absent:
        forced += products.why
    if forced:
        return Verdict("moved", why=forced, products=products)
    if absent or known == plan.stamp_digest:
        return Verdict("kept", products=products)
    named = record.current if record else None
    former = stamps.former(plan.stamp_digest, named) if state.digest is not None and not products.why else None
    return Verdict("returned", former, products=products) if former else Verdict("moved", products=products)


def _reasons(plan: Plan, state: State, files: Files, record: Record | None) -> Iterator[str]:
    if state.digest is None:
        yield "the memory of the last sync is gone"
        return
    yield from _unseen_edits(plan, state, files)
    if record is None or state.expected is None or not _is_another(record, state.record):
        return
    since = state.started
    vouched = _vouched_for(plan, state, record)
    if not record.fits(state.expected, bytes.fromhex(state.salt)):
        yield from _doubts("uv built without a sync", _touched(*vouched, files, since, with_folders=True))
        yield from _doubts("uv built without a sync", _unknowable(plan))
    elif not state.due:
        yield from _doubts(
            "uv built although nothing had changed", _touched(*vouched, files, since, with_folders=False)
        )


def _unseen_edits(plan: Plan, state: State, files: Files) -> Iterator[str]:
    """Rule (a): a watched file changed, but its time can't have raised uv's maximum (U1, U22, U28)."""
    before = state.expected.get("timestamp") if state.expected else None
    if before is None:
        return
    old = {(kind, subject): known for rows in state.keys.values() for kind, subject, known, _ in rows}
    for one in sorted(plan.watched, key=lambda one: one.subject):
        if one.kind != "file" or old.get(one.identity, one.state) == one.state:
            continue
        time = newest(files, [one.subject])
        if time is not None and time <= before:
            yield f"{one.subject} changed, but older files than the newest are nothing to uv"


def _is_another(record: Record, seen: Mapping[str, Any] | None) -> bool:
    """Tell whether the installed record was written since the last sync."""
    return seen is None or tuple(seen["identity"]) != record.identity


def _doubts(what: str, subjects: Iterable[str]) -> Iterator[str]:
    """Rule (b): the record is not the one that the last sync led to, so it may come from what no stamp names."""
    first = next(iter(subjects), None)
    if first is not None:
        yield f"{what}, and {first} may have been another then"


def _vouched_for(plan: Plan, state: State, record: Record) -> tuple[Iterable[Input], Sequence[Selected]]:
    """Return the inputs and selections for which the stamp vouches.

    So does a name, once uv has built under the same one again. Under another one than the last sync's uv
    built from what somebody else had named: after a checkout that is the rule, and no reason to doubt.
    """
    if plan.naming is None or state.expected is None or record.name != state.expected.get("name"):
        return plan.stamped, plan.selections
    return plan.stamped | plan.naming.inputs, (*plan.selections, *plan.naming.selections)


def _touched(
    inputs: Iterable[Input], selections: Sequence[Selected], files: Files, since: int, *, with_folders: bool
) -> Iterator[str]:
    """Yield stamped files written since an instant; with folders, also what was added, removed or moved there.

    A file that came and went leaves its trace in its folder, a folder that was moved in its own change
    time. The project's folder itself tells nothing: uv writes there, too.
    """
    paths = sorted(one.subject for one in inputs if one.kind in {"file", "directory"} and one.state != MISSING)
    of_selections = [folder for selected in selections for folder, some in selected.folders.items() if some]
    inside = {folder for path in paths for folder in _above(path)}
    inside |= {folder for path in of_selections for folder in (path, *_above(path)) if _tells(folder)}
    for path in (*paths, *(sorted(inside) if with_folders else [])):
        if _written_since(files.changed_at(path), since):
            yield path
    for selected in selections:
        for path, changed in files.changed_in(selected.folders):
            if _written_since(changed, since):
                yield path


def _above(path: str) -> Iterator[str]:
    while _tells(path := posixpath.dirname(path)):
        yield path


def _tells(folder: str) -> bool:
    return bool(folder) and posixpath.basename(folder) != ".."


def _unknowable(plan: Plan) -> Iterator[str]:
    """Yield stamped inputs that leave no trace: nobody knows what they were when uv built."""
    some = sorted(plan.stamped, key=lambda one: one.identity)
    return (one.subject for one in some if one.is_secret or one.kind == "git")


def _written_since(changed: int, instant: int) -> bool:
    slack = _TICK_NS if changed % 1_000_000_000 else _WHOLE_SECONDS_NS
    return changed >= instant - slack
