"""`check`: whether projects are in sync."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dyncachekeys.cli import render
from dyncachekeys.cli.sync import not_run
from dyncachekeys.quick import output
from dyncachekeys.quick.check import QuickCheck
from dyncachekeys.quick.output import Printer, in_sync
from dyncachekeys.quick.snapshot import FOLDER_LINKS, LINK_FOLDER
from dyncachekeys.syncing import use_cases
from dyncachekeys.syncing.report import ProjectReport
from dyncachekeys.syncing.scope import Scope

if TYPE_CHECKING:
    import argparse

_SHORT = len("sha256-") + 12
_BEFORE_A_COMMIT = """\
Run `dyncachekeys sync`, `git add pyproject.toml`, and commit again.
If it says that all is in sync, only a part of your work is staged: stage of the region what belongs to that part,
with `git add --patch pyproject.toml`."""


def execute(options: argparse.Namespace, scope: Scope, quick_checks: Mapping[str, QuickCheck] | None) -> int:
    """Check the projects of a scope. Arguments and errors as `commands.execute`."""
    with render.progress(options) as doing:
        reports = use_cases.check_all(scope, quick_checks=quick_checks, by_hook=options.hook, doing=doing)
    stale = [one for one in reports if one.region_differs or one.held or (options.stamp and one.written)]
    if options.format == "json":
        render.projects(reports)
    else:
        render.warnings(reports, options)
        out = Printer(sys.stdout, options.color)
        if not options.quiet:
            _print(reports, stale, out, options)
        if options.diff:
            for report in stale:
                out.diff(report.diff)
    return 1 if stale else 0


def _print(
    reports: Sequence[ProjectReport], stale: Sequence[ProjectReport], out: Printer, options: argparse.Namespace
) -> None:
    if not stale:
        in_sync(out, [report.name for report in reports])
        return
    for report in stale:
        _print_differences(report, out, options)
    out(_BEFORE_A_COMMIT if options.hook else "Run `dyncachekeys sync`.")


def _print_differences(report: ProjectReport, out: Printer, options: argparse.Namespace) -> None:
    if report.held:
        out(not_run(report))
    if report.region_differs:
        out(f"{report.name}: pyproject.toml is not what `dyncachekeys sync` would write")
    renamed = report.naming in {"moved", "returned"}
    if report.named is not None and renamed:
        out(f"  it names {_short(report.named.before)}, the inputs are {_short(report.named.digest)}")
    if report.move != "kept":
        out(f"{report.name}: the stamp is stale")
    if report.move != "kept" or renamed:
        output.changes(out, report.changes, all_of_them=options.verbose)
    else:
        for path in (LINK_FOLDER, FOLDER_LINKS):
            if path in report.written:
                out(f"{report.name}: {path} does not hold the links that it should")


def _short(digest: str | None) -> str:
    return digest[:_SHORT] if digest is not None else "no digest"
