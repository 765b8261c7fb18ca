"""Putting other entries into the region, where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dyncachekeys.pyproject.insert import newline_before
from dyncachekeys.pyproject.lines import line_end, line_start
from dyncachekeys.pyproject.region import find_list, find_markers
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.render import render
from dyncachekeys.pyproject.scanner import statements
from dyncachekeys.pyproject.source import decode, not_proved


def renew(data: bytes, entries: Sequence[Mapping[str, object]]) -> bytes:
    """Return a document with other entries in its region, which stays where it is.

    Args:
        data: A document whose region is sound, as `cut` reports it.
        entries: What the region is to hold; nothing that the user's own list has already.

    Raises:
        ConfigurationError: the document is not valid.
        EditError: it can't be edited safely.
    """
    bom, text = decode(data)
    found = tuple(statements(text))
    listing = find_list(text, found)
    ((start, end),) = find_markers(text, found, listing).inside
    first, stop = line_end(text, start.end), line_start(text, end.start)
    indent, newline = text[stop : end.start], newline_before(text, first)
    lines = "".join(f"{indent}{render(entry)},{newline}" for entry in entries)
    after = bom + (text[:first] + lines + text[stop:]).encode()
    taken = cut(after)
    if taken.data != cut(data).data or list(taken.entries) != list(entries):
        raise not_proved()
    return after
