"""What it takes to trace a project's build."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.files import refs
from dyncachekeys.trace.requires import is_isolated
from dyncachekeys.uv import workspace
from dyncachekeys.uv.environment import project_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dyncachekeys.files.tree import Files
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.pyproject.project import Project

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
    steps: tuple[str, ...] = ("metadata",)
    """Beside asking for requirements: ``metadata``, ``editable``, ``wheel``."""

    @cached_property
    def repository(self) -> Path:
        """The folder of the repository that the project is in; without one, its workspace's."""
        return refs.work_tree(self.files) or workspace.home(self.files)

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
        """The table ``build-system``, or what stands for it."""
        found = self.project.pyproject.get("build-system")
        return {**_LEGACY, **found} if isinstance(found, dict) and "build-backend" in found else _LEGACY

    @property
    def isolated(self) -> bool:
        """Whether uv builds the project in an environment of its own."""
        switched_off = self.variables.get("UV_NO_BUILD_ISOLATION", "").lower() in {"1", "true"}
        return is_isolated(self.settings, self.project.name) and not switched_off

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
