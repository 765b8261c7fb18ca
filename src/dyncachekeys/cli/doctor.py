"""`doctor`: what is wrong with the cache keys of a project, each with its reason and what to do."""

from __future__ import annotations

import dataclasses
import os
import sys
from typing import TYPE_CHECKING

from dyncachekeys.cli import render
from dyncachekeys.doctor.examine import examine
from dyncachekeys.doctor.finding import Finding, Level
from dyncachekeys.quick.output import Printer, counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from dyncachekeys.syncing.scope import Scope

_LEVELS: tuple[Level, ...] = ("error", "warning", "note")


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Examine all packages of a scope, and return the exit code.

    Raises:
        DyncachekeysError: a ``pyproject.toml`` can't be read.
    """
    found = [one for folder in scope.all for one in examine(folder, os.environ, ask_uv=options.uv, build=options.build)]
    if options.format == "json":
        render.document({"findings": [{**dataclasses.asdict(one), "level": one.level} for one in found]})
    else:
        _tell(found, options, several=len(scope.all) > 1)
    return 1 if any(one.level == "error" for one in found) else 0


def _tell(found: Sequence[Finding], options: argparse.Namespace, *, several: bool) -> None:
    out = Printer(sys.stdout, options.color)
    shown = [one for one in found if not options.quiet or one.level == "error"]
    for one in sorted(shown, key=lambda one: _LEVELS.index(one.level)):
        package = f"{one.package}: " if several else ""
        out(f"{out.painted(one.level, one.level)} {one.code}: {package}{one.where}: {one.message}")
        out(f"  {out.painted('do:', '~')} {one.remedy}")
    if not options.quiet:
        counts = [(level, sum(one.level == level for one in found)) for level in _LEVELS]
        told = ", ".join(counted(number, level) for level, number in counts if number)
        out(f"{told}; docs/doctor.md explains each" if told else "Nothing to mend")
