"""What the import guard does where a quick look was not certain: it says why a package is out of date, or has it built.

Runs in the process that an import waits for (`quick.guard`), one of a project at a time. Where nothing is out of date,
it writes what makes the next look quick, and nothing that uv compares.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
import traceback
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.guard.import_names import recorded
from dyncachekeys.guard.in_python.ask import VARIABLE
from dyncachekeys.process.above import commands_above
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

_HOOK = re.compile(
    r"\bbackend\W{1,3}(build_(editable|wheel|sdist)|(prepare_metadata|get_requires)_for_build_)|\b_in_process\.py\b"
)
"""Stands in the code, or is the script, that uv, or pip and build, start a build backend with (PEP 517, PEP 660)."""
_REMEDY = "run `dyncachekeys run -- uv sync`"
_SHOWN = 4_000
"""So many characters are shown of what uv says when it fails."""


class Answer(NamedTuple):
    """What an import is answered: ``fresh``, ``built``, ``warn`` or ``error``, a message, and changed ``.pth`` files."""

    kind: str
    text: str = ""
    changed: tuple[str, ...] = ()


def main(turn: Turn) -> None:
    """Answer, whatever comes up."""
    os.environ[VARIABLE] = "off"  # nothing that is started from here asks again
    try:
        answer = _answer(turn)
    except KeyboardInterrupt:
        os._exit(130)
    except DyncachekeysError as error:
        one = error.problems[0]
        text = (
            f"whether the package in {turn.root} is up to date can't be told: {one.where}: {one.message} ({one.remedy})"
        )
        answer = Answer(_failure(turn.mode), text)
    except Exception:  # noqa: BLE001  an import must not fail for a bug of ours
        answer = Answer("warn", f"this is a bug in the import guard, please report it:\n{traceback.format_exc()}")
    text = f"dyncachekeys: {answer.text}".replace("\0", "") if answer.text else ""
    turn.answer(answer.kind, text, answer.changed)


def _failure(mode: str) -> str:
    return "warn" if mode == "warn" else "error"


def _answer(turn: Turn) -> Answer:
    plan = _plan(turn)
    mode = plan.status.guard.mode if plan.status.guard is not None else None
    if mode is None:
        return Answer("fresh")
    expected = plan.expected_record()
    if forecast(plan, expected).outcome in FRESH:
        _remember(plan, turn)
        return Answer("fresh")
    if _is_in_build():
        return Answer("fresh")
    why = f"{plan.status.project.name} is out of date: {why_stale(plan)}"
    if mode != "build":
        return Answer(_failure(mode), f"{why}; {_REMEDY}")
    return _built(plan, why, turn)


def _plan(turn: Turn) -> Plan:
    return make_plan(Path(turn.root), turn.environ, consumer=Path(turn.consumer) if turn.consumer else None)


def _remember(plan: Plan, turn: Turn) -> None:
    """Write what makes the next look quick, if that can be written."""
    if not plan.region_differs:
        with contextlib.suppress(DyncachekeysError):
            finish(plan, turn.environ)


def _is_in_build() -> bool:
    """Tell whether this is asked from a build, which can't wait for itself."""
    return any(map(_HOOK.search, commands_above()))


def _built(plan: Plan, why: str, turn: Turn) -> Answer:
    """Have uv build and install the project, as after a sync, and nothing else."""
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
    plan = _plan(turn)
    _remember(plan, turn)
    venv, name = plan.status.venv, plan.status.project.name
    new = sorted(_requirements(plan, venv) - before)
    text = f"{name} was built, and has new requirements: {', '.join(new)}; {_REMEDY}" if new else ""
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
