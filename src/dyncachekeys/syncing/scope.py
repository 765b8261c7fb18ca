"""What a command is about: what `uv sync` there would build, as far as it has keys."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem, nearest
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.names import normalised_name
from dyncachekeys.pyproject import project
from dyncachekeys.quick import snapshot_file
from dyncachekeys.quick.atomic import Lock, hide
from dyncachekeys.quick.snapshot import SCOPE_FILE
from dyncachekeys.syncing import apply, capture, explanation, planning
from dyncachekeys.uv import workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dyncachekeys.quick.check import QuickCheck
    from dyncachekeys.syncing.explanation import Explanation
    from dyncachekeys.syncing.plan import Plan
    from dyncachekeys.syncing.report import ProjectReport


class Scope:
    """Projects that have keys, each once.

    Args:
        root: The folder of the nearest ``pyproject.toml``.
        names: Only these packages, if there are any.

    Raises:
        ConfigurationError: a ``pyproject.toml`` can't be read, or there is no such package.
    """

    def __init__(self, root: Path, names: Sequence[str] = ()) -> None:
        self.root: Path = root.resolve()
        self._started = time.time_ns()
        self._files = Files(self.root, FileMemory())
        self._all = workspace.scope(self._files)
        packages = {name: folder for folder in self._all if (name := self._name(folder)) is not None}
        known = {normalised_name(name): folder for name, folder in packages.items()}
        problems = [_unknown(name, packages) for name in names if normalised_name(name) not in known]
        if problems:
            raise ConfigurationError(problems)
        wanted = {known[normalised_name(name)] for name in names} or set(self._all)
        self.all: list[Path] = [folder for folder in self._all if folder in wanted]
        """The folders of all projects, with or without keys."""
        found = [folder for folder in self.all if self._has_keys(folder)]
        self.has_keys: bool = bool(found)
        self.roots: list[Path] = found or [self.root]
        """The folders of those with keys; that of the nearest ``pyproject.toml``, if none has any."""
        self._whole = not names

    def _name(self, folder: Path) -> str | None:
        return workspace.name(self._files, folder)

    def _has_keys(self, folder: Path) -> bool:
        """Tell whether a project has keys, or a ``pyproject.toml`` that has to be told about."""
        if workspace.pyproject(self._files, folder) is None:
            return True
        try:
            files = Files(folder, FileMemory())
            return workspace.has_keys(workspace.with_inherited(project.load(folder), files))
        except DyncachekeysError:
            return True

    def place(self, folder: Path) -> str:
        """Return how a project is named before a path in it; empty for that in which we are."""
        way = os.path.relpath(folder, self.root).replace(os.sep, "/")
        return "" if way == "." else f"{way}/"

    def placed(self, folder: Path, problems: Iterable[Problem]) -> Iterable[Problem]:
        """Yield problems so that their place says in which of several projects it is."""
        if len(self._all) == 1:
            return problems
        where = f"{self.place(folder)}{project.FILE}"
        return (Problem(one.code, one.message, f"{where}: {one.where}", one.remedy) for one in problems)

    def keep(self) -> None:
        """Remember which projects there are, and by what that is known, for the quiet path."""
        if not self._whole or self._all == [self.root]:
            return
        kept = capture.looked_at(self._files, taken=self._started)
        kept.keys = [os.path.relpath(folder, self.root) for folder in self.roots]
        home = self.root / project.HOME
        with contextlib.suppress(OSError), Lock(home):
            hide(home)
            snapshot_file.write(kept, os.fspath(home), SCOPE_FILE)


def sync(
    scope: Scope, environ: Mapping[str, str] | None = None, quick_checks: Mapping[str, QuickCheck] | None = None
) -> list[ProjectReport]:
    """Sync all projects of a scope: nothing is written before each of them is resolved and planned.

    Args:
        scope: The projects.
        environ: The environment; that of this process, if not given.
        quick_checks: What the quiet path saw, by folder.

    Raises:
        DyncachekeysError: what is the user's to mend, in all projects.
    """
    environ = os.environ if environ is None else environ
    plans = _planned(scope, environ, quick_checks or {})
    reports = [apply.finish(plan, environ) for plan in plans]
    if len(plans) > 1 and any(report.region_differs for report in reports):
        # What is to be in uv's next record depends on the times of files that have just been written in others.
        for plan in plans:
            apply.finish(planning.make_plan(plan.project.root, environ), environ)
    scope.keep()
    return reports


def check(
    scope: Scope, environ: Mapping[str, str] | None = None, quick_checks: Mapping[str, QuickCheck] | None = None
) -> list[ProjectReport]:
    """Return what `sync` would find and write. Writes nothing. Arguments and errors as `sync`."""
    environ = os.environ if environ is None else environ
    return [plan.report(plan.take_snapshot()) for plan in _planned(scope, environ, quick_checks or {})]


def explain(scope: Scope, environ: Mapping[str, str] | None = None, since: int = 0) -> list[Explanation]:
    """Explain all projects of a scope. Writes nothing. Arguments and errors as `sync`.

    Args:
        scope: The projects.
        environ: The environment; that of this process, if not given.
        since: How many of the last syncs that changed something to go back.
    """
    environ = os.environ if environ is None else environ
    return [explanation.explain(plan, since) for plan in _planned(scope, environ, {})]


def _planned(scope: Scope, environ: Mapping[str, str], quick_checks: Mapping[str, Any]) -> list[Plan]:
    plans: list[Plan] = []
    failed: list[DyncachekeysError] = []
    problems: list[Problem] = []
    for folder in scope.roots:
        try:
            plans.append(planning.make_plan(folder, environ, quick_checks.get(os.fspath(folder))))
        except DyncachekeysError as error:  # noqa: PERF203  all problems are told in one run
            failed.append(error)
            problems += scope.placed(folder, error.problems)
    if len(scope.roots) == 1 and failed:
        raise failed[0]
    if failed:
        raise ConfigurationError(list(dict.fromkeys(problems)))
    return plans


def _unknown(name: str, known: Iterable[str]) -> Problem:
    return Problem("unknown-package", f"there is no package `{name}` here", "--package", nearest(name, known))
