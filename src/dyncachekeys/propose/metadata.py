"""Keys for where the metadata comes from: version, dependencies, readme."""

from __future__ import annotations

from collections.abc import Iterator

from dyncachekeys.files.pattern import exactly
from dyncachekeys.propose import versions
from dyncachekeys.propose.facts import Facts
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.uv.build_variables import is_built_by_uv


def keys(facts: Facts, *, exact: bool) -> Iterator[Declaration]:
    """Yield keys for the files and the repository that the metadata comes from.

    If `exact`, the version counts by its value, which uv can't watch.
    """
    yield from _version(facts, exact=exact)
    yield from versions.keys(facts)
    if facts.origins.requirements:
        why = "Dependencies are read from here, and from what these files include."
        yield Declaration(
            "requirements",
            "requirements",
            {"files": [*map(exactly, facts.origins.requirements)]},
            (why,),
            fallback=True,
        )
    # Of what uv builds itself, the key `build` counts them, by the same settings.
    if (facts.origins.others or facts.origins.globs) and not is_built_by_uv(facts.pyproject):
        why = "Goes into the metadata."
        patterns = [*map(exactly, facts.origins.others), *(f"/{glob}" for glob in facts.origins.globs)]
        yield Declaration("metadata", "files", {"patterns": patterns}, (why,), fallback=True)
    variable = facts.at("tool.hatch.version.variable")
    if facts.at("tool.hatch.version.source") == "env" and isinstance(variable, str) and variable:
        yield Declaration("environment", "env", {"names": [variable]}, ("The version is read from here.",))


def _version(facts: Facts, *, exact: bool) -> Iterator[Declaration]:
    versions = [path for path in facts.origins.versions if path not in facts.in_tree]
    if exact and versions and facts.origins.version_name:
        why = "The version is read from here; nothing else in this file counts."
        yield Declaration(
            "version", "table", {"file": versions[0], "tables": [facts.origins.version_name]}, (why,), fallback=True
        )
    elif versions:
        patterns = [exactly(path) for path in versions]
        yield Declaration(
            "version", "files", {"patterns": patterns}, ("The version is read from here.",), fallback=True
        )
