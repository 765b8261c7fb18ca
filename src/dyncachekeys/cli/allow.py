"""`allow`: hooks may run the code of the tree that keys run, as it is now."""

from __future__ import annotations

import argparse
import sys

from dyncachekeys.cli import render
from dyncachekeys.quick.output import Printer
from dyncachekeys.syncing.allow import allow
from dyncachekeys.syncing.scope import Scope


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Allow what the keys of a scope run. Arguments and errors as `commands.execute`."""
    tell = render.waiting(options)
    allowed = [(f"{scope.place(folder)}{one}", one) for folder in scope.roots for one in allow(folder, tell)]
    shown = ", ".join(path for path, _ in allowed)
    if options.format == "json":
        render.document({"allowed": [path for path, _ in allowed]})
    elif not options.quiet:
        Printer(sys.stdout)(f"Allowed {shown}" if allowed else "Nothing to allow: no key runs code of the tree")
    return 0
