"""What the code of a build reads under a name that stands in it: files and variables, for the resolver `backend`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dyncachekeys.plugin import Context, Env, File, is_credential
from dyncachekeys.pyproject.tables import at
from dyncachekeys.pysource.closure import Closure
from dyncachekeys.pysource.values import inside
from dyncachekeys.trace.session import is_for_session

_SPECIAL = re.compile(r"[*?\[\]\\]")
_COUNTED_OTHERWISE = frozenset({"pyproject.toml", ".gitignore"})
"""By the key `defaults`, or by the tables that count; by what git's rules select."""


def literals(context: Context, closure: Closure) -> Iterator[File | Env]:
    """Yield the files that are there and that git does not ignore, and the variables.

    Nothing that the code writes itself; no credential, and no variable of the user's session. What a glob matches is
    not among them: a file that comes or goes would change the entries, which are everybody's. Nor is a file that
    another key names: how much of it counts, if anything, that key says.
    """
    named = {inside(text.lstrip("/")) for text in named_in_options(context.pyproject)}
    patterns: dict[str, str] = {}
    for path, one in closure.reads:
        by = f"read by {path}:{one.line}"
        if one.kind == "env" and not (is_credential(one.subject) or is_for_session(one.subject)):
            yield Env(one.subject, by)
        elif one.kind == "file" and (place := inside(one.subject)) and not (place in named or _SPECIAL.search(place)):
            # A wildcard, since git's rules count for those alone.
            patterns.setdefault(f"/{place[:-1]}[{place[-1]}]", by)
    written = {inside(one.subject) for _, one in closure.reads if one.kind == "written"}
    for path, pattern in context.files(list(patterns), expected=False).items() if patterns else ():
        if path not in written and path not in closure.found and path not in _COUNTED_OTHERWISE:
            yield File(path, patterns[pattern], entry=True)


def named_in_options(pyproject: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts among the options of keys that count in any case, alone or in a list: paths, patterns, others."""
    for key in (one for one in keys(pyproject) if one.get("fallback") is not True):
        for value in key.values():
            yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))


def keys(pyproject: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the tables of all keys."""
    for table in ("keys", "workspace.keys"):
        found = at(pyproject, f"tool.dyncachekeys.{table}")
        yield from (key for key in (found.values() if isinstance(found, dict) else ()) if isinstance(key, dict))
