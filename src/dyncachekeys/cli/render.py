"""The only module that prints: results to standard output, the rest to standard error."""

from __future__ import annotations

import dataclasses
import json
import sys
import traceback
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TextIO

from dyncachekeys.errors import Problem
from dyncachekeys.pyproject import render
from dyncachekeys.quick import output
from dyncachekeys.quick.output import Printer, counted, counts, in_sync
from dyncachekeys.quick.snapshot import LINK_FOLDER

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from dyncachekeys.syncing.report import KeyReport, ProjectReport

JSON_VERSION = 1
_SHORT = len("sha256-") + 12
_BEFORE_A_COMMIT = """\
Run `dyncachekeys sync`, `git add pyproject.toml`, and commit again.
If it says that all is in sync, only a part of your work is staged: stage of the region what belongs to that part,
with `git add --patch pyproject.toml`."""


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON, even one that can't be understood otherwise."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--format=json" in own or ("--format", "json") in pairwise(own)


def synced(
    reports: Sequence[ProjectReport], seconds: float, options: argparse.Namespace, stream: TextIO | None = None
) -> None:
    """Print what a sync found and wrote."""
    if options.format == "json" and stream is None:
        document({"projects": [project(report) for report in reports]})
        return
    warnings(reports, options)
    if options.quiet:
        return
    out = Printer(stream or sys.stdout, options.color)
    found = counts(sum(len(one.keys) for one in reports), sum(one.input_count for one in reports))
    changed = [report for report in reports if report.changed]
    if not changed:
        in_sync(out, [report.name for report in reports], found, seconds)
        _times(reports, seconds, out, options)
        return
    output.resolved(out, found, seconds)
    _times(reports, seconds, out, options)
    for report in changed:
        output.changes(out, {key.name: key.changes for key in report.keys}, all_of_them=options.verbose)
        for why in report.why:
            out(f" ! {why}")
        if report.region_differs:
            where = f" of {report.name}" if len(reports) > 1 else ""
            entries = counted(len(report.entries), "entry")
            out(f"Wrote {entries} to tool.uv.cache-keys in pyproject.toml{where}")
        naming = report.naming
        if naming is not None:
            out(output.NAMED[naming].format(name=report.name))
        if naming is None or report.move != "kept":
            out(output.OUTCOMES[report.move].format(name=report.name))


def _times(reports: Sequence[ProjectReport], seconds: float, out: Printer, options: argparse.Namespace) -> None:
    """Print where the time went, the longest first."""
    if not options.verbose:
        return
    several = len(reports) > 1
    keys = [(key.seconds, f"{one.name}: {key.name}" if several else key.name) for one in reports for key in one.keys]
    for took, name in sorted(keys, reverse=True):
        out(f"{took * 1000:7.1f}ms  {name}")
    out(f"{(seconds - sum(took for took, _ in keys)) * 1000:7.1f}ms  all else")


def checked(reports: Sequence[ProjectReport], options: argparse.Namespace, *, stale: Sequence[ProjectReport]) -> None:
    """Print whether projects are in sync."""
    if options.format == "json":
        document({"projects": [project(report) for report in reports]})
        return
    warnings(reports, options)
    if options.quiet:
        return
    out = Printer(sys.stdout, options.color)
    if not stale:
        in_sync(out, [report.name for report in reports])
        return
    for report in stale:
        if report.region_differs:
            out(f"{report.name}: pyproject.toml is not what `dyncachekeys sync` would write")
        renamed = report.naming in {"moved", "returned"}
        if report.named is not None and renamed:
            out(f"  it names {_short(report.named.before)}, the inputs are {_short(report.named.digest)}")
        if report.move != "kept":
            out(f"{report.name}: the stamp is stale")
        if report.move != "kept" or renamed:
            output.changes(out, {key.name: key.changes for key in report.keys}, all_of_them=options.verbose)
        elif LINK_FOLDER in report.written:
            out(f"{report.name}: {LINK_FOLDER} does not hold the links that it should")
    out("Run `dyncachekeys sync`." if not options.hook else _BEFORE_A_COMMIT)


def _short(digest: str | None) -> str:
    return digest[:_SHORT] if digest is not None else "no digest"


def shown(reports: Sequence[ProjectReport], options: argparse.Namespace) -> None:
    """Print keys, inputs with their reasons, entries and the digest."""
    if options.format == "json":
        document({"projects": [project(report, with_inputs=True) for report in reports]})
        return
    warnings(reports, options)
    out = Printer(sys.stdout, options.color)
    for number, report in enumerate(reports):
        out("\n" * bool(number) + f"{report.name}  {report.digest}")
        _shown(report, out)


def _shown(report: ProjectReport, out: Printer) -> None:
    for key in report.keys:
        marked = ", runs each time" if key.runs_each_time else ""
        out(f"\n{key.name}  (resolver {key.resolver}, watch {key.watch}, {counted(key.input_count, 'input')}{marked})")
        inputs = list(key.inputs)
        width = max((len(one.subject) for one in inputs), default=0)
        by = max((len(one.watched_by) for one in inputs), default=0)
        for one in inputs:
            out(f"  {one.input:9} {one.watched_by:{by}}  {one.subject:{min(width, 40)}}  {one.reason}".rstrip())
    loud = [key.name for key in report.keys if key.runs_each_time]
    if loud:
        verb = "keeps" if len(loud) == 1 else "keep"
        out(f"\n{', '.join(loud)} {verb} runs from being quiet: only running it tells whether its answer still stands.")
        if not all(key.built_in for key in report.keys if key.runs_each_time):
            out("Mark a function with @resolver(tracked=True) if it looks only through its context.")
    out(f"\ntool.uv.cache-keys, {counted(len(report.entries), 'entry')} of ours")
    for entry in report.entries:
        out("  " + ", ".join(f"{kind} = {render.render(value)}" for kind, value in entry.items()))


def digest(reports: Sequence[ProjectReport], options: argparse.Namespace) -> None:
    """Print the digest of all inputs; of several projects, each with its name behind it."""
    if options.format == "json":
        document({"projects": [project(report) for report in reports]})
        return
    warnings(reports, options)
    out = Printer(sys.stdout)
    for report in reports:
        out(report.digest if len(reports) == 1 else f"{report.digest}  {report.name}")


def cleaned(done: Iterable[str], options: argparse.Namespace) -> None:
    """Print what `clean` took away."""
    if options.format == "json":
        document({"cleaned": list(done)})
    elif not options.quiet:
        gone = ", ".join(done)
        Printer(sys.stdout)(f"Cleaned {gone}" if gone else "Nothing to clean")


def errors(problems: Iterable[Problem], *, as_json: bool, level: str = "error") -> None:
    """Print problems: to standard error, or as the one JSON document on standard output."""
    if as_json:
        document({"errors": [dataclasses.asdict(problem) for problem in problems]})
        return
    err = Printer(sys.stderr)
    for problem in problems:
        err(f"{err.painted(level, level)}: {problem.where}: {problem.message}")
        err(f"  {err.painted('do:', '~')} {problem.remedy}")


def bug(error: Exception, *, as_json: bool, level: str = "error") -> None:
    """Print what should not have happened, with where it did."""
    sys.stderr.write("".join(traceback.format_exception(error)))
    told = f"{type(error).__name__}: {error}"
    remedy = "this is a bug in dyncachekeys: please report it with what stands above"
    errors([Problem("bug", told, "dyncachekeys", remedy)], as_json=as_json, level=level)


def warnings(reports: Sequence[ProjectReport], options: argparse.Namespace) -> None:
    """Print what the projects should know."""
    if options.quiet:
        return
    err = Printer(sys.stderr, options.color)
    for report in reports:
        name = f"{report.name}: " if len(reports) > 1 else ""
        for notice in report.warnings:
            err(f"{err.painted('warning', 'warning')}: {name}{notice.where}: {notice.message}")


def project(report: ProjectReport, *, with_inputs: bool = False) -> dict[str, Any]:
    """Return a project as JSON output has it."""
    return {
        "name": report.name,
        "root": report.root,
        "transport": report.transport,
        "digest": report.digest,
        "named": dataclasses.asdict(report.named) if report.named is not None else None,
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


def document(content: dict[str, Any]) -> None:
    """Print the one JSON document of a run."""
    sys.stdout.write(json.dumps({"version": JSON_VERSION, **content}, indent=2) + "\n")
