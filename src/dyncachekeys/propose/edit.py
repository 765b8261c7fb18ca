"""The edit of ``pyproject.toml``: keys at its end; text to text, and proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dyncachekeys.config.model import WHERE
from dyncachekeys.errors import DyncachekeysError, EditError, Problem
from dyncachekeys.propose.keys import Declaration, Table
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.source import parse, prove, user_entries


def with_keys(data: bytes, keys: Sequence[Declaration]) -> bytes:
    """Return a ``pyproject.toml`` with keys at its end, and every other byte as it was.

    Raises:
        EditError: it can't be done safely; the message shows what to add by hand.
    """
    lines = [line for key in keys for line in ("", *key.lines())]
    return _with_tables(data, lines[1:], {"keys": {key.name: key.as_table() for key in keys}})


def with_table(data: bytes, table: Table) -> bytes:
    """Return a ``pyproject.toml`` with a table at its end, which may be empty, and every other byte as it was.

    Raises:
        EditError: it can't be done safely; the message shows what to write by hand.
    """
    content = table.as_table()
    return _with_tables(data, list(table.lines()), content) if content else data


def with_lines(data: bytes, lines: Sequence[str], *, apart: bool = False) -> bytes:
    """Return a file with lines at its end, in its own newlines; `apart` puts a blank line before them."""
    if not lines:
        return data
    end = b"\r\n" if b"\r\n" in data else b"\n"
    start = data if not data or data.endswith(b"\n") else data + end
    if apart and data and not start.endswith(end * 2):
        start += end
    return start + b"".join(line.encode() + end for line in lines)


def _with_tables(before: bytes, lines: Sequence[str], content: Mapping[str, Any]) -> bytes:
    """Return a document with lines at its end, if that adds this content and changes nothing else."""
    after = with_lines(before, lines, apart=True)
    try:
        expected = _merged(parse(before), {"tool": {"dyncachekeys": content}})
        _prove(expected, after, user_entries(before))
        proved = cut(after).data == cut(before).data + after[len(before) :]
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
