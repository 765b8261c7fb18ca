"""What the import guard does where a quick look was not certain: it says why a package is out of date, or has it built.

Runs in the process that an import waits for (`quick.guard`), one of a project at a time. Where nothing is out of date,
it writes what makes the next look quick, and nothing that uv compares.
"""

from __future__ import annotations

import os
import re
import traceback

from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.guard.in_python.ask import VARIABLE
from dyncachekeys.process.above import commands_above
from dyncachekeys.quick.guard import Turn
from dyncachekeys.syncing.forecast import FRESH, forecast
from dyncachekeys.syncing.rebuild import REMEDY, Answer, build, plan_of, remember
from dyncachekeys.syncing.staleness import why_stale

_HOOK = re.compile(
    r"\bbackend\W{1,3}(build_(editable|wheel|sdist)|(prepare_metadata|get_requires)_for_build_)|\b_in_process\.py\b"
)
"""Stands in the code, or is the script, that uv, or pip and build, start a build backend with (PEP 517, PEP 660)."""


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
    plan = plan_of(turn)
    mode = plan.status.guard.mode if plan.status.guard is not None else None
    if mode is None:
        return Answer("fresh")
    expected = plan.expected_record()
    if forecast(plan, expected).outcome in FRESH:
        remember(plan, turn)
        return Answer("fresh")
    if _is_in_build():
        return Answer("fresh")
    why = f"{plan.status.project.name} is out of date: {why_stale(plan)}"
    if mode != "build":
        return Answer(_failure(mode), f"{why}; {REMEDY}")
    return build(plan, why, turn)


def _is_in_build() -> bool:
    """Tell whether this is asked from a build, which can't wait for itself."""
    return any(map(_HOOK.search, commands_above()))
