"""How a list is laid out before our region is in it: changed for the region, and given back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dyncachekeys.pyproject.lines import leads_line
from dyncachekeys.pyproject.region import INDENT, LINES, NO_COMMA, ON_ONE_LINE, PADDED, find_list
from dyncachekeys.pyproject.scanner import Array

_LIST = re.compile(r"=[ \t]*\[[ \t]*(?:#[^\n]*)?\r?\n([ \t]+)[^ \t\r\n]")


def layout_of(text: str, array: Array) -> str:
    """Return what of a list's layout has to be changed for the region, as ``given_back`` takes it; else ``LINES``."""
    whole, elements = text[array.start : array.end], texts_of(text, array)
    if "\n" not in whole:
        return next((layout for layout in ON_ONE_LINE if joined(elements, layout) == whole), LINES)
    no_comma = elements and array.elements[-1].comma is None and leads_line(text, array.end - 1)
    return NO_COMMA if no_comma else LINES


def texts_of(text: str, array: Array) -> list[str]:
    """Return the elements of a list as they are written."""
    return [text[element.start : element.end] for element in array.elements]


def joined(elements: Sequence[str], layout: str) -> str:
    """Return a list on one line."""
    blank = " " if layout == PADDED else ""
    return f"[{blank}{', '.join(elements)}{blank}]"


def given_back(text: str, layout: str) -> str:
    """Return a document's text with the list in the layout that it had; as it is, if that does not fit any more."""
    listing = find_list(text)
    if listing is None or not (layout in ON_ONE_LINE or listing.array.elements):
        return text
    array = listing.array
    elements = texts_of(text, array)
    if layout == NO_COMMA:
        last = array.elements[-1]
        return text[: last.end] + text[last.end + 1 :] if last.comma == last.end else text
    if array.comments or any("\n" in element for element in elements):
        return text
    return text[: array.start] + joined(elements, layout) + text[array.end :]


def indent_of(text: str) -> str:
    """Return how a document indents the elements of its lists, by the first one that stands on lines of its own."""
    found = _LIST.search(text)
    return found[1] if found else INDENT
