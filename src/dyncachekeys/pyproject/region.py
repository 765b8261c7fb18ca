"""What is ours in a document's text: the list, and the markers in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dyncachekeys.pyproject.lines import leads_line
from dyncachekeys.pyproject.scanner import Array, Statement, array, members, statements
from dyncachekeys.pyproject.source import KEY

START = "# >>> dyncachekeys: generated from [tool.dyncachekeys], run `dyncachekeys sync`"
END = "# <<< dyncachekeys"
INDENT = "    "
LINES, NO_COMMA, NO_LIST, NO_TABLE = "lines", "no comma", "no list", "no [tool.uv]"
ONE_LINE, PADDED = "one line", "one line, padded"
"""What the region found when it was put in; all but the first is noted behind the end marker, so that it can be given back."""
ON_ONE_LINE, MADE = frozenset({ONE_LINE, PADDED}), frozenset({NO_LIST, NO_TABLE})
_START_PREFIX = "# >>> dyncachekeys"
_NOTE = re.compile(re.escape(END) + r" \(before: (.*)\)\s*")
_OUTSIDE = re.compile(rf"{re.escape(_START_PREFIX)}: generated from .*|{re.escape(END)}(?: \(before: .*\))?\s*")


class Listing(NamedTuple):
    """Where ``cache-keys`` is."""

    statements: Sequence[Statement]
    statement: Statement
    """The one that holds the list, itself or in an inline table."""
    array: Array


class Markers(NamedTuple):
    """The markers that were found."""

    inside: Sequence[tuple[Statement, Statement]] = ()
    """In the list, in pairs."""
    strays: Sequence[Statement] = ()
    """In the list, without a partner."""
    outside: Sequence[Statement] = ()
    """On lines of their own outside of the list: there they once were put, and a formatter may have moved them."""
    around: bool = False
    """Those outside stand around the list: all of it is ours."""
    before: str = LINES
    """What was there before the region: one of the texts above."""

    @property
    def are_whole(self) -> bool:
        """Whether they say which elements are ours."""
        return bool(self.around or self.inside) and not self.strays

    @property
    def are_sound(self) -> bool:
        """Whether they are where a sync puts them, and nowhere else."""
        return len(self.inside) == 1 and not (self.strays or self.outside)


def end_marker(before: str) -> str:
    """Return the end marker that says what was there before."""
    return END if before == LINES else f"{END} (before: {before})"


def find_list(text: str, found: Sequence[Statement] | None = None) -> Listing | None:
    """Return where the list is, ``None`` if there is none that is written as an array."""
    found = tuple(statements(text)) if found is None else found
    for statement in found:
        start = _list_start(text, statement)
        if start is not None:
            return Listing(found, statement, array(text, start))
    return None


def find_markers(text: str, found: Sequence[Statement], listing: Listing | None) -> Markers:
    """Return our markers; a comment that only begins like one, and is not in the list, is not ours."""
    outside = tuple(one for one in found if _is_outside(text, one))
    if listing is None:
        return Markers(outside=outside)
    pairs, strays = _paired(text, listing.array.comments)
    around = bool(outside) and not (pairs or strays) and _are_around(text, listing, outside)
    note = _NOTE.fullmatch(_text(text, pairs[-1][1])) if pairs else None
    return Markers(pairs, strays, outside, around, note[1] if note else LINES)


def _text(text: str, statement: Statement) -> str:
    return text[statement.start : statement.end]


def _is_outside(text: str, one: Statement) -> bool:
    return (
        one.kind == "comment"
        and text.startswith((_START_PREFIX, END), one.start)
        and bool(_OUTSIDE.fullmatch(_text(text, one)))
        and leads_line(text, one.start)
    )


def _are_around(text: str, listing: Listing, outside: Sequence[Statement]) -> bool:
    """Tell whether a start marker stands above the list, no further than ``[tool.uv]`` reaches.

    Other statements may stand between, and the end marker anywhere: whoever adds a key or a table by program puts it
    before the comment that ends the document, and a formatter moves a comment with the key that it stands above.
    """
    place = listing.statement.start
    starts = {one for one in outside if one.start < place and not text.startswith(END, one.start)}
    if not starts or len(starts) == len(outside):
        return False
    for item in reversed(listing.statements[: listing.statements.index(listing.statement)]):
        if item in starts:
            return True
        if item.kind != "comment" and not _is_of_uv(item):
            return False
    return False


def _is_of_uv(item: Statement) -> bool:
    """Tell whether a statement is the header of ``[tool.uv]``, or a pair of that table."""
    return item.path[:2] == KEY[:2] and (item.kind == "pair" or item.path == KEY[:2])


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
