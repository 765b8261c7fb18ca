"""`clean`: region and state are taken away again."""

from __future__ import annotations

import argparse
import sys

from dyncachekeys.cli import render
from dyncachekeys.quick.output import Printer
from dyncachekeys.syncing import document
from dyncachekeys.syncing.scope import Scope


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Clean the projects of a scope, with or without keys. Arguments and errors as `commands.execute`."""
    tell = render.waiting(options)
    done = [f"{scope.place(folder)}{one}" for folder in scope.all for one in document.clean(folder, tell)]
    if options.format == "json":
        render.document({"cleaned": done})
    elif not options.quiet:
        Printer(sys.stdout)(f"Cleaned {', '.join(done)}" if done else "Nothing to clean")
    return 0
