"""The lines that git writes around a merge conflict."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_LINE = re.compile(rb"(<{7}|\|{7}|={7}|>{7})(?: [^\n]*)?\r?\n?")
_NEXT = {b"<<<<<<<": ("",), b"|||||||": ("ours",), b"=======": ("ours", "base"), b">>>>>>>": ("theirs",)}
_PART = {b"<<<<<<<": "ours", b"|||||||": "base", b"=======": "theirs", b">>>>>>>": ""}


class Conflict(NamedTuple):
    """One conflict, as either side has it."""

    line: int
    """On which it opens."""
    ours: bytes
    theirs: bytes


def parts(data: bytes) -> list[bytes | Conflict]:
    """Return a document as what is not in conflict and what is, in turn; nothing if that is not well-formed."""
    found: list[bytes | Conflict] = []
    lines: dict[str, list[bytes]] = {"": []}
    part, opened = "", 0
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        marker = _LINE.fullmatch(line)
        if marker is None:
            lines.setdefault(part, []).append(line)
            continue
        if part not in _NEXT[marker[1]]:
            return []
        part, before = _PART[marker[1]], part
        if not before:
            found.append(b"".join(lines.pop("")))
            opened = number
        elif not part:
            found.append(Conflict(opened, b"".join(lines.pop("ours", ())), b"".join(lines.pop("theirs", ()))))
            lines = {"": []}
    return [*found, b"".join(lines[""])] if not part else []


def conflicts_in(document: Iterable[bytes | Conflict]) -> list[Conflict]:
    """Return the conflicts of a document."""
    return [part for part in document if isinstance(part, Conflict)]


def side(document: Iterable[bytes | Conflict], *, theirs: Iterable[Conflict] = ()) -> bytes:
    """Return a document with these conflicts as their side has them, and all others as ours does."""
    of_theirs = {conflict.line for conflict in theirs}
    return b"".join(
        part if isinstance(part, bytes) else part.theirs if part.line in of_theirs else part.ours for part in document
    )


def line_of(data: bytes) -> int:
    """Return the number of the first line that opens a conflict, 0 if there is none."""
    opening = re.search(rb"^<{7}(?= |\r?$)", data, re.MULTILINE)
    return data.count(b"\n", 0, opening.start()) + 1 if opening else 0
