"""The only module that prints: results to standard output, the rest to standard error."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from dyncachekeys.changes import Change
    from dyncachekeys.errors import Problem
    from dyncachekeys.model import Notice
    from dyncachekeys.report import KeyReport, ProjectReport

JSON_VERSION = 1
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_COLOURS = {"+": "32", "-": "31", "~": "33", "error": "1;31", "warning": "1;33"}
_CAUSES = {
    "new-input": "",
    "gone": "",
    "no-longer-selected": "no longer an input",
    "created": "created",
    "deleted": "deleted",
    "content": "changed",
    "executable-bit": "has another executable bit",
    "link": "leads elsewhere",
    "type": "is another kind of file",
    "value": "changed",
}
_SHOWN_CHANGES = 10


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON, even one that can't be understood otherwise."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--format=json" in own or ("--format", "json") in pairwise(own)


class _Printer:
    """A stream that knows whether to colour."""

    def __init__(self, stream: TextIO, when: str = "auto") -> None:
        self._stream = stream
        wished = when == "always" or (when == "auto" and stream.isatty() and not os.environ.get("NO_COLOR"))
        self._colour = wished

    def __call__(self, text: str) -> None:
        # A file name that is not UTF-8 must not be the end of a report.
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")

    def painted(self, text: str, colour: str) -> str:
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._colour else text


def synced(report: ProjectReport, seconds: float, options: argparse.Namespace, stream: TextIO | None = None) -> None:
    """Print what a sync found and wrote."""
    if options.format == "json" and stream is None:
        _json({"projects": [_project(report)]})
        return
    _warnings(report.warnings, options)
    if options.quiet:
        return
    out = _Printer(stream or sys.stdout, options.color)
    counts = f"{_count(len(report.keys), 'key')}, {_count(report.input_count, 'input')}"
    if not report.changed:
        out(f"{report.name} is in sync ({counts}) in {seconds * 1000:.0f}ms")
        return
    out(f"Resolved {counts} in {seconds * 1000:.0f}ms")
    _changes(report, out, all_of_them=options.verbose)
    for why in report.why:
        out(f" ! {why}")
    if report.region_differs:
        out(f"Wrote {_count(len(report.entries), 'entry')} to tool.uv.cache-keys in pyproject.toml")
    out(_OUTCOMES[report.move].format(name=report.name))


_OUTCOMES = {
    "moved": "Stamped {name}: uv will rebuild it",
    "returned": "Stamped {name}: back to what uv has installed",
    "kept": "{name}: uv sees the change by itself",
}


def checked(report: ProjectReport, options: argparse.Namespace, *, stale: bool) -> None:
    """Print whether a project is in sync."""
    if options.format == "json":
        _json({"projects": [_project(report)]})
        return
    _warnings(report.warnings, options)
    if options.quiet:
        return
    out = _Printer(sys.stdout, options.color)
    if not stale:
        out(f"{report.name} is in sync")
        return
    if report.region_differs:
        out(f"{report.name}: pyproject.toml is not what `dyncachekeys sync` would write")
    if report.move != "kept":
        out(f"{report.name}: the stamp is stale")
        _changes(report, out, all_of_them=options.verbose)
    out("Run `dyncachekeys sync`.")


def shown(report: ProjectReport, options: argparse.Namespace) -> None:
    """Print keys, inputs with their reasons, entries and the digest."""
    if options.format == "json":
        _json({"projects": [_project(report, with_inputs=True)]})
        return
    _warnings(report.warnings, options)
    out = _Printer(sys.stdout, options.color)
    out(f"{report.name}  {report.digest}")
    for key in report.keys:
        out(f"\n{key.name}  (resolver {key.resolver}, watch {key.watch}, {_count(len(key.inputs), 'input')})")
        width = max((len(one.subject) for one in key.inputs), default=0)
        for one in key.inputs:
            out(f"  {one.input:9} {one.watched_by:5}  {one.subject:{min(width, 40)}}  {one.reason}".rstrip())
    out(f"\ntool.uv.cache-keys, {_count(len(report.entries), 'entry')} of ours")
    for entry in report.entries:
        out("  " + ", ".join(f"{kind} = {json.dumps(value)}" for kind, value in entry.items()))


def digest(report: ProjectReport, options: argparse.Namespace) -> None:
    """Print the digest of all inputs."""
    if options.format == "json":
        _json({"projects": [_project(report)]})
        return
    _warnings(report.warnings, options)
    _Printer(sys.stdout)(report.digest)


def cleaned(done: Iterable[str], options: argparse.Namespace) -> None:
    """Print what `clean` took away."""
    if options.format == "json":
        _json({"cleaned": list(done)})
    elif not options.quiet:
        gone = ", ".join(done)
        _Printer(sys.stdout)(f"Cleaned {gone}" if gone else "Nothing to clean")


def errors(problems: Iterable[Problem], *, as_json: bool, level: str = "error") -> None:
    """Print problems: to standard error, or as the one JSON document on standard output."""
    if as_json:
        _json({"errors": [dataclasses.asdict(problem) for problem in problems]})
        return
    err = _Printer(sys.stderr)
    for problem in problems:
        err(f"{err.painted(level, level)}: {problem.where}: {problem.message}")
        err(f"  {err.painted('do:', '~')} {problem.remedy}")


def _warnings(notices: Iterable[Notice], options: argparse.Namespace) -> None:
    if options.quiet:
        return
    err = _Printer(sys.stderr, options.color)
    for notice in notices:
        err(f"{err.painted('warning', 'warning')}: {notice.where}: {notice.message}")


def _changes(report: ProjectReport, out: _Printer, *, all_of_them: bool) -> None:
    width = max((len(key.name) for key in report.keys), default=0)
    for key in report.keys:
        limit = len(key.changes) if all_of_them else _SHOWN_CHANGES
        for change in key.changes[:limit]:
            sign = _SIGNS[change.kind]
            out(f" {out.painted(sign, sign)} {key.name:{width}}  {_told(change)}")
        if len(key.changes) > limit:
            out(f"   {key.name:{width}}  and {len(key.changes) - limit} more (-v lists them)")


def _told(change: Change) -> str:
    return f"{change.subject} {_CAUSES[change.cause]}".rstrip()


def _count(number: int, noun: str) -> str:
    plural = noun if number == 1 else noun[:-1] + "ies" if noun.endswith("y") and noun != "key" else noun + "s"
    return f"{number:,} {plural}"


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
        "inputs": len(key.inputs),
        "changes": [dataclasses.asdict(change) for change in key.changes],
        **listed,
    }


def _json(content: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"version": JSON_VERSION, **content}, indent=2) + "\n")
