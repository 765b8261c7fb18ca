"""How a key is run: a built-in resolver in this process, any other in a process of its own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from dyncachekeys.config.check import check_options
from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.plugin import Context, may_ask_machine
from dyncachekeys.pyproject.project import BUILD_RESOLVER
from dyncachekeys.resolving import registry
from dyncachekeys.resolving.found import Found, partitioned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from dyncachekeys.config.model import Key
    from dyncachekeys.files.selection import Selected
    from dyncachekeys.files.tree import Files
    from dyncachekeys.model import Notice
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.pyproject.project import Project
    from dyncachekeys.resolving.consent import Consent
    from dyncachekeys.resolving.held import Held, Noting
    from dyncachekeys.resolving.isolated import Worker
    from dyncachekeys.resolving.key_consent import KeyConsent
    from dyncachekeys.resolving.packages import Packages
    from dyncachekeys.resolving.with_requirements import OwnEnvironment
    from dyncachekeys.trace.builds import Builds
    from dyncachekeys.trace.watched import WatchedBuild


class _BuiltIn:
    """A built-in resolver, in this process. It looks only through the context. Members are those of `Worker`."""

    def __init__(self, reference: registry.Reference, context: Context, options: Mapping[str, object]) -> None:
        self._function = registry.load(reference, context.where)
        self._context, self._options = context, options
        self._gone = registry.GONE.get(reference.name, {})

    @property
    def runs_each_time(self) -> bool:
        return self._context.runs_each_time

    @property
    def machine(self) -> bool:
        return may_ask_machine(self._function, self._options)

    def prepare(self) -> list[Problem]:
        return check_options(self._function, self._options, self._context.where, self._gone)

    def resolve(self) -> tuple[list[Found], list[Selected], list[Notice]]:
        try:
            found, selections = partitioned(self._function(self._context, **self._options))
        except (ValueError, OSError) as error:
            remedy = "fix the file, or the key's options"
            raise ResolverError([Problem("resolver-failed", str(error), self._context.where, remedy)]) from error
        return found, selections, self._context.notices


Runner: TypeAlias = "_BuiltIn | Worker | Noting | Held"


class Job(NamedTuple):
    """A key that is to be resolved."""

    name: str
    where: str
    key: Key
    runner: Runner


class Jobs(NamedTuple):
    """Makes the jobs of one project."""

    project: Project
    environ: Environment
    files: Files
    packages: Callable[[], Packages]
    builds: Callable[[], Builds]
    workers: contextlib.ExitStack
    """Ends the processes."""
    venv: Path | None = None
    """The project's environment, if that is another project's."""
    consent: Consent | None = None
    """What may be run; nothing if all may, and nobody wants to know it."""
    plugin_path: Sequence[str] = ()

    def of(self, name: str, where: str, key: Key) -> Job:
        """Return the job of a key.

        Raises:
            ResolverError: there is no such resolver, or it has no environment of its requirements.
        """
        asked = self._asked(where, key)
        if asked is None:
            return Job(name, where, key, self._runner(name, where, key))
        from dyncachekeys.resolving.held import Noting  # noqa: PLC0415  few keys run code of the tree

        held = asked.held()
        return Job(name, where, key, held or Noting(self._runner(name, where, key), asked))

    def _asked(self, where: str, key: Key) -> KeyConsent | None:
        if self.consent is None:
            return None
        from dyncachekeys.resolving import consent  # noqa: PLC0415  few runs have keys that run code of the tree

        if not consent.runs_code(key):
            return None
        from dyncachekeys.resolving.key_consent import KeyConsent  # noqa: PLC0415

        return KeyConsent(self.consent, self.project, self.files, self.plugin_path, key, where)

    def _runner(self, name: str, where: str, key: Key) -> Runner:
        own = self._own_environment(where, key) if key.with_ else None
        reference = registry.find(key.resolver, where, str(own.site_packages) if own else None)
        if reference.built_in:
            return _BuiltIn(reference, self._context(where, key), key.options)
        from dyncachekeys.resolving.isolated import Worker  # noqa: PLC0415  none where all resolvers are built in
        from dyncachekeys.resolving.wire import Request  # noqa: PLC0415

        request = Request.of(self.project, name, where, reference)
        worker = Worker(request, key.timeout, self.environ, self.files, own.python if own else None)
        return self.workers.enter_context(worker)

    def _context(self, where: str, key: Key) -> Context:
        return Context(
            self.project.root,
            self.project.pyproject,
            self.environ,
            self.files,
            where,
            timeout=key.timeout,
            packages=self.packages() if key.resolver == "package" else None,
            watched=self._watched_build() if key.resolver == BUILD_RESOLVER else None,
            venv=self.venv,
        )

    def _watched_build(self) -> WatchedBuild:
        from dyncachekeys.trace.watched import WatchedBuild  # noqa: PLC0415  only where builds are watched

        return WatchedBuild(self.project, self.files, self.environ, self.builds())

    def _own_environment(self, where: str, key: Key) -> OwnEnvironment:
        if key.resolver in registry.BUILT_IN:
            message = f"`{key.resolver}` is built in, and needs no requirements"
            raise ResolverError([Problem("invalid-option", message, f"{where}.with", "leave it out")])
        from dyncachekeys.resolving import with_requirements  # noqa: PLC0415  few keys have any

        return with_requirements.prepared(key.with_, f"{where}.with", self.project, self.environ)
