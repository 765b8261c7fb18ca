"""Names of packages."""

from __future__ import annotations

import re


def normalised_name(name: str) -> str:
    """Return a package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
