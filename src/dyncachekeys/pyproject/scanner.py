"""Where things stand in a TOML document that a parser has accepted: spans only, values are tomli's.

Newlines and comments inside inline tables (TOML 1.1) are understood. All is linear in what is walked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

import tomli

from dyncachekeys.errors import EditError, Problem

Path: TypeAlias = tuple[str, ...]

# Unrolled loops: no way to match the same text twice, so nothing to backtrack into.
_BASIC = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
_LITERAL = r"'[^'\n]*'"
_LONG_BASIC = r'"""[^"\\]*(?:(?:\\[\s\S]|"(?!""))[^"\\]*)*"{3,5}'
_LONG_LITERAL = r"'''[^']*(?:'(?!'')[^']*)*'{3,5}"
_STRING = f"{_LONG_BASIC}|{_LONG_LITERAL}|{_BASIC}|{_LITERAL}"
_PART = f"[A-Za-z0-9_-]+|{_BASIC}|{_LITERAL}"

_SPACE = re.compile(r"[ \t\r\n]*")
_COMMENT = re.compile(r"#[^\r\n]*")
_FILLER = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_KEY = re.compile(rf"(?:{_PART})(?:[ \t]*\.[ \t]*(?:{_PART}))*")
_KEY_PART = re.compile(_PART)
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_HEADER = re.compile(r"(\[\[?)[ \t]*")
_HEADER_END = re.compile(r"[ \t]*\]\]?")
_SCALAR = re.compile(rf"{_STRING}|[^,\]}}#\r\n]*[^,\]}}#\s]")
_NESTING = re.compile(rf"{_STRING}|#[^\n]*|([\[{{])|([\]}}])")


class Statement(NamedTuple):
    """A comment, a header, or a pair of key and value."""

    kind: Literal["comment", "table", "array of tables", "pair"]
    start: int
    end: int
    path: Path = ()
    """From the root, the header included."""
    table: Path = ()
    """The header that a pair is under."""
    value: int = 0
    """Where a pair's value begins."""


class Element(NamedTuple):
    """An element of an array."""

    start: int
    end: int
    comma: int | None = None


class Array(NamedTuple):
    """An array from its ``[`` to behind its ``]``, with the comments of its own level."""

    start: int
    end: int
    elements: tuple[Element, ...]
    comments: tuple[Statement, ...]


def statements(text: str) -> Iterator[Statement]:
    """Yield everything at the top level of the document."""
    table: Path = ()
    position = 0
    while (position := _match(_SPACE, text, position).end()) < len(text):
        if text[position] == "#":
            found = _comment(text, position)
        elif text[position] == "[":
            found = _header(text, position)
            table = found.path
        else:
            found = _pair(text, position, table)
        yield found
        position = found.end


def members(text: str, table: Statement) -> Iterator[Statement]:
    """Yield the pairs of a pair's inline table."""
    position = table.value + 1
    while text[position := _match(_FILLER, text, position).end()] != "}":
        pair = _pair(text, position, table.path)
        yield pair
        position = pair.end


def array(text: str, start: int) -> Array:
    """Return the array that begins at ``start``."""
    elements: list[Element] = []
    comments: list[Statement] = []
    position = start + 1
    while text[position := _match(_SPACE, text, position).end()] != "]":
        if text[position] == "#":
            comments.append(_comment(text, position))
            position = comments[-1].end
        elif text[position] == ",":
            last = elements[-1]
            elements[-1] = Element(last.start, last.end, position)
            position += 1
        else:
            elements.append(Element(position, _value_end(text, position)))
            position = elements[-1].end
    return Array(start, position + 1, tuple(elements), tuple(comments))


def _comment(text: str, start: int) -> Statement:
    return Statement("comment", start, _match(_COMMENT, text, start).end())


def _header(text: str, start: int) -> Statement:
    opening = _match(_HEADER, text, start)
    key = _match(_KEY, text, opening.end())
    end = _match(_HEADER_END, text, key.end()).end()
    return Statement("array of tables" if opening[1] == "[[" else "table", start, end, _path(key[0]))


def _pair(text: str, start: int, table: Path) -> Statement:
    key = _match(_KEY, text, start)
    value = _match(_EQUALS, text, key.end()).end()
    return Statement("pair", start, _value_end(text, value), table + _path(key[0]), table, value)


def _path(key: str) -> Path:
    parts = _KEY_PART.findall(key)
    return tuple(tomli.loads(f"x = {part}")["x"] if part[0] in "\"'" else part for part in parts)


def _value_end(text: str, start: int) -> int:
    if text[start] not in "[{":
        return _match(_SCALAR, text, start).end()
    depth = 0
    for token in _NESTING.finditer(text, start):
        depth += (token[1] is not None) - (token[2] is not None)
        if depth == 0:
            return token.end()
    raise _lost(text, start)


def _match(pattern: re.Pattern[str], text: str, position: int) -> re.Match[str]:
    if found := pattern.match(text, position):
        return found
    raise _lost(text, position)


def _lost(text: str, position: int) -> EditError:
    line = text.count("\n", 0, position) + 1
    remedy = "please report this line; until then, write it in a plainer form"
    problem = Problem("edit-not-proved", "not understood, so not edited", f"pyproject.toml:{line}", remedy)
    return EditError([problem])
