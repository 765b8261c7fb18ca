"""A build in an environment of its own: its hooks, called under the tracer, and what is reported where they fail."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.model import Completed
from dyncachekeys.process import run, venv
from dyncachekeys.process.interpreter import python_in, settings_of
from dyncachekeys.trace.in_build import hooks, install, protocol
from dyncachekeys.trace.request import TraceRequest
from dyncachekeys.uv.build_variables import WATCH_FOLDER

TRACER, _HOOKS = Path(install.__file__), Path(hooks.__file__)
_WATCH = Path(WATCH_FOLDER)
_LINES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Build:
    """A build in its environment."""

    request: TraceRequest
    folder: Path
    """A temporary one, for this build only, links resolved."""
    python: Path
    """The interpreter of the environment."""
    log: Path
    """Where the tracer writes to, in a folder of its own."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """Variables that tell the tracer more."""

    def require(self, kind: str) -> None:
        """Ask the backend what an editable build or a wheel requires beside, and install that."""
        request = self.request
        (further,) = self.call([f"requires-{kind}"])
        if further and request.isolated:
            request.tell(f"installs {len(further)} further requirements")
            requirements = request.at_sources(further)
            venv.install_for_build(self.python, requirements, request.where, request.project.root, request.variables)

    def call(self, steps: Sequence[str]) -> list[Any]:
        """Call hooks and return what they return.

        Raises:
            ResolverError: one fails or takes too long.
        """
        order, answer = self.folder / "request.json", self.folder / "answer.json"
        order.write_text(json.dumps(self._order(steps, answer)), encoding="utf-8")
        answer.unlink(missing_ok=True)
        done = self._run(order, steps)
        if done.code:
            message = f"the build's {_described(steps)} fails: {_ending(done.code)}{_said(done)}"
            raise self._failed(message, "fix the backend: under uv the hook fails as well")
        try:
            answers = list(json.loads(answer.read_bytes()))
        except (OSError, ValueError, TypeError):  # the process was ended before it could answer
            answers = []
        if len(answers) != len(steps):
            message = f"the build's {_described(steps)} ends its process without an answer"
            raise self._failed(message, "fix the backend: under uv, too, the hook must return (no `os._exit`)")
        return answers

    def _order(self, steps: Sequence[str], answer: Path) -> dict[str, Any]:
        """Return what `hooks` is to do."""
        system, root = self.request.system, self.request.project.root
        path = system.get("backend-path")
        return {
            "backend": str(system["build-backend"]),
            "path": [os.path.normpath(root / one) for one in path] if isinstance(path, list) else [],
            "steps": list(steps),
            "out": str(self.folder / "out"),
            "answer": str(answer),
            "settings": self.request.config_settings,
        }

    def _run(self, order: Path, steps: Sequence[str]) -> Completed:
        request = self.request
        argv = [*map(str, (self.python, TRACER, self.log, request.repository, _HOOKS, order))]
        root, environ, timeout = request.project.root, self._environ(), request.timeout
        try:
            return run.run(argv, folder=root, environ=environ, timeout=timeout, max_output=None)
        except TimeoutError as error:
            message = f"the build's {_described(steps)} did not end within {timeout:g} seconds"
            remedy = f"{request.longer or f'raise `{request.where}.timeout`'}, or fix the backend"
            raise self._failed(message, remedy, "trace-timeout") from error
        except OSError as error:
            message = f"the build can't be started: {error.strerror or error}"
            raise self._failed(message, "fix the environment") from error

    def _failed(self, message: str, remedy: str, code: str = "trace-failed") -> ResolverError:
        return ResolverError([Problem(code, message, self.request.where, remedy)])

    def _environ(self) -> dict[str, str]:
        variables, scripts = self.request.variables, self.python.parent
        own = {
            **_without_watch(self.request.build_variables),
            "PATH": os.pathsep.join(filter(None, [str(scripts), variables.get("PATH")])),
            "VIRTUAL_ENV": str(scripts.parent),
        }
        return {
            **variables,
            **own,
            **self.marks,
            protocol.OWN: "=".join(own),  # whatever the shell says
            "PYTHONDONTWRITEBYTECODE": "1",  # what is traced leaves as little behind as it can
        }


@contextlib.contextmanager
def prepared(request: TraceRequest) -> Iterator[Build]:
    """Make what a build needs, for as long as it takes.

    Raises:
        ResolverError: uv does not build the project, or the environment can't be made.
    """
    request.check()
    place = os.path.realpath(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="dyncachekeys-trace-", dir=place, ignore_cleanup_errors=True) as name:
        log = Path(name) / "trace" / "log"
        log.parent.mkdir()
        yield Build(request, Path(name), _python(request, Path(name) / "environment"), log)


def run_hooks(request: TraceRequest, out: Path, problems: list[Problem]) -> list[str]:
    """Call each hook that makes metadata or a wheel, as far as the backend has it.

    Args:
        request: The build.
        out: Where each hook gets a folder of its name.
        problems: To which it is added that a hook fails or takes too long.

    Returns:
        The hooks that the backend has and that did not fail.

    Raises:
        ResolverError: the environment can't be made.
    """
    called = []
    with prepared(request) as build:
        for kind in ("editable", "wheel"):
            build.require(kind)
        for hook in hooks.HOOKS:
            try:
                (answer,) = build.call([hook])
            except ResolverError as error:
                problems += error.problems
                continue
            if answer is not None:
                called.append(hook)
                shutil.move(build.folder / "out" / hook, out / hook)
    return called


def interpreter(environment: Path) -> str:
    """Return which interpreter an environment is made of, and its version; empty if that can't be told.

    By the file that it leads to: before Python 3.11, an environment that uv makes of another one names that as
    its home.
    """
    config = settings_of(environment)
    version = config.get("version_info") or config.get("version", "")
    return f"{os.path.realpath(python_in(environment))} {version}" if config else ""


def _python(request: TraceRequest, made: Path) -> Path:
    """Return the interpreter of the build's environment, which is made if the build is isolated."""
    theirs, where = python_in(request.environment), request.where
    is_there = theirs.exists()
    if request.isolated:
        requires, base = request.at_sources(request.requirements), theirs if is_there else None
        request.tell(f"makes an environment for the build, with {len(requires)} requirements")
        venv.make_for_build(made, base, where, request.project.root, request.variables)
        venv.install_for_build(python_in(made), requires, where, request.project.root, request.variables)
        return python_in(made)
    if not is_there:
        message = "the build is not isolated, and the project's environment is not there yet"
        remedy = "run `uv sync --no-install-project` with what the build needs, then try again"
        raise ResolverError([Problem("environment-missing", message, where, remedy)])
    return theirs


def _without_watch(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what uv sets for the build, less the folder by which it would have its own builds watched."""
    path = [one for one in variables.get("PYTHONPATH", "").split(os.pathsep) if Path(one) != _WATCH]
    rest = {name: value for name, value in variables.items() if name != "PYTHONPATH"}
    return {**rest, "PYTHONPATH": os.pathsep.join(path)} if any(path) else rest


def _ending(code: int) -> str:
    """Return how a process ended, in words; by a signal, if the code is negative."""
    if code >= 0:
        return f"it ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    out_of_memory = ", as the system does where memory runs out" if name == "SIGKILL" else ""
    return f"it was ended by the signal {name}{out_of_memory}"


def _said(done: Completed) -> str:
    """Return the last lines that a process printed: its errors, and what a tool that it ran may have said before them."""
    errors = _without_us(done.error.decode("utf-8", "replace").strip().splitlines())[-_LINES_SHOWN:]
    output = done.output.decode("utf-8", "replace").strip().splitlines()
    lines = [*output[len(errors) - _LINES_SHOWN :], *errors] if len(errors) < _LINES_SHOWN else errors
    if not lines:
        return "\n  it printed nothing"
    return "\n  it said:" + "".join(f"\n    {line}" for line in lines)


def _without_us(lines: Sequence[str]) -> list[str]:
    """Return the lines of a traceback without the frames of what is in front of the build."""
    theirs: list[str] = []
    is_ours = False
    for line in lines:
        if not line.startswith("    "):
            is_ours = line.lstrip().startswith(f'File "{TRACER.parent}')
        if not is_ours:
            theirs.append(line)
    return theirs


def _described(steps: Sequence[str]) -> str:
    return "list of requirements" if steps[0].startswith("requires-") else f"{' and '.join(steps)} step"
