"""``resolver = "backend"``: the in-tree build backend, ``setup.py`` and hooks, what they import, and what they read."""

from __future__ import annotations

from collections.abc import Iterable

from dyncachekeys.backends.code import code
from dyncachekeys.backends.hatch_toml import counts_hatch_toml
from dyncachekeys.plugin import Context, File, Result, resolver
from dyncachekeys.resolvers.literals import keys, literals

_SEEN_IN_BUILDS = ("computed-import", "computed-sys-path")
"""What reading can't tell of code, and who watches it run can."""
_REMEDY = 'a watched build will tell: add a key with `resolver = "build"`, or a files key'


@resolver(machine=False)
def backend(context: Context) -> Iterable[Result]:
    """Yield every file of the tree that the build imports, and absent ones that would come first.

    Also the files and variables that this code reads under a name that stands in it.

    All of it is found by reading: nothing is imported, and no build requirement need be installed.
    """
    closure = code(context, context.pyproject, lambda one: context.warn("backend-not-followed", one), context.derived)
    for path in sorted(closure.found | closure.absent):
        found = closure.found.get(path)
        yield File(path, found or closure.absent[path], entry=found is not None)
    if counts_hatch_toml(context.pyproject, context.is_file, context.read_bytes):
        yield File("hatch.toml", "hatchling reads it, hooks included")
    yield from literals(context, closure)
    has_records = any(key.get("resolver") == "build" for key in keys(context.pyproject))
    for path, doubt in closure.doubts:
        if not (has_records and doubt.code in _SEEN_IN_BUILDS):
            context.warn(doubt.code, f"{doubt.told(path)}; {_REMEDY}")
