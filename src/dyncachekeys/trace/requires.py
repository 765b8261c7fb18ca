"""What a build requires, as `uv pip install` is to be told: uv itself looks at ``tool.uv.sources`` for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyncachekeys.names import normalised_name, parsed
from dyncachekeys.pyproject.tables import table_at
from dyncachekeys.uv import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dyncachekeys.files.tree import Files
    from dyncachekeys.pyproject.project import Project


def with_extra(settings: Mapping[str, Any], name: str, requires: object) -> list[str]:
    """Return the requirements of ``build-system``, and those that ``extra-build-dependencies`` adds.

    Args:
        settings: As `workspace.settings` returns them.
        name: The package's name.
        requires: ``build-system.requires``.
    """
    extra = _table(settings.get("extra-build-dependencies"))
    added: Any = next((some for each, some in extra.items() if normalised_name(each) == normalised_name(name)), [])
    found = [*(requires if isinstance(requires, list) else []), *(added if isinstance(added, list) else [])]
    return [str(one["requirement"] if isinstance(one, dict) and "requirement" in one else one) for one in found]


def is_isolated(settings: Mapping[str, Any], name: str) -> bool:
    """Tell whether uv builds a package in an environment of its own.

    Args:
        settings: As `workspace.settings` returns them.
        name: The package's name.
    """
    listed = settings.get("no-build-isolation-package")
    names = [normalised_name(one) for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    return settings.get("no-build-isolation") is not True and normalised_name(name) not in names


def config_settings(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the ``config_settings`` with which uv calls the hooks of a package (PEP 517). Arguments as `is_isolated`."""
    return {**_table(settings.get("config-settings")), **_of_package(settings, "config-settings-package", name)}


def build_variables(settings: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the variables that uv sets for the build of a package (0.9 or newer). Arguments as `is_isolated`."""
    given = _of_package(settings, "extra-build-variables", name)
    return {variable: value for variable, value in given.items() if isinstance(value, str)}


def _of_package(settings: Mapping[str, Any], option: str, name: str) -> Mapping[str, Any]:
    tables = _table(settings.get(option)).items()
    return next((_table(one) for each, one in tables if normalised_name(each) == normalised_name(name)), {})


def at_sources(requirements: Sequence[str], project: Project, files: Files) -> list[str]:
    """Return requirements so that those with a path or workspace source name the folder where they are.

    Args:
        requirements: As `with_extra` or a hook returns them.
        project: The project: its sources count, and before them those of its workspace's root for what it has not.
        files: Its files.
    """
    home = workspace.home(files)
    folders: dict[str, Path] = {}
    for root, pyproject in ((home, workspace.pyproject(files, home)), (project.root, project.pyproject)):
        for name, source in table_at(pyproject, "tool.uv.sources").items():
            folders.update((normalised_name(name), folder) for folder in _folders(name, source, root, files))
    return [_at(one, folders) for one in requirements]


def _folders(name: str, source: Any, root: Path, files: Files) -> Iterator[Path]:
    """Yield where a source is, if that is a folder."""
    for one in source if isinstance(source, list) else [source]:
        if not isinstance(one, dict) or "marker" in one:
            continue
        if isinstance(one.get("path"), str):
            yield Path(os.path.normpath(root / one["path"]))
        elif one.get("workspace") is True:
            known = {
                normalised_name(found): folder
                for folder in workspace.scope(files)
                if (found := workspace.name(files, folder))
            }
            if normalised_name(name) in known:
                yield known[normalised_name(name)]


def _at(requirement: str, folders: Mapping[str, Path]) -> str:
    found = parsed(requirement)
    folder = folders.get(normalised_name(found.name)) if found and not found.url else None
    if found is None or folder is None:
        return requirement
    found.url, found.specifier = folder.as_uri(), type(found.specifier)()
    return str(found)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
