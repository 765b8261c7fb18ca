"""What a command reports of one project: values, from which text and JSON are rendered."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dyncachekeys.config.model import WHERE
from dyncachekeys.encoding import sealed
from dyncachekeys.errors import ConfigurationError, Problem, nearest
from dyncachekeys.files.tree import MISSING
from dyncachekeys.model import Kind, Notice, Transport, Watch
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.quick.change import Change
from dyncachekeys.quick.snapshot import FOLDER_LINKS, LINK_FOLDER, Snapshot
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.resolving.engine import ResolvedKey
from dyncachekeys.resolving.inputs import Inputs, digests_of
from dyncachekeys.syncing import diff
from dyncachekeys.syncing.decision import Move
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.uv.entries import CURRENT
from dyncachekeys.watch import by_name
from dyncachekeys.watch.coverage import Coverage, Watcher


class InputReport(NamedTuple):
    """One input, as `show` lists it; never its state."""

    input: Kind
    subject: str
    reason: str
    watched_by: Watcher
    """By an entry of its own, a link, the stamp, or the digest in a name."""
    absent: bool
    """Whether it is a file or folder that is not there: what counts is that it comes."""


class KeyReport(NamedTuple):
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
    found: Inputs
    coverage: Coverage

    @property
    def inputs(self) -> Iterator[InputReport]:
        """The inputs, sorted."""
        for one in self.found:
            absent = one.kind in {"file", "directory"} and one.state == MISSING
            yield InputReport(one.kind, one.subject, one.reason, self.coverage.watcher_of(one), absent)


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
    held: tuple[str, ...] = ()
    """The keys that a hook has not run, since nobody has allowed it, by their paths: nobody knows whether it is in sync."""
    is_built: bool = False
    """Whether what is installed was made from the inputs as they are now, as a watched build or uv's record has shown."""
    is_package: bool = True
    """Whether uv builds it at all."""
    diff: tuple[str, ...] = ()
    """The lines of a unified diff of ``pyproject.toml``: what was, or would have to be, written."""

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


def require_key(reports: Sequence[ProjectReport], key: str, *, or_file: bool = False) -> None:
    """Raise `ConfigurationError` unless some project has a key of this name; it may say that there is no such file."""
    if not any(one.has(key) for one in reports):
        remedy = nearest(key, {one.name for report in reports for one in report.keys})
        message = f"there is no key{', and no file,' if or_file else ''} `{key}`"
        raise ConfigurationError([Problem("unknown-key", message, f"{WHERE}.keys", remedy)])


def report_of(plan: Plan, now: Snapshot | None = None) -> ProjectReport:
    """Return what there is to report of a plan; ``written`` is what would be. The snapshot is taken, if not given."""
    now = plan.take_snapshot(plan.expected_record()) if now is None else now
    stamp = Stamps(plan.home).current()
    moves = plan.decision.move != "kept"
    steps = (
        (FILE, plan.region_differs),
        (LINK_FOLDER, plan.links is not None),
        (FOLDER_LINKS, plan.folder_links is not None),
        (CURRENT, moves),
    )
    return ProjectReport(
        name=plan.status.project.name,
        root=os.fspath(plan.root),
        transport=plan.status.resolution.transport,
        digest=plan.status.resolution.digest,
        previous=plan.status.state.digest,
        stamp=stamp.id if stamp and plan.status.last.believed and plan.coverage.has_stamp else None,
        move=plan.decision.move,
        why=plan.decision.why if plan.coverage.has_stamp else (),
        written=tuple(path for path, is_due in steps if is_due),
        entries=plan.entries,
        keys=tuple(_key_report(key, plan, now) for key in plan.status.resolution.keys),
        warnings=(*plan.notices, *_doubts(plan)),
        region_differs=plan.region_differs,
        input_count=now.inputs,
        named=_named(plan),
        held=tuple(notice.where for notice in plan.status.consent.held.values()),
        is_built=plan.is_at_rest and (plan.status.is_vouched or plan.status.is_better_known or _uv_has_built(plan)),
        is_package=plan.status.project.is_package,
        diff=_diff(plan),
    )


def _diff(plan: Plan) -> tuple[str, ...]:
    if not plan.region_differs:
        return ()
    from dyncachekeys.pyproject.render import diff  # noqa: PLC0415  the region seldom changes

    return tuple(diff(FILE, plan.status.project.raw, plan.document))


def _uv_has_built(plan: Plan) -> bool:
    """Tell whether uv has built since the last sync, and would record now what it recorded then."""
    return plan.status.new_record is not None and not plan.next_state(plan.expected_record()).due


def _doubts(plan: Plan) -> Iterator[Notice]:
    """Yield what can't be fixed where there is no stamp; reported once, since the next run knows no more."""
    if not plan.coverage.has_stamp and not plan.region_differs:
        for why in plan.decision.why:
            remedy = f"if it was, run `uv sync --reinstall-package {plan.status.project.name}`"
            yield Notice("built-unsynced", f"{why}; {remedy}", plan.status.project.name)


def _named(plan: Plan) -> Named | None:
    """Return what there is to report of the name; nothing under the transport `stamp`."""
    naming = plan.coverage.naming
    if naming is None:
        return None
    before = next(by_name.names((*plan.status.project.region, *plan.status.project.user_entries)), None)
    record = plan.status.record
    return Named(naming.digest, before, installed=record is not None and record.name == naming.path)


def _key_report(key: ResolvedKey, plan: Plan, now: Snapshot) -> KeyReport:
    return KeyReport(
        key.name,
        key.resolver,
        key.watch,
        _digest(key, plan),
        len(key.inputs),
        tuple(_changes(key.name, plan, now)) if plan.status.state.digest is not None else (),
        key.runs_each_time,
        key.built_in,
        key.seconds,
        key.inputs,
        plan.coverage,
    )


def _digest(key: ResolvedKey, plan: Plan) -> str:
    triples = (one.triple for one in key.inputs.single)
    selections = [key.inputs.selected] if key.inputs.selected is not None else []
    digest = digests_of(triples, selections, plan.status.files, plan.status.resolution.digests).digest
    return sealed(plan.status.last.salt, digest) if any(one.is_secret for one in key.inputs.single) else digest


def _changes(key: str, plan: Plan, now: Snapshot) -> Iterator[Change]:
    old, new = [*plan.status.state.keys.get(key, ())], [*plan.remembered.keys[key]]
    then = plan.status.files.memory.known
    if then.folders or key not in plan.status.state.keys:  # else the memory of them is gone, and nothing can be said
        then_chosen, now_chosen = diff.of_selections(then, now, key)
        old, new = [*old, *then_chosen], [*new, *now_chosen]
    return diff.between(old, new)
