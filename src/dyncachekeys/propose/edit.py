"""The edit of ``pyproject.toml``: keys at its end, entries out of ``cache-keys``; text to text, and proved."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from dyncachekeys.config.model import WHERE
from dyncachekeys.errors import ConfigurationError, DyncachekeysError, EditError, Problem
from dyncachekeys.propose.keys import Declaration, Table
from dyncachekeys.pyproject.region import find_list, line_end, line_start
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.source import KEY, decode, parse, prove, user_entries
from dyncachekeys.pyproject.spans import less, owned_spans


def removable(data: bytes) -> bool:
    """Tell whether entries can be taken out of ``cache-keys``: whether it is a plain list."""
    listing = find_list(decode(data)[1])
    return listing is not None and listing.statement.path == KEY


def with_keys(data: bytes, keys: Sequence[Declaration]) -> bytes:
    """Return a ``pyproject.toml`` with keys at its end, and every other byte as it was.

    Raises:
        EditError: it can't be done safely; the message shows what to add by hand.
    """
    lines = [line for key in keys for line in ("", *key.lines())]
    return _with_tables(data, data, lines[1:], {"keys": {key.name: key.as_table() for key in keys}})


def with_table(data: bytes, table: Table, removed: Sequence[bool]) -> bytes:
    """Return a ``pyproject.toml`` with the table at its end and without some entries; all else is as it was.

    Args:
        data: The file.
        table: What to add; may be empty.
        removed: For each element of ``cache-keys``, whether to remove it; empty if none is to go.

    Raises:
        EditError: it can't be done safely; the message shows what to write by hand.
    """
    left, comments = _without(data, removed)
    content = table.as_table()
    return _with_tables(data, left, list(table.lines(comments)) if content else [], content, removed)


def with_lines(data: bytes, lines: Sequence[str], *, apart: bool = False) -> bytes:
    """Return a file with lines at its end, in its own newlines; `apart` puts a blank line before them."""
    if not lines:
        return data
    end = b"\r\n" if b"\r\n" in data else b"\n"
    start = data if not data or data.endswith(b"\n") else data + end
    if apart and data and not start.endswith(end * 2):
        start += end
    return start + b"".join(line.encode() + end for line in lines)


def _with_tables(
    before: bytes, left: bytes, lines: Sequence[str], content: Mapping[str, Any], removed: Sequence[bool] = ()
) -> bytes:
    """Return what is left of a document with lines at its end, if that adds this content and changes nothing else."""
    after = with_lines(left, lines, apart=True)
    try:
        entries = itertools.zip_longest(user_entries(before), removed)
        kept = [entry for entry, is_removed in entries if not is_removed]
        expected = _merged(parse(before), {"tool": {"dyncachekeys": content}} if content else {})
        _prove(expected, after, kept)
        proved = cut(after).data == cut(left).data + after[len(left) :]
    except (DyncachekeysError, TypeError):  # a list, where a table has to be
        proved = False
    if not proved:
        shown = "".join(f"\n    {line}" for line in lines)
        message = "the keys can't be added at the end safely, so the file was left as it was"
        remedy = f"write `tool` and the tables in it with headers, or add by hand:{shown}"
        raise EditError([Problem("edit-not-proved", message, WHERE, remedy)])
    return after


def _merged(table: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with the content of another one added, level by level."""
    merged = {**table}
    for name, value in more.items():
        merged[name] = _merged(merged.get(name, {}), value) if isinstance(value, Mapping) else value
    return merged


def _prove(expected: Mapping[str, Any], after: bytes, entries: Sequence[object]) -> None:
    try:
        prove(expected, after, [entries])
    except EditError:
        # Where only a dotted `tool.uv.cache-keys` stood, `tool` is now what the new table's header makes.
        prove(dict(sorted(expected.items(), key=lambda item: item[0] == "tool")), after, [entries])


def _without(data: bytes, removed: Sequence[bool]) -> tuple[bytes, list[str]]:
    """Return a document without some entries, and the comments that went with the whole list."""
    if not any(removed):
        return data, []
    bom, text = decode(data)
    listing = find_list(text)
    if listing is None or len(listing.array.elements) != len(removed):
        raise ConfigurationError([Problem("edit-not-proved", "can't be edited", ".".join(KEY), "write a plain list")])
    if not all(removed):
        return bom + less(text, owned_spans(text, listing, removed)).encode(), []
    statement = listing.statement
    comments = [text[comment.start : comment.end].rstrip() for comment in listing.array.comments]
    return bom + less(text, [(line_start(text, statement.start), line_end(text, statement.end))]).encode(), comments
