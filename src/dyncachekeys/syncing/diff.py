"""What changed between two resolutions, down to the input and its cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from dyncachekeys.encoding import sealed
from dyncachekeys.files.tree import LINK, MISSING
from dyncachekeys.model import SECRET_KINDS, Input
from dyncachekeys.paths import join
from dyncachekeys.quick.change import Change
from dyncachekeys.quick.digest import digest_of, file_state
from dyncachekeys.quick.snapshot import EXECUTABLE, HASH, Snapshot
from dyncachekeys.resolving.inputs import Inputs
from dyncachekeys.syncing.state import Row

if TYPE_CHECKING:
    from dyncachekeys.quick.change import Cause, ChangeKind


def rows_of(inputs: Inputs, salt: bytes) -> tuple[Row, ...]:
    """Return inputs as they are remembered one by one: what could tell a secret is sealed.

    The plain files of a selection are remembered in columns.
    """
    separate = (*inputs.single, *inputs.of_selection(only_non_regular=True))
    return tuple((one.kind, one.subject, remembered(one, salt), one.reason) for one in separate)


def remembered(one: Input, salt: bytes) -> str:
    """Return the state of an input as it is remembered: sealed, where it could tell a secret."""
    return sealed(salt, digest_of([(one.kind, one.subject, one.state)])) if one.is_secret else one.state


def of_selections(old: Snapshot, new: Snapshot, key: str) -> tuple[list[Row], list[Row]]:
    """Return the plain files that a key's selection chose then and now, without the folders that are the same."""
    then, now = _by_folder(old, key), _by_folder(new, key)
    return _rows_besides(then, now), _rows_besides(now, then)


_Seen = tuple[str, bytes, bytes, bytes, tuple[str, ...]]
"""The names, contents and roles of a folder's files, the numbers of their patterns, and the patterns."""


def _by_folder(these: Snapshot, key: str) -> dict[str, _Seen]:
    unit = next((unit for unit in these.units if unit.key == key), None)
    if unit is None:
        return {}
    found: dict[str, _Seen] = {}
    for place, (first, end) in enumerate(pairwise(these.firsts())):
        numbers = unit.chosen[4 * first : 4 * end]
        if any(numbers):
            roles = bytes(role & EXECUTABLE for role in these.roles[first:end])
            contents = bytes(these.contents[first * HASH : end * HASH])
            found[these.folders[place]] = (these.names[place], contents, roles, numbers, unit.patterns)
    return found


def _rows_besides(here: Mapping[str, _Seen], there: Mapping[str, _Seen]) -> list[Row]:
    return [row for folder, seen in here.items() if there.get(folder) != seen for row in _rows_in(folder, seen)]


def _rows_in(folder: str, seen: _Seen) -> Iterator[Row]:
    names, contents, roles, numbers, patterns = seen
    for row, (name, number) in enumerate(zip(names.split("\0"), memoryview(numbers).cast("I"), strict=True)):
        if number:
            state = file_state(contents[row * HASH : (row + 1) * HASH].hex(), executable=bool(roles[row]))
            yield ("file", join(folder, name), state, f"matches {patterns[number - 1]}")


def between(old: Iterable[Row], new: Iterable[Row]) -> Iterator[Change]:
    """Yield the changes of one key, sorted by input.

    Inputs of one name may be several: what two steps of a build took from one file, or from the names in one folder.
    """
    before, after = by_identity(old), by_identity(new)
    for identity in sorted(before.keys() | after.keys()):
        then, now = before.get(identity, {}), after.get(identity, {})
        change = _change(_besides(then, now), _besides(now, then)) if then.keys() != now.keys() else None
        if change is not None:
            yield change


def by_identity(rows: Iterable[Row]) -> dict[tuple[str, str], dict[str, Row]]:
    """Return the rows of each kind and subject, by their states."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        found.setdefault((row[0], row[1]), {})[row[2]] = row
    return found


def _besides(here: Mapping[str, Row], there: Mapping[str, Row]) -> Row | None:
    """Return the row that is not there, if there is one; else any."""
    return next((row for state, row in here.items() if state not in there), next(iter(here.values()), None))


def _change(old: Row | None, new: Row | None) -> Change | None:
    if old is not None and new is not None:
        return _made("changed", new, _cause(new[0], old[2], new[2]))
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
