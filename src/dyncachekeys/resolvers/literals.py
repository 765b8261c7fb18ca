"""What the code of a build reads under a name that stands in it: files and variables, for the resolver `backend`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dyncachekeys.plugin import Context, Env, File, is_credential
from dyncachekeys.pysource.closure import Closure
from dyncachekeys.pysource.values import inside
from dyncachekeys.trace.session import is_for_session

_SPECIAL = re.compile(r"[*?\[\]\\]")
_COUNTED_OTHERWISE = "pyproject.toml"
"""By the key `defaults`, or by the tables that count."""


def literals(context: Context, closure: Closure) -> Iterator[File | Env]:
    """Yield the files that are there and that git does not ignore, and the variables.

    Nothing that the code writes itself; no credential, and no variable of the user's session. What a glob matches is
    not among them: a file that comes or goes would change the entries, which are everybody's.
    """
    patterns: dict[str, str] = {}
    for path, one in closure.reads:
        by = f"read by {path}:{one.line}"
        if one.kind == "env" and not (is_credential(one.subject) or is_for_session(one.subject)):
            yield Env(one.subject, by)
        elif one.kind == "file" and (place := inside(one.subject)) and not _SPECIAL.search(place):
            # A wildcard, since git's rules count for those alone.
            patterns.setdefault(f"/{place[:-1]}[{place[-1]}]", by)
    written = {inside(one.subject) for _, one in closure.reads if one.kind == "written"}
    for path, pattern in context.files(list(patterns), expected=False).items() if patterns else ():
        if path not in written and path not in closure.found and path != _COUNTED_OTHERWISE:
            yield File(path, patterns[pattern], entry=True)
