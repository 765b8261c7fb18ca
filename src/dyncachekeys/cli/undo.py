"""`init --undo`: what `init` has written is taken away again, as a diff and in the files."""

from __future__ import annotations

import argparse
import os
import sys

from dyncachekeys.cli import render
from dyncachekeys.propose.undo import undo
from dyncachekeys.propose.write import write_edits
from dyncachekeys.pyproject.render import diff
from dyncachekeys.quick.output import Printer
from dyncachekeys.rewrite.interrupted import noting
from dyncachekeys.syncing import document
from dyncachekeys.syncing.scope import Scope


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Undo `init` in the projects of a scope, and clean those that have no key then. As `commands.execute`."""
    undone = undo(scope.all, scope.root, os.environ, whole=not options.package)
    out, err = Printer(sys.stdout, options.color), Printer(sys.stderr, options.color)
    if options.format == "text":
        if not options.quiet:
            for edit in undone.edits:
                out.diff(diff(f"{scope.place(edit.path.parent)}{edit.path.name}", edit.before, edit.after))
        for one in undone.left:
            render.tell(one, err, "warning")
    tell = render.waiting(options)
    written: list[str] = []
    cleaned: list[str] = []
    with noting(lambda: [*written, *(scope.root / one for one in cleaned)]):
        written.extend(os.fspath(edit.path) for edit in write_edits(() if options.dry_run else undone.edits, tell))
        for root in () if options.dry_run else undone.bare:
            cleaned += [f"{scope.place(root)}{one}" for one in document.clean(root, tell)]
    if options.format == "json":
        files = [
            {"path": os.fspath(one.path), "diff": diff(one.path.name, one.before, one.after)} for one in undone.edits
        ]
        left = [one._asdict() for one in undone.left]
        render.document({"undone": files, "left": left, "written": written, "cleaned": cleaned})
    elif not options.quiet:
        names = [f"{scope.place(edit.path.parent)}{edit.path.name}" for edit in undone.edits]
        out(_outcome(names, cleaned, dry_run=options.dry_run))
    return 0


def _outcome(names: list[str], cleaned: list[str], *, dry_run: bool) -> str:
    if dry_run:
        return "\nNothing was written; `dyncachekeys init --undo` writes this." if names else "Nothing to undo."
    undone = f"\nUndone: {', '.join(names)}." if names else "Nothing to undo."
    return f"{undone} Cleaned: {', '.join(cleaned)}." if cleaned else undone
