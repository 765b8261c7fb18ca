"""Why uv will rebuild, or why not: what changed, what was edited without effect, and what uv will see."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from dyncachekeys.files import stored
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.tables import differing
from dyncachekeys.quick import history
from dyncachekeys.quick.change import CAUSES, SIGNS, Change
from dyncachekeys.syncing.decision import Move
from dyncachekeys.syncing.forecast import Forecast, forecast
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.syncing.report import ProjectReport, report_of
from dyncachekeys.syncing.without_effect import Edited, edited

MOVES = frozenset(get_args(Move))
_TEXTS = stored.all_of(stored.any_text)


@dataclass(frozen=True, slots=True)
class Event:
    """One of the last syncs that changed something."""

    at: str
    """ISO 8601, in UTC."""
    move: Move
    """What was done with the stamp."""
    is_first: bool
    """Whether there was no memory of a sync before."""
    why: tuple[str, ...]
    changes: Mapping[str, Sequence[Change]]
    """By key."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What there is to report of one project."""

    report: ProjectReport
    forecast: Forecast
    since: int
    """How many of the last syncs that changed something it goes back."""
    changes: Mapping[str, Sequence[Change]]
    """By key, since then."""
    why: tuple[str, ...]
    """Why the stamp moved, or moves, although its digest is the same."""
    tables: tuple[str, ...]
    """The tables of ``pyproject.toml`` that differ from the last sync."""
    edited: tuple[Edited, ...]
    """What was edited since the last sync, or is modified as git sees it, and does not matter."""
    last: Event | None
    """The last sync that changed something."""

    def only(self, key: str) -> Explanation:
        """Return what of it is about one key."""
        last = self.last and dataclasses.replace(self.last, changes=_of(self.last.changes, key))
        return dataclasses.replace(
            self, report=self.report.only(key), changes=_of(self.changes, key), tables=(), edited=(), last=last
        )


def _of(changes: Mapping[str, Sequence[Change]], key: str) -> dict[str, Sequence[Change]]:
    return {name: changes[name] for name in changes if name == key}


def explain(plan: Plan, since: int = 0) -> Explanation:
    """Explain a project, going back some of the last syncs that changed something. Writes nothing."""
    expected = plan.expected_record()
    report = report_of(plan, plan.take_snapshot(expected))
    events = _events(plan)
    back = events[max(len(events) - since, 0) :]
    changed = {change.subject for changes in report.changes.values() for change in changes}
    tables = _differing_tables(plan)
    uv_does = forecast(plan, expected)
    return Explanation(
        report=report,
        forecast=uv_does,
        since=len(back),
        changes=_together([*(event.changes for event in back), report.changes]),
        why=(*(why for event in back for why in event.why), *report.why),
        tables=tuple(tables) if FILE in changed else (),
        edited=tuple(edited(plan, tables, changed.union(one.subject for one in uv_does.seen))),
        last=events[-1] if events else None,
    )


def _differing_tables(plan: Plan) -> list[str]:
    return differing(plan.status.state.tables, plan.remembered.tables) if plan.status.state.tables else []


def _events(plan: Plan) -> list[Event]:
    """Return the last syncs that changed something, as far as they may be believed."""
    read = history.read(os.fspath(plan.home)) if plan.status.last.believed else []
    return [event for event in map(_event, read) if event]


def _event(data: Mapping[str, Any]) -> Event | None:
    try:
        changes = {key: [*map(_stored, rows)] for key, rows in data["changes"].items()}
        move = data["move"]
        if move not in MOVES:
            return None
        return Event(stored.text(data["at"]), move, data["previous"] is None, _TEXTS(data["why"]), changes)
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def _stored(row: Any) -> Change:
    kind, input_kind, subject, cause, reason = _TEXTS(row)
    if kind not in SIGNS or cause not in CAUSES:
        raise ValueError
    return Change(kind, input_kind, subject, cause, reason)


def _together(steps: Sequence[Mapping[str, Iterable[Change]]]) -> dict[str, list[Change]]:
    """Return the changes of several syncs as if they had been one."""
    together: dict[str, dict[tuple[str, str], Change]] = {}
    for step in steps:
        for key, changes in step.items():
            known = together.setdefault(key, {})
            for change in changes:
                first = known.pop((change.input, change.subject), None)
                merged = _merged(first, change) if first is not None else change
                if merged is not None:
                    known[change.input, change.subject] = merged
    return {key: [known[identity] for identity in sorted(known)] for key, known in together.items()}


def _merged(first: Change, last: Change) -> Change | None:
    """Return what two changes of one input come to; nothing if it came and went."""
    match first.kind, last.kind:
        case "added", "removed":
            return None
        case "added", _:
            return first
        case "removed", "added":
            return Change("changed", last.input, last.subject, "content", last.reason)
    return last
