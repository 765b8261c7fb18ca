"""The lines of a text, by positions in it."""

from __future__ import annotations


def line_start(text: str, position: int) -> int:
    """Return where the line of ``position`` begins."""
    return text.rfind("\n", 0, position) + 1


def line_end(text: str, position: int) -> int:
    """Return where the line after that of ``position`` begins, or the text's end."""
    return text.find("\n", position) + 1 or len(text)


def leads_line(text: str, position: int) -> bool:
    """Tell whether only blanks stand before ``position`` in its line."""
    return not text[line_start(text, position) : position].strip(" \t")
