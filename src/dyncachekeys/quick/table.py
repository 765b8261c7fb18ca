"""Tables that fit a terminal: what is too long is shortened in the middle, the longest first.

A file or a pipe gets all of it, as with uv, cargo and git: there is no width that the reader of a log has, and a path that
was shortened can't be searched for.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

_USUAL = 80
"""Columns of a terminal that does not say how many it has."""
_NARROWEST = 9
"""Columns that a cell has at the least, so that three signs of both ends can be seen."""
_GAP = "..."
"""In ASCII: an ellipsis is not in every terminal's encoding."""


def columns(stream: TextIO) -> int | None:
    """Return how many columns a line on a stream may take: those of its terminal; nothing where it is none.

    ``COLUMNS`` comes before what the terminal says, as it does for Python.
    """
    if not stream.isatty():
        return None
    given = os.environ.get("COLUMNS", "")
    if given.isascii() and given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL
    except OSError:
        return _USUAL


def lines(rows: Sequence[Sequence[str]], width: int | None, indent: str = "  ", *, whole: int = 0) -> Iterator[str]:
    """Yield the rows of a table as lines, two spaces between its columns.

    Args:
        rows: The rows, all of as many cells.
        width: How many columns of the terminal a line may take; nothing if all is to be there.
        indent: What each line begins with.
        whole: How many of the first columns are never shortened.
    """
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    if width is not None:
        fixed = widths[:whole]
        widths = fixed + shares(widths[whole:], width - sum(fixed) - len(indent) - 2 * (len(widths) - 1))
    for row in rows:
        yield (indent + "  ".join(_filled(text, share) for text, share in zip(row, widths, strict=True))).rstrip()


def fitting(texts: Sequence[str], width: int) -> list[str]:
    """Return the parts of one line so that together they take no more than some columns."""
    return [*map(shortened, texts, shares([cells(text) for text in texts], width))]


def shares(widths: Sequence[int], total: int) -> list[int]:
    """Return how much of a total each of some widths gets: all that it wants, but for the widest, which get the same."""
    left, shared = total, len(widths)
    for number, width in enumerate(sorted(widths)):
        if width * (shared - number) > left:
            most = max(left // (shared - number), _NARROWEST)
            return [min(width, most) for width in widths]
        left -= width
    return list(widths)


def shortened(text: str, width: int) -> str:
    """Return text that takes no more than some columns: of a longer one the middle is left out, less of its end."""
    if cells(text) <= width:
        return text
    tail = (width - len(_GAP)) * 2 // 3  # the name of a file says more than the folders in front of it
    return _first(text, width - len(_GAP) - tail) + _GAP + _first(text[::-1], tail)[::-1]


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415  seldom needed

    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "FW" else 1 for sign in text)


def _first(text: str, width: int) -> str:
    if text.isascii():
        return text[:width]
    for number, sign in enumerate(text):
        width -= cells(sign)
        if width < 0:
            return text[:number]
    return text


def _filled(text: str, width: int) -> str:
    fitting = shortened(text, width)
    return fitting + " " * (width - cells(fitting))
