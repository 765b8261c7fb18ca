"""uv's own decision about a package, compared with the one that its records lead us to.

Starts uv, and an interpreter that is not of the tree: uv gets an environment that stands in for the project's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dyncachekeys import names
from dyncachekeys.doctor.finding import Finding
from dyncachekeys.doctor.package import Package, file_of
from dyncachekeys.doctor.stand_in import stand_in
from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.process import run
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.quick.snapshot import FOLDER_LINKS
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.uv.entries import CURRENT, LINKS
from dyncachekeys.uv.mtimes import newest
from dyncachekeys.uv.program import Program, find
from dyncachekeys.uv.record import Record, expected_record

_TIMEOUT = 120
"""Seconds that uv may take."""
_MAX_OUTPUT = 1 << 20
_CHANGED = re.compile(r"^ [+~] ([^\s=@]+)(?:==| @)", re.MULTILINE)
_WHERE = "uv sync --check"


def findings(package: Package) -> Iterator[Finding]:
    """Ask uv whether it would build the package, and yield where that is not what its record says."""
    if not package.project.is_package:
        return
    try:
        program = find(package.files, package.environ, ())
        installs = _would_install(package, program)
    except DyncachekeysError as error:
        (problem,) = error.problems
        yield Finding("DCK082", f"uv can't be asked: {problem.message}", problem.where, problem.remedy)
        return
    paths = [LINKS, *(path for path in map(file_of, package.effective) if path and path.startswith(f"{FOLDER_LINKS}/"))]
    linked = newest(package.files, paths) if program and program.follows_links else None
    packed = program is None or program.reads_packed_refs
    expected = expected_record(package.files, package.effective, package.environ, linked, packed=packed)
    yield from _disagreement(package, expected, installs=installs)


def _disagreement(package: Package, expected: Record, *, installs: bool) -> Iterator[Finding]:
    facts = [("not installed", False)] if package.record is None else [*_compared(package, package.record, expected)]
    if installs != all(same for _, same in facts):
        return
    if installs and expected.git is None:
        return  # whether uv reads this repository's commit and tags as we do depends on its version (U9)
    if installs and _may_be_new(package, expected):
        message = "uv would install it again; a watched folder may be a new one, and its time of creation can't be read"
        yield Finding("DCK082", message, _WHERE, "nothing: the next `uv sync` installs it")
        return
    decision = "would install it again" if installs else "would leave it as it is"
    message = f"uv {decision}, and by its record it should not: {'; '.join(fact for fact, _ in facts)}"
    yield Finding("DCK081", message, _WHERE, "please report it to dyncachekeys, with both records as shown here")


def _would_install(package: Package, program: Program | None) -> bool:
    """Tell whether uv would install the package again.

    Raises:
        ConfigurationError: uv can't be asked.
    """
    if program is None:
        raise ConfigurationError([Problem("uv-not-asked", "there is none on PATH", _WHERE, "install uv")])
    options = ("--check", "--frozen", "--offline", "--no-python-downloads", "--no-progress", "--color", "never")
    remedy = "run `uv sync` once; it then has a lock file and an environment to go by"
    try:
        with stand_in(package.files, package.environ, program, _WHERE) as (environment, python):
            # A `.python-version` may name an interpreter of the tree, so it has no say.
            argv = (program.path, "sync", *options, "--python", str(python))
            environ = {**package.environ, "UV_PROJECT_ENVIRONMENT": str(environment)}
            folder = package.project.root
            done = run.run(argv, folder=folder, environ=environ, timeout=_TIMEOUT, max_output=_MAX_OUTPUT)
    except OSError as error:
        raise ConfigurationError([Problem("uv-not-asked", str(error), _WHERE, remedy)]) from error
    output = done.error.decode("utf-8", "replace")
    # Exit code 1 or 2, by version, both if anything would change and for any other failure.
    if done.code and "environment is outdated" not in output:
        message = " ".join(output.split()) or f"it exits {done.code}"
        raise ConfigurationError([Problem("uv-not-asked", message, _WHERE, remedy)])
    changed = {names.normalised_name(name) for name in _CHANGED.findall(output)}
    return names.normalised_name(package.project.name) in changed


def _may_be_new(package: Package, expected: Record) -> bool:
    """Tell whether a watched folder was written to since the last install: uv compares its time of creation (U6)."""
    record = package.record
    folders = (package.files.full(name) for name, there in expected.folders.items() if there and name != CURRENT)
    return record is not None and any(Path(folder).stat().st_ctime_ns > record.identity[1] for folder in folders)


def _compared(package: Package, record: Record, expected: Record) -> Iterator[tuple[str, bool]]:
    """Yield each fact of both records side by side, and whether it is the same; of variables and git no values."""
    times = f"timestamp {record.timestamp} recorded, {expected.timestamp} now"
    yield times, record.timestamp == expected.timestamp
    if expected.git is not None:
        same = record.git == expected.git
        yield f"commit and tags {'equal' if same else 'others now'}", same
    differing = {name for name, _ in record.env.items() ^ expected.env.items()}
    for name in sorted(record.env.keys() | expected.env.keys()):
        same = name not in differing
        yield f"variable {name} {'equal' if same else 'another now'}", same
    for name in sorted(record.folders.keys() | expected.folders.keys()):
        was, now = record.folders.get(name), expected.folders.get(name)
        yield f"folder {name} {_presence(was)} recorded, {_presence(now)} now", was == now
    stamp = Stamps(package.project.root / HOME).current()
    if CURRENT in expected.folders and stamp is not None:
        same = stamp.is_named(record.current)
        yield f"{CURRENT} leads {'where it led' if same else 'elsewhere now'}", same


def _presence(there: bool | None) -> str:
    return "not watched" if there is None else "there" if there else "missing"
