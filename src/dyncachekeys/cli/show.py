"""`show`: keys, inputs with their reasons, entries and the digest; and `digest`, for CI cache keys."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from dyncachekeys.cli import render
from dyncachekeys.cli.legend import legend
from dyncachekeys.pyproject.render import render as as_toml
from dyncachekeys.quick import table
from dyncachekeys.quick.output import Printer, counted, shown, write
from dyncachekeys.syncing import use_cases
from dyncachekeys.syncing.report import KeyReport, ProjectReport, require_key
from dyncachekeys.syncing.scope import Scope

_ABSENT_SHOWN = 3
"""As many as uv's defaults; what would shadow an import comes in dozens."""


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Show the projects of a scope, or one key of them. Arguments and errors as `commands.execute`."""
    with render.progress(options) as doing:
        reports = use_cases.check_all(scope, doing=doing)
    if options.command == "digest":
        _digest(reports, options)
        return 0
    if options.key is not None:
        require_key(reports, options.key)
        reports = [one.only(options.key) for one in reports if one.has(options.key)]
    if options.format == "json":
        render.projects(reports, with_inputs=True)
        return 0
    render.warnings(reports, options)
    if options.format in {"html", "mermaid"}:
        from dyncachekeys.cli import page  # noqa: PLC0415  seldom wanted

        is_page = options.format == "html"
        text = page.page("dyncachekeys show", map(page.Part, reports)) if is_page else "\n".join(page.mermaid(reports))
        write(sys.stdout, f"{text.rstrip()}\n")
        return 0
    out = Printer(sys.stdout, options.color)
    for number, report in enumerate(reports):
        out("\n" * bool(number) + f"{report.name}  {report.digest}")
        for key in report.keys:
            _print_key(key, out, verbose=options.verbose)
        out("")
        for meaning in legend(report):
            out(meaning)
        _print_running(report, out)
        out(f"\ntool.uv.cache-keys, {counted(len(report.entries), 'entry')} of ours")
        for entry in report.entries:
            out("  " + ", ".join(f"{kind} = {as_toml(value)}" for kind, value in entry.items()))
    return 0


def _print_key(key: KeyReport, out: Printer, *, verbose: bool) -> None:
    marked = ", runs each time" if key.runs_each_time else ""
    out(
        f"\n{shown(key.name)}  (resolver {key.resolver}, watch {key.watch}, {counted(key.input_count, 'input')}{marked})"
    )
    inputs = list(key.inputs)
    absent = [one for one in inputs if one.absent]
    if verbose or len(absent) <= _ABSENT_SHOWN:
        absent = []
    listed = [one for one in inputs if not (absent and one.absent)]
    rows = [(f"{one.input:9} {one.watched_by}", shown(one.subject), shown(one.reason)) for one in listed]
    for line in table.lines(rows, None if verbose else out.width, whole=1):
        out(line)
    if absent:
        out(f"  and {len(absent)} that are not there, and count when they come (-v lists them)")


def _print_running(report: ProjectReport, out: Printer) -> None:
    """Print which keys have to be run each time, and how that can be avoided."""
    running = [key for key in report.keys if key.runs_each_time]
    if not running:
        return
    verb = "keeps" if len(running) == 1 else "keep"
    names = ", ".join(key.name for key in running)
    out(f"\n{names} {verb} runs from being quiet: only running it tells whether its answer still stands.")
    if not all(key.built_in for key in running):
        out("Mark a function with @resolver(tracked=True) if it looks only through its context.")


def _digest(reports: Sequence[ProjectReport], options: argparse.Namespace) -> None:
    """Print the digest; of several projects, each with its name behind it."""
    if options.format == "json":
        render.projects(reports)
        return
    render.warnings(reports, options)
    out = Printer(sys.stdout)
    for report in reports:
        out(report.digest if len(reports) == 1 else f"{report.digest}  {report.name}")
