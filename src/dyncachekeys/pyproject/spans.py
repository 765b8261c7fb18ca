"""Which stretches of the text are ours, to the blank."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from dyncachekeys.pyproject.region import INDENT, Listing, Markers, leads_line, line_end, line_start
from dyncachekeys.pyproject.scanner import Element, Statement
from dyncachekeys.pyproject.source import KEY

Span: TypeAlias = tuple[int, int]


def marked_spans(text: str, listing: Listing, markers: Markers) -> list[Span]:
    """Return the markers with what they enclose, and those that enclose nothing."""
    if markers.around:
        return _statement_spans(text, listing, *markers.around)
    pairs = [_inside_span(text, listing.array.start, start, end) for start, end in markers.inside]
    return sorted(pairs + [_stray_span(text, stray) for stray in markers.strays])


def _statement_spans(text: str, listing: Listing, start: Statement, end: Statement) -> list[Span]:
    """Return what is ours from marker to marker: all, unless statements of others stand there or need it."""
    found = listing.statements
    between = found[found.index(start) + 1 : found.index(end)]
    header = _own_header(listing, between)
    ours = (start, *header, listing.statement, end)
    whole = all(item.kind == "comment" or item in ours for item in between)
    spans = [_lines(text, start, end)] if whole else [_lines(text, item, item) for item in ours]
    first, stop = spans[0]
    # The newline before is ours as well if it sets our header off, or if the text's last line had none.
    set_off = header and text[max(0, first - 4) : first].replace("\r\n", "\n").endswith("\n\n")
    if set_off or (whole and text[stop - 1] != "\n"):
        spans[0] = max(0, first - 1 - text[:first].endswith("\r\n")), stop
    return spans


def _own_header(listing: Listing, between: Iterable[Statement]) -> list[Statement]:
    """Return the ``[tool.uv]`` that we made between the markers; nothing if other settings stand under it now."""
    under = [item for item in listing.statements if item.kind == "pair" and item.table == KEY[:2]]
    if any(item is not listing.statement for item in under):
        return []
    return [item for item in between if item.kind == "table" and item.path == KEY[:2]]


def _inside_span(text: str, opening: int, start: Statement, end: Statement) -> Span:
    """Return what is ours between two markers in the array that begins at ``opening``."""
    if leads_line(text, start.start):
        return _lines(text, start, end)
    stop = line_end(text, end.end)
    if start.start == opening + 2:
        indented = text.startswith(INDENT, stop) and text[_blanks_after(text, stop)] != "]"
        return opening + 1, stop + (len(INDENT) if indented else 0)
    return _blanks_before(text, start.start), end.end


def _stray_span(text: str, stray: Statement) -> Span:
    if leads_line(text, stray.start):
        return _lines(text, stray, stray)
    return _blanks_before(text, stray.start), stray.end


def owned_spans(text: str, listing: Listing, mine: Sequence[bool]) -> Iterator[Span]:
    """Yield what goes with the elements that are ours; with all of them, the list itself.

    An empty list would be left otherwise, under which uv builds on every command (U5).
    """
    statement = listing.statement
    if mine and all(mine) and statement.path == KEY and not listing.array.comments:
        yield _lines(text, statement, statement)
        return
    for element, ours in zip(listing.array.elements, mine, strict=True):
        if ours:
            yield from _element_spans(text, element)


def _element_spans(text: str, element: Element) -> Iterator[Span]:
    """Yield the element, its comma, and the blanks or the line that would be left over."""
    stop = element.end if element.comma is None else element.comma + 1
    if "#" in text[element.end : stop]:
        yield element.start, element.end
        yield stop - 1, stop
        return
    rest = _blanks_after(text, stop)
    last_of_line = text[rest] in "\r\n"
    if last_of_line and leads_line(text, element.start):
        yield line_start(text, element.start), line_end(text, rest)
    elif last_of_line or element.comma is None:
        yield _blanks_before(text, element.start), stop
    else:
        yield element.start, rest


def _lines(text: str, first: Statement | Element, last: Statement | Element) -> Span:
    """Return the whole lines from one to the other."""
    return line_start(text, first.start), line_end(text, last.end)


def _blanks_before(text: str, position: int) -> int:
    start = line_start(text, position)
    return start + len(text[start:position].rstrip(" \t"))


def _blanks_after(text: str, position: int) -> int:
    while text[position] in " \t":
        position += 1
    return position


def within(elements: Iterable[Element], spans: Iterable[Span]) -> list[bool]:
    """Tell of each element, in the order of the text, whether it goes with one of the spans."""
    ahead, found, reach = sorted(spans, reverse=True), [], 0
    for element in elements:
        while ahead and ahead[-1][0] <= element.start:
            reach = max(reach, ahead.pop()[1])
        found.append(element.start < reach)
    return found


def less(text: str, spans: Iterable[Span]) -> str:
    """Return the text without the spans, which may overlap."""
    left: list[str] = []
    position = 0
    for start, stop in sorted(spans):
        left.append(text[position:start])
        position = max(position, stop)
    return "".join(left) + text[position:]
