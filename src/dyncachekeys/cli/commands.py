"""What each command does: call a use case, hand its result to `render`, choose the exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys import project as projects
from dyncachekeys import synchronisation
from dyncachekeys.cli import render
from dyncachekeys.config import WHERE
from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem, nearest
from dyncachekeys.survey import has_keys

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from dyncachekeys.quiet import Glance
    from dyncachekeys.report import ProjectReport


def execute(options: argparse.Namespace, glance: Glance | None = None) -> int:
    """Carry out a parsed command line and return the exit code.

    Args:
        options: The command line.
        glance: What was seen of the project already.

    Raises:
        DyncachekeysError: what is the user's to mend.
    """
    if options.command == "run":
        return _run(options, glance)
    root = _root(options)
    if options.command == "clean":
        render.cleaned(synchronisation.clean(root), options)
        return 0
    began = time.perf_counter()
    use_case = synchronisation.sync if options.command == "sync" else synchronisation.check
    report = use_case(root, glance=glance)
    seconds = time.perf_counter() - began
    if options.command == "sync":
        render.synced(report, seconds, options)
        return 0
    if options.command == "check":
        stale = report.region_differs or (options.stamp and report.move != "kept")
        render.checked(report, options, stale=stale)
        return 1 if stale else 0
    if options.command == "digest":
        render.digest(report, options)
        return 0
    render.shown(_only(report, options.key), options)
    return 0


def _root(options: argparse.Namespace) -> Path:
    root = projects.find(options.project or Path.cwd())
    if options.package:
        name = projects.load(root).name
        if [one for one in options.package if one != name]:
            message = f"only the project `{name}` itself can be named; other packages are not built yet"
            raise ConfigurationError([Problem("not-built-yet", message, "--package", "use `--project DIR`")])
    return root


def _only(report: ProjectReport, key: str | None) -> ProjectReport:
    if key is None:
        return report
    found = tuple(one for one in report.keys if one.name == key)
    if not found:
        remedy = nearest(key, (one.name for one in report.keys))
        raise ConfigurationError([Problem("unknown-key", f"there is no key `{key}`", f"{WHERE}.keys", remedy)])
    import dataclasses  # noqa: PLC0415

    return dataclasses.replace(report, keys=found)


def _run(options: argparse.Namespace, glance: Glance | None) -> int:
    command = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not command:
        remedy = "write `dyncachekeys run -- uv sync`"
        raise ConfigurationError([Problem("usage", "there is no command to run", "dyncachekeys run", remedy)])
    program = shutil.which(command[0])
    if program is None:
        remedy = "check its name, and PATH"
        raise ConfigurationError([Problem("no-such-command", "can't be found", command[0], remedy)])
    try:
        _sync_if_declared(options, glance)
    except DyncachekeysError as error:
        if not options.no_fail:
            raise
        render.errors(error.problems, as_json=False, level="warning")
    return _become(program, command)


def _sync_if_declared(options: argparse.Namespace, glance: Glance | None) -> None:
    try:
        root = _root(options)
    except ConfigurationError as error:
        if error.problems[0].code == "no-pyproject":
            return
        raise
    if has_keys(projects.load(root)):
        began = time.perf_counter()
        report = synchronisation.sync(root, glance=glance)
        if report.changed:
            render.synced(report, time.perf_counter() - began, options, stream=sys.stderr)


def _become(program: str, command: Sequence[str]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform == "win32":  # there exec returns to the shell at once, and the command goes on behind it
        return subprocess.run([program, *command[1:]], check=False).returncode  # noqa: S603
    return os.execv(program, list(command))  # noqa: S606
