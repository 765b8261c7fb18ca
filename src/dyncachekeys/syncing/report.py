"""What a command has to say about one project: values, from which text and JSON are rendered."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dyncachekeys.config.model import WHERE
from dyncachekeys.encoding import sealed
from dyncachekeys.errors import ConfigurationError, Problem, nearest
from dyncachekeys.resolving.inputs import digests_of
from dyncachekeys.syncing import diff

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dyncachekeys.files.tree import Files
    from dyncachekeys.model import Kind, Notice, Transport, Watch
    from dyncachekeys.quick.change import Change
    from dyncachekeys.quick.snapshot import Snapshot
    from dyncachekeys.resolving.engine import Resolution, ResolvedKey
    from dyncachekeys.resolving.inputs import Inputs
    from dyncachekeys.syncing.decision import Move
    from dyncachekeys.syncing.state import Row, State
    from dyncachekeys.watch.coverage import Coverage, Watcher


@dataclass(frozen=True, slots=True)
class InputReport:
    """One input, as `show` lists it; never its state."""

    input: Kind
    subject: str
    reason: str
    watched_by: Watcher
    """By an entry of its own, a link, the stamp, or the digest in a name."""


@dataclass(frozen=True, slots=True)
class KeyReport:
    """One key."""

    name: str
    resolver: str
    watch: Watch
    digest: str
    """Sealed where it could tell the value of a variable."""
    input_count: int
    changes: tuple[Change, ...]
    runs_each_time: bool
    """Whether nobody can tell without running it that its answer still stands."""
    built_in: bool
    """Whether the resolver is ours."""
    seconds: float
    """How long it took."""
    _inputs: Inputs
    _coverage: Coverage

    @property
    def inputs(self) -> Iterator[InputReport]:
        """The inputs, sorted."""
        for one in self._inputs:
            yield InputReport(one.kind, one.subject, one.reason, self._coverage.watcher_of(one))


@dataclass(frozen=True, slots=True)
class Named:
    """What is to be said of the name that carries the tree digest."""

    digest: str
    before: str | None
    """The one that ``pyproject.toml`` carried before; nothing if it carried none."""
    installed: bool
    """Whether uv has installed what it built under this name."""


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
    input_count: int
    """How many different inputs there are."""
    named: Named | None = None
    """Under the transport `digest` only."""

    @property
    def changes(self) -> dict[str, tuple[Change, ...]]:
        """What changed, by key."""
        return {key.name: key.changes for key in self.keys}

    @property
    def naming(self) -> Move | None:
        """What becomes of the name: a new one, again the one that uv has installed, or at the first sync the same.

        Nothing if there is nothing to say of it.
        """
        if self.named is None:
            return None
        if self.named.before == self.named.digest:
            return "kept" if self.previous is None else None
        return "returned" if self.named.installed else "moved"

    @property
    def changed(self) -> bool:
        """Whether anything differs from the last sync."""
        return self.digest != self.previous or self.move != "kept" or self.region_differs

    def has(self, key: str) -> bool:
        """Tell whether the project has a key of this name."""
        return any(one.name == key for one in self.keys)

    def only(self, key: str) -> ProjectReport:
        """Return the report with one key only."""
        return dataclasses.replace(self, keys=tuple(one for one in self.keys if one.name == key))


def require_key(reports: Sequence[ProjectReport], key: str) -> None:
    """Raise `ConfigurationError` unless some project has a key of this name."""
    if not any(one.has(key) for one in reports):
        remedy = nearest(key, {one.name for report in reports for one in report.keys})
        raise ConfigurationError([Problem("unknown-key", f"there is no key `{key}`", f"{WHERE}.keys", remedy)])


def key_reports(
    resolution: Resolution, coverage: Coverage, files: Files, state: State, now: Snapshot
) -> tuple[KeyReport, ...]:
    """Return a report for each key, against what the last sync left.

    Args:
        resolution: What the keys found.
        coverage: Who watches what.
        files: The project's files.
        state: What the last sync left.
        now: What was looked at this time.
    """
    return tuple(
        KeyReport(
            key.name,
            key.resolver,
            key.watch,
            _digest(key, resolution, files, state),
            len(key.inputs),
            tuple(_changes(key, files.memory.known, now, state)) if state.digest is not None else (),
            key.runs_each_time,
            key.built_in,
            key.seconds,
            key.inputs,
            coverage,
        )
        for key in resolution.keys
    )


def _digest(key: ResolvedKey, resolution: Resolution, files: Files, state: State) -> str:
    triples = [(one.kind, one.subject, one.state) for one in key.inputs.single]
    selections = [key.inputs.selected] if key.inputs.selected is not None else []
    digest = digests_of(triples, selections, files, resolution.digests).digest
    secret = any(one.is_secret for one in key.inputs.single)
    return sealed(bytes.fromhex(state.salt), digest) if secret else digest


def _changes(key: ResolvedKey, then: Snapshot, now: Snapshot, state: State) -> Iterator[Change]:
    old: list[Row] = list(state.keys.get(key.name, ()))
    new: list[Row] = list(diff.rows_of(key.inputs, bytes.fromhex(state.salt)))
    if then.folders or key.name not in state.keys:  # else the memory of them is gone, and nothing can be said
        then_chosen, now_chosen = diff.of_selections(then, now, key.name)
        old, new = [*old, *then_chosen], [*new, *now_chosen]
    return diff.between(old, new)
