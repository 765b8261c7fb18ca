"""Names: of packages (PEP 503), in requirements (PEP 508), and of variables that hold credentials."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_REQUIRED = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:[\[(<>=!~;@]|$)")
_CREDENTIAL = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_KEY|PRIVATE_KEY", re.IGNORECASE)


def normalised_name(name: str) -> str:
    """Return a package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required_name(requirement: object) -> str | None:
    """Return the normalised name in a requirement (PEP 508); nothing if it has none.

    Without `parsed`, whose import takes 50 ms: a `table` key with a preset asks for it in every full run.
    """
    found = _REQUIRED.match(requirement) if isinstance(requirement, str) else None
    return normalised_name(found.group(1)) if found else None


def parsed(requirement: str) -> Requirement | None:
    """Return a requirement, taken apart (PEP 508); nothing if it is not valid."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415  most runs don't need it

    try:
        return Requirement(requirement)
    except InvalidRequirement:
        return None


def normalised(requirement: str) -> str:
    """Return a requirement in one spelling, so that it can be compared with others."""
    found = parsed(requirement)
    if found is None:
        return requirement.strip()
    found.name = normalised_name(found.name)
    return str(found)


def is_local(requirement: str) -> bool:
    """Tell whether a requirement is a path or an option of uv, and not a name or a URL of something elsewhere."""
    found = parsed(requirement)
    url = found.url if found else None
    target = (url or requirement).strip()
    scheme, is_url, _ = target.partition("://")
    if is_url and re.fullmatch(r"[A-Za-z][A-Za-z0-9.+-]*", scheme):
        return "file" in scheme.lower().split("+")
    if url or target.startswith(("-", ".", "~")):
        return True
    name = target.partition(";")[0].rstrip()
    return any(sign in name for sign in "/\\:") or name.endswith((".whl", ".zip", ".gz", ".bz2", ".xz"))


def is_credential(name: str) -> bool:
    """Tell whether a variable's name looks like a credential's: uv stores values in plain text (U8)."""
    return bool(_CREDENTIAL.search(name))
