"""Running the keys: from configuration to inputs, each with its state and its reason."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dyncachekeys import registry
from dyncachekeys.checking import check_options
from dyncachekeys.config import DEFAULTS, WHERE, Config, Key, quoted, read
from dyncachekeys.digest import digest_of, value_digest
from dyncachekeys.errors import ConfigurationError, Problem, ResolverError
from dyncachekeys.isolation import Worker
from dyncachekeys.model import Input, Notice, Watch
from dyncachekeys.plugin import Context
from dyncachekeys.results import Found, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dyncachekeys.files import Files
    from dyncachekeys.project import Project


@dataclass(frozen=True, slots=True)
class ResolvedKey:
    """A key and what its resolver found."""

    name: str
    resolver: str
    watch: Watch
    """Effective: the key's own, else the table's."""
    inputs: tuple[Input, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """All keys, resolved."""

    keys: tuple[ResolvedKey, ...]
    notices: tuple[Notice, ...]

    @property
    def digest(self) -> str:
        """The digest over all inputs."""
        return digest_of((one.kind, one.subject, one.state) for key in self.keys for one in key.inputs)


class _Job(Protocol):
    def prepare(self) -> list[Problem]: ...

    def resolve(self) -> tuple[list[Found], list[Notice]]: ...


class _BuiltIn:
    """A built-in resolver, in this process."""

    def __init__(self, reference: registry.Reference, context: Context, options: Mapping[str, object]) -> None:
        self._function = registry.load(reference, context.where)
        self._context, self._options = context, options

    def prepare(self) -> list[Problem]:
        return check_options(self._function, self._options, self._context.where)

    def resolve(self) -> tuple[list[Found], list[Notice]]:
        try:
            found = plain(self._function(self._context, **self._options))
        except (ValueError, OSError) as error:
            remedy = "mend the file, or the key's options"
            raise ResolverError([Problem("resolver-failed", str(error), self._context.where, remedy)]) from error
        return found, self._context.notices


def resolve(project: Project, environ: Mapping[str, str], files: Files) -> Resolution:
    """Run all keys of a project.

    Args:
        project: The project, which has a ``[tool.dyncachekeys]`` table.
        environ: The environment as keys may see it.
        files: Its files.

    Raises:
        ConfigurationError: the table, a resolver's name or its options are wrong; all problems at once,
            before any resolver has run.
        ResolverError: resolvers failed; all of them.
    """
    config, problems = read(project.table or {})
    with contextlib.ExitStack() as stack:
        jobs: list[tuple[str, str, Key, _Job]] = []
        for name, key in keys_of(config).items():
            where = f"{WHERE}.{DEFAULTS}" if name == DEFAULTS else f"{WHERE}.keys.{quoted(name)}"
            try:
                jobs.append((name, where, key, _job(project, name, where, key, environ, files, stack)))
            except ResolverError as error:
                problems += error.problems
        for _, _, _, job in jobs:
            problems += job.prepare()
        if problems:
            raise ConfigurationError(problems)
        return _run(jobs, config, environ, files)


def keys_of(config: Config) -> dict[str, Key]:
    """Return all keys, the implicit one first."""
    if not config.defaults:
        return dict(config.keys)
    options = {"by_value": config.watch == "digest"}
    return {DEFAULTS: Key(resolver=DEFAULTS, options=options), **config.keys}


def _job(  # noqa: PLR0913
    project: Project,
    name: str,
    where: str,
    key: Key,
    environ: Mapping[str, str],
    files: Files,
    stack: contextlib.ExitStack,
) -> _Job:
    reference = registry.find(key.resolver, where)
    if reference.built_in:
        return _BuiltIn(reference, Context(project.root, project.pyproject, environ, files, where), key.options)
    worker = Worker(project, key=name, where=where, reference=reference, timeout=key.timeout, environ=environ)
    return stack.enter_context(worker)


def _run(
    jobs: Sequence[tuple[str, str, Key, _Job]], config: Config, environ: Mapping[str, str], files: Files
) -> Resolution:
    keys: list[ResolvedKey] = []
    notices: list[Notice] = []
    problems: list[Problem] = []
    for name, where, key, job in jobs:
        try:
            found, said = job.resolve()
            inputs = tuple(observed(found, environ, files))
        except ResolverError as error:
            problems += error.problems
            continue
        keys.append(ResolvedKey(name, key.resolver, key.watch or config.watch, inputs, where))
        notices += said
    if problems:
        raise ResolverError(problems)
    return Resolution(tuple(keys), tuple(dict.fromkeys(notices)))


def observed(results: Iterable[Found], environ: Mapping[str, str], files: Files) -> Iterable[Input]:
    """Look at each thing that a resolver found; one input each, sorted.

    Raises:
        ResolverError: a file can't be read.
    """
    first: dict[tuple[str, str, str], Input] = {}
    for found in results:
        one = Input(found.kind, found.subject, _state(found, environ, files), found.reason, found.entry)
        known = first.setdefault((one.kind, one.subject, one.state), one)
        if one.entry and not known.entry:
            first[one.kind, one.subject, one.state] = one
    return [first[key] for key in sorted(first)]


def _state(found: Found, environ: Mapping[str, str], files: Files) -> str:
    match found.kind:
        case "file":
            return files.state(found.subject)
        case "directory":
            return files.directory_state(found.subject)
        case "env":
            value = environ.get(found.subject)
            return "unset" if value is None else f"set {value_digest(value)}"
        case _:
            return found.data
