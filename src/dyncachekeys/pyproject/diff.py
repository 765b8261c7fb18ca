"""What an edit changes, as one reads it before it is made."""

from __future__ import annotations

import difflib

from dyncachekeys.pyproject.source import decode


def diff(name: str, before: bytes, after: bytes) -> list[str]:
    """Return the lines of a unified diff.

    Args:
        name: The file's path, as it is to be told.
        before: What it holds.
        after: What it is to hold.
    """
    old, new = (decode(data, name)[1].splitlines() for data in (before, after))
    return list(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm=""))
