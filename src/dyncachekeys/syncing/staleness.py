"""Why what is installed is out of date, in one line."""

from __future__ import annotations

import calendar
import os
import time
from collections.abc import Iterator

from dyncachekeys.quick import history
from dyncachekeys.quick.change import CAUSES, Change
from dyncachekeys.syncing.explanation import Explanation, explain
from dyncachekeys.syncing.forecast import FACTS
from dyncachekeys.syncing.plan import Plan

_SHOWN = 3


def why_stale(plan: Plan) -> str:
    """Return what has changed since uv built, as far as the last syncs tell."""
    found = list(dict.fromkeys(_reasons(explain(plan, _syncs_since_the_build(plan)))))
    more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    return f"{', '.join(found[:_SHOWN])}{more}"


def _syncs_since_the_build(plan: Plan) -> int:
    """Return how many syncs changed something after what is installed was built."""
    if plan.status.record is None or not plan.status.last.believed:
        return 0
    built = plan.status.record.identity[1] // 1_000_000_000
    # Times are whole seconds: one in the second of the build counts as before it, as the sync that led to it was.
    return sum(_seconds(str(event.get("at"))) > built for event in history.read(os.fspath(plan.home)))


def _seconds(at: str) -> int:
    try:
        return calendar.timegm(time.strptime(at, "%Y-%m-%dT%H:%M:%S+00:00"))
    except ValueError:
        return 0


def _reasons(explanation: Explanation) -> Iterator[str]:
    changes = [change for some in explanation.changes.values() for change in some]
    yield from map(_told, changes)
    yield from explanation.why
    if not changes and not explanation.why:
        yield from (FACTS[seen.fact].format(seen.subject) for seen in explanation.forecast.seen)


def _told(change: Change) -> str:
    if change.kind == "changed" or CAUSES[change.cause]:
        return f"{change.subject} {CAUSES[change.cause]}".rstrip()
    return f"{change.subject} is {'new' if change.kind == 'added' else 'gone'}"
