"""`doctor`: what is wrong with the cache keys of a project, each with its reason and what to do."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dyncachekeys.cli import render
from dyncachekeys.doctor.address import PAGE, address
from dyncachekeys.doctor.examine import examine
from dyncachekeys.doctor.finding import CATALOGUE, Finding, Level
from dyncachekeys.errors import ConfigurationError, Problem, mistyped
from dyncachekeys.quick.output import Printer, counted, paragraph, shown, write
from dyncachekeys.syncing.scope import Scope

_SHOWN = 3
_LEVELS: tuple[Level, ...] = ("error", "warning", "note")


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Examine all packages of a scope, and return the exit code.

    Raises:
        DyncachekeysError: a ``pyproject.toml`` can't be read; or there is no such code.
    """
    counts = _chosen(options.select, options.ignore)
    packages = {}
    with render.progress(options) as doing:
        for folder in scope.all:
            if doing is not None:
                doing(f"Examining {folder.name}" + " with its build backend" * options.build)
            packages[folder] = examine(folder, os.environ, ask_uv=options.uv, build=options.build, consumer=scope.root)
    found = [(folder, one) for folder, findings in packages.items() for one in findings if one.code in counts]
    _report(found, options, several=len(packages) > 1)
    return 1 if any(one.level == "error" for _, one in found) else 0


def _chosen(select: Sequence[str], ignore: Sequence[str]) -> set[str]:
    """Return the codes that count: those that begin with a selected one, all if none is, less the ignored ones."""
    wanted, unwanted = (
        {
            code
            for begin in filter(None, re.split(r"[,\s]+", ",".join(given).upper()))
            for code in _beginning(begin, option)
        }
        for option, given in (("--select", select), ("--ignore", ignore))
    )
    return (wanted or {*CATALOGUE}) - unwanted


def _beginning(begin: str, option: str) -> set[str]:
    found = {code for code in CATALOGUE if code.startswith(begin)}
    if not found:
        one_such = f"give one such as `DCK020`, or `DCK02` for all that begin so; {PAGE} lists them"
        remedy = mistyped(begin, CATALOGUE) or one_such
        raise ConfigurationError([Problem("usage", f"`{begin}` is no code, nor the beginning of one", option, remedy)])
    return found


def _report(found: Sequence[tuple[Path, Finding]], options: argparse.Namespace, *, several: bool) -> None:
    findings = [one for _, one in found]
    if options.format == "json":
        render.document({"findings": [_as_json(one) for one in findings]})
        return
    out = Printer(sys.stdout, options.color)
    if options.format in {"github", "sarif"}:
        from dyncachekeys.cli import doctor_reports  # noqa: PLC0415  in CI alone

        here = Path.cwd()
        places = [doctor_reports.place(one, package, here) for package, one in found]
        if options.format == "sarif":
            write(sys.stdout, f"{json.dumps(doctor_reports.sarif(findings, places), indent=2)}\n")
        for line in doctor_reports.github(findings, places) if options.format == "github" else ():
            out(line)
        return
    _print_findings(
        [one for one in findings if one.level == "error" or not options.quiet], out, options, several=several
    )
    if not options.quiet:
        _print_counts(findings, out)


def _as_json(one: Finding) -> dict[str, Any]:
    return {**dataclasses.asdict(one), "level": one.level, "url": address(one.code)}


def _print_findings(found: Sequence[Finding], out: Printer, options: argparse.Namespace, *, several: bool) -> None:
    """Print findings, the worst first: all errors, and of each other code only the first, unless all are wanted."""
    by_code: dict[str, list[Finding]] = {}
    for one in sorted(found, key=lambda finding: _LEVELS.index(finding.level)):
        by_code.setdefault(one.code, []).append(one)
    for code, some in by_code.items():
        level = some[0].level
        limit = len(some) if options.verbose or level == "error" else _SHOWN
        for one in some[:limit]:
            package = f"{one.package}: " if several else ""
            out(f"{out.painted(level, level)} {code}: {package}{shown(one.where)}: {paragraph(one.message)}")
            out(f"  {out.painted('do:', '~')} {paragraph(one.remedy)}")
        if len(some) > limit:
            out(f"{out.painted(level, level)} {code}: and {len(some) - limit} more (-v lists them)")


def _print_counts(found: Sequence[Finding], out: Printer) -> None:
    numbers = Counter(finding.level for finding in found)
    counts = ", ".join(counted(numbers[level], level) for level in _LEVELS if numbers[level])
    out(f"{counts}; `dyncachekeys explain CODE` says what one means" if counts else "Nothing to fix")
