"""Why uv will rebuild, or why not: what changed, what was edited without effect, and what uv will see."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, get_args

from dyncachekeys.files import stored
from dyncachekeys.files.folder import changed_ns
from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.paths import join, split
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.tables import differing
from dyncachekeys.quick import history
from dyncachekeys.quick.change import Change
from dyncachekeys.quick.output import CAUSES, SIGNS
from dyncachekeys.quick.snapshot import INPUT, LEFT_OUT
from dyncachekeys.syncing.decision import Move
from dyncachekeys.syncing.forecast import Forecast, forecast
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.syncing.report import ProjectReport, report_of
from dyncachekeys.syncing.scope import Scope
from dyncachekeys.syncing.use_cases import planned

Immaterial = Literal["same-content", "not-selected", "ignored-by-git", "tables", "layout"]
MOVES = frozenset(get_args(Move))
_TEXTS = stored.all_of(stored.any_text)
_MOST_NAMED = 20
_MOST_LOOKED_AT = 20_000
"""Files that are not inputs, of which the times are looked at."""


@dataclass(frozen=True, slots=True)
class Edited:
    """Something that was edited since the last sync and changes no digest."""

    subject: str
    why: Immaterial
    detail: str = ""


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
    """What was edited since the last sync and does not matter."""
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
        edited=tuple(_edited(plan, tables, changed.union(one.subject for one in uv_does.seen))),
        last=events[-1] if events else None,
    )


def _differing_tables(plan: Plan) -> list[str]:
    return differing(plan.status.state.tables, plan.remembered.tables) if plan.status.state.tables else []


def explain_all(scope: Scope, environ: Mapping[str, str] | None = None, since: int = 0) -> list[Explanation]:
    """Explain all projects of a scope. Arguments as `explain` and `use_cases.sync_all`, errors as the latter."""
    return [explain(plan, since) for plan in planned(scope, os.environ if environ is None else environ)]


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


def _edited(plan: Plan, tables: Sequence[str], reported: set[str]) -> Iterator[Edited]:
    """Yield what was edited since the last sync and does not matter; of very many only some."""
    if plan.status.state.digest is None:
        return
    if FILE not in reported and plan.status.files.memory.content("", FILE) not in {
        None,
        plan.status.files.content(FILE),
    }:
        yield Edited(FILE, "tables", ", ".join(tables)) if tables else Edited(FILE, "layout")
    same = (path for path in islice(_same_content(plan), _MOST_NAMED) if path not in reported)
    yield from (Edited(path, "same-content") for path in same)
    rules = IgnoreRules(plan.status.files)
    for path in islice(_not_selected(plan), _MOST_NAMED):
        yield Edited(path, "ignored-by-git" if rules.ignores(path) else "not-selected")


def _same_content(plan: Plan) -> Iterator[str]:
    """Yield inputs that were rewritten with the same content."""
    for path, folder in plan.status.files.folders.items():
        for name, row in folder.names.items():
            is_input = folder.roles[row] & INPUT and join(path, name) != FILE
            is_newer = (folder.changed(name) or 0) > plan.status.state.started
            if is_input and is_newer and plan.status.files.memory.content(path, name) == folder.content(name):
                yield join(path, name)


def _not_selected(plan: Plan) -> Iterator[str]:
    """Yield files that no key selects, in the folders that keys went through and in the project's own."""
    for path, changed in islice(_files_beside(plan), _MOST_LOOKED_AT):
        folder, name = split(path)
        seen = plan.status.files.folders.get(folder)
        is_input = seen is not None and name in seen.names
        if not is_input and path != FILE and changed > plan.status.state.started:
            yield path


def _files_beside(plan: Plan) -> Iterator[tuple[str, int]]:
    """Yield the regular files of these folders, each with when it was written."""
    listed = (path for path, folder in plan.status.files.folders.items() if folder.listed)
    for folder in sorted({"", *listed}):
        if LEFT_OUT.isdisjoint(folder.split("/")):
            yield from ((join(folder, name), changed) for name, changed in _files_in(plan.status.files.full(folder)))


def _files_in(folder: str) -> list[tuple[str, int]]:
    """Return the regular files of a folder, each with when it was written, in nanoseconds."""
    try:
        with os.scandir(folder) as scan:
            files = [entry for entry in scan if entry.is_file(follow_symlinks=False)]
            return sorted((entry.name, changed_ns(entry.stat(follow_symlinks=False))) for entry in files)
    except OSError:
        return []
