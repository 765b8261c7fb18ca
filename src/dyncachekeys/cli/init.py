"""`init`: a `[tool.dyncachekeys]` that fits the project, as a diff and in the file."""

from __future__ import annotations

import argparse
import os
import posixpath
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dyncachekeys.cli import render, undo
from dyncachekeys.cli.sync import print_synced
from dyncachekeys.errors import ConfigurationError
from dyncachekeys.propose import eligible
from dyncachekeys.propose.decide import InitOptions
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.propose.proposal import Proposal
from dyncachekeys.propose.propose import missing, propose
from dyncachekeys.propose.write import Edit, edits, ignoring, write
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.render import diff
from dyncachekeys.quick.output import Printer, counted
from dyncachekeys.rewrite.interrupted import noting
from dyncachekeys.syncing import use_cases
from dyncachekeys.syncing.report import ProjectReport
from dyncachekeys.syncing.scope import Scope


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Propose keys for the project that we are in, or all packages of the workspace whose root that is; write and sync.

    From then on plain uv is enough: its next build is watched. What the sync finds to be new is held as in a hook, so
    no code of the tree runs.

    Raises:
        DyncachekeysError: there is a configuration already, nothing is built, or the edit can't be made.
    """
    if options.undo:
        return undo.execute(options, scope)
    init_options = InitOptions(options.watch, options.transport)
    again = False
    try:
        proposals = _proposed(options, scope, init_options)
        ignored = ignoring(dict.fromkeys(proposal.root for proposal in proposals))
    except ConfigurationError as error:
        if {problem.code for problem in error.problems} != {"already-there"}:
            raise
        again = True
        proposals, ignored = missing(scope.roots, os.environ, scope.root), ignoring(scope.roots)
        if not (proposals or ignored):
            raise
    out = Printer(sys.stdout, options.color)
    if options.format == "text":
        _warn(proposals, scope, Printer(sys.stderr, options.color))
        if not options.quiet:
            _print_edits(proposals, ignored, scope, out)
    written: list[Path] = []
    with noting(lambda: written):
        written.extend(() if options.dry_run else write(proposals, ignored, render.waiting(options)))
        if options.format == "text" and not options.quiet:
            nothing = f"Nothing was written; `{_command(init_options)}` writes this"
            out(nothing if options.dry_run else _written(proposals, written, again=again))
        synced = [] if options.dry_run else _synced(options, scope)
    if options.format == "json":
        render.document(_as_json(proposals, ignored, written, synced))
    elif not (options.quiet or options.dry_run):
        out("Next: `uv sync`")
    return 0


def _synced(options: argparse.Namespace, scope: Scope) -> list[ProjectReport]:
    """Sync what has keys now, as a hook does it: no code of the tree is run."""
    began = time.perf_counter()
    now = Scope(scope.root, options.package)
    if not now.has_keys:  # a line for path sources without keys
        return []
    with render.progress(options) as doing:
        reports = use_cases.sync_all(now, tell=render.waiting(options), by_hook=True, doing=doing)
    if options.format == "text":
        print_synced(reports, time.perf_counter() - began, options, sys.stdout)
    return reports


def _proposed(options: argparse.Namespace, scope: Scope, init_options: InitOptions) -> list[Proposal]:
    roots, shares = (scope.all, False) if options.package else eligible.choose(scope.all, scope.root)
    home = scope.root if shares else None
    return propose(roots, os.environ, init_options, home=home, consumer=scope.root)


def _warn(proposals: Sequence[Proposal], scope: Scope, err: Printer) -> None:
    for proposal in proposals:
        for note in proposal.notes:
            where = posixpath.normpath(posixpath.join(scope.place(proposal.root), note.where))
            render.tell(note._replace(where=where), err, "warning")


def _print_edits(proposals: Sequence[Proposal], ignored: Sequence[Edit], scope: Scope, out: Printer) -> None:
    for edit in [*edits(proposals), *ignored]:
        out.diff(diff(f"{scope.place(edit.path.parent)}{edit.path.name}", edit.before, edit.after))
    for proposal in proposals:
        if proposal.sources:
            names = ", ".join(proposal.sources)
            out(f"\nuv builds {names} with the settings of this project, as a path source: so its line is here, too")
    out("")


def _command(init_options: InitOptions) -> str:
    return " ".join(["dyncachekeys init", *(f"--{name} {value}" for name, value in init_options.settings.items())])


def _written(proposals: Sequence[Proposal], written: Sequence[Path], *, again: bool) -> str:
    if again:
        names = ", ".join(dict.fromkeys(path.name for path in written))
        return f"Wrote what was missing to {names}; the keys are there already"
    keys = sum(len(proposal.table.keys) + len(proposal.table.shared) for proposal in proposals)
    files = sum(proposal.after != proposal.before for proposal in proposals)
    where = FILE if files == 1 else counted(files, "file")
    return f"Wrote {counted(keys, 'key') if keys else 'the line for watched builds'} to {where}"


def _as_json(
    proposals: Sequence[Proposal], ignored: Sequence[Edit], written: Sequence[Path], synced: Sequence[ProjectReport]
) -> dict[str, Any]:
    return {
        "projects": [
            {"name": one.name, "root": os.fspath(one.root), "init": _proposal_as_json(one)} for one in proposals
        ],
        "ignored": [
            {"path": os.fspath(one.path), "diff": diff(one.path.name, one.before, one.after)} for one in ignored
        ],
        "written": [os.fspath(path) for path in written],
        "synced": [render.project(report) for report in synced],
    }


def _proposal_as_json(proposal: Proposal) -> dict[str, Any]:
    table = proposal.table
    return {
        "file": proposal.file,
        "defaults": table.defaults,
        "watch": table.settings.get("watch", "auto"),
        "transport": table.settings.get("transport", "stamp"),
        "keys": [_key_as_json(key) for key in table.keys],
        "shared": [_key_as_json(key) for key in table.shared],
        "watched": list(proposal.watched),
        "warnings": [note._asdict() for note in proposal.notes],
        "diff": diff(proposal.file, proposal.before, proposal.after),
    }


def _key_as_json(key: Declaration) -> dict[str, Any]:
    return {"name": key.name, **key.as_table(), "why": list(key.why)}
