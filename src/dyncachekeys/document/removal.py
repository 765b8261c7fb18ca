"""Taking our region out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dyncachekeys.document.conflict import sides
from dyncachekeys.document.proof import prove
from dyncachekeys.document.region import find_list, find_markers
from dyncachekeys.document.source import as_entry, decode, listed, parse
from dyncachekeys.document.spans import less, marked_spans, owned_spans, within
from dyncachekeys.errors import ConfigurationError, DyncachekeysError

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
    versions = sides(data)
    if versions is None:
        raise error
    try:
        ours, theirs = (cut(version, owned) for version in versions)
    except DyncachekeysError:
        raise error from None
    if ours.data != theirs.data:
        raise error
    entries = ours.entries + [entry for entry in theirs.entries if entry not in ours.entries]
    marked = all(side.marked for side in (ours, theirs) if side.entries)
    return Cut(ours.data, entries, marked, conflict=True)
