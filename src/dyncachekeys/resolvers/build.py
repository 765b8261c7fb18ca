"""``resolver = "build"``: what uv's own builds were seen to depend on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from dyncachekeys.backends import uv_build
from dyncachekeys.backends.counted import counted
from dyncachekeys.plugin import Checked, Context, File, Result, check_pattern, resolver
from dyncachekeys.uv.build_variables import is_built_by_uv

Pattern = Annotated[str, Checked(check_pattern)]


@resolver()
def build(
    context: Context,
    *,
    exclude: Annotated[list[Pattern], "files that do not count, although the build reads them"] = [],  # noqa: B006  never changed
    programs: Annotated[
        bool, "watch programs other than Python as well, also those that have to be started below `strace`"
    ] = True,
) -> Iterable[Result]:
    """Yield what the build that stands read, listed, looked for and asked for, by the record of it.

    Nothing before uv has built the project: then uv will, and is watched.
    """
    if is_built_by_uv(context.pyproject):
        yield from _packed_by_uv(context)
        return
    yield from context.watched(*counted(context.pyproject), exclude, programs=programs)


def _packed_by_uv(context: Context) -> Iterable[Result]:
    """Yield what uv reads where it builds the project itself, so that there is nothing to watch (U42)."""
    files, globs = uv_build.metadata_files(context.pyproject)
    for path in files:
        yield File(path, "in the metadata", tree=True)
    found = context.files(globs, gitignore=False, expected=False) if globs else {}
    yield from (File(path, "in the metadata", tree=True) for path in found)
    patterns = uv_build.data(context.pyproject)
    patterns += [] if context.is_editable() else uv_build.modules(context.pyproject)
    if patterns:
        excluded = uv_build.excluded(context.pyproject)
        found = context.files(patterns, excluded, gitignore=False, expected=False)
        yield from (File(path, f"packed: matches {pattern}", tree=True) for path, pattern in found.items())
