"""What changed between two resolutions, down to the input and its cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dyncachekeys.digest import sealed
from dyncachekeys.files import LINK, MISSING
from dyncachekeys.model import SECRET_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dyncachekeys.memory import Row
    from dyncachekeys.model import Input, Kind

ChangeKind = Literal["added", "removed", "changed"]
Cause = Literal[
    "new-input",
    "gone",
    "no-longer-selected",
    "created",
    "deleted",
    "content",
    "executable-bit",
    "link",
    "type",
    "value",
]


@dataclass(frozen=True, slots=True)
class Change:
    """One input that differs from the last sync."""

    kind: ChangeKind
    input: Kind
    subject: str
    cause: Cause
    reason: str


def rows_of(inputs: Iterable[Input], salt: bytes) -> tuple[Row, ...]:
    """Return inputs as they are remembered: what could tell a secret is sealed."""
    return tuple((one.kind, one.subject, _remembered(one, salt), one.reason) for one in inputs)


def _remembered(one: Input, salt: bytes) -> str:
    return sealed(salt, [(one.kind, one.subject, one.state)]) if one.is_secret else one.state


def between(old: Iterable[Row], new: Iterable[Row]) -> Iterator[Change]:
    """Yield the changes of one key, sorted by input."""
    before, after = _by_identity(old), _by_identity(new)
    for identity in sorted(before.keys() | after.keys()):
        change = _change(before.get(identity), after.get(identity))
        if change is not None:
            yield change


def _by_identity(rows: Iterable[Row]) -> Mapping[tuple[str, str], Row]:
    return {(row[0], row[1]): row for row in rows}


def _change(old: Row | None, new: Row | None) -> Change | None:
    if old is not None and new is not None:
        return None if old[2] == new[2] else _made("changed", new, _cause(new[0], old[2], new[2]))
    if new is not None:
        return _made("added", new, "new-input")
    if old is not None:
        return _made("removed", old, "no-longer-selected" if old[2] == MISSING else "gone")
    return None


def _made(kind: ChangeKind, row: Row, cause: Cause) -> Change:
    input_kind, subject, _, reason = row
    return Change(kind, input_kind, subject, cause, reason)  # type: ignore[arg-type]


def _cause(kind: str, old: str, new: str) -> Cause:
    if kind in SECRET_KINDS:
        return "value"
    if MISSING in {old, new}:
        return "created" if old == MISSING else "deleted"
    (old_what, _, old_link), (new_what, _, new_link) = old.partition(LINK), new.partition(LINK)
    if old_link != new_link:
        return "link"
    old_parts, new_parts = old_what.split(" "), new_what.split(" ")
    if len(old_parts) != len(new_parts):
        return "type"
    return "content" if old_parts[-1] != new_parts[-1] else "executable-bit"
