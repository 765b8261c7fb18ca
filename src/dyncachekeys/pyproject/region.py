"""What is ours in a document's text: the list, and the markers in it or around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dyncachekeys.pyproject.scanner import Array, Statement, array, members, statements
from dyncachekeys.pyproject.source import KEY

START = "# >>> dyncachekeys: generated from [tool.dyncachekeys], run `dyncachekeys sync`"
END = "# <<< dyncachekeys"
INDENT = "    "
_START_PREFIX = "# >>> dyncachekeys"


class Listing(NamedTuple):
    """Where ``cache-keys`` is."""

    statements: Sequence[Statement]
    statement: Statement
    """The one that holds the list, itself or in an inline table."""
    array: Array


class Markers(NamedTuple):
    """The markers that were found, in pairs; and those without a partner."""

    around: tuple[Statement, Statement] | None
    """They stand before and behind the statement: all of the list is ours."""
    inside: Sequence[tuple[Statement, Statement]]
    strays: Sequence[Statement]

    @property
    def are_whole(self) -> bool:
        """Whether there are markers, each with its partner."""
        return bool(self.around or self.inside) and not self.strays


def find_list(text: str) -> Listing | None:
    """Return where the list is, ``None`` if there is none that is written as an array."""
    found = tuple(statements(text))
    for statement in found:
        start = _list_start(text, statement)
        if start is not None:
            return Listing(found, statement, array(text, start))
    return None


def find_markers(text: str, listing: Listing) -> Markers:
    """Return our markers; a comment that looks like one but is elsewhere is not ours."""
    index = listing.statements.index(listing.statement)
    start = _nearest(text, reversed(listing.statements[:index]), _START_PREFIX)
    end = _nearest(text, listing.statements[index + 1 :], END, far=start is not None)
    if start and end:
        return Markers((start, end), (), ())
    pairs, strays = _paired(text, listing.array.comments)
    return Markers(None, pairs, [*(marker for marker in (start, end) if marker), *strays])


def _paired(text: str, comments: Iterable[Statement]) -> tuple[list[tuple[Statement, Statement]], list[Statement]]:
    """Return the markers among comments in pairs, and those without a partner."""
    pairs: list[tuple[Statement, Statement]] = []
    strays: list[Statement] = []
    opening: Statement | None = None
    for comment in comments:
        is_start = text.startswith(_START_PREFIX, comment.start)
        if opening and text.startswith(END, comment.start):
            pairs.append((strays.pop(), comment))
            opening = None
        elif is_start or text.startswith(END, comment.start):
            strays.append(comment)
            opening = comment if is_start else None
    return pairs, strays


def line_start(text: str, position: int) -> int:
    """Return where the line of ``position`` begins."""
    return text.rfind("\n", 0, position) + 1


def line_end(text: str, position: int) -> int:
    """Return where the line after that of ``position`` begins, or the text's end."""
    return text.find("\n", position) + 1 or len(text)


def leads_line(text: str, position: int) -> bool:
    """Tell whether only blanks stand before ``position`` in its line."""
    return not text[line_start(text, position) : position].strip(" \t")


def _list_start(text: str, pair: Statement) -> int | None:
    """Return where the list begins that a pair holds, itself or in its inline table."""
    if pair.kind != "pair" or pair.path != KEY[: len(pair.path)]:
        return None
    if pair.path == KEY:
        return pair.value if text[pair.value] == "[" else None
    if text[pair.value] == "{":
        starts = (_list_start(text, member) for member in members(text, pair))
        return next((start for start in starts if start is not None), None)
    return None


def _nearest(text: str, around: Iterable[Statement], prefix: str, *, far: bool = False) -> Statement | None:
    """Return the first marker on a line of its own; unless ``far``, no further than ``[tool.uv]`` reaches.

    Other statements may stand between: whoever adds a key or a table by program puts it before the comment
    that ends the document, which may be our marker.
    """
    for item in around:
        if item.kind == "comment":
            if text.startswith(prefix, item.start) and leads_line(text, item.start):
                return item
        elif not far and (item.path[:2] != KEY[:2] or (item.kind != "pair" and item.path != KEY[:2])):
            return None
    return None
