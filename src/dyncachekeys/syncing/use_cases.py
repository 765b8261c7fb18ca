"""The use cases, for one project and for all of a scope: sync, check and resolve. No output, no exit."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.quick.check import QuickCheck
from dyncachekeys.resolving.engine import Resolution
from dyncachekeys.rewrite.interrupted import noting
from dyncachekeys.syncing.apply import finish
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.syncing.planning import make_plan
from dyncachekeys.syncing.report import ProjectReport, report_of
from dyncachekeys.syncing.scope import Scope


def sync(
    root: str | os.PathLike[str], environ: Mapping[str, str] | None = None, *, quick_check: QuickCheck | None = None
) -> ProjectReport:
    """Resolve a project's keys and write what differs: the region, then the stamp, then the state.

    Args:
        root: The folder that holds ``pyproject.toml``.
        environ: The environment; that of this process, if not given.
        quick_check: What the quiet path saw; what it found unchanged is not looked at again.

    Returns:
        What was found and what was written.

    Raises:
        DyncachekeysError: what the user needs to fix. Nothing was written, unless a `WriteError` says so.
    """
    environ = os.environ if environ is None else environ
    return finish(make_plan(Path(root), environ, quick_check), environ)


def check(
    root: str | os.PathLike[str], environ: Mapping[str, str] | None = None, *, quick_check: QuickCheck | None = None
) -> ProjectReport:
    """Return what `sync` would find and write. Writes nothing. Arguments and errors as `sync`."""
    return report_of(make_plan(Path(root), os.environ if environ is None else environ, quick_check))


def resolve(root: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Resolution:
    """Return the inputs of a project's keys. Writes nothing. Arguments and errors as `sync`."""
    return make_plan(Path(root), os.environ if environ is None else environ).status.resolution


def sync_all(  # noqa: PLR0913
    scope: Scope,
    environ: Mapping[str, str] | None = None,
    quick_checks: Mapping[str, QuickCheck] | None = None,
    *,
    tell: Callable[[str], None] | None = None,
    by_hook: bool = False,
    doing: Callable[[str], None] | None = None,
) -> list[ProjectReport]:
    """Sync all projects of a scope: nothing is written before each of them is resolved and planned.

    Args:
        scope: The projects.
        environ: The environment; that of this process, if not given.
        quick_checks: What the quiet path saw, by folder.
        tell: Is called with who is waited for, if another process is at work on a project for more than a moment.
        by_hook: Nobody has asked for it by hand: what was not allowed is not run (`resolving.consent`).
        doing: Is called with what begins, and with nothing at the end.

    Raises:
        DyncachekeysError: what the user needs to fix, in all projects.
    """
    environ = os.environ if environ is None else environ
    plans = planned(scope, environ, quick_checks, by_hook=by_hook, doing=doing)
    reports: list[ProjectReport] = []
    with noting(lambda: [Path(one.root, path) for one in reports for path in one.written]):
        reports.extend(finish(plan, environ, tell) for plan in plans)
    if len(plans) > 1 and any(report.region_differs for report in reports):
        # What is to be in uv's next record depends on the times of files that have just been written in others.
        for plan in plans:
            again = make_plan(plan.root, environ, consumer=plan.status.consumer, by_hook=by_hook)
            finish(again, environ, tell)
    scope.keep()
    return reports


def check_all(
    scope: Scope,
    environ: Mapping[str, str] | None = None,
    quick_checks: Mapping[str, QuickCheck] | None = None,
    *,
    by_hook: bool = False,
    doing: Callable[[str], None] | None = None,
) -> list[ProjectReport]:
    """Return what `sync_all` would find and write. Writes nothing. Arguments and errors as `sync_all`."""
    environ = os.environ if environ is None else environ
    return list(map(report_of, planned(scope, environ, quick_checks, by_hook=by_hook, doing=doing)))


def planned(
    scope: Scope,
    environ: Mapping[str, str],
    quick_checks: Mapping[str, QuickCheck] | None = None,
    *,
    by_hook: bool = False,
    doing: Callable[[str], None] | None = None,
) -> list[Plan]:
    """Plan all projects of a scope. Arguments and errors as `sync_all`."""
    plans: list[Plan] = []
    failed: list[DyncachekeysError] = []
    problems: list[Problem] = []
    for folder in scope.roots:
        try:
            quick_check = (quick_checks or {}).get(os.fspath(folder))
            consumer = None if folder == scope.root else scope.root
            plans.append(make_plan(folder, environ, quick_check, consumer, by_hook=by_hook, doing=doing))
        except DyncachekeysError as error:  # noqa: PERF203  all problems are reported in one run
            failed.append(error)
            problems += scope.placed(folder, error.problems)
    if len(scope.roots) == 1 and failed:
        raise failed[0]
    if failed:
        raise ConfigurationError(list(dict.fromkeys(problems)))
    return plans
