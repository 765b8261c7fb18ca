"""`clean`: region and state are taken away again."""

from __future__ import annotations

import argparse
import sys

from dyncachekeys.cli import render
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.propose.undo import written_by_init
from dyncachekeys.quick.output import Printer
from dyncachekeys.rewrite.interrupted import noting
from dyncachekeys.syncing import document
from dyncachekeys.syncing.scope import Scope


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Clean the projects of a scope, with or without keys. Arguments and errors as `commands.execute`."""
    tell = render.waiting(options)
    done: list[str] = []
    with noting(lambda: [scope.root / one for one in done]):
        for folder in scope.all:
            done += [f"{scope.place(folder)}{one}" for one in document.clean(folder, tell)]
    left = _left(scope)
    if options.format == "json":
        render.document({"cleaned": done, "left": left})
    elif not options.quiet:
        out = Printer(sys.stdout)
        out(f"Cleaned {', '.join(done)}" if done else "Nothing to clean")
        if left:
            named = "; ".join(f"{one['where']}: {one['what']}" for one in left)
            out(f"Left: {named}. `dyncachekeys init --undo` takes away what `init` wrote of that")
    return 0


def _left(scope: Scope) -> list[dict[str, str]]:
    """Return what `init` writes and this does not take away; nothing where a file of uv's can't be read."""
    try:
        found = written_by_init(scope.all, scope.root)
        return [{"where": f"{scope.place(path.parent)}{path.name}", "what": what} for path, what in found]
    except (DyncachekeysError, OSError):
        return []
