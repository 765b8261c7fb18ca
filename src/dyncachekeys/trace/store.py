"""A trace as it is stored, in the manner of a depfile: it stands as long as nothing that it names has changed."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dyncachekeys.encoding import sealed, value_digest
from dyncachekeys.files import state_file
from dyncachekeys.files.tree import MISSING, Files
from dyncachekeys.model import Env, File
from dyncachekeys.paths import split
from dyncachekeys.process.environ import Environment
from dyncachekeys.pyproject.project import Project
from dyncachekeys.pyproject.tables import table_at
from dyncachekeys.quick.snapshot import READ
from dyncachekeys.trace.build import interpreter
from dyncachekeys.trace.in_build import tracer
from dyncachekeys.trace.inputs import Found, TracedInputs
from dyncachekeys.trace.model import Trace
from dyncachekeys.uv import workspace
from dyncachekeys.uv.workspace import project_environment


@dataclass(frozen=True, slots=True)
class StoredTrace:
    """A trace, and by what is known whether it stands. Names only: states are sealed."""

    trace: Trace = field(default_factory=Trace)
    salt: str = field(default_factory=lambda: os.urandom(32).hex())
    """Seals the states; of this trace only."""
    basis: str = ""
    """A seal over what the build is made with: interpreter, requirements, the tracer's version."""
    seal: str = ""
    """Over the states of all that the build depends on."""
    incidental: str = ""
    """Over what may tell that it depends on more: names that do not count, and its own products."""
    python: str = ""
    """The interpreter that ran it."""
    products: Mapping[str, str] = field(default_factory=dict)
    """The sealed state of each file that the build both writes and reads."""
    suspects: Mapping[str, int] = field(default_factory=dict)
    """What changed while the build was traced, and in how many traces in a row (`concurrent`)."""

    def sealed(self, state: str) -> str:
        """Return the seal of a state or digest."""
        return sealed(bytes.fromhex(self.salt), state)


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
        tables = (table_at(pyproject, "tool.uv"), workspace.settings(self._files))
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


def load(path: Path) -> StoredTrace | None:
    """Read a trace; nothing where there is none that can be trusted."""
    try:
        stored: StoredTrace = _like(StoredTrace(), state_file.read(path))
        bytes.fromhex(stored.salt)
        return replace(stored, suspects={name: int(times) for name, times in stored.suspects.items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def dump(stored: StoredTrace) -> bytes:
    """Return a trace as it is written."""
    return state_file.dump(dataclasses.asdict(stored))


def _like(example: Any, data: Any) -> Any:
    """Return what JSON says, as a value of the same kind as another one."""
    match example:
        case StoredTrace() | Trace():
            names = [each.name for each in dataclasses.fields(example)]
            return type(example)(**{name: _like(getattr(example, name), data[name]) for name in names})
        case bool():
            return bool(data)
        case str():
            return str(data)
        case tuple():
            return tuple(map(str, data))
    return {str(name): str(value) for name, value in data.items()}
