"""Which projects get a proposal: packages that uv builds and that have no keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.edit import TABLE
from dyncachekeys.pyproject.project import FILE, load
from dyncachekeys.pyproject.tables import at
from dyncachekeys.uv import workspace
from dyncachekeys.uv.workspace import with_inherited

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dyncachekeys.pyproject.project import Project


def has_table(root: Path) -> bool:
    """Tell whether a project has a configuration, of its own or inherited.

    Raises:
        DyncachekeysError: its ``pyproject.toml`` can't be read.
    """
    project = load(root)
    files = Files(project.root, FileMemory())
    return project.table is not None or bool(with_inherited(project, files).inherited)


def is_package(root: Path) -> bool:
    """Tell whether uv builds a project.

    Raises:
        DyncachekeysError: its ``pyproject.toml`` can't be read.
    """
    return load(root).is_package


def is_unbuilt(root: Path) -> bool:
    """Tell whether a project has a name and is not built: it would get keys from its workspace for nothing.

    Raises:
        DyncachekeysError: its ``pyproject.toml`` can't be read.
    """
    project = load(root)
    return "project" in project.pyproject and not project.is_package


def packages(folders: Iterable[Path], home: Path) -> list[Path]:
    """Return those of some folders that are packages at or below the root of a workspace."""
    return [one for one in folders if one.is_relative_to(home) and is_package(one)]


def is_workspace(root: Path) -> bool:
    """Tell whether a project is the root of a workspace with members."""
    files = Files(root, FileMemory())
    return isinstance(at(workspace.pyproject(files, root), "tool.uv.workspace"), dict)


def require_no_keys(project: Project) -> None:
    """Raise `ConfigurationError` if a project has keys already, of its own or inherited, or a region."""
    where = f"{project.root.name}/{FILE}: {TABLE}"
    if project.table is not None:
        remedy = (
            "nothing was changed: edit it, and ask `dyncachekeys doctor` and `dyncachekeys trace` what is missing;"
            f" or take `[{TABLE}]` out to have it made anew"
        )
        raise ConfigurationError([Problem("already-there", "is there already", where, remedy)])
    if project.inherited:
        remedy = f"add what it needs besides in `[{TABLE}.keys.NAME]`; `dyncachekeys trace` tells what is missing"
        message = "it has keys already, from the root of its workspace"
        raise ConfigurationError([Problem("already-there", message, where, remedy)])
    if project.region:
        message = "there is a generated region, but no key"
        remedy = "run `dyncachekeys clean` to take it away, then `dyncachekeys init`"
        raise ConfigurationError([Problem("region-without-table", message, "tool.uv.cache-keys", remedy)])


def require_package(project: Project) -> None:
    """Raise `ConfigurationError` unless uv builds a project."""
    if project.is_package:
        return
    if "project" not in project.pyproject:
        message, remedy = (
            "there is no `[project]`, so uv builds nothing here",
            "go to a package, or name one: `--package NAME`",
        )
    elif "build-system" in project.pyproject:
        message = "uv does not build it: `tool.uv.package` is false"
        remedy = "cache keys are about builds, so there is nothing to configure; set it to true if it is to be built"
    else:
        message = "uv does not build it: there is no `[build-system]`"
        remedy = (
            "cache keys are about builds, so there is nothing to configure; add a `[build-system]` if it is to be built"
        )
    if project.user_entries:
        remedy += "; until then `tool.uv.cache-keys` does nothing"
    raise ConfigurationError([Problem("not-built", message, f"{project.root.name}/{FILE}", remedy)])
