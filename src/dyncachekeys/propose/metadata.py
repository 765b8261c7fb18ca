"""Keys for where the metadata comes from: version, dependencies, readme."""

from __future__ import annotations

from collections.abc import Iterator

from dyncachekeys.files.pattern import exactly
from dyncachekeys.propose.facts import Facts
from dyncachekeys.propose.keys import Declaration

_FROM_GIT = {
    "setuptools-scm": "SETUPTOOLS_SCM_PRETEND_VERSION",
    "vcs-versioning": "SETUPTOOLS_SCM_PRETEND_VERSION",
    "hatch-vcs": "SETUPTOOLS_SCM_PRETEND_VERSION",  # it calls setuptools-scm
    "flit-scm": "SETUPTOOLS_SCM_PRETEND_VERSION",
    "uv-dynamic-versioning": "UV_DYNAMIC_VERSIONING_BYPASS",
    "poetry-dynamic-versioning": "POETRY_DYNAMIC_VERSIONING_BYPASS",
    "pbr": "PBR_VERSION",
    "versioningit": None,
    "setuptools-git-versioning": None,
    "versioneer": None,
    "versioneer-518": None,
    "dunamai": None,
}
"""Distributions that take the version from git, and the variable that overrides it, by their documentation."""
_SOURCES = {"vcs": "hatch-vcs", "uv-dynamic-versioning": "uv-dynamic-versioning", "versioningit": "versioningit"}
"""The same for hatchling, by the name of the version source."""


def keys(facts: Facts, *, exact: bool) -> Iterator[Declaration]:
    """Yield keys for the files and the repository that the metadata comes from.

    If `exact`, the version counts by its value, which uv can't watch.
    """
    yield from _version(facts, exact=exact)
    yield from _from_git(facts)
    if facts.requirement_files:
        why = "Dependencies are read from here, and from what these files include."
        yield Declaration(
            "requirements", "requirements", {"files": list(facts.requirement_files)}, (why,), fallback=True
        )
    if facts.metadata_files or facts.metadata_globs:
        why = "Goes into the metadata."
        patterns = [*map(exactly, facts.metadata_files), *(f"/{glob}" for glob in facts.metadata_globs)]
        yield Declaration("metadata", "files", {"patterns": patterns}, (why,), fallback=True)
    variable = facts.at("tool.hatch.version.variable")
    if facts.at("tool.hatch.version.source") == "env" and isinstance(variable, str) and variable:
        yield Declaration("environment", "env", {"names": [variable]}, ("The version is read from here.",))


def _version(facts: Facts, *, exact: bool) -> Iterator[Declaration]:
    versions = [path for path in facts.version_files if path not in facts.in_tree]
    if exact and versions and facts.version_name:
        why = "The version is read from here; nothing else in this file counts."
        yield Declaration(
            "version", "table", {"file": versions[0], "tables": [facts.version_name]}, (why,), fallback=True
        )
    elif versions:
        patterns = [exactly(path) for path in versions]
        yield Declaration(
            "version", "files", {"patterns": patterns}, ("The version is read from here.",), fallback=True
        )


def _from_git(facts: Facts) -> Iterator[Declaration]:
    plugin = _version_plugin(facts)
    if plugin is None:
        return
    why = f"The version comes from git ({plugin})."
    yield Declaration("git", "git", {"commit": True, "tags": True}, (why,))
    variable = "PDM_BUILD_SCM_VERSION" if plugin == "pdm-backend" else _FROM_GIT.get(plugin)
    if variable is not None:
        yield Declaration("environment", "env", {"names": [variable]}, (f"Overrides the version ({plugin}).",))


def _version_plugin(facts: Facts) -> str | None:
    """Return the distribution that takes the version from git; nothing if none does."""
    if facts.at("tool.pdm.version.source") == "scm":
        return "pdm-backend"
    if not (facts.has_dynamic_version or facts.at("tool.poetry.version")):
        return None
    source = facts.at("tool.hatch.version.source")
    if facts.module == "hatchling":
        return _SOURCES.get(source) if isinstance(source, str) else None
    return next((name for name in _FROM_GIT if name in facts.requires), None)
