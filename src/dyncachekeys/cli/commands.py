"""From a parsed command line to the module of its command, which is imported only then."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.pyproject import project
from dyncachekeys.quick.check import QuickCheck
from dyncachekeys.syncing.scope import Scope

if TYPE_CHECKING:
    import argparse

_MODULES = {"digest": "show"}
"""Of commands that have none of their own name."""
_AFTER_QUICK_CHECKS = frozenset({"sync", "check"})
"""Commands that need not look again at what was seen already."""


def execute(options: argparse.Namespace, quick_checks: Mapping[str, QuickCheck] | None = None) -> int:
    """Carry out a parsed command line, after some quick checks by the folder of the project; return the exit code.

    Raises:
        DyncachekeysError: the user needs to fix something.
    """
    command = importlib.import_module(f"dyncachekeys.cli.{_MODULES.get(options.command, options.command)}")
    if options.command == "run":  # it has a meaning without a project, too
        return int(command.execute(options, quick_checks))
    scope = scope_of(options)
    if options.command in _AFTER_QUICK_CHECKS:
        return int(command.execute(options, scope, quick_checks))
    return int(command.execute(options, scope))


def scope_of(options: argparse.Namespace) -> Scope:
    """Return the projects that a command line is about.

    Raises:
        ConfigurationError: there is none, or no such package.
    """
    return Scope(project.find(Path(options.project or Path.cwd())), options.package)
