"""What a build requires, as `uv pip install` is to be told: uv itself looks at ``tool.uv.sources`` for it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyncachekeys.names import normalised_name
from dyncachekeys.uv import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dyncachekeys.files.tree import Files
    from dyncachekeys.pyproject.project import Project

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?[^;@]*(;.*)?", re.DOTALL)


def with_extra(settings: Mapping[str, Any], name: str, system: Mapping[str, object]) -> list[str]:
    """Return the requirements of ``build-system``, and those that ``extra-build-dependencies`` adds.

    Args:
        settings: As `workspace.settings` returns them.
        name: The package's name.
        system: The table ``build-system``.
    """
    found = [*_list(system.get("requires")), *_list(_of_package(settings, "extra-build-dependencies", name))]
    return [str(one["requirement"] if isinstance(one, dict) and "requirement" in one else one) for one in found]


def is_isolated(settings: Mapping[str, Any], name: str) -> bool:
    """Tell whether uv builds a package in an environment of its own. Arguments as `with_extra`."""
    names = [normalised_name(one) for one in _list(settings.get("no-build-isolation-package")) if isinstance(one, str)]
    return settings.get("no-build-isolation") is not True and normalised_name(name) not in names


def config_settings(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the ``config_settings`` with which uv calls the hooks of a package (PEP 517). Arguments as `with_extra`."""
    of_package = _of_package(settings, "config-settings-package", name)
    return {**_table(settings.get("config-settings")), **_table(of_package)}


def build_variables(settings: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the variables that uv sets for the build of a package (0.9 or newer). Arguments as `with_extra`."""
    given = _table(_of_package(settings, "extra-build-variables", name))
    return {variable: value for variable, value in given.items() if isinstance(value, str)}


def _of_package(settings: Mapping[str, Any], option: str, name: str) -> Any:
    """Return what an option that is a table by package says of one."""
    tables = _table(settings.get(option)).items()
    return next((value for each, value in tables if normalised_name(each) == normalised_name(name)), None)


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
        for name, source in _table(uv_table(pyproject).get("sources")).items():
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
            for folder in workspace.scope(files):
                if normalised_name(workspace.name(files, folder) or "") == normalised_name(name):
                    yield folder


def _at(requirement: str, folders: Mapping[str, Path]) -> str:
    found = _REQUIREMENT.fullmatch(requirement)
    folder = folders.get(normalised_name(found[1])) if found else None
    if found is None or folder is None:
        return requirement
    marker = f" {found[3]}" if found[3] else ""
    return f"{found[1]}{found[2] or ''} @ {folder.as_uri()}{marker}"


def uv_table(pyproject: Any) -> Mapping[str, Any]:
    """Return ``tool.uv``; an empty table if there is none."""
    return _table(_table(_table(pyproject).get("tool")).get("uv"))


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
