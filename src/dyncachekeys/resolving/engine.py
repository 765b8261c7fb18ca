"""Running the keys: from configuration to inputs, each with its state and its reason."""

from __future__ import annotations

import contextlib
import functools
import time
from typing import TYPE_CHECKING, NamedTuple

from dyncachekeys.backends.files import of_table
from dyncachekeys.config.model import DEFAULTS, Config, Key, read
from dyncachekeys.errors import ConfigurationError, Problem, ResolverError
from dyncachekeys.files import git
from dyncachekeys.files.selection import Selected, Selection
from dyncachekeys.model import Notice, Output, Transport, Watch
from dyncachekeys.pyproject.project import BUILD_RESOLVER, BUILDS, FILE
from dyncachekeys.pyproject.tables import table_at
from dyncachekeys.resolving import registry
from dyncachekeys.resolving.found import inputs_of, partitioned
from dyncachekeys.resolving.inputs import Digests, Inputs, digests_of
from dyncachekeys.resolving.jobs import Job, Jobs
from dyncachekeys.uv import workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from dyncachekeys.files.tree import Files
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.pyproject.project import Project
    from dyncachekeys.resolving.consent import Consent
    from dyncachekeys.resolving.found import Found
    from dyncachekeys.resolving.packages import Packages
    from dyncachekeys.trace.builds import Builds


class ResolvedKey(NamedTuple):
    """A key and what its resolver found."""

    name: str
    resolver: str
    watch: Watch
    """Effective: the key's own, else the table's."""
    inputs: Inputs
    where: str
    runs_each_time: bool
    """Whether its resolver may look anywhere, so that only running it shows what it finds."""
    seconds: float
    """How long it took to run the resolver and to look at what it found."""
    may_link: bool
    """Whether its resolver may yield files that have no entry of their own."""
    machine: bool
    """Whether, by its configuration alone, it may yield what depends on the machine."""
    outputs: tuple[Output, ...] = ()
    """Products that must be there."""
    of_builds: bool = False
    """Whether it is about what builds were seen to depend on, or stands in for that."""
    aside: Selected | None = None
    """What it would select if no watched build stood for that."""
    may_consult: bool = False
    """Whether, by its configuration alone, its resolver may go by what files hold that are no inputs."""
    consulted: frozenset[str] = frozenset()
    """The files that its resolver read to find all this, by path, inputs or not."""

    @property
    def built_in(self) -> bool:
        """Whether the resolver is ours."""
        return self.resolver in registry.BUILT_IN


class Resolution(NamedTuple):
    """All keys, resolved."""

    keys: tuple[ResolvedKey, ...]
    notices: tuple[Notice, ...]
    digests: Digests
    """Over all inputs."""
    transport: Transport = "stamp"
    """How a change is to reach uv."""
    hard_links: bool = True
    """Whether inputs may have hard links."""

    @property
    def digest(self) -> str:
        """The digest over all inputs."""
        return self.digests.digest


def resolve(  # noqa: PLR0913
    project: Project,
    environ: Environment,
    files: Files,
    chain: Sequence[Path] | None = None,
    builds: Builds | None = None,
    venv: Path | None = None,
    consent: Consent | None = None,
    doing: Callable[[str], None] | None = None,
) -> Resolution:
    """Run all keys of a project.

    Args:
        project: The project, which has a ``[tool.dyncachekeys]`` table.
        environ: The environment as keys may see it.
        files: Its files.
        chain: The packages that ask for each other's inputs, of which the project is the last.
        builds: What is known of uv's builds of the project; what lies in its folder, if not given.
        venv: The environment that it is installed in, if that is not its own.
        consent: What of its keys may be run, and where it is noted; nothing if all may.
        doing: Is called with what begins, and with nothing at the end.

    Raises:
        ConfigurationError: the table, a resolver's name or its options are wrong; all problems at once,
            before any resolver has run.
        ResolverError: resolvers failed; all of them.
    """
    config, problems = read(project.table or {}, project.inherited)
    others = functools.partial(_packages, files, environ, chain or (project.root,), consent)
    with contextlib.ExitStack() as workers:
        built = functools.partial(_builds_of, project, builds)
        jobs = Jobs(project, environ, files, others, built, workers, venv, consent, config.plugin_path)
        prepared, refused = _prepared(jobs, config)
        problems += refused
        for job in _told(prepared, project.name, doing):
            problems += [*job.runner.prepare(), *_not_for_uv(job, config)]
        if problems:
            raise ConfigurationError(problems)
        # What is known of builds decides which keys need not stand in for that.
        ordered = sorted(prepared, key=lambda job: job.key.resolver != BUILD_RESOLVER)
        return _run(_told(ordered, project.name, doing), config, environ, files, builds)


def _prepared(jobs: Jobs, config: Config) -> tuple[list[Job], list[Problem]]:
    """Return what there is to run, a job for each key, and what is wrong with the others."""
    prepared: list[Job] = []
    problems: list[Problem] = []
    for name, key in _keys_of(config).items():
        try:
            prepared.append(jobs.of(name, config.where(name), key))
        except ResolverError as error:  # noqa: PERF203  all problems are reported in one run
            problems += error.problems
    return prepared, problems


def only(name: str, key: Mapping[str, object], project: Project, environ: Environment, files: Files) -> Resolution:
    """Run one key, given by its table, and no other: it need not be the project's own. Errors as `resolve`."""
    table = {"defaults": False, "keys": {name: key}}
    pyproject = {**project.pyproject, "tool": {**table_at(project.pyproject, "tool"), "dyncachekeys": table}}
    return resolve(project._replace(pyproject=pyproject, inherited={}), environ, files)


def _not_for_uv(job: Job, config: Config) -> Iterator[Problem]:
    if job.key.resolver == BUILD_RESOLVER and _watch(job.key, config) == "uv":
        message = "what a build was seen to read is this machine's, so it can't become entries, which are everybody's"
        yield Problem("uv-cannot-watch", message, f"{job.where}.watch", 'set `watch = "auto"` for this key')


def _builds_of(project: Project, known: Builds | None) -> Builds:
    if known is not None:
        return known
    from dyncachekeys.trace.builds import Builds  # noqa: PLC0415  only where builds are watched

    return Builds(project.root / BUILDS, trusted=not git.tracks(project.root, BUILDS))


def _packages(files: Files, environ: Environment, chain: Sequence[Path], consent: Consent | None) -> Packages:
    from dyncachekeys.resolving.packages import Packages  # noqa: PLC0415  few keys ask for other packages

    return Packages(files, environ, chain, functools.partial(_of_another, consent))


def _of_another(  # noqa: PLR0913
    consent: Consent | None, project: Project, environ: Environment, files: Files, chain: Sequence[Path], whole: bool
) -> list[tuple[Inputs, bool]]:
    """Resolve another package: by its keys; all files that git does not ignore, if it has none; whole, if asked for."""
    project = workspace.with_inherited(project, files)
    keys = resolve(project, environ, files, chain, consent=consent).keys if workspace.has_keys(project) else ()
    found = [(key.inputs, key.runs_each_time) for key in keys]
    if whole:
        from dyncachekeys.resolving.packages import whole_of  # noqa: PLC0415  as in `_packages`

        results = partitioned(whole_of(project.pyproject, files, has_keys=bool(keys)))
        found.append((inputs_of(*results, environ, files), False))
    elif not keys:
        found.append((inputs_of([], [Selection(["*"]).among(files)], environ, files), False))
    return found


def _keys_of(config: Config) -> dict[str, Key]:
    """Return all keys, the implicit one first."""
    if not config.defaults:
        return dict(config.keys)
    options = {"by_value": "digest" in {config.watch, config.transport}}
    return {DEFAULTS: Key(resolver=DEFAULTS, options=options), **config.keys}


def _told(jobs: Sequence[Job], project: str, doing: Callable[[str], None] | None) -> Iterator[Job]:
    """Yield jobs, and say of each that it begins."""
    for number, job in enumerate(jobs, 1):
        if doing is not None:
            doing(f"Resolving {project}: {job.name} ({job.key.resolver}), {number} of {len(jobs)}")
        yield job
    if doing is not None:
        doing("")


def _run(jobs: Iterable[Job], config: Config, environ: Environment, files: Files, builds: Builds | None) -> Resolution:
    keys: list[ResolvedKey] = []
    notices: list[Notice] = []
    problems: list[Problem] = []
    for job in jobs:
        try:
            key, of_key = _resolved(job, config, environ, files, builds)
        except ResolverError as error:
            problems += error.problems
            continue
        keys.append(key)
        notices += of_key
    if problems:
        raise ResolverError(problems)
    order = {name: place for place, name in enumerate(_keys_of(config))}
    keys.sort(key=lambda key: order[key.name])
    single = ((one.kind, one.subject, one.state) for key in keys for one in key.inputs.single)
    digests = digests_of(single, [key.inputs.selected for key in keys if key.inputs.selected is not None], files)
    return Resolution(tuple(keys), tuple(dict.fromkeys(notices)), digests, config.transport, config.hard_links)


def _resolved(
    job: Job, config: Config, environ: Environment, files: Files, builds: Builds | None
) -> tuple[ResolvedKey, list[Notice]]:
    started = time.perf_counter()
    files.consulted = {}
    found, selections, notices = job.runner.resolve()
    consulted = files.consulted
    aside: Selected | None = None
    if job.key.fallback and builds is not None and builds.sees_all:
        # Entries are everybody's, and so is a name: what they stand for counts whoever has built.
        is_named = config.transport == "digest"
        has_entries = is_named or _watch(job.key, config) != "digest"
        found = [one for one in found if (one.entry and has_entries) or (is_named and one.tree)]
        aside = next(iter(selections), None) if not is_named else None
        selections, notices = selections if is_named else [], []
    inputs = inputs_of(found, selections, environ, files)
    key = ResolvedKey(
        job.name,
        job.key.resolver,
        _watch(job.key, config),
        inputs,
        job.where,
        job.runner.runs_each_time,
        seconds=time.perf_counter() - started,
        may_link=registry.may_yield_files(job.key.resolver),
        machine=job.runner.machine,
        outputs=tuple(_output(one) for one in found if one.kind == "output"),
        of_builds=job.key.fallback or job.key.resolver == BUILD_RESOLVER,
        aside=aside,
        may_consult=_may_consult(job.key),
        consulted=frozenset(consulted),
    )
    return key, notices


def _may_consult(key: Key) -> bool:
    of_another_file = key.resolver == "table" and of_table(key.options) != FILE
    return of_another_file or registry.may_yield_files(key.resolver)


def _watch(key: Key, config: Config) -> Watch:
    """Return who notices a change; under the digest transport `auto` means `digest`."""
    watch = key.watch or config.watch
    return "digest" if (watch, config.transport) == ("auto", "digest") else watch


def _output(found: Found) -> Output:
    return Output(found.subject, tuple(filter(None, found.data.split("\0"))), found.reason)
