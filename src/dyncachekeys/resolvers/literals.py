"""What the code of a build reads under a name that stands in it, as results of the resolver `backend`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from dyncachekeys.plugin import Context, Env, File, is_credential
from dyncachekeys.pysource.closure import Closure
from dyncachekeys.pysource.values import relative
from dyncachekeys.trace.session import is_for_session

_SPECIAL = re.compile(r"[?\[\]\\]")
_COUNTED_OTHERWISE = "pyproject.toml"
"""By the key `defaults`, or by the tables that count."""
_MOST_ENTRIES = 20
"""So many files that a glob matches get an entry of their own; of more, uv sees an edit once a sync has run."""


def literals(context: Context, closure: Closure) -> Iterator[File | Env]:
    """Yield the files that are there and that git does not ignore, and the variables.

    Nothing that the code writes itself; no credential, and no variable of the user's session.
    """
    written = {_inside(one.subject) for _, one in closure.reads if one.kind == "written"}
    patterns: dict[str, str] = {}
    for path, one in closure.reads:
        by = f"read by {path}:{one.line}"
        if one.kind == "env" and not (is_credential(one.subject) or is_for_session(one.subject)):
            yield Env(one.subject, by)
        elif one.kind in {"file", "glob"} and (pattern := _pattern(one.subject, whole=one.kind == "file")):
            patterns.setdefault(pattern, by)
    found = context.files(list(patterns), expected=False).items() if patterns else ()
    sizes = Counter(pattern for _, pattern in found)
    for path, pattern in found:
        if path not in written and path not in closure.found and path != _COUNTED_OTHERWISE:
            yield File(path, patterns[pattern], entry=sizes[pattern] <= _MOST_ENTRIES)


def _inside(path: str) -> str | None:
    """Return a path that lies in the project, in its shortest form; nothing for any other."""
    place = relative(path)
    return None if place is None or place.split("/")[0] in {"..", "."} else place


def _pattern(path: str, *, whole: bool) -> str | None:
    """Return a pattern for a path, or for a glob; nothing if it leads elsewhere, or to all that there is."""
    place = _inside(path)
    if place is None or _SPECIAL.search(place) or place.startswith("**"):
        return None
    if not whole:
        return f"/{place}"
    # A wildcard, since git's rules count for those alone.
    return None if "*" in place else f"/{place[:-1]}[{place[-1]}]"
