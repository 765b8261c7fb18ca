"""What the wheel of a package holds, where uv installs a copy of it: its modules and what lies beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dyncachekeys.backends.files import built_with, texts
from dyncachekeys.files.pattern import exactly
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.keys import Option
from dyncachekeys.propose.source_patterns import NOT_BUILT
from dyncachekeys.pyproject.project import Project
from dyncachekeys.pyproject.tables import at
from dyncachekeys.uv import workspace
from dyncachekeys.uv.build_variables import is_built_by_uv
from dyncachekeys.uv.record import is_editable

_FOLDERS = ("tool.maturin.python-source", "tool.setuptools.packages.find.where", "tool.uv.build-backend.module-root")
"""Options that name the folders of packages."""


class Modules(NamedTuple):
    """A key that counts what a wheel takes in."""

    resolver: str
    options: Mapping[str, Option]


def is_copied(project: Project, files: Files, environ: Mapping[str, str], consumer: Path | None) -> bool:
    """Tell whether uv installs a copy of a package: by what its consumer says of it, or as it is installed.

    Not, if uv builds it itself: then the key `build` counts what is copied.

    Args:
        project: The package.
        files: Its files.
        environ: The environment.
        consumer: The project that we are in; uv installs all into the environment of that one.
    """
    if is_built_by_uv(project.pyproject):
        return False
    around = files if consumer is None or consumer == project.root else Files(consumer)
    venv = workspace.project_environment(around, environ)
    return project.root in workspace.copied(around) or not is_editable(files, project.name, venv)


def modules(pyproject: Mapping[str, Any], files: Files) -> Modules:
    """Return how to declare what the wheel of a project takes in."""
    if built_with(pyproject, "hatchling"):
        return Modules("package", {"path": ".", "whole": True})
    return Modules("files", {"patterns": [*dict.fromkeys(_modules(pyproject, files))]})


def _modules(pyproject: Mapping[str, Any], files: Files) -> Iterator[str]:
    """Yield patterns for the folders of the packages of a project, else for its modules."""
    named = [folder for option in _FOLDERS for folder in texts(at(pyproject, option)) if folder != "."]
    folders = [folder for folder in [*named, "src"] if files.is_dir(folder)]
    if not folders:
        names = [one.name for one in files.listing("") if one.is_dir() and one.name not in NOT_BUILT]
        folders = [name for name in names if files.is_file(f"{name}/__init__.py")]
    yield from (f"{exactly(folder)}/" for folder in folders)
    if not folders:
        yield "/*.py"
