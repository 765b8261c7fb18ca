"""What a command reports of one project: values, from which text and JSON are rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from dyncachekeys.config.model import WHERE
from dyncachekeys.errors import ConfigurationError, Problem, nearest
from dyncachekeys.model import Kind, Notice, Transport, Watch
from dyncachekeys.quick.change import Change
from dyncachekeys.resolving.inputs import Inputs
from dyncachekeys.syncing.decision import Move
from dyncachekeys.watch.coverage import Coverage, Watcher


class InputReport(NamedTuple):
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


class Named(NamedTuple):
    """The name that carries the tree digest."""

    digest: str
    before: str | None
    """The one that ``pyproject.toml`` carried before; nothing if it carried none."""
    installed: bool
    """Whether uv has installed what it built under this name."""


class ProjectReport(NamedTuple):
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

        Nothing if there is nothing to report of it.
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
        return self._replace(keys=tuple(one for one in self.keys if one.name == key))


def require_key(reports: Sequence[ProjectReport], key: str) -> None:
    """Raise `ConfigurationError` unless some project has a key of this name."""
    if not any(one.has(key) for one in reports):
        remedy = nearest(key, {one.name for report in reports for one in report.keys})
        raise ConfigurationError([Problem("unknown-key", f"there is no key `{key}`", f"{WHERE}.keys", remedy)])
