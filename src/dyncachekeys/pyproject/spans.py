"""Which stretches of the text are ours, to the blank."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from dyncachekeys.pyproject.lines import leads_line, line_end, line_start
from dyncachekeys.pyproject.region import INDENT, MADE, NO_TABLE, Listing, Markers
from dyncachekeys.pyproject.scanner import Array, Element, Statement
from dyncachekeys.pyproject.source import KEY

Span: TypeAlias = tuple[int, int]


def marked_spans(text: str, listing: Listing | None, markers: Markers) -> list[Span]:
    """Return the markers with what they enclose, those that enclose nothing, and what was made for the region."""
    spans = [_lines(text, marker, marker) for marker in markers.outside]
    if listing is None:
        return spans
    spans += [_inside_span(text, listing.array.start, start, end) for start, end in markers.inside]
    spans += [_stray_span(text, stray) for stray in markers.strays]
    is_made = markers.before in MADE and _is_all(listing.array, spans)
    return _with_list(text, listing, markers, spans) if markers.around or is_made else sorted(spans)


def _is_all(array: Array, spans: Iterable[Span]) -> bool:
    """Tell whether a list holds nothing beside the spans, not even a comment."""
    inside = (*array.elements, *(Element(one.start, one.end) for one in array.comments))
    return all(within(sorted(inside), spans))


def _with_list(text: str, listing: Listing, markers: Markers, spans: Iterable[Span]) -> list[Span]:
    """Return the spans with the statement that was made for the list, and with the header if that was made, too."""
    header = _own_header(listing, markers)
    made = [listing.statement, *header]
    blocks = _merged([*spans, *(_lines(text, one, one) for one in made)])
    return [_with_newline(text, block, listing.statement, header) for block in blocks]


def _own_header(listing: Listing, markers: Markers) -> list[Statement]:
    """Return the ``[tool.uv]`` that was made for the list; nothing if other settings stand under it now."""
    under = [item for item in listing.statements if item.kind == "pair" and item.table == KEY[:2]]
    if any(item is not listing.statement for item in under):
        return []
    headers = [item for item in listing.statements if item.kind == "table" and item.path == KEY[:2]]
    if markers.around:  # then it stands between them
        first = min(marker.start for marker in markers.outside)
        return [header for header in headers if first < header.start < listing.statement.start]
    return headers if markers.before == NO_TABLE else []


def _with_newline(text: str, block: Span, statement: Statement, header: Sequence[Statement]) -> Span:
    """Return a block of lines with the newline before it: if it sets our header off, or ends a text without one."""
    first, stop = block
    sets_off = any(first <= one.start < stop for one in header) and _ends_blank(text, first)
    ends_text = first <= statement.start < stop and text[stop - 1] != "\n"
    return (max(0, first - 1 - text[:first].endswith("\r\n")), stop) if sets_off or ends_text else block


def _ends_blank(text: str, position: int) -> bool:
    """Tell whether a blank line stands before a line."""
    return text[max(0, position - 4) : position].replace("\r\n", "\n").endswith("\n\n")


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in their order, each as long as it goes on without a gap."""
    found: list[Span] = []
    for first, stop in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], stop)
        else:
            found.append((first, stop))
    return found


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
