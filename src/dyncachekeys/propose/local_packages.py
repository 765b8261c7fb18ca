"""What else of this machine a build takes part of: other local packages, and what the environment holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dyncachekeys.backends.tables import distributions
from dyncachekeys.files.tree import Files
from dyncachekeys.names import normalised_name, required_name
from dyncachekeys.pyproject.project import Project
from dyncachekeys.pyproject.tables import at, table_at
from dyncachekeys.trace.request import is_isolated
from dyncachekeys.uv import workspace


def siblings(project: Project, files: Files) -> tuple[str, ...]:
    """Return the local packages that the build requires: those with a source in the workspace or under a path.

    uv builds them for the build, but a change in one of them makes it build only that one.
    """
    tables = [workspace.pyproject(files, folder) for folder in dict.fromkeys((project.root, workspace.home(files)))]
    local = {name for table in tables for name in _local(table_at(table, "tool.uv.sources"))}
    required = local & set(distributions(project.pyproject))
    names = (workspace.name(files, folder) for folder in workspace.scope(files) if folder != project.root)
    return tuple(sorted({name for name in names if name and normalised_name(name) in required}, key=normalised_name))


def shared(project: Project, files: Files) -> tuple[str, ...]:
    """Return what the build requires, if uv builds the project without isolation; what has a marker is left out.

    uv reads these settings at the root of the workspace.
    """
    if is_isolated(workspace.settings(files), project.name):
        return ()
    requires = at(project.pyproject, "build-system.requires")
    names = {required_name(one) for one in requires if ";" not in str(one)} if isinstance(requires, list) else ()
    return tuple(sorted(filter(None, names)))


def _local(sources: Mapping[str, Any]) -> Iterator[str]:
    for name, given in sources.items():
        several = given if isinstance(given, list) else [given]
        if any(isinstance(one, dict) and (one.get("workspace") or "path" in one) for one in several):
            yield normalised_name(name)
