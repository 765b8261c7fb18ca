"""Keys for a version that comes from git, and for the variables that override it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dyncachekeys.backends.files import dynamic_metadata
from dyncachekeys.backends.tables import is_built_with
from dyncachekeys.names import normalised_name
from dyncachekeys.propose.facts import Facts
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.pyproject.tables import at

_SCM = (
    *("SETUPTOOLS_SCM_PRETEND_VERSION", "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{}", "SETUPTOOLS_SCM_OVERRIDES_FOR_{}"),
    *("SETUPTOOLS_SCM_PRETEND_METADATA", "SETUPTOOLS_SCM_PRETEND_METADATA_FOR_{}"),
)
_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "setuptools-scm": _SCM,
    "vcs-versioning": _SCM,
    "hatch-vcs": _SCM,  # it calls setuptools-scm
    "flit-scm": _SCM,
    "uv-dynamic-versioning": ("UV_DYNAMIC_VERSIONING_BYPASS",),
    "poetry-dynamic-versioning": ("POETRY_DYNAMIC_VERSIONING_BYPASS",),
    "pdm-backend": ("PDM_BUILD_SCM_VERSION",),
    "pbr": ("PBR_VERSION",),
    "versioningit": (),
    "setuptools-git-versioning": (),
    "versioneer": (),
    "versioneer-518": (),
    "dunamai": (),
}
"""Distributions that take the version from git, and the variables that override it, by their documentation.

``{}`` stands for the name of the project, in capitals.
"""
_SOURCES = {"vcs": "hatch-vcs", "uv-dynamic-versioning": "uv-dynamic-versioning", "versioningit": "versioningit"}
"""The same for hatchling, by the name of the version source; it need not be among the requirements of the build."""
_PROVIDERS = {"setuptools_scm": "setuptools-scm", "vcs_versioning": "vcs-versioning", "versioningit": "versioningit"}
"""For scikit-build-core, by the last part of the provider; it asks for what that needs by itself."""
_ARGUMENTS = {
    "use_scm_version": "setuptools-scm",
    "pbr": "pbr",
    "setuptools_git_versioning": "setuptools-git-versioning",
    "version_config": "setuptools-git-versioning",
}
"""For ``setup()``, by the name of the argument."""


def keys(facts: Facts) -> Iterator[Declaration]:
    """Yield keys for the repository that the version comes from, or that code of the build asks."""
    plugin = _plugin(facts)
    if plugin is not None:
        why = f"The version comes from git ({plugin})."
        yield Declaration("git", "git", {"commit": True, "tags": True}, (why,))
        names = [name.format(_capitals(facts)) for name in _VARIABLES[plugin] if "{" not in name or _capitals(facts)]
        if names:
            yield Declaration("environment", "env", {"names": names}, (f"Overrides the version ({plugin}).",))
    elif facts.asks_git:
        why = f"Git is asked by {', '.join(facts.asks_git)}."
        # Without an entry, which would stay: the record knows what was asked, and most commits don't change the answer.
        options: dict[str, str | bool | list[str]] = {"commit": True, "tags": True, "watch": "digest"}
        yield Declaration("git", "git", options, (why,), fallback=True)


def _plugin(facts: Facts) -> str | None:
    """Return the distribution that takes the version from git; nothing if none does."""
    if facts.at("tool.pdm.version.source") == "scm" and is_built_with(facts.pyproject, "tool.pdm"):
        return "pdm-backend"
    if provided := _by_provider(facts):
        return provided
    if not (facts.has_dynamic_version or facts.at("tool.poetry.version")):
        return None
    source = facts.at("tool.hatch.version.source")
    if facts.module == "hatchling":
        return _SOURCES.get(source) if isinstance(source, str) else None
    by_argument = (name for argument, name in _ARGUMENTS.items() if facts.setup.get(argument, False) is not False)
    required = (name for name in _VARIABLES if name in facts.requires and name != "pdm-backend")
    vendored = ("versioneer" for path in facts.in_tree if path == "versioneer.py")
    return next((name for names in (by_argument, required, vendored) for name in names), None)


def _by_provider(facts: Facts) -> str | None:
    if not is_built_with(facts.pyproject, "tool.scikit-build"):
        return None
    providers = [at(table, "provider") for _, table in dynamic_metadata(facts.pyproject)]
    named = (one.rpartition(".")[2] for one in providers if isinstance(one, str))
    return next((_PROVIDERS[name] for name in named if name in _PROVIDERS), None)


def _capitals(facts: Facts) -> str:
    name = facts.at("project.name")
    return re.sub("-", "_", normalised_name(name)).upper() if isinstance(name, str) else ""
