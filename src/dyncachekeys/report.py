"""What a command has to say about one project: values, from which text and JSON are rendered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dyncachekeys import changes
from dyncachekeys.digest import digest_of, sealed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dyncachekeys.changes import Change
    from dyncachekeys.emit.plan import Plan
    from dyncachekeys.memory import Row, State
    from dyncachekeys.model import Kind, Notice, Transport, Watch
    from dyncachekeys.resolution import Resolution, ResolvedKey
    from dyncachekeys.verdict import Move


@dataclass(frozen=True, slots=True)
class InputReport:
    """One input, as `show` lists it; never its state."""

    input: Kind
    subject: str
    reason: str
    watched_by: Literal["entry", "stamp"]


@dataclass(frozen=True, slots=True)
class KeyReport:
    """One key."""

    name: str
    resolver: str
    watch: Watch
    digest: str
    """Sealed where it could tell the value of a variable."""
    inputs: tuple[InputReport, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ProjectReport:
    """One project."""

    name: str
    root: str
    transport: Transport
    digest: str
    previous: str | None
    stamp: str | None
    """The id of the stamp folder that uv watches; nothing where there is none (yet)."""
    move: Move
    why: tuple[str, ...]
    """Why the stamp moved although its digest is the same."""
    written: tuple[str, ...]
    entries: tuple[Mapping[str, Any], ...]
    keys: tuple[KeyReport, ...]
    warnings: tuple[Notice, ...]
    region_differs: bool
    """Whether ``pyproject.toml`` was, or would have to be, written."""

    @property
    def changed(self) -> bool:
        """Whether anything differs from the last sync."""
        return self.digest != self.previous or self.move != "kept" or self.region_differs

    @property
    def input_count(self) -> int:
        """How many different inputs there are."""
        return len({(one.input, one.subject) for key in self.keys for one in key.inputs})


def key_reports(resolution: Resolution, plan: Plan, state: State) -> tuple[KeyReport, ...]:
    """Return a report for each key, against what the last sync left."""
    return tuple(_key_report(key, plan, state) for key in resolution.keys)


def _key_report(key: ResolvedKey, plan: Plan, state: State) -> KeyReport:
    salt = bytes.fromhex(state.salt)
    triples = [(one.kind, one.subject, one.state) for one in key.inputs]
    secret = any(one.is_secret for one in key.inputs)
    old: tuple[Row, ...] = state.keys.get(key.name, ())
    first = state.digest is None
    return KeyReport(
        key.name,
        key.resolver,
        key.watch,
        sealed(salt, triples) if secret else digest_of(triples),
        tuple(
            InputReport(one.kind, one.subject, one.reason, "entry" if one in plan.watched else "stamp")
            for one in key.inputs
        ),
        () if first else tuple(changes.between(old, changes.rows_of(key.inputs, salt))),
    )
