"""The build of one project, as it was seen: by the records of uv's builds, or by one that is made now."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.backends.counted import counted
from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.files.tree import Files
from dyncachekeys.process import environ as process_environ
from dyncachekeys.process.environ import Environment
from dyncachekeys.pyproject.project import BUILD_RESOLVER, BUILDS, FILE, HOME, Project
from dyncachekeys.quick import atomic
from dyncachekeys.quick.clear import make_folder
from dyncachekeys.syncing.home import check_home, hide
from dyncachekeys.syncing.last_run import LastRun, last_run
from dyncachekeys.trace.build import prepared
from dyncachekeys.trace.builds import Builds
from dyncachekeys.trace.choice import Chosen
from dyncachekeys.trace.inputs import Pyproject, Surroundings
from dyncachekeys.trace.make import make
from dyncachekeys.trace.request import TraceRequest
from dyncachekeys.trace.seals import stands
from dyncachekeys.uv import workspace
from dyncachekeys.uv.build_variables import is_built_by_uv


class Observation(NamedTuple):
    """What was seen of a build, and where its inputs are looked at."""

    chosen: Chosen
    files: Files

    @property
    def rules(self) -> Mapping[str, tuple[str, ...]]:
        """Which names count in the folders that were listed, by all steps (`trace.likeness`)."""
        found: dict[str, set[str]] = {}
        for record in self.chosen.records:
            for folder, texts in record.rules.items():
                found.setdefault(folder, set()).update(texts)
        return {folder: tuple(sorted(texts)) for folder, texts in found.items()}


def observed(
    project: Project,
    environ: Mapping[str, str],
    build: str | None,
    timeout: float,
    progress: Callable[[str], None] | None = None,
) -> Observation:
    """Return what the last builds show that uv has made of a project, or the one that is made now.

    Args:
        project: The project, with the keys that it inherits.
        environ: The environment.
        build: What to build now, ``editable`` or ``wheel``; nothing if no build is to be run.
        timeout: Seconds that each step of that build may take.
        progress: Is called with what is being done.

    Raises:
        ConfigurationError: no build was watched yet.
        DyncachekeysError: the build can't be run, or fails.
    """
    last, seen = last_run(project.root, None), process_environ.for_keys(environ)
    if build is not None:
        return _made_now(project, seen, build, timeout, last, progress)
    around = _around(project, seen, last)
    chosen = Builds(project.root / BUILDS, trusted=last.believed, basis=last.state.basis).choose(around)
    if not any(record.step == "build" for record in chosen.records):
        raise ConfigurationError([_no_record(project, chosen)])
    return Observation(chosen, around.files)


def _made_now(  # noqa: PLR0913
    project: Project,
    seen: Environment,
    kind: str,
    timeout: float,
    last: LastRun,
    progress: Callable[[str], None] | None,
) -> Observation:
    where = f"the build of {project.name}"
    request = TraceRequest(
        project, Files.of(project), seen, where, timeout, longer="give a longer `--timeout`", progress=progress
    )
    keeps = last.believed and workspace.has_keys(project)
    with prepared(request) as build, _folder(project.root, keeps=keeps) as folder:
        make(build, kind, folder, programs=_watches_programs(project))
        around = _around(project, seen, last)
        builds = Builds(folder, basis=last.state.basis)
        builds.records(around)
        chosen = builds.newest
        standing = all(stands(record, around) for record in chosen.records)
        if keeps:
            _store(builds)
    return Observation(Chosen(chosen.records, standing=standing), around.files)


def _watches_programs(project: Project) -> bool:
    """Tell whether programs are watched in the builds of uv: so they are, unless a key says that they are not."""
    of_builds = (key for key in workspace.keys(project) if key.get("resolver") == BUILD_RESOLVER)
    return all(key.get("programs") is not False for key in of_builds)


@contextlib.contextmanager
def _folder(root: Path, *, keeps: bool) -> Iterator[Path]:
    """Yield where logs and records go: into the project's state, if it has one, else into a temporary folder."""
    if keeps:
        check_home(root / HOME)
        with atomic.Lock(root / HOME):
            make_folder(root / BUILDS)
            hide(root / HOME)
        yield root / BUILDS
        return
    place = os.path.realpath(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="dyncachekeys-builds-", dir=place, ignore_cleanup_errors=True) as name:
        yield Path(name)


def _store(builds: Builds) -> None:
    for name, content in builds.dumped():
        atomic.replace(builds.folder / name, content)
    builds.clear()


def _around(project: Project, seen: Environment, last: LastRun) -> Surroundings:
    files = Files.of(project, last.memory)
    return Surroundings(files, seen, Pyproject(*counted(project.pyproject)), {})


def _no_record(project: Project, chosen: Chosen) -> Problem:
    if is_built_by_uv(project.pyproject):
        what = "uv builds it without running its backend, so there is nothing to watch"  # U42
        remedy = 'what it is built from follows from its settings: a key with `resolver = "build"` goes by them'
        return Problem("nothing-to-watch", f"{project.name}: {what}", os.fspath(project.root / FILE), remedy)
    what = "the metadata step was watched, but no build yet" if chosen.records else "no build was watched yet"
    makes = "`dyncachekeys trace --build` makes one now"
    if BUILD_RESOLVER in workspace.resolvers(project):
        remedy = f"run `dyncachekeys run -- uv sync`, which builds it and watches that; or {makes}"
    elif workspace.has_keys(project):
        remedy = f'{makes}; a key with `resolver = "build"` has the builds of uv watched'
    else:
        remedy = f"{makes}; `dyncachekeys init` has the builds of uv watched"
    return Problem("no-record", f"{project.name}: {what}", os.fspath(project.root / BUILDS), remedy)
