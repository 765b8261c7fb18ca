"""`doctor`: what is wrong with the cache keys of a project, each with its reason and what to do."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections import Counter
from collections.abc import Sequence

from dyncachekeys.cli import render
from dyncachekeys.doctor.examine import examine
from dyncachekeys.doctor.finding import Finding, Level
from dyncachekeys.quick.output import Printer, counted, paragraph, shown
from dyncachekeys.syncing.scope import Scope

_LEVELS: tuple[Level, ...] = ("error", "warning", "note")


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Examine all packages of a scope, and return the exit code.

    Raises:
        DyncachekeysError: a ``pyproject.toml`` can't be read.
    """
    packages = [
        examine(folder, os.environ, ask_uv=options.uv, build=options.build, consumer=scope.root) for folder in scope.all
    ]
    found = [finding for findings in packages for finding in findings]
    if options.format == "json":
        render.document({"findings": [{**dataclasses.asdict(finding), "level": finding.level} for finding in found]})
    else:
        out = Printer(sys.stdout, options.color)
        _print_findings(found, out, quiet=options.quiet, several=len(packages) > 1)
        if not options.quiet:
            _print_counts(found, out)
    return 1 if any(finding.level == "error" for finding in found) else 0


def _print_findings(found: Sequence[Finding], out: Printer, *, quiet: bool, several: bool) -> None:
    for one in sorted(found, key=lambda finding: _LEVELS.index(finding.level)):
        if one.level == "error" or not quiet:
            package = f"{one.package}: " if several else ""
            out(
                f"{out.painted(one.level, one.level)} {one.code}: {package}{shown(one.where)}: {paragraph(one.message)}"
            )
            out(f"  {out.painted('do:', '~')} {paragraph(one.remedy)}")


def _print_counts(found: Sequence[Finding], out: Printer) -> None:
    numbers = Counter(finding.level for finding in found)
    counts = ", ".join(counted(numbers[level], level) for level in _LEVELS if numbers[level])
    out(f"{counts}; docs/doctor.md explains each" if counts else "Nothing to fix")
