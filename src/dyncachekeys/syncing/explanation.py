"""Why uv will rebuild, or why not: what changed, what was edited and does not matter, and what uv will see."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from dyncachekeys.files.folder import CHANGED, changed_ns
from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.paths import join
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.tables import differing, sealed_tables
from dyncachekeys.quick import history
from dyncachekeys.quick.change import Change
from dyncachekeys.quick.snapshot import HASH, INPUT, LEFT_OUT
from dyncachekeys.syncing.decision import Move
from dyncachekeys.syncing.forecast import Forecast, forecast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dyncachekeys.syncing.plan import Plan
    from dyncachekeys.syncing.report import ProjectReport

Immaterial = Literal["same-content", "not-selected", "ignored-by-git", "tables", "layout"]
MOVES = frozenset(get_args(Move))
_MOST_NAMED = 20
_MOST_LOOKED_AT = 20_000
"""Files that are no inputs, of which the times are looked at."""


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
    """What there is to say about one project."""

    report: ProjectReport
    forecast: Forecast
    since: int
    """How many of the last syncs that changed something count as not yet told."""
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
    return {name: some for name, some in changes.items() if name == key}


def explain(plan: Plan, since: int = 0) -> Explanation:
    """Explain a project that was looked at. Writes nothing.

    Args:
        plan: The project.
        since: How many of the last syncs that changed something to go back.
    """
    report = plan.report(plan.take_snapshot())
    events = [event for event in map(_event, history.read(os.fspath(plan.home))) if event] if plan.believed else []
    back = events[-since:] if since else []
    now = {key.name: key.changes for key in report.keys}
    salt = bytes.fromhex(plan.state.salt)
    tables = differing(plan.state.tables, sealed_tables(plan.project.pyproject, salt)) if plan.state.tables else []
    told = {change.subject for some in now.values() for change in some}
    seen = forecast(plan)
    return Explanation(
        report=report,
        forecast=seen,
        since=len(back),
        changes=_together([*(event.changes for event in back), now]),
        why=(*(why for event in back for why in event.why), *report.why),
        tables=tuple(tables) if FILE in told else (),
        edited=tuple(_edited(plan, tables, told | {one.subject for one in seen.seen})) if plan.state.digest else (),
        last=events[-1] if events else None,
    )


def _event(data: Mapping[str, Any]) -> Event | None:
    try:
        changes = {str(key): [Change(*map(str, row)) for row in rows] for key, rows in data["changes"].items()}  # type: ignore[arg-type]
        move = data["move"]
        if move not in MOVES:
            return None
        return Event(str(data["at"]), move, data["previous"] is None, tuple(map(str, data["why"])), changes)
    except (KeyError, TypeError, AttributeError):
        return None


def _together(steps: Sequence[Mapping[str, Iterable[Change]]]) -> dict[str, list[Change]]:
    """Return the changes of several syncs as if they had been one."""
    found: dict[str, dict[tuple[str, str], Change]] = {}
    for step in steps:
        for key, some in step.items():
            known = found.setdefault(key, {})
            for change in some:
                identity = (change.input, change.subject)
                merged = _merged(known.pop(identity), change) if identity in known else change
                if merged is not None:
                    known[identity] = merged
    return {key: sorted(known.values(), key=lambda one: (one.input, one.subject)) for key, known in found.items()}


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


def _edited(plan: Plan, tables: Sequence[str], told: set[str]) -> Iterator[Edited]:
    """Yield what was edited since the last sync and does not matter; of very many only some."""
    was = plan.files.memory.content("", FILE)
    if FILE not in told and was is not None and was != plan.files.content(FILE):
        yield Edited(FILE, "tables", ", ".join(tables)) if tables else Edited(FILE, "layout")
    yield from (one for one in _same_content(plan) if one.subject not in told)
    yield from _not_selected(plan)


def _same_content(plan: Plan) -> Iterator[Edited]:
    """Yield inputs that were written anew with what they held."""
    memory = plan.files.memory
    named = 0
    for path, folder in plan.files.folders.items():
        for name, row in folder.names.items():
            full = join(path, name)
            content = bytes(folder.contents[row * HASH : (row + 1) * HASH])
            if not folder.roles[row] & INPUT or memory.content(path, name) != content or full == FILE:
                continue
            if folder.stats[row * 4 + CHANGED] > plan.state.started:
                yield Edited(full, "same-content")
                named += 1
                if named == _MOST_NAMED:
                    return


def _not_selected(plan: Plan) -> Iterator[Edited]:
    """Yield files that no key selects, in the folders that keys went through and in the project's own."""
    rules = IgnoreRules(plan.files)
    looked = named = 0
    for path in sorted({"", *(path for path, folder in plan.files.folders.items() if folder.listed)}):
        if not LEFT_OUT.isdisjoint(path.split("/")):
            continue
        inputs = plan.files.folders[path].names.keys() if path in plan.files.folders else ()
        for name, changed in _files_in(plan.files.full(path)):
            looked += 1
            if looked > _MOST_LOOKED_AT or named >= _MOST_NAMED:
                return
            if name in inputs or (not path and name == FILE) or changed <= plan.state.started:
                continue
            full = join(path, name)
            yield Edited(full, "ignored-by-git" if rules.ignores(full) else "not-selected")
            named += 1


def _files_in(folder: str) -> list[tuple[str, int]]:
    """Return the regular files of a folder, each with when it was written, in nanoseconds."""
    try:
        with os.scandir(folder) as scan:
            files = [entry for entry in scan if entry.is_file(follow_symlinks=False)]
            return sorted((entry.name, changed_ns(entry.stat(follow_symlinks=False))) for entry in files)
    except OSError:
        return []
