"""What a project's build was seen to depend on, against what is watched: the use case of `trace`. Writes nothing."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from dyncachekeys.backends.files import of_table
from dyncachekeys.config.model import DEFAULTS, WHERE
from dyncachekeys.files import pattern as files_pattern
from dyncachekeys.files.gitignore import Rules
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import MISSING, Files
from dyncachekeys.model import File
from dyncachekeys.plugin import Context
from dyncachekeys.process import environ as process_environ
from dyncachekeys.pyproject.project import FILE, load, without_region
from dyncachekeys.resolving import registry
from dyncachekeys.syncing.planning import make_plan
from dyncachekeys.trace import concurrent, record
from dyncachekeys.trace.inputs import incidental, listed_names
from dyncachekeys.trace.traces import request_for
from dyncachekeys.uv import entries, workspace
from dyncachekeys.uv.mtimes import expanded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from dyncachekeys.pyproject.project import Project
    from dyncachekeys.trace.filter import Trace

Asked = Literal["read", "listed", "missing", "there", "variables"]
_ENTRIES = "tool.uv.cache-keys"


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing that the build was seen to depend on."""

    asked: Asked
    """How it was asked for."""
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
    taken: tuple[str, ...]
    """The names of the keys that there are."""
    in_tree: frozenset[str]
    """What a `backend` key would watch of the tree; empty if there is one."""


@dataclass(slots=True)
class _Watched:
    """What is watched, each with who does it."""

    files: dict[str, str] = field(default_factory=dict)
    others: dict[tuple[str, str], str] = field(default_factory=dict)
    """By kind and subject: directories, variables, values."""
    globs: list[tuple[str, str]] = field(default_factory=list)
    present: dict[str, str] = field(default_factory=dict)
    """Those of the files that are there, without what stands for the project's own code."""

    def by(self, asked: Asked, subject: str, trace: Trace) -> str:
        """Return who watches what the build depends on."""
        if asked == "variables":
            return self.others.get(("env", subject), "")
        if asked == "listed":
            return self.others.get(("value", f"names in {subject}")) or self._names_in(subject, trace)
        known = self.files.get(subject) or self.others.get(("value", subject)) or self._matching(subject)
        if known or asked != "there":
            return known
        return self.others.get(("directory", subject)) or self.others.get(("value", f"what is at {subject}"), "")

    def _names_in(self, folder: str, trace: Trace) -> str:
        """Return who would choose a new file beside, and like, those that the build reads in a folder."""
        names = [posixpath.basename(path) for path in trace.read if (posixpath.dirname(path) or ".") == folder]
        endings = {posixpath.splitext(name)[1] for name in names} or {""}
        found = [self._matching(posixpath.normpath(f"{folder}/new-name{ending}")) for ending in sorted(endings)]
        return found[0] if all(found) else ""

    def _matching(self, path: str) -> str:
        return next((who for glob, who in self.globs if _chooses(glob, path)), "")


def audit(root: Path, environ: Mapping[str, str], *, steps: tuple[str, ...], timeout: float) -> Audit:
    """Run a project's build under the tracer, and compare what it depends on with what is watched.

    Args:
        root: The project's folder.
        environ: The environment.
        steps: What is run, as in `recording.TraceRequest`.
        timeout: Seconds that each step may take.

    Raises:
        DyncachekeysError: the project's configuration is wrong, or the build can't be run or fails.
    """
    root = root.resolve()
    project = load(root)
    files = Files(root, FileMemory(), {FILE: lambda: project.bare}, without_region)
    project = workspace.with_inherited(project, files)
    seen = process_environ.for_keys(environ)
    where = f"the build of {project.name}"
    request = request_for(project, files, seen, where, timeout, longer="give a longer `--timeout`", steps=steps)
    recorded = record.record(request)
    trace = recorded.trace
    if trace.processes:  # which may have written what changed meanwhile
        trace = trace.without(concurrent.files_changed(recorded, files))
    came_by = incidental(trace, files, listed_names(trace, files))
    keyed = workspace.has_keys(project)
    watched = _by_entries(project, files, keyed=keyed)
    resolvers = _add_keys(watched, root, environ, project) if keyed else set()
    dependencies = tuple(
        Dependency(asked, subject, who, watched.by(asked, subject, trace))  # type: ignore[arg-type]  # its keys are these
        for asked, subjects in trace.subjects.items()
        for subject, who in subjects.items()
        if (asked, subject) not in came_by
    )
    return Audit(
        name=project.name,
        root=root,
        steps=steps,
        python=recorded.python,
        trace=trace,
        dependencies=dependencies,
        unread=tuple(_unread(watched, trace)),
        taken=tuple(_declared(project)),
        in_tree=frozenset() if "backend" in resolvers else frozenset(_in_tree(project, files, seen)),
    )


def _by_entries(project: Project, files: Files, *, keyed: bool) -> _Watched:
    """Return what the user's own ``cache-keys`` watch; without any, what uv watches by default."""
    watched = _Watched()
    tool = project.pyproject.get("tool")
    own = tool.get("uv") if isinstance(tool, dict) else None
    given: Sequence[Any] = project.user_entries
    if not keyed and not (isinstance(own, dict) and "cache-keys" in own):
        given = entries.DEFAULTS
    for entry in ({"file": one} if isinstance(one, str) else one for one in given):
        for kind, value in entry.items() if isinstance(entry, dict) else ():
            if kind == "file":
                glob = str(value)
                if glob not in {"setup.py", "setup.cfg", FILE}:
                    watched.globs.append((f"/{glob}" if "/" in glob else glob, _ENTRIES))
                for path in expanded(files, [glob]):
                    watched.files[path] = _ENTRIES
                    if files.is_file(path) and given is not entries.DEFAULTS:
                        watched.present[path] = _ENTRIES
            elif kind in {"dir", "env"}:
                watched.others["directory" if kind == "dir" else "env", str(value)] = _ENTRIES
    return watched


def _add_keys(watched: _Watched, root: Path, environ: Mapping[str, str], project: Project) -> set[str]:
    """Add what the keys watch, and return the names of their resolvers."""
    found = make_plan(root, environ)
    declared = _declared(project)
    for key in found.status.resolution.keys:
        for one in key.inputs:
            if one.kind != "file":
                watched.others.setdefault((one.kind, one.subject), key.name)
                continue
            watched.files.setdefault(one.subject, key.name)
            if one.state != MISSING and key.resolver not in {DEFAULTS, "backend"}:
                watched.present.setdefault(one.subject, key.name)
        options = declared.get(key.name)
        if key.resolver == "files" and isinstance(options, dict):
            watched.globs += [(str(one), key.name) for one in options.get("patterns", [])]
        if key.resolver == "table" and isinstance(options, dict):
            watched.files.setdefault(of_table(options), key.name)
    return {key.resolver for key in found.status.resolution.keys}


def _declared(project: Project) -> dict[str, Any]:
    own = (project.table or {}).get("keys")
    return {**project.inherited, **(own if isinstance(own, dict) else {})}


def _in_tree(project: Project, files: Files, seen: process_environ.Environment) -> Iterator[str]:
    """Yield what a `backend` key would watch that is there."""
    where = f"{WHERE}.keys.backend"
    function = registry.load(registry.find("backend", where), where)
    for one in function(Context(project.root, project.pyproject, seen, files, where)):
        if isinstance(one, File) and files.is_file(one.path):
            yield one.path


def _unread(watched: _Watched, trace: Trace) -> Iterator[Unread]:
    for path, who in sorted(watched.present.items()):
        if path not in trace.read and path not in trace.there and path not in trace.written:
            yield Unread("file", path, who)
    for (kind, name), who in sorted(watched.others.items()):
        if kind == "env" and name not in trace.variables:
            yield Unread("env", name, who)


def _chooses(glob: str, path: str) -> bool:
    """Tell whether a gitignore-style pattern chooses a path, there or not."""
    try:
        pattern = files_pattern.parse(glob)
    except ValueError:
        return False
    base = f"{pattern.base}/" if pattern.base else ""
    below = path.removeprefix(base)
    if not path.startswith(base) or below.startswith("../"):
        return False
    *folders, name = below.split("/")
    place = Rules([files_pattern.escaped(pattern.body)]).top
    for folder in folders:
        place = place.enter(folder)
    return place.below >= 0 or place.find(name, is_dir=False) >= 0


def unwatched(one: Audit) -> list[Dependency]:
    """Return what nobody watches."""
    return [each for each in one.dependencies if not each.watched_by]


def folder_of(path: str) -> str:
    """Return the folder of a path relative to the project; ``.`` for the project's own."""
    return posixpath.dirname(path) or "."


def names(dependencies: Iterable[Dependency], asked: Asked) -> list[str]:
    """Return the subjects that were asked for in one way."""
    return [one.subject for one in dependencies if one.asked == asked]
