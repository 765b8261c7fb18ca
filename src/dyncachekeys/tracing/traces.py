"""The trace of one project's build: kept while nothing that it names has changed, else made anew."""

from __future__ import annotations

import os
import posixpath
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys import refs, workspace
from dyncachekeys.files import MISSING
from dyncachekeys.model import Env, File, Notice, Value
from dyncachekeys.paths import split
from dyncachekeys.project import HOME
from dyncachekeys.tracing import kept, recording, tracer
from dyncachekeys.tracing.kept import Kept
from dyncachekeys.tracing.observed import names_in, results
from dyncachekeys.tracing.requirements import at_sources, settings_of
from dyncachekeys.values import sealed, value_digest
from dyncachekeys.venv import project_environment
from dyncachekeys.witnesses import READ

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dyncachekeys.environment import Environment
    from dyncachekeys.files import Files
    from dyncachekeys.project import Project
    from dyncachekeys.tracing.facts import Trace


class Traces:
    """A project's trace.

    Args:
        project: The project.
        files: Its files, to which is added what is looked at.
        environ: The environment as keys may see it.
        believed: Whether what is kept may be believed.
    """

    def __init__(self, project: Project, files: Files, environ: Environment, *, believed: bool = True) -> None:
        self._project, self._files, self._environ = project, files, environ
        self._believed = believed
        self.fresh: Kept | None = None
        """What is to be kept; nothing if what was kept stands."""

    def results(self, where: str, timeout: float) -> tuple[list[File | Env | Value], list[Notice]]:
        """Return what the build depends on, and what of it can't be seen.

        Args:
            where: The key that asks.
            timeout: Seconds that each step may take.

        Raises:
            ResolverError: the build can't be traced.
        """
        known = self.fresh or (kept.load(self._project.root / HOME / kept.FILE) if self._believed else None)
        if known is not None and self._stands(known):
            return self._found(known), self._notices(known, where)
        request = request_for(self._project, self._files, self._environ, where, timeout)
        before = set(known.suspects) if known is not None else set()
        trace, python, started = recording.record(request)
        changed = set(written_unseen(trace, self._files, started))
        trace = trace.without(changed & before)
        known = Kept(trace, python=python, suspects=tuple(sorted(changed)))
        found = self._found(known)
        if changed <= before:
            known = replace(known, basis=self._basis(known), seal=self._seal(known, found))
        else:  # it may have been read before or after, so this trace does not stand
            self._files.settled = False
        self.fresh = known
        return found, self._notices(known, where)

    def _found(self, known: Kept) -> list[File | Env | Value]:
        return list(results(known.trace, self._files, self._project.pyproject))

    def _stands(self, known: Kept) -> bool:
        if known.basis != self._basis(known):
            return False
        environment = project_environment(self._files, self._environ)
        here = self._files.relative(os.fspath(environment / "pyvenv.cfg"))
        if self._files.is_file(here):
            self._files.note(here)
            if recording.interpreter(environment) != known.python:
                return False
        return known.seal == self._seal(known, self._found(known))

    def _basis(self, known: Kept) -> str:
        """Return a seal over what the build is made with."""
        pyproject, python_version = self._project.pyproject, ".python-version"
        tool = pyproject.get("tool")
        own = tool.get("uv") if isinstance(tool, dict) else None
        tables = (own if isinstance(own, dict) else {}, settings_of(self._files))
        settings = [{name: value for name, value in uv.items() if name != "cache-keys"} for uv in tables]
        home = self._files.relative(os.fspath(workspace.home(self._files) / python_version))
        parts = [
            tracer.VERSION,
            pyproject.get("build-system"),
            settings,
            self._environ.get("UV_PYTHON"),
            self._environ.get("UV_NO_BUILD_ISOLATION"),
            *(self._state(path) for path in dict.fromkeys([python_version, home])),
        ]
        return sealed(bytes.fromhex(known.salt), value_digest(parts))

    def _seal(self, known: Kept, found: Sequence[File | Env | Value]) -> str:
        """Return a seal over the states of what was found."""
        return sealed(bytes.fromhex(known.salt), value_digest([self._told(one) for one in found]))

    def _told(self, one: File | Env | Value) -> list[object]:
        if isinstance(one, File):
            return ["file", one.path, self._state(one.path)]
        if isinstance(one, Env):
            return ["env", one.name, self._environ.get(one.name)]
        return ["value", one.name, value_digest(one.data)]

    def _state(self, path: str) -> str:
        """Return the state of a file. Its content decides what is found, so no edit of it is answered without us."""
        folder, name = split(path)
        return self._files.look(folder, [name], READ).state(name) or MISSING

    def _notices(self, known: Kept, where: str) -> list[Notice]:
        """Return which programs can't be seen into, unless there is a key that may be there for them."""
        there = {one.get("resolver") for one in _keys(self._project) if isinstance(one, dict)}
        found: list[Notice] = []
        if ":" in known.trace.environment and there.isdisjoint({"env"}):
            what = (
                f"the build goes through all variables ({known.trace.environment}), so which of them count is not seen"
            )
            found.append(Notice("trace-blind", f"{what}; add an env key for these", where))
        for program, who in known.trace.processes.items():
            fitting = ("git", "command") if program == "git" else ("files", "command")
            if there.isdisjoint(fitting) and not any(":" in str(one) for one in there):
                what = f"the build runs `{program}` ({who}), and what that reads is not seen"
                found.append(Notice("trace-blind", f"{what}; add a {fitting[0]} key for it", where))
        return found


def written_unseen(trace: Trace, files: Files, started: int) -> Iterator[str]:
    """Yield the files that were written since a build was started, and by nothing that can be seen.

    Args:
        trace: What was seen.
        files: The project's files.
        started: When the build was started, in nanoseconds since the epoch.
    """
    listed = [
        posixpath.normpath(f"{folder}/{name}")
        for folder in trace.listed
        for name in names_in(folder, files, trace) or ()
    ]
    for path in {*trace.read, *trace.missing, *listed}:
        gone = path in trace.read and not files.exists(path)
        if gone or (files.changed_at(path) >= started and not files.is_dir(path)):
            yield path


def request_for(  # noqa: PLR0913
    project: Project,
    files: Files,
    environ: Environment,
    where: str,
    timeout: float,
    *,
    longer: str = "",
    steps: tuple[str, ...] = ("metadata",),
) -> recording.Request:
    """Return what it takes to trace a project's build.

    Args:
        project: The project.
        files: Its files.
        environ: The environment as keys may see it.
        where: The path of what asks for it.
        timeout: Seconds that each step may take.
        longer: How to give them more; by the key's own option, if not given.
        steps: What is run, as in `recording.Request`.
    """
    longer = longer or f"raise `{where}.timeout`"
    environment = Path(os.path.normpath(project_environment(files, environ)))
    return recording.Request(
        project,
        repository_of(files),
        environment,
        environ.whole(),
        where,
        timeout,
        longer,
        settings_of(files),
        lambda requirements: at_sources(requirements, project, files),
        steps,
    )


def repository_of(files: Files) -> Path:
    """Return the folder of the repository that a project is in; without one, its workspace's."""
    return refs.work_tree(files) or workspace.home(files)


def _keys(project: Project) -> list[object]:
    keys = (project.table or {}).get("keys")
    return [*(keys.values() if isinstance(keys, dict) else ()), *project.inherited.values()]
