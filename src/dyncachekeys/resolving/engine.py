"""Running the keys: from configuration to inputs, each with its state and its reason."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dyncachekeys.config.check import check_options
from dyncachekeys.config.model import DEFAULTS, Config, Key, read
from dyncachekeys.encoding import value_digest
from dyncachekeys.errors import ConfigurationError, Problem, ResolverError
from dyncachekeys.files import repository
from dyncachekeys.files.selection import Selected, Selection
from dyncachekeys.model import Input, Notice, Output, Transport, Watch
from dyncachekeys.plugin import Context, may_ask_machine
from dyncachekeys.resolving import registry, with_requirements
from dyncachekeys.resolving.found import Found, expanded, partitioned
from dyncachekeys.resolving.inputs import Digests, Inputs, digests_of
from dyncachekeys.resolving.isolated import Worker
from dyncachekeys.resolving.packages import Packages
from dyncachekeys.trace.store import Depfiles
from dyncachekeys.trace.traced import TracedBuild
from dyncachekeys.uv import workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from dyncachekeys.files.tree import Files
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.pyproject.project import Project
    from dyncachekeys.resolving.with_requirements import OwnEnvironment


@dataclass(frozen=True, slots=True)
class ResolvedKey:
    """A key and what its resolver found."""

    name: str
    resolver: str
    watch: Watch
    """Effective: the key's own, else the table's."""
    inputs: Inputs
    where: str
    runs_each_time: bool
    """Whether its resolver may look anywhere, so that nobody can tell without running it what it will say."""
    seconds: float
    """How long it took to run the resolver and to look at what it found."""
    may_link: bool
    """Whether its resolver may yield files that have no entry of their own."""
    machine: bool
    """Whether, by its configuration alone, it may yield what depends on the machine."""
    outputs: tuple[Output, ...] = ()
    """Products that must be there."""

    @property
    def built_in(self) -> bool:
        """Whether the resolver is ours."""
        return self.resolver in registry.BUILT_IN


@dataclass(frozen=True, slots=True)
class Resolution:
    """All keys, resolved."""

    keys: tuple[ResolvedKey, ...]
    notices: tuple[Notice, ...]
    digests: Digests
    """Over all inputs."""
    transport: Transport = "stamp"
    """How a change is to reach uv."""

    @property
    def digest(self) -> str:
        """The digest over all inputs."""
        return self.digests.digest


class _Job(Protocol):
    @property
    def runs_each_time(self) -> bool: ...

    @property
    def machine(self) -> bool: ...

    def prepare(self) -> list[Problem]: ...

    def resolve(self) -> tuple[list[Found], list[Selected], list[Notice]]: ...


class _BuiltIn:
    """A built-in resolver, in this process. It looks only through the context."""

    def __init__(self, reference: registry.Reference, context: Context, options: Mapping[str, object]) -> None:
        self._function = registry.load(reference, context.where)
        self._context, self._options = context, options

    @property
    def runs_each_time(self) -> bool:
        return self._context.runs_each_time

    @property
    def machine(self) -> bool:
        return may_ask_machine(self._function, self._options)

    def prepare(self) -> list[Problem]:
        return check_options(self._function, self._options, self._context.where)

    def resolve(self) -> tuple[list[Found], list[Selected], list[Notice]]:
        try:
            found, selections = partitioned(self._function(self._context, **self._options))
        except (ValueError, OSError) as error:
            remedy = "mend the file, or the key's options"
            raise ResolverError([Problem("resolver-failed", str(error), self._context.where, remedy)]) from error
        return found, selections, self._context.notices


def resolve(
    project: Project,
    environ: Environment,
    files: Files,
    chain: Sequence[Path] | None = None,
    depfiles: Depfiles | None = None,
) -> Resolution:
    """Run all keys of a project.

    Args:
        project: The project, which has a ``[tool.dyncachekeys]`` table.
        environ: The environment as keys may see it.
        files: Its files.
        chain: The packages that ask for each other's inputs, of which the project is the last.
        depfiles: What is stored of traced builds; the project's own, if not given.

    Raises:
        ConfigurationError: the table, a resolver's name or its options are wrong; all problems at once,
            before any resolver has run.
        ResolverError: resolvers failed; all of them.
    """
    config, problems = read(project.table or {}, project.inherited)
    depfiles = depfiles or Depfiles(project.root)
    packages = Packages(files, environ, chain or (project.root,), functools.partial(_of_another, depfiles))
    traced = TracedBuild(project, files, environ, depfiles)
    with contextlib.ExitStack() as stack:
        jobs: list[tuple[str, str, Key, _Job]] = []
        for name, key in keys_of(config).items():
            where = config.where(name)
            try:
                jobs.append(
                    (name, where, key, _job(project, name, where, key, environ, files, (packages, traced), stack))
                )
            except ResolverError as error:
                problems += error.problems
        for _, where, key, job in jobs:
            problems += job.prepare()
            if key.resolver == "backend" and key.options.get("trace") is True and (key.watch or config.watch) == "uv":
                problems.append(_not_for_uv(where))
        if problems:
            raise ConfigurationError(problems)
        return _run(jobs, config, environ, files)


def only(name: str, key: Mapping[str, object], project: Project, environ: Environment, files: Files) -> Resolution:
    """Run one key that need not be the project's own, and no other. Errors as `resolve`.

    Args:
        name: The key's name.
        key: Its table.
        project: The project.
        environ: The environment as keys may see it.
        files: The project's files.
    """
    tool = {"dyncachekeys": {"defaults": False, "keys": {name: key}}}
    return resolve(dataclasses.replace(project, pyproject=_with(project.pyproject, tool), inherited={}), environ, files)


def _with(pyproject: Mapping[str, Any], tool: Mapping[str, object]) -> Mapping[str, Any]:
    there = pyproject.get("tool")
    return {**pyproject, "tool": {**(there if isinstance(there, dict) else {}), **tool}}


def _not_for_uv(where: str) -> Problem:
    message = "what a trace finds is this machine's, so it can't become entries, which are the same for everybody"
    return Problem("uv-cannot-watch", message, f"{where}.trace", 'set `watch = "auto"` for this key')


def _of_another(  # noqa: PLR0913
    depfiles: Depfiles, project: Project, environ: Environment, files: Files, chain: Sequence[Path], whole: bool
) -> list[tuple[Inputs, bool]]:
    """Resolve another package: by its keys, and if it has none or is used whole, all files that git does not ignore."""
    project = workspace.with_inherited(project, files)
    keys = resolve(project, environ, files, chain, depfiles).keys if workspace.has_keys(project) else ()
    found = [(key.inputs, key.runs_each_time) for key in keys]
    if whole or not keys:
        found.append((_inputs([], [Selection(["*"]).among(files)], environ, files), False))
    return found


def keys_of(config: Config) -> dict[str, Key]:
    """Return all keys, the implicit one first."""
    if not config.defaults:
        return dict(config.keys)
    options = {"by_value": "digest" in {config.watch, config.transport}}
    return {DEFAULTS: Key(resolver=DEFAULTS, options=options), **config.keys}


def _job(  # noqa: PLR0913
    project: Project,
    name: str,
    where: str,
    key: Key,
    environ: Environment,
    files: Files,
    others: tuple[Packages, TracedBuild],
    stack: contextlib.ExitStack,
) -> _Job:
    own = _own_environment(project, where, key, environ) if key.with_ else None
    reference = registry.find(key.resolver, where, str(own.site_packages) if own else None)
    if reference.built_in:
        packages, traced = others
        context = Context(
            project.root,
            project.pyproject,
            environ,
            files,
            where,
            timeout=key.timeout,
            packages=packages,
            traced=traced,
        )
        return _BuiltIn(reference, context, key.options)
    worker = Worker(
        project,
        key=name,
        where=where,
        reference=reference,
        timeout=key.timeout,
        environ=environ,
        files=files,
        python=own.python if own else None,
    )
    return stack.enter_context(worker)


def _own_environment(project: Project, where: str, key: Key, environ: Environment) -> OwnEnvironment:
    if key.resolver in registry.BUILT_IN:
        message = f"`{key.resolver}` is built in, and needs no requirements"
        raise ResolverError([Problem("invalid-option", message, f"{where}.with", "leave it out")])
    return with_requirements.prepared(key.with_, f"{where}.with", project, environ)


def _run(jobs: Sequence[tuple[str, str, Key, _Job]], config: Config, environ: Environment, files: Files) -> Resolution:
    keys: list[ResolvedKey] = []
    notices: list[Notice] = []
    problems: list[Problem] = []
    for name, where, key, job in jobs:
        began = time.perf_counter()
        try:
            found, selections, said = job.resolve()
            watch = _watch(key, config)
            outputs = tuple(_output(one) for one in found if one.kind == "output")
            inputs = _inputs(found, selections, environ, files)
        except ResolverError as error:
            problems += error.problems
            continue
        seconds = time.perf_counter() - began
        may_link = registry.may_yield_files(key.resolver, key.options)
        each_time, machine = job.runs_each_time, job.machine
        keys.append(
            ResolvedKey(name, key.resolver, watch, inputs, where, each_time, seconds, may_link, machine, outputs)
        )
        notices += said
    if problems:
        raise ResolverError(problems)
    single = ((one.kind, one.subject, one.state) for key in keys for one in key.inputs.single)
    digests = digests_of(single, [key.inputs.selected for key in keys if key.inputs.selected is not None], files)
    return Resolution(tuple(keys), tuple(dict.fromkeys(notices)), digests, config.transport)


def _watch(key: Key, config: Config) -> Watch:
    """Return who notices a change; under the digest transport `auto` means `digest`."""
    said = key.watch or config.watch
    return "digest" if (said, config.transport) == ("auto", "digest") else said


def _output(found: Found) -> Output:
    return Output(found.subject, tuple(filter(None, found.data.split("\0"))), found.reason)


def _inputs(
    found: Sequence[Found],
    selections: Sequence[Selected],
    environ: Environment,
    files: Files,
) -> Inputs:
    """Look at all that a resolver found. A selection stays whole if it is the only thing that names files."""
    if len(selections) != 1 or any(one.kind == "file" for one in found):
        found = [*found, *(one for selected in selections for one in expanded(selected))]
        return Inputs(observed(found, environ, files), None, files)
    (selected,) = selections
    files.look_at_all({folder: [name for name, _ in chosen] for folder, chosen in selected.folders.items()})
    return Inputs(observed(found, environ, files), selected, files)


def observed(results: Iterable[Found], environ: Environment, files: Files) -> Iterable[Input]:
    """Look at each thing that a resolver found; one input each, sorted.

    Raises:
        ResolverError: a file can't be read.
    """
    first: dict[tuple[str, str, str], Input] = {}
    for found in results:
        if found.kind == "output":
            continue
        one = Input(found.kind, found.subject, _state(found, environ, files), found.reason, found.entry, found.tree)
        known = first.setdefault((one.kind, one.subject, one.state), one)
        if (one.entry and not known.entry) or (one.tree and not known.tree):
            told = one if one.entry and not known.entry else known
            both = dataclasses.replace(told, entry=one.entry or known.entry, tree=one.tree or known.tree)
            first[one.kind, one.subject, one.state] = both
    return [first[key] for key in sorted(first)]


def _state(found: Found, environ: Environment, files: Files) -> str:
    match found.kind:
        case "file":
            return files.state(found.subject)
        case "directory":
            return files.directory_state(found.subject)
        case "env":
            value = environ.get(found.subject)
            return "unset" if value is None else f"set {value_digest(value)}"
        case "git":
            known = repository.commit(files) if found.subject == "commit" else repository.tags(files)
            return f"set {value_digest(known)}" if known else "none"
        case _:
            return found.data
