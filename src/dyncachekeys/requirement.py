"""A requirement as it is given to uv: whether two are the same, and whether one is something that stays as it is."""

from __future__ import annotations

import re

from dyncachekeys.naming import normalised_name

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(@)?\s*(.*)", re.DOTALL)


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
