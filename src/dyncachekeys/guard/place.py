"""Keeps the import guard of a project in its environment: put there, brought up to date, taken away."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from dyncachekeys.config.model import GUARD_TIMEOUT
from dyncachekeys.files.tree import Files
from dyncachekeys.guard.import_names import import_names
from dyncachekeys.guard.pth import FILE, Guarded, parse, read, render
from dyncachekeys.pyproject import project as pyproject
from dyncachekeys.pyproject.project import Project
from dyncachekeys.pyproject.tables import at
from dyncachekeys.quick import atomic
from dyncachekeys.uv import record

_MOST = 8
"""So many environments of one project are remembered."""


class Guard:
    """The import guard of one project.

    Args:
        project: The project.
        files: Its files.
        venv: The folder of its environment.
        environ: The environment variables.
        mode: What is done about a package that is out of date; nothing if there is to be no guard.
        former: The environments in which it was put before.
        consumer: The project whose environment it is, if that is another one.
    """

    def __init__(  # noqa: PLR0913  all of it is written down
        self,
        project: Project,
        files: Files,
        venv: Path,
        environ: Mapping[str, str],
        *,
        mode: str | None,
        former: Sequence[str] = (),
        consumer: Path | None = None,
    ) -> None:
        self._project, self._files, self._venv = project, files, venv
        self._consumer = os.fspath(consumer) if consumer is not None else ""
        self._environment = environ.get("UV_PROJECT_ENVIRONMENT")
        self._former = former
        self.mode: str | None = mode

    @cached_property
    def names(self) -> tuple[str, ...]:
        """By which the project is imported."""
        return tuple(import_names(self._project.name, self._project.root, self._venv))

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments in which it is, once it was made."""
        if self.mode is None:
            return ()
        known = dict.fromkeys([os.fspath(self._venv), *self._former])
        return tuple(venv for venv in known if any(places(Path(venv))))[:_MOST]

    @cached_property
    def blocker(self) -> str | None:
        """Why nothing can be put into the environment, which is there; nothing if it can."""
        for path in places(self._venv):
            site = path.parent
            if hasattr(os, "geteuid") and site.stat().st_uid != os.geteuid():
                why = "belongs to another user"
            elif not os.access(site, os.W_OK):
                why = "can't be written"
            else:
                continue
            self._files.note(self._files.relative(site))
            return f"{site} {why}"
        return None

    def is_ready(self) -> bool:
        """Tell whether the environments hold what they have to; whoever changes that is noticed by the next run."""
        if self.mode is None:
            return not any(_holding(self._project.root, Path(venv)) for venv in self._former)
        if self.blocker is not None:
            return True
        is_ready = True
        for path in places(self._venv):
            self._files.note(self._files.relative(path))
            data = read(path)
            is_ready &= data == render(path.parent, {**parse(path.parent, data), **self._wanted})
        return is_ready

    def make(self) -> None:
        """Make the environments hold that.

        Raises:
            OSError: a file can't be written.
        """
        if self.mode is None:
            for venv in self._former:
                remove(self._project.root, Path(venv))
        elif self.blocker is None:
            for path in places(self._venv):
                change(path, self._wanted)
                self._files.renew(self._files.relative(path))

    @cached_property
    def _wanted(self) -> dict[str, Guarded]:
        seconds = at(self._project.pyproject, "tool.dyncachekeys.guard-timeout")
        guarded = Guarded(
            names=self.names,
            consumer=self._consumer,
            mode=self.mode or "",
            seconds=float(GUARD_TIMEOUT if seconds is None else seconds),
            environment=self._environment,
        )
        return {os.fspath(self._project.root): guarded}


def places(venv: Path) -> Iterator[Path]:
    """Yield where the file of an environment lies or would lie."""
    yield from (site / FILE for site in record.sites(venv) if site.is_dir())


def remove(root: Path, venv: Path) -> list[Path]:
    """Take the guard of a project out of an environment; return the files that were changed or removed.

    Raises:
        OSError: one can't be written.
    """
    found = _holding(root, venv)
    for path in found:
        change(path, {os.fspath(root): None})
    return found


def _holding(root: Path, venv: Path) -> list[Path]:
    """Return the files of an environment in which a project stands."""
    return [path for path in places(venv) if os.fspath(root) in parse(path.parent, read(path))]


def change(path: Path, changes: Mapping[str, Guarded | None]) -> None:
    """Change a file: add projects by their folders, or take them out; also those that are gone.

    Raises:
        OSError: it can't be written.
    """
    with _locked(path.parent):
        projects = {folder: one for folder, one in parse(path.parent, read(path)).items() if _is_there(folder)}
        for folder, one in changes.items():
            projects.pop(folder, None)
            if one is not None:
                projects[folder] = one
        if projects:
            atomic.replace(path, render(path.parent, projects), 0o644)
        elif os.path.lexists(path):
            path.unlink()


def _is_there(folder: str) -> bool:
    return (Path(folder) / pyproject.FILE).is_file()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder: several projects of an environment may be synced at the same time.

    Raises:
        WriteError: another process holds it for too long, or there are no locks here.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    substitute = -1
    try:
        substitute = atomic.take_or_wait(descriptor, os.fspath(folder))
        yield
    finally:
        for one in (descriptor, substitute):
            if one >= 0:
                os.close(one)
