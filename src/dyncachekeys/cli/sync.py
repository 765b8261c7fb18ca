"""`sync`: resolve, write what differs, and print what was found and written."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from dyncachekeys.cli import render
from dyncachekeys.files import git
from dyncachekeys.quick import output
from dyncachekeys.quick.change import SIGNS
from dyncachekeys.quick.check import QuickCheck
from dyncachekeys.quick.output import Printer, counted, counts, duration, in_sync, shown
from dyncachekeys.syncing import use_cases
from dyncachekeys.syncing.report import ProjectReport
from dyncachekeys.syncing.scope import Scope

if TYPE_CHECKING:
    import argparse


def execute(options: argparse.Namespace, scope: Scope, quick_checks: Mapping[str, QuickCheck] | None) -> int:
    """Sync the projects of a scope. Arguments and errors as `commands.execute`."""
    if options.hook and git.is_mid_rebase(scope.root):
        return 0  # what we write would stop the rebase; git calls its hook again when it is done
    began = time.perf_counter()
    tell = render.waiting(options)
    with render.progress(options) as doing:
        reports = use_cases.sync_all(scope, quick_checks=quick_checks, tell=tell, by_hook=options.hook, doing=doing)
    seconds = time.perf_counter() - began
    if options.format == "json":
        render.projects(reports)
    else:
        print_synced(reports, seconds, options, sys.stdout)
    return 0


def not_run(report: ProjectReport) -> str:
    """Return what to say of a project of which a hook has not run all keys."""
    return f"{report.name}: whether it is in sync is not known: {', '.join(report.held)} not run"


def print_synced(reports: Sequence[ProjectReport], seconds: float, options: argparse.Namespace, stream: TextIO) -> None:
    """Print what a sync found and wrote."""
    render.warnings(reports, options)
    if options.quiet:
        return
    out = Printer(stream, options.color)
    found = counts(sum(len(one.keys) for one in reports), sum(one.input_count for one in reports))
    changed = [report for report in reports if report.changed]
    held = [report for report in reports if report.held]
    if changed or held:
        output.resolved(out, found, seconds)
    else:
        in_sync(out, [report.name for report in reports], found, seconds)
    for report in held:
        out(not_run(report))
    if options.verbose:
        _print_times(reports, seconds, out)
    several = len(reports) > 1
    for report in changed:
        if report.is_built and not options.verbose:
            _print_known(report, out)
        else:
            output.changes(out, report.changes, all_of_them=options.verbose)
        _print_writes(report, out, f" of {report.name}" if several else "")


def _print_known(report: ProjectReport, out: Printer) -> None:
    """Print how many inputs came and went where a build has shown them, and nothing is to be done for that."""
    changed = {name: some for name, some in report.changes.items() if some}
    width = max((len(shown(name)) for name in changed), default=0)
    for name, some in changed.items():
        for kind, sign in SIGNS.items():
            number = sum(change.kind == kind for change in some)
            if number:
                out(f" {out.painted(sign, sign)} {shown(name):{width}}  {counted(number, 'input')} (-v lists them)")


def _print_writes(report: ProjectReport, out: Printer, where: str) -> None:
    for why in report.why:
        out(f" ! {shown(why)}")
    if report.region_differs:
        out(f"Wrote {counted(len(report.entries), 'entry')} to tool.uv.cache-keys in pyproject.toml{where}")
    if not report.is_package:
        out(f"{report.name}: uv does not build it, so nothing comes of this")
        return
    if report.naming is not None:
        out(output.NAMED[report.naming].format(name=report.name))
    if report.naming is None or report.move != "kept":
        out(output.OUTCOMES["built" if report.is_built else report.move].format(name=report.name))


def _print_times(reports: Sequence[ProjectReport], seconds: float, out: Printer) -> None:
    """Print where the time went, the longest first."""
    several = len(reports) > 1
    keys = [(key.seconds, f"{one.name}: {key.name}" if several else key.name) for one in reports for key in one.keys]
    rest = seconds - sum(took for took, _ in keys)
    for took, name in [*sorted(keys, reverse=True), (rest, "all else")]:
        out(f"{duration(took):>9}  {name}")
