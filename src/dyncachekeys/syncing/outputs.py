"""Products of a build that must be there: whether one that is missing asks for a build, once each time it goes.

They never enter a digest: it must be the same before and after the build that makes them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dyncachekeys.files.tree import Files
from dyncachekeys.model import Notice, Output
from dyncachekeys.syncing.state import Known
from dyncachekeys.syncing.status import Status
from dyncachekeys.uv.record import Record

THERE, ASKED, UNMADE = "there", "asked", "unmade"
_NOT_INSTALLED = (0, 0)


class OutputDecision(NamedTuple):
    """What is to be done about products."""

    why: tuple[str, ...]
    """Why the stamp has to move."""
    known: Mapping[str, Known]
    """What is to be remembered, by pattern."""
    notices: tuple[Notice, ...]


def decide(status: Status) -> OutputDecision:
    """Decide which missing products ask for a build."""
    record, before = status.record, status.state.products
    now = record.identity if record is not None else _NOT_INSTALLED
    why: list[str] = []
    known: dict[str, Known] = {}
    notices: list[Notice] = []
    for where, output in ((key.where, output) for key in status.resolution.keys for output in key.outputs):
        here = known[output.pattern] = dict.fromkeys(output.there, (THERE, now))
        for path, (was, then) in _missing(output, before.get(output.pattern), now):
            now_is = _status(path, was, built_since=then != now, record=record, files=status.files)
            here[path] = (now_is, now)
            if now_is == ASKED and (was, then) != (ASKED, now):
                why.append(f"{path} is missing, which a build makes")
            elif now_is == UNMADE:
                message = f"`{path}` is not there, and the last build did not make it: take it out of the key, if no build makes it"
                notices.append(Notice("product-not-made", message, where))
    return OutputDecision(tuple(why), known, tuple(notices))


def _missing(
    output: Output, before: Known | None, now: tuple[int, int]
) -> Iterator[tuple[str, tuple[str, tuple[int, int]]]]:
    """Yield the products that are not there, each with its status and the installed record's identity then."""
    if not before:
        if not output.there:
            yield output.pattern, (THERE, now)
        return
    for path, (was, then) in sorted(before.items()):
        # Where another build has made others, they stand in for those that are gone.
        if not output.there or (then == now and path not in {*output.there, output.pattern}):
            yield path, (was, then)


def _status(path: str, was: str, *, built_since: bool, record: Record | None, files: Files) -> str:
    if was == THERE:
        return ASKED
    if was == UNMADE or not built_since or record is None:
        return was
    made_and_removed = files.changed_at(posixpath.dirname(path) or ".") > record.identity[1]
    return ASKED if made_and_removed else UNMADE
