"""Names of packages."""

from __future__ import annotations

import re

_REQUIRED = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:[\[(<>=!~;@]|$)")


def normalised_name(name: str) -> str:
    """Return a package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required_name(requirement: object) -> str | None:
    """Return the normalised name in a requirement (PEP 508); nothing if it has none."""
    found = _REQUIRED.match(requirement) if isinstance(requirement, str) else None
    return normalised_name(found.group(1)) if found else None
