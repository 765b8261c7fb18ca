"""A record of a build, in the manner of a depfile: it stands as long as nothing that it names has changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dyncachekeys.files import state_file, stored
from dyncachekeys.trace.model import Trace

STEPS = ("requires", "metadata", "build")
"""What uv asks of a backend, in its order. It keeps metadata, so that these may come from different commands of uv."""
VERSION = "1"
"""Of what is found and how: records of another version are not read."""


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """One step of a build of uv's, and by what is known whether it stands. Names only: states are sealed."""

    id: str = ""
    """The time and process of its beginning; a later record has a greater one."""
    version: str = VERSION
    step: str = ""
    kind: str = ""
    """``editable`` or ``wheel``."""
    started: int = 0
    """In nanoseconds of the file system's clock, as is the next one."""
    ended: int = 0
    python: str = ""
    """The version of the interpreter that ran it."""
    trace: Trace = field(default_factory=Trace)
    rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Which names count in the folders that were listed (`likeness`)."""
    salt: str = ""
    """Seals the states; of this record only."""
    seals: Mapping[str, str] = field(default_factory=dict)
    """Over the state of each input, by its kind and subject, variables apart."""
    vouched: bool = False
    """Whether what it read is known to be what was there at its end."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The sealed values that it saw, by name."""
    products: Mapping[str, str] = field(default_factory=dict)
    """The sealed state of each file that it both writes and reads."""
    outputs: tuple[str, ...] = ()
    """The files that it wrote into the tree, and that were there at its end."""
    suspects: Mapping[str, int] = field(default_factory=dict)
    """What changed while it ran, and in how many builds in a row (`concurrent`)."""


def load(path: Path) -> BuildRecord | None:
    """Read a record; nothing where there is none that can be trusted."""
    try:
        record: BuildRecord = _like(BuildRecord(), state_file.read(path))
        bytes.fromhex(record.salt)
        rules = {folder: tuple(some) for folder, some in record.rules.items()}
        suspects = {name: int(times) for name, times in record.suspects.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
    return replace(record, rules=rules, suspects=suspects) if record.version == VERSION else None


def dump(record: BuildRecord) -> bytes:
    """Return a record as it is written."""
    return state_file.dump(dataclasses.asdict(record))


def _like(example: Any, data: Any) -> Any:
    """Return what JSON says, as a value of the same kind as another one."""
    match example:
        case BuildRecord() | Trace():
            names = [each.name for each in dataclasses.fields(example)]
            return type(example)(**{name: _like(getattr(example, name), data[name]) for name in names})
        case str():
            return stored.text(data)
        case bool():
            return bool(data)
        case int():
            return int(data)
        case tuple():
            return tuple(map(stored.text, data))
    return {stored.text(name): _value(value) for name, value in data.items()}


def _value(data: Any) -> Any:
    if isinstance(data, list):
        return [stored.text(one) for one in data]
    return data if isinstance(data, int) else stored.text(data)
