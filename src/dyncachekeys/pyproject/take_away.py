"""Taking a key, or a table with all that is in it, out of a document, in whatever form it is written. Not proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dyncachekeys.pyproject.lines import leads_line, line_end, line_start
from dyncachekeys.pyproject.scanner import Path, Statement, members, statements
from dyncachekeys.pyproject.spans import Span, less


def take_away(text: str, path: Path, is_ours: Callable[[str], bool] = bool) -> str:
    """Return a document's text without what stands under a path, and without a header under which then nothing is left.

    Args:
        text: The document.
        path: Of a key or a table, which may be written with headers, dotted keys or inline tables.
        is_ours: Tells of a comment right above what goes whether it goes, too.
    """
    found = tuple(statements(text))
    for pair in found:
        if pair.kind == "pair" and len(pair.path) < len(path) and path[: len(pair.path)] == pair.path:
            return less(text, _members(text, pair, path))
    gone = {one for one in found if one.path[: len(path)] == path and one.kind != "comment"}
    gone |= {header for header, pairs in _blocks(found) if pairs and gone.issuperset(pairs) and _leads_to(header, path)}
    return less(text, [_span(text, found, at, is_ours) for at, one in enumerate(found) if one in gone])


def _leads_to(header: Statement, path: Path) -> bool:
    return header.kind == "table" and path[: len(header.path)] == header.path


def _blocks(found: Sequence[Statement]) -> Iterator[tuple[Statement, list[Statement]]]:
    """Yield each header with the pairs below it."""
    header: Statement | None = None
    pairs: list[Statement] = []
    for one in found:
        if one.kind == "pair":
            pairs.append(one)
        elif one.kind != "comment":
            if header is not None:
                yield header, pairs
            header, pairs = one, []
    if header is not None:
        yield header, pairs


def _members(text: str, table: Statement, path: Path) -> Iterator[Span]:
    """Yield what goes of an inline table, each with a comma beside it."""
    if text[table.value] != "{":
        return
    inside = list(members(text, table))
    for at, one in enumerate(inside):
        if len(one.path) < len(path) and path[: len(one.path)] == one.path:
            yield from _members(text, one, path)
        elif one.path[: len(path)] == path:
            if at:
                yield inside[at - 1].end, one.end
            else:
                yield one.start, inside[1].start if len(inside) > 1 else one.end


def _span(text: str, found: Sequence[Statement], at: int, is_ours: Callable[[str], bool]) -> Span:
    """Return the lines of a statement with our comments right above; of a header, also with one blank line before."""
    first, stop = line_start(text, found[at].start), line_end(text, found[at].end)
    for one in reversed(found[:at]):
        is_above = one.kind == "comment" and line_end(text, one.end) == first and leads_line(text, one.start)
        if not is_above or not is_ours(text[one.start : one.end].rstrip()):
            break
        first = line_start(text, one.start)
    before = text[max(0, first - 4) : first].replace("\r\n", "\n")
    if found[at].kind != "pair" and before.endswith("\n\n"):
        first -= 1 + text[:first].endswith("\r\n")
    return first, stop
