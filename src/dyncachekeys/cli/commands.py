"""From a parsed command line to the module of its command, which is imported only then."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.errors import ConfigurationError
from dyncachekeys.pyproject import project
from dyncachekeys.quick.check import QuickCheck
from dyncachekeys.syncing.scope import Scope

if TYPE_CHECKING:
    import argparse

_MODULES = {"digest": "show"}
"""Of commands that have none of their own name."""
_AFTER_QUICK_CHECKS = frozenset({"sync", "check"})
"""Commands that need not look again at what was seen already."""

_NO_KEYS = frozenset({"no-pyproject", "no-keys"})
"""What is wrong where there is nothing for us to do."""


def execute(options: argparse.Namespace, quick_checks: Mapping[str, QuickCheck] | None = None) -> int:
    """Carry out a parsed command line, after some quick checks by the folder of the project; return the exit code.

    Raises:
        DyncachekeysError: the user needs to fix something.
    """
    try:
        return _execute(options, quick_checks)
    except ConfigurationError as error:
        if not getattr(options, "hook", False) or not {one.code for one in error.problems} <= _NO_KEYS:
            raise
    # Git calls its hooks on branches and in folders that know nothing of us, too.
    if options.format == "json":
        from dyncachekeys.cli import render  # noqa: PLC0415  seldom needed

        render.projects([])
    return 0


def _execute(options: argparse.Namespace, quick_checks: Mapping[str, QuickCheck] | None) -> int:
    command = importlib.import_module(f"dyncachekeys.cli.{_MODULES.get(options.command, options.command)}")
    if options.command == "activate":  # it is about no project
        return int(command.execute(options))
    if options.command == "explain" and command.is_code(options.key):
        return int(command.explain_code(options))
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
