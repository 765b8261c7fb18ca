"""`trace`: what a build depends on, who watches it, and keys for what nobody watches."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dyncachekeys.cli import render, trace_text
from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.propose import eligible
from dyncachekeys.propose.additions import additions
from dyncachekeys.propose.audit import Audit, audit
from dyncachekeys.propose.edit import with_keys
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.render import diff
from dyncachekeys.quick.output import Printer, counted
from dyncachekeys.syncing import document
from dyncachekeys.syncing.scope import Scope

_TIMEOUT = 600.0
_NO_RECORD = frozenset({"no-record", "nothing-to-watch"})


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Show what the last watched build depends on, and return the exit code.

    Of the project that we are in, of all packages of the workspace whose root that is, or of those that are named.

    Raises:
        DyncachekeysError: no build was watched yet, one that is made now can't be run or fails, or the keys can't be
            written.
    """
    timeout = _timeout(options)
    roots = scope.all if options.package else eligible.packages(scope.all, scope.root)
    audits, missing = _audits(roots, options, timeout)
    _warn(missing, options)
    out = Printer(sys.stdout, options.color) if options.format == "text" and not options.quiet else None
    projects = []
    for number, one in enumerate(audits):
        if out is not None and number:
            out("")
        projects.append(_reported(one, out, options, scope))
    if options.format == "json":
        render.document({"projects": projects})
    return 0


def _timeout(options: argparse.Namespace) -> float:
    if options.timeout is None:
        return _TIMEOUT
    if options.build is None:
        problem = Problem("usage", "no build is run", "--timeout", "add `--build`, or leave `--timeout` out")
        raise ConfigurationError([problem])
    if not options.timeout > 0:  # nan, too
        problem = Problem("usage", "must be more than 0 seconds", "--timeout", "give seconds, such as `600`")
        raise ConfigurationError([problem])
    return float(options.timeout)


def _audits(roots: Sequence[Path], options: argparse.Namespace, timeout: float) -> tuple[list[Audit], list[Problem]]:
    """Return what was found of each package, and of which of them no build was watched yet.

    Raises:
        DyncachekeysError: that is so for all of them; or anything else is wrong.
    """
    audits: list[Audit] = []
    missing: list[Problem] = []
    # With `-v`, what is done stays to be read, where there is no terminal, too.
    steps = contextlib.nullcontext(Printer(sys.stderr, options.color)) if options.verbose else render.progress(options)
    with steps as progress:
        for root in roots:
            try:
                audits.append(audit(root, os.environ, build=options.build, timeout=timeout, progress=progress))
            except ConfigurationError as error:  # noqa: PERF203  one package without a record is no error
                if any(problem.code not in _NO_RECORD for problem in error.problems):
                    raise
                missing += error.problems
    if not audits:
        raise ConfigurationError(missing)
    return audits, missing


def _warn(missing: Sequence[Problem], options: argparse.Namespace) -> None:
    err = Printer(sys.stderr, options.color)
    for problem in missing if not options.quiet else ():
        err(f"{err.painted('warning', 'warning')}: {problem.message}: {problem.remedy}")


def _reported(one: Audit, out: Printer | None, options: argparse.Namespace, scope: Scope) -> dict[str, Any]:
    """Print what was found, write the keys for it if asked to, and return it as JSON output has it."""
    added = additions(one)
    if out is not None:
        trace_text.tell(one, added, out, verbose=options.verbose, write=options.write)
    written = bool(options.write and added)
    if written:
        _write(f"{scope.place(one.project.root)}{FILE}", one, added, out, render.waiting(options))
    root = one.project.root
    return {"name": one.project.name, "root": os.fspath(root), "trace": as_json(one, added, written=written)}


def _write(
    name: str, one: Audit, added: Sequence[Declaration], out: Printer | None, tell: Callable[[str], None] | None
) -> None:
    """Show what is to be added, then add it."""
    root = one.project.root
    before = (root / FILE).read_bytes()
    after = with_keys(before, added)
    if out is not None:
        out("")
        out.diff(diff(name, before, after))
    document.replace_document(root, before, after, tell=tell)
    if out is not None:
        out(f"Added {counted(len(added), 'key')} to {name}; run `dyncachekeys sync`")


def as_json(one: Audit, added: Sequence[Declaration], *, written: bool) -> dict[str, Any]:
    """Return what was found as JSON output has it."""
    trace = one.trace
    return {
        "steps": [record.step if record.step != "build" else record.kind for record in one.records],
        "python": one.records[-1].python,
        "standing": one.standing,
        "builds": [
            {"step": record.step, "kind": record.kind, "when": trace_text.when(record.started, "%Y-%m-%dT%H:%M:%S%z")}
            for record in one.records
        ],
        "inputs": [
            {
                "asked": each.asked,
                "subject": each.subject,
                "who": each.who,
                "steps": list(each.steps),
                "watched_by": each.watched_by or each.record or None,
                "committed": bool(each.watched_by),
            }
            for each in one.dependencies
        ],
        "unread": [
            {"input": each.input, "subject": each.subject, "watched_by": each.watched_by} for each in one.unread
        ],
        "unseen": [{"program": program, "who": who} for program, who in trace.unseen.items()],
        "hidden": [{"subject": subject, "who": who} for subject, who in trace.hidden.items()],
        "environment": trace.environment or None,
        "network": trace.network or None,
        "products": list(trace.written),
        "additions": [{"name": key.name, **key.as_table()} for key in added],
        "written": [FILE] if written else [],
    }
