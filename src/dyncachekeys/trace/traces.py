"""The trace of one project's build: kept while nothing that it names has changed, else made anew."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.encoding import sealed, value_digest
from dyncachekeys.files import refs
from dyncachekeys.files.tree import MISSING
from dyncachekeys.model import Env, File, Notice
from dyncachekeys.paths import split
from dyncachekeys.pyproject.tables import table_at
from dyncachekeys.quick.snapshot import READ
from dyncachekeys.trace import concurrent, record
from dyncachekeys.trace.in_build import tracer
from dyncachekeys.trace.inputs import Found, TracedInputs, inputs_of
from dyncachekeys.trace.requires import at_sources
from dyncachekeys.trace.store import Depfiles, StoredTrace
from dyncachekeys.uv import workspace
from dyncachekeys.uv.environment import project_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dyncachekeys.files.tree import Files
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.pyproject.project import Project


class Traces:
    """A project's trace.

    Args:
        project: The project.
        files: Its files, to which is added what is looked at.
        environ: The environment as keys may see it.
        depfiles: What is kept of it.
    """

    def __init__(self, project: Project, files: Files, environ: Environment, depfiles: Depfiles) -> None:
        self._project, self._files, self._environ = project, files, environ
        self._depfiles = depfiles
        self._used = StoredTrace()

    def results(self, where: str, timeout: float) -> tuple[list[Found], list[Notice]]:
        """Return what the build depends on, and what of it can't be seen.

        Args:
            where: The key that asks.
            timeout: Seconds that each step may take.

        Raises:
            ResolverError: the build can't be traced.
        """
        new = self._depfiles.new(self._project.root)
        if new is not None:
            return self._using(new, self._observed(new), where)
        earlier = self._depfiles.known(self._project.root)
        good: list[StoredTrace] = []
        for known in filter(self._is_of_now, earlier):
            observed = self._observed(known)
            if known.seal == self._seal(known, observed):
                good.append(known)
                if known.incidental == self._passing(known, observed):
                    return self._using(known, observed, where)
        request = request_for(self._project, self._files, self._environ, where, timeout)
        before = next(iter([*good, *earlier]), StoredTrace())
        known, observed, products = self._made(before, record.record(request), still=bool(good))
        self._depfiles.keep(self._project.root, known)
        found, notices = self._using(known, observed, where)
        return found, [*notices, *_told(products, known, where)]

    def _using(self, known: StoredTrace, observed: TracedInputs, where: str) -> tuple[list[Found], list[Notice]]:
        self._used = known
        return observed.results, self._notices(known, where)

    def _made(
        self, before: StoredTrace, recorded: record.Recorded, *, still: bool
    ) -> tuple[StoredTrace, TracedInputs, tuple[str, ...]]:
        """Return a new trace, to be kept, and what it takes for products only because it changed so often.

        Args:
            before: The last trace.
            recorded: What was seen now.
            still: Whether nothing has changed that the last trace depends on. Then it depends on that still: who finds
                what he makes up to date may ask for less.
        """
        judged = concurrent.judge(recorded, self._files, before.suspects, frozenset(before.trace.written))
        for path in (*recorded.trace.read, *judged.trace.products):
            folder, name = split(path)
            looked_at = self._files.folder(folder).state(name) is not None  # to know whether an earlier trace stands
            if looked_at and self._files.changed_at(path) >= recorded.started:
                self._files.renew(path)
        # What an earlier trace saw the build write, and nobody has changed since, is still the build's.
        same = {path for path, state in before.products.items() if state == self._sealed(before, path)}
        written = {path for path in before.trace.written if self._files.is_file(path)} - (
            judged.trace.read.keys() - same
        )
        made = {path for path in before.trace.made if self._files.is_dir(path)}
        trace = judged.trace.without(written).with_folders(made)
        trace = trace.with_earlier(before.trace) if still else trace
        known = StoredTrace(trace, python=recorded.python, suspects=judged.suspects)
        known = replace(known, products={path: self._sealed(known, path) for path in trace.products})
        observed = self._observed(known)
        if judged.stands:
            seal, incidental = self._seal(known, observed), self._passing(known, observed)
            known = replace(known, basis=self._basis(known), seal=seal, incidental=incidental)
        else:
            self._files.settled = False
        return known, observed, judged.products

    def _sealed(self, known: StoredTrace, path: str) -> str:
        return sealed(bytes.fromhex(known.salt), self._state(path))

    def ran(self, path: str, lines: range | None) -> bool:
        """Tell whether the build was seen to run a function of the project's; without lines, to import a file."""
        trace = self._used.trace
        seen = path in trace.read if lines is None else any(f"{path}:{line}" in trace.lines for line in lines)
        return trace.whole or seen

    def _observed(self, known: StoredTrace) -> TracedInputs:
        return inputs_of(known.trace, self._files, self._project.pyproject)

    def _is_of_now(self, known: StoredTrace) -> bool:
        """Tell whether a trace is of a build as it would be made now."""
        if known.basis != self._basis(known):
            return False
        environment = project_environment(self._files, self._environ)
        here = self._files.relative(os.fspath(environment / "pyvenv.cfg"))
        if self._files.is_file(here):
            self._files.note(here)
            if record.interpreter(environment) != known.python:
                return False
        return True

    def _basis(self, known: StoredTrace) -> str:
        """Return a seal over what the build is made with."""
        pyproject, python_version = self._project.pyproject, ".python-version"
        tables = (table_at(pyproject, "tool.uv"), workspace.settings(self._files))
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

    def _seal(self, known: StoredTrace, observed: TracedInputs) -> str:
        """Return a seal over the states of all that the build depends on."""
        return sealed(bytes.fromhex(known.salt), value_digest([self._told(one) for one in observed.results]))

    def _passing(self, known: StoredTrace, observed: TracedInputs) -> str:
        """Return a seal over what may tell that it depends on more."""
        states = [self._told(one) for one in observed.incidental]
        states += [["product", path, self._state(path)] for path in known.trace.products]
        return sealed(bytes.fromhex(known.salt), value_digest(states))

    def _told(self, one: Found) -> list[object]:
        if isinstance(one, File):
            return ["file", one.path, self._state(one.path)]
        if isinstance(one, Env):
            return ["env", one.name, self._environ.get(one.name)]
        return ["value", one.name, value_digest(one.data)]

    def _state(self, path: str) -> str:
        """Return the state of a file. Its content decides what is found, so no edit of it is answered without us."""
        folder, name = split(path)
        return self._files.look(folder, [name], READ).state(name) or MISSING

    def _notices(self, known: StoredTrace, where: str) -> list[Notice]:
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


def _told(products: Sequence[str], known: StoredTrace, where: str) -> Iterator[Notice]:
    """Yield what is taken for a product for no other reason than that it changes."""
    for path in products:
        times = known.suspects[path]
        why = f"`{path}` changed while the build was watched, {times} times running, so the build seems to write it"
        yield Notice("written-by-build", f"{why}; if it was you, name it in a files key", where)


def request_for(  # noqa: PLR0913
    project: Project,
    files: Files,
    environ: Environment,
    where: str,
    timeout: float,
    *,
    longer: str = "",
    steps: tuple[str, ...] = ("metadata",),
) -> record.TraceRequest:
    """Return what it takes to trace a project's build.

    Args:
        project: The project.
        files: Its files.
        environ: The environment as keys may see it.
        where: The path of what asks for it.
        timeout: Seconds that each step may take.
        longer: How to give them more; by the key's own option, if not given.
        steps: What is run, as in `recording.TraceRequest`.
    """
    longer = longer or f"raise `{where}.timeout`"
    environment = Path(os.path.normpath(project_environment(files, environ)))
    return record.TraceRequest(
        project,
        repository_of(files),
        environment,
        environ.whole(),
        where,
        timeout,
        longer,
        workspace.settings(files),
        lambda requirements: at_sources(requirements, project, files),
        steps,
    )


def repository_of(files: Files) -> Path:
    """Return the folder of the repository that a project is in; without one, its workspace's."""
    return refs.work_tree(files) or workspace.home(files)


def _keys(project: Project) -> list[object]:
    return [*table_at(project.table, "keys").values(), *project.inherited.values()]
