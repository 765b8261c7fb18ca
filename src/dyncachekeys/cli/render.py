"""What several commands print: warnings and errors to standard error, the one JSON document to standard output."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyncachekeys.errors import DyncachekeysError, OrphanedRegionError, Problem
from dyncachekeys.quick import output
from dyncachekeys.quick.output import JSON_VERSION, Printer, paragraph, shown, write

if TYPE_CHECKING:
    import argparse

    from dyncachekeys.syncing.report import KeyReport, ProjectReport

NOT_ALLOWED = "not-allowed"
"""The code of the notice of a key that a hook has not run (`resolving.consent`)."""
FINDING, USER_ERROR, BUG = 1, 2, 3


def warnings(reports: Sequence[ProjectReport], options: argparse.Namespace) -> None:
    """Print what the projects should know; with ``--quiet``, only which keys were not run."""
    wanted = [
        (f"{report.name}: " if len(reports) > 1 else "", notice)
        for report in reports
        for notice in report.warnings
        if not options.quiet or notice.code == NOT_ALLOWED
    ]
    told = [f"{name}{shown(notice.where)}: {paragraph(notice.message)}" for name, notice in wanted]
    # Which keys were not run has to be known of each: it decides whether the project is in sync.
    must_be_known = any(notice.code == NOT_ALLOWED for _, notice in wanted)
    output.warnings(Printer(sys.stderr, options.color), told, all_of_them=options.verbose or must_be_known)


def waiting(options: argparse.Namespace) -> Callable[[str], None] | None:
    """Return what says on standard error who is waited for, if that is wanted."""
    return None if options.quiet else Printer(sys.stderr, options.color)


def progress(options: argparse.Namespace) -> contextlib.AbstractContextManager[Callable[[str], None] | None]:
    """Give what says on a terminal's standard error what is waited for (`progress.line`); nothing where there is none."""
    if options.quiet or not sys.stderr.isatty():
        return contextlib.nullcontext()
    from dyncachekeys.cli import progress  # noqa: PLC0415  a pipe need not wait for it

    return progress.line() if progress.may_show(sys.stderr) else contextlib.nullcontext()


def projects(reports: Iterable[ProjectReport], *, with_inputs: bool = False, on_one_line: bool = False) -> None:
    """Print projects as the one JSON document of a run, or of one of its syncs."""
    content = {"projects": [project(report, with_inputs=with_inputs) for report in reports]}
    document(content, on_one_line=on_one_line)


def project(report: ProjectReport, *, with_inputs: bool = False) -> dict[str, Any]:
    """Return a project as JSON output has it."""
    return {
        "name": report.name,
        "root": report.root,
        "transport": report.transport,
        "digest": report.digest,
        "named": report.named._asdict() if report.named is not None else None,
        "previous": report.previous,
        "stamp": report.stamp,
        "move": report.move,
        "why": list(report.why),
        "changed": report.changed,
        "written": list(report.written),
        "diff": list(report.diff),
        "held": list(report.held),
        "entries": [dict(entry) for entry in report.entries],
        "keys": [_key(key, with_inputs=with_inputs) for key in report.keys],
        "warnings": [notice._asdict() for notice in report.warnings],
    }


def _key(key: KeyReport, *, with_inputs: bool) -> dict[str, Any]:
    listed = {"found": [one._asdict() for one in key.inputs]} if with_inputs else {}
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


def document(content: dict[str, Any], *, on_one_line: bool = False) -> None:
    """Print the one JSON document of a run, or one of several, each on a line."""
    indent = None if on_one_line else 2
    write(sys.stdout, json.dumps({"version": JSON_VERSION, **content}, indent=indent) + "\n")


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON, even one that can't be understood otherwise."""
    own = _own(arguments)
    return "--format=json" in own or ("--format", "json") in pairwise(own)


def _own(arguments: Sequence[str]) -> Sequence[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def interrupted(written: Sequence[str], arguments: Sequence[str]) -> None:
    """Print what was written before Ctrl-C came; `watch`, which is ended that way, says so only if something was."""
    own, as_json = _own(arguments), wants_json(arguments)
    if not written and ("watch" in own or not (as_json or {"-q", "--quiet"}.isdisjoint(own))):
        return
    names = [os.path.relpath(path) if path.startswith(f"{Path.cwd()}{os.sep}") else path for path in written]
    so_far = f"written so far: {', '.join(map(shown, names))}" if names else "dyncachekeys wrote nothing"
    begun = "`dyncachekeys sync`" if "init" in own and "--undo" not in own else "the same command"
    remedy = f"{begun} completes it" if names else "run the command again"
    if as_json:
        _errors([Problem("interrupted", f"interrupted; {so_far}", "dyncachekeys", remedy)], as_json=True, level="error")
    else:
        Printer(sys.stderr)(f"Interrupted; {so_far}" + (f"; {remedy}" if names else ""))


def failure(error: Exception, *, as_json: bool = False, on_one_line: bool = False, level: str = "error") -> int:
    """Print an error, and return its exit code."""
    if isinstance(error, DyncachekeysError):
        _errors(error.problems, as_json=as_json, on_one_line=on_one_line, level=level)
        return FINDING if isinstance(error, OrphanedRegionError) else USER_ERROR
    import traceback  # noqa: PLC0415  for bugs of ours

    write(sys.stderr, "".join(traceback.format_exception(error)))
    remedy = "this is a bug in dyncachekeys: please report it with what stands above"
    problem = Problem("bug", f"{type(error).__name__}: {error}", "dyncachekeys", remedy)
    _errors([problem], as_json=as_json, level=level)
    return BUG


def _errors(problems: Iterable[Problem], *, as_json: bool, level: str, on_one_line: bool = False) -> None:
    if as_json:
        document({"errors": [problem._asdict() for problem in problems]}, on_one_line=on_one_line)
        return
    err = Printer(sys.stderr)
    for problem in problems:
        tell(problem, err, level)


def tell(problem: Problem, err: Printer, level: str) -> None:
    """Print a problem, and what to do."""
    err(f"{err.painted(level, level)}: {shown(problem.where)}: {paragraph(problem.message)}")
    err(f"  {err.painted('do:', '~')} {paragraph(problem.remedy)}")
