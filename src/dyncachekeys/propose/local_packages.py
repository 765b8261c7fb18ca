"""What a build takes from around the project: local packages, and its own environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dyncachekeys.backends.files import at
from dyncachekeys.backends.presets import distributions
from dyncachekeys.names import normalised_name, required_name
from dyncachekeys.trace.request import is_isolated
from dyncachekeys.uv import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dyncachekeys.files.tree import Files
    from dyncachekeys.pyproject.project import Project


def siblings(project: Project, files: Files) -> tuple[str, ...]:
    """Return the local packages that the build requires: those with a source in the workspace or under a path.

    uv builds them for the build, but a change in one of them makes it build only that one.
    """
    tables = [workspace.pyproject(files, folder) for folder in dict.fromkeys((project.root, workspace.home(files)))]
    local = {name for table in tables for name in _local(at(table, "tool.uv.sources") if table else None)}
    there = {workspace.name(files, folder): folder for folder in workspace.scope(files)}
    wanted = local & set(distributions(project.pyproject))
    found = [
        name for name, folder in there.items() if name and folder != project.root and normalised_name(name) in wanted
    ]
    return tuple(sorted(found, key=normalised_name))


def shared(project: Project, files: Files) -> tuple[str, ...]:
    """Return what the build requires, if uv builds the project without isolation; what has a marker is left out.

    uv reads these settings at the root of the workspace.
    """
    if is_isolated(workspace.settings(files), project.name):
        return ()
    required = (one for one in _texts(at(project.pyproject, "build-system.requires")) if ";" not in one)
    return tuple(sorted(filter(None, set(map(required_name, required)))))


def _local(sources: Any) -> Iterator[str]:
    for name, given in sources.items() if isinstance(sources, dict) else ():
        several = given if isinstance(given, list) else [given]
        if any(isinstance(one, dict) and (one.get("workspace") or "path" in one) for one in several):
            yield normalised_name(name)


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
