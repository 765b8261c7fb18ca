"""`trace`: what a build depends on, who watches it, and keys for what nobody watches."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.propose.additions import additions, beyond, put
from dyncachekeys.propose.audit import audit, unwatched
from dyncachekeys.pyproject.diff import diff
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.quick.output import Printer, counted
from dyncachekeys.syncing import document

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from dyncachekeys.propose.additions import Addition
    from dyncachekeys.propose.audit import Audit, Dependency
    from dyncachekeys.syncing.scope import Scope

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
    found: list[dict[str, Any]] = []
    for one in audits:
        added = additions(one)
        if options.format == "text":
            _tell(one, added, options)
        name = f"{scope.place(one.root)}{FILE}"
        written = _write(name, one, added, options) if options.write and added else False
        found.append({"name": one.name, "root": os.fspath(one.root), "trace": _as_json(one, added, written=written)})
    if options.format == "json":
        sys.stdout.write(json.dumps({"version": 1, "projects": found}, indent=2) + "\n")
    return 0


def _write(name: str, one: Audit, added: Sequence[Addition], options: argparse.Namespace) -> bool:
    """Show what is to be added, then add it."""
    before = (one.root / FILE).read_bytes()
    after = put(before, added)
    if options.format == "text" and not options.quiet:
        out = Printer(sys.stdout, options.color)
        out("")
        out.diff(diff(name, before, after))
    document.replace_document(one.root, before, after)
    if options.format == "text" and not options.quiet:
        Printer(sys.stdout)(f"Added {counted(len(added), 'key')} to {name}; run `dyncachekeys sync`")
    return True


def _tell(one: Audit, added: Sequence[Addition], options: argparse.Namespace) -> None:
    if options.quiet:
        return
    out = Printer(sys.stdout, options.color)
    missed = unwatched(one)
    what = "the metadata step" if one.steps == ("metadata",) else f"the {one.steps[-1]} build"
    out(f"{one.name}: {what} depends on {counted(len(one.dependencies), 'input')}, {len(missed)} of them not watched")
    limit = len(one.dependencies) if options.verbose else _SHOWN
    _dependencies("not watched", missed, limit, out)
    _dependencies("watched", [each for each in one.dependencies if each.watched_by], limit, out)
    if one.unread:
        limit = len(one.unread) if options.verbose else _SHOWN
        out("\nwatched, and not seen to be read")
        for each in one.unread[:limit]:
            out(f"  {'file' if each.input == 'file' else 'variable':9} {each.subject}  ({each.watched_by})")
        if len(one.unread) > limit:
            out(f"  and {len(one.unread) - limit:,} more (-v lists them)")
        if one.steps == ("metadata",):
            out("  Only the metadata step was run; `--build` builds the project, too.")
    _blind(one, out)
    _advice(one, added, out, write=options.write)


def _dependencies(title: str, some: Sequence[Dependency], limit: int, out: Printer) -> None:
    if not some:
        return
    out(f"\n{title}")
    width = min(max(len(each.subject) for each in some), 40)
    for each in some[:limit]:
        by = f"  ({each.watched_by})" if each.watched_by else ""
        out(f"  {_KINDS[each.asked]:9} {each.subject:{width}}  {each.who}{by}")
    if len(some) > limit:
        out(f"  and {len(some) - limit:,} more (-v lists them)")


def _blind(one: Audit, out: Printer) -> None:
    """Print what can't be seen."""
    lines = [f"what `{program}` reads  ({who})" for program, who in one.trace.processes.items()]
    if one.trace.environment:
        lines.append(f"which variables count of all those that are gone through  ({one.trace.environment})")
    if one.trace.network:
        lines.append(f"what comes from the network  ({one.trace.network})")
    if lines:
        out("\nnot seen")
        for line in lines:
            out(f"  {line}")


def _advice(one: Audit, added: Sequence[Addition], out: Printer, *, write: bool) -> None:
    if added and not write:
        out(f"\n`dyncachekeys trace --write` adds {', '.join(f'`{each.name}`' for each in added)} for this:")
        for each in added:
            for line in each.lines():
                out(f"  {line}")
    rest = beyond(one, added)
    if rest:
        out(f"\n{len(rest):,} of these can't be named by a key: a file that is absent, a folder or file by itself.")
        out("A `backend` key with `trace = true` watches those, too.")
    if write and not added:
        out("\nNothing to add")


def _as_json(one: Audit, added: Sequence[Addition], *, written: bool) -> dict[str, Any]:
    return {
        "steps": list(one.steps),
        "python": one.python,
        "inputs": [{**dataclasses.asdict(each), "watched_by": each.watched_by or None} for each in one.dependencies],
        "unread": [dataclasses.asdict(each) for each in one.unread],
        "unseen": [{"program": program, "who": who} for program, who in one.trace.processes.items()],
        "environment": one.trace.environment or None,
        "network": one.trace.network or None,
        "products": list(one.trace.written),
        "additions": [{"name": each.name, **each.options} for each in added],
        "written": [FILE] if written else [],
    }
