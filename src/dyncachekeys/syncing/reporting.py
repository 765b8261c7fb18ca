"""From a plan to the report of it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dyncachekeys.encoding import sealed
from dyncachekeys.model import Notice
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.quick.change import Change
from dyncachekeys.quick.snapshot import LINK_FOLDER, Snapshot
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.resolving.engine import ResolvedKey
from dyncachekeys.resolving.inputs import digests_of
from dyncachekeys.syncing import diff
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.syncing.report import KeyReport, Named, ProjectReport
from dyncachekeys.uv.entries import CURRENT
from dyncachekeys.watch import by_name


def report_of(plan: Plan, now: Snapshot | None = None) -> ProjectReport:
    """Return what there is to report of a plan; ``written`` is what would be. The snapshot is taken, if not given."""
    now = plan.take_snapshot(plan.expected_record()) if now is None else now
    stamp = Stamps(plan.home).current()
    moves = plan.decision.move != "kept"
    steps = ((FILE, plan.region_differs), (LINK_FOLDER, plan.links is not None), (CURRENT, moves))
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
    )


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
