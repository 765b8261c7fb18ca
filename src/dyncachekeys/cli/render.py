"""The only module that prints: results to standard output, the rest to standard error."""

from __future__ import annotations

import dataclasses
import json
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TextIO

from dyncachekeys.cli import telling
from dyncachekeys.cli.printer import Printer
from dyncachekeys.document import rendering
from dyncachekeys.report import counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from dyncachekeys.errors import Problem
    from dyncachekeys.model import Notice
    from dyncachekeys.report import KeyReport, ProjectReport

JSON_VERSION = 1


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON, even one that can't be understood otherwise."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--format=json" in own or ("--format", "json") in pairwise(own)


def synced(report: ProjectReport, seconds: float, options: argparse.Namespace, stream: TextIO | None = None) -> None:
    """Print what a sync found and wrote."""
    if options.format == "json" and stream is None:
        _json({"projects": [_project(report)]})
        return
    _warnings(report.warnings, options)
    if options.quiet:
        return
    out = Printer(stream or sys.stdout, options.color)
    if not report.changed:
        out(f"{report.name} is in sync ({report.counts}) in {seconds * 1000:.0f}ms")
        _times(report, seconds, out, options)
        return
    telling.resolved(out, report.counts, seconds)
    _times(report, seconds, out, options)
    telling.changes(out, {key.name: key.changes for key in report.keys}, all_of_them=options.verbose)
    for why in report.why:
        out(f" ! {why}")
    if report.region_differs:
        out(f"Wrote {counted(len(report.entries), 'entry')} to tool.uv.cache-keys in pyproject.toml")
    out(telling.OUTCOMES[report.move].format(name=report.name))


def _times(report: ProjectReport, seconds: float, out: Printer, options: argparse.Namespace) -> None:
    """Print where the time went, the longest first."""
    if not options.verbose:
        return
    for key in sorted(report.keys, key=lambda key: -key.seconds):
        out(f"{key.seconds * 1000:7.1f}ms  {key.name}")
    rest = seconds - sum(key.seconds for key in report.keys)
    out(f"{rest * 1000:7.1f}ms  all else")


def checked(report: ProjectReport, options: argparse.Namespace, *, stale: bool) -> None:
    """Print whether a project is in sync."""
    if options.format == "json":
        _json({"projects": [_project(report)]})
        return
    _warnings(report.warnings, options)
    if options.quiet:
        return
    out = Printer(sys.stdout, options.color)
    if not stale:
        out(f"{report.name} is in sync")
        return
    if report.region_differs:
        out(f"{report.name}: pyproject.toml is not what `dyncachekeys sync` would write")
    if report.move != "kept":
        out(f"{report.name}: the stamp is stale")
        telling.changes(out, {key.name: key.changes for key in report.keys}, all_of_them=options.verbose)
    out("Run `dyncachekeys sync`.")


def shown(report: ProjectReport, options: argparse.Namespace) -> None:
    """Print keys, inputs with their reasons, entries and the digest."""
    if options.format == "json":
        _json({"projects": [_project(report, with_inputs=True)]})
        return
    _warnings(report.warnings, options)
    out = Printer(sys.stdout, options.color)
    out(f"{report.name}  {report.digest}")
    for key in report.keys:
        marked = ", runs each time" if key.runs_each_time else ""
        out(f"\n{key.name}  (resolver {key.resolver}, watch {key.watch}, {counted(key.input_count, 'input')}{marked})")
        inputs = list(key.inputs)
        width = max((len(one.subject) for one in inputs), default=0)
        for one in inputs:
            out(f"  {one.input:9} {one.watched_by:5}  {one.subject:{min(width, 40)}}  {one.reason}".rstrip())
    loud = [key.name for key in report.keys if key.runs_each_time]
    if loud:
        verb = "keeps" if len(loud) == 1 else "keep"
        out(f"\n{', '.join(loud)} {verb} runs from being quiet: only running it tells whether its answer still stands.")
        if not all(key.built_in for key in report.keys if key.runs_each_time):
            out("Mark a function with @resolver(tracked=True) if it looks only through its context.")
    out(f"\ntool.uv.cache-keys, {counted(len(report.entries), 'entry')} of ours")
    for entry in report.entries:
        out("  " + ", ".join(f"{kind} = {rendering.render(value)}" for kind, value in entry.items()))


def digest(report: ProjectReport, options: argparse.Namespace) -> None:
    """Print the digest of all inputs."""
    if options.format == "json":
        _json({"projects": [_project(report)]})
        return
    _warnings(report.warnings, options)
    Printer(sys.stdout)(report.digest)


def cleaned(done: Iterable[str], options: argparse.Namespace) -> None:
    """Print what `clean` took away."""
    if options.format == "json":
        _json({"cleaned": list(done)})
    elif not options.quiet:
        gone = ", ".join(done)
        Printer(sys.stdout)(f"Cleaned {gone}" if gone else "Nothing to clean")


def errors(problems: Iterable[Problem], *, as_json: bool, level: str = "error") -> None:
    """Print problems: to standard error, or as the one JSON document on standard output."""
    if as_json:
        _json({"errors": [dataclasses.asdict(problem) for problem in problems]})
        return
    err = Printer(sys.stderr)
    for problem in problems:
        err(f"{err.painted(level, level)}: {problem.where}: {problem.message}")
        err(f"  {err.painted('do:', '~')} {problem.remedy}")


def _warnings(notices: Iterable[Notice], options: argparse.Namespace) -> None:
    if options.quiet:
        return
    err = Printer(sys.stderr, options.color)
    for notice in notices:
        err(f"{err.painted('warning', 'warning')}: {notice.where}: {notice.message}")


def _project(report: ProjectReport, *, with_inputs: bool = False) -> dict[str, Any]:
    return {
        "name": report.name,
        "root": report.root,
        "transport": report.transport,
        "digest": report.digest,
        "previous": report.previous,
        "stamp": report.stamp,
        "move": report.move,
        "why": list(report.why),
        "changed": report.changed,
        "written": list(report.written),
        "entries": [dict(entry) for entry in report.entries],
        "keys": [_key(key, with_inputs=with_inputs) for key in report.keys],
        "warnings": [dataclasses.asdict(notice) for notice in report.warnings],
    }


def _key(key: KeyReport, *, with_inputs: bool) -> dict[str, Any]:
    listed = {"found": [dataclasses.asdict(one) for one in key.inputs]} if with_inputs else {}
    return {
        "name": key.name,
        "resolver": key.resolver,
        "watch": key.watch,
        "digest": key.digest,
        "changed": bool(key.changes),
        "inputs": key.input_count,
        "runs_each_time": key.runs_each_time,
        "changes": [change.as_table() for change in key.changes],
        **listed,
    }


def _json(content: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"version": JSON_VERSION, **content}, indent=2) + "\n")
