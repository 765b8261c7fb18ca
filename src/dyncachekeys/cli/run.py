"""`run`: sync, then become a command."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.cli import render
from dyncachekeys.cli.commands import scope_of
from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.quick import streams
from dyncachekeys.quick.answer import UV_PROGRAMS
from dyncachekeys.quick.become import become
from dyncachekeys.quick.check import QuickCheck
from dyncachekeys.quick.uv_command import project_of

if TYPE_CHECKING:
    import argparse


def execute(options: argparse.Namespace, quick_checks: Mapping[str, QuickCheck] | None) -> int:
    """Sync if anything declares keys, and become the command. Arguments and errors as `commands.execute`."""
    command = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not command:
        remedy = "write `dyncachekeys run -- uv sync`"
        raise ConfigurationError([Problem("usage", "there is no command to run", "dyncachekeys run", remedy)])
    program = _located(command[0])
    if options.project is None and Path(command[0]).name in UV_PROGRAMS:
        options.project = project_of(command, os.environ)
        if options.project is None:  # uv itself won't build
            return _become(program, command)
    try:
        _sync_if_declared(options, quick_checks)
    except Exception as error:
        if not options.no_fail:
            raise
        render.failure(error, level="warning")
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
        scope = scope_of(options)
    except ConfigurationError as error:
        if error.problems[0].code == "no-pyproject":
            return
        raise
    if not scope.has_keys:
        return
    from dyncachekeys.cli.sync import print_synced  # noqa: PLC0415  needless where no project has keys
    from dyncachekeys.syncing import use_cases  # noqa: PLC0415

    began = time.perf_counter()
    with render.progress(options) as doing:
        reports = use_cases.sync_all(scope, quick_checks=quick_checks, tell=render.waiting(options), doing=doing)
    if any(report.changed for report in reports):
        print_synced(reports, time.perf_counter() - began, options, sys.stderr)


def _become(program: str, command: list[str]) -> int:
    streams.flush()
    if os.name == "nt":  # there exec returns to the shell at once, and the command goes on behind it
        return _wait_for([program, *command[1:]])
    try:
        become(program, command)
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
