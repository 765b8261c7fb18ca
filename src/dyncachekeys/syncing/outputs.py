"""Products of a build that must be there: whether one that is missing asks for a build, once each time it goes.

They never enter a digest: a build that is to make them must not be told apart from one that has.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dyncachekeys.model import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dyncachekeys.files.tree import Files
    from dyncachekeys.model import Output
    from dyncachekeys.syncing.state import Known
    from dyncachekeys.uv.record import Record

THERE, ASKED, UNMADE = "there", "asked", "unmade"
_NOT_INSTALLED = (0, 0)


@dataclass(frozen=True, slots=True)
class OutputDecision:
    """What is to be done about products."""

    why: tuple[str, ...]
    """Why the stamp has to move."""
    known: Mapping[str, Known]
    """What is to be remembered, by pattern."""
    notices: tuple[Notice, ...]


def judge(
    outputs: Iterable[tuple[str, Output]], before: Mapping[str, Known], record: Record | None, files: Files
) -> OutputDecision:
    """Decide which missing products ask for a build.

    Args:
        outputs: Each with the path of its key.
        before: What the last sync remembered, by pattern.
        record: The installed record.
        files: The project's files.
    """
    now = record.identity if record is not None else _NOT_INSTALLED
    why: list[str] = []
    known: dict[str, Known] = {}
    notices: list[Notice] = []
    for where, output in outputs:
        here: Known = dict.fromkeys(output.there, (THERE, now))
        for path, (was, then) in _missing(output, before.get(output.pattern), now):
            status = _status(path, was, built_since=then != now, record=record, files=files)
            asked = status == ASKED and (was != ASKED or then != now)
            here[path] = (status, now)
            if asked:
                why.append(f"{path} is missing, which a build makes")
            if status == UNMADE:
                message = f"`{path}` is not there, and the last build did not make it"
                notices.append(Notice("product-not-made", message, where))
        known[output.pattern] = here
    return OutputDecision(tuple(why), known, tuple(notices))


def _missing(
    output: Output, before: Known | None, now: tuple[int, int]
) -> Iterator[tuple[str, tuple[str, tuple[int, int]]]]:
    if not before:
        if not output.there:
            yield output.pattern, (THERE, now)
        return
    for path, (was, then) in sorted(before.items()):
        if path in output.there or (path == output.pattern and output.there):
            continue
        if output.there and then != now:
            continue  # a build has made others in its place
        yield path, (was, then)


def _status(path: str, was: str, *, built_since: bool, record: Record | None, files: Files) -> str:
    if was == THERE:
        return ASKED
    if was == UNMADE or not built_since or record is None:
        return was
    made_and_removed = files.changed_at(posixpath.dirname(path) or ".") > record.identity[1]
    return ASKED if made_and_removed else UNMADE
