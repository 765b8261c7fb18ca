"""`digest`: the digest of all inputs, for CI cache keys."""

from __future__ import annotations

import argparse
import sys

from dyncachekeys.cli import render
from dyncachekeys.quick.output import Printer
from dyncachekeys.syncing import use_cases
from dyncachekeys.syncing.scope import Scope


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Print the digest; of several projects, each with its name behind it. Errors as `commands.execute`."""
    reports = use_cases.check_all(scope)
    if options.format == "json":
        render.projects(reports)
        return 0
    render.warnings(reports, options)
    out = Printer(sys.stdout)
    for report in reports:
        out(report.digest if len(reports) == 1 else f"{report.digest}  {report.name}")
    return 0
