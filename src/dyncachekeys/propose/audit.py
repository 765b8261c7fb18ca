"""What a project's build was seen to depend on, against what is watched: the use case of `trace`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from dyncachekeys.config.model import WHERE
from dyncachekeys.files.tree import Files
from dyncachekeys.process import environ as process_environ
from dyncachekeys.propose.inspect import in_tree
from dyncachekeys.propose.observed import Observation, observed
from dyncachekeys.propose.watched import Watched
from dyncachekeys.pyproject.project import Project, load
from dyncachekeys.pyproject.tables import table_at
from dyncachekeys.resolving.engine import only
from dyncachekeys.syncing.planning import make_plan
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.record import BuildRecord
from dyncachekeys.trace.rules import is_mere_entry, is_question
from dyncachekeys.trace.watched import products
from dyncachekeys.uv import workspace

Asked = Literal["read", "listed", "missing", "there", "variables", "program", "git"]


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing that the build was seen to depend on."""

    asked: Asked
    """How the build asked for it."""
    subject: str
    """A path relative to the project, the name of a variable, the path of a program, or what git was asked."""
    who: str
    """Who asked for it."""
    steps: tuple[str, ...] = ()
    """In which steps of the build."""
    watched_by: str = ""
    """The name of a key that is the same for everybody, or ``tool.uv.cache-keys``; empty if there is none."""
    record: str = ""
    """The name of the key that watches it by the record of the build; empty if there is none."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file or variable that is watched, and that the build was not seen to read."""

    input: Literal["file", "env"]
    subject: str
    watched_by: str


@dataclass(frozen=True)
class Audit:
    """A project's build, and who watches what it depends on."""

    project: Project
    files: Files
    records: tuple[BuildRecord, ...]
    """Those of the steps of the build, in their order."""
    standing: bool
    """Whether all that the build depends on is as it was."""
    trace: Trace
    """All steps together."""
    rules: Mapping[str, tuple[str, ...]]
    """Which names count in the folders that they listed (`trace.likeness`)."""
    dependencies: tuple[Dependency, ...]
    unread: tuple[Unread, ...]
    watched: Watched
    key_names: tuple[str, ...]
    """The names of the declared keys."""
    in_tree: frozenset[str]
    """The files of the tree that a `backend` key would watch; empty if there is such a key."""
    products: frozenset[str]
    """What the build leaves in the tree."""

    @property
    def unwatched(self) -> list[Dependency]:
        """What no key watches that is the same for everybody."""
        return [dependency for dependency in self.dependencies if not dependency.watched_by]

    @property
    def record_key(self) -> str:
        """The name of the key that watches by the record; empty if there is none."""
        return self.watched.record_key


def audit(
    root: Path,
    environ: Mapping[str, str],
    *,
    build: str | None = None,
    timeout: float = 600,
    progress: Callable[[str], None] | None = None,
) -> Audit:
    """Compare what a project's build depends on with what is watched.

    Args:
        root: The project's folder.
        environ: The environment.
        build: What to build now, ``editable`` or ``wheel``; nothing if the last builds of uv's shall tell.
        timeout: Seconds that each step of that build may take.
        progress: Is called with what is being done.

    Raises:
        DyncachekeysError: the project's configuration is wrong, no build was watched yet, or one that is made now
            can't be run or fails.
    """
    project = load(root.resolve())
    files = Files.of(project)
    project = workspace.with_inherited(project, files)
    observation = observed(project, environ, build, timeout, progress)
    watched = _watched(project, files, environ)
    trace = observation.chosen.trace
    has_backend = "backend" in watched.resolvers
    return Audit(
        project=project,
        files=observation.files,
        records=observation.chosen.records,
        standing=observation.chosen.standing,
        trace=trace,
        rules=observation.rules,
        dependencies=tuple(_dependencies(observation, watched)),
        unread=tuple(_unread(watched, trace)),
        watched=watched,
        key_names=tuple(_declared(project)),
        in_tree=frozenset() if has_backend else frozenset(in_tree(project, files, environ)),
        products=frozenset(products(observation.chosen.records, project.pyproject)),
    )


def _watched(project: Project, files: Files, environ: Mapping[str, str]) -> Watched:
    watched = Watched()
    has_keys = workspace.has_keys(project)
    watched.add_entries(project, files, has_keys=has_keys)
    keys = make_plan(project.root, environ).status.resolution.keys if has_keys else ()
    declared = _declared(project)
    for key in keys:
        watched.add_key(key, declared.get(key.name, {}))
        if key.of_builds and not len(key.inputs):  # a fallback, which counts for those who have no record
            table = {name: value for name, value in declared[key.name].items() if name != "fallback"}
            for alone in only(key.name, table, project, process_environ.for_keys(environ), files).keys:
                watched.add_inputs(alone)
    return watched


def _declared(project: Project) -> dict[str, Any]:
    return {**project.inherited, **table_at(project.pyproject, f"{WHERE}.keys")}


def _dependencies(observation: Observation, watched: Watched) -> Iterator[Dependency]:
    """Yield what the steps depend on, each once; of who asked for it, the project's own code comes first."""
    found: dict[tuple[Asked, str], tuple[str, tuple[str, ...]]] = {}
    for record in observation.chosen.records:
        for asked, subject, who in _asked_in(record):
            known, steps = found.get((asked, subject), ("", ()))
            first = known if ":" in known or not (":" in who or not known) else who
            found[asked, subject] = (first, (*steps, record.step))
    rules, order = observation.rules, get_args(Asked)
    ordered = sorted(found, key=lambda one: (order.index(one[0]), ":" not in found[one][0], one[1]))
    for asked, subject in ordered:
        who, steps = found[asked, subject]
        by = watched.by(asked, subject, rules)
        yield Dependency(asked, subject, who, steps, by, watched.record_key)


def _asked_in(record: BuildRecord) -> Iterator[tuple[Asked, str, str]]:
    """Yield what a record depends on, as `trace.inputs.inputs_of` counts it."""
    trace, rules = record.trace, record.rules
    yield from (("read", path, who) for path, who in trace.read.items())
    yield from (("listed", path, who) for path, who in trace.listed.items() if path in rules)
    missing = (one for one in trace.missing.items() if not is_question(*one, trace, rules))
    yield from (("missing", path, who) for path, who in missing)
    there = (
        one for one in trace.there.items() if not (is_mere_entry(one[0], trace) or is_question(*one, trace, rules))
    )
    yield from (("there", path, who) for path, who in there)
    yield from (("variables", name, who) for name, who in trace.variables.items())
    yield from (("program", path, who) for path, who in trace.programs.items())
    yield from (("git", " ".join(["git", *asked.split("\x1f")[1:]]), who) for asked, who in trace.git.items())


def _unread(watched: Watched, trace: Trace) -> Iterator[Unread]:
    for path, who in sorted(watched.present.items()):
        if path not in trace.read and path not in trace.there and path not in trace.written:
            yield Unread("file", path, who)
    for (kind, name), who in sorted(watched.inputs.items()):
        if kind == "env" and name not in trace.variables:
            yield Unread("env", name, who)
