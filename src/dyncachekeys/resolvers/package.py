"""``resolver = "package"``: what another local package depends on, for a build that uses it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from dyncachekeys.plugin import Checked, Context, Problem, ResolverError, Result, check_path


def package(
    context: Context,
    *,
    name: Annotated[str | None, "the name of a member of the workspace, or of a path source"] = None,
    path: Annotated[Annotated[str, Checked(check_path)] | None, "its folder, relative to the project"] = None,
    whole: Annotated[bool, "count what its wheel takes in, though it has keys: its code runs in this build"] = False,
) -> Iterable[Result]:
    """Yield the inputs of another local package: by its own keys, what its wheel takes in, or all its files.

    Packages that use each other are an error that shows the cycle.
    """
    if (name is None) == (path is None):
        message = "needs either `name` or `path`"
        remedy = 'write `name = "..."` for a package of the workspace, or `path = "../..."`'
        raise ResolverError([Problem("missing-option", message, context.where, remedy)])
    yield from context.package(name=name, path=path, whole=whole)
