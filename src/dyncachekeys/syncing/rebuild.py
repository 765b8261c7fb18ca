"""Having uv build a package before its import goes on: a sync of this one project, the build, and a look at what came."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.guard.import_names import recorded
from dyncachekeys.guard.in_python.ask import VARIABLE
from dyncachekeys.quick.guard import Turn
from dyncachekeys.syncing.apply import finish
from dyncachekeys.syncing.forecast import FRESH, forecast
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.syncing.planning import make_plan
from dyncachekeys.syncing.staleness import why_stale
from dyncachekeys.uv import workspace
from dyncachekeys.uv.program import off_path
from dyncachekeys.uv.record import installed, is_editable, is_from
from dyncachekeys.uv.reinstall import reinstall

REMEDY = "run `dyncachekeys run -- uv sync`"
_SHOWN = 4_000
"""So many characters are shown of what uv says when it fails."""


class Answer(NamedTuple):
    """What an import is answered: ``fresh``, ``built``, ``warn`` or ``error``, a message, and changed ``.pth`` files."""

    kind: str
    text: str = ""
    changed: tuple[str, ...] = ()


def plan_of(turn: Turn) -> Plan:
    """Plan the project that is asked for. Errors as `planning.make_plan`."""
    return make_plan(Path(turn.root), turn.environ, consumer=Path(turn.consumer) if turn.consumer else None)


def remember(plan: Plan, turn: Turn) -> None:
    """Write what makes the next look quick, if that can be written."""
    if not plan.region_differs:
        with contextlib.suppress(DyncachekeysError):
            finish(plan, turn.environ)


def build(plan: Plan, why: str, turn: Turn) -> Answer:
    """Have uv build and install the project, after a sync of it, and nothing else.

    Args:
        plan: The project as it is.
        why: Which package is out of date, and why.
        turn: How long it may take.

    Raises:
        DyncachekeysError: the sync could not be written.
    """
    status = plan.status
    known = status.program.path if status.program is not None else ""
    uv = known if Path(known).is_file() else off_path(turn.environ)
    if uv is None:
        return Answer("error", f"{why}; uv can't be found to build it: put it on PATH")
    with contextlib.suppress(OSError):
        sys.stderr.write(f"dyncachekeys: {why}; uv builds it\n")
        sys.stderr.flush()
    finish(plan, turn.environ)
    venv = status.venv
    before = _requirements(plan, venv)
    home = workspace.home(status.files)
    editable = is_editable(status.files, status.project.name, venv)
    environ = {**turn.environ, VARIABLE: "off"}
    try:
        done = reinstall(
            uv, plan.root, home, venv, environ, editable=editable, seconds=max(turn.until - time.monotonic(), 1)
        )
    except TimeoutError:
        return Answer("error", f"{why}; uv did not build it within {turn.seconds:g} seconds (`guard-timeout`)")
    except OSError as error:
        return Answer("error", f"{why}; uv can't be started: {error.strerror or error}")
    if done.code:
        said = done.error.decode("utf-8", "replace").strip()[-_SHOWN:]
        return Answer("error", f"{why}; uv could not build it:\n{said}")
    return _after(turn, before)


def _after(turn: Turn, before: frozenset[str]) -> Answer:
    """Look again after a build."""
    plan = plan_of(turn)
    remember(plan, turn)
    venv, name = plan.status.venv, plan.status.project.name
    new = sorted(_requirements(plan, venv) - before)
    text = f"{name} was built, and has new requirements: {', '.join(new)}; {REMEDY}" if new else ""
    if not text and forecast(plan, plan.expected_record()).outcome not in FRESH:
        text = f"{name} was built, and is out of date again: {why_stale(plan)}; see `dyncachekeys doctor`"
    changed = (
        os.fspath(info.parent / path)
        for info in installed(venv, name)
        for path in recorded(info)
        if path.endswith(".pth") and "/" not in path
    )
    return Answer("built", text, tuple(changed))


def _requirements(plan: Plan, venv: Path) -> frozenset[str]:
    """Return what the installed project requires, as its metadata says it."""
    found = set[str]()
    for info in installed(venv, plan.status.project.name):
        if is_from(info, plan.root):
            with contextlib.suppress(OSError):
                text = (info / "METADATA").read_text(encoding="utf-8", errors="replace")
                lines = text.partition("\n\n")[0].splitlines()
                found.update(line.partition(":")[2].strip() for line in lines if line.startswith("Requires-Dist:"))
    return frozenset(found)
