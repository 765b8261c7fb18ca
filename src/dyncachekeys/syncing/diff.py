"""What changed between two resolutions, down to the input and its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyncachekeys.encoding import sealed
from dyncachekeys.files.tree import LINK, MISSING
from dyncachekeys.model import SECRET_KINDS
from dyncachekeys.paths import join
from dyncachekeys.quick.change import Change
from dyncachekeys.quick.digest import digest_of, file_state
from dyncachekeys.quick.snapshot import EXECUTABLE, HASH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dyncachekeys.model import Input
    from dyncachekeys.quick.change import Cause, ChangeKind
    from dyncachekeys.quick.snapshot import Snapshot
    from dyncachekeys.resolving.inputs import Inputs
    from dyncachekeys.syncing.state import Row


def rows_of(inputs: Inputs, salt: bytes) -> tuple[Row, ...]:
    """Return inputs as they are remembered one by one: what could tell a secret is sealed.

    The plain files of a selection are remembered in columns.
    """
    some = (*inputs.single, *inputs.of_selection(only_non_regular=True))
    return tuple((one.kind, one.subject, remembered(one, salt), one.reason) for one in some)


def remembered(one: Input, salt: bytes) -> str:
    """Return the state of an input as it is remembered: sealed, where it could tell a secret."""
    return sealed(salt, digest_of([(one.kind, one.subject, one.state)])) if one.is_secret else one.state


def of_selections(old: Snapshot, new: Snapshot, key: str) -> tuple[list[Row], list[Row]]:
    """Return the plain files that a key's selection chose then and now, as far as they may differ.

    Args:
        old: What the last run looked at.
        new: What this one did.
        key: The key's name.
    """
    return _rows_besides(old, new, key), _rows_besides(new, old, key)


def _rows_besides(these: Snapshot, others: Snapshot, key: str) -> list[Row]:
    """Return the rows of folders that are not the same in the others."""
    rows: list[Row] = []
    here, there = _by_folder(these, key), _by_folder(others, key)
    for folder, seen in here.items():
        if there.get(folder) != seen:
            rows += _rows_in(folder, seen)
    return rows


_Seen = tuple[str, bytes, bytes, bytes, tuple[str, ...]]
"""The names, contents and roles of a folder's files, the numbers of their patterns, and the patterns."""


def _by_folder(these: Snapshot, key: str) -> dict[str, _Seen]:
    unit = next((unit for unit in these.units if unit.key == key), None)
    found: dict[str, _Seen] = {}
    first = 0
    for place, folder in enumerate(these.folders if unit is not None else ()):
        count = len(these.names_in(place))
        end = first + count
        numbers = unit.chosen[2 * first : 2 * end] if unit is not None else b""
        if any(numbers) and unit is not None:
            roles = bytes(role & EXECUTABLE for role in these.roles[first:end])
            contents = bytes(these.contents[first * HASH : end * HASH])
            found[folder] = (these.names[place], contents, roles, numbers, unit.patterns)
        first = end
    return found


def _rows_in(folder: str, seen: _Seen) -> Iterator[Row]:
    names, contents, roles, numbers, patterns = seen
    for row, (name, number) in enumerate(zip(names.split("\0"), memoryview(numbers).cast("H"), strict=True)):
        if number:
            state = file_state(contents[row * HASH : (row + 1) * HASH].hex(), executable=bool(roles[row]))
            yield ("file", join(folder, name), state, f"matches {patterns[number - 1]}")


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
    if kind in SECRET_KINDS or kind == "git":
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
