"""What a sync leaves for the next one: what each key resolved to, and what uv was expected to record.

A memory is only ever a help. Whatever is damaged, of another format, tracked by git, owned by somebody
else or reached through a link is no memory, and costs at most one rebuild.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dyncachekeys.files import state_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


Known = dict[str, tuple[str, tuple[int, int]]]
"""By path: what was seen of a product, and the installed record's identity at that time. A pattern that
chose nothing stands for itself."""
Row = tuple[str, str, str, str]
"""kind, subject, state (sealed where it could tell a secret), reason"""


@dataclass(frozen=True, slots=True)
class State:
    """What a sync leaves for the next one, in ``.dyncachekeys/state.json``."""

    started: int = 0
    """When the run began, in nanoseconds since the epoch."""
    salt: str = field(default_factory=lambda: secrets.token_hex(32))
    """Seals what could tell a secret; of this checkout only."""
    digest: str | None = None
    """Over all inputs; nothing before the first sync."""
    keys: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    entries: tuple[Mapping[str, Any], ...] = ()
    """The last plan: what is ours in a region that lost its markers."""
    record: Mapping[str, Any] | None = None
    """The installed record as it was seen: its file's inode and time, and the stamp folder that it names."""
    expected: Mapping[str, Any] | None = None
    """What uv's next record must hold if it builds from what this sync saw."""
    products: Mapping[str, Known] = field(default_factory=dict)
    """Of products that must be there, by pattern (`products`)."""
    links: Sequence[Any] | None = None
    """Of the link folder: what it stands for, and by which stat it is recognised (`emit.links`)."""
    written: tuple[str, ...] = ()
    """What builds were seen to write, though its content stayed: no links lead there."""
    writes: Mapping[str, int] = field(default_factory=dict)
    """By file: in how many builds running it was written (`loops`)."""
    moves: Mapping[str, int] = field(default_factory=dict)
    """By variable or value: in how many syncs running it moved the stamp (`loops`)."""
    tables: Mapping[str, str] = field(default_factory=dict)
    """Of ``pyproject.toml``: the sealed digest of each table (`pyproject_tables`)."""
    uv: tuple[str, ...] = ()
    """The uv that was found (`uv.Program`)."""
    fits: bool = False
    """Whether the record that was seen is the one that was expected."""
    due: bool = True
    """Whether uv had something to build when the sync had ended."""

    @property
    def comparable(self) -> tuple[object, ...]:
        """All but the time, which changes when nothing did."""
        return (
            self.salt,
            self.digest,
            self.keys,
            self.entries,
            self.record,
            self.expected,
            self.products,
            self.links,
            self.written,
            self.writes,
            self.moves,
            self.tables,
            self.uv,
            self.fits,
            self.due,
        )


def load(path: Path) -> State:
    """Read a state; an empty one where there is none that can be trusted."""
    try:
        return _from_json(state_file.read(path))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, LookupError):
        return State()


def dump(state: State) -> bytes:
    """Return a state as it is written."""
    return state_file.dump({name: getattr(state, name) for name in State.__dataclass_fields__})


def _from_json(data: Mapping[str, Any]) -> State:
    bytes.fromhex(data["salt"])
    return State(
        started=int(data["started"]),
        salt=data["salt"],
        digest=data["digest"],
        keys={name: tuple(_row(row) for row in rows) for name, rows in data["keys"].items()},
        entries=tuple(dict(entry) for entry in data["entries"]),
        record=data["record"],
        expected=data["expected"],
        products={pattern: _known(rows) for pattern, rows in data["products"].items()},
        links=data["links"],
        written=tuple(map(str, data["written"])),
        writes=_counts(data["writes"]),
        moves=_counts(data["moves"]),
        tables={str(name): str(seal) for name, seal in data["tables"].items()},
        uv=tuple(map(str, data["uv"])),
        fits=bool(data["fits"]),
        due=bool(data["due"]),
    )


def _counts(rows: Mapping[str, Any]) -> dict[str, int]:
    return {str(name): int(count) for name, count in rows.items()}


def _known(rows: Mapping[str, Any]) -> Known:
    return {str(path): (str(status), (int(inode), int(time))) for path, (status, (inode, time)) in rows.items()}


def _row(row: list[Any]) -> Row:
    kind, subject, state, reason = map(str, row)
    return (kind, subject, state, reason)
