"""What a sync leaves for the next one: what each key resolved to, and what uv was expected to record.

The state only ever saves work. One that is damaged, of another format, tracked by git, owned by somebody
else or reached through a link is ignored, which costs at most one rebuild.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dyncachekeys.files import state_file

Known = dict[str, tuple[str, tuple[int, int]]]
"""By path: what was seen of a product, and the installed record's identity at that time. A pattern that
chose nothing stands for itself."""
Row = tuple[str, str, str, str]
"""kind, subject, state (sealed where it could tell a secret), reason"""


_Reader = Callable[[Any], Any]


def _all(read: _Reader) -> _Reader:
    """Return what reads a list by reading its elements."""
    return lambda values: tuple(map(read, values))


def _each(read: _Reader) -> _Reader:
    """Return what reads a table by reading its values."""
    return lambda rows: {str(name): read(value) for name, value in rows.items()}


def _salt(value: str) -> str:
    bytes.fromhex(value)
    return value


def _row(row: Sequence[Any]) -> Row:
    kind, subject, state, reason = map(str, row)
    return (kind, subject, state, reason)


def _identity(numbers: Any) -> tuple[int, int]:
    inode, time = numbers
    return (int(inode), int(time))


def _product(seen: Any) -> tuple[str, tuple[int, int]]:
    status, numbers = seen
    return (str(status), _identity(numbers))


@dataclass(frozen=True)
class State:
    """What a sync leaves for the next one, in ``.dyncachekeys/state.json``.

    This is the one table of it: reading, writing and comparing go through its fields. Where JSON does not
    give back what was written, ``read`` makes it again.
    """

    started: int = field(default=0, metadata={"read": int})
    """When the run began, in nanoseconds since the epoch by the file system's clock (`quick.clock`)."""
    salt: str = field(default_factory=lambda: os.urandom(32).hex(), metadata={"read": _salt})
    """Seals what could tell a secret; of this checkout only."""
    digest: str | None = None
    """Over all inputs; nothing before the first sync."""
    keys: Mapping[str, tuple[Row, ...]] = field(default_factory=dict, metadata={"read": _each(_all(_row))})
    entries: tuple[Mapping[str, Any], ...] = field(default=(), metadata={"read": _all(dict)})
    """The region as it was last written: what is ours in a region that lost its markers."""
    record: Mapping[str, Any] | None = None
    """The installed record as it was seen: its file's inode and time, and the stamp folder that it names."""
    seen: tuple[tuple[int, int], ...] = field(default=(), metadata={"read": _all(_identity)})
    """The identities of the last records that were seen, the newest first: a project may be in several environments."""
    expected: Mapping[str, Any] | None = None
    """What uv's next record must hold if it builds from what this sync saw."""
    products: Mapping[str, Known] = field(default_factory=dict, metadata={"read": _each(_each(_product))})
    """Of products that must be there, by pattern (`outputs`)."""
    links: Sequence[Any] | None = None
    """Of the link folder: what it stands for, and by which stat it is recognised (`watch.links`)."""
    written: tuple[str, ...] = field(default=(), metadata={"read": _all(str)})
    """What builds were seen to write, though its content stayed: no links lead there."""
    writes: Mapping[str, int] = field(default_factory=dict, metadata={"read": _each(int)})
    """By file: in how many builds in a row it was written (`loops`)."""
    moves: Mapping[str, int] = field(default_factory=dict, metadata={"read": _each(int)})
    """By variable or value: in how many syncs in a row it moved the stamp (`loops`)."""
    tables: Mapping[str, str] = field(default_factory=dict, metadata={"read": _each(str)})
    """Of ``pyproject.toml``: the sealed digest of each table (`pyproject.tables`)."""
    uv: tuple[str, ...] = field(default=(), metadata={"read": _all(str)})
    """The uv that was found (`uv.program`)."""
    basis: tuple[str, ...] = field(default=(), metadata={"read": _all(str)})
    """The records of builds by which it was known what the build depends on."""
    others: str = ""
    """The digest over what moves the stamp, less what builds were seen to depend on; empty if there is no such thing."""
    late: tuple[str, ...] = field(default=(), metadata={"read": _all(str)})
    """Files to which no link leads yet: they are newer than all that uv saw, so a link would cost a build (U29)."""
    former: tuple[str, ...] = field(default=(), metadata={"read": _all(str)})
    """Files that are no inputs any more, but the newest that uv saw: to take the link away would cost a build (U29)."""
    asked: bool = field(default=False, metadata={"read": bool})
    """Whether a build was asked for only to be watched, and none was since."""
    fits: bool = field(default=False, metadata={"read": bool})
    """Whether the record that was seen is the one that was expected."""
    due: bool = field(default=True, metadata={"read": bool})
    """Whether uv had something to build when the sync had ended."""

    def differs_from(self, other: State) -> bool:
        """Tell whether anything differs but the time, which changes when nothing did."""
        return dataclasses.replace(self, started=other.started) != other


_READERS: Mapping[str, _Reader] = {
    one.name: one.metadata.get("read", lambda value: value) for one in dataclasses.fields(State)
}


def load(path: Path) -> State:
    """Read a state; an empty one where there is none that can be trusted."""
    try:
        data = state_file.read(path)
        return State(**{name: read(data[name]) for name, read in _READERS.items()})
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return State()


def dump(state: State) -> bytes:
    """Return a state as it is written."""
    return state_file.dump({name: getattr(state, name) for name in _READERS})
