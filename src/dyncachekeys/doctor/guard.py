"""Findings about the import guard: whether it is in the project's environment, and up to date there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dyncachekeys.doctor.finding import Finding
from dyncachekeys.doctor.package import Package
from dyncachekeys.guard import place, setting
from dyncachekeys.guard.pth import FILE, parse, read, render
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.quick.snapshot import STATE_FILE
from dyncachekeys.syncing import state
from dyncachekeys.uv import workspace

_WHERE = "tool.dyncachekeys.guard"
_SYNC = "run `dyncachekeys sync`, which puts it there"


def findings(package: Package) -> Iterator[Finding]:
    """Yield what is wrong with a package's guard, if it wants one."""
    project, files = package.project, package.files
    mode = setting.mode_of(project, files)
    if mode is None:
        return
    own = workspace.project_environment(files, package.environ)
    known = map(Path, state.load(project.root / HOME / STATE_FILE).guarded)  # a path source is in somebody else's
    venv = next((one for one in (own, *known) if any(place.places(one))), None)
    if venv is None:
        message = f"there is no environment into which the import guard could be put: {own}"
        yield Finding("DCK060", message, _WHERE, "run `uv sync`, then `dyncachekeys sync`")
        return
    guard = place.Guard(project, files, venv, package.environ, mode=mode)
    if guard.blocker is not None:
        remedy = "make the environment yourself, as the user who runs Python there, or take `guard` away"
        yield Finding("DCK062", f"the import guard can't be put into the environment: {guard.blocker}", _WHERE, remedy)
        return
    for path in place.places(venv):
        data = read(path)
        found = parse(path.parent, data).get(os.fspath(project.root))
        if found is None:
            yield Finding("DCK061", f"the import guard is not in the environment {venv}", _WHERE, _SYNC)
        elif (found.mode, found.names) != (mode, guard.names) or data != render(path.parent, parse(path.parent, data)):
            yield Finding("DCK061", f"{FILE} in {venv} is not what a sync would write", _WHERE, _SYNC)
