"""Putting one text under a path of nested tables, in whatever form the tables on the way are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dyncachekeys.pyproject.lines import line_end
from dyncachekeys.pyproject.render import key, render
from dyncachekeys.pyproject.scanner import Path, Statement, members, statements

_IN_TABLE, _DOTTED, _BESIDE = 2, 1, 0


class Assignment(NamedTuple):
    """What is to stand in a document."""

    path: Path
    """Where the value is to stand."""
    value: str
    header: int
    """How many parts of the path the header names of a table that has to be made."""
    comment: str
    """Stands above the pair in a table where nothing of the rest of the path was."""


class _Place(NamedTuple):
    """A statement by which to write the pair, the better the greater."""

    common: int
    """How many parts of the path it shares."""
    rank: int
    order: int
    statement: Statement


def assign(text: str, wanted: Assignment) -> str:
    """Return a document's text with a value under a path; what stands there is replaced. Not proved."""
    found = list(statements(text))
    holder = None
    for holder in _on_the_way(text, found, wanted.path):
        if holder.path == wanted.path:
            return text[: holder.value] + render(wanted.value) + text[holder.end :]
    if holder is not None:
        return _into_inline_table(text, holder, wanted)
    best = max(filter(None, (_place(one, order, wanted) for order, one in enumerate(found))), default=None)
    if best is None or best.rank == _BESIDE:
        return _new_table(text, found, best, wanted)
    return _after(text, found, best, wanted)


def _on_the_way(text: str, found: Sequence[Statement], path: Path) -> Iterator[Statement]:
    """Yield the pairs that hold the path or a beginning of it, from the outermost inline table inwards."""
    pairs = (one for one in found if one.kind == "pair" and path[: len(one.path)] == one.path)
    pair = next(pairs, None)
    while pair is not None:
        yield pair
        inside = members(text, pair) if text[pair.value] == "{" else iter(())
        pair = next((one for one in inside if path[: len(one.path)] == one.path), None)


def _into_inline_table(text: str, table: Statement, wanted: Assignment) -> str:
    if text[table.value] != "{":  # no table at all: the proof finds it
        return text
    inside = list(members(text, table))
    common = max(_common(one.path, wanted.path) for one in (table, *inside))
    new = _pair(wanted, len(table.path), common)
    if inside:
        at = inside[-1].end
        return f"{text[:at]}, {new}{text[at:]}"
    at = table.value + 1
    rest = text[at:].lstrip(" \t")
    return f"{text[:at]} {new} {rest}"


def _place(one: Statement, order: int, wanted: Assignment) -> _Place | None:
    common = _common(one.path, wanted.path)
    if one.kind == "pair":
        return _Place(common, _DOTTED, order, one) if common > len(one.table) else None
    if one.kind == "comment":
        return None
    holds = one.kind == "table" and common == len(one.path) >= wanted.header
    return _Place(common, _IN_TABLE if holds else _BESIDE, order, one)


def _after(text: str, found: Sequence[Statement], place: _Place, wanted: Assignment) -> str:
    """Return the text with the pair behind the last one of its table, or behind its dotted neighbour."""
    last, table = place.statement, place.statement.table
    if place.rank == _IN_TABLE:
        last, table = _last_of_block(found, place), place.statement.path
    at = _behind(text, found, last) if place.rank == _IN_TABLE else line_end(text, last.end)
    pair = _pair(wanted, len(table), place.common)
    is_first = place.rank == _IN_TABLE and place.common < len(wanted.path) - 2
    return _spliced(text, at, [f"# {wanted.comment}", pair] if is_first else [pair])


def _behind(text: str, found: Sequence[Statement], last: Statement) -> int:
    """Return where the line after a table's last pair begins, or after the comments below it: a key that is switched off.

    Comments belong to what comes next, if that follows without a blank line.
    """
    at = after = line_end(text, last.end)
    for one in found[found.index(last) + 1 :]:
        if text[after : one.start].strip(" \t"):
            return after
        if one.kind != "comment":
            return at
        after = line_end(text, one.end)
    return after


def _new_table(text: str, found: Sequence[Statement], place: _Place | None, wanted: Assignment) -> str:
    """Return the text with a table of its own for the pair: beside those like it, else at the end."""
    common = place.common if place else 0
    is_like_it = common > wanted.header
    parts = min(common + 1, len(wanted.path) - 1) if is_like_it else wanted.header
    at = line_end(text, _last_of_block(found, place).end) if place and common > 1 else len(text)
    head = f"[{'.'.join(map(key, wanted.path[:parts]))}]"
    lines = [head, *([] if is_like_it else [f"# {wanted.comment}"]), _pair(wanted, parts, parts)]
    return _spliced(text, at, ["", *lines] if text.strip() else lines)


def _last_of_block(found: Sequence[Statement], place: _Place) -> Statement:
    """Return the last pair below a header, or the header itself."""
    last = place.statement
    for one in found[place.order + 1 :]:
        if one.kind in {"table", "array of tables"}:
            break
        last = one if one.kind == "pair" else last
    return last


def _pair(wanted: Assignment, start: int, common: int) -> str:
    """Return the pair under a table whose path has `start` parts; dotted as far as others share it, then inline tables."""
    nested: object = wanted.value
    for name in reversed(wanted.path[common + 1 :]):
        nested = {name: nested}
    return f"{'.'.join(map(key, wanted.path[start : common + 1]))} = {render(nested)}"


def _common(one: Path, other: Path) -> int:
    """Return how many parts two paths begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _spliced(text: str, at: int, lines: Sequence[str]) -> str:
    """Return the text with whole lines, in its own newlines."""
    end = "\r\n" if "\r\n" in text else "\n"
    before = text[:at] if not at or text[:at].endswith("\n") else text[:at] + end
    return before + "".join(line + end for line in lines) + text[at:]
