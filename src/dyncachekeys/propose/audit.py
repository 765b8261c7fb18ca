"""What a project's build was seen to depend on, against what is watched: the use case of `trace`. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dyncachekeys.config.model import WHERE
from dyncachekeys.files.tree import Files
from dyncachekeys.process import environ as process_environ
from dyncachekeys.propose.inspect import in_tree
from dyncachekeys.propose.watched import Watched
from dyncachekeys.pyproject.project import Project, load
from dyncachekeys.pyproject.tables import table_at
from dyncachekeys.syncing.planning import make_plan
from dyncachekeys.trace import concurrent
from dyncachekeys.trace.inputs import incidental, listed_names
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.record import record
from dyncachekeys.trace.request import TraceRequest
from dyncachekeys.uv import workspace

Asked = Literal["read", "listed", "missing", "there", "variables"]


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing that the build was seen to depend on."""

    asked: Asked
    """How the build asked for it."""
    subject: str
    """A path relative to the project, or the name of a variable."""
    who: str
    """Who asked for it."""
    watched_by: str = ""
    """The name of a key, or ``tool.uv.cache-keys``; empty if nobody watches it."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file or variable that is watched, and that the build was not seen to read."""

    input: Literal["file", "env"]
    subject: str
    watched_by: str


@dataclass(frozen=True, slots=True)
class Audit:
    """A project's build, and who watches what it depends on."""

    name: str
    root: Path
    steps: tuple[str, ...]
    python: str
    trace: Trace
    dependencies: tuple[Dependency, ...]
    unread: tuple[Unread, ...]
    key_names: tuple[str, ...]
    """The names of the declared keys."""
    in_tree: frozenset[str]
    """The files of the tree that a `backend` key would watch; empty if there is such a key."""

    @property
    def unwatched(self) -> list[Dependency]:
        """What nobody watches."""
        return [dependency for dependency in self.dependencies if not dependency.watched_by]


def audit(root: Path, environ: Mapping[str, str], *, steps: tuple[str, ...], timeout: float) -> Audit:
    """Run a project's build under the tracer, and compare what it depends on with what is watched.

    Args:
        root: The project's folder.
        environ: The environment.
        steps: What is run, as in `TraceRequest`.
        timeout: Seconds that each step may take.

    Raises:
        DyncachekeysError: the project's configuration is wrong, or the build can't be run or fails.
    """
    project = load(root.resolve())
    files = Files.of(project)
    project = workspace.with_inherited(project, files)
    seen = process_environ.for_keys(environ)
    where = f"the build of {project.name}"
    request = TraceRequest(project, files, seen, where, timeout, longer="give a longer `--timeout`", steps=steps)
    recorded = record(request)
    trace = recorded.trace
    if trace.processes:  # which may have written what changed at the same time
        trace = trace.without(concurrent.files_changed(recorded, files))
    watched, has_backend = _watched(project, files, environ)
    return Audit(
        name=project.name,
        root=project.root,
        steps=steps,
        python=recorded.python,
        trace=trace,
        dependencies=tuple(_dependencies(trace, files, watched)),
        unread=tuple(_unread(watched, trace)),
        key_names=tuple(_declared(project)),
        in_tree=frozenset() if has_backend else frozenset(in_tree(project, files, environ)),
    )


def _watched(project: Project, files: Files, environ: Mapping[str, str]) -> tuple[Watched, bool]:
    """Return what is watched, and whether there is a `backend` key."""
    watched = Watched()
    has_keys = workspace.has_keys(project)
    watched.add_entries(project, files, has_keys=has_keys)
    keys = make_plan(project.root, environ).status.resolution.keys if has_keys else ()
    declared = _declared(project)
    for key in keys:
        watched.add_key(key, declared.get(key.name, {}))
    return watched, any(key.resolver == "backend" for key in keys)


def _declared(project: Project) -> dict[str, Any]:
    return {**project.inherited, **table_at(project.pyproject, f"{WHERE}.keys")}


def _dependencies(trace: Trace, files: Files, watched: Watched) -> Iterator[Dependency]:
    came_by = incidental(trace, files, listed_names(trace, files))
    for asked, subjects in trace.subjects.items():
        for subject, who in subjects.items():
            if (asked, subject) not in came_by:
                yield Dependency(asked, subject, who, watched.by(asked, subject, trace))  # type: ignore[arg-type]  # its keys are these


def _unread(watched: Watched, trace: Trace) -> Iterator[Unread]:
    for path, who in sorted(watched.present.items()):
        if path not in trace.read and path not in trace.there and path not in trace.written:
            yield Unread("file", path, who)
    for (kind, name), who in sorted(watched.inputs.items()):
        if kind == "env" and name not in trace.variables:
            yield Unread("env", name, who)
