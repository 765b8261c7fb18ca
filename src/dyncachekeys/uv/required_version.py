"""Which uv a project's ``required-version`` allows."""

from __future__ import annotations

import re
from typing import Any

_LOWER_BOUND = re.compile(r"(>=|===?|~=|>)\s*(\d+(?:\.\d+)*)")
_PARTS = 3


def lower_bound(specifier: Any) -> tuple[int, ...] | None:
    """Return the oldest version that a specifier such as ``>=0.5,<1`` allows; nothing if it has no lower bound."""
    found = _LOWER_BOUND.search(specifier) if isinstance(specifier, str) else None
    if found is None:
        return None
    operator, numbers = found[1], tuple(map(int, found[2].split(".")))
    full = numbers + (0,) * (_PARTS - len(numbers))
    return (*full[:-1], full[-1] + 1) if operator == ">" else numbers


def allows_older(specifier: Any, version: tuple[int, ...]) -> bool:
    """Tell whether a ``required-version`` allows a uv that is older than a version; where none is given, it does not."""
    if not isinstance(specifier, str):
        return False
    oldest = lower_bound(specifier)
    return oldest is None or oldest < version
