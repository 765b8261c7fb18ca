"""The traced build of one project: by a stored trace while that stands, else by a new one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dyncachekeys.files.tree import Files
from dyncachekeys.model import Notice
from dyncachekeys.paths import split
from dyncachekeys.process.environ import Environment
from dyncachekeys.pyproject.project import Project
from dyncachekeys.trace import concurrent
from dyncachekeys.trace.depfiles import Depfiles
from dyncachekeys.trace.inputs import Found, TracedInputs, inputs_of
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.record import Recorded, record
from dyncachekeys.trace.request import TraceRequest
from dyncachekeys.trace.store import Seals, StoredTrace


class TracedBuild:
    """A project's build, as it was traced. What is looked at to know it is added to the project's files."""

    def __init__(self, project: Project, files: Files, environ: Environment, depfiles: Depfiles) -> None:
        self._project, self._files, self._environ = project, files, environ
        self._depfiles, self._seals = depfiles, Seals(project, files, environ)
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
            return self._using(new, self._inputs(new), where)
        earlier = self._depfiles.stored(self._project.root)
        unchanged: list[StoredTrace] = []
        for stored in filter(self._seals.is_current, earlier):
            inputs = self._inputs(stored)
            if stored.seal == self._seals.inputs(stored, inputs):
                unchanged.append(stored)
                if stored.incidental == self._seals.incidental(stored, inputs):
                    return self._using(stored, inputs, where)
        recorded = record(TraceRequest(self._project, self._files, self._environ, where, timeout))
        before = next(iter([*unchanged, *earlier]), StoredTrace())
        stored, inputs, products = self._new(before, recorded, is_unchanged=bool(unchanged))
        self._depfiles.add(self._project.root, stored)
        results, notices = self._using(stored, inputs, where)
        return results, [*notices, *_written_by_build(products, stored, where)]

    def ran(self, path: str, lines: range | None) -> bool:
        """Tell whether the build was seen to run a function of the project's; without lines, to import a file."""
        trace = self._used.trace
        seen = path in trace.read if lines is None else any(f"{path}:{line}" in trace.lines for line in lines)
        return trace.whole or seen

    def _using(self, stored: StoredTrace, inputs: TracedInputs, where: str) -> tuple[list[Found], list[Notice]]:
        self._used = stored
        return inputs.results, [*_untraced(stored.trace, self._project, where)]

    def _inputs(self, stored: StoredTrace) -> TracedInputs:
        return inputs_of(stored.trace, self._files, self._project.pyproject)

    def _new(
        self, before: StoredTrace, recorded: Recorded, *, is_unchanged: bool
    ) -> tuple[StoredTrace, TracedInputs, tuple[str, ...]]:
        """Return a new trace to be stored, its inputs, and what it takes for products only because it changes so often.

        If nothing has changed that the last trace depends on (`is_unchanged`), the build depends on that still: where
        it finds up to date what it makes, it may ask for less.
        """
        attribution = concurrent.attribute(recorded, self._files, before.suspects, frozenset(before.trace.written))
        self._renew((*recorded.trace.read, *attribution.trace.products), recorded.started)
        trace = self._with_products(attribution.trace, before)
        trace = trace.with_earlier(before.trace) if is_unchanged else trace
        stored = StoredTrace(trace, python=recorded.python, suspects=attribution.suspects)
        stored = replace(stored, products={path: self._seals.file(stored, path) for path in trace.products})
        inputs = self._inputs(stored)
        if attribution.stands:
            stored = self._seals.with_seals(stored, inputs)
        else:
            self._files.settled = False
        return stored, inputs, attribution.products

    def _renew(self, paths: Iterable[str], since: int) -> None:
        """Look again at files that were looked at, to know whether an earlier trace stands, and written since."""
        for path in paths:
            folder, name = split(path)
            if self._files.folder(folder).state(name) is not None and self._files.changed_at(path) >= since:
                self._files.renew(path)

    def _with_products(self, trace: Trace, before: StoredTrace) -> Trace:
        """Return a trace with what an earlier one saw the build write: it is the build's until somebody changes it."""
        same = {path for path, seal in before.products.items() if seal == self._seals.file(before, path)}
        written = {path for path in before.trace.written if self._files.is_file(path)} - (trace.read.keys() - same)
        made = {path for path in before.trace.made if self._files.is_dir(path)}
        return trace.without(written).with_folders(made)


def _untraced(trace: Trace, project: Project, where: str) -> Iterator[Notice]:
    """Yield what of the build can't be traced, unless there is a key that may be there for it."""
    resolvers = _resolvers(project)
    if ":" in trace.environment and "env" not in resolvers:
        what = f"the build goes through all variables ({trace.environment}), so which of them count is not seen"
        yield Notice("trace-blind", f"{what}; add an env key for these", where)
    has_plugin = any(":" in resolver for resolver in resolvers)
    for program, who in () if has_plugin else trace.processes.items():
        fitting = "git" if program == "git" else "files"
        if resolvers.isdisjoint((fitting, "command")):
            what = f"the build runs `{program}` ({who}), and what that reads is not seen"
            yield Notice("trace-blind", f"{what}; add a {fitting} key for it", where)


def _resolvers(project: Project) -> set[str]:
    """Return the resolvers of all declared keys, as they are written."""
    keys = (project.table or {}).get("keys")
    declared = [*(keys.values() if isinstance(keys, dict) else ()), *project.inherited.values()]
    return {str(key.get("resolver")) for key in declared if isinstance(key, dict)}


def _written_by_build(products: Iterable[str], stored: StoredTrace, where: str) -> Iterator[Notice]:
    """Yield what is taken for a product for no other reason than that it changes."""
    for path in products:
        times = stored.suspects[path]
        why = f"`{path}` changed while the build was watched, {times} times in a row, so the build seems to write it"
        yield Notice("written-by-build", f"{why}; if it was you, name it in a files key", where)
