"""What each command does: call a use case, hand its result to `render`, choose the exit code."""

from __future__ import annotations

import contextlib
import importlib
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.cli import render
from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.files import git
from dyncachekeys.pyproject import project as projects
from dyncachekeys.quick import answer
from dyncachekeys.syncing import document
from dyncachekeys.syncing import scope as scopes
from dyncachekeys.syncing.report import require_key
from dyncachekeys.syncing.scope import Scope

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from dyncachekeys.quick.check import QuickCheck


_OF_THEIR_OWN = frozenset({"doctor", "explain", "init", "trace"})
"""Commands with a module of their own."""


def execute(options: argparse.Namespace, quick_checks: Mapping[str, QuickCheck] | None = None) -> int:
    """Carry out a parsed command line and return the exit code.

    Args:
        options: The command line.
        quick_checks: What was seen already, by the folder of the project.

    Raises:
        DyncachekeysError: what is the user's to mend.
    """
    if options.command == "run":
        return _run(options, quick_checks)
    scope = _scope(options)
    if options.command in _OF_THEIR_OWN:
        return int(importlib.import_module(f"dyncachekeys.cli.{options.command}").execute(options, scope))
    if options.command == "clean":
        done = [f"{scope.place(folder)}{one}" for folder in scope.all for one in document.clean(folder)]
        render.cleaned(done, options)
        return 0
    if options.command == "sync":
        _sync(options, scope, quick_checks)
        return 0
    reports = scopes.check(scope, quick_checks=quick_checks)
    if options.command == "check":
        stale = [one for one in reports if one.region_differs or (options.stamp and one.written)]
        render.checked(reports, options, stale=stale)
        return 1 if stale else 0
    if options.command == "digest":
        render.digest(reports, options)
    else:
        if options.key is not None:
            require_key(reports, options.key)
            reports = [one.only(options.key) for one in reports if one.has(options.key)]
        render.shown(reports, options)
    return 0


def _sync(options: argparse.Namespace, scope: Scope, quick_checks: Mapping[str, QuickCheck] | None) -> None:
    if options.hook and git.is_mid_rebase(scope.root):
        return  # what we write would stop the rebase; git calls its hook again when it is done
    began = time.perf_counter()
    reports = scopes.sync(scope, quick_checks=quick_checks)
    render.synced(reports, time.perf_counter() - began, options)


def _scope(options: argparse.Namespace) -> Scope:
    return Scope(projects.find(options.project or Path.cwd()), options.package)


def _run(options: argparse.Namespace, quick_checks: Mapping[str, QuickCheck] | None) -> int:
    command = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not command:
        remedy = "write `dyncachekeys run -- uv sync`"
        raise ConfigurationError([Problem("usage", "there is no command to run", "dyncachekeys run", remedy)])
    program = _located(command[0])
    try:
        _sync_if_declared(options, quick_checks)
    except DyncachekeysError as error:
        if not options.no_fail:
            raise
        render.errors(error.problems, as_json=False, level="warning")
    except Exception as error:
        if not options.no_fail:
            raise
        render.bug(error, as_json=False, level="warning")
    return _become(program, command)


def _located(name: str) -> str:
    """Return where a command is. Asked before anything else: no sync for a typing error."""
    program = shutil.which(name)
    if program is None:
        message, remedy = "can't be found", "check its name, and PATH"
        if Path(name).name != name and Path(name).exists():
            message, remedy = "is not executable", "run `chmod +x` on it, or name the program that runs it"
        raise ConfigurationError([Problem("no-such-command", message, name, remedy)])
    return program


def _sync_if_declared(options: argparse.Namespace, quick_checks: Mapping[str, QuickCheck] | None) -> None:
    try:
        scope = _scope(options)
    except ConfigurationError as error:
        if error.problems[0].code == "no-pyproject":
            return
        raise
    if scope.has_keys:
        began = time.perf_counter()
        reports = scopes.sync(scope, quick_checks=quick_checks)
        if any(report.changed for report in reports):
            render.synced(reports, time.perf_counter() - began, options, stream=sys.stderr)


def _become(program: str, command: list[str]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform == "win32":  # there exec returns to the shell at once, and the command goes on behind it
        return _wait_for([program, *command[1:]])
    try:
        answer.become(program, command)
    except OSError as error:
        remedy = "a script needs a first line such as `#!/bin/sh`, with an interpreter that is there"
        message = f"can't be executed: {error.strerror or error}"
        raise ConfigurationError([Problem("no-such-command", message, command[0], remedy)]) from error


def _wait_for(command: Sequence[str]) -> int:
    with subprocess.Popen(command) as process:  # noqa: S603
        while process.poll() is None:
            with contextlib.suppress(KeyboardInterrupt):  # the console told the command, too, and it decides
                process.wait()
        return process.returncode
