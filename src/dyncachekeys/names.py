"""Names and what they tell: of packages (PEP 503), in requirements (PEP 508), of variables that hold credentials."""

from __future__ import annotations

import re

_REQUIRED = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:[\[(<>=!~;@]|$)")
_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(@)?\s*(.*)", re.DOTALL)
_CREDENTIAL = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_KEY|PRIVATE_KEY", re.IGNORECASE)


def normalised_name(name: str) -> str:
    """Return a package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required_name(requirement: object) -> str | None:
    """Return the normalised name in a requirement (PEP 508); nothing if it has none."""
    found = _REQUIRED.match(requirement) if isinstance(requirement, str) else None
    return normalised_name(found.group(1)) if found else None


def normalised(requirement: str) -> str:
    """Return a requirement in one of the ways in which it can be written, to compare it with others."""
    found = _NAME.fullmatch(requirement.strip())
    if not found:
        return requirement.strip()
    name, extras, at, rest = found.groups()
    version, semicolon, marker = ("", "", rest) if at else rest.partition(";")
    tidy = normalised_name(name), "".join((extras or "").split()).lower(), at or ""
    return "".join(tidy) + "".join(version.split()) + semicolon + " ".join(marker.split())


def is_local(requirement: str) -> bool:
    """Tell whether a requirement is a path or an option of uv, and not a name or a URL of something elsewhere."""
    found = _NAME.fullmatch(requirement.strip())
    target = found.group(4) if found and found.group(3) else requirement.strip()
    scheme, is_url, _ = target.partition("://")
    if is_url and re.fullmatch(r"[A-Za-z][A-Za-z0-9.+-]*", scheme):
        return "file" in scheme.lower().split("+")
    if target.startswith(("-", ".", "~")) or (found and found.group(3)):
        return True
    name = target.partition(";")[0].rstrip()
    return any(sign in name for sign in "/\\:") or name.endswith((".whl", ".zip", ".gz", ".bz2", ".xz"))


def is_credential(name: str) -> bool:
    """Tell whether a variable's name looks like a credential's: uv stores values in plain text (U8)."""
    return bool(_CREDENTIAL.search(name))
