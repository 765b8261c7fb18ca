"""Putting our region in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from dyncachekeys.errors import EditError, Problem
from dyncachekeys.pyproject.layout import indent_of, layout_of, texts_of
from dyncachekeys.pyproject.lines import leads_line, line_end, line_start
from dyncachekeys.pyproject.region import (
    END,
    INDENT,
    NO_COMMA,
    NO_LIST,
    NO_TABLE,
    ON_ONE_LINE,
    START,
    end_marker,
    find_list,
)
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.render import render
from dyncachekeys.pyproject.scanner import Array, Statement, statements
from dyncachekeys.pyproject.source import KEY, as_entry, decode, hashable, listed, not_proved, parse, prove

_ARRAY_OF_TABLES = Problem(
    "array-of-tables",
    "written as `[[tool.uv.cache-keys]]`, where no comment holds the place of our entries",
    ".".join(KEY),
    "write it as `cache-keys = [...]` under `[tool.uv]`",
)
_INLINE_TABLE = Problem(
    "inline-table",
    "would have to stand in an inline table, which can't be extended safely",
    ".".join(KEY),
    "write that table as `[tool.uv]`",
)
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?\r?\n")


def put(data: bytes, entries: Sequence[Mapping[str, object]]) -> bytes:
    """Return a document that has no region, with the region that holds these entries.

    What the user's own list has already is not written again; if that leaves nothing, no region is made.
    ``cut`` gives the same bytes back. Raises ``ConfigurationError`` if the document is not valid, and
    ``EditError`` if it can't be edited safely.
    """
    bom, text = decode(data)
    before = parse(data)
    users = listed(before)
    present = {hashable(as_entry(element)) for element in users}
    ours = [dict(entry) for entry in entries if hashable(entry) not in present]
    if not ours:
        return data
    lines = [f"{render(entry)}," for entry in ours]
    listing = find_list(text)
    edited = _into_array(text, listing.array, lines) if listing else _new_list(text, lines)
    after = bom + edited.encode()
    prove(before, after, ([*users, *ours], [*ours, *users]))
    if cut(after).data != data:
        raise not_proved()
    return after


def _into_array(text: str, array: Array, lines: Sequence[str]) -> str:
    """Splice into an array that the user has: behind his entries, or before them where its end is on a line with one."""
    layout, closing, elements = layout_of(text, array), array.end - 1, array.elements
    if layout in ON_ONE_LINE:
        return _onto_lines(text, array, lines, layout)
    if leads_line(text, closing):
        if layout == NO_COMMA:
            text, closing = f"{text[: elements[-1].end]},{text[elements[-1].end :]}", closing + 1
        at, neighbour = line_start(text, closing), -1
    elif rest := _REST_OF_LINE.match(text, array.start + 1):
        at, neighbour = rest.end(), 0
    else:
        return _into_line(text, array.start + 1, lines)
    indent = _indent(text, elements[neighbour].start) if elements else INDENT
    return _insert(text, at, [indent + line for line in (START, *lines, end_marker(layout))])


def _onto_lines(text: str, array: Array, lines: Sequence[str], layout: str) -> str:
    """Lay an array out that stands on one line, an entry on each, and put the region behind them."""
    end, indent = newline_before(text, array.start), indent_of(text)
    own = [f"{element}," for element in texts_of(text, array)]
    inside = "".join(f"{indent}{line}{end}" for line in (*own, START, *lines, end_marker(layout)))
    at = line_start(text, array.start)
    blanks = text[at : len(text) - len(text[at:].lstrip(" \t"))]
    return f"{text[: array.start]}[{end}{inside}{blanks}]{text[array.end :]}"


def _into_line(text: str, at: int, lines: Sequence[str]) -> str:
    """Splice behind a ``[`` that the user's entries follow on the same line, and indent what follows."""
    end = newline_before(text, at)
    block = "".join(f"{INDENT}{line}{end}" for line in (*lines, END))
    indent = "" if text[at:].lstrip(" \t").startswith("]") else INDENT
    return f"{text[:at]} {START}{end}{block}{indent}{text[at:]}"


def _new_list(text: str, lines: Sequence[str]) -> str:
    """Make the list, and ``[tool.uv]`` if need be; the end marker says so."""
    name, at, header = KEY[-1], len(text), ["[tool.uv]"]
    for statement in _extensible(text):
        # A table that dotted keys define must not get a header too, so its next key is dotted as well.
        dotted = statement.kind == "pair" and len(statement.table) < len(KEY) - 1
        if dotted or (statement.kind == "table" and statement.path == KEY[:2]):
            name = ".".join(KEY[len(statement.table) :]) if dotted else KEY[-1]
            at, header = line_end(text, statement.end), []
    indent, end = indent_of(text), end_marker(NO_TABLE if header else NO_LIST)
    body = [f"{name} = [", *(indent + line for line in (START, *lines, end)), "]"]
    return _insert(text, at, [*header, *body], gap=bool(header))


def _extensible(text: str) -> Iterator[Statement]:
    """Yield the statements that define ``tool.uv``, or something in it; ``EditError`` if no key can be added there."""
    for statement in statements(text):
        if statement.path == KEY and statement.kind == "array of tables":
            raise EditError([_ARRAY_OF_TABLES])
        if statement.kind == "pair" and statement.path in (KEY[:1], KEY[:2]):
            raise EditError([_INLINE_TABLE])
        if statement.path[:2] == KEY[:2]:
            yield statement


def _insert(text: str, at: int, lines: Sequence[str], *, gap: bool = False) -> str:
    """Insert whole lines, with a blank one before them if asked to.

    Where the text ends without a newline, neither does ours: so ``cut`` knows that the one before is ours.
    """
    end = newline_before(text, at)
    block = end.join(lines)
    if text and at == len(text) and not text.endswith("\n"):
        return text + end + block
    return text[:at] + (end if gap and text else "") + block + end + text[at:]


def newline_before(text: str, position: int) -> str:
    """Return the newline of the line before, else the first one of the text."""
    at = text.rfind("\n", 0, position)
    if at < 0:
        at = text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


def _indent(text: str, position: int) -> str:
    return text[line_start(text, position) : position] if leads_line(text, position) else INDENT
