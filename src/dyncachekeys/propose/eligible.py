"""Which projects get a proposal: packages that uv builds and that have no keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from dyncachekeys.config.model import WHERE
from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.pyproject.project import FILE, Project, load
from dyncachekeys.pyproject.tables import at
from dyncachekeys.uv import workspace

_NOTHING_TO_CONFIGURE = "cache keys are about builds, so there is nothing to configure"


def choose(folders: Iterable[Path], root: Path) -> tuple[list[Path], bool]:
    """Return the packages that get keys, and whether the root of a workspace can declare keys for all its members.

    Args:
        folders: All projects that uv knows here, path sources included.
        root: The one that we are in; if that is the root of a workspace, it is about all packages of it.

    Raises:
        DyncachekeysError: uv builds no package of the workspace, or a ``pyproject.toml`` can't be read.
    """
    pyproject = workspace.pyproject(Files(root, FileMemory()), root)
    if not isinstance(at(pyproject, "tool.uv.workspace"), dict):
        return [root], False
    return _of_workspace({folder: _project(folder) for folder in folders}, root)


def packages(folders: Iterable[Path], root: Path) -> list[Path]:
    """Return what a command is about that works with or without keys: all packages where the root of a workspace is.

    Args:
        folders: All projects that uv knows here.
        root: The one that we are in.

    Raises:
        DyncachekeysError: uv builds no package of the workspace, or a ``pyproject.toml`` can't be read.
    """
    if not isinstance(at(workspace.pyproject(Files(root, FileMemory()), root), "tool.uv.workspace"), dict):
        return [root]
    return _packages({folder: _project(folder) for folder in folders}, root)


def _project(folder: Path) -> Project:
    project = load(folder)
    return workspace.with_inherited(project, Files(project.root, FileMemory()))


def _of_workspace(projects: Mapping[Path, Project], root: Path) -> tuple[list[Path], bool]:
    packages = _packages(projects, root)
    without_keys = [folder for folder in packages if not _has_table(projects[folder])]
    can_share = without_keys == packages and not _has_table(projects[root])
    return without_keys or packages, can_share and _all_are_built(projects.values())


def _packages(projects: Mapping[Path, Project], root: Path) -> list[Path]:
    found = [folder for folder, project in projects.items() if folder.is_relative_to(root) and project.is_package]
    if not found:
        remedy = f"{_NOTHING_TO_CONFIGURE}; add a `[build-system]` to what is to be built"
        raise ConfigurationError([Problem("not-built", "no package of the workspace is built by uv", FILE, remedy)])
    return found


def _all_are_built(projects: Iterable[Project]) -> bool:
    """Tell whether uv builds all that have a name: any other would get keys from the root for nothing."""
    return all(project.is_package for project in projects if "project" in project.pyproject)


def _has_table(project: Project) -> bool:
    return project.table is not None or bool(project.inherited)


def require_no_keys(project: Project) -> None:
    """Raise `ConfigurationError` if a project has keys already, of its own or inherited, or a region."""
    where = f"{project.root.name}/{FILE}: {WHERE}"
    if project.table is not None:
        code, message = "already-there", "is there already"
        remedy = (
            "nothing was changed: edit it, and ask `dyncachekeys doctor` and `dyncachekeys trace` what is missing;"
            f" or remove `[{WHERE}]`, then run `dyncachekeys init` again"
        )
    elif project.inherited:
        code, message = "already-there", "it has keys already, from the root of its workspace"
        remedy = f"add what else it needs in `[{WHERE}.keys.NAME]`; `dyncachekeys trace` shows what is missing"
    elif project.region:
        code, message, where = "region-without-table", "there is a generated region, but no key", "tool.uv.cache-keys"
        remedy = "run `dyncachekeys clean` to remove it, then `dyncachekeys init`"
    else:
        return
    raise ConfigurationError([Problem(code, message, where, remedy)])


def require_package(project: Project) -> None:
    """Raise `ConfigurationError` unless uv builds a project."""
    if project.is_package:
        return
    if "project" not in project.pyproject:
        message = "there is no `[project]`, so uv builds nothing here"
        remedy = "go to a package, or name one: `--package NAME`"
    elif "build-system" in project.pyproject:
        message = "uv does not build it: `tool.uv.package` is false"
        remedy = f"{_NOTHING_TO_CONFIGURE}; set it to true if it is to be built"
    else:
        message = "uv does not build it: there is no `[build-system]`"
        remedy = f"{_NOTHING_TO_CONFIGURE}; add a `[build-system]` if it is to be built"
    if project.user_entries:
        remedy += "; until then `tool.uv.cache-keys` does nothing"
    raise ConfigurationError([Problem("not-built", message, f"{project.root.name}/{FILE}", remedy)])
