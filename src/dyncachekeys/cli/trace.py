"""`trace`: what a build depends on, who watches it, and keys for what nobody watches."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Sequence
from typing import Any

from dyncachekeys.cli import render
from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.propose.audit import Audit, Dependency, audit
from dyncachekeys.propose.edit import additions, not_nameable, with_keys
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.render import diff
from dyncachekeys.quick.output import Printer, counted
from dyncachekeys.syncing import document
from dyncachekeys.syncing.scope import Scope
from dyncachekeys.trace.model import Trace

_KINDS = {"read": "file", "listed": "folder", "missing": "absent", "there": "present", "variables": "variable"}
_SHOWN = 40


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Trace the project that we are in, or the packages that are named, and return the exit code.

    Raises:
        DyncachekeysError: a build can't be run or fails, or the keys can't be written.
    """
    if not options.timeout > 0:  # nan, too
        problem = Problem("usage", "must be more than 0 seconds", "--timeout", "give seconds, such as `600`")
        raise ConfigurationError([problem])
    steps = ("metadata", *([options.build] if options.build else []))
    roots = scope.all if options.package else [scope.root]
    audits = [audit(root, os.environ, steps=steps, timeout=options.timeout) for root in roots]
    out = Printer(sys.stdout, options.color) if options.format == "text" and not options.quiet else None
    projects = [_reported(one, out, options, scope) for one in audits]
    if options.format == "json":
        render.document({"projects": projects})
    return 0


def _reported(one: Audit, out: Printer | None, options: argparse.Namespace, scope: Scope) -> dict[str, Any]:
    """Print what was found, write the keys for it if asked to, and return it as JSON output has it."""
    added = additions(one)
    if out is not None:
        _print_audit(one, out, verbose=options.verbose)
        _print_additions(one, added, out, write=options.write)
    written = bool(options.write and added)
    if written:
        _write(f"{scope.place(one.root)}{FILE}", one, added, out)
    return {"name": one.name, "root": os.fspath(one.root), "trace": _as_json(one, added, written=written)}


def _write(name: str, one: Audit, added: Sequence[Declaration], out: Printer | None) -> None:
    """Show what is to be added, then add it."""
    before = (one.root / FILE).read_bytes()
    after = with_keys(before, added)
    if out is not None:
        out("")
        out.diff(diff(name, before, after))
    document.replace_document(one.root, before, after)
    if out is not None:
        out(f"Added {counted(len(added), 'key')} to {name}; run `dyncachekeys sync`")


def _print_audit(one: Audit, out: Printer, *, verbose: bool) -> None:
    step = "the metadata step" if one.steps == ("metadata",) else f"the {one.steps[-1]} build"
    missed = one.unwatched
    out(f"{one.name}: {step} depends on {counted(len(one.dependencies), 'input')}, {len(missed)} of them not watched")
    _print_list("not watched", _rows(missed), out, verbose=verbose)
    _print_list("watched", _rows([each for each in one.dependencies if each.watched_by]), out, verbose=verbose)
    kinds = {"file": "file", "env": "variable"}
    unread = [f"{kinds[each.input]:9} {each.subject}  ({each.watched_by})" for each in one.unread]
    _print_list("watched, and not seen to be read", unread, out, verbose=verbose)
    if unread and one.steps == ("metadata",):
        out("  Only the metadata step was run; `--build` builds the project, too.")
    _print_list("not seen", _not_seen(one.trace), out, verbose=True)


def _print_list(title: str, lines: Sequence[str], out: Printer, *, verbose: bool) -> None:
    if lines:
        out(f"\n{title}")
    limit = len(lines) if verbose else _SHOWN
    for line in lines[:limit]:
        out(f"  {line}")
    if len(lines) > limit:
        out(f"  and {len(lines) - limit:,} more (-v lists them)")


def _rows(dependencies: Sequence[Dependency]) -> list[str]:
    width = min(max((len(each.subject) for each in dependencies), default=0), 40)
    return [
        f"{_KINDS[each.asked]:9} {each.subject:{width}}  {each.who}"
        + (f"  ({each.watched_by})" if each.watched_by else "")
        for each in dependencies
    ]


def _not_seen(trace: Trace) -> list[str]:
    lines = [f"what `{program}` reads  ({who})" for program, who in trace.processes.items()]
    if trace.environment:
        lines.append(f"which variables count, since all of them are read  ({trace.environment})")
    if trace.network:
        lines.append(f"what comes from the network  ({trace.network})")
    return lines


def _print_additions(one: Audit, added: Sequence[Declaration], out: Printer, *, write: bool) -> None:
    if added and not write:
        out(f"\n`dyncachekeys trace --write` adds {', '.join(f'`{key.name}`' for key in added)} for this:")
        for line in (line for key in added for line in key.lines()):
            out(f"  {line}")
    rest = not_nameable(one, added)
    if rest:
        out(f"\n{len(rest):,} of these can't be named by a key: a file that is absent, a folder or file by itself.")
        out("A `backend` key with `trace = true` watches those, too.")
    if write and not added:
        out("\nNothing to add")


def _as_json(one: Audit, added: Sequence[Declaration], *, written: bool) -> dict[str, Any]:
    return {
        "steps": list(one.steps),
        "python": one.python,
        "inputs": [{**dataclasses.asdict(each), "watched_by": each.watched_by or None} for each in one.dependencies],
        "unread": [dataclasses.asdict(each) for each in one.unread],
        "unseen": [{"program": program, "who": who} for program, who in one.trace.processes.items()],
        "environment": one.trace.environment or None,
        "network": one.trace.network or None,
        "products": list(one.trace.written),
        "additions": [{"name": key.name, **key.as_table()} for key in added],
        "written": [FILE] if written else [],
    }
