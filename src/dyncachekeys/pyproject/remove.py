"""Taking our region out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any, NamedTuple

from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.pyproject.conflict import Conflict, conflicts_in, parts, side
from dyncachekeys.pyproject.layout import given_back
from dyncachekeys.pyproject.region import NO_COMMA, ON_ONE_LINE, Markers, find_list, find_markers
from dyncachekeys.pyproject.scanner import statements
from dyncachekeys.pyproject.source import as_entry, decode, entry_tables, hashable, listed, parse, prove
from dyncachekeys.pyproject.spans import less, marked_spans, owned_spans, within


class Cut(NamedTuple):
    """A document without our region."""

    data: bytes
    document: Mapping[str, Any]
    """What it says."""
    entries: Sequence[Mapping[str, Any]]
    """What the region held, in the long form."""
    marked: bool = False
    """The markers were there, in pairs. If not, ``entries`` are those that equalled owned ones."""
    sound: bool = False
    """They are where a sync puts them, and nowhere else."""
    conflict: bool = False
    """Git's conflict lines stood in the region and went with it."""


def cut(data: bytes, owned: Sequence[Mapping[str, object]] = ()) -> Cut:
    """Return the document without our region; unchanged if nothing in it is ours.

    Where the markers are missing, the elements that equal one of ``owned`` are ours. Raises
    ``ConfigurationError`` if the document is not valid, ``EditError`` if more than our entries would change.
    """
    bom, text = decode(data)
    try:
        before = parse(data)
    except ConfigurationError as error:
        sides = parts(data)
        if not conflicts_in(sides):
            raise
        return _cut_in_conflict(sides, owned, error)
    text, taken = _without_region(text, before, owned)
    after = bom + text.encode()
    others = [value for value, is_ours in zip(taken.values, taken.ours, strict=True) if not is_ours]
    document = before if after == data else prove(before, after, [others])
    entries = entry_tables(compress(taken.values, taken.ours))
    return Cut(after, document, entries, taken.markers.are_whole, taken.markers.are_sound)


class _Taken(NamedTuple):
    values: Sequence[object]
    """The elements of the list as they were."""
    ours: Sequence[bool]
    markers: Markers


def _without_region(
    text: str, document: Mapping[str, object], owned: Sequence[Mapping[str, object]]
) -> tuple[str, _Taken]:
    """Return the text without the region, and what was taken."""
    found = tuple(statements(text))
    listing = find_list(text, found)
    markers = find_markers(text, found, listing)
    spans = marked_spans(text, listing, markers)
    values = listed(document) if listing or spans else []
    ours = within(listing.array.elements, spans) if listing else [False] * len(values)
    text = less(text, spans)
    if owned and listing and not markers.are_whole:
        text, ours = _without_owned(text, values, ours, owned)
    if markers.before == NO_COMMA or markers.before in ON_ONE_LINE:
        text = given_back(text, markers.before)
    return text, _Taken(values, ours, markers)


def _without_owned(
    text: str, values: Sequence[object], ours: Sequence[bool], owned: Sequence[Mapping[str, object]]
) -> tuple[str, list[bool]]:
    """Return the text without the owned ones among the elements that are left, and which values then are ours."""
    known = set(map(hashable, owned))
    all_ours = [is_ours or hashable(as_entry(value)) in known for value, is_ours in zip(values, ours, strict=True)]
    listing = find_list(text)
    left = [now for now, before in zip(all_ours, ours, strict=True) if not before]
    return (less(text, owned_spans(text, listing, left)), all_ours) if listing else (text, list(ours))


def _cut_in_conflict(
    document: Sequence[bytes | Conflict], owned: Sequence[Mapping[str, object]], error: ConfigurationError
) -> Cut:
    """Cut both sides of a merge conflict. If the same is left, then it was within our region."""
    conflicts = conflicts_in(document)
    try:
        ours, theirs = (cut(side(document, theirs=chosen), owned) for chosen in ((), conflicts))
    except DyncachekeysError:
        raise error from None
    if ours.data != theirs.data:
        raise (_outside(document, conflicts, ours) if ours.entries or theirs.entries else error) from None
    known = set(map(hashable, ours.entries))
    entries = [*ours.entries, *(entry for entry in theirs.entries if hashable(entry) not in known)]
    marked = all(one.marked for one in (ours, theirs) if one.entries)
    return ours._replace(entries=entries, marked=marked, conflict=True)


def _outside(document: Sequence[bytes | Conflict], conflicts: Sequence[Conflict], ours: Cut) -> ConfigurationError:
    """Return the error that names the first conflict that is not within our region."""
    low, high = 0, len(conflicts)  # the first `low` are within, the first `high` are not all
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _are_within(document, conflicts[:middle], ours) else (low, middle)
    first = conflicts[low]
    remedy = "resolve it, then run `dyncachekeys sync`, which settles what is in the region"
    message = "there is a merge conflict outside the generated region"
    return ConfigurationError([Problem("merge-conflict", message, f"pyproject.toml:{first.line}", remedy)])


def _are_within(document: Sequence[bytes | Conflict], some: Sequence[Conflict], ours: Cut) -> bool:
    try:
        return cut(side(document, theirs=some)).data == ours.data
    except DyncachekeysError:
        return False
