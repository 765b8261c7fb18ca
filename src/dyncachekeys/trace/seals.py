"""Seals over what a trace depends on: while they are the same, it stands."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from dyncachekeys.encoding import value_digest
from dyncachekeys.files.tree import MISSING
from dyncachekeys.model import Env, File
from dyncachekeys.paths import split
from dyncachekeys.quick.snapshot import READ
from dyncachekeys.trace.build import interpreter
from dyncachekeys.trace.in_build import tracer
from dyncachekeys.trace.requires import uv_table
from dyncachekeys.uv import workspace
from dyncachekeys.uv.environment import project_environment

if TYPE_CHECKING:
    from dyncachekeys.files.tree import Files
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.pyproject.project import Project
    from dyncachekeys.trace.inputs import Found, TracedInputs
    from dyncachekeys.trace.store import StoredTrace


class Seals:
    """Seals over states as they are now. What is looked at to know them is added to the project's files."""

    def __init__(self, project: Project, files: Files, environ: Environment) -> None:
        self._project, self._files, self._environ = project, files, environ

    def with_seals(self, stored: StoredTrace, inputs: TracedInputs) -> StoredTrace:
        """Return a trace with the seals as they are now."""
        seal, incidental = self.inputs(stored, inputs), self.incidental(stored, inputs)
        return replace(stored, basis=self.basis(stored), seal=seal, incidental=incidental)

    def is_current(self, stored: StoredTrace) -> bool:
        """Tell whether a trace is of a build as it would be made now."""
        if stored.basis != self.basis(stored):
            return False
        environment = project_environment(self._files, self._environ)
        config = self._files.relative(os.fspath(environment / "pyvenv.cfg"))
        if not self._files.is_file(config):
            return True
        self._files.note(config)
        return interpreter(environment) == stored.python

    def basis(self, stored: StoredTrace) -> str:
        """Return a seal over what the build is made with."""
        pyproject, python_version = self._project.pyproject, ".python-version"
        tables = (uv_table(pyproject), workspace.settings(self._files))
        at_home = self._files.relative(os.fspath(workspace.home(self._files) / python_version))
        parts = [
            tracer.VERSION,
            pyproject.get("build-system"),
            [{name: value for name, value in uv.items() if name != "cache-keys"} for uv in tables],
            self._environ.get("UV_PYTHON"),
            self._environ.get("UV_NO_BUILD_ISOLATION"),
            *map(self._state, dict.fromkeys([python_version, at_home])),
        ]
        return stored.sealed(value_digest(parts))

    def inputs(self, stored: StoredTrace, inputs: TracedInputs) -> str:
        """Return a seal over the states of all that the build depends on."""
        return stored.sealed(value_digest([*map(self._described, inputs.results)]))

    def incidental(self, stored: StoredTrace, inputs: TracedInputs) -> str:
        """Return a seal over what may tell that it depends on more."""
        products = [["product", path, self._state(path)] for path in stored.trace.products]
        return stored.sealed(value_digest([*map(self._described, inputs.incidental), *products]))

    def file(self, stored: StoredTrace, path: str) -> str:
        """Return the seal of a file's state."""
        return stored.sealed(self._state(path))

    def _described(self, found: Found) -> list[object]:
        if isinstance(found, File):
            return ["file", found.path, self._state(found.path)]
        if isinstance(found, Env):
            return ["env", found.name, self._environ.get(found.name)]
        return ["value", found.name, value_digest(found.data)]

    def _state(self, path: str) -> str:
        """Return the state of a file. Its content decides what is found, so no edit of it is answered without us."""
        folder, name = split(path)
        return self._files.look(folder, [name], READ).state(name) or MISSING
