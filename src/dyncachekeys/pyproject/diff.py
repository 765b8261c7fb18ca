"""What an edit would change, for people to read."""

from __future__ import annotations

import difflib

from dyncachekeys.pyproject.source import decode


def diff(name: str, before: bytes, after: bytes) -> list[str]:
    """Return the lines of a unified diff of a file, which it calls by its name."""
    old, new = (decode(data, name)[1].splitlines() for data in (before, after))
    return list(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm=""))
