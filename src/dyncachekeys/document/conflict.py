"""The lines that git writes around a merge conflict."""

from __future__ import annotations

import re

_LINE = re.compile(rb"(<{7}|\|{7}|={7}|>{7})(?: [^\n]*)?\r?\n?")
_NEXT = {b"<<<<<<<": ("",), b"|||||||": ("ours",), b"=======": ("ours", "base"), b">>>>>>>": ("theirs",)}
_PART = {b"<<<<<<<": "ours", b"|||||||": "base", b"=======": "theirs", b">>>>>>>": ""}


def sides(data: bytes) -> tuple[bytes, bytes] | None:
    """Return the document as either side has it, or ``None`` if there is no well-formed conflict."""
    ours: list[bytes] = []
    theirs: list[bytes] = []
    part = ""
    conflict = False
    for line in data.splitlines(keepends=True):
        if found := _LINE.fullmatch(line):
            conflict = True
            if part not in _NEXT[found[1]]:
                return None
            part = _PART[found[1]]
            continue
        if part in ("", "ours"):
            ours.append(line)
        if part in ("", "theirs"):
            theirs.append(line)
    return (b"".join(ours), b"".join(theirs)) if conflict and not part else None


def line_of(data: bytes) -> int:
    """Return the number of the first line that opens a conflict, 0 if there is none."""
    opening = re.search(rb"^<{7}(?= |\r?$)", data, re.MULTILINE)
    return data.count(b"\n", 0, opening.start()) + 1 if opening else 0
