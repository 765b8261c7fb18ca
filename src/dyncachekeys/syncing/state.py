"""What a sync leaves for the next one: what each key resolved to, and what uv was expected to record.

The state only ever saves work. One that is damaged, of another format, tracked by git, owned by somebody
else or reached through a link is ignored, which costs at most one rebuild.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dyncachekeys.files import state_file
from dyncachekeys.files.stored import (
    Reader,
    all_of,
    any_text,
    each_of,
    flag,
    hexadecimal,
    number,
    optional,
    row_of,
    table_of,
    text,
)
from dyncachekeys.uv.program import Program

Known = dict[str, tuple[str, tuple[int, int]]]
"""By path: what was seen of a product, and the installed record's identity at that time. A pattern that
chose nothing stands for itself."""
Row = tuple[str, str, str, str]
"""kind, subject, state (sealed where it could tell a secret), reason"""


_TEXTS, _IDENTITY = all_of(text), row_of(number, number)
_VERSION = re.compile(r"(\d{1,9}(\.\d{1,9})*)?")


def _entry(value: Any) -> dict[str, Any]:
    """Read an entry of ``cache-keys`` that is ours: one name, with a text or with what git is asked for."""
    ((kind, what),) = each_of(lambda one: one)(value).items()
    return {kind: each_of(flag)(what) if kind == "git" else any_text(what)}


def _uv(value: Any) -> tuple[str, ...]:
    found: tuple[str, ...] = _TEXTS(value)
    if found and not (len(found) == len(Program._fields) and _VERSION.fullmatch(found[-1])):
        raise ValueError
    return found


@dataclass(frozen=True)
class State:
    """What a sync leaves for the next one, in ``.dyncachekeys/state.json``.

    This is the one table of it: reading, writing and comparing go through its fields. Where JSON does not
    give back what was written, ``read`` makes it again.
    """

    started: int = field(default=0, metadata={"read": number})
    """When the run began, in nanoseconds since the epoch by the file system's clock (`quick.clock`)."""
    salt: str = field(default_factory=lambda: os.urandom(32).hex(), metadata={"read": hexadecimal})
    """Seals what could tell a secret; of this checkout only."""
    digest: str | None = field(default=None, metadata={"read": optional(text)})
    """Over all inputs; nothing before the first sync."""
    keys: Mapping[str, tuple[Row, ...]] = field(
        default_factory=dict, metadata={"read": each_of(all_of(row_of(*[any_text] * 4)))}
    )
    entries: tuple[Mapping[str, Any], ...] = field(default=(), metadata={"read": all_of(_entry)})
    """The region as it was last written: what is ours in a region that lost its markers."""
    record: Mapping[str, Any] | None = field(
        default=None,
        metadata={"read": optional(table_of(identity=lambda value: list(_IDENTITY(value)), current=optional(number)))},
    )
    """The installed record as it was seen: its file's inode and time, and the stamp folder that it names."""
    seen: tuple[tuple[int, int], ...] = field(default=(), metadata={"read": all_of(_IDENTITY)})
    """The identities of the last records that were seen, the newest first: a project may be in several environments."""
    expected: Mapping[str, Any] | None = field(
        default=None,
        metadata={
            "read": optional(table_of(timestamp=optional(number), git=optional(text), env=text, name=optional(text)))
        },
    )
    """What uv's next record must hold if it builds from what this sync saw."""
    products: Mapping[str, Known] = field(
        default_factory=dict, metadata={"read": each_of(each_of(row_of(text, _IDENTITY), text), text)}
    )
    """Of products that must be there, by pattern (`outputs`)."""
    links: Sequence[Any] | None = field(
        default=None, metadata={"read": optional(lambda value: list(row_of(text, number, number, number)(value)))}
    )
    """Of the link folder: what it stands for, and by which stat it is recognised (`watch.links`)."""
    written: tuple[str, ...] = field(default=(), metadata={"read": _TEXTS})
    """What builds were seen to write, though its content stayed: no links lead there."""
    writes: Mapping[str, int] = field(default_factory=dict, metadata={"read": each_of(number, text)})
    """By file: in how many builds in a row it was written (`loops`)."""
    moves: Mapping[str, int] = field(default_factory=dict, metadata={"read": each_of(number)})
    """By variable or value: in how many syncs in a row it moved the stamp (`loops`)."""
    tables: Mapping[str, str] = field(default_factory=dict, metadata={"read": each_of(text)})
    """Of ``pyproject.toml``: the sealed digest of each table (`pyproject.tables`)."""
    uv: tuple[str, ...] = field(default=(), metadata={"read": _uv})
    """The uv that was found (`uv.program`)."""
    basis: tuple[str, ...] = field(default=(), metadata={"read": _TEXTS})
    """The records of builds by which it was known what the build depends on."""
    stamped: str = field(default="", metadata={"read": text})
    """The digest over what moves the stamp. The two below are of the same look, and say nothing of a later one."""
    others: str = field(default="", metadata={"read": text})
    """The digest over what moves the stamp, less what builds were seen to depend on; empty if there is no such thing."""
    rest: str = field(default="", metadata={"read": text})
    """The digest over what moves the stamp, less which regular files are linked (`Coverage.rest_digest`)."""
    strays: Mapping[str, tuple[str, ...]] = field(default_factory=dict, metadata={"read": each_of(_TEXTS)})
    """What keeps links to whole folders from being made (`FolderLinks.strays`)."""
    aside: Mapping[str, str] = field(default_factory=dict, metadata={"read": each_of(text)})
    """The folders of the links whose patterns only stand in for builds, by the link's name (`folders.aside`)."""
    late: tuple[str, ...] = field(default=(), metadata={"read": _TEXTS})
    """Files to which no link leads yet: they are newer than all that uv saw, so a link would cost a build (U29)."""
    former: tuple[str, ...] = field(default=(), metadata={"read": _TEXTS})
    """Files that are no inputs any more, but the newest that uv saw: to take the link away would cost a build (U29)."""
    guarded: tuple[str, ...] = field(default=(), metadata={"read": _TEXTS})
    """The environments into which the import guard was put, the latest first."""
    asked: bool = field(default=False, metadata={"read": flag})
    """Whether a build was asked for only to be watched, and none was since."""
    fits: bool = field(default=False, metadata={"read": flag})
    """Whether the record that was seen is the one that was expected."""
    due: bool = field(default=True, metadata={"read": flag})
    """Whether uv had something to build when the sync had ended."""

    def differs_from(self, other: State) -> bool:
        """Tell whether anything differs but the time, which changes when nothing did."""
        return dataclasses.replace(self, started=other.started) != other


_READERS: Mapping[str, Reader] = {one.name: one.metadata["read"] for one in dataclasses.fields(State)}


def load(path: Path) -> State:
    """Read a state; an empty one where there is none that can be trusted."""
    try:
        data = state_file.read(path)
        return State(**{name: read(data[name]) for name, read in _READERS.items()})
    except (OSError, ValueError, LookupError):
        return State()


def dump(state: State) -> bytes:
    """Return a state as it is written."""
    return state_file.dump({name: getattr(state, name) for name in _READERS})
