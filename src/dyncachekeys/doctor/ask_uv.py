"""uv as the judge: does it say the same of a package as we do, from the same facts? Starts uv, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys import names
from dyncachekeys.doctor.finding import Finding
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.process import run
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.uv.entries import CURRENT, LINKS
from dyncachekeys.uv.mtimes import newest
from dyncachekeys.uv.program import find
from dyncachekeys.uv.record import expected_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dyncachekeys.doctor.package import Subject
    from dyncachekeys.uv.record import Record

_LONGEST = 120
"""Seconds that uv may take to look."""
_MOST_SAID = 1 << 20
_CHANGED = re.compile(r"^ [+~] ([^\s=@]+)(?:==| @)", re.MULTILINE)
_WHERE = "uv sync --check"


def findings(subject: Subject) -> Iterator[Finding]:
    """Ask uv whether it would build the package, and yield where that is not what its record says."""
    try:
        program = find(subject.files, subject.environ, ())
    except DyncachekeysError as error:
        (problem,) = error.problems
        yield Finding("DCK082", f"uv can't be asked: {problem.message}", problem.where, problem.remedy)
        return
    if program is None:
        yield Finding("DCK082", "uv can't be asked: there is none on PATH", _WHERE, "install uv")
        return
    said = _asked(subject, program.path)
    if isinstance(said, str):
        remedy = "run `uv sync` once; it then has a lock file and an environment to go by"
        yield Finding("DCK082", f"uv can't be asked: {said}", _WHERE, remedy)
        return
    linked = newest(subject.files, [LINKS]) if program.follows_links else None
    expected = expected_record(subject.files, subject.effective, subject.environ, linked)
    facts = (
        [*_compared(subject, subject.record, expected)] if subject.record is not None else [("not installed", False)]
    )
    if said == (not all(same for _, same in facts)):
        return
    if said and expected.git is None:
        return  # whether uv reads this repository's commit and tags as we do depends on its version (U9)
    if said and _may_be_new(subject, subject.record, expected):
        message = (
            "uv would install it anew; a watched folder may have been made anew, whose time of birth can't be told"
        )
        yield Finding("DCK082", message, _WHERE, "nothing: `uv sync` settles it")
        return
    decision = "would install it anew" if said else "would leave it as it is"
    message = f"uv {decision}, and by its record it should not: {'; '.join(told for told, _ in facts)}"
    yield Finding("DCK081", message, _WHERE, "please report it to dyncachekeys, with both records as told here")


def _asked(subject: Subject, program: str) -> bool | str:
    """Return whether uv would install the package anew, or why it can't be asked."""
    argv = (program, "sync", "--check", "--frozen", "--offline", "--no-progress", "--color", "never")
    try:
        done = run.run(
            argv,
            folder=subject.project.root,
            environ=dict(subject.environ),
            timeout=_LONGEST,
            max_output=_MOST_SAID,
        )
    except OSError as error:
        return str(error)
    told = done.error.decode("utf-8", "replace")
    changed = {names.normalised_name(name) for name in _CHANGED.findall(told)}
    # Exit code 1 or 2, by version, both if anything would change and for any other failure.
    if done.code and "environment is outdated" not in told:
        return " ".join(told.split()) or f"it exits {done.code}"
    return names.normalised_name(subject.project.name) in changed


def _may_be_new(subject: Subject, record: Record | None, expected: Record) -> bool:
    """Tell whether a watched folder was written to since the last install: uv compares the birth of it (U6)."""
    folders = (subject.files.full(name) for name, there in expected.folders.items() if there and name != CURRENT)
    return record is not None and any(Path(folder).stat().st_ctime_ns > record.identity[1] for folder in folders)


def _compared(subject: Subject, record: Record, expected: Record) -> Iterator[tuple[str, bool]]:
    """Yield each fact of both records side by side, and whether it is the same; of variables and git no values."""
    told = f"timestamp {record.timestamp} recorded, {expected.timestamp} now"
    yield told, record.timestamp == expected.timestamp
    if expected.git is not None:
        same = record.git == expected.git
        yield f"commit and tags {'equal' if same else 'others now'}", same
    for name in sorted(record.env.keys() | expected.env.keys()):
        same = name in record.env and name in expected.env and record.env[name] == expected.env[name]
        yield f"variable {name} {'equal' if same else 'another now'}", same
    for name in sorted(record.folders.keys() | expected.folders.keys()):
        was, now = record.folders.get(name), expected.folders.get(name)
        yield f"folder {name} {_told(was)} recorded, {_told(now)} now", was == now
    folder = Stamps(subject.project.root / HOME).current()
    if CURRENT in expected.folders and folder is not None:
        same = folder.is_named(record.current)
        yield f"{CURRENT} leads {'where it led' if same else 'elsewhere now'}", same


def _told(there: bool | None) -> str:
    return "not watched" if there is None else "there" if there else "missing"
