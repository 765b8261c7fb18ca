"""A build to be traced: what it takes to run it as uv does, by uv's own settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.files.tree import Files
from dyncachekeys.names import normalised_name, parsed
from dyncachekeys.process.environ import Environment
from dyncachekeys.pyproject.project import Project
from dyncachekeys.pyproject.tables import table_at
from dyncachekeys.quick.uv_command import is_on
from dyncachekeys.uv import workspace
from dyncachekeys.uv.workspace import project_environment

_LEGACY = {"requires": ["setuptools >= 40.8.0"], "build-backend": "setuptools.build_meta:__legacy__"}
"""What PEP 517 puts in place of a missing ``build-system``."""


@dataclass(frozen=True)
class TraceRequest:
    """A build to be traced."""

    project: Project
    files: Files
    """The project's files."""
    environ: Environment
    """The environment as keys may see it."""
    where: str
    """The path of what asks for it."""
    timeout: float
    """Seconds that the hooks of one step may take."""
    longer: str = ""
    """How to give them more time, if not by the key's own option."""
    progress: Callable[[str], None] | None = None
    """Is called with what is being done."""

    def tell(self, what: str) -> None:
        """Say what is being done."""
        if self.progress is not None:
            self.progress(f"{self.where}: {what}")

    @cached_property
    def repository(self) -> Path:
        """The folder of the repository that the project is in; without one, its workspace's."""
        return workspace.repository(self.files)

    @cached_property
    def environment(self) -> Path:
        """The project's environment, which need not be there."""
        return Path(os.path.normpath(project_environment(self.files, self.environ)))

    @cached_property
    def variables(self) -> dict[str, str]:
        """All variables, for the build."""
        return self.environ.whole()

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """``tool.uv``, as uv reads it for this project."""
        return workspace.settings(self.files)

    @property
    def system(self) -> Mapping[str, object]:
        """The table ``build-system``, or what stands for it; without a backend, what it requires counts all the same."""
        found = self.project.pyproject.get("build-system")
        return {**_LEGACY, **found} if isinstance(found, dict) else _LEGACY

    @property
    def isolated(self) -> bool:
        """Whether uv builds the project in an environment of its own."""
        return is_isolated(self.settings, self.project.name) and not is_on("UV_NO_BUILD_ISOLATION", self.variables)

    @property
    def requirements(self) -> list[str]:
        """What ``build-system`` requires, and what ``extra-build-dependencies`` adds."""
        found = [*_list(self.system.get("requires")), *_list(self._of_package("extra-build-dependencies"))]
        return [str(one["requirement"] if isinstance(one, dict) and "requirement" in one else one) for one in found]

    @property
    def config_settings(self) -> dict[str, Any]:
        """The ``config_settings`` with which uv calls the hooks (PEP 517)."""
        return {**table_at(self.settings, "config-settings"), **_table(self._of_package("config-settings-package"))}

    @property
    def build_variables(self) -> dict[str, str]:
        """The variables that uv sets for the build (0.9 or newer)."""
        given = _table(self._of_package("extra-build-variables"))
        return {variable: value for variable, value in given.items() if isinstance(value, str)}

    def _of_package(self, option: str) -> Any:
        """Return what an option that is a table by package says of this one."""
        own = normalised_name(self.project.name)
        tables = table_at(self.settings, option).items()
        return next((value for name, value in tables if normalised_name(name) == own), None)

    def at_sources(self, requirements: Iterable[str]) -> list[str]:
        """Return requirements so that those with a path or workspace source name the folder where they are.

        uv itself looks at ``tool.uv.sources`` for them: the project's, and for what it has not, those of its
        workspace's root.
        """
        home, folders = workspace.home(self.files), dict[str, Path]()
        own = (self.project.root, self.project.pyproject)
        for root, pyproject in ((home, workspace.pyproject(self.files, home)), own):
            for name, source in table_at(pyproject, "tool.uv.sources").items():
                folders.update((normalised_name(name), folder) for folder in _folders(name, source, root, self.files))
        return [_at(requirement, folders) for requirement in requirements]

    def check(self) -> None:
        """Refuse a project that uv does not build: without ``build-system``, unless it says that it is a package.

        Raises:
            ResolverError: it is not built, or what it requires is not a list of texts.
        """
        requires = self.system.get("requires")
        if not (isinstance(requires, list) and all(isinstance(one, str) for one in requires)):
            where, remedy = "build-system.requires", "write `requires = [...]`"
            raise ResolverError([Problem("wrong-type", "must be a list of texts", where, remedy)])
        if not self.project.is_package:
            message = "uv does not build this project, so there is nothing to trace"
            remedy = "give it a `[build-system]`, or set `tool.uv.package = true`"
            raise ResolverError([Problem("not-built", message, self.where, remedy)])


def is_isolated(settings: Mapping[str, Any], name: str) -> bool:
    """Tell whether uv builds a package in an environment of its own. Settings as `workspace.settings` returns them."""
    names = [normalised_name(one) for one in _list(settings.get("no-build-isolation-package")) if isinstance(one, str)]
    return settings.get("no-build-isolation") is not True and normalised_name(name) not in names


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
    found = parsed(requirement)
    folder = folders.get(normalised_name(found.name)) if found and not found.url else None
    if found is None or folder is None:
        return requirement
    found.url, found.specifier = folder.as_uri(), type(found.specifier)()
    return str(found)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
