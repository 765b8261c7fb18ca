"""Taking our region out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.pyproject.conflict import Conflict, parts, side
from dyncachekeys.pyproject.proof import prove
from dyncachekeys.pyproject.region import find_list, find_markers
from dyncachekeys.pyproject.source import as_entry, decode, listed, parse
from dyncachekeys.pyproject.spans import less, marked_spans, owned_spans, within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Cut:
    """A document without our region."""

    data: bytes
    entries: list[dict[str, object]]
    """What the region held, in the long form."""
    marked: bool
    """The markers were there, in pairs. If not, ``entries`` are those that equalled owned ones."""
    conflict: bool
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
        return _settle(data, owned, error)
    listing = find_list(text)
    if listing is None:
        return Cut(data, [], marked=False, conflict=False)
    markers = find_markers(text, listing)
    values = listed(before)
    spans = marked_spans(text, listing, markers)
    held = [within(element, spans) for element in listing.array.elements]
    text = less(text, spans)
    marked = bool(markers.around or markers.inside) and not markers.strays
    if not marked and owned and (rest := find_list(text)):
        left = [index for index, ours in enumerate(held) if not ours]
        mine = [as_entry(values[index]) in owned for index in left]
        text = less(text, owned_spans(text, rest, mine))
        for index, ours in zip(left, mine, strict=True):
            held[index] = ours
    after = bom + text.encode()
    prove(before, after, [[value for value, ours in zip(values, held, strict=True) if not ours]])
    entries = [as_entry(value) for value, ours in zip(values, held, strict=True) if ours]
    return Cut(after, [entry for entry in entries if isinstance(entry, dict)], marked, conflict=False)


def has_region(data: bytes) -> bool:
    """Say whether there is a marker of ours. Raises as ``cut`` does."""
    return cut(data).data != data


def _settle(data: bytes, owned: Sequence[Mapping[str, object]], error: ConfigurationError) -> Cut:
    """Cut both sides of a merge conflict. If the same is left, then it was within our region."""
    document = parts(data)
    conflicts = [part for part in document if isinstance(part, Conflict)]
    if not conflicts:
        raise error
    try:
        ours, theirs = (cut(side(document, theirs=some), owned) for some in ((), conflicts))
    except DyncachekeysError:
        raise error from None
    if ours.data != theirs.data:
        raise (_outside(document, conflicts, ours) if ours.entries or theirs.entries else error) from None
    entries = ours.entries + [entry for entry in theirs.entries if entry not in ours.entries]
    marked = all(one.marked for one in (ours, theirs) if one.entries)
    return Cut(ours.data, entries, marked, conflict=True)


def _outside(document: Sequence[bytes | Conflict], conflicts: Sequence[Conflict], ours: Cut) -> ConfigurationError:
    """Return the error that names the first conflict that is not within our region: each is tried alone."""
    first = next((one for one in conflicts if not _is_within(document, one, ours)), conflicts[0])
    remedy = "resolve it, then run `dyncachekeys sync`, which settles what is in the region"
    message = "there is a merge conflict outside the generated region"
    return ConfigurationError([Problem("merge-conflict", message, f"pyproject.toml:{first.line}", remedy)])


def _is_within(document: Sequence[bytes | Conflict], one: Conflict, ours: Cut) -> bool:
    try:
        return cut(side(document, theirs=[one])).data == ours.data
    except DyncachekeysError:
        return False
